/* common/error.c - the one table of codes, and texts that fit. */
#include "common/error.h"

#include "common/utf8.h"

#include <assert.h>
#include <stdio.h>

struct code {
	const char *name;
	const char *status;
	const char *meaning;
	bool retryable;
};

#define CODE(code_, status_, retryable_, meaning_)                                                                     \
	[ERROR_##code_] = {.name = #code_, .status = #status_, .meaning = (meaning_), .retryable = (retryable_)},
static const struct code codes[ERROR_CODE_COUNT] = {
	[ERROR_NONE] = {.name = "NONE", .status = "OK", .meaning = "no error"}, ERROR_CODES(CODE)};
#undef CODE

static const struct code *code_of(enum error_code code)
{
	assert(code < ERROR_CODE_COUNT);
	return &codes[code];
}

/* Fills a field of size bytes; what does not fit is cut at a character's end, and a name that no column can have
 * (it is from the wire) at the byte that is no UTF-8, or is NUL. */
static void copy_text(char *to, size_t size, struct bytes text)
{
	size_t kept = utf8_cut(text, size - 1);

	kept = utf8_valid_size((struct bytes){.data = text.data, .size = kept});

	if (kept > 0)
		memcpy(to, text.data, kept);
	to[kept] = '\0';
}

__attribute__((format(printf, 2, 0))) static void format_text(char to[ERROR_TEXT_BYTES], const char *format,
							      va_list arguments)
{
	int size = vsnprintf(to, ERROR_TEXT_BYTES, format, arguments);

	/* vsnprintf cuts between bytes. The byte that it had no room for does not matter: any will do for the
	 * question where the last whole character ends, except one that continues it. */
	if (size < ERROR_TEXT_BYTES)
		return;

	size_t last = ERROR_TEXT_BYTES - 2;

	while (last > 0 && ((unsigned char)to[last] & 0xc0) == 0x80)
		last--;
	if (utf8_character((struct bytes){.data = to + last, .size = ERROR_TEXT_BYTES - 1 - last}) == 0)
		to[last] = '\0';
}

void error_set(struct error *error, enum error_code code, const char *format, ...)
{
	va_list arguments;

	error->code = code;
	error->hint[0] = '\0';
	error->sqlstate[0] = '\0';
	error->server_errno = 0;
	error->at_op = -1;
	error->at_row = -1;
	error->at_column[0] = '\0';
	error->at_constraint[0] = '\0';
	va_start(arguments, format);
	format_text(error->message, format, arguments);
	va_end(arguments);
}

void error_hint(struct error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_text(error->hint, format, arguments);
	va_end(arguments);
}

void error_at_column(struct error *error, struct bytes column)
{
	copy_text(error->at_column, sizeof(error->at_column), column);
}

void error_at_constraint(struct error *error, struct bytes constraint)
{
	copy_text(error->at_constraint, sizeof(error->at_constraint), constraint);
}

const char *error_code_name(enum error_code code)
{
	return code_of(code)->name;
}

const char *error_code_status(enum error_code code)
{
	return code_of(code)->status;
}

bool error_code_retryable(enum error_code code)
{
	return code_of(code)->retryable;
}

const char *error_code_meaning(enum error_code code)
{
	return code_of(code)->meaning;
}

const char *error_quote(char to[ERROR_QUOTED_BYTES], struct bytes name)
{
	static const char hex[] = "0123456789abcdef";
	struct bytes cut = {.data = name.data, .size = utf8_cut(name, 64)};
	char *end = to;

	for (size_t at = 0; at < cut.size;) {
		size_t size = utf8_character((struct bytes){.data = cut.data + at, .size = cut.size - at});
		unsigned char byte = (unsigned char)cut.data[at];

		/* Of a control character of two bytes, U+0080 to U+009F, each byte on its own. */
		bool control = byte < 0x20 || byte == 0x7f ||
			       (byte == 0xc2 && size == 2 && (unsigned char)cut.data[at + 1] < 0xa0);

		if (size == 0 || control) {
			*end++ = '\\';
			*end++ = 'x';
			*end++ = hex[byte >> 4];
			*end++ = hex[byte & 15];
			at++;
			continue;
		}
		memcpy(end, cut.data + at, size);
		end += size;
		at += size;
	}
	if (cut.size < name.size) {
		memcpy(end, "...", 3);
		end += 3;
	}
	*end = '\0';
	return to;
}
