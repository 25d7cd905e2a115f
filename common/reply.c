/* common/reply.c */
#include "common/reply.h"

#include "common/writer.h"

#include <assert.h>

static void write_text(struct writer *writer, const char *key, const char *text)
{
	writer_key(writer, bytes_of(key));
	writer_str(writer, bytes_of(text));
}

static void write_int(struct writer *writer, const char *key, int64_t number)
{
	writer_key(writer, bytes_of(key));
	writer_int(writer, number);
}

static void write_true(struct writer *writer, const char *key)
{
	writer_key(writer, bytes_of(key));
	writer_bool(writer, true);
}

static void write_at(struct writer *writer, const struct error *error)
{
	uint32_t known = 0u + (error->at_op >= 0) + (error->at_row >= 0) + (error->at_column[0] != '\0') +
			 (error->at_constraint[0] != '\0');

	writer_key(writer, BYTES("at"));
	writer_map(writer, known);
	if (error->at_op >= 0)
		write_int(writer, "op", error->at_op);
	if (error->at_row >= 0)
		write_int(writer, "row", error->at_row);
	if (error->at_column[0] != '\0')
		write_text(writer, "column", error->at_column);
	if (error->at_constraint[0] != '\0')
		write_text(writer, "constraint", error->at_constraint);
	writer_map_end(writer);
}

static void write_error(struct writer *writer, const struct error *error)
{
	bool hint = error->hint[0] != '\0';
	bool sqlstate = error->sqlstate[0] != '\0';
	bool server_errno = error->server_errno != 0;
	bool at = error->at_op >= 0 || error->at_row >= 0 || error->at_column[0] != '\0' ||
		  error->at_constraint[0] != '\0';

	writer_key(writer, BYTES("error"));
	writer_map(writer, 4u + hint + sqlstate + server_errno + at);
	write_text(writer, "code", error_code_name(error->code));
	write_text(writer, "status", error_code_status(error->code));
	write_text(writer, "message", error->message);
	if (hint)
		write_text(writer, "hint", error->hint);
	if (sqlstate)
		write_text(writer, "sqlstate", error->sqlstate);
	if (server_errno)
		write_int(writer, "errno", error->server_errno);
	writer_key(writer, BYTES("retryable"));
	writer_bool(writer, error_code_retryable(error->code));
	if (at)
		write_at(writer, error);
	writer_map_end(writer);
}

static void write_times(struct writer *writer, const struct reply_times *times)
{
	writer_key(writer, BYTES("us"));
	writer_map(writer, 3);
	writer_key(writer, BYTES("wait"));
	writer_uint(writer, times->wait);
	writer_key(writer, BYTES("db"));
	writer_uint(writer, times->db);
	writer_key(writer, BYTES("total"));
	writer_uint(writer, times->total);
	writer_map_end(writer);
}

static void write_warnings(struct writer *writer, const struct reply *reply)
{
	writer_key(writer, BYTES("warnings"));
	writer_array(writer, reply->warning_count);
	for (uint32_t i = 0; i < reply->warning_count; i++) {
		writer_map(writer, 2);
		write_int(writer, "errno", reply->warnings[i].server_errno);
		writer_key(writer, BYTES("message"));
		writer_str(writer, reply->warnings[i].message);
		writer_map_end(writer);
	}
	writer_array_end(writer);
}

static void write_envelope(struct writer *writer, const struct command *command, bool ok)
{
	write_int(writer, "v", 1);
	writer_key(writer, BYTES("id"));
	writer_value(writer, &command->id);
	writer_key(writer, BYTES("op"));
	if (command->op_name.data)
		writer_str(writer, command->op_name);
	else
		writer_nil(writer);
	writer_key(writer, BYTES("ok"));
	writer_bool(writer, ok);
}

/* left_out: the field without its value, whose place is told. ret_place NULL: none is left out. */
static void write_body(struct writer *writer, const struct reply *reply, uint32_t left_out, size_t *ret_place)
{
	for (uint32_t i = 0; i < reply->field_count; i++) {
		writer_key(writer, reply->fields[i].name);
		if (ret_place && i == left_out) {
			writer_encoded(writer, BYTES(""));
			*ret_place = writer->out->size;
		} else {
			writer_encoded(writer, reply->fields[i].encoded);
		}
	}
}

void reply_encode_body(enum codec codec, const struct reply *reply, struct buffer *out)
{
	struct writer writer;

	writer_init(&writer, codec, out);
	writer_map(&writer, reply->field_count + (reply->warning_count > 0));
	write_body(&writer, reply, 0, NULL);
	if (reply->warning_count > 0)
		write_warnings(&writer, reply);
	writer_map_end(&writer);
}

/* What stands within the map that reply_encode_body() has written, and how many members that is. */
static struct bytes stored_members(enum codec codec, struct bytes stored, uint32_t *ret_count)
{
	const unsigned char *head = (const unsigned char *)stored.data;

	*ret_count = 0;
	if (stored.size == 0)
		return stored;
	if (codec == CODEC_JSON) {
		*ret_count = stored.size > 2; /* as JSON goes, all of them are one item */
		return (struct bytes){.data = stored.data + 1, .size = stored.size - 2};
	}
	assert((head[0] & 0xf0) == 0x80); /* a map of less than 16 */
	*ret_count = head[0] & 0x0f;
	return (struct bytes){.data = stored.data + 1, .size = stored.size - 1};
}

static void encode(const struct command *command, const struct reply *reply, uint32_t left_out, struct buffer *out,
		   size_t *ret_place)
{
	bool meta = command->meta.type != VALUE_NIL;
	bool traceparent = command->traceparent.size > 0;
	bool times = reply->times != NULL;
	bool warnings = reply->warning_count > 0;
	bool attempt = reply->attempt > 1;
	uint32_t marks = 0u + reply->recovered + reply->replayed;
	uint32_t stored_count;
	struct bytes stored = stored_members(command->codec, reply->stored, &stored_count);
	uint32_t body = reply->error ? 1 : reply->field_count + stored_count;
	struct writer writer;

	assert(reply->field_count <= REPLY_FIELDS && !(reply->error && reply->field_count > 0));
	writer_init(&writer, command->codec, out);
	writer_map(&writer, 4u + body + meta + traceparent + times + warnings + attempt + marks);
	write_envelope(&writer, command, !reply->error);
	if (reply->error)
		write_error(&writer, reply->error);
	write_body(&writer, reply, left_out, ret_place);
	if (stored_count > 0)
		writer_encoded(&writer, stored);
	if (meta) {
		writer_key(&writer, BYTES("meta"));
		writer_value(&writer, &command->meta);
	}
	if (traceparent) {
		writer_key(&writer, BYTES("traceparent"));
		writer_str(&writer, command->traceparent);
	}
	if (times)
		write_times(&writer, reply->times);
	if (warnings)
		write_warnings(&writer, reply);
	if (attempt)
		write_int(&writer, "attempt", reply->attempt);
	if (reply->recovered)
		write_true(&writer, "recovered");
	if (reply->replayed)
		write_true(&writer, "replayed");
	writer_map_end(&writer);
}

void reply_encode(const struct command *command, const struct reply *reply, struct buffer *out)
{
	encode(command, reply, 0, out, NULL);
}

void reply_encode_around(const struct command *command, const struct reply *reply, uint32_t field, struct buffer *out,
			 size_t *ret_place)
{
	assert(field < reply->field_count);
	*ret_place = 0; /* when the buffer fails */
	encode(command, reply, field, out, ret_place);
}
