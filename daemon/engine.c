/* engine.c
 *
 *   STARTING --Redis, database, tables--> RUNNING --drain--> DRAINING --all settled--> DRAINED
 *       |                                    |                  |                         |
 *       +----------------- close ------------+------------------+-------------------------+--> CLOSING --> gone
 *
 * While DRAINING the timer for the drain may strike: what has not begun goes back to its queue at once, and the
 * connections are cut under what has. */
#include "daemon/engine.h"

#include "common/clock.h"
#include "common/log.h"
#include "daemon/database/introspection.h"
#include "daemon/database/pool.h"
#include "daemon/plan/planner.h"
#include "daemon/queue/worker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum engine_state { ENGINE_STARTING, ENGINE_RUNNING, ENGINE_DRAINING, ENGINE_DRAINED, ENGINE_CLOSING };

enum { CATALOG_PAUSE_MS = 1000 };

/* A claim that the planner holds a job for. As many as may be in flight, made at the start. */
struct held {
	struct claim claim;
	struct held *next_free;
};

/* A batch on a connection. As many as there are connections, made at the start. */
struct run {
	struct engine *engine;
	struct batch *batch;
	struct run *next_free;
};

struct engine {
	uv_loop_t *loop;
	const struct options *options;
	struct engine_events events;
	void *context;
	enum engine_state state;

	struct worker *worker;
	struct planner *planner;
	struct pool *pool;
	struct held *held, *free_held;
	struct run *runs, *free_run;
	uint32_t running; /* batches on connections */

	uv_prepare_t prepare; /* the pump turns after timers … */
	uv_check_t check;     /* … and after I/O */
	uv_timer_t retry_timer;
	uv_timer_t catalog_timer;
	uv_timer_t drain_timer;
	int handles_open;

	bool dirty; /* something happened: the pump has to look */
	bool redis_ready;
	bool database_up;
	bool catalog_known;
	bool catalog_reading;
	bool catalog_pause; /* the last reading was less than a second ago */
	bool catalog_wanted;
	bool worker_open, pool_open; /* what engine_close() still waits for */
	bool drain_over;             /* the drain timer struck */
};

static void engine_step(struct engine *engine);

/* --- between the planner and the pool ------------------------------------------------------------------------- */

static enum transaction_step run_next(void *context, const struct statement **ret_statements, size_t *ret_count)
{
	struct run *run = context;

	switch (batch_next(run->batch, clock_monotonic_us(), ret_statements, ret_count)) {
	case BATCH_SEND:
		return TRANSACTION_SEND;
	case BATCH_COMMIT:
		return TRANSACTION_COMMIT;
	case BATCH_ROLLBACK:
		break;
	}
	return TRANSACTION_ROLLBACK;
}

static int run_row(void *context, size_t index, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	struct run *run = context;

	return batch_row(run->batch, index, values, lengths, count);
}

static void run_done(void *context, size_t index, const struct statement_result *result)
{
	struct run *run = context;

	batch_done(run->batch, index, result);
}

static void run_failed(void *context, size_t index, const struct sql_error *error)
{
	struct run *run = context;

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
	case TRANSACTION_IN_DOUBT:
		break;
	}
	return BATCH_IN_DOUBT;
}

static void run_free(struct engine *engine, struct run *run)
{
	run->batch = NULL;
	run->next_free = engine->free_run;
	engine->free_run = run;
	engine->running--;
}

static void run_ended(void *context, enum transaction_end end, const struct sql_error *error)
{
	struct run *run = context;
	struct engine *engine = run->engine;

	batch_ended(run->batch, batch_end_of(end), error, clock_monotonic_us());
	run_free(engine, run);
	engine->dirty = true;
}

static const struct transaction_events run_events = {
	.next = run_next,
	.row = run_row,
	.done = run_done,
	.failed = run_failed,
	.ended = run_ended,
};

static void on_retry_timer(uv_timer_t *timer)
{
	struct engine *engine = timer->data;

	engine->dirty = true;
}

/* Fills idle connections with batches. */
static void engine_run_batches(struct engine *engine)
{
	uint64_t wake_us = 0;

	while (engine->free_run && pool_ready(engine->pool)) {
		uint64_t now_us = clock_monotonic_us();
		struct batch *batch = planner_choose(engine->planner, now_us, &wake_us);
		struct run *run = engine->free_run;

		if (!batch) {
			if (wake_us)
				(void)uv_timer_start(&engine->retry_timer, on_retry_timer,
						     wake_us > now_us ? (wake_us - now_us) / 1000 + 1 : 1, 0);
			return;
		}
		engine->free_run = run->next_free;
		engine->running++;
		run->batch = batch;
		if (pool_run(engine->pool, &run_events, run) != 0) {
			batch_ended(batch, BATCH_LOST, NULL, now_us);
			run_free(engine, run);
			return;
		}
	}
}

/* --- between the worker and the planner ----------------------------------------------------------------------- */

static void held_free(struct engine *engine, struct held *held)
{
	held->next_free = engine->free_held;
	engine->free_held = held;
}

static int on_claimed(void *context, const struct claim *claim, struct bytes raw)
{
	struct engine *engine = context;
	struct held *held = engine->free_held;
	int rc;

	if (!held)
		return -ENOMEM;
	rc = planner_submit(engine->planner, &engine->options->queues[claim->queue_index].policy, raw, claim->attempts,
			    held, clock_monotonic_us());
	if (rc < 0)
		return rc;
	engine->free_held = held->next_free;
	held->claim = *claim;
	engine->dirty = true;
	return 0;
}

/* Forgets all jobs that are not on a connection; those that are will end as outcomes of an earlier incarnation, which
 * the worker drops. */
static void on_fenced(void *context)
{
	struct engine *engine = context;
	struct job *job;

	while ((job = planner_withdraw(engine->planner))) {
		held_free(engine, job->owner);
		job_free(job);
	}
	engine->dirty = true;
}

/* Hands the outcomes of finished jobs to the worker. */
static void engine_finish_jobs(struct engine *engine)
{
	struct job *job;

	while ((job = planner_finished(engine->planner))) {
		const struct job_reply *reply = &job->reply;
		struct held *held = job->owner;
		const struct outcome outcome = {
			.reply = reply->encoded,
			.channel = reply->channel,
			.list = reply->list,
			.list_ttl_ms = reply->list_ttl_ms,
			.dead = reply->dead,
			.dead_reason = reply->code == ERROR_NONE ? "" : error_code_name(reply->code),
			.dead_error = bytes_of(reply->reason),
			.failed = reply->code != ERROR_NONE,
		};

		worker_finish(engine->worker, &held->claim, &outcome);
		held_free(engine, held);
		job_free(job);
	}
}

static void on_worker_changed(void *context)
{
	struct engine *engine = context;

	engine->dirty = true;
}

static void on_worker_ready(void *context)
{
	struct engine *engine = context;

	engine->redis_ready = true;
	engine->dirty = true;
}

/* --- the catalog ---------------------------------------------------------------------------------------------- */

static void on_catalog_timer(uv_timer_t *timer)
{
	struct engine *engine = timer->data;

	engine->catalog_pause = false;
	engine->dirty = true;
}

static void on_catalog(void *context, struct catalog *catalog, const struct sql_error *error)
{
	struct engine *engine = context;

	engine->catalog_reading = false;
	engine->dirty = true;
	if (engine->state == ENGINE_CLOSING) {
		catalog_unref(catalog);
		engine_step(engine);
		return;
	}
	engine->catalog_pause = true;
	(void)uv_timer_start(&engine->catalog_timer, on_catalog_timer, CATALOG_PAUSE_MS, 0);
	if (!catalog) {
		engine->catalog_wanted = true;
		log_event(LEVEL_WARNING, "catalog.failed", log_int("errno", error->number),
			  log_text("message", error->message));
		return;
	}
	log_event(engine->catalog_known ? LEVEL_DEBUG : LEVEL_INFO, "catalog.read",
		  log_int("tables", catalog_table_count(catalog)),
		  log_text("server", catalog_server(catalog)->version_text));
	planner_set_catalog(engine->planner, catalog, clock_monotonic_us());
	catalog_unref(catalog);
	engine->catalog_known = true;
}

/* Reads the tables when somebody asked for it, at most once per second. */
static void engine_read_catalog(struct engine *engine)
{
	static const struct introspection_events events = {.done = on_catalog};

	if (!engine->catalog_wanted && !planner_wants_catalog(engine->planner))
		return;
	if (engine->catalog_reading || engine->catalog_pause || !engine->database_up)
		return;
	if (introspection_start(engine->loop, &engine->options->database, &events, engine) != 0)
		return;
	engine->catalog_reading = true;
	engine->catalog_wanted = false;
}

void engine_reload_catalog(struct engine *engine)
{
	engine->catalog_wanted = true;
	engine->dirty = true;
}

/* --- the database's health ------------------------------------------------------------------------------------ */

static void on_pool_idle(void *context)
{
	struct engine *engine = context;

	engine->dirty = true;
}

static void on_pool_health(void *context, bool down, const struct sql_error *error)
{
	struct engine *engine = context;

	if (down && engine->database_up)
		log_event(LEVEL_WARNING, "database.down", log_int("errno", error ? error->number : 0),
			  log_text("message", error ? error->message : ""));
	if (!down && !engine->database_up) {
		/* It may be another server, or another version of it, that came back. */
		engine->catalog_wanted = true;
		log_event(LEVEL_INFO, "database.up", log_text("database", engine->options->database.url.database));
	}
	engine->database_up = !down;
	engine->dirty = true;
}

/* --- the drain ------------------------------------------------------------------------------------------------ */

/* Gives back what has not begun. The queue's order wants the newest first. */
static void engine_give_back(struct engine *engine)
{
	struct job *newest = NULL, *job;

	while ((job = planner_withdraw(engine->planner))) {
		job->next = newest;
		newest = job;
	}
	while ((job = newest)) {
		struct held *held = job->owner;

		newest = job->next;
		worker_give_back(engine->worker, &held->claim);
		held_free(engine, held);
		job_free(job);
	}
}

static void on_drain_timer(uv_timer_t *timer)
{
	struct engine *engine = timer->data;

	log_event(LEVEL_WARNING, "drain.timeout", log_int("running", engine->running),
		  log_int("waiting", planner_counts(engine->planner).waiting));
	engine->drain_over = true;
	engine_give_back(engine);
	pool_close(engine->pool);
	engine->dirty = true;
}

void engine_drain(struct engine *engine)
{
	if (engine->state != ENGINE_STARTING && engine->state != ENGINE_RUNNING)
		return;
	engine->state = ENGINE_DRAINING;
	engine->dirty = true;
	worker_stop_claiming(engine->worker);
	(void)uv_timer_start(&engine->drain_timer, on_drain_timer, engine->options->delivery.drain_timeout_ms, 0);
}

static bool engine_is_settled(const struct engine *engine)
{
	struct planner_counts counts = planner_counts(engine->planner);

	if (counts.waiting + counts.parked + counts.running + counts.done > 0 || engine->running > 0)
		return false;
	return worker_settled(engine->worker);
}

/* --- the pump ------------------------------------------------------------------------------------------------- */

static void engine_pump(struct engine *engine)
{
	if (engine->state == ENGINE_DRAINED || engine->state == ENGINE_CLOSING)
		return;
	worker_want(engine->worker, engine->database_up && engine->catalog_known);
	engine_read_catalog(engine);
	if (engine->drain_over)
		engine_give_back(engine);
	else
		engine_run_batches(engine);
	engine_finish_jobs(engine);

	if (engine->state == ENGINE_STARTING && engine->redis_ready && engine->database_up && engine->catalog_known) {
		engine->state = ENGINE_RUNNING;
		engine->events.ready(engine->context);
	} else if (engine->state == ENGINE_DRAINING && engine_is_settled(engine)) {
		engine->state = ENGINE_DRAINED;
		(void)uv_timer_stop(&engine->drain_timer);
		engine->events.drained(engine->context);
	}
}

static void engine_turn(struct engine *engine)
{
	if (!engine->dirty)
		return;
	engine->dirty = false;
	engine_pump(engine);
}

static void on_prepare(uv_prepare_t *prepare)
{
	engine_turn(prepare->data);
}

static void on_check(uv_check_t *check)
{
	engine_turn(check->data);
}

/* --- opening and closing -------------------------------------------------------------------------------------- */

static void engine_free(struct engine *engine)
{
	if (engine->planner)
		planner_free(engine->planner);
	free(engine->held);
	free(engine->runs);
	free(engine);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct engine *engine = handle->data;

	engine->handles_open--;
	engine_step(engine);
}

static void engine_close_handles(struct engine *engine)
{
	uv_close((uv_handle_t *)&engine->prepare, on_handle_closed);
	uv_close((uv_handle_t *)&engine->check, on_handle_closed);
	uv_close((uv_handle_t *)&engine->retry_timer, on_handle_closed);
	uv_close((uv_handle_t *)&engine->catalog_timer, on_handle_closed);
	uv_close((uv_handle_t *)&engine->drain_timer, on_handle_closed);
}

/* Looks whether the last thing that closing waits for is gone. */
static void engine_step(struct engine *engine)
{
	struct engine_events events = engine->events;
	void *context = engine->context;

	if (engine->state != ENGINE_CLOSING || engine->worker_open || engine->pool_open || engine->catalog_reading ||
	    engine->handles_open > 0)
		return;
	engine_free(engine);
	events.closed(context);
}

static void on_worker_closed(void *context)
{
	struct engine *engine = context;

	engine->worker_open = false;
	engine_step(engine);
}

static void on_pool_closed(void *context)
{
	struct engine *engine = context;

	engine->pool_open = false;
	engine->dirty = true;
	engine_step(engine);
}

void engine_close(struct engine *engine)
{
	if (engine->state == ENGINE_CLOSING)
		return;
	engine->state = ENGINE_CLOSING;
	engine_close_handles(engine);
	if (engine->worker_open)
		worker_close(engine->worker);
	if (engine->pool_open && !engine->drain_over)
		pool_close(engine->pool);
}

static void engine_init_handles(struct engine *engine)
{
	/* None of these can fail: they only link themselves into the loop. */
	(void)uv_prepare_init(engine->loop, &engine->prepare);
	(void)uv_check_init(engine->loop, &engine->check);
	(void)uv_timer_init(engine->loop, &engine->retry_timer);
	(void)uv_timer_init(engine->loop, &engine->catalog_timer);
	(void)uv_timer_init(engine->loop, &engine->drain_timer);
	engine->handles_open = 5;
	engine->prepare.data = engine->check.data = engine;
	engine->retry_timer.data = engine->catalog_timer.data = engine->drain_timer.data = engine;
	(void)uv_prepare_start(&engine->prepare, on_prepare);
	(void)uv_check_start(&engine->check, on_check);
}

/* Makes the free lists. Returns 0 or -ENOMEM. */
static int engine_allocate(struct engine *engine)
{
	uint32_t claims = engine->options->limits.in_flight;
	uint32_t connections = engine->options->database.connections;

	engine->held = calloc(claims, sizeof(*engine->held));
	engine->runs = calloc(connections, sizeof(*engine->runs));
	if (!engine->held || !engine->runs)
		return -ENOMEM;
	for (uint32_t i = 0; i < claims; i++)
		held_free(engine, &engine->held[i]);
	for (uint32_t i = 0; i < connections; i++) {
		engine->runs[i] = (struct run){.engine = engine, .next_free = engine->free_run};
		engine->free_run = &engine->runs[i];
	}
	return 0;
}

static int engine_open_planner(struct engine *engine)
{
	const struct limit_options *limits = &engine->options->limits;
	const struct planner_options planner_options = {
		.batch = limits->batch,
		.version = ROWD_VERSION,
		.worker = worker_id(engine->worker),
		.in_flight = limits->in_flight,
		.message_bytes = limits->message_bytes,
		.reply_bytes = limits->reply_bytes,
	};

	return planner_new(&planner_options, &engine->planner);
}

static void ignore_closed(void *context)
{
	(void)context;
}

int engine_open(uv_loop_t *loop, const struct options *options, const struct engine_events *events, void *context,
		struct engine **ret_engine)
{
	static const struct worker_events worker_events = {
		.claimed = on_claimed,
		.fenced = on_fenced,
		.changed = on_worker_changed,
		.ready = on_worker_ready,
		.closed = on_worker_closed,
	};
	static const struct pool_events pool_events = {
		.idle = on_pool_idle,
		.health = on_pool_health,
		.closed = on_pool_closed,
	};
	struct engine *engine = calloc(1, sizeof(*engine));
	int rc;

	if (!engine)
		return -ENOMEM;
	*engine = (struct engine){
		.loop = loop, .options = options, .events = *events, .context = context, .catalog_wanted = true};
	rc = engine_allocate(engine);
	if (rc < 0)
		goto fail;
	rc = worker_open(loop, options, &worker_events, engine, &engine->worker);
	if (rc < 0)
		goto fail;
	engine->worker_open = true;
	engine_init_handles(engine);
	rc = engine_open_planner(engine);
	if (rc == 0)
		rc = pool_open(loop, &options->database, &pool_events, engine, &engine->pool);
	if (rc < 0)
		goto fail_open;
	engine->pool_open = true;
	*ret_engine = engine;
	return 0;

fail_open: /* handles close on the loop's next turns; the caller was told by rc and is not called back */
	engine->events.closed = ignore_closed;
	engine_close(engine);
	return rc;
fail:
	engine_free(engine);
	return rc;
}

struct engine_counts engine_counts(const struct engine *engine)
{
	struct planner_counts planner = planner_counts(engine->planner);
	struct worker_counts worker = worker_counts(engine->worker);

	return (struct engine_counts){
		.answered_ok = planner.answered_ok,
		.answered_error = planner.answered_error,
		.in_flight = worker.in_flight,
		.redis_up = worker.connected,
		.database_up = engine->database_up,
		.owner = worker.owner_of_any,
	};
}
