/* plan/retry.c */
#include "daemon/plan/retry.h"

#include "common/error.h"

#include <assert.h>

enum {
	PAUSE_FIRST_US = 4000,
	PAUSE_DOUBLINGS = 7,
	LOST_PAUSE_US = 100000,
	WEATHER_PAUSE_US = 1000000,
	TRIES_IN_FULL = 3,
	TRIES_IN_ALL = 8,
	RECOVERED_BATCH = 32,
	DEATHS_IN_COMPANY = 2, /* the first in a full batch, the second in a small one */
	LOSSES_IN_COMPANY = 3,
	TAKEN_DOWN_ALONE = 3,
};

enum retry_action retry_action(enum sql_error_class class)
{
	switch (class) {
	case SQL_ERROR_OF_COMMAND:
	case SQL_ERROR_TIME:
		return RETRY_ANSWER;
	case SQL_ERROR_TRANSACTION:
	case SQL_ERROR_LOCK_WAIT:
		return RETRY_AGAIN;
	case SQL_ERROR_STALE_CATALOG:
		return RETRY_REREAD;
	case SQL_ERROR_CONNECTION:
		return RETRY_LOST;
	case SQL_ERROR_READ_ONLY:
	case SQL_ERROR_RESOURCE:
	case SQL_ERROR_ACCESS:
		break;
	}
	return RETRY_WEATHER;
}

static uint64_t jittered(uint64_t longest_us, uint64_t random)
{
	return longest_us / 2 + random % (longest_us / 2);
}

static uint64_t doubled(uint64_t longest_us, uint32_t times)
{
	return longest_us << (times < PAUSE_DOUBLINGS ? times : PAUSE_DOUBLINGS);
}

uint64_t retry_pause_us(uint32_t rollbacks, uint64_t random)
{
	return jittered(doubled(PAUSE_FIRST_US, rollbacks > 0 ? rollbacks - 1 : 0), random);
}

uint64_t retry_lost_pause_us(uint32_t connections_lost, uint64_t random)
{
	return connections_lost < 2 ? 0 : jittered(doubled(LOST_PAUSE_US, connections_lost - 2), random);
}

uint64_t retry_weather_pause_us(uint64_t random)
{
	return jittered(WEATHER_PAUSE_US, random);
}

uint32_t retry_halved(uint32_t rollbacks, uint32_t size)
{
	if (rollbacks < TRIES_IN_FULL)
		return 0;
	return size > 1 ? size / 2 : 1;
}

bool retry_gives_up(uint32_t retries)
{
	return retries >= TRIES_IN_ALL;
}

uint32_t retry_batch_limit(uint32_t attempts, uint32_t connections_lost)
{
	if (attempts >= DEATHS_IN_COMPANY || connections_lost >= LOSSES_IN_COMPANY)
		return 1;
	return attempts > 0 ? RECOVERED_BATCH : UINT32_MAX;
}

bool retry_blames(const struct sql_error *error)
{
	enum { SERVER_SHUTDOWN = 1053 };

	return error->number != SERVER_SHUTDOWN;
}

bool retry_is_unreadable(const struct sql_error *error)
{
	return error->class == SQL_ERROR_CONNECTION && error->code == ERROR_TOO_LARGE;
}

bool retry_is_poison(uint32_t attempts, uint32_t connections_lost)
{
	return attempts >= DEATHS_IN_COMPANY + TAKEN_DOWN_ALONE ||
	       connections_lost >= LOSSES_IN_COMPANY + TAKEN_DOWN_ALONE;
}

uint64_t retry_random(uint64_t *state)
{
	assert(*state != 0);
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1du;
}
