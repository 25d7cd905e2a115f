/* cli/status.h - what Redis knows about one queue, as read at one moment. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include "cli/redis.h"

#include <stdbool.h>
#include <stdint.h>

enum { STATUS_WORKERS = 256, STATUS_COUNTERS = 64, STATUS_NAME_BYTES = 128 };

struct worker_status {
	char id[STATUS_NAME_BYTES];
	int64_t lease_ms; /* what is left of its lease; negative: it ended so long ago */
	bool fenced;      /* declared dead: others take its commands over */
	bool unknown;     /* and the database does not know what it has committed: an operator decides */
	bool owner;
	int64_t in_flight, landing;
};

struct counter_status {
	char name[STATUS_NAME_BYTES];
	int64_t value;
};

struct queue_status {
	const char *key;
	int64_t depth, again, dead;
	int64_t in_flight; /* of all workers */
	bool paused;
	struct worker_status workers[STATUS_WORKERS];
	uint32_t worker_count;
	struct counter_status counters[STATUS_COUNTERS]; /* what the workers count up, under their names */
	uint32_t counter_count;
};

/* "owner", "standby", "expired" or "dead". */
const char *status_worker_state(const struct worker_status *worker);

/* Returns 0, or -EIO with what went wrong. */
int status_read(redisContext *redis, const char *queue, struct queue_status *ret_status,
		char ret_problem[REDIS_PROBLEM_BYTES]);

#endif
