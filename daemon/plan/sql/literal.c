/* plan/sql/literal.c - which file knows a kind of column, and what all of them write. */
#include "daemon/plan/sql/literal.h"

#include "common/utf8.h"

#include <errno.h>

int literal_refuse_type(struct compiler *compiler, const struct column *column, const struct value *value)
{
	char name[ERROR_QUOTED_BYTES], type[ERROR_QUOTED_BYTES];

	return compiler_refuse(compiler, ERROR_BAD_VALUE, column, "column `%s` is %s and takes no %s",
			       error_quote(name, column->name), error_quote(type, column->type),
			       value_type_name(value));
}

int literal_refuse_encoding(struct compiler *compiler, const struct column *column)
{
	compiler_refuse(compiler, ERROR_BAD_VALUE, column, "text that is not valid UTF-8");
	error_hint(compiler->error, "binary data belongs in a BINARY, VARBINARY or BLOB column");
	return -EINVAL;
}

bool literal_column_is_uuid(const struct column *column)
{
	return column->kind == COLUMN_UUID && bytes_equal_text(column->type, "uuid");
}

int64_t literal_utf8_length(struct bytes text)
{
	int64_t characters = 0;

	for (size_t at = 0; at < text.size;) {
		size_t size = utf8_ascii_size((struct bytes){.data = text.data + at, .size = text.size - at});

		characters += (int64_t)size;
		at += size;
		if (at == text.size)
			break;
		size = utf8_character((struct bytes){.data = text.data + at, .size = text.size - at});
		if (size == 0)
			return -1;
		characters++;
		at += size;
	}
	return characters;
}

void literal_append_quoted(struct buffer *out, struct bytes text)
{
	/* What stands behind the backslash for a byte that has a meaning; 0: it has none. */
	static const char escapes[256] = {
		['\0'] = '0', ['\n'] = 'n', ['\r'] = 'r', [0x1a] = 'Z', ['\''] = '\'', ['\\'] = '\\', ['"'] = '"',
	};
	char *to = buffer_reserve(out, 2 * text.size + 2);
	char *at = to;

	if (!to)
		return;
	*at++ = '\'';
	for (size_t i = 0; i < text.size; i++) {
		char escape = escapes[(unsigned char)text.data[i]];

		if (escape)
			*at++ = '\\';
		*at++ = escape ? escape : text.data[i];
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
	case COLUMN_UUID:
		return literal_append_text(compiler, column, value, use);
	case COLUMN_BINARY:
	case COLUMN_GEOMETRY:
		return literal_append_binary(compiler, column, value, use);
	case COLUMN_DATE:
	case COLUMN_DATETIME:
	case COLUMN_TIMESTAMP:
	case COLUMN_TIME:
		return literal_append_time(compiler, column, value, use);
	case COLUMN_JSON:
		return literal_append_document(compiler, column, value, use);
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
		return literal_column_is_uuid(column);
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

bool literal_is_result(const struct column *column, struct bytes text)
{
	bool is_real = column->kind == COLUMN_FLOAT || column->kind == COLUMN_DOUBLE;

	if (!is_real && column->kind != COLUMN_INTEGER && column->kind != COLUMN_YEAR && column->kind != COLUMN_BIT &&
	    column->kind != COLUMN_DECIMAL)
		return true;
	for (size_t i = 0; i < text.size; i++) {
		char byte = text.data[i];

		if ((byte < '0' || byte > '9') && byte != '-' && byte != '.' &&
		    !(is_real && (byte == 'e' || byte == '+')))
			return false;
	}
	return !text.data || text.size > 0;
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
