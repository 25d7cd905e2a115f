/* Unit tests of common/buffer.c and common/clock.c. */
#include "common/buffer.h"

#include "common/clock.h"
#include "tests/support/allocations.h"
#include "tests/support/unit.h"

static void test_appends(void **state)
{
	(void)state;
	struct buffer buffer;

	buffer_init(&buffer, 1 << 20);
	buffer_append(&buffer, BYTES("a\0b"));
	buffer_append(&buffer, (struct bytes){0});
	buffer_append_text(&buffer, " ");
	buffer_append_uint(&buffer, UINT64_MAX);
	buffer_append_byte(&buffer, ' ');
	buffer_append_int(&buffer, INT64_MIN);
	buffer_append_byte(&buffer, ' ');
	buffer_append_int(&buffer, 0);
	buffer_format(&buffer, " %03d|%s", 7, "x");
	assert_false(buffer_failed(&buffer));
	assert_bytes(buffer_bytes(&buffer), BYTES("a\0b 18446744073709551615 -9223372036854775808 0 007|x"));
	buffer_free(&buffer);
	buffer_free(&buffer);
}

static void test_meets_its_limit_and_remembers(void **state)
{
	(void)state;
	struct buffer buffer;

	buffer_init(&buffer, 10);
	buffer_append_text(&buffer, "0123456789");
	assert_false(buffer_failed(&buffer));
	buffer_append(&buffer, (struct bytes){0});
	assert_false(buffer_failed(&buffer));
	buffer_append_byte(&buffer, 'x');
	assert_int_equal(buffer.state, BUFFER_TOO_LARGE);
	assert_null(buffer_reserve(&buffer, 0));
	assert_text(buffer_bytes(&buffer), "0123456789");
	buffer_reset(&buffer);
	buffer_append_text(&buffer, "again");
	assert_text(buffer_bytes(&buffer), "again");
	buffer_free(&buffer);
}

static void test_formats_up_to_the_very_limit(void **state)
{
	(void)state;
	struct buffer buffer;

	buffer_init(&buffer, 4);
	buffer_format(&buffer, "%d", 1234);
	assert_text(buffer_bytes(&buffer), "1234");
	buffer_format(&buffer, "%d", 5);
	assert_int_equal(buffer.state, BUFFER_TOO_LARGE);
	buffer_free(&buffer);
}

static void test_want_of_memory_is_told_apart(void **state)
{
	(void)state;
	struct buffer buffer;

	buffer_init(&buffer, 1 << 20);
	buffer_append_text(&buffer, "kept");
	allocations_fail_at(1);
	for (int i = 0; i < 1000; i++)
		buffer_append_text(&buffer, "more");
	assert_true(allocations_end());
	assert_int_equal(buffer.state, BUFFER_NO_MEMORY);
	assert_true(bytes_starts(buffer_bytes(&buffer), BYTES("kept")));
	buffer_free(&buffer);
}

static void check_wrapped(size_t from, size_t size, const char *before, const char *behind, const char *expected)
{
	struct buffer buffer;

	buffer_init(&buffer, 1 << 20);
	buffer_append_text(&buffer, "0123456789");
	buffer_wrap(&buffer, from, size, bytes_of(before), bytes_of(behind));
	assert_false(buffer_failed(&buffer));
	assert_text(buffer_bytes(&buffer), expected);
	buffer_free(&buffer);
}

static void test_wraps_what_it_keeps(void **state)
{
	(void)state;
	char behind[1001] = {0};
	char expected[1006] = "[3456";

	check_wrapped(0, 10, "", "", "0123456789");
	check_wrapped(3, 4, "", "", "3456");
	check_wrapped(3, 4, "<a>", "</a>", "<a>3456</a>");
	check_wrapped(9, 1, "long before ", "", "long before 9");
	check_wrapped(0, 0, "x", "y", "xy");
	memset(behind, ']', sizeof(behind) - 1);
	memset(expected + 5, ']', sizeof(behind) - 1);
	check_wrapped(3, 4, "[", behind, expected);
}

static void test_wrapping_meets_limits(void **state)
{
	(void)state;
	static const char behind[1000];
	struct buffer buffer;

	buffer_init(&buffer, 20);
	buffer_append_text(&buffer, "0123456789");
	buffer_wrap(&buffer, 0, 10, BYTES("01234"), BYTES("56789"));
	assert_text(buffer_bytes(&buffer), "01234012345678956789");
	buffer_wrap(&buffer, 0, 20, BYTES("x"), BYTES(""));
	assert_int_equal(buffer.state, BUFFER_TOO_LARGE);
	buffer_free(&buffer);
	buffer_init(&buffer, 1 << 20);
	buffer_append_text(&buffer, "0123456789");
	allocations_fail_at(1);
	buffer_wrap(&buffer, 0, 10, BYTES(""), (struct bytes){.data = behind, .size = sizeof(behind)});
	assert_true(allocations_end());
	assert_int_equal(buffer.state, BUFFER_NO_MEMORY);
	buffer_wrap(&buffer, 1, 1, BYTES(""), BYTES(""));
	assert_text(buffer_bytes(&buffer), "0123456789"); /* all as it was */
	buffer_free(&buffer);
	buffer_init(&buffer, 20);
	buffer_wrap(&buffer, 0, 0, BYTES(""), BYTES(""));
	assert_false(buffer_failed(&buffer));
	assert_int_equal(buffer.size, 0);
	buffer_free(&buffer);
}

static void test_clocks(void **state)
{
	(void)state;
	uint64_t before = clock_monotonic_us();

	assert_true(clock_monotonic_us() >= before);
	assert_true(clock_realtime_us() > 1700000000000000u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_meets_its_limit_and_remembers),
		cmocka_unit_test(test_formats_up_to_the_very_limit),
		cmocka_unit_test(test_want_of_memory_is_told_apart),
		cmocka_unit_test(test_wraps_what_it_keeps),
		cmocka_unit_test(test_wrapping_meets_limits),
		cmocka_unit_test(test_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
