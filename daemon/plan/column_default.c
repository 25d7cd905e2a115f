/* plan/column_default.c */
#include "daemon/plan/column_default.h"

#include "common/buffer.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>

/* Moves what was written to the arena. */
static int keep(struct arena *arena, struct buffer *text, struct bytes *ret_text)
{
	*ret_text = (struct bytes){0};
	if (!buffer_failed(text))
		*ret_text = arena_copy(arena, buffer_bytes(text));
	buffer_free(text);
	return ret_text->data ? 0 : -ENOMEM;
}

/* Where the character set's name begins that stands before the quote at the end of text: "…,_utf8mb4". */
static size_t introducer_start(struct bytes text)
{
	size_t at = text.size;

	assert(text.data || text.size == 0);
	while (at > 0 && (isalnum((unsigned char)text.data[at - 1]) || text.data[at - 1] == '_'))
		at--;
	return at < text.size && text.data[at] == '_' ? at : text.size;
}

int column_expression_read(struct arena *arena, struct bytes escaped, struct bytes *ret_text)
{
	struct buffer text;
	bool quoted = false, literally = false; /* inside a text; behind a backslash of that text */

	buffer_init(&text, escaped.size + 1);
	for (size_t i = 0; i < escaped.size; i++) {
		char byte = escaped.data[i];

		if (byte == '\\' && i + 1 < escaped.size)
			byte = escaped.data[++i];
		if (byte == '\'' && !quoted && !buffer_failed(&text))
			text.size = introducer_start(buffer_bytes(&text));
		if (byte == '\'' && !literally)
			quoted = !quoted;
		literally = quoted && byte == '\\' && !literally;
		buffer_append_byte(&text, byte);
	}
	return keep(arena, &text, ret_text);
}

/* 'it''s', with MariaDB's escapes. */
static void append_quoted(struct buffer *out, struct bytes text)
{
	assert(text.data || text.size == 0);
	buffer_append_byte(out, '\'');
	for (size_t i = 0; i < text.size; i++) {
		char byte = text.data[i];

		if (byte == '\'' || byte == '\\')
			buffer_append_byte(out, byte);
		if (byte == '\n' || byte == '\r' || byte == '\0') {
			buffer_append_byte(out, '\\');
			byte = byte == '\n' ? 'n' : byte == '\r' ? 'r' : '0';
		}
		buffer_append_byte(out, byte);
	}
	buffer_append_byte(out, '\'');
}

static int digit_value(char digit)
{
	return isdigit((unsigned char)digit) ? digit - '0' : tolower((unsigned char)digit) - 'a' + 10;
}

/* 0x6162 is 'ab'; what is no text stays as it is. */
static void append_binary(struct buffer *out, struct bytes text)
{
	char byte;
	struct buffer plain;
	bool printable = text.size % 2 == 0 && text.size > 2;

	buffer_init(&plain, text.size);
	for (size_t i = 2; i + 1 < text.size && printable; i += 2) {
		printable = isxdigit((unsigned char)text.data[i]) && isxdigit((unsigned char)text.data[i + 1]);
		byte = (char)(printable ? digit_value(text.data[i]) << 4 | digit_value(text.data[i + 1]) : 0);
		printable = isprint((unsigned char)byte) != 0;
		buffer_append_byte(&plain, byte);
	}
	if (printable)
		append_quoted(out, buffer_bytes(&plain));
	else
		buffer_append(out, text);
	buffer_free(&plain);
}

/* CURRENT_TIMESTAMP(3) as current_timestamp(3). */
static void append_now(struct buffer *out, struct bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		buffer_append_byte(out, (char)tolower((unsigned char)text.data[i]));
	if (!memchr(text.data, '(', text.size))
		buffer_append_text(out, "()");
}

static bool is_number(enum column_kind kind)
{
	return kind == COLUMN_INTEGER || kind == COLUMN_YEAR || kind == COLUMN_DECIMAL || kind == COLUMN_FLOAT ||
	       kind == COLUMN_DOUBLE || kind == COLUMN_BIT; /* b'101' */
}

static int read_of_mysql(struct arena *arena, const struct catalog_column_row *row, enum column_kind kind,
			 struct bytes *ret_text)
{
	bool is_expression = bytes_starts(row->extra, BYTES("DEFAULT_GENERATED"));
	bool is_now = is_expression && bytes_starts(row->default_text, BYTES("CURRENT_TIMESTAMP"));
	struct bytes text = row->default_text;
	struct buffer out;

	if (is_expression && !is_now)
		return column_expression_read(arena, text, ret_text);
	buffer_init(&out, 2 * text.size + 4);
	if (is_now)
		append_now(&out, text);
	else if (is_number(kind))
		buffer_append(&out, text);
	else if (kind == COLUMN_BINARY && bytes_starts(text, BYTES("0x")))
		append_binary(&out, text);
	else
		append_quoted(&out, text);
	return keep(arena, &out, ret_text);
}

int column_default_read(struct arena *arena, enum server_kind server, const struct catalog_column_row *row,
			enum column_kind kind, struct bytes *ret_text)
{
	*ret_text = (struct bytes){0};
	/* MariaDB tells DEFAULT NULL as this word; a default that is this text stands in quotes. */
	if (!row->default_text.data || (server == SERVER_MARIADB && bytes_equal(row->default_text, BYTES("NULL"))))
		return 0;
	if (server == SERVER_MYSQL)
		return read_of_mysql(arena, row, kind, ret_text);
	*ret_text = arena_copy(arena, row->default_text);
	return ret_text->data ? 0 : -ENOMEM;
}
