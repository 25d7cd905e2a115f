/* Buckets, quantiles and bars. */
#include "cli/bench/histogram.h"
#include "tests/support/unit.h"

#include <stdlib.h>

static struct histogram *fill(uint64_t from, uint64_t to)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));

	assert_non_null(histogram);
	for (uint64_t us = from; us <= to; us++)
		histogram_add(histogram, us);
	return histogram;
}

/* A bucket is at most 1/64 of its time wide. */
static void assert_about(uint64_t found, uint64_t expected)
{
	if (found < expected || found > expected + expected / 64 + 1)
		fail_msg("%llu is not about %llu", (unsigned long long)found, (unsigned long long)expected);
}

static void test_quantiles(void **state)
{
	struct histogram *histogram = fill(1, 100000);

	(void)state;
	assert_int_equal(histogram->count, 100000);
	assert_about(histogram_quantile_us(histogram, 0.5), 50000);
	assert_about(histogram_quantile_us(histogram, 0.99), 99000);
	assert_int_equal(histogram_quantile_us(histogram, 1.0), 100000);
	free(histogram);
}

static void test_short_times_are_exact(void **state)
{
	(void)state;
	for (uint64_t us = 0; us < 64; us++) {
		struct histogram *histogram = fill(us, us);

		assert_int_equal(histogram_quantile_us(histogram, 0.5), us);
		free(histogram);
	}
}

static void test_empty(void **state)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));

	(void)state;
	assert_int_equal(histogram_quantile_us(histogram, 0.99), 0);
	free(histogram);
}

/* Each power of two, one below and one above. */
static void test_every_power(void **state)
{
	(void)state;
	for (uint32_t bit = 6; bit < 40; bit++)
		for (int64_t beside = -1; beside <= 1; beside++) {
			uint64_t us = (uint64_t)((int64_t)(1ull << bit) + beside);
			struct histogram *histogram = fill(us, us);

			histogram_add(histogram, 1ull << 41);
			assert_about(histogram_quantile_us(histogram, 0.0), us);
			free(histogram);
		}
}

static void test_bars_count_everything_once(void **state)
{
	struct histogram *histogram = fill(1, 1000);
	char text[4096] = "", *line, *rest = text;
	unsigned long counted = 0;
	FILE *to = fmemopen(text, sizeof(text), "w");

	(void)state;
	histogram_print(histogram, to);
	fclose(to);
	while ((line = strsep(&rest, "\n")) && *line) {
		unsigned long count = 0;

		assert_int_equal(sscanf(line, "  below %*f %*s %lu", &count), 1);
		counted += count;
	}
	assert_int_equal(counted, 1000);
	free(histogram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_short_times_are_exact),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_every_power),
		cmocka_unit_test(test_bars_count_everything_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
