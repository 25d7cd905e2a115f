/* common/msgpack_write.c */
#include "common/msgpack_write.h"

#include "common/msgpack_read.h"

static void store(char *to, uint64_t number, size_t size)
{
	while (size > 0) {
		to[--size] = (char)(number & 255);
		number >>= 8;
	}
}

/* A format's first byte and its argument of 0 to 8 bytes. */
static void write_head(struct buffer *out, unsigned char first, uint64_t argument, size_t size)
{
	char *to = buffer_reserve(out, 1 + size);

	if (!to)
		return;
	*to = (char)first;
	store(to + 1, argument, size);
	out->size += 1 + size;
}

void msgpack_write_nil(struct buffer *out)
{
	write_head(out, 0xc0, 0, 0);
}

void msgpack_write_bool(struct buffer *out, bool value)
{
	write_head(out, value ? 0xc3 : 0xc2, 0, 0);
}

void msgpack_write_uint(struct buffer *out, uint64_t value)
{
	if (value <= 0x7f)
		write_head(out, (unsigned char)value, 0, 0);
	else if (value <= UINT8_MAX)
		write_head(out, 0xcc, value, 1);
	else if (value <= UINT16_MAX)
		write_head(out, 0xcd, value, 2);
	else if (value <= UINT32_MAX)
		write_head(out, 0xce, value, 4);
	else
		write_head(out, 0xcf, value, 8);
}

void msgpack_write_int(struct buffer *out, int64_t value)
{
	if (value >= 0)
		msgpack_write_uint(out, (uint64_t)value);
	else if (value >= -32)
		write_head(out, (unsigned char)(value & 255), 0, 0);
	else if (value >= INT8_MIN)
		write_head(out, 0xd0, (uint64_t)value, 1);
	else if (value >= INT16_MIN)
		write_head(out, 0xd1, (uint64_t)value, 2);
	else if (value >= INT32_MIN)
		write_head(out, 0xd2, (uint64_t)value, 4);
	else
		write_head(out, 0xd3, (uint64_t)value, 8);
}

void msgpack_write_float32(struct buffer *out, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	write_head(out, 0xca, bits, 4);
}

void msgpack_write_float64(struct buffer *out, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	write_head(out, 0xcb, bits, 8);
}

void msgpack_write_long_str(struct buffer *out, struct bytes text)
{
	if (text.size <= UINT8_MAX)
		write_head(out, 0xd9, text.size, 1);
	else if (text.size <= UINT16_MAX)
		write_head(out, 0xda, text.size, 2);
	else
		write_head(out, 0xdb, text.size, 4);
	buffer_append(out, text);
}

void msgpack_write_bin(struct buffer *out, struct bytes data)
{
	if (data.size <= UINT8_MAX)
		write_head(out, 0xc4, data.size, 1);
	else if (data.size <= UINT16_MAX)
		write_head(out, 0xc5, data.size, 2);
	else
		write_head(out, 0xc6, data.size, 4);
	buffer_append(out, data);
}

void msgpack_write_extension(struct buffer *out, int8_t type, struct bytes data)
{
	if (data.size == 1 || data.size == 2 || data.size == 4 || data.size == 8 || data.size == 16)
		write_head(out, (unsigned char)(0xd4 + __builtin_ctzl(data.size)), 0, 0);
	else if (data.size <= UINT8_MAX)
		write_head(out, 0xc7, data.size, 1);
	else if (data.size <= UINT16_MAX)
		write_head(out, 0xc8, data.size, 2);
	else
		write_head(out, 0xc9, data.size, 4);
	buffer_append_byte(out, (char)type);
	buffer_append(out, data);
}

void msgpack_write_timestamp(struct buffer *out, int64_t seconds, uint32_t nanoseconds)
{
	char data[12];
	size_t size;

	if (nanoseconds == 0 && seconds >= 0 && seconds <= UINT32_MAX) {
		size = 4;
		store(data, (uint64_t)seconds, 4);
	} else if (seconds >= 0 && seconds < 1ll << 34) {
		size = 8;
		store(data, (uint64_t)nanoseconds << 34 | (uint64_t)seconds, 8);
	} else {
		size = 12;
		store(data, nanoseconds, 4);
		store(data + 4, (uint64_t)seconds, 8);
	}
	msgpack_write_extension(out, MSGPACK_EXTENSION_TIMESTAMP, (struct bytes){.data = data, .size = size});
}

void msgpack_write_array(struct buffer *out, uint32_t items)
{
	if (items <= 15)
		write_head(out, (unsigned char)(0x90 | items), 0, 0);
	else if (items <= UINT16_MAX)
		write_head(out, 0xdc, items, 2);
	else
		write_head(out, 0xdd, items, 4);
}

void msgpack_write_map(struct buffer *out, uint32_t members)
{
	if (members <= 15)
		write_head(out, (unsigned char)(0x80 | members), 0, 0);
	else if (members <= UINT16_MAX)
		write_head(out, 0xde, members, 2);
	else
		write_head(out, 0xdf, members, 4);
}

void msgpack_open_array(struct buffer *out)
{
	write_head(out, 0xdd, 0, 4);
}

void msgpack_open_map(struct buffer *out)
{
	write_head(out, 0xdf, 0, 4);
}

void msgpack_close(struct buffer *out, size_t offset, uint32_t size)
{
	if (!buffer_failed(out))
		store(out->data + offset + 1, size, 4);
}
