/* Unit tests of common/ranges.c. */
#include "common/ranges.h"

#include "tests/support/allocations.h"
#include "tests/support/unit.h"

#include <errno.h>

static void write_numbers(uint64_t *numbers, uint32_t count, const char *expected)
{
	struct buffer buffer;

	buffer_init(&buffer, 1 << 20);
	ranges_write(&buffer, numbers, count);
	assert_text(buffer_bytes(&buffer), expected);
	buffer_free(&buffer);
}

static void test_writes(void **state)
{
	(void)state;
	uint64_t one[] = {7}, sorted[] = {7, 8, 9, 11, 13, 14}, any[] = {520, 9, 7, 8, 8, UINT64_MAX, UINT64_MAX - 1};

	write_numbers(NULL, 0, "");
	write_numbers(one, LENGTH(one), "7");
	write_numbers(sorted, LENGTH(sorted), "7-9,11,13-14");
	write_numbers(any, LENGTH(any), "7-9,520,18446744073709551614-18446744073709551615");
}

static void test_reads_what_it_writes(void **state)
{
	(void)state;
	struct ranges ranges = {0};

	assert_int_equal(ranges_parse(&ranges, BYTES("")), 0);
	assert_int_equal(ranges.count, 0);
	assert_int_equal(ranges_parse(&ranges, BYTES("7-9,520,18446744073709551614-18446744073709551615")), 0);
	assert_int_equal(ranges.count, 3);
	assert_false(ranges_contain(&ranges, 6));
	assert_true(ranges_contain(&ranges, 7));
	assert_true(ranges_contain(&ranges, 9));
	assert_false(ranges_contain(&ranges, 10));
	assert_true(ranges_contain(&ranges, 520));
	assert_true(ranges_contain(&ranges, UINT64_MAX));
	assert_false(ranges_contain(&ranges, 0));
	ranges_free(&ranges);
	ranges_free(&ranges);
}

static void test_refuses_what_is_no_range(void **state)
{
	(void)state;
	static const char *const wrong[] = {"x",
					    "7-",
					    "-7",
					    "9-7",
					    "7,",
					    ",7",
					    "7,,8",
					    "7 8",
					    "7-8-9",
					    "0-18446744073709551615",
					    "18446744073709551616"};

	for (size_t i = 0; i < LENGTH(wrong); i++) {
		struct ranges ranges = {0};

		assert_int_equal(ranges_parse(&ranges, bytes_of(wrong[i])), -EINVAL);
		ranges_free(&ranges);
	}
}

static void settle(const char *text, const char *expected)
{
	struct ranges ranges = {0}, settled = {0};
	struct buffer buffer;

	assert_int_equal(ranges_parse(&ranges, bytes_of(text)), 0);
	assert_int_equal(ranges_add_all(&settled, &ranges), 0);
	ranges_settle(&settled);
	buffer_init(&buffer, 1 << 10);
	for (uint32_t i = 0; i < settled.count; i++) {
		buffer_append_uint(&buffer, settled.ranges[i].first);
		buffer_append_byte(&buffer, '+');
		buffer_append_uint(&buffer, settled.ranges[i].count);
		buffer_append_byte(&buffer, ' ');
	}
	assert_text(buffer_bytes(&buffer), expected);
	buffer_free(&buffer);
	ranges_free(&ranges);
	ranges_free(&settled);
}

static void test_settles(void **state)
{
	(void)state;

	settle("", "");
	settle("7", "7+1 ");
	settle("20-29,7-9,10,12", "7+4 12+1 20+10 ");
	settle("5-9,5-7,6-20,1", "1+1 5+16 ");
	settle("1-100,3-5,200", "1+100 200+1 ");
	settle("2-18446744073709551615,0-5", "0+18446744073709551615 ");
}

static void test_survives_want_of_memory(void **state)
{
	(void)state;

	for (uint32_t n = 1;; n++) {
		struct ranges ranges = {0};
		int r;

		allocations_fail_at(n);
		r = ranges_parse(&ranges, BYTES("1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31,33,35,37"));
		if (!allocations_end()) {
			assert_int_equal(r, 0);
			ranges_free(&ranges);
			break;
		}
		assert_int_equal(r, -ENOMEM);
		ranges_free(&ranges);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_reads_what_it_writes),
		cmocka_unit_test(test_refuses_what_is_no_range),
		cmocka_unit_test(test_settles),
		cmocka_unit_test(test_survives_want_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
