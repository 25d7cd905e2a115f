/* common/utf8.c */
#include "common/utf8.h"

static bool continues(const unsigned char *byte)
{
	return (*byte & 0xc0) == 0x80;
}

size_t utf8_character(struct bytes text)
{
	const unsigned char *at = (const unsigned char *)text.data;

	if (text.size == 0)
		return 0;
	if (at[0] < 0x80)
		return 1;
	if (at[0] < 0xc2) /* a continuation byte, or an overlong form of ASCII */
		return 0;
	if (at[0] < 0xe0)
		return text.size >= 2 && continues(at + 1) ? 2 : 0;
	if (at[0] < 0xf0) {
		if (text.size < 3 || !continues(at + 1) || !continues(at + 2))
			return 0;
		bool overlong = at[0] == 0xe0 && at[1] < 0xa0;
		bool surrogate = at[0] == 0xed && at[1] >= 0xa0;

		return overlong || surrogate ? 0 : 3;
	}
	if (at[0] > 0xf4 || text.size < 4 || !continues(at + 1) || !continues(at + 2) || !continues(at + 3))
		return 0;
	bool overlong = at[0] == 0xf0 && at[1] < 0x90;
	bool too_high = at[0] == 0xf4 && at[1] >= 0x90;

	return overlong || too_high ? 0 : 4;
}

size_t utf8_valid_size(struct bytes text)
{
	size_t at = 0;

	while (at < text.size) {
		at += utf8_ascii_size((struct bytes){.data = text.data + at, .size = text.size - at});
		if (at == text.size)
			break;

		size_t size = utf8_character((struct bytes){.data = text.data + at, .size = text.size - at});

		if (size == 0)
			break;
		at += size;
	}
	return at;
}

size_t utf8_cut(struct bytes text, size_t limit)
{
	if (text.size <= limit)
		return text.size;

	/* A character has at most three continuation bytes; more of them are no UTF-8 and may be cut anywhere. */
	for (size_t back = 0; back < 4 && back <= limit; back++) {
		if (((unsigned char)text.data[limit - back] & 0xc0) != 0x80)
			return limit - back;
	}
	return limit;
}
