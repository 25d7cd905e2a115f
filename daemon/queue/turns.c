/* queue/turns.c
 *
 * A turn of the loop: poll and its callbacks, check handles, idle handles, prepare handles. Before the step in the last
 * of them, the engine has handed on what the callbacks brought, and the database has been sent its statements: what the
 * step sends to Redis does not delay them. The loop does not block while an idle handle is active, so whoever touches,
 * in whatever phase, is served before it does. */
#include "daemon/queue/turns.h"

enum { TICK_MS = 100 };

static void on_tick(uv_timer_t *handle)
{
	turns_touch(handle->data);
}

static void on_soon(uv_idle_t *handle)
{
	(void)handle; /* being active is all that it is for */
}

static void on_polled(uv_check_t *handle)
{
	struct turns *turns = handle->data;

	turns->events.polled(turns->context);
}

/* Of the handles of one kind libuv calls the youngest first: the engine, which opens the worker before its own, has had
 * its turn. Were it otherwise, it would touch, and be served a turn later. */
static void on_blocking(uv_prepare_t *handle)
{
	struct turns *turns = handle->data;

	if (!uv_is_active((uv_handle_t *)&turns->soon))
		return;
	uv_idle_stop(&turns->soon);
	turns->events.step(turns->context);
}

void turns_touch(struct turns *turns)
{
	uv_idle_start(&turns->soon, on_soon);
}

void turns_open(struct turns *turns, uv_loop_t *loop, const struct turns_events *events, void *context)
{
	turns->events = *events;
	turns->context = context;
	/* None of these can fail: they only link themselves into the loop. */
	uv_timer_init(loop, &turns->tick);
	uv_idle_init(loop, &turns->soon);
	uv_check_init(loop, &turns->polled);
	uv_prepare_init(loop, &turns->blocking);
	turns->handles = 4;
	turns->tick.data = turns->soon.data = turns->polled.data = turns->blocking.data = turns;
	uv_timer_start(&turns->tick, on_tick, TICK_MS, TICK_MS);
	uv_check_start(&turns->polled, on_polled);
	uv_prepare_start(&turns->blocking, on_blocking);
	turns_touch(turns);
}

static void on_closed(uv_handle_t *handle)
{
	struct turns *turns = handle->data;

	if (--turns->handles == 0)
		turns->events.closed(turns->context);
}

void turns_close(struct turns *turns)
{
	uv_close((uv_handle_t *)&turns->tick, on_closed);
	uv_close((uv_handle_t *)&turns->soon, on_closed);
	uv_close((uv_handle_t *)&turns->polled, on_closed);
	uv_close((uv_handle_t *)&turns->blocking, on_closed);
}
