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

void reply_encode(const struct command *command, const struct reply *reply, struct buffer *out)
{
	bool meta = command->meta.type != VALUE_NIL;
	bool traceparent = command->traceparent.size > 0;
	bool times = reply->times != NULL;
	bool warnings = reply->warning_count > 0;
	bool attempt = reply->attempt > 1;
	uint32_t body = reply->error ? 1 : reply->field_count;
	struct writer writer;

	assert(reply->field_count <= REPLY_FIELDS && !(reply->error && reply->field_count > 0));
	writer_init(&writer, command->codec, out);
	writer_map(&writer, 4u + body + meta + traceparent + times + warnings + attempt);
	write_envelope(&writer, command, !reply->error);
	if (reply->error)
		write_error(&writer, reply->error);
	for (uint32_t i = 0; i < reply->field_count; i++) {
		writer_key(&writer, reply->fields[i].name);
		writer_encoded(&writer, reply->fields[i].encoded);
	}
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
	writer_map_end(&writer);
}
