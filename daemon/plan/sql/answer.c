/* plan/sql/answer.c */
#include "daemon/plan/sql/answer.h"

#include <assert.h>
#include <stdlib.h>

enum {
	ARRAY_HEADER_BYTES = 5, /* the longest that msgpack has */
	REAL_TEXT_BYTES = 400   /* a DOUBLE(255,30) in full */
};

void answer_init(struct answer *answer, enum codec codec, struct buffer *spare, size_t limit_bytes)
{
	answer->codec = codec;
	answer->rows = 0;
	answer->field_count = 0;
	buffer_init_with(&answer->body, spare, limit_bytes);
}

void answer_restart(struct answer *answer)
{
	buffer_reset(&answer->body);
	answer->rows = 0;
	answer->field_count = 0;
}

void answer_free(struct answer *answer)
{
	buffer_free(&answer->body);
}

struct writer *answer_begin(struct answer *answer, const char *name)
{
	assert(answer->field_count < REPLY_FIELDS);
	answer->fields[answer->field_count] = (struct answer_field){.name = name, .start = answer->body.size};
	answer->rows = 0;
	writer_init(&answer->writer, answer->codec, &answer->body);
	return &answer->writer;
}

void answer_end(struct answer *answer)
{
	struct answer_field *field = &answer->fields[answer->field_count++];

	field->size = answer->body.size - field->start;
}

void answer_begin_array(struct answer *answer, const char *name)
{
	static const char room[ARRAY_HEADER_BYTES];

	answer_begin(answer, name);
	if (answer->codec == CODEC_JSON)
		writer_array(&answer->writer, 0);
	else
		buffer_append(&answer->body, (struct bytes){.data = room, .size = sizeof(room)});
}

struct writer *answer_item(struct answer *answer)
{
	answer->rows++;
	return &answer->writer;
}

/* Writes msgpack's header right before the first row: it was not known how long it gets. Returns its length. */
static size_t write_array_header(char *end, uint32_t count)
{
	unsigned char header[ARRAY_HEADER_BYTES] = {0xdd, (unsigned char)(count >> 24), (unsigned char)(count >> 16),
						    (unsigned char)(count >> 8), (unsigned char)count};
	size_t size = count < 16 ? 1 : count <= UINT16_MAX ? 3 : 5;

	if (size == 1)
		header[4] = (unsigned char)(0x90 | count);
	else if (size == 3)
		header[2] = 0xdc;
	memcpy(end - size, header + ARRAY_HEADER_BYTES - size, size);
	return size;
}

void answer_end_array(struct answer *answer)
{
	struct answer_field *field = &answer->fields[answer->field_count];

	if (answer->codec == CODEC_JSON) {
		writer_array_end(&answer->writer);
	} else if (!buffer_failed(&answer->body)) {
		char *first = answer->body.data + field->start + ARRAY_HEADER_BYTES;

		field->start += ARRAY_HEADER_BYTES - write_array_header(first, (uint32_t)answer->rows);
	}
	answer_end(answer);
}

/* The server's text is not promised to end with a NUL, which strtod() needs. */
static double read_real(struct bytes text)
{
	char copy[REAL_TEXT_BYTES];
	size_t size = text.size < sizeof(copy) - 1 ? text.size : sizeof(copy) - 1;

	memcpy(copy, text.data, size);
	copy[size] = '\0';
	return strtod(copy, NULL);
}

static void write_integer(struct writer *writer, struct bytes text)
{
	bool negative = text.size > 0 && text.data[0] == '-';
	uint64_t magnitude = 0;

	for (size_t i = negative; i < text.size; i++)
		magnitude = magnitude * 10 + (uint64_t)(text.data[i] - '0');
	if (negative)
		writer_int(writer, (int64_t)-magnitude);
	else
		writer_uint(writer, magnitude);
}

void answer_value(struct writer *writer, const struct column *column, struct bytes text)
{
	if (!text.data) {
		writer_nil(writer);
		return;
	}
	switch (column->kind) {
	case COLUMN_INTEGER:
	case COLUMN_YEAR:
	case COLUMN_BIT:
		write_integer(writer, text);
		return;
	case COLUMN_FLOAT:
		writer_float32(writer, (float)read_real(text));
		return;
	case COLUMN_DOUBLE:
		writer_float64(writer, read_real(text));
		return;
	case COLUMN_BINARY:
	case COLUMN_GEOMETRY:
		writer_bin(writer, text);
		return;
	case COLUMN_JSON:
		writer_document(writer, text);
		return;
	case COLUMN_DECIMAL:
	case COLUMN_TEXT:
	case COLUMN_ENUM:
	case COLUMN_SET:
	case COLUMN_UUID:
	case COLUMN_DATE:
	case COLUMN_DATETIME:
	case COLUMN_TIMESTAMP:
	case COLUMN_TIME:
		writer_str(writer, text);
		return;
	}
}

void answer_row(struct answer *answer, const struct column *const *columns, uint32_t count, const char *const *values,
		const unsigned long *lengths)
{
	struct writer *writer = answer_item(answer);

	writer_map(writer, count);
	for (uint32_t i = 0; i < count; i++) {
		writer_key(writer, columns[i]->name);
		answer_value(writer, columns[i], (struct bytes){.data = values[i], .size = values[i] ? lengths[i] : 0});
	}
	writer_map_end(writer);
}

void answer_row_array(struct answer *answer, const struct column *const *columns, uint32_t count,
		      const char *const *values, const unsigned long *lengths)
{
	struct writer *writer = answer_item(answer);

	writer_array(writer, count);
	for (uint32_t i = 0; i < count; i++)
		answer_value(writer, columns[i], (struct bytes){.data = values[i], .size = values[i] ? lengths[i] : 0});
	writer_array_end(writer);
}

void answer_uint(struct answer *answer, const char *name, uint64_t number)
{
	writer_uint(answer_begin(answer, name), number);
	answer_end(answer);
}

void answer_bool(struct answer *answer, const char *name, bool value)
{
	writer_bool(answer_begin(answer, name), value);
	answer_end(answer);
}

void answer_reply(const struct answer *answer, struct reply *reply)
{
	for (uint32_t i = 0; i < answer->field_count; i++) {
		const struct answer_field *field = &answer->fields[i];

		reply->fields[i].name = bytes_of(field->name);
		reply->fields[i].encoded =
			(struct bytes){.data = answer->body.data + field->start, .size = field->size};
	}
	reply->field_count = answer->field_count;
}
