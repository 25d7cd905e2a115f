/* common/buffer.c */
#include "common/buffer.h"

#include <stdio.h>
#include <stdlib.h>

enum { CAPACITY_FIRST = 256, UINT64_DIGITS = 20 };

void buffer_init(struct buffer *buffer, size_t limit_bytes)
{
	*buffer = (struct buffer){.limit_bytes = limit_bytes};
}

void buffer_init_with(struct buffer *buffer, struct buffer *spare, size_t limit_bytes)
{
	struct buffer memory = *spare;

	*spare = (struct buffer){0};
	/* What a buffer has it may use without looking at its limit. */
	if (memory.capacity > limit_bytes)
		buffer_free(&memory);
	*buffer = (struct buffer){.data = memory.data, .capacity = memory.capacity, .limit_bytes = limit_bytes};
}

void buffer_spare(struct buffer *buffer, struct buffer *spare, size_t most_bytes)
{
	if (spare->data || buffer->capacity > most_bytes)
		free(buffer->data);
	else
		*spare = (struct buffer){.data = buffer->data, .capacity = buffer->capacity};
	*buffer = (struct buffer){0};
}

void buffer_reset(struct buffer *buffer)
{
	buffer->size = 0;
	buffer->state = BUFFER_FINE;
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}

/* The limit bounds the content; the capacity stays within it as well, so that a limit is also one on memory. */
static bool grow(struct buffer *buffer, size_t size)
{
	if (size > buffer->limit_bytes - buffer->size) {
		buffer->state = BUFFER_TOO_LARGE;
		return false;
	}

	size_t needed = buffer->size + size;
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : CAPACITY_FIRST;

	while (capacity < needed && capacity <= buffer->limit_bytes / 2)
		capacity *= 2;
	if (capacity < needed || capacity > buffer->limit_bytes)
		capacity = buffer->limit_bytes;

	char *data = realloc(buffer->data, capacity + 1); /* one more, for vsnprintf's NUL */

	if (!data) {
		buffer->state = BUFFER_NO_MEMORY;
		return false;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

char *buffer_make_room(struct buffer *buffer, size_t size)
{
	if (buffer->state != BUFFER_FINE)
		return NULL;
	if ((!buffer->data || size > buffer->capacity - buffer->size) && !grow(buffer, size))
		return NULL;
	return buffer->data + buffer->size;
}

void buffer_wrap(struct buffer *buffer, size_t from, size_t size, struct bytes before, struct bytes behind)
{
	size_t total = before.size + size + behind.size;

	assert(from <= buffer->size && size <= buffer->size - from);
	if (!buffer_reserve(buffer, total > buffer->size ? total - buffer->size : 0))
		return;
	memmove(buffer->data + before.size, buffer->data + from, size);
	memcpy(buffer->data, before.data, before.size);
	memcpy(buffer->data + before.size + size, behind.data, behind.size);
	buffer->size = total;
}

void buffer_append_uint(struct buffer *buffer, uint64_t number)
{
	size_t digits = 1;
	uint64_t limit = 10; /* of numbers with so many digits */
	char *to;

	while (number >= limit && digits < UINT64_DIGITS) {
		digits++;
		limit *= 10; /* behind the last one it has no meaning, and is not looked at */
	}
	to = buffer_reserve(buffer, digits);
	if (!to)
		return;
	for (size_t at = digits; at-- > 0; number /= 10)
		to[at] = (char)('0' + number % 10);
	buffer->size += digits;
}

void buffer_append_int(struct buffer *buffer, int64_t number)
{
	if (number < 0) {
		buffer_append_byte(buffer, '-');
		buffer_append_uint(buffer, -(uint64_t)number);
	} else {
		buffer_append_uint(buffer, (uint64_t)number);
	}
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (size < 0)
		return;

	char *to = buffer_reserve(buffer, (size_t)size);

	if (!to)
		return;
	va_start(arguments, format);
	vsnprintf(to, (size_t)size + 1, format, arguments);
	va_end(arguments);
	buffer->size += (size_t)size;
}
