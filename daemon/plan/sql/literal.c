/* plan/sql/literal.c - text, binary and JSON; and which file knows the other kinds. */
#include "daemon/plan/sql/literal.h"

#include "common/utf8.h"
#include "common/writer.h"

#include <errno.h>
#include <math.h>

/* Where the server's own limit is below it, the server says so. */
enum { DOCUMENT_BYTES = 64 << 20, UUID_DIGITS = 32, UUID_BYTES = 36, INTEGER_TEXT_BYTES = 24 };

int literal_refuse_type(struct compiler *compiler, const struct column *column, const struct value *value)
{
	char name[ERROR_QUOTED_BYTES], type[ERROR_QUOTED_BYTES];

	return compiler_refuse(compiler, ERROR_BAD_VALUE, column, "column `%s` is %s and takes no %s",
			       error_quote(name, column->name), error_quote(type, column->type),
			       value_type_name(value));
}

int64_t literal_utf8_length(struct bytes text)
{
	int64_t characters = 0;

	for (; text.size > 0; characters++) {
		size_t size = (unsigned char)text.data[0] < 0x80 ? 1 : utf8_character(text);

		if (size == 0)
			return -1;
		text.data += size;
		text.size -= size;
	}
	return characters;
}

void literal_append_quoted(struct buffer *out, struct bytes text)
{
	char *to = buffer_reserve(out, 2 * text.size + 2);
	char *at = to;

	if (!to)
		return;
	*at++ = '\'';
	for (size_t i = 0; i < text.size; i++) {
		char byte = text.data[i];
		char escaped = byte == '\0'                                  ? '0'
			       : byte == '\n'                                ? 'n'
			       : byte == '\r'                                ? 'r'
			       : byte == 0x1a                                ? 'Z'
			       : byte == '\'' || byte == '\\' || byte == '"' ? byte
									     : '\0';

		if (escaped) {
			*at++ = '\\';
			byte = escaped;
		}
		*at++ = byte;
	}
	*at++ = '\'';
	out->size += (size_t)(at - to);
}

void literal_append_hexadecimal(struct buffer *out, struct bytes data)
{
	static const char digits[] = "0123456789abcdef";
	char *to = buffer_reserve(out, 2 * data.size + 3);

	if (!to)
		return;
	*to++ = 'x';
	*to++ = '\'';
	for (size_t i = 0; i < data.size; i++) {
		unsigned char byte = (unsigned char)data.data[i];

		*to++ = digits[byte >> 4];
		*to++ = digits[byte & 15];
	}
	*to = '\'';
	out->size += 2 * data.size + 3;
}

void literal_append_identifier(struct buffer *out, struct bytes name)
{
	buffer_append_byte(out, '`');
	for (size_t i = 0; i < name.size; i++) {
		if (name.data[i] == '`')
			buffer_append_byte(out, '`');
		buffer_append_byte(out, name.data[i]);
	}
	buffer_append_byte(out, '`');
}

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

/* Whether the list "enum('a','b')" has the text, in which nothing needs to be escaped. */
static bool list_has(struct bytes list, struct bytes text)
{
	for (size_t at = 2; at + text.size + 1 < list.size; at++) {
		const char *member = list.data + at;

		if (member[-1] == '\'' && (member[-2] == '(' || member[-2] == ',') && member[text.size] == '\'' &&
		    (member[text.size + 1] == ')' || member[text.size + 1] == ',') &&
		    memcmp(member, text.data, text.size) == 0)
			return true;
	}
	return false;
}

/* The servers take the text of a number for an index, or for a set's bits, when no member is spelled so. */
static bool is_index(const struct column *column, struct bytes text)
{
	return (column->kind == COLUMN_ENUM || column->kind == COLUMN_SET) && looks_numeric(text) &&
	       !list_has(column->type, text);
}

static int append_text_checked(struct compiler *compiler, const struct column *column, struct bytes text,
			       enum literal_use use)
{
	int64_t characters = literal_utf8_length(text);
	uint64_t length = column->length_in_bytes ? text.size : (uint64_t)characters;

	if (characters < 0) {
		compiler_refuse(compiler, ERROR_BAD_VALUE, column, "text that is not valid UTF-8");
		error_hint(compiler->error, "binary data belongs in a BINARY, VARBINARY or BLOB column");
		return -EINVAL;
	}
	if (use == LITERAL_STORE && column->max_length > 0 && length > column->max_length)
		return compiler_refuse(compiler, ERROR_DATA_TOO_LONG, column, "%llu %s, and the column holds %llu",
				       (unsigned long long)length, column->length_in_bytes ? "bytes" : "characters",
				       (unsigned long long)column->max_length);
	if (use == LITERAL_STORE && is_index(column, text))
		return compiler_refuse(compiler, ERROR_BAD_VALUE, column, "the column has no such member");
	literal_append_quoted(compiler->out, text);
	return 0;
}

/* An integer's decimal text, quoted: an unquoted 0 would equal every text that does not begin with a digit. */
static int append_integer_as_text(struct compiler *compiler, const struct column *column, const struct value *value,
				  enum literal_use use)
{
	char space[INTEGER_TEXT_BYTES];
	struct buffer digits = {.data = space, .capacity = sizeof(space), .limit_bytes = sizeof(space)};

	if (value->type == VALUE_INT)
		buffer_append_int(&digits, value->integer);
	else
		buffer_append_uint(&digits, value->unsigned_integer);
	return append_text_checked(compiler, column, buffer_bytes(&digits), use);
}

static int append_text(struct compiler *compiler, const struct column *column, const struct value *value,
		       enum literal_use use)
{
	switch (value->type) {
	case VALUE_STR:
	case VALUE_BIN:
		return append_text_checked(compiler, column, value_bytes(value), use);
	case VALUE_INT:
	case VALUE_UINT:
		return append_integer_as_text(compiler, column, value, use);
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
	return literal_refuse_type(compiler, column, value);
}

static int append_binary(struct compiler *compiler, const struct column *column, const struct value *value,
			 enum literal_use use)
{
	struct bytes data = value_bytes(value);

	if (!value_is_text(value))
		return literal_refuse_type(compiler, column, value);
	if (use == LITERAL_STORE && column->max_length > 0 && data.size > column->max_length)
		return compiler_refuse(compiler, ERROR_DATA_TOO_LONG, column, "%zu bytes, and the column holds %llu",
				       data.size, (unsigned long long)column->max_length);
	literal_append_hexadecimal(compiler->out, data);
	/* BINARY(n) is filled up with zeros when it is stored, but not when it is compared. */
	if (column->is_fixed_length && data.size < column->max_length && !buffer_failed(compiler->out)) {
		compiler->out->size--;
		for (uint64_t i = data.size; i < column->max_length; i++)
			buffer_append_text(compiler->out, "00");
		buffer_append_byte(compiler->out, '\'');
	}
	return 0;
}

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

static bool column_is_uuid(const struct column *column)
{
	return column->kind == COLUMN_UUID && bytes_equal_text(column->type, "uuid");
}

static int append_uuid(struct compiler *compiler, const struct column *column, const struct value *value,
		       enum literal_use use)
{
	char uuid[UUID_BYTES];

	if (!column_is_uuid(column) || !value_is_text(value))
		return append_text(compiler, column, value, use);
	if (!uuid_normalise(value_bytes(value), uuid))
		return compiler_refuse(compiler, ERROR_BAD_VALUE, column, "this is no UUID");
	literal_append_quoted(compiler->out, (struct bytes){.data = uuid, .size = sizeof(uuid)});
	return 0;
}

/* Whether JSON can hold the value: it knows neither NaN nor infinity. */
static bool is_finite(const struct value *value)
{
	if (value->type == VALUE_FLOAT32 || value->type == VALUE_FLOAT64)
		return isfinite(value->real);
	for (uint32_t i = 0; value->type == VALUE_ARRAY && i < value->size; i++)
		if (!is_finite(&value->items[i]))
			return false;
	for (uint32_t i = 0; value->type == VALUE_MAP && i < value->size; i++)
		if (!is_finite(&value->members[i].value))
			return false;
	return true;
}

/* A str is the document's text; any other value is encoded. */
static int append_document(struct compiler *compiler, const struct column *column, const struct value *value,
			   enum literal_use use)
{
	bool cast = use == LITERAL_COMPARE && compiler->server->kind == SERVER_MYSQL;
	struct buffer text;
	struct writer writer;
	int result = 0;

	if (!is_finite(value))
		return compiler_refuse(compiler, ERROR_BAD_VALUE, column, "NaN and infinity are no numbers");
	/* MySQL compares its JSON type with a text as if the text were a JSON string. */
	if (cast)
		buffer_append_text(compiler->out, "CAST(");
	if (value_is_text(value)) {
		result = append_text_checked(compiler, column, value_bytes(value), use);
	} else {
		buffer_init(&text, DOCUMENT_BYTES);
		writer_init(&writer, CODEC_JSON, &text);
		writer_value(&writer, value);
		if (buffer_failed(&text))
			result = text.state == BUFFER_NO_MEMORY ? -ENOMEM
								: compiler_refuse(compiler, ERROR_TOO_LARGE, column,
										  "the document is too large");
		else
			literal_append_quoted(compiler->out, buffer_bytes(&text));
		buffer_free(&text);
	}
	if (cast)
		buffer_append_text(compiler->out, " AS JSON)");
	return result;
}

int literal_append(struct compiler *compiler, const struct column *column, const struct value *value,
		   enum literal_use use)
{
	if (value->type == VALUE_NIL) {
		/* MariaDB would store the current time for it. */
		if (use == LITERAL_STORE && column->kind == COLUMN_TIMESTAMP && !column->nullable)
			return compiler_refuse(compiler, ERROR_NOT_NULL_VIOLATION, column, "the column takes no NULL");
		buffer_append_text(compiler->out, "NULL");
		return 0;
	}
	switch (column->kind) {
	case COLUMN_INTEGER:
	case COLUMN_YEAR:
	case COLUMN_BIT:
	case COLUMN_DECIMAL:
	case COLUMN_FLOAT:
	case COLUMN_DOUBLE:
		return literal_append_number(compiler, column, value, use);
	case COLUMN_TEXT:
	case COLUMN_ENUM:
	case COLUMN_SET:
		return append_text(compiler, column, value, use);
	case COLUMN_UUID:
		return append_uuid(compiler, column, value, use);
	case COLUMN_BINARY:
	case COLUMN_GEOMETRY:
		return append_binary(compiler, column, value, use);
	case COLUMN_DATE:
	case COLUMN_DATETIME:
	case COLUMN_TIMESTAMP:
	case COLUMN_TIME:
		return literal_append_time(compiler, column, value, use);
	case COLUMN_JSON:
		return append_document(compiler, column, value, use);
	}
	return literal_refuse_type(compiler, column, value);
}

bool literal_column_is_canonical(const struct column *column)
{
	switch (column->kind) {
	case COLUMN_INTEGER:
	case COLUMN_YEAR:
	case COLUMN_BIT:
	case COLUMN_DECIMAL:
	case COLUMN_BINARY:
	case COLUMN_DATE:
	case COLUMN_DATETIME:
	case COLUMN_TIMESTAMP:
	case COLUMN_TIME:
		return true;
	case COLUMN_UUID:
		return column_is_uuid(column);
	case COLUMN_TEXT:
		return column->binary_collation && !column->is_fixed_length;
	case COLUMN_FLOAT: /* what is stored is not what was sent */
	case COLUMN_DOUBLE:
	case COLUMN_ENUM: /* case and spaces follow the collation */
	case COLUMN_SET:
	case COLUMN_GEOMETRY:
	case COLUMN_JSON:
		break;
	}
	return false;
}

void literal_append_result(struct buffer *out, const struct column *column, struct bytes text)
{
	if (!text.data) {
		buffer_append_text(out, "NULL");
		return;
	}
	switch (column->kind) {
	case COLUMN_INTEGER:
	case COLUMN_YEAR:
	case COLUMN_BIT:
	case COLUMN_DECIMAL:
		buffer_append(out, text);
		return;
	case COLUMN_FLOAT:
	case COLUMN_DOUBLE:
		buffer_append(out, text);
		/* With an exponent it is a double to the server, without one a DECIMAL. */
		if (!memchr(text.data, 'e', text.size))
			buffer_append_text(out, "e0");
		return;
	case COLUMN_BINARY:
	case COLUMN_GEOMETRY:
		literal_append_hexadecimal(out, text);
		return;
	case COLUMN_TEXT:
	case COLUMN_ENUM:
	case COLUMN_SET:
	case COLUMN_UUID:
	case COLUMN_DATE:
	case COLUMN_DATETIME:
	case COLUMN_TIMESTAMP:
	case COLUMN_TIME:
	case COLUMN_JSON:
		literal_append_quoted(out, text);
		return;
	}
}
