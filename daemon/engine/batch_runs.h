/* engine/batch_runs.h - runs the planner's batches on the pool's connections: one on each, and another one behind it
 * once that is being committed.
 *
 * Carries between the two and decides nothing: it is the one place that knows both plan/batch.h and the pool's events.
 */
#ifndef BATCH_RUNS_H
#define BATCH_RUNS_H

#include "daemon/database/pool.h"
#include "daemon/plan/planner.h"

#include <stdbool.h>
#include <stdint.h>

struct batch_run;

struct batch_runs_events {
	/* A batch is over: there may be finished jobs, and there is room for another. */
	void (*ended)(void *context);
	/* Whether another one may be begun now. */
	bool (*may_start)(void *context);
};

struct batch_runs {
	struct planner *planner;
	struct pool *pool;
	struct batch_runs_events events;
	void *context;
	struct batch_run *all, *first_free;
	uint32_t running;
};

/* Returns 0 or -ENOMEM. planner and pool are the caller's to set before batch_runs_start(). */
int batch_runs_init(struct batch_runs *runs, uint32_t connections, const struct batch_runs_events *events,
		    void *context);

/* None may be running. */
void batch_runs_free(struct batch_runs *runs);

/* Fills idle connections with batches. Returns the time, by clock_monotonic_us, at which a job that waits out a retry
 * is to be looked at again; 0: nobody waits for the clock. */
uint64_t batch_runs_start(struct batch_runs *runs);

#endif
