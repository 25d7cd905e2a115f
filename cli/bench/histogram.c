/* cli/bench/histogram.c - see histogram.h. */
#include "cli/bench/histogram.h"

#include <inttypes.h>

enum { BAR_CELLS = 50, STEP_BITS = 6 };

static uint32_t bucket_of(uint64_t us)
{
	uint32_t power, bucket;

	if (us < HISTOGRAM_STEPS)
		return (uint32_t)us;
	/* The highest bit says the power; the six bits below it, the step. */
	power = 63 - (uint32_t)__builtin_clzll(us) - STEP_BITS;
	bucket = (power + 1) * HISTOGRAM_STEPS + (uint32_t)((us >> power) - HISTOGRAM_STEPS);
	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The largest time that falls into the bucket. */
static uint64_t top_of(uint32_t bucket)
{
	uint32_t power = bucket / HISTOGRAM_STEPS;
	uint64_t step = bucket % HISTOGRAM_STEPS;

	if (power == 0)
		return step;
	return ((HISTOGRAM_STEPS + step + 1) << (power - 1)) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t us)
{
	histogram->count++;
	histogram->sum_us += us;
	if (us > histogram->largest_us)
		histogram->largest_us = us;
	histogram->buckets[bucket_of(us)]++;
}

uint64_t histogram_quantile_us(const struct histogram *histogram, double share)
{
	uint64_t wanted = (uint64_t)(share * (double)histogram->count), passed = 0;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		passed += histogram->buckets[i];
		if (passed > wanted)
			return top_of(i) < histogram->largest_us ? top_of(i) : histogram->largest_us;
	}
	return histogram->largest_us;
}

static uint64_t count_between(const struct histogram *histogram, uint64_t from_us, uint64_t to_us)
{
	uint64_t count = 0;

	for (uint32_t i = bucket_of(from_us); i < HISTOGRAM_BUCKETS && top_of(i) < to_us; i++)
		count += histogram->buckets[i];
	return count;
}

static void print_time(uint64_t us, FILE *to)
{
	if (us < 1000)
		fprintf(to, "%6" PRIu64 " us", us);
	else if (us < 1000000)
		fprintf(to, "%6.1f ms", (double)us / 1e3);
	else
		fprintf(to, "%6.1f s ", (double)us / 1e6);
}

void histogram_print(const struct histogram *histogram, FILE *to)
{
	uint64_t most = 1;

	for (uint64_t from = 64; from <= histogram->largest_us * 2; from *= 2) {
		uint64_t count = count_between(histogram, from == 64 ? 0 : from / 2, from);

		most = count > most ? count : most;
	}
	for (uint64_t from = 64; from <= histogram->largest_us * 2; from *= 2) {
		uint64_t count = count_between(histogram, from == 64 ? 0 : from / 2, from);

		if (count == 0)
			continue;
		fputs("  below ", to);
		print_time(from, to);
		fprintf(to, " %9" PRIu64 " ", count);
		for (uint64_t i = 0; i < (count * BAR_CELLS + most - 1) / most; i++)
			fputc('#', to);
		fputc('\n', to);
	}
}
