/* tests/support/unit.h - cmocka with what it wants included before it, and comparisons of bytes that show both. */
#ifndef TESTS_SUPPORT_UNIT_H
#define TESTS_SUPPORT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/bytes.h"

#include <stdlib.h>

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* Fails with both texts when they are not equal. The actual one may hold any bytes. */
#define assert_bytes(actual, expected) assert_bytes_at((actual), (expected), __FILE__, __LINE__)

static inline void assert_bytes_at(struct bytes actual, struct bytes expected, const char *file, int line)
{
	if (bytes_equal(actual, expected))
		return;
	print_error("%zu bytes \"%.*s\", not %zu bytes \"%.*s\"\n", actual.size, BYTES_ARG(actual), expected.size,
		    BYTES_ARG(expected));
	_fail(file, line);
}

#define assert_text(actual, expected) assert_bytes((actual), bytes_of(expected))

/* A copy that ends where its memory ends, so that AddressSanitizer sees a read behind it. The caller frees .data. */
static inline struct bytes exact_copy(struct bytes bytes)
{
	char *copy = malloc(bytes.size > 0 ? bytes.size : 1);

	assert_non_null(copy);
	if (bytes.size > 0)
		memcpy(copy, bytes.data, bytes.size);
	return (struct bytes){.data = copy, .size = bytes.size};
}

#endif
