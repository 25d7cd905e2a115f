/* engine/batch_runs.c */
#include "daemon/engine/batch_runs.h"

#include "common/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* A connection has at most so many batches: one that runs, or is being committed with another one behind it. */
enum { BATCHES_PER_CONNECTION = 2 };

/* A batch on a connection. */
struct batch_run {
	struct batch_runs *runs;
	struct batch *batch;
	struct batch_run *next_free;
};

static enum transaction_step on_next(void *context, const struct statement **ret_statements, size_t *ret_count)
{
	struct batch_run *run = context;

	switch (batch_next(run->batch, clock_monotonic_us(), ret_statements, ret_count)) {
	case BATCH_SEND:
		return batch_only_reads(run->batch) ? TRANSACTION_SEND_READS : TRANSACTION_SEND;
	case BATCH_COMMIT:
		return TRANSACTION_COMMIT;
	case BATCH_ROLLBACK:
		break;
	}
	return TRANSACTION_ROLLBACK;
}

static int on_row(void *context, size_t index, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	struct batch_run *run = context;

	return batch_row(run->batch, index, values, lengths, count);
}

static void on_done(void *context, size_t index, const struct statement_result *result)
{
	struct batch_run *run = context;

	batch_done(run->batch, index, result);
}

static void on_failed(void *context, size_t index, const struct sql_error *error)
{
	struct batch_run *run = context;

	batch_failed(run->batch, index, error);
}

static enum batch_end batch_end_of(enum transaction_end end)
{
	switch (end) {
	case TRANSACTION_COMMITTED:
		return BATCH_COMMITTED;
	case TRANSACTION_ROLLED_BACK:
		return BATCH_ROLLED_BACK;
	case TRANSACTION_LOST:
		return BATCH_LOST;
	case TRANSACTION_DROPPED:
		return BATCH_DROPPED;
	case TRANSACTION_IN_DOUBT:
		break;
	}
	return BATCH_IN_DOUBT;
}

static void put_back(struct batch_run *run)
{
	run->batch = NULL;
	run->next_free = run->runs->first_free;
	run->runs->first_free = run;
	run->runs->running--;
}

static void on_ended(void *context, enum transaction_end end, const struct sql_error *error)
{
	struct batch_run *run = context;

	batch_ended(run->batch, batch_end_of(end), error, clock_monotonic_us());
	put_back(run);
	run->runs->events.ended(run->runs->context);
}

static struct batch_run *take(struct batch_runs *runs, struct batch *batch)
{
	struct batch_run *run = runs->first_free;

	runs->first_free = run->next_free;
	runs->running++;
	run->batch = batch;
	return run;
}

static void *on_follow(void *context, bool others_idle)
{
	struct batch_run *run = context;
	struct batch_runs *runs = run->runs;
	struct batch *batch;

	/* While all connections are busy the database has enough to do, and batches had better grow: with two on each
	 * connection, reads are a fifth slower. */
	if (!others_idle || !runs->events.may_start(runs->context))
		return NULL;
	batch = planner_choose_behind(runs->planner, run->batch, clock_monotonic_us());
	return batch ? take(runs, batch) : NULL;
}

uint64_t batch_runs_start(struct batch_runs *runs)
{
	static const struct transaction_events events = {
		.next = on_next,
		.row = on_row,
		.done = on_done,
		.failed = on_failed,
		.follow = on_follow,
		.ended = on_ended,
	};
	uint64_t wake_us = 0;

	while (runs->events.may_start(runs->context) && pool_ready(runs->pool)) {
		uint64_t now_us = clock_monotonic_us();
		struct batch *batch = planner_choose(runs->planner, now_us, &wake_us);
		if (!batch)
			return wake_us;
		struct batch_run *run = take(runs, batch);
		if (pool_run(runs->pool, batch_timeout_ms(batch), &events, run) != 0) {
			batch_ended(batch, BATCH_LOST, NULL, now_us);
			put_back(run);
			return 0;
		}
	}
	return 0;
}

int batch_runs_init(struct batch_runs *runs, uint32_t connections, const struct batch_runs_events *events,
		    void *context)
{
	size_t count = (size_t)connections * BATCHES_PER_CONNECTION;

	*runs = (struct batch_runs){.events = *events, .context = context};
	runs->all = calloc(count, sizeof(*runs->all));
	if (!runs->all)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		runs->all[i] = (struct batch_run){.runs = runs, .next_free = runs->first_free};
		runs->first_free = &runs->all[i];
	}
	return 0;
}

void batch_runs_free(struct batch_runs *runs)
{
	assert(runs->running == 0);
	free(runs->all);
	*runs = (struct batch_runs){0};
}
