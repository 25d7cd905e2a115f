/* common/json_write.c */
#include "common/json_write.h"

#include "common/base64.h"
#include "common/number.h"
#include "common/utf8.h"

#include <math.h>

/* The letter that stands for a byte behind a backslash, or 0. */
static char short_escape(char byte)
{
	switch (byte) {
	case '"':
	case '\\':
		return byte;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

static bool is_plain(char byte)
{
	return (unsigned char)byte >= 0x20 && (unsigned char)byte < 0x7f && byte != '"' && byte != '\\';
}

/* By hand: a text of nothing but NULs is a million of these. */
static void write_escape(struct buffer *out, unsigned char code)
{
	static const char hex[] = "0123456789abcdef";
	const char escape[] = {'\\', 'u', '0', '0', hex[code >> 4], hex[code & 15]};

	buffer_append(out, (struct bytes){.data = escape, .size = sizeof(escape)});
}

/* U+0080 to U+009F: some terminals obey them as they obey what begins with an escape byte. */
static bool is_upper_control(struct bytes text)
{
	return text.size > 1 && (unsigned char)text.data[0] == 0xc2 && (unsigned char)text.data[1] < 0xa0;
}

/* Appends the character that text begins with, which is not plain; returns how many bytes it has. */
static size_t write_special(struct buffer *out, struct bytes text)
{
	size_t size = utf8_character(text);
	char byte = text.data[0];
	char letter = short_escape(byte);

	if (size == 0) {
		buffer_append_text(out, "\xef\xbf\xbd"); /* U+FFFD */
		return 1;
	}
	if (letter) {
		buffer_append_byte(out, '\\');
		buffer_append_byte(out, letter);
	} else if ((unsigned char)byte < 0x20 || byte == 0x7f) {
		write_escape(out, (unsigned char)byte);
	} else if (is_upper_control(text)) {
		write_escape(out, (unsigned char)text.data[1]);
	} else {
		buffer_append(out, (struct bytes){.data = text.data, .size = size});
	}
	return size;
}

void json_write_string(struct buffer *out, struct bytes text)
{
	size_t at = 0;

	buffer_append_byte(out, '"');
	while (at < text.size && !buffer_failed(out)) {
		size_t plain = at;

		while (plain < text.size && is_plain(text.data[plain]))
			plain++;
		buffer_append(out, (struct bytes){.data = text.data + at, .size = plain - at});
		at = plain;
		if (at < text.size)
			at += write_special(out, (struct bytes){.data = text.data + at, .size = text.size - at});
	}
	buffer_append_byte(out, '"');
}

static void write_no_number(struct buffer *out, double value)
{
	if (isnan(value))
		buffer_append_text(out, "\"NaN\"");
	else
		buffer_append_text(out, value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
}

void json_write_float64(struct buffer *out, double value)
{
	char text[NUMBER_TEXT_BYTES];

	if (isfinite(value))
		buffer_append(out, number_from_float64(value, text));
	else
		write_no_number(out, value);
}

void json_write_float32(struct buffer *out, float value)
{
	char text[NUMBER_TEXT_BYTES];

	if (isfinite(value))
		buffer_append(out, number_from_float32(value, text));
	else
		write_no_number(out, (double)value);
}

void json_write_bin(struct buffer *out, struct bytes data)
{
	buffer_append_text(out, "{\"$bin\":\"");
	base64_encode(data, out);
	buffer_append_text(out, "\"}");
}

void json_write_extension(struct buffer *out, int8_t type, struct bytes data)
{
	buffer_append_text(out, "{\"$ext\":[");
	buffer_append_int(out, type);
	buffer_append_text(out, ",\"");
	base64_encode(data, out);
	buffer_append_text(out, "\"]}");
}

void json_write_timestamp(struct buffer *out, int64_t seconds, uint32_t nanoseconds)
{
	buffer_append_text(out, "{\"$timestamp\":[");
	buffer_append_int(out, seconds);
	buffer_append_byte(out, ',');
	buffer_append_uint(out, nanoseconds);
	buffer_append_text(out, "]}");
}
