/* plan/sql/literal_text.c - literals for CHAR, VARCHAR and TEXT, for ENUM and SET, and for UUID and INET. */
#include "daemon/plan/sql/literal.h"

#include "daemon/plan/type_member.h"

#include <errno.h>

enum { UUID_DIGITS = 32, UUID_BYTES = 36, INTEGER_TEXT_BYTES = 24 };

/* --- ENUM and SET --- */

/* Whether it may be taken for a number. */
static bool looks_numeric(struct bytes text)
{
	bool digits = false;

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] >= '0' && text.data[i] <= '9')
			digits = true;
		else if (!memchr(" \t\n\v\f\r+-", text.data[i], 8))
			return false;
	}
	return digits;
}

/* The servers take the text of a number for an index, or for a set's bits, when no member is spelled so. */
static int check_index(struct compiler *compiler, const struct column *column, struct bytes text)
{
	char type[ERROR_QUOTED_BYTES];

	if (!looks_numeric(text) || type_member_exists(column->type, text))
		return 0;
	compiler_refuse(compiler, ERROR_BAD_VALUE, column, "the column has no such member");
	error_hint(compiler->error, "the column is %s; a member's number does not stand for it",
		   error_quote(type, column->type));
	return -EINVAL;
}

/* Takes the next of the texts between commas; text.data is NULL after the last one. */
static struct bytes take_part(struct bytes *text)
{
	const char *comma = memchr(text->data, ',', text->size);
	struct bytes part = {.data = text->data, .size = comma ? (size_t)(comma - text->data) : text->size};

	*text = comma ? (struct bytes){.data = comma + 1, .size = text->size - part.size - 1} : (struct bytes){0};
	return part;
}

static bool set_has(struct bytes set, struct bytes quoted)
{
	while (set.data)
		if (type_member_is(quoted, take_part(&set)))
			return true;
	return false;
}

/* Whether each part is spelled as a member is. Only the server knows what its collation calls equal. */
static bool all_are_members(struct bytes type, struct bytes set)
{
	while (set.data)
		if (!type_member_exists(type, take_part(&set)))
			return false;
	return true;
}

/* The members in the order of the type, once each: so they are stored, and so they are compared, as a text. */
static void append_set(struct buffer *out, struct bytes type, struct bytes set)
{
	struct buffer ordered;
	struct bytes quoted, rest = type;

	/* What is far longer repeats itself without end: the server's own reading of it is enough. */
	if (set.size == 0 || set.size > 2 * type.size || !all_are_members(type, set)) {
		literal_append_quoted(out, set);
		return;
	}
	buffer_init(&ordered, set.size + 1);
	while (type_member_next(&rest, &quoted)) {
		if (!set_has(set, quoted))
			continue;
		if (ordered.size > 0)
			buffer_append_byte(&ordered, ',');
		for (struct bytes left = set; left.data;) {
			struct bytes part = take_part(&left);

			if (type_member_is(quoted, part)) {
				buffer_append(&ordered, part);
				break;
			}
		}
	}
	literal_append_quoted(out, buffer_failed(&ordered) ? set : buffer_bytes(&ordered));
	buffer_free(&ordered);
}

/* --- texts --- */

/* CHAR keeps no spaces at its end. */
static struct bytes cut_spaces(struct compiler *compiler, const struct column *column, struct bytes text,
			       enum literal_use use)
{
	size_t size = text.size;

	while (size > 0 && text.data[size - 1] == ' ')
		size--;
	if (size < text.size && use == LITERAL_STORE)
		compiler_warn(compiler, column, "cut: a CHAR column keeps no spaces at the end");
	text.size = size;
	return text;
}

static int append_checked(struct compiler *compiler, const struct column *column, struct bytes text,
			  enum literal_use use)
{
	int64_t characters = literal_utf8_length(text);
	uint64_t length;

	if (characters < 0)
		return literal_refuse_encoding(compiler, column);
	if (column->kind == COLUMN_TEXT && column->is_fixed_length) {
		characters -= (int64_t)text.size;
		text = cut_spaces(compiler, column, text, use);
		characters += (int64_t)text.size;
	}
	length = column->length_in_bytes ? text.size : (uint64_t)characters;
	if (use == LITERAL_STORE && column->max_length > 0 && length > column->max_length)
		return compiler_refuse(compiler, ERROR_DATA_TOO_LONG, column, "%llu %s, and the column holds %llu",
				       (unsigned long long)length, column->length_in_bytes ? "bytes" : "characters",
				       (unsigned long long)column->max_length);
	if (use == LITERAL_STORE && (column->kind == COLUMN_ENUM || column->kind == COLUMN_SET) &&
	    check_index(compiler, column, text) < 0)
		return -EINVAL;
	if (column->kind == COLUMN_SET)
		append_set(compiler->out, column->type, text);
	else
		literal_append_quoted(compiler->out, text);
	return 0;
}

/* An integer's decimal text, quoted: an unquoted 0 would equal every text that does not begin with a digit. */
static int append_integer(struct compiler *compiler, const struct column *column, const struct value *value,
			  enum literal_use use)
{
	char space[INTEGER_TEXT_BYTES];
	struct buffer digits = {.data = space, .capacity = sizeof(space), .limit_bytes = sizeof(space)};

	if (value->type == VALUE_INT)
		buffer_append_int(&digits, value->integer);
	else
		buffer_append_uint(&digits, value->unsigned_integer);
	return append_checked(compiler, column, buffer_bytes(&digits), use);
}

/* --- UUID --- */

/* "6ccd780c-baba-1026-9564-5b8c656024db", with or without its hyphens, in lower case. */
static bool uuid_normalise(struct bytes text, char to[UUID_BYTES])
{
	size_t digits = 0, at = 0;

	for (size_t i = 0; i < text.size; i++) {
		char byte = text.data[i];

		if (byte == '-' && digits > 0 && digits % 4 == 0 && i + 1 < text.size)
			continue;
		if (byte >= 'A' && byte <= 'F')
			byte = (char)(byte - 'A' + 'a');
		if (digits == UUID_DIGITS || !((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f')))
			return false;
		if (digits == 8 || digits == 12 || digits == 16 || digits == 20)
			to[at++] = '-';
		to[at++] = byte;
		digits++;
	}
	return digits == UUID_DIGITS;
}

static int append_uuid(struct compiler *compiler, const struct column *column, struct bytes text)
{
	char uuid[UUID_BYTES];

	if (!uuid_normalise(text, uuid)) {
		compiler_refuse(compiler, ERROR_BAD_VALUE, column, "this is no UUID");
		error_hint(compiler->error, "write its 32 hexadecimal digits, with or without hyphens");
		return -EINVAL;
	}
	literal_append_quoted(compiler->out, (struct bytes){.data = uuid, .size = sizeof(uuid)});
	return 0;
}

int literal_append_text(struct compiler *compiler, const struct column *column, const struct value *value,
			enum literal_use use)
{
	switch (value->type) {
	case VALUE_STR:
	case VALUE_BIN:
		if (literal_column_is_uuid(column))
			return append_uuid(compiler, column, value_bytes(value));
		return append_checked(compiler, column, value_bytes(value), use);
	case VALUE_INT:
	case VALUE_UINT:
		if (literal_column_is_uuid(column)) /* the server would store none, but compare with one in silence */
			break;
		return append_integer(compiler, column, value, use);
	case VALUE_NIL:
	case VALUE_BOOL:
	case VALUE_FLOAT32: /* which of its many texts? */
	case VALUE_FLOAT64:
	case VALUE_NUMBER:
	case VALUE_TIMESTAMP:
	case VALUE_EXTENSION:
	case VALUE_ARRAY:
	case VALUE_MAP:
		break;
	}
	literal_refuse_type(compiler, column, value);
	error_hint(compiler->error, column->kind == COLUMN_SET
					    ? "write its members as one str, with commas between them"
					    : "write it as a str: then it is you who decides on its text");
	return -EINVAL;
}
