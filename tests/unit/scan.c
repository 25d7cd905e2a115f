/* Unit tests of common/scan.c, key_set.c and msgpack_read.c. */
#include "common/scan.h"

#include "common/clock.h"
#include "common/msgpack_write.h"
#include "tests/support/allocations.h"
#include "tests/support/unit.h"

#include <stdio.h>

enum { ARENA_BYTES = 1 << 26 };

static const struct scan_limits limits = {.depth = 16, .nodes = 1000};
static struct arena arena;

static struct scan scan_bytes(struct bytes bytes)
{
	struct bytes copy = exact_copy(bytes);
	struct scan scan;

	arena_reset(&arena);
	scan_message(&arena, copy, &limits, &scan);
	free((void *)copy.data);
	return scan;
}

static void test_table_of_hostile_inputs(void **state)
{
	(void)state;
	static const struct {
		struct bytes bytes;
		enum scan_fault fault;
		size_t offset;
	} cases[] = {
		{BYTES(""), SCAN_CUT, 0},
		{BYTES("\xc1"), SCAN_UNUSED_BYTE, 0},
		{BYTES("\x92\x01\xc1"), SCAN_UNUSED_BYTE, 2},
		{BYTES("\xdd\xff\x00\x00\x00"), SCAN_CUT, 0}, /* four thousand million items */
		{BYTES("\xdf\xff\xff\xff\xff"), SCAN_CUT, 0},
		{BYTES("\xdf\x80\x00\x00\x00\x01\x01"), SCAN_CUT, 0}, /* twice this is 2^32 */
		{BYTES("\x91\xdf\x7f\xff\xff\xff"), SCAN_CUT, 1},
		{BYTES("\xdb\xff\xff\xff\xff"
		       "abc"),
		 SCAN_CUT, 0},
		{BYTES("\xc6\xff\xff\xff\xff"), SCAN_CUT, 0},
		{BYTES("\xc9\xff\xff\xff\xff\x01"), SCAN_CUT, 0},
		{BYTES("\xc7\x00"), SCAN_CUT, 0}, /* no room for the type */
		{BYTES("\xd4\x01"), SCAN_CUT, 0},
		{BYTES("\xa3"
		       "ab"),
		 SCAN_CUT, 0},
		{BYTES("\x82\xa1"
		       "a\x01\xa1"
		       "b"),
		 SCAN_CUT, 6},
		{BYTES("\xcf\x00\x00\x00\x00\x00\x00\x00"), SCAN_CUT, 0},
		{BYTES("\x01\x01"), SCAN_TRAILING, 1},
		{BYTES("\x80\xc1"), SCAN_TRAILING, 1},
		{BYTES("\x82\xa1"
		       "a\x01\xa1"
		       "a\x02"),
		 SCAN_DUPLICATE_KEY, 4},
		{BYTES("\x82\xa1"
		       "a\x01\xc4\x01"
		       "a\x02"),
		 SCAN_DUPLICATE_KEY, 4}, /* str and bin */
		{BYTES("\x82\xa1"
		       "a\x01\xd9\x01"
		       "a\x02"),
		 SCAN_DUPLICATE_KEY, 4},                                        /* another form */
		{BYTES("\x82\x05\x01\xcd\x00\x05\x02"), SCAN_DUPLICATE_KEY, 3}, /* 5 in two forms */
		{BYTES("\x82\xc0\x01\xc0\x02"), SCAN_DUPLICATE_KEY, 3},
		{BYTES("\x82\xc3\x01\xc2\x02"), SCAN_FINE, 0},
		{BYTES("\x82\x01\x01\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00\x02"), SCAN_FINE, 0}, /* 1 and 1.0 */
		{BYTES("\x81\xa1"
		       "a\x82\xa1"
		       "b\x01\xa1"
		       "b\x01"),
		 SCAN_DUPLICATE_KEY, 7}, /* in an inner map */
		{BYTES("\x82\xa1"
		       "a\x81\xa1"
		       "a\x01\xa1"
		       "b\x01"),
		 SCAN_FINE, 0}, /* in two maps */
		{BYTES("\x81\x90\x01"), SCAN_BAD_KEY, 1},
		{BYTES("\x81\x81\x90\x91\x02\x01"), SCAN_BAD_KEY, 1},
		{BYTES("\xd6\xff\x00\x00\x00\x01"), SCAN_FINE, 0},
		{BYTES("\xd5\xff\x00\x00"), SCAN_BAD_TIMESTAMP, 0},
		{BYTES("\xd7\xff\xff\xff\xff\xff\xff\xff\xff\xff"), SCAN_BAD_TIMESTAMP, 0}, /* too many nanoseconds */
		{BYTES("\xc7\x03\xb2"
		       "1.5"),
		 SCAN_RESERVED_EXTENSION, 0},
		{BYTES("\xdc\x03\xe8"), SCAN_CUT, 0},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct scan scan = scan_bytes(cases[i].bytes);

		if (scan.fault != cases[i].fault || scan.offset != cases[i].offset)
			fail_msg("case %zu: %s at %zu", i, scan_fault_text(scan.fault), scan.offset);
		assert_int_equal(scan_complete(&scan), scan.fault <= SCAN_TRAILING);
		assert_true(scan_complete(&scan) ? scan.size > 0 : scan.size == 0);
	}
}

static void test_own_numbers_pass_where_allowed(void **state)
{
	(void)state;
	struct scan_limits own = limits;
	struct scan scan;

	own.own_numbers = true;
	scan_message(&arena,
		     BYTES("\xc7\x03\xb2"
			   "1.5"),
		     &own, &scan);
	assert_int_equal(scan.fault, SCAN_FINE);
}

/* A claim that the bytes could make true takes memory for that many, and no more within the limit of nodes. */
static void test_memory_is_bounded(void **state)
{
	(void)state;
	static const char claims[] = "\xdc\x01\xf4\xdc\x01\xf4\xdc\x01\xf4"; /* 500 items, the first of which 500 */
	char message[1000] = {0};

	memcpy(message, claims, sizeof(claims) - 1);
	memset(message + sizeof(claims) - 1, '\xc0', sizeof(message) - sizeof(claims) + 1);
	arena_reset(&arena);

	struct scan scan;

	scan_message(&arena, (struct bytes){message, sizeof(message)}, &limits, &scan);
	assert_int_equal(scan.fault, SCAN_CUT);
	assert_int_equal(scan.value.type, VALUE_NIL);
	assert_in_range(arena.used_bytes, 500 * sizeof(struct value), limits.nodes * sizeof(struct value));
}

/* Writes count arrays, or maps with one key, within each other. */
static void write_nested(struct buffer *out, uint32_t count, bool maps)
{
	buffer_reset(out);
	for (uint32_t i = 0; i < count; i++) {
		if (maps) {
			msgpack_write_map(out, 1);
			msgpack_write_str(out, BYTES("k"));
		} else {
			msgpack_write_array(out, 1);
		}
	}
	msgpack_write_int(out, 1);
}

static void test_depth(void **state)
{
	(void)state;
	struct buffer buffer;

	buffer_init(&buffer, 1 << 20);
	for (int maps = 0; maps <= 1; maps++) {
		write_nested(&buffer, 16, maps);
		assert_int_equal(scan_bytes(buffer_bytes(&buffer)).fault, SCAN_FINE);
		write_nested(&buffer, 17, maps);
		struct scan scan = scan_bytes(buffer_bytes(&buffer));
		assert_int_equal(scan.fault, SCAN_TOO_DEEP);
		assert_int_equal(scan.offset, maps ? 48 : 16);
		assert_int_equal(scan.size, buffer.size);
		write_nested(&buffer, 400, maps); /* no stack is spent on it */
		assert_int_equal(scan_bytes(buffer_bytes(&buffer)).fault, SCAN_TOO_DEEP);
	}
	buffer_free(&buffer);
}

static void test_node_limit(void **state)
{
	(void)state;
	struct buffer buffer;

	buffer_init(&buffer, 1 << 20);
	for (uint32_t items = 999; items <= 1000; items++) {
		buffer_reset(&buffer);
		msgpack_write_array(&buffer, items);
		for (uint32_t i = 0; i < items; i++)
			msgpack_write_nil(&buffer);
		struct scan scan = scan_bytes(buffer_bytes(&buffer));
		assert_int_equal(scan.fault, items == 999 ? SCAN_FINE : SCAN_TOO_MANY_NODES);
		if (items == 999)
			assert_int_equal(scan.nodes, 1000);
	}
	buffer_free(&buffer);
}

/* A map of count keys k<i>; with repeat < count the last one is that one again. */
static void write_wide(struct buffer *out, uint32_t count, uint32_t repeat)
{
	char key[32];

	buffer_reset(out);
	msgpack_write_map(out, count);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t number = i == count - 1 && repeat < count ? repeat : i;
		int size = snprintf(key, sizeof(key), "k%u", number);

		msgpack_write_str(out, (struct bytes){key, (size_t)size});
		msgpack_write_nil(out);
	}
}

static void test_wide_maps(void **state)
{
	(void)state;
	static const uint32_t counts[] = {2, 15, 16, 17, 18, 31, 33, 64, 65, 400};
	struct buffer buffer;

	buffer_init(&buffer, 1 << 20);
	for (size_t i = 0; i < LENGTH(counts); i++) {
		write_wide(&buffer, counts[i], UINT32_MAX);
		assert_int_equal(scan_bytes(buffer_bytes(&buffer)).fault, SCAN_FINE);
		for (uint32_t repeat = 0; repeat < counts[i] - 1; repeat++) {
			write_wide(&buffer, counts[i], repeat);
			struct scan scan;
			scan_message(&arena, buffer_bytes(&buffer), &limits, &scan);
			assert_int_equal(scan.fault, SCAN_DUPLICATE_KEY);

			char expected[32];

			snprintf(expected, sizeof(expected), "k%u", repeat);
			assert_text(value_bytes(&scan.key), expected);
		}
	}
	buffer_free(&buffer);
}

/* 200,000 keys compared pair by pair would be 2 * 10^10 comparisons: minutes. */
static void test_very_wide_map_is_quick(void **state)
{
	(void)state;
	struct scan_limits wide = {.depth = 16, .nodes = 1 << 20};
	struct buffer buffer;
	struct scan scan;
	uint64_t start;

	buffer_init(&buffer, 1 << 24);
	write_wide(&buffer, 200000, UINT32_MAX);
	start = clock_monotonic_us();
	scan_message(&arena, buffer_bytes(&buffer), &wide, &scan);
	assert_int_equal(scan.fault, SCAN_FINE);
	assert_true(clock_monotonic_us() - start < 5000000);
	write_wide(&buffer, 200000, 100000);
	scan_message(&arena, buffer_bytes(&buffer), &wide, &scan);
	assert_int_equal(scan.fault, SCAN_DUPLICATE_KEY);
	buffer_free(&buffer);
}

/* One of everything. */
static void write_sample(struct buffer *out)
{
	msgpack_write_map(out, 3);
	msgpack_write_str(out, BYTES("numbers"));
	msgpack_write_array(out, 8);
	msgpack_write_int(out, -1);
	msgpack_write_int(out, -200);
	msgpack_write_int(out, -40000);
	msgpack_write_int(out, INT64_MIN);
	msgpack_write_uint(out, 200);
	msgpack_write_uint(out, UINT64_MAX);
	msgpack_write_float32(out, 1.5f);
	msgpack_write_float64(out, 0.1);
	msgpack_write_int(out, 7); /* a key */
	msgpack_write_timestamp(out, -1, 5);
	msgpack_write_bin(out, BYTES("bin"));
	msgpack_write_array(out, 4);
	msgpack_write_extension(out, 5, BYTES("abc"));
	msgpack_write_extension(out, 5, BYTES("abcd"));
	msgpack_write_bool(out, true);
	msgpack_write_nil(out);
}

static void test_every_prefix_is_cut(void **state)
{
	(void)state;
	struct buffer buffer;

	buffer_init(&buffer, 1 << 20);
	write_sample(&buffer);
	assert_int_equal(scan_bytes(buffer_bytes(&buffer)).fault, SCAN_FINE);
	for (size_t size = 0; size < buffer.size; size++)
		assert_int_equal(scan_bytes((struct bytes){buffer.data, size}).fault, SCAN_CUT);
	buffer_free(&buffer);
}

/* Whatever stands at any place: the scan comes to an end, and what it calls whole is. */
static void test_every_changed_byte(void **state)
{
	(void)state;
	struct buffer buffer;

	buffer_init(&buffer, 1 << 20);
	write_sample(&buffer);
	for (size_t at = 0; at < buffer.size; at++) {
		char kept = buffer.data[at];

		for (int byte = 0; byte < 256; byte++) {
			buffer.data[at] = (char)byte;
			struct scan scan = scan_bytes(buffer_bytes(&buffer));
			assert_true(scan.size <= buffer.size);
			if (scan.fault == SCAN_FINE)
				assert_int_equal(scan.size, buffer.size);
		}
		buffer.data[at] = kept;
	}
	buffer_free(&buffer);
}

static void test_every_allocation_may_fail(void **state)
{
	(void)state;
	struct buffer buffer;
	struct scan scan;
	uint32_t n = 1;

	buffer_init(&buffer, 1 << 20);
	write_wide(&buffer, 100, UINT32_MAX);
	for (;; n++) {
		arena_free(&arena);
		arena_init(&arena, ARENA_BYTES);
		allocations_fail_at(n);
		scan_message(&arena, buffer_bytes(&buffer), &limits, &scan);
		if (!allocations_end())
			break;
		assert_int_equal(scan.fault, SCAN_NO_MEMORY);
		assert_int_equal(scan.value.type, VALUE_NIL);
	}
	assert_int_equal(n, 3); /* the arena's block, and the set of the keys */
	assert_int_equal(scan.fault, SCAN_FINE);
	buffer_free(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_of_hostile_inputs),
		cmocka_unit_test(test_own_numbers_pass_where_allowed),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_node_limit),
		cmocka_unit_test(test_wide_maps),
		cmocka_unit_test(test_very_wide_map_is_quick),
		cmocka_unit_test(test_every_prefix_is_cut),
		cmocka_unit_test(test_every_changed_byte),
		cmocka_unit_test(test_every_allocation_may_fail),
	};

	arena_init(&arena, ARENA_BYTES);

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_free(&arena);
	return failed;
}
