/* tests/fuzz/where_literal.c - what a literal means to a server, held against the value that it was made of. */
#include "tests/fuzz/where_literal.h"

#include "common/message.h"
#include "tests/fuzz/fuzz.h"

#include <ctype.h>

enum { DOCUMENT_BYTES = 1 << 20 };

/* --- texts -------------------------------------------------------------------------------------------------------- */

static struct bytes without_spaces(struct bytes text)
{
	while (text.size > 0 && text.data[text.size - 1] == ' ')
		text.size--;
	return text;
}

static bool has_part(struct bytes set, struct bytes part)
{
	for (size_t start = 0, at = 0; at <= set.size; at++) {
		if (at < set.size && set.data[at] != ',')
			continue;
		if (bytes_equal((struct bytes){set.data + start, at - start}, part))
			return true;
		start = at + 1;
	}
	return false;
}

static bool has_parts(struct bytes set, struct bytes parts)
{
	for (size_t start = 0, at = 0; at <= parts.size; at++) {
		if (at < parts.size && parts.data[at] != ',')
			continue;
		if (!has_part(set, (struct bytes){parts.data + start, at - start}))
			return false;
		start = at + 1;
	}
	return true;
}

/* Two spellings of one UUID. */
static bool same_digits(struct bytes a, struct bytes b)
{
	size_t left = 0, right = 0;

	for (;;) {
		while (left < a.size && a.data[left] == '-')
			left++;
		while (right < b.size && b.data[right] == '-')
			right++;
		if (left == a.size || right == b.size)
			return left == a.size && right == b.size;
		if (tolower((unsigned char)a.data[left++]) != tolower((unsigned char)b.data[right++]))
			return false;
	}
}

static bool text_means(struct bytes literal, const struct column *column, const struct value *value)
{
	char space[NUMBER_TEXT_BYTES];
	struct bytes text = where_number_text(value, space);

	if (column->kind == COLUMN_SET)
		return has_parts(text, literal) && has_parts(literal, text);
	if (column->kind == COLUMN_UUID && bytes_equal_text(column->type, "uuid"))
		return same_digits(literal, text);
	if (column->kind == COLUMN_TEXT && column->is_fixed_length)
		return bytes_equal(without_spaces(literal), without_spaces(text));
	return bytes_equal(literal, text);
}

/* BINARY(n) is filled up with zeros by the server. */
static bool bytes_mean(struct bytes literal, const struct column *column, const struct value *value)
{
	struct bytes data = value_bytes(value);

	for (size_t i = data.size; i < literal.size; i++) {
		if (!column->is_fixed_length || literal.size > column->max_length || literal.data[i] != '\0')
			return false;
	}
	return literal.size >= data.size && memcmp(literal.data, data.data ? data.data : "", data.size) == 0;
}

/* --- documents ---------------------------------------------------------------------------------------------------- */

static bool document_is(const struct value *read, const struct value *value);

static bool members_are(const struct value *read, const struct value *value)
{
	for (uint32_t i = 0; i < value->size; i++) {
		if (value->type == VALUE_ARRAY && !document_is(&read->items[i], &value->items[i]))
			return false;
		/* A key that is no text becomes the text of its JSON, and is not looked at. */
		if (value->type == VALUE_MAP &&
		    ((value->members[i].key.type == VALUE_STR &&
		      !bytes_equal(value_bytes(&read->members[i].key), value_bytes(&value->members[i].key))) ||
		     !document_is(&read->members[i].value, &value->members[i].value)))
			return false;
	}
	return true;
}

static bool document_is(const struct value *read, const struct value *value)
{
	double real = value->real;

	if (value->type == VALUE_FLOAT32)
		return read->type == VALUE_NUMBER && (float)where_real(value_bytes(read)) == (float)real;
	if (value->type == VALUE_FLOAT64)
		return read->type == VALUE_NUMBER && where_real(value_bytes(read)) == real;
	if (value->type == VALUE_TIMESTAMP || value->type == VALUE_EXTENSION)
		return read->type == VALUE_MAP;
	if (value->type != VALUE_ARRAY && value->type != VALUE_MAP)
		return fuzz_same_value(read, value);
	/* A map of one $bin is read back as a bin. */
	return read->type == VALUE_BIN ||
	       (read->type == value->type && read->size == value->size && members_are(read, value));
}

/* A text is a document already; any other value is encoded. */
static bool document_means(struct bytes literal, const struct value *value)
{
	static struct arena arena;
	struct bytes message;
	struct value read;
	struct error error;
	bool same;

	if (value_is_text(value))
		return bytes_equal(literal, value_bytes(value));
	arena_init(&arena, DOCUMENT_BYTES);
	message = arena_format(&arena, "{\"document\":%.*s}", BYTES_ARG(literal));
	/* A value that nests as deep as a message may is too deep within one more map; keys may be one as texts. */
	same = message_decode(&arena, message, DOCUMENT_BYTES, &read, &error) != 0 ||
	       document_is(&read.members[0].value, value);
	arena_free(&arena);
	return same;
}

bool literal_means(const struct literal *literal, const struct column *column, const struct value *value)
{
	switch (column->kind) {
	case COLUMN_INTEGER:
	case COLUMN_YEAR:
	case COLUMN_BIT:
	case COLUMN_DECIMAL:
	case COLUMN_FLOAT:
	case COLUMN_DOUBLE:
		return literal->type == LITERAL_NUMBER && where_number_means(literal->text, column, value);
	case COLUMN_TEXT:
	case COLUMN_ENUM:
	case COLUMN_SET:
	case COLUMN_UUID:
		return literal->type == LITERAL_TEXT && text_means(literal->text, column, value);
	case COLUMN_BINARY:
	case COLUMN_GEOMETRY:
		return literal->type == LITERAL_BYTES && bytes_mean(literal->text, column, value);
	case COLUMN_DATE:
	case COLUMN_DATETIME:
	case COLUMN_TIMESTAMP:
	case COLUMN_TIME:
		return literal->type == LITERAL_TEXT && where_time_means(literal->text, column, value);
	case COLUMN_JSON:
		return (literal->type == LITERAL_TEXT || literal->type == LITERAL_DOCUMENT) &&
		       document_means(literal->text, value);
	}
	return false;
}
