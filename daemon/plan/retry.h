/* plan/retry.h - what an error of the server, a lost connection or a dead worker means for a command. Pure decisions,
 * in one place. Private to plan/. */
#ifndef PLAN_RETRY_H
#define PLAN_RETRY_H

#include "daemon/plan/statement.h"

#include <stdbool.h>
#include <stdint.h>

enum retry_action {
	RETRY_ANSWER,  /* it is the command's own answer; the transaction goes on */
	RETRY_AGAIN,   /* the transaction is gone: again, after a pause; counts */
	RETRY_REREAD,  /* roll back; the command waits for a newer catalog, once; the others again */
	RETRY_LOST,    /* the connection is gone with all that was not committed: all again, at once or soon */
	RETRY_WEATHER, /* roll back; all again, later; counts against nobody */
};

enum retry_action retry_action(enum sql_error_class class);

/* How long all jobs of a batch wait after its n-th rollback (from 1), in microseconds: doubles from 2 to 4 ms up to
 * 256 to 512 ms. random: any number; spreads the workers that met in a deadlock. */
uint64_t retry_pause_us(uint32_t rollbacks, uint64_t random);

/* The same before a job that lost its connection for the n-th time (from 1) runs again: not at all the first time, then
 * 50 to 100 ms, doubling. Whoever ends all connections, one by one, must not meet the same job on each of them. */
uint64_t retry_lost_pause_us(uint32_t connections_lost, uint64_t random);

/* The same for weather: half a second to a second. */
uint64_t retry_weather_pause_us(uint64_t random);

/* The most jobs that may share a batch from now on, after a batch of size jobs was rolled back for the n-th time;
 * 0: no limit yet. */
uint32_t retry_halved(uint32_t rollbacks, uint32_t size);

/* Whether the command has been chosen to end a deadlock, or has waited for a lock in vain, often enough. */
bool retry_gives_up(uint32_t retries);

/* The most jobs in a batch with this one, as far as its history goes. attempts: workers that died with it;
 * connections_lost: while a statement of it ran. UINT32_MAX: no limit. */
uint32_t retry_batch_limit(uint32_t attempts, uint32_t connections_lost);

/* Whether the connection may have been lost for what the command did. A server that says that it is shutting down was
 * told so by somebody else. */
bool retry_blames(const struct sql_error *error);

/* Whether the answer itself is what the client library cannot read: it would be lost again each time. */
bool retry_is_unreadable(const struct sql_error *error);

/* Whether it is not run any more: it took down a worker, or the server, three times while it ran alone. */
bool retry_is_poison(uint32_t attempts, uint32_t connections_lost);

/* xorshift64*: no secret depends on it. state is not 0. */
uint64_t retry_random(uint64_t *state);

#endif
