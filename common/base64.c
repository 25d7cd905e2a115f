/* common/base64.c */
#include "common/base64.h"

#include <errno.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct bytes data, struct buffer *out)
{
	const unsigned char *from = (const unsigned char *)data.data;
	char *to = buffer_reserve(out, (data.size + 2) / 3 * 4);

	if (!to)
		return;
	for (size_t at = 0; at < data.size; at += 3) {
		size_t left = data.size - at;
		uint32_t group = (uint32_t)from[at] << 16;

		if (left > 1)
			group |= (uint32_t)from[at + 1] << 8;
		if (left > 2)
			group |= from[at + 2];
		*to++ = alphabet[group >> 18];
		*to++ = alphabet[group >> 12 & 63];
		*to++ = left > 1 ? alphabet[group >> 6 & 63] : '=';
		*to++ = left > 2 ? alphabet[group & 63] : '=';
		out->size += 4;
	}
}

/* What a letter stands for, or -1. */
static int32_t six_bits(char letter)
{
	if (letter >= 'A' && letter <= 'Z')
		return letter - 'A';
	if (letter >= 'a' && letter <= 'z')
		return letter - 'a' + 26;
	if (letter >= '0' && letter <= '9')
		return letter - '0' + 52;
	if (letter == '+')
		return 62;
	return letter == '/' ? 63 : -1;
}

/* Without its padding, which has to be right when it is there. size SIZE_MAX: it is not. */
static struct bytes without_padding(struct bytes text)
{
	size_t padding = 0;

	while (padding < text.size && text.data[text.size - 1 - padding] == '=')
		padding++;
	if (padding > 2 || (padding > 0 && text.size % 4 != 0))
		return (struct bytes){.size = SIZE_MAX};
	return (struct bytes){.data = text.data, .size = text.size - padding};
}

int base64_decode(struct bytes text, struct buffer *out)
{
	struct bytes letters = without_padding(text);
	size_t start = out->size;
	uint32_t bits = 0, bit_count = 0;

	if (letters.size == SIZE_MAX || letters.size % 4 == 1)
		return -EINVAL;

	char *to = buffer_reserve(out, letters.size / 4 * 3 + 2);

	if (!to)
		return 0;
	for (size_t at = 0; at < letters.size; at++) {
		int32_t six = six_bits(letters.data[at]);

		if (six < 0) {
			out->size = start;
			return -EINVAL;
		}
		bits = bits << 6 | (uint32_t)six;
		bit_count += 6;
		if (bit_count < 8)
			continue;
		bit_count -= 8;
		*to++ = (char)(bits >> bit_count & 255);
		out->size++;
	}
	/* Bits that are left over have to be 0, else two texts would stand for the same bytes. */
	if ((bits & ((1u << bit_count) - 1)) != 0) {
		out->size = start;
		return -EINVAL;
	}
	return 0;
}
