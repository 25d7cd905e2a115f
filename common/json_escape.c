/* common/json_escape.c */
#include "common/json_escape.h"

#include <stdint.h>

/* The code unit that \uXXXX at the front of text stands for, or -1 when that is not what stands there. */
static int32_t code_unit(struct bytes text)
{
	int32_t unit = 0;

	if (text.size < 6 || text.data[0] != '\\' || text.data[1] != 'u')
		return -1;
	for (size_t i = 2; i < 6; i++) {
		char letter = text.data[i];

		unit <<= 4;
		if (letter >= '0' && letter <= '9')
			unit |= letter - '0';
		else if ((letter | 32) >= 'a' && (letter | 32) <= 'f')
			unit |= (letter | 32) - 'a' + 10;
		else
			return -1;
	}
	return unit;
}

/* A backslash outside of a string is a fault that the parser finds: no need to know here which is which. */
size_t json_find_lone_surrogate(struct bytes json)
{
	size_t at = 0;

	while (at < json.size) {
		const char *backslash = memchr(json.data + at, '\\', json.size - at);

		if (!backslash)
			return json.size;
		at = (size_t)(backslash - json.data);

		int32_t unit = code_unit((struct bytes){.data = json.data + at, .size = json.size - at});

		if (unit < 0xd800 || unit > 0xdfff) {
			at += 2;
			continue;
		}

		size_t next = at + 6;
		int32_t low = code_unit((struct bytes){.data = json.data + next, .size = json.size - next});

		if (unit >= 0xdc00 || low < 0xdc00 || low > 0xdfff)
			return at;
		at = next + 6;
	}
	return json.size;
}
