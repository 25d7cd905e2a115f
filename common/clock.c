/* common/clock.c */
#include "common/clock.h"

#include <time.h>

static uint64_t read_us(clockid_t clock)
{
	struct timespec now;

	/* Cannot fail: both clocks always exist on Linux. */
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_monotonic_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

uint64_t clock_realtime_us(void)
{
	return read_us(CLOCK_REALTIME);
}
