/* engine/bookkeeper.h - what exactly-once delivery needs of the database beside the batches: carries questions and
 * answers between the worker, the planner, the batches in doubt and rowd's own rows, and decides nothing.
 *
 *   worker: enroll, inquire, dismiss --> bookkeeping --> worker_enrolled, worker_told, worker_dismissed
 *   batch whose COMMIT is in doubt   --> bookkeeping --> batch_runs_resolved
 *   marker that met nothing          --> worker_start_over
 *
 * Without a queue that is delivered exactly once there is nothing to do, and it connects to nothing, before a worker is
 * found dead from when there was one. */
#ifndef BOOKKEEPER_H
#define BOOKKEEPER_H

#include "daemon/database/bookkeeping.h"
#include "daemon/database/pool.h"
#include "daemon/engine/batch_runs.h"
#include "daemon/options.h"
#include "daemon/plan/planner.h"
#include "daemon/queue/worker.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct bookkeeper_events {
	/* An answer has come: the pump has something to do. */
	void (*changed)(void *context);
	/* The rows cannot be made, and trying again would not help: somebody has to do something. */
	void (*refused)(void *context, const struct sql_error *error);
	/* bookkeeper_close() has finished. */
	void (*closed)(void *context);
};

struct bookkeeper_ask;

struct bookkeeper {
	const struct options *options;
	struct bookkeeper_events events;
	void *context;
	struct bookkeeping *bookkeeping;
	struct worker *worker;
	struct planner *planner;
	struct pool *pool;
	struct batch_runs *runs;
	struct bookkeeper_ask *asks; /* that are not answered yet */
	uv_timer_t pause;            /* active: something failed a moment ago */
	uv_timer_t purge;            /* of the ledger */
	bool purging;
	bool forgetting;          /* rows of rowd_commits */
	uint64_t forgotten;       /* of the planner's commits, when that was begun */
	uint64_t forgotten_below; /* numbers below this: none is left */
	bool enrolled;            /* this incarnation of the worker is */
	bool enrolling, resolving;
	bool rows_gone;           /* a table of its rows is not there any more: they are made again */
	uint64_t gone_with;       /* the last batch that may have had them */
	uint64_t told_ms;         /* when a refusal was logged */
	uint64_t failure_told_ms; /* when a failed question was */
	bool starting_over;       /* the worker was told that it is fenced */
	int open_parts;
};

/* options outlives it; worker, planner, pool and runs are the caller's to set before the loop turns.
 * Returns 0 or -ENOMEM. */
int bookkeeper_open(struct bookkeeper *bookkeeper, uv_loop_t *loop, const struct options *options,
		    const struct bookkeeper_events *events, void *context);

/* The worker's events of the same names. */
void bookkeeper_enroll(struct bookkeeper *bookkeeper);
void bookkeeper_inquire(struct bookkeeper *bookkeeper, const char *dead);
void bookkeeper_dismiss(struct bookkeeper *bookkeeper, const char *id, const char *queue);
/* The worker starts over: its rows are not its own any more. */
void bookkeeper_forget(struct bookkeeper *bookkeeper);

/* The server has refused a statement about rowd's own tables (batch_runs_events). */
void bookkeeper_books_failed(struct bookkeeper *bookkeeper, const struct sql_error *error);

/* The pool has a new connection. */
void bookkeeper_connected(struct bookkeeper *bookkeeper, uint32_t index, uint64_t connection_id);

/* With each turn of the pump: looks after batches in doubt, rows that are gone, and whether the worker was fenced. */
void bookkeeper_step(struct bookkeeper *bookkeeper);

/* `closed` follows. Idempotent. */
void bookkeeper_close(struct bookkeeper *bookkeeper);

#endif
