/* common/writer.c */
#include "common/writer.h"

#include "common/json_read.h"
#include "common/json_write.h"
#include "common/number.h"

#include <errno.h>

/* Begins an item. True when it is to be written as JSON; the comma that parts it from its neighbour then stands. */
static bool begin_json(struct writer *writer)
{
	if (writer->codec != CODEC_JSON)
		return false;
	if (writer->comma)
		buffer_append_byte(writer->out, ',');
	writer->comma = true;
	return true;
}

static void open_json(struct writer *writer, char bracket)
{
	buffer_append_byte(writer->out, bracket);
	writer->comma = false;
}

static void close_json(struct writer *writer, char bracket)
{
	if (writer->codec != CODEC_JSON)
		return;
	buffer_append_byte(writer->out, bracket);
	writer->comma = true;
}

void writer_map(struct writer *writer, uint32_t members)
{
	if (begin_json(writer))
		open_json(writer, '{');
	else
		msgpack_write_map(writer->out, members);
}

void writer_map_end(struct writer *writer)
{
	close_json(writer, '}');
}

void writer_array(struct writer *writer, uint32_t items)
{
	if (begin_json(writer))
		open_json(writer, '[');
	else
		msgpack_write_array(writer->out, items);
}

void writer_array_end(struct writer *writer)
{
	close_json(writer, ']');
}

void writer_json_key(struct writer *writer, struct bytes key)
{
	begin_json(writer);
	json_write_string(writer->out, key);
	buffer_append_byte(writer->out, ':');
	writer->comma = false;
}

void writer_nil(struct writer *writer)
{
	if (begin_json(writer))
		buffer_append_text(writer->out, "null");
	else
		msgpack_write_nil(writer->out);
}

void writer_bool(struct writer *writer, bool value)
{
	if (begin_json(writer))
		buffer_append_text(writer->out, value ? "true" : "false");
	else
		msgpack_write_bool(writer->out, value);
}

void writer_int(struct writer *writer, int64_t value)
{
	if (begin_json(writer))
		buffer_append_int(writer->out, value);
	else
		msgpack_write_int(writer->out, value);
}

void writer_uint(struct writer *writer, uint64_t value)
{
	if (begin_json(writer))
		buffer_append_uint(writer->out, value);
	else
		msgpack_write_uint(writer->out, value);
}

void writer_float32(struct writer *writer, float value)
{
	if (begin_json(writer))
		json_write_float32(writer->out, value);
	else
		msgpack_write_float32(writer->out, value);
}

void writer_float64(struct writer *writer, double value)
{
	if (begin_json(writer))
		json_write_float64(writer->out, value);
	else
		msgpack_write_float64(writer->out, value);
}

void writer_str(struct writer *writer, struct bytes text)
{
	if (begin_json(writer))
		json_write_string(writer->out, text);
	else
		msgpack_write_str(writer->out, text);
}

void writer_bin(struct writer *writer, struct bytes data)
{
	if (begin_json(writer))
		json_write_bin(writer->out, data);
	else
		msgpack_write_bin(writer->out, data);
}

void writer_document(struct writer *writer, struct bytes text)
{
	if (!begin_json(writer)) {
		msgpack_write_str(writer->out, text);
		return;
	}
	switch (json_validate(text)) {
	case 0:
		buffer_append(writer->out, text);
		break;
	case -ENOMEM:
		writer->out->state = BUFFER_NO_MEMORY;
		break;
	default:
		json_write_string(writer->out, text);
	}
}

void writer_encoded(struct writer *writer, struct bytes encoded)
{
	begin_json(writer);
	buffer_append(writer->out, encoded);
}

/* A number that came as JSON text: in msgpack a float when that holds it to the last digit, else the digits. */
static void write_number(struct writer *writer, struct bytes text)
{
	double number;

	if (begin_json(writer))
		buffer_append(writer->out, text);
	else if (number_to_float64(text, &number))
		msgpack_write_float64(writer->out, number);
	else
		msgpack_write_str(writer->out, text);
}

static void write_timestamp(struct writer *writer, const struct value *value)
{
	if (begin_json(writer))
		json_write_timestamp(writer->out, value->integer, value->size);
	else
		msgpack_write_timestamp(writer->out, value->integer, value->size);
}

static void write_extension(struct writer *writer, const struct value *value)
{
	if (begin_json(writer))
		json_write_extension(writer->out, value->extension, value_bytes(value));
	else
		msgpack_write_extension(writer->out, value->extension, value_bytes(value));
}

/* A key of any type. JSON has only strings there: another scalar becomes the string of its JSON text. */
static void write_key(struct writer *writer, const struct value *key)
{
	if (value_is_text(key) && writer->codec == CODEC_JSON) {
		writer_key(writer, value_bytes(key));
		return;
	}
	if (writer->codec == CODEC_MSGPACK) {
		writer_value(writer, key);
		return;
	}

	struct buffer text;
	struct writer inner;

	buffer_init(&text, writer->out->limit_bytes);
	writer_init(&inner, CODEC_JSON, &text);
	writer_value(&inner, key);
	if (buffer_failed(&text))
		writer->out->state = text.state;
	else
		writer_key(writer, buffer_bytes(&text));
	buffer_free(&text);
}

static void write_map(struct writer *writer, const struct value *map)
{
	writer_map(writer, map->size);
	for (uint32_t i = 0; i < map->size; i++) {
		write_key(writer, &map->members[i].key);
		writer_value(writer, &map->members[i].value);
	}
	writer_map_end(writer);
}

static void write_array(struct writer *writer, const struct value *array)
{
	writer_array(writer, array->size);
	for (uint32_t i = 0; i < array->size; i++)
		writer_value(writer, &array->items[i]);
	writer_array_end(writer);
}

void writer_value(struct writer *writer, const struct value *value)
{
	switch (value->type) {
	case VALUE_NIL:
		writer_nil(writer);
		break;
	case VALUE_BOOL:
		writer_bool(writer, value->boolean);
		break;
	case VALUE_INT:
		writer_int(writer, value->integer);
		break;
	case VALUE_UINT:
		writer_uint(writer, value->unsigned_integer);
		break;
	case VALUE_FLOAT32:
		writer_float32(writer, (float)value->real);
		break;
	case VALUE_FLOAT64:
		writer_float64(writer, value->real);
		break;
	case VALUE_NUMBER:
		write_number(writer, value_bytes(value));
		break;
	case VALUE_STR:
		writer_str(writer, value_bytes(value));
		break;
	case VALUE_BIN:
		writer_bin(writer, value_bytes(value));
		break;
	case VALUE_TIMESTAMP:
		write_timestamp(writer, value);
		break;
	case VALUE_EXTENSION:
		write_extension(writer, value);
		break;
	case VALUE_ARRAY:
		write_array(writer, value);
		break;
	case VALUE_MAP:
		write_map(writer, value);
		break;
	}
}
