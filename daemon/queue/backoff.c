/* queue/backoff.c */
#include "daemon/queue/backoff.h"

#include "common/clock.h"

#include <sys/random.h>
#include <sys/types.h>

enum { FIRST_MS = 100, LAST_MS = 10000 };

uint64_t backoff_ms(uint32_t failures)
{
	uint64_t bound = LAST_MS;
	uint32_t random = 0;

	if (failures < 8 && ((uint64_t)FIRST_MS << failures) < bound)
		bound = (uint64_t)FIRST_MS << failures;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		random = (uint32_t)clock_monotonic_us();
	return random % (bound + 1);
}
