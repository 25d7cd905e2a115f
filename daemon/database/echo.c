/* database/echo.c */
#include "daemon/database/echo.h"

#include "common/log.h"

#include <ctype.h>

enum { ECHO_BYTES = 4096 }; /* of a statement's text; a multi-row INSERT can have a megabyte */

static bool is_word(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_' || byte == '$' || (byte & 0x80);
}

/* Where the quoted run that starts at `at` ends: behind its closing quote, or at the end of the text. */
static size_t quoted_end(struct bytes text, size_t at)
{
	char quote = text.data[at];

	for (at++; at < text.size; at++) {
		if (text.data[at] == '\\' && quote != '`') {
			at++;
		} else if (text.data[at] == quote) {
			if (at + 1 >= text.size || text.data[at + 1] != quote)
				return at + 1;
			at++;
		}
	}
	return text.size;
}

static size_t word_end(struct bytes text, size_t at)
{
	while (at < text.size && is_word(text.data[at]))
		at++;
	return at;
}

/* A number with its fraction and exponent; 0x… and 0b… are runs of word bytes anyway. */
static size_t number_end(struct bytes text, size_t at)
{
	while (at < text.size) {
		char byte = text.data[at];
		bool sign_of_exponent = (byte == '-' || byte == '+') && (text.data[at - 1] | 0x20) == 'e';

		if (!is_word(byte) && byte != '.' && !sign_of_exponent)
			break;
		at++;
	}
	return at;
}

/* Whether the word is what stands before a quoted literal and belongs to it: x'…', b'…', n'…', _utf8mb4'…'. */
static bool is_introducer(struct bytes word)
{
	return (word.size == 1 && strchr("xXbBnN", word.data[0])) || (word.size > 0 && word.data[0] == '_');
}

void echo_mask(struct bytes text, struct buffer *to)
{
	for (size_t at = 0; at < text.size;) {
		char byte = text.data[at];
		size_t end;

		if (byte == '\'' || byte == '"') {
			end = quoted_end(text, at);
			buffer_append_byte(to, '?');
		} else if (byte == '`') {
			end = quoted_end(text, at);
			buffer_append(to, (struct bytes){text.data + at, end - at});
		} else if (isdigit((unsigned char)byte) ||
			   (byte == '.' && at + 1 < text.size && isdigit((unsigned char)text.data[at + 1]))) {
			end = number_end(text, at + 1);
			buffer_append_byte(to, '?');
		} else if (is_word(byte)) {
			struct bytes word = {text.data + at, word_end(text, at) - at};

			end = at + word.size;
			if (end >= text.size || text.data[end] != '\'' || !is_introducer(word))
				buffer_append(to, word);
		} else {
			end = at + 1;
			buffer_append_byte(to, byte);
		}
		at = end;
	}
}

void echo_statement(enum echo_mode mode, struct bytes text, uint64_t duration_us, uint64_t rows,
		    const struct sql_error *error)
{
	struct buffer masked;
	struct bytes shown = text;

	if (mode == ECHO_OFF)
		return;
	buffer_init(&masked, ECHO_BYTES);
	if (mode == ECHO_ON) {
		/* Cut first: masking never makes a text longer, so that what is shown always fits. */
		shown.size = shown.size < ECHO_BYTES ? shown.size : ECHO_BYTES;
		echo_mask(shown, &masked);
		shown = buffer_bytes(&masked);
	}
	if (error)
		log_event(LEVEL_INFO, "database.statement", log_bytes("sql", shown),
			  log_int("us", (int64_t)duration_us), log_int("errno", error->number));
	else
		log_event(LEVEL_INFO, "database.statement", log_bytes("sql", shown),
			  log_int("us", (int64_t)duration_us), log_int("rows", (int64_t)rows));
	buffer_free(&masked);
}
