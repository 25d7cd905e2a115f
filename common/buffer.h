/* common/buffer.h - bytes that grow, up to a limit.
 *
 * Appending never fails at the call: a buffer that met its limit, or had no memory, remembers it, ignores what follows
 * and says so once, at the end, in buffer_failed(). So the code that writes SQL and replies reads without checks. */
#ifndef COMMON_BUFFER_H
#define COMMON_BUFFER_H

#include "common/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum buffer_state { BUFFER_FINE, BUFFER_TOO_LARGE, BUFFER_NO_MEMORY };

struct buffer {
	char *data;
	size_t size;
	size_t capacity;
	size_t limit_bytes;
	enum buffer_state state;
};

/* Allocates nothing yet. */
void buffer_init(struct buffer *buffer, size_t limit_bytes);

/* The same with the memory of another, which is left with none. */
void buffer_init_with(struct buffer *buffer, struct buffer *spare, size_t limit_bytes);

/* Gives the memory to `spare`, for a buffer_init_with(); it is freed when spare has some, or above most_bytes of it. */
void buffer_spare(struct buffer *buffer, struct buffer *spare, size_t most_bytes);

/* Empties it and forgets a failure; keeps the memory. */
void buffer_reset(struct buffer *buffer);

/* Gives the memory back. Legal on a zeroed buffer. */
void buffer_free(struct buffer *buffer);

/* For buffer_reserve(), when there is no room to spare or the buffer has failed. */
char *buffer_make_room(struct buffer *buffer, size_t size);

/* Makes room for size more bytes and returns where they go, or NULL when the buffer has failed. The caller fills at
 * most size of them and adds what it used to buffer->size. */
static inline char *buffer_reserve(struct buffer *buffer, size_t size)
{
	if (size >= buffer->capacity - buffer->size || buffer->state != BUFFER_FINE)
		return buffer_make_room(buffer, size);
	return buffer->data + buffer->size;
}

static inline void buffer_append(struct buffer *buffer, struct bytes bytes)
{
	char *to = buffer_reserve(buffer, bytes.size);

	if (!to || bytes.size == 0)
		return;
	memcpy(to, bytes.data, bytes.size);
	buffer->size += bytes.size;
}

/* With a literal, as nearly always, that is a few stores. */
static inline void buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, bytes_of(text));
}

static inline void buffer_append_byte(struct buffer *buffer, char byte)
{
	char *to = buffer_reserve(buffer, 1);

	if (!to)
		return;
	*to = byte;
	buffer->size++;
}

void buffer_append_uint(struct buffer *buffer, uint64_t number);
void buffer_append_int(struct buffer *buffer, int64_t number);
void buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline bool buffer_failed(const struct buffer *buffer)
{
	return buffer->state != BUFFER_FINE;
}

/* Keeps `size` bytes of the content from `from` on, and puts around them others, which are not in the buffer. One that
 * fails keeps all as it was. */
void buffer_wrap(struct buffer *buffer, size_t from, size_t size, struct bytes before, struct bytes behind);

/* A view of the content, valid until the next append. */
static inline struct bytes buffer_bytes(const struct buffer *buffer)
{
	assert(buffer->data || buffer->size == 0);
	return (struct bytes){.data = buffer->data, .size = buffer->size};
}

#endif
