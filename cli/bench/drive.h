/* cli/bench/drive.h - pushes a load and takes its replies, on two connections, and notes how long each took. */
#ifndef CLI_DRIVE_H
#define CLI_DRIVE_H

#include "cli/bench/histogram.h"
#include "cli/bench/load.h"
#include "cli/redis.h"

#include <stdbool.h>
#include <stdint.h>

struct drive {
	struct load load;
	const char *const *queues; /* taken in turn */
	uint32_t queue_count;
	uint64_t count;       /* of commands; at least 1 */
	uint64_t in_flight;   /* at most so many without a reply; 0: all are pushed, whatever comes meanwhile */
	uint64_t rate;        /* commands pushed per second; 0: as fast as they are taken */
	uint32_t patience_ms; /* ends when one is awaited and none came for so long */
	/* At every step, and every 100 ms when there is none; may be NULL. */
	void (*told)(void *context, uint64_t pushed, uint64_t answered);
	void *context;
};

struct drive_result {
	uint64_t answered, failed, missed, pushed;
	struct buffer first_failed; /* the first reply with an error; the caller's to free */
	double seconds;             /* from the first push to the last reply */
	double per_second;          /* from the tenth percent of the replies to the last: without the start */
	/* From the moment at which a command was to be pushed to its reply; only with in_flight or rate: what waits
	 * behind a full queue measures the queue. */
	struct histogram took;
};

/* Two connections to one server, both the caller's. Returns 0; -ETIMEDOUT when replies are missing, with what came in
 * ret_result; -ENOMEM; or -EIO with the problem. */
int drive_run(const struct drive *drive, redisContext *push, redisContext *listen, struct drive_result *ret_result,
	      char ret_problem[REDIS_PROBLEM_BYTES]);

#endif
