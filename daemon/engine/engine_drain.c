/* engine/engine_drain.c
 *
 *   engine_drain --all settled--> drained
 *        | drain_timeout: what has not begun goes back to its queue, the connections are cut under what has
 *        v
 *   giving back --all settled--> drained
 *        | SETTLE_MS: what Redis does not take even now stays in flight, for recovery
 *        v
 *     drained */
#include "common/crash_point.h"
#include "common/log.h"
#include "daemon/engine/engine_state.h"

enum { SETTLE_MS = 3000 };

static void end_drain(struct engine *engine)
{
	CRASH_POINT("drain.ended");
	engine->state = ENGINE_DRAINED;
	(void)uv_timer_stop(&engine->drain_timer);
	engine->events.drained(engine->context);
}

/* Redis is away or full: what it has not heard of stays in flight, for recovery. */
static void on_settle_timer(uv_timer_t *timer)
{
	struct engine *engine = timer->data;
	struct worker_counts counts = worker_counts(engine->worker);

	log_event(LEVEL_WARNING, "drain.incomplete", log_int("in_flight", counts.in_flight),
		  log_int("replies", counts.replies_pending), log_int("redis_up", counts.connected),
		  log_text("hint",
			   "what is in flight is recovered: it runs again, or is answered where it was committed"));
	end_drain(engine);
}

static void on_drain_timer(uv_timer_t *timer)
{
	struct engine *engine = timer->data;

	log_event(LEVEL_WARNING, "drain.timeout", log_int("running", engine->runs.running),
		  log_int("waiting", planner_counts(engine->planner).waiting));
	CRASH_POINT("drain.over");
	engine->drain_over = true;
	held_claims_give_back(&engine->claims, engine->planner, engine->worker);
	pool_close(engine->pool);
	engine->dirty = true;
	(void)uv_timer_start(&engine->drain_timer, on_settle_timer, SETTLE_MS, 0);
}

void engine_drain(struct engine *engine)
{
	if (engine->state != ENGINE_STARTING && engine->state != ENGINE_RUNNING)
		return;
	CRASH_POINT("drain.begun");
	engine->state = ENGINE_DRAINING;
	engine->dirty = true;
	worker_stop_claiming(engine->worker);
	(void)uv_timer_start(&engine->drain_timer, on_drain_timer, engine->options->delivery.drain_timeout_ms, 0);
}

static bool is_settled(const struct engine *engine)
{
	struct planner_counts counts = planner_counts(engine->planner);

	uint32_t running = engine->runs.running;

	/* Once the time is over, what is in doubt is left to recovery: in flight, and not given back. */
	if (engine->drain_over)
		running -= engine->runs.in_doubt;
	if (counts.waiting + counts.parked + counts.done > 0 || running > 0)
		return false;
	return worker_settled(engine->worker);
}

void engine_drain_step(struct engine *engine)
{
	if (is_settled(engine))
		end_drain(engine);
}
