/* tests/fuzz/fuzz.h - what the fuzz targets share.
 *
 * A target is one file with LLVMFuzzerTestOneInput(). It is linked with libFuzzer (preset fuzz), and with replay.c,
 * which runs the corpus through it under any compiler. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "common/bytes.h"
#include "common/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Runs one input. data has exactly size bytes, so that reading past them is found. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a finding is to show: the text that was made of the input. It has to live until then. */
void fuzz_show(struct bytes text);

/* Says what does not hold and aborts: a finding. */
_Noreturn void fuzz_fail(const char *what);

static inline void fuzz_require(bool holds, const char *what)
{
	if (__builtin_expect(!holds, false))
		fuzz_fail(what);
}

static inline struct bytes fuzz_bytes(const uint8_t *data, size_t size)
{
	return (struct bytes){.data = (const char *)data, .size = size};
}

/* Bit by bit: NaN is the same as itself, and 0 is not -0. */
static inline bool fuzz_same_real(double a, double b)
{
	uint64_t left, right;

	memcpy(&left, &a, sizeof(left));
	memcpy(&right, &b, sizeof(right));
	return left == right;
}

/* Whether two trees are the same: types, order of members, every bit of a number. */
bool fuzz_same_value(const struct value *a, const struct value *b);

#endif
