/* engine/batch_runs.c */
#include "daemon/engine/batch_runs.h"

#include "common/clock.h"
#include "common/log.h"
#include "daemon/plan/marker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A connection has at most so many batches: one that runs, or is being committed with another one behind it. */
enum { BATCHES_PER_CONNECTION = 2 };

/* A batch on a connection. */
struct batch_run {
	struct batch_runs *runs;
	struct batch *batch;
	struct batch_run *next_free;
	bool in_doubt;
	bool sent;                /* a wave of it is out, or was answered just now */
	struct batch_run *ahead;  /* prepared to follow behind its COMMIT; NULL: none */
	struct batch_run *behind; /* sent behind its COMMIT; NULL: none */
	bool follows;             /* that of another one */
	bool tried_ahead;         /* whether there is one was looked into */
	/* While it is prepared itself: what is to be sent first. */
	bool prepared;
	enum transaction_step step;
	const struct statement *statements;
	size_t count;
	bool has_error;
	struct sql_error error; /* why it is in doubt */
};

static enum transaction_step next(struct batch_run *run, const struct statement **ret_statements, size_t *ret_count)
{
	switch (batch_next(run->batch, clock_monotonic_us(), ret_statements, ret_count)) {
	case BATCH_SEND:
		if (batch_only_reads(run->batch))
			return TRANSACTION_SEND_READS;
		if (batch_is_compound(run->batch))
			return TRANSACTION_SEND_COMPOUND;
		return batch_is_one_statement(run->batch) ? TRANSACTION_SEND_ONLY : TRANSACTION_SEND;
	case BATCH_COMMIT:
		return TRANSACTION_COMMIT;
	case BATCH_ROLLBACK:
		break;
	}
	return TRANSACTION_ROLLBACK;
}

static enum transaction_step on_next(void *context, const struct statement **ret_statements, size_t *ret_count)
{
	struct batch_run *run = context;
	enum transaction_step step;

	if (run->prepared) {
		run->prepared = false;
		step = run->step;
		*ret_statements = run->statements;
		*ret_count = run->count;
	} else {
		step = next(run, ret_statements, ret_count);
	}
	run->sent = step == TRANSACTION_SEND;
	return step;
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
	run->runs->in_doubt -= run->in_doubt;
	run->in_doubt = run->sent = run->tried_ahead = run->prepared = run->follows = false;
	run->batch = NULL;
	run->next_free = run->runs->first_free;
	run->runs->first_free = run;
	run->runs->running--;
}

static void end(struct batch_run *run, enum batch_end end, const struct sql_error *error)
{
	batch_ended(run->batch, end, error, clock_monotonic_us());
	put_back(run);
	run->runs->events.ended(run->runs->context);
}

/* It will not follow. Nothing of it was sent. */
static void drop_ahead(struct batch_run *run)
{
	struct batch_run *ahead = run->ahead;

	run->ahead = NULL;
	if (!ahead)
		return;
	batch_ended(ahead->batch, BATCH_DROPPED, NULL, clock_monotonic_us());
	put_back(ahead);
}

static void hold_in_doubt(struct batch_run *run, const struct sql_error *error)
{
	run->in_doubt = true;
	run->has_error = error != NULL;
	if (error)
		run->error = *error;
	run->runs->in_doubt++;
	log_event(LEVEL_WARNING, "batch.in_doubt", log_int("commands", batch_size(run->batch)),
		  log_int("errno", error ? error->number : 0), log_text("message", error ? error->message : ""));
	run->runs->events.ended(run->runs->context);
}

static void on_ended(void *context, enum transaction_end ending, const struct sql_error *error)
{
	struct batch_run *run = context;
	const struct sql_error *refusal = batch_books_error(run->batch);
	struct batch_marker marker;

	/* First, since the end of this one may start others. */
	drop_ahead(run);
	if (run->behind)
		run->behind->follows = false;
	run->behind = NULL;

	if (refusal)
		run->runs->events.books_failed(run->runs->context, refusal);
	if (ending == TRANSACTION_IN_DOUBT && batch_marker(run->batch, &marker))
		hold_in_doubt(run, error);
	else
		end(run, batch_end_of(ending), error);
}

struct bookkeeping_marker *batch_runs_doubts(const struct batch_runs *runs, uint32_t *ret_count,
					     const char **ret_worker)
{
	struct bookkeeping_marker *doubts = calloc(runs->in_doubt, sizeof(*doubts));
	struct batch_marker marker, first = {0};

	if (!doubts)
		return NULL;
	*ret_count = 0;
	for (uint32_t i = 0; i < runs->count; i++) {
		if (!runs->all[i].in_doubt || !batch_marker(runs->all[i].batch, &marker))
			continue;
		if (!first.worker)
			first = marker;
		if (strcmp(marker.worker, first.worker) == 0)
			doubts[(*ret_count)++] = (struct bookkeeping_marker){
				.slot = marker.slot, .batch = marker.batch, .is_commit = marker.is_commit};
	}
	*ret_worker = first.worker;
	return doubts;
}

void batch_runs_resolved(struct batch_runs *runs, const char *worker, const struct bookkeeping_marker *resolved)
{
	struct batch_marker marker;

	for (uint32_t i = 0; i < runs->count; i++) {
		struct batch_run *run = &runs->all[i];

		if (!run->in_doubt || !batch_marker(run->batch, &marker) || marker.slot != resolved->slot ||
		    marker.batch != resolved->batch || strcmp(marker.worker, worker) != 0)
			continue;
		log_event(LEVEL_INFO, "batch.resolved", log_int("commands", batch_size(run->batch)),
			  log_text("outcome", resolved->committed ? "committed" : "not committed"));
		if (resolved->committed)
			end(run, BATCH_COMMITTED, NULL);
		else
			end(run, BATCH_IN_DOUBT, run->has_error ? &run->error : NULL);
		return;
	}
}

static struct batch_run *take(struct batch_runs *runs, struct batch *batch)
{
	struct batch_run *run = runs->first_free;

	runs->first_free = run->next_free;
	runs->running++;
	run->batch = batch;
	return run;
}

static struct batch_run *take_behind(struct batch_run *run, bool others_idle)
{
	struct batch_run *ahead = run->ahead;
	struct batch_runs *runs = run->runs;
	struct batch *batch;

	if (ahead && runs->events.may_start(runs->context) && !planner_is_fenced(runs->planner)) {
		run->ahead = NULL;
		return ahead;
	}
	drop_ahead(run);

	/* While all connections are busy the database has enough to do, and batches had better grow: with two on each
	 * connection, reads are a fifth slower. */
	if (!runs->first_free || !others_idle || !runs->events.may_start(runs->context))
		return NULL;
	batch = planner_choose_behind(runs->planner, run->batch, clock_monotonic_us());
	return batch ? take(runs, batch) : NULL;
}

static void *on_follow(void *context, bool others_idle)
{
	struct batch_run *run = context;

	run->behind = take_behind(run, others_idle);
	if (run->behind)
		run->behind->follows = true;
	return run->behind;
}

/* What will follow is written while the server works, and not while it waits for it. Only of full batches: others had
 * better grow until then. And not for one that follows itself: a connection has no place for a third. */
static void prepare(struct batch_run *run)
{
	struct batch_runs *runs = run->runs;
	struct batch *batch = planner_choose_ahead(runs->planner, run->batch, clock_monotonic_us());
	struct batch_run *ahead;

	if (!batch)
		return;
	run->tried_ahead = true;
	ahead = take(runs, batch);
	ahead->step = next(ahead, &ahead->statements, &ahead->count);
	ahead->prepared = true;
	run->ahead = ahead;
}

static void prepare_all(struct batch_runs *runs)
{
	for (uint32_t i = 0; i < runs->count && runs->first_free && runs->events.may_start(runs->context); i++) {
		struct batch_run *run = &runs->all[i];

		if (run->batch && run->sent && !run->in_doubt && !run->tried_ahead && !run->follows)
			prepare(run);
	}
}

static uint64_t start_idle(struct batch_runs *runs)
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

	/* Batches in doubt have lost their connections, and there may be new ones in their place. */
	while (runs->first_free && runs->events.may_start(runs->context) && pool_ready(runs->pool)) {
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

uint64_t batch_runs_start(struct batch_runs *runs)
{
	uint64_t wake_us = start_idle(runs);

	prepare_all(runs);
	return wake_us;
}

int batch_runs_init(struct batch_runs *runs, uint32_t connections, const struct batch_runs_events *events,
		    void *context)
{
	size_t count = (size_t)connections * BATCHES_PER_CONNECTION;

	*runs = (struct batch_runs){.events = *events, .context = context};
	runs->all = calloc(count, sizeof(*runs->all));
	if (!runs->all)
		return -ENOMEM;
	runs->count = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		runs->all[i] = (struct batch_run){.runs = runs, .next_free = runs->first_free};
		runs->first_free = &runs->all[i];
	}
	return 0;
}

void batch_runs_free(struct batch_runs *runs)
{
	assert(runs->running == runs->in_doubt);
	free(runs->all);
	*runs = (struct batch_runs){0};
}
