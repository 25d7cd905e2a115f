/* cli/bench/histogram.h - how long things took: counts in buckets that are exact to about 1.6 %.
 *
 * The layout is that of HdrHistogram (G. Tene): powers of two, each divided into 64 equal buckets. */
#ifndef CLI_HISTOGRAM_H
#define CLI_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

enum { HISTOGRAM_STEPS = 64, HISTOGRAM_POWERS = 36, HISTOGRAM_BUCKETS = HISTOGRAM_STEPS * HISTOGRAM_POWERS };

/* All zero is empty. */
struct histogram {
	uint64_t count, sum_us, largest_us;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t us);

/* The time that this share of all (0 to 1) took at most; 0 when empty. */
uint64_t histogram_quantile_us(const struct histogram *histogram, double share);

/* Draws it as bars, one line per power of two of microseconds that occurs. */
void histogram_print(const struct histogram *histogram, FILE *to);

#endif
