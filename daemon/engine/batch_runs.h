/* engine/batch_runs.h - runs the planner's batches on the pool's connections: one on each, and another one behind it
 * once that is being committed.
 *
 * Carries between the two and decides nothing: it is the one place that knows both plan/batch.h and the pool's events.
 */
#ifndef BATCH_RUNS_H
#define BATCH_RUNS_H

#include "daemon/database/bookkeeping.h"
#include "daemon/database/pool.h"
#include "daemon/plan/planner.h"

#include <stdbool.h>
#include <stdint.h>

struct batch_run;

struct batch_runs_events {
	/* A batch is over: there may be finished jobs, and there is room for another. */
	void (*ended)(void *context);
	/* The server has refused a statement about rowd's own tables. What waits for them tries again by itself. */
	void (*books_failed)(void *context, const struct sql_error *error);
	/* Whether another one may be begun now. */
	bool (*may_start)(void *context);
};

struct batch_runs {
	struct planner *planner;
	struct pool *pool;
	struct batch_runs_events events;
	void *context;
	struct batch_run *all, *first_free;
	uint32_t count;   /* of all */
	uint32_t running; /* those in doubt as well */
	uint32_t in_doubt;
};

/* Returns 0 or -ENOMEM. planner and pool are the caller's to set before batch_runs_start(). */
int batch_runs_init(struct batch_runs *runs, uint32_t connections, const struct batch_runs_events *events,
		    void *context);

/* Batches whose COMMIT is in doubt, and which have a commit marker, keep their jobs until somebody has looked: the
 * markers, as they are to be asked for, of those that belong to one incarnation of the worker; how many; and that one's
 * id, which is the batch's. The array is the caller's to free; NULL: no memory. There has to be one in doubt. */
struct bookkeeping_marker *batch_runs_doubts(const struct batch_runs *runs, uint32_t *ret_count,
					     const char **ret_worker);

/* The one in doubt was committed, or was not and cannot be any more. */
void batch_runs_resolved(struct batch_runs *runs, const char *worker, const struct bookkeeping_marker *resolved);

/* None may be running, but for those in doubt, which are left to recovery. */
void batch_runs_free(struct batch_runs *runs);

/* Fills idle connections with batches. Returns the time, by clock_monotonic_us, at which a job that waits out a retry
 * is to be looked at again; 0: nobody waits for the clock. */
uint64_t batch_runs_start(struct batch_runs *runs);

#endif
