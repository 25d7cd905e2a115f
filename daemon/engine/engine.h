/* engine/engine.h - moves commands between the three that do the work and know nothing of each other.
 *
 *   worker (Redis) --claimed--> planner (decides) --batch--> pool (database)
 *        ^                          |     ^                       |
 *        +------- outcome ----------+     +------- answers -------+
 *
 * All on one loop. Nothing here decides what runs, or when a command has failed: it carries. */
#ifndef ENGINE_H
#define ENGINE_H

#include "daemon/options.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct engine;

struct engine_events {
	/* Redis and one database connection work, and the tables are known. Once. */
	void (*ready)(void *context);
	/* It cannot start: commands are to be delivered exactly once, and the rows for it cannot be made. Only before
	 * ready(). reason: the server's, with what to do. */
	void (*refused)(void *context, const char *reason);
	/* engine_drain() has come to its end: nothing is open any more. Once; engine_close() is due. */
	void (*drained)(void *context);
	/* engine_close() has finished; the engine is gone. */
	void (*closed)(void *context);
};

struct engine_counts {
	uint64_t answered_ok, answered_error; /* since the start */
	uint32_t in_flight;
	bool redis_up, database_up, owner;
};

/* options outlives the engine. Starts connecting to both servers, and goes on trying for ever.
 * Returns 0 or a negative errno. Callbacks come later, never from inside the call. */
int engine_open(uv_loop_t *loop, const struct options *options, const struct engine_events *events, void *context,
		struct engine **ret_engine);

/* Reads the tables again. */
void engine_reload_catalog(struct engine *engine);

/* Stops claiming, finishes what is open, gives back what is not done within the drain timeout. Idempotent. */
void engine_drain(struct engine *engine);

struct engine_counts engine_counts(const struct engine *engine);

/* Closes everything. What is still in flight is left to recovery. Idempotent. */
void engine_close(struct engine *engine);

#endif
