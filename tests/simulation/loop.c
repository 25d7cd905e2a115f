/* tests/simulation/loop.c - the functions of libuv that engine/ and queue/ use.
 *
 * A turn: what has come, check handles, closing ones; then timers, idle and prepare handles, before it blocks. Of the
 * handles of one kind the youngest is called first, as libuv does. */
#include "loop.h"

#include <assert.h>
#include <netdb.h>
#include <string.h>

enum { ACTIVE = 1, CLOSING = 2 };
enum { TURNS_MOST = 10000 }; /* without time going on */

struct arrival {
	happening *arrives;
	void *context;
	uint64_t argument;
};

static struct loop *loop_of(const uv_handle_t *handle)
{
	return (struct loop *)(void *)handle->loop;
}

static void add(uv_handle_t ***list, size_t *count, size_t *capacity, uv_handle_t *handle)
{
	if (*count == *capacity) {
		*capacity = *capacity ? *capacity * 2 : 16;
		*list = must_grow(*list, *capacity * sizeof(uv_handle_t *));
	}
	(*list)[(*count)++] = handle;
}

static void start(uv_handle_t *handle)
{
	struct loop *loop = loop_of(handle);

	assert(!(handle->flags & CLOSING));
	if (handle->flags & ACTIVE)
		return;
	handle->flags |= ACTIVE;
	add(&loop->handles, &loop->handle_count, &loop->handle_capacity, handle);
}

static void stop(uv_handle_t *handle)
{
	struct loop *loop = loop_of(handle);
	size_t at = 0;

	if (!(handle->flags & ACTIVE))
		return;
	handle->flags &= ~(unsigned)ACTIVE;
	while (loop->handles[at] != handle)
		at++;
	loop->handle_count--;
	memmove(&loop->handles[at], &loop->handles[at + 1], (loop->handle_count - at) * sizeof(uv_handle_t *));
}

static void init(uv_loop_t *loop, uv_handle_t *handle, uv_handle_type type)
{
	handle->loop = loop;
	handle->type = type;
	handle->flags = 0;
}

/* --- waking up --- */

static void turn(struct loop *loop);

static void on_wake(void *context, uint64_t argument)
{
	struct loop *loop = context;

	if (loop->wake_us == argument)
		loop->wake_us = UINT64_MAX;
	if (loop->frozen || loop->over)
		return;
	if (world_now_us() >= loop->busy_until_us)
		turn(loop);
}

static void wake_at(struct loop *loop, uint64_t time_us)
{
	if (time_us < loop->busy_until_us)
		time_us = loop->busy_until_us;
	if (time_us >= loop->wake_us)
		return;
	loop->wake_us = time_us;
	world_at(time_us, on_wake, loop, time_us);
}

static void wake_for_timers(struct loop *loop)
{
	uint64_t next_ms = UINT64_MAX;

	for (size_t i = 0; i < loop->handle_count; i++)
		if (loop->handles[i]->type == UV_TIMER && ((uv_timer_t *)loop->handles[i])->timeout < next_ms)
			next_ms = ((uv_timer_t *)loop->handles[i])->timeout;
	if (next_ms != UINT64_MAX)
		wake_at(loop, next_ms * MS);
}

/* --- a turn --- */

static void take_arrivals(struct loop *loop)
{
	struct arrival *arrivals = loop->arrivals;
	size_t count = loop->arrival_count;

	loop->arrivals = NULL;
	loop->arrival_count = loop->arrival_capacity = 0;
	for (size_t i = 0; i < count; i++)
		arrivals[i].arrives(arrivals[i].context, arrivals[i].argument);
	must_free(arrivals);
}

static void call(uv_handle_t *handle)
{
	uv_timer_t *timer = (uv_timer_t *)handle;

	if (handle->type == UV_TIMER) {
		stop(handle);
		if (timer->repeat)
			uv_timer_start(timer, timer->timer_cb, timer->repeat, timer->repeat);
		timer->timer_cb(timer);
	} else if (handle->type == UV_IDLE) {
		((uv_idle_t *)handle)->idle_cb((uv_idle_t *)handle);
	} else if (handle->type == UV_PREPARE) {
		((uv_prepare_t *)handle)->prepare_cb((uv_prepare_t *)handle);
	} else {
		((uv_check_t *)handle)->check_cb((uv_check_t *)handle);
	}
}

static bool is_due(const struct loop *loop, const uv_handle_t *handle, uv_handle_type type)
{
	return handle->type == type && (handle->flags & ACTIVE) &&
	       (type != UV_TIMER || ((const uv_timer_t *)handle)->timeout <= loop->now_ms);
}

static void call_all(struct loop *loop, uv_handle_type type)
{
	uv_handle_t *due[64];
	size_t count = 0;

	for (size_t i = loop->handle_count; i-- > 0;)
		if (is_due(loop, loop->handles[i], type)) {
			assert(count < sizeof(due) / sizeof(due[0]));
			due[count++] = loop->handles[i];
		}
	for (size_t i = 0; i < count; i++)
		if (is_due(loop, due[i], type))
			call(due[i]);
}

static void close_handles(struct loop *loop)
{
	uv_handle_t **closing = loop->closing;
	size_t count = loop->closing_count;

	loop->closing = NULL;
	loop->closing_count = loop->closing_capacity = 0;
	for (size_t i = 0; i < count; i++)
		if (closing[i]->close_cb)
			closing[i]->close_cb(closing[i]);
	must_free(closing);
}

static bool may_block(const struct loop *loop)
{
	if (loop->arrival_count > 0 || loop->closing_count > 0)
		return false;
	for (size_t i = 0; i < loop->handle_count; i++)
		if (loop->handles[i]->type == UV_IDLE || is_due(loop, loop->handles[i], UV_TIMER))
			return false;
	return true;
}

static void turn_once(struct loop *loop)
{
	if (loop->before)
		loop->before(loop);
	take_arrivals(loop);
	call_all(loop, UV_CHECK);
	close_handles(loop);
	loop->now_ms = world_now_us() / MS;
	call_all(loop, UV_TIMER);
	call_all(loop, UV_IDLE);
	call_all(loop, UV_PREPARE);
	if (loop->after)
		loop->after(loop);
}

static void turn(struct loop *loop)
{
	uint32_t turns = 0;

	if (loop->running)
		return;
	loop->running = true;
	do {
		if (++turns > TURNS_MOST)
			violated(NULL, "a loop turns without end and never blocks");
		turn_once(loop);
	} while (!may_block(loop) && !loop->frozen && !loop->over);
	loop->running = false;
	loop->busy_until_us = world_now_us() + draw(200);
	if (!loop->over)
		wake_for_timers(loop);
}

static bool is_empty(const struct loop *loop)
{
	return loop->handle_count + loop->arrival_count + loop->closing_count == 0;
}

void loop_finish(struct loop *loop, const bool *done)
{
	loop->over = true;
	loop->before = loop->after = NULL;
	for (uint32_t turns = 0; done ? !*done : !is_empty(loop); turns++) {
		if (turns > TURNS_MOST)
			violated(NULL, "a process does not come to its end");
		turn_once(loop);
	}
}

void loop_open(struct loop *loop, void *owner)
{
	memset(loop, 0, sizeof(*loop));
	loop->owner = owner;
	loop->now_ms = world_now_us() / MS;
	loop->wake_us = UINT64_MAX;
	wake_at(loop, world_now_us());
}

void loop_post(struct loop *loop, happening *arrives, void *context, uint64_t argument)
{
	if (loop->closed) {
		arrives(context, argument);
		return;
	}
	if (loop->arrival_count == loop->arrival_capacity) {
		loop->arrival_capacity = loop->arrival_capacity ? loop->arrival_capacity * 2 : 8;
		loop->arrivals = must_grow(loop->arrivals, loop->arrival_capacity * sizeof(*loop->arrivals));
	}
	loop->arrivals[loop->arrival_count++] =
		(struct arrival){.arrives = arrives, .context = context, .argument = argument};
	if (!loop->running && !loop->over)
		wake_at(loop, world_now_us());
}

void loop_freeze(struct loop *loop)
{
	loop->frozen = true;
}

void loop_thaw(struct loop *loop)
{
	loop->frozen = false;
	wake_at(loop, world_now_us());
}

void loop_close(struct loop *loop)
{
	assert(loop->handle_count == 0);
	loop->over = loop->closed = true;
	take_arrivals(loop);
	must_free(loop->handles);
	must_free(loop->closing);
	loop->handles = loop->closing = NULL;
}

/* --- libuv's own functions --- */

uint64_t uv_now(const uv_loop_t *loop)
{
	return ((const struct loop *)(const void *)loop)->now_ms;
}

int uv_timer_init(uv_loop_t *loop, uv_timer_t *timer)
{
	init(loop, (uv_handle_t *)timer, UV_TIMER);
	timer->timer_cb = NULL;
	timer->repeat = 0;
	return 0;
}

int uv_timer_start(uv_timer_t *timer, uv_timer_cb callback, uint64_t timeout_ms, uint64_t repeat_ms)
{
	stop((uv_handle_t *)timer);
	timer->timer_cb = callback;
	timer->timeout = loop_of((uv_handle_t *)timer)->now_ms + timeout_ms;
	timer->repeat = repeat_ms;
	start((uv_handle_t *)timer);
	return 0;
}

int uv_timer_stop(uv_timer_t *timer)
{
	stop((uv_handle_t *)timer);
	return 0;
}

int uv_idle_init(uv_loop_t *loop, uv_idle_t *idle)
{
	init(loop, (uv_handle_t *)idle, UV_IDLE);
	return 0;
}

int uv_idle_start(uv_idle_t *idle, uv_idle_cb callback)
{
	idle->idle_cb = callback;
	start((uv_handle_t *)idle);
	return 0;
}

int uv_idle_stop(uv_idle_t *idle)
{
	stop((uv_handle_t *)idle);
	return 0;
}

int uv_prepare_init(uv_loop_t *loop, uv_prepare_t *prepare)
{
	init(loop, (uv_handle_t *)prepare, UV_PREPARE);
	return 0;
}

int uv_prepare_start(uv_prepare_t *prepare, uv_prepare_cb callback)
{
	prepare->prepare_cb = callback;
	start((uv_handle_t *)prepare);
	return 0;
}

int uv_check_init(uv_loop_t *loop, uv_check_t *check)
{
	init(loop, (uv_handle_t *)check, UV_CHECK);
	return 0;
}

int uv_check_start(uv_check_t *check, uv_check_cb callback)
{
	check->check_cb = callback;
	start((uv_handle_t *)check);
	return 0;
}

int uv_is_active(const uv_handle_t *handle)
{
	return handle->flags & ACTIVE ? 1 : 0;
}

void uv_close(uv_handle_t *handle, uv_close_cb callback)
{
	struct loop *loop = loop_of(handle);

	assert(!(handle->flags & CLOSING));
	stop(handle);
	handle->flags |= CLOSING;
	handle->close_cb = callback;
	add(&loop->closing, &loop->closing_count, &loop->closing_capacity, handle);
}

const char *uv_strerror(int code)
{
	return strerror(-code);
}

/* Hosts are numeric here: names are never looked up. */
int uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *request, uv_getaddrinfo_cb callback, const char *node,
		   const char *service, const struct addrinfo *hints)
{
	(void)loop, (void)request, (void)callback, (void)node, (void)service, (void)hints;
	return UV_EAI_FAIL;
}

void uv_freeaddrinfo(struct addrinfo *addresses)
{
	(void)addresses;
}

int uv_cancel(uv_req_t *request)
{
	(void)request;
	return UV_EBUSY;
}
