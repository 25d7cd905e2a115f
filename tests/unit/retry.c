/* retry.c - what errors, lost connections and dead workers mean, as delivery promises it. */
#include "daemon/plan/retry.h"

#include "tests/support/unit.h"

static void test_what_an_error_means(void **state)
{
	static const struct {
		enum sql_error_class class;
		enum retry_action action;
	} cases[] = {
		{SQL_ERROR_OF_COMMAND, RETRY_ANSWER},    {SQL_ERROR_TIME, RETRY_ANSWER},
		{SQL_ERROR_TRANSACTION, RETRY_AGAIN},    {SQL_ERROR_LOCK_WAIT, RETRY_AGAIN},
		{SQL_ERROR_STALE_CATALOG, RETRY_REREAD}, {SQL_ERROR_CONNECTION, RETRY_LOST},
		{SQL_ERROR_READ_ONLY, RETRY_WEATHER},    {SQL_ERROR_RESOURCE, RETRY_WEATHER},
		{SQL_ERROR_ACCESS, RETRY_WEATHER},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_int_equal(retry_action(cases[i].class), cases[i].action);
}

static void test_pauses_double_and_end(void **state)
{
	static const uint64_t draws[] = {0, 1, 12345, UINT64_MAX};

	(void)state;
	for (uint32_t n = 1; n < 40; n++)
		for (size_t i = 0; i < LENGTH(draws); i++) {
			uint64_t longest_us = 4000ull << (n > 8 ? 7 : n - 1);

			assert_in_range(retry_pause_us(n, draws[i]), longest_us / 2, longest_us - 1);
			assert_in_range(retry_weather_pause_us(draws[i]), 500000, 999999);
		}
	assert_int_not_equal(retry_pause_us(5, 1), retry_pause_us(5, 2));
}

static void test_pauses_after_lost_connections(void **state)
{
	(void)state;
	assert_int_equal(retry_lost_pause_us(1, 12345), 0);
	for (uint32_t n = 2; n <= 6; n++) {
		uint64_t longest_us = 100000ull << (n - 2);

		assert_in_range(retry_lost_pause_us(n, 0), longest_us / 2, longest_us - 1);
		assert_in_range(retry_lost_pause_us(n, UINT64_MAX), longest_us / 2, longest_us - 1);
	}
}

static void test_batches_are_halved_from_the_third_time_on(void **state)
{
	(void)state;
	assert_int_equal(retry_halved(1, 512), 0);
	assert_int_equal(retry_halved(2, 512), 0);
	assert_int_equal(retry_halved(3, 512), 256);
	assert_int_equal(retry_halved(4, 256), 128);
	assert_int_equal(retry_halved(9, 1), 1);
	assert_false(retry_gives_up(7));
	assert_true(retry_gives_up(8));
}

static void test_what_history_limits(void **state)
{
	(void)state;
	assert_int_equal(retry_batch_limit(0, 0), UINT32_MAX);
	assert_int_equal(retry_batch_limit(0, 2), UINT32_MAX);
	assert_int_equal(retry_batch_limit(0, 3), 1);
	assert_int_equal(retry_batch_limit(1, 0), 32);
	assert_int_equal(retry_batch_limit(1, 3), 1);
	assert_int_equal(retry_batch_limit(2, 0), 1);
	assert_false(retry_is_poison(4, 0));
	assert_true(retry_is_poison(5, 0));
	assert_false(retry_is_poison(0, 5));
	assert_true(retry_is_poison(0, 6));
}

static void test_random_goes_on(void **state)
{
	uint64_t seed = 1, first = retry_random(&seed), second = retry_random(&seed);

	(void)state;
	assert_true(first != second);
	assert_true(seed != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_an_error_means),
		cmocka_unit_test(test_pauses_double_and_end),
		cmocka_unit_test(test_pauses_after_lost_connections),
		cmocka_unit_test(test_batches_are_halved_from_the_third_time_on),
		cmocka_unit_test(test_what_history_limits),
		cmocka_unit_test(test_random_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
