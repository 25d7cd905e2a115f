/* common/bytes.h - a view of bytes that somebody else owns. Never NUL-terminated by contract. */
#ifndef COMMON_BYTES_H
#define COMMON_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct bytes {
	const char *data; /* may be NULL when size is 0 */
	size_t size;      /* in bytes */
};

/* A view of a string literal, for initialisers: struct bytes b = BYTES("name"). */
#define BYTES(literal)                                                                                                 \
	(struct bytes)                                                                                                 \
	{                                                                                                              \
		.data = (literal), .size = sizeof(literal) - 1                                                         \
	}

/* For printf's "%.*s": BYTES_ARG(b) expands to the two arguments. */
#define BYTES_ARG(bytes) (int)(bytes).size, (bytes).data

static inline struct bytes bytes_of(const char *text)
{
	return (struct bytes){.data = text, .size = text ? strlen(text) : 0};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool bytes_equal_text(struct bytes a, const char *text)
{
	return bytes_equal(a, bytes_of(text));
}

static inline bool bytes_starts(struct bytes whole, struct bytes prefix)
{
	return whole.size >= prefix.size && (prefix.size == 0 || memcmp(whole.data, prefix.data, prefix.size) == 0);
}

#endif
