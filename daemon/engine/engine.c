/* engine/engine.c
 *
 *   STARTING --Redis, database, tables--> RUNNING --drain--> DRAINING --all settled--> DRAINED
 *       |                                    |                  |                         |
 *       +----------------- close ------------+------------------+-------------------------+--> CLOSING --> gone
 *
 * Here it is opened and pumped; how it drains: engine_drain.c, how it closes: engine_close.c. */
#include "daemon/engine/engine.h"

#include "common/clock.h"
#include "common/log.h"
#include "daemon/engine/engine_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* --- between the planner and the pool ------------------------------------------------------------------------- */

static void on_batch_ended(void *context)
{
	struct engine *engine = context;

	engine->dirty = true;
}

static void on_books_failed(void *context, const struct sql_error *error)
{
	struct engine *engine = context;

	bookkeeper_books_failed(&engine->bookkeeper, error);
}

static void on_retry_timer(uv_timer_t *timer)
{
	struct engine *engine = timer->data;

	engine->dirty = true;
}

/* Not when Redis does not take the replies as fast as they are made: then what runs is finished, and memory does not
 * grow with what was claimed. */
static bool may_start_batch(void *context)
{
	const struct engine *engine = context;

	return !engine->drain_over && engine->state != ENGINE_CLOSING &&
	       worker_counts(engine->worker).reply_bytes < engine->options->limits.in_flight_bytes;
}

static void engine_run_batches(struct engine *engine)
{
	uint64_t wake_us = batch_runs_start(&engine->runs);
	uint64_t now_us = clock_monotonic_us();

	if (wake_us)
		(void)uv_timer_start(&engine->retry_timer, on_retry_timer,
				     wake_us > now_us ? (wake_us - now_us) / 1000 + 1 : 1, 0);
}

/* After a new catalog there may be thousands to look at: some in each turn of the loop. */
static void engine_unpark(struct engine *engine)
{
	if (planner_unpark(engine->planner, clock_monotonic_us()))
		(void)uv_timer_start(&engine->retry_timer, on_retry_timer, 0, 0);
}

/* Large replies are handed over in several turns of the loop. */
static void engine_finish(struct engine *engine)
{
	if (held_claims_finish(&engine->claims, engine->planner, engine->worker))
		(void)uv_timer_start(&engine->retry_timer, on_retry_timer, 0, 0);
}

/* --- between the worker and the planner ----------------------------------------------------------------------- */

static int on_claimed(void *context, const struct claim *claim, struct bytes raw)
{
	struct engine *engine = context;
	const struct policy *policy = &engine->options->queues[claim->queue_index].policy;

	engine->dirty = true;
	/* What one claim has brought came at the same time. */
	if (engine->claimed_us == 0)
		engine->claimed_us = clock_monotonic_us();
	return held_claims_submit(&engine->claims, engine->planner, policy, claim, raw, engine->claimed_us);
}

/* Jobs that are on a connection will end as outcomes of an earlier incarnation, which the worker drops. */
static void on_fenced(void *context)
{
	struct engine *engine = context;

	held_claims_forget(&engine->claims, engine->planner);
	bookkeeper_forget(&engine->bookkeeper);
	engine->dirty = true;
}

static void on_enroll(void *context)
{
	struct engine *engine = context;

	/* Not while nobody knows whether the server is there, or which one. */
	if (engine->database_up)
		bookkeeper_enroll(&engine->bookkeeper);
}

static void on_inquire(void *context, const char *dead)
{
	struct engine *engine = context;

	bookkeeper_inquire(&engine->bookkeeper, dead);
}

static void on_dismiss(void *context, const char *id, const char *queue)
{
	struct engine *engine = context;

	bookkeeper_dismiss(&engine->bookkeeper, id, queue);
}

static void on_released(void *context, uint32_t marker)
{
	struct engine *engine = context;

	if (planner_release(engine->planner, marker))
		engine->dirty = true;
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

static void on_bookkeeper_changed(void *context)
{
	struct engine *engine = context;

	engine->dirty = true;
}

static void on_bookkeeper_refused(void *context, const struct sql_error *error)
{
	struct engine *engine = context;

	if (engine->state == ENGINE_STARTING)
		engine->events.refused(engine->context, error->message);
}

/* --- the catalog ---------------------------------------------------------------------------------------------- */

static void on_catalog(void *context, struct catalog *catalog)
{
	struct engine *engine = context;

	catalog_notes_tell(&engine->catalog_notes, engine->options, catalog);
	planner_set_catalog(engine->planner, catalog, clock_monotonic_us());
	engine->catalog_known = true;
	engine->dirty = true;
}

static void on_catalog_reader_changed(void *context)
{
	struct engine *engine = context;

	engine->dirty = true;
}

static void engine_read_catalog(struct engine *engine)
{
	if (planner_wants_catalog(engine->planner))
		catalog_reader_want(&engine->catalog_reader);
	if (engine->database_up && catalog_reader_step(&engine->catalog_reader))
		planner_reading_catalog(engine->planner);
}

void engine_reload_catalog(struct engine *engine)
{
	catalog_reader_want(&engine->catalog_reader);
	engine->dirty = true;
}

/* --- the database's health ------------------------------------------------------------------------------------ */

static void on_pool_idle(void *context)
{
	struct engine *engine = context;

	engine->dirty = true;
}

static void on_pool_connected(void *context, uint32_t index, uint64_t connection_id)
{
	struct engine *engine = context;

	bookkeeper_connected(&engine->bookkeeper, index, connection_id);
}

static void on_pool_health(void *context, bool down, const struct sql_error *error)
{
	struct engine *engine = context;

	if (down && engine->database_up)
		log_event(LEVEL_WARNING, "database.down", log_int("errno", error ? error->number : 0),
			  log_text("message", error ? error->message : ""));
	if (!down && !engine->database_up) {
		/* It may be another server, or another version of it, that came back. */
		catalog_reader_want(&engine->catalog_reader);
		log_event(LEVEL_INFO, "database.up", log_text("database", engine->options->database.url.database));
	}
	engine->database_up = !down;
	engine->dirty = true;
}

/* --- the pump ------------------------------------------------------------------------------------------------- */

/* Redis counts a command by its bytes; decoded it can be many times that. */
static bool engine_may_claim(const struct engine *engine)
{
	return engine->database_up && engine->catalog_known && !engine->catalog_reader.refused &&
	       planner_counts(engine->planner).bytes < engine->options->limits.in_flight_bytes;
}

static void engine_pump(struct engine *engine)
{
	if (engine->state == ENGINE_DRAINED || engine->state == ENGINE_CLOSING)
		return;
	engine_read_catalog(engine);
	bookkeeper_step(&engine->bookkeeper);
	if (engine->drain_over)
		held_claims_give_back(&engine->claims, engine->planner, engine->worker);
	else
		engine_run_batches(engine);
	engine_unpark(engine);
	engine_finish(engine);
	worker_want(engine->worker, engine_may_claim(engine));

	if (engine->state == ENGINE_STARTING && engine->redis_ready && engine->database_up && engine->catalog_known) {
		engine->state = ENGINE_RUNNING;
		engine->events.ready(engine->context);
	} else if (engine->state == ENGINE_DRAINING) {
		engine_drain_step(engine);
	}
}

static void engine_turn(struct engine *engine)
{
	if (!engine->dirty)
		return;
	engine->dirty = false;
	engine->claimed_us = 0;
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

/* --- opening -------------------------------------------------------------------------------------------------- */

static void engine_init_handles(struct engine *engine)
{
	/* None of these can fail: they only link themselves into the loop. */
	(void)uv_prepare_init(engine->loop, &engine->prepare);
	(void)uv_check_init(engine->loop, &engine->check);
	(void)uv_timer_init(engine->loop, &engine->retry_timer);
	(void)uv_timer_init(engine->loop, &engine->drain_timer);
	engine->handles_open = 4;
	engine->prepare.data = engine->check.data = engine;
	engine->retry_timer.data = engine->drain_timer.data = engine;
	(void)uv_prepare_start(&engine->prepare, on_prepare);
	(void)uv_check_start(&engine->check, on_check);
}

static int engine_open_planner(struct engine *engine)
{
	const struct limit_options *limits = &engine->options->limits;
	const struct planner_options planner_options = {
		.batch = limits->batch,
		.batch_bytes = limits->in_flight_bytes / engine->options->database.connections,
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

/* The parts that make nothing but memory. */
static int engine_init_parts(struct engine *engine)
{
	static const struct batch_runs_events events = {
		.ended = on_batch_ended, .books_failed = on_books_failed, .may_start = may_start_batch};
	const struct options *options = engine->options;
	int rc = held_claims_init(&engine->claims, options->limits.in_flight + options->queue_count);

	return rc < 0 ? rc : batch_runs_init(&engine->runs, options->database.connections, &events, engine);
}

static int engine_open_worker(struct engine *engine)
{
	static const struct worker_events events = {
		.claimed = on_claimed,
		.fenced = on_fenced,
		.enroll = on_enroll,
		.inquire = on_inquire,
		.dismiss = on_dismiss,
		.released = on_released,
		.changed = on_worker_changed,
		.ready = on_worker_ready,
		.closed = engine_worker_closed,
	};
	int rc = worker_open(engine->loop, engine->options, &events, engine, &engine->worker);

	engine->worker_open = rc == 0;
	return rc;
}

static void engine_open_catalog_reader(struct engine *engine)
{
	static const struct catalog_reader_events events = {
		.read = on_catalog,
		.changed = on_catalog_reader_changed,
		.closed = engine_catalog_reader_closed,
	};

	catalog_reader_open(&engine->catalog_reader, engine->loop, &engine->options->database, &events, engine);
	engine->catalog_reader_open = true;
}

static int engine_open_bookkeeper(struct engine *engine)
{
	static const struct bookkeeper_events events = {
		.changed = on_bookkeeper_changed,
		.refused = on_bookkeeper_refused,
		.closed = engine_bookkeeper_closed,
	};
	int rc = bookkeeper_open(&engine->bookkeeper, engine->loop, engine->options, &events, engine);

	engine->bookkeeper_open = rc == 0;
	return rc;
}

static int engine_open_pool(struct engine *engine)
{
	static const struct pool_events events = {
		.idle = on_pool_idle,
		.connected = on_pool_connected,
		.health = on_pool_health,
		.closed = engine_pool_closed,
	};
	int rc = pool_open(engine->loop, &engine->options->database, &events, engine, &engine->pool);

	engine->pool_open = rc == 0;
	return rc;
}

static void engine_introduce_parts(struct engine *engine)
{
	engine->runs.planner = engine->planner;
	engine->runs.pool = engine->pool;
	engine->bookkeeper.worker = engine->worker;
	engine->bookkeeper.planner = engine->planner;
	engine->bookkeeper.pool = engine->pool;
	engine->bookkeeper.runs = &engine->runs;
}

int engine_open(uv_loop_t *loop, const struct options *options, const struct engine_events *events, void *context,
		struct engine **ret_engine)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int rc;

	if (!engine)
		return -ENOMEM;
	*engine = (struct engine){.loop = loop, .options = options, .events = *events, .context = context};
	rc = engine_init_parts(engine);
	if (rc == 0)
		rc = engine_open_worker(engine);
	if (rc < 0) {
		engine_free(engine);
		return rc;
	}
	engine_init_handles(engine);
	engine_open_catalog_reader(engine);
	rc = engine_open_bookkeeper(engine);
	if (rc == 0)
		rc = engine_open_planner(engine);
	if (rc == 0)
		rc = engine_open_pool(engine);
	if (rc < 0) {
		/* Handles close on the loop's next turns; the caller was told by rc and is not called back. */
		engine->events.closed = ignore_closed;
		engine_close(engine);
		return rc;
	}
	engine_introduce_parts(engine);
	*ret_engine = engine;
	return 0;
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
