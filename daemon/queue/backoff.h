/* queue/backoff.h - how long to wait before the next attempt. */
#ifndef QUEUE_BACKOFF_H
#define QUEUE_BACKOFF_H

#include <stdint.h>

/* Milliseconds after so many failures in a row: any time up to a bound that doubles from 100 ms to 10 s. Full jitter,
 * so that workers that lost a server together do not come back together. */
uint64_t backoff_ms(uint32_t failures);

#endif
