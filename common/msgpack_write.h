/* common/msgpack_write.h - appends msgpack tokens to a buffer, each in its shortest form. Failure is the buffer's. */
#ifndef COMMON_MSGPACK_WRITE_H
#define COMMON_MSGPACK_WRITE_H

#include "common/buffer.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

void msgpack_write_nil(struct buffer *out);
void msgpack_write_bool(struct buffer *out, bool value);
void msgpack_write_int(struct buffer *out, int64_t value);
void msgpack_write_uint(struct buffer *out, uint64_t value);
void msgpack_write_float32(struct buffer *out, float value);
void msgpack_write_float64(struct buffer *out, double value);
void msgpack_write_bin(struct buffer *out, struct bytes data);
void msgpack_write_extension(struct buffer *out, int8_t type, struct bytes data);
void msgpack_write_timestamp(struct buffer *out, int64_t seconds, uint32_t nanoseconds);

/* Any but a short text: for msgpack_write_str(). */
void msgpack_write_long_str(struct buffer *out, struct bytes text);

/* Most texts that are written are keys, of less than 32 bytes: written here without a call, literals with a store or
 * two. */
static inline void msgpack_write_str(struct buffer *out, struct bytes text)
{
	char *to;

	assert(text.data || text.size == 0);
	if (text.size >= 32) {
		msgpack_write_long_str(out, text);
		return;
	}
	to = buffer_reserve(out, 1 + text.size);
	if (!to)
		return;
	*to = (char)(0xa0 | text.size);
	if (text.size > 0)
		memcpy(to + 1, text.data, text.size);
	out->size += 1 + text.size;
}

/* The head of a container; its items are written next. */
void msgpack_write_array(struct buffer *out, uint32_t items);
void msgpack_write_map(struct buffer *out, uint32_t members);

/* The head of a container whose size is not known yet, always MSGPACK_OPEN_BYTES long; msgpack_close() at the offset at
 * which it was written fills it in. */
enum { MSGPACK_OPEN_BYTES = 5 };
void msgpack_open_array(struct buffer *out);
void msgpack_open_map(struct buffer *out);
void msgpack_close(struct buffer *out, size_t offset, uint32_t size);

#endif
