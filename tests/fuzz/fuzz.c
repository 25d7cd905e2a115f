/* tests/fuzz/fuzz.c - see fuzz.h. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

const char *__asan_default_options(void);

/* A target makes few, short-lived allocations: a small quarantine keeps them in the processor's cache, and a short
 * trace of each is enough. Memory that cannot be had is NULL, as in the daemon. */
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=4:max_malloc_fill_size=0:malloc_context_size=4:allocator_may_return_null=1:"
	       "detect_stack_use_after_return=0";
}

static struct bytes shown;

void fuzz_show(struct bytes text)
{
	shown = text;
}

_Noreturn void fuzz_fail(const char *what)
{
	if (shown.size > 0)
		fprintf(stderr, "\n%.*s\n", BYTES_ARG(shown));
	fprintf(stderr, "\nDoes not hold: %s\n", what);
	abort();
}

static bool same_members(const struct value *a, const struct value *b)
{
	for (uint32_t i = 0; i < a->size; i++) {
		if (!fuzz_same_value(&a->members[i].key, &b->members[i].key) ||
		    !fuzz_same_value(&a->members[i].value, &b->members[i].value))
			return false;
	}
	return true;
}

static bool same_items(const struct value *a, const struct value *b)
{
	for (uint32_t i = 0; i < a->size; i++) {
		if (!fuzz_same_value(&a->items[i], &b->items[i]))
			return false;
	}
	return true;
}

bool fuzz_same_value(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_NIL:
		return true;
	case VALUE_BOOL:
		return a->boolean == b->boolean;
	case VALUE_INT:
	case VALUE_UINT:
	case VALUE_FLOAT32:
	case VALUE_FLOAT64:
		return a->unsigned_integer == b->unsigned_integer;
	case VALUE_TIMESTAMP:
		return a->integer == b->integer && a->size == b->size;
	case VALUE_EXTENSION:
		return a->extension == b->extension && bytes_equal(value_bytes(a), value_bytes(b));
	case VALUE_NUMBER:
	case VALUE_STR:
	case VALUE_BIN:
		return bytes_equal(value_bytes(a), value_bytes(b));
	case VALUE_ARRAY:
		return a->size == b->size && same_items(a, b);
	case VALUE_MAP:
		return a->size == b->size && same_members(a, b);
	}
	return false;
}
