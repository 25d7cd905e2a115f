/* common/utf8.h - what is valid UTF-8, and where its characters end. */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include "common/bytes.h"

#include <stdint.h>

/* The size in bytes, 1 to 4, of the character that text begins with; 0 when there is none: text is empty, cut in the
 * middle of a character, overlong, a surrogate, above U+10FFFF, or no UTF-8 at all. */
size_t utf8_character(struct bytes text);

/* How many bytes at the front of text are ASCII. Most text is all of it, and looked at eight bytes at a time. */
static inline size_t utf8_ascii_size(struct bytes text)
{
	size_t at = 0;
	uint64_t eight;

	for (; text.size - at >= sizeof(eight); at += sizeof(eight)) {
		memcpy(&eight, text.data + at, sizeof(eight));
		if (eight & 0x8080808080808080u)
			break;
	}
	while (at < text.size && (unsigned char)text.data[at] < 0x80)
		at++;
	return at;
}

/* How many bytes at the front of text are valid: text.size when all are. */
size_t utf8_valid_size(struct bytes text);

static inline bool utf8_valid(struct bytes text)
{
	return utf8_valid_size(text) == text.size;
}

/* The size of the longest front of text that has at most limit bytes and does not end within a character. */
size_t utf8_cut(struct bytes text, size_t limit);

#endif
