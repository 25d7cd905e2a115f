/* engine/engine_close.c - closes the parts, and frees the engine when the last of them is gone. */
#include "daemon/engine/engine_state.h"

#include <stdlib.h>

void engine_free(struct engine *engine)
{
	if (engine->planner)
		planner_free(engine->planner);
	held_claims_free(&engine->claims);
	batch_runs_free(&engine->runs);
	free(engine);
}

/* Looks whether the last thing that closing waits for is gone. */
static void end_if_all_is_gone(struct engine *engine)
{
	struct engine_events events = engine->events;
	void *context = engine->context;

	if (engine->state != ENGINE_CLOSING || engine->worker_open || engine->pool_open ||
	    engine->catalog_reader_open || engine->bookkeeper_open || engine->handles_open > 0)
		return;
	engine_free(engine);
	events.closed(context);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct engine *engine = handle->data;

	engine->handles_open--;
	end_if_all_is_gone(engine);
}

static void engine_close_handles(struct engine *engine)
{
	uv_close((uv_handle_t *)&engine->prepare, on_handle_closed);
	uv_close((uv_handle_t *)&engine->check, on_handle_closed);
	uv_close((uv_handle_t *)&engine->retry_timer, on_handle_closed);
	uv_close((uv_handle_t *)&engine->drain_timer, on_handle_closed);
}

/* The worker wants its rows dismissed when it leaves: the bookkeeper closes after it. */
void engine_worker_closed(void *context)
{
	struct engine *engine = context;

	engine->worker_open = false;
	if (engine->bookkeeper_open)
		bookkeeper_close(&engine->bookkeeper);
	end_if_all_is_gone(engine);
}

void engine_pool_closed(void *context)
{
	struct engine *engine = context;

	engine->pool_open = false;
	engine->dirty = true;
	end_if_all_is_gone(engine);
}

void engine_bookkeeper_closed(void *context)
{
	struct engine *engine = context;

	engine->bookkeeper_open = false;
	end_if_all_is_gone(engine);
}

void engine_catalog_reader_closed(void *context)
{
	struct engine *engine = context;

	engine->catalog_reader_open = false;
	end_if_all_is_gone(engine);
}

void engine_close(struct engine *engine)
{
	if (engine->state == ENGINE_CLOSING)
		return;
	engine->state = ENGINE_CLOSING;
	engine_close_handles(engine);
	catalog_reader_close(&engine->catalog_reader);
	if (engine->worker_open)
		worker_close(engine->worker);
	else if (engine->bookkeeper_open)
		bookkeeper_close(&engine->bookkeeper);
	if (engine->pool_open && !engine->drain_over)
		pool_close(engine->pool);
}
