/* key_set.c - which keys are the same, in small maps and in hashed ones. */
#include "common/key_set.h"
#include "tests/support/unit.h"

#include <string.h>

enum { LARGE = 100, LARGEST = 1000 };

static struct value text(enum value_type type, const char *bytes)
{
	return (struct value){.type = type, .size = (uint32_t)strlen(bytes), .data = bytes};
}

static struct value integer(enum value_type type, int64_t number)
{
	return (struct value){.type = type, .integer = number};
}

static struct value extension(int8_t kind, const char *bytes)
{
	return (struct value){
		.type = VALUE_EXTENSION, .extension = kind, .size = (uint32_t)strlen(bytes), .data = bytes};
}

static struct value real(enum value_type type, double number)
{
	return (struct value){.type = type, .real = number};
}

/* Adds the one and then the other; returns whether the second was taken for new. */
static bool differ(uint32_t capacity, const struct value *first, const struct value *second)
{
	const struct member members[] = {{.key = *first}, {.key = *second}};
	struct key_set set;
	bool is_new;

	assert_int_equal(key_set_open(&set, members, capacity), 0);
	assert_true(key_set_add(&set, 0));
	is_new = key_set_add(&set, 1);
	key_set_close(&set);
	return is_new;
}

/* Each of them is another key than all others, and the same as itself. */
static void test_keys(void **state)
{
	const struct value keys[] = {
		{.type = VALUE_NIL},
		{.type = VALUE_BOOL, .boolean = false},
		{.type = VALUE_BOOL, .boolean = true},
		integer(VALUE_INT, 1),
		integer(VALUE_INT, -1),
		integer(VALUE_UINT, -1), /* 2^64-1 */
		real(VALUE_FLOAT32, 1),
		real(VALUE_FLOAT64, 1),
		real(VALUE_FLOAT64, 0.0),
		real(VALUE_FLOAT64, -0.0),
		text(VALUE_NUMBER, "1"),
		text(VALUE_NUMBER, "1.00000000000000000000"),
		text(VALUE_STR, ""),
		text(VALUE_STR, "1"),
		text(VALUE_STR, "a key of more than one word"),
		text(VALUE_STR, "a key of more than one worD"),
		extension(1, "x"),
		extension(2, "x"),
		extension(1, "xy"),
		{.type = VALUE_TIMESTAMP, .integer = 1, .size = 0},
		{.type = VALUE_TIMESTAMP, .integer = 1, .size = 999999999},
		{.type = VALUE_TIMESTAMP, .integer = 2, .size = 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(keys); i++)
		for (size_t j = 0; j < LENGTH(keys); j++) {
			if (differ(2, &keys[i], &keys[j]) != (i != j))
				fail_msg("small: %zu and %zu", i, j);
			if (differ(LARGE, &keys[i], &keys[j]) != (i != j))
				fail_msg("hashed: %zu and %zu", i, j);
		}
}

static void test_str_and_bin_are_one(void **state)
{
	const struct value str = text(VALUE_STR, "name"), bin = text(VALUE_BIN, "name"),
			   other = text(VALUE_BIN, "nama");

	(void)state;
	assert_false(differ(2, &str, &bin));
	assert_false(differ(LARGE, &str, &bin));
	assert_false(differ(LARGE, &bin, &str));
	assert_true(differ(LARGE, &str, &other));
}

/* On either side of the size from which on keys are hashed, and full to the brim: the last one is found again. */
static void test_as_many_as_there_may_be(void **state)
{
	static const uint32_t capacities[] = {1, KEY_SET_SMALL - 1, KEY_SET_SMALL, KEY_SET_SMALL + 1, 32, 33, LARGEST};
	static struct member members[LARGEST];

	(void)state;
	for (size_t i = 0; i < LENGTH(capacities); i++)
		for (uint32_t equal = 0; equal < capacities[i]; equal++) {
			uint32_t last = capacities[i] - 1;
			struct key_set set;

			for (uint32_t n = 0; n < capacities[i]; n++)
				members[n].key = integer(VALUE_INT, n == last ? equal : n);
			assert_int_equal(key_set_open(&set, members, capacities[i]), 0);
			for (uint32_t n = 0; n < last; n++)
				assert_true(key_set_add(&set, n));
			assert_int_equal(key_set_add(&set, last), equal == last);
			key_set_close(&set);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_str_and_bin_are_one),
		cmocka_unit_test(test_as_many_as_there_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
