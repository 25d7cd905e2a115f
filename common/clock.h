/* common/clock.h - the two clocks. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

/* Microseconds that never jump: for durations and deadlines of our own. */
uint64_t clock_monotonic_us(void);

/* Microseconds since 1970 UTC: for stamps that people read. */
uint64_t clock_realtime_us(void);

#endif
