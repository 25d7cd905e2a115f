/* common/msgpack_read.c - https://github.com/msgpack/msgpack/blob/master/spec.md, format by format. */
#include "common/msgpack_read.h"

#include <assert.h>

enum { NANOSECONDS = 1000000000 };

/* The big-endian number of size bytes at data. */
static uint64_t load(const char *data, size_t size)
{
	uint64_t number = 0;

	for (size_t i = 0; i < size; i++)
		number = number << 8 | (unsigned char)data[i];
	return number;
}

static struct value of_uint(uint64_t number)
{
	if (number > INT64_MAX)
		return (struct value){.type = VALUE_UINT, .unsigned_integer = number};
	return (struct value){.type = VALUE_INT, .integer = (int64_t)number};
}

static struct value of_int(uint64_t number, size_t size)
{
	assert(size >= 1 && size <= sizeof(number));
	unsigned unused_bits = (unsigned)(8 * (sizeof(number) - size));

	/* Moves the sign to where int64_t has it, and spreads it on the way back. */
	return (struct value){.type = VALUE_INT, .integer = (int64_t)(number << unused_bits) >> unused_bits};
}

static struct value of_float32(uint32_t bits)
{
	float number;

	memcpy(&number, &bits, sizeof(number));
	return (struct value){.type = VALUE_FLOAT32, .real = (double)number};
}

static struct value of_float64(uint64_t bits)
{
	struct value value = {.type = VALUE_FLOAT64};

	memcpy(&value.real, &bits, sizeof(bits));
	return value;
}

static enum msgpack_token read_timestamp(const char *data, size_t size, struct value *ret_value)
{
	uint64_t nanoseconds = 0;
	int64_t seconds;

	if (size == 4) {
		seconds = (int64_t)load(data, 4);
	} else if (size == 8) {
		uint64_t both = load(data, 8);

		nanoseconds = both >> 34;
		seconds = (int64_t)(both & ((1ull << 34) - 1));
	} else if (size == 12) {
		nanoseconds = load(data, 4);
		seconds = (int64_t)load(data + 4, 8);
	} else {
		return MSGPACK_BAD_TIMESTAMP;
	}
	if (nanoseconds >= NANOSECONDS)
		return MSGPACK_BAD_TIMESTAMP;
	*ret_value = (struct value){.type = VALUE_TIMESTAMP, .integer = seconds, .size = (uint32_t)nanoseconds};
	return MSGPACK_TOKEN;
}

/* A STR, BIN or extension whose payload of size bytes begins at data. */
static enum msgpack_token read_payload(enum value_type type, int8_t extension, const char *data, uint64_t size,
				       const char **at, const char *end, struct value *ret_value)
{
	if (size > (uint64_t)(end - data))
		return MSGPACK_CUT;
	if (type == VALUE_EXTENSION && extension == MSGPACK_EXTENSION_TIMESTAMP) {
		enum msgpack_token token = read_timestamp(data, (size_t)size, ret_value);

		if (token != MSGPACK_TOKEN)
			return token;
	} else {
		if (type == VALUE_EXTENSION && extension == MSGPACK_EXTENSION_NUMBER)
			type = VALUE_NUMBER;
		*ret_value = (struct value){.type = type, .extension = extension, .size = (uint32_t)size, .data = data};
	}
	*at = data + size;
	return MSGPACK_TOKEN;
}

/* The formats from 0xc4 on, except the booleans': their first byte says how many bytes of argument follow it. */
static enum msgpack_token read_long(unsigned char first, const char **at, const char *end, struct value *ret_value)
{
	static const uint8_t argument_bytes[256] = {
		[0xc4] = 1, [0xc5] = 2, [0xc6] = 4, [0xc7] = 1, [0xc8] = 2, [0xc9] = 4, [0xca] = 4, [0xcb] = 8,
		[0xcc] = 1, [0xcd] = 2, [0xce] = 4, [0xcf] = 8, [0xd0] = 1, [0xd1] = 2, [0xd2] = 4, [0xd3] = 8,
		[0xd9] = 1, [0xda] = 2, [0xdb] = 4, [0xdc] = 2, [0xdd] = 4, [0xde] = 2, [0xdf] = 4,
	};
	const char *argument_at = *at + 1;
	size_t size = argument_bytes[first];
	bool extension = (first >= 0xc7 && first <= 0xc9) || (first >= 0xd4 && first <= 0xd8);

	if (size + extension > (size_t)(end - argument_at))
		return MSGPACK_CUT;

	uint64_t argument = load(argument_at, size);
	const char *data = argument_at + size;

	if (extension) {
		if (first >= 0xd4) /* fixext: 1, 2, 4, 8, 16 bytes */
			argument = 1ull << (first - 0xd4);
		return read_payload(VALUE_EXTENSION, (int8_t)*data, data + 1, argument, at, end, ret_value);
	}
	if (first <= 0xc6)
		return read_payload(VALUE_BIN, 0, data, argument, at, end, ret_value);
	if (first >= 0xd9 && first <= 0xdb)
		return read_payload(VALUE_STR, 0, data, argument, at, end, ret_value);

	if (first == 0xca)
		*ret_value = of_float32((uint32_t)argument);
	else if (first == 0xcb)
		*ret_value = of_float64(argument);
	else if (first <= 0xcf)
		*ret_value = of_uint(argument);
	else if (first <= 0xd3)
		*ret_value = of_int(argument, size);
	else
		*ret_value =
			(struct value){.type = first <= 0xdd ? VALUE_ARRAY : VALUE_MAP, .size = (uint32_t)argument};
	*at = data;
	return MSGPACK_TOKEN;
}

enum msgpack_token msgpack_read(const char **at, const char *end, struct value *ret_value)
{
	if (msgpack_read_short_text(at, end, ret_value))
		return MSGPACK_TOKEN;
	if (*at == end)
		return MSGPACK_CUT;

	unsigned char first = (unsigned char)**at;

	if (first <= 0x7f || first >= 0xe0)
		*ret_value = (struct value){.type = VALUE_INT, .integer = (int8_t)first};
	else if (first <= 0x8f)
		*ret_value = (struct value){.type = VALUE_MAP, .size = first & 15};
	else if (first <= 0x9f)
		*ret_value = (struct value){.type = VALUE_ARRAY, .size = first & 15};
	else if (first <= 0xbf) /* a short text, or it would have been read */
		return MSGPACK_CUT;
	else if (first == 0xc0)
		*ret_value = (struct value){.type = VALUE_NIL};
	else if (first == 0xc2 || first == 0xc3)
		*ret_value = (struct value){.type = VALUE_BOOL, .boolean = first == 0xc3};
	else if (first == 0xc1)
		return MSGPACK_UNUSED_BYTE;
	else
		return read_long(first, at, end, ret_value);
	++*at;
	return MSGPACK_TOKEN;
}
