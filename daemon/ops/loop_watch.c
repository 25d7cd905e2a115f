/* ops/loop_watch.c
 *
 *   prepare: the turn ends --> poll, and the callbacks of what came --> check: the turn has begun when the poll ended
 *
 * The callbacks run inside of the poll, as libuv sees it: when the waiting itself was over, only uv_now() tells, which
 * libuv has set then. So a turn costs one reading of a clock that is no system call. */
#include "daemon/ops/loop_watch.h"

#include "common/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
	TELL_INTERVAL_MS = 1000,
	/* The thread's usage is asked for at most so often, ahead of a turn that may turn out to be a long one. */
	USAGE_INTERVAL_MS = 20,
};

static uint64_t now_ms(void)
{
	return uv_hrtime() / 1000000;
}

static struct loop_usage usage_now(const struct loop_watch *watch)
{
	struct timespec cpu = {0};
	uint64_t waited_ns = 0;
	char text[96];

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	ssize_t size = watch->schedstat < 0 ? -1 : pread(watch->schedstat, text, sizeof(text) - 1, 0);
	if (size > 0) {
		text[size] = '\0';
		(void)sscanf(text, "%*u %" SCNu64, &waited_ns);
	}
	return (struct loop_usage){
		.cpu_ms = (uint64_t)cpu.tv_sec * 1000 + (uint64_t)cpu.tv_nsec / 1000000,
		.waited_ms = waited_ns / 1000000,
	};
}

static uint64_t at_most(uint64_t number, uint64_t limit)
{
	return number < limit ? number : limit;
}

/* What kept us, had there been a processor for us at once. */
static uint64_t own_ms(const struct loop_turn *turn)
{
	return turn->wall_ms - turn->waited_ms;
}

static void note_held(struct loop_watch *watch, uint64_t wall_ms)
{
	struct loop_usage now = usage_now(watch);
	struct loop_turn turn = {
		.wall_ms = wall_ms,
		.cpu_ms = at_most(now.cpu_ms - watch->before.cpu_ms, wall_ms),
		.waited_ms = at_most(now.waited_ms - watch->before.waited_ms, wall_ms),
	};

	if (watch->untold++ == 0 || own_ms(&turn) > own_ms(&watch->worst))
		watch->worst = turn;
}

static void tell_held(struct loop_watch *watch, uint64_t at_ms)
{
	const struct loop_turn *worst = &watch->worst;

	log_event(LEVEL_WARNING, "loop.held", log_int("wall_ms", (int64_t)worst->wall_ms),
		  log_int("cpu_ms", (int64_t)worst->cpu_ms), log_int("waited_ms", (int64_t)worst->waited_ms),
		  log_int("times", (int64_t)watch->untold));
	watch->untold = 0;
	watch->told_ms = at_ms;
}

static void end_turn(struct loop_watch *watch, uint64_t at_ms)
{
	uint64_t wall_ms = at_ms - watch->turn_began_ms;

	if (!watch->turning)
		return;
	if (wall_ms > watch->longest_ms)
		watch->longest_ms = wall_ms;
	if (wall_ms > LOOP_WATCH_HELD_MS)
		note_held(watch, wall_ms);
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct loop_watch *watch = prepare->data;
	uint64_t at_ms = now_ms();

	end_turn(watch, at_ms);
	if (watch->untold > 0 && (watch->told_ms == 0 || at_ms - watch->told_ms >= TELL_INTERVAL_MS))
		tell_held(watch, at_ms);
	if (at_ms - watch->before_ms >= USAGE_INTERVAL_MS) {
		watch->before = usage_now(watch);
		watch->before_ms = at_ms;
	}
}

static void on_check(uv_check_t *check)
{
	struct loop_watch *watch = check->data;

	watch->turning = true;
	watch->turn_began_ms = uv_now(watch->loop);
}

void loop_watch_open(struct loop_watch *watch, uv_loop_t *loop)
{
	*watch = (struct loop_watch){.loop = loop};
	watch->schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	/* None of these can fail: they only link themselves into the loop. */
	(void)uv_prepare_init(loop, &watch->prepare);
	(void)uv_check_init(loop, &watch->check);
	watch->prepare.data = watch->check.data = watch;
	(void)uv_prepare_start(&watch->prepare, on_prepare);
	(void)uv_check_start(&watch->check, on_check);
	uv_unref((uv_handle_t *)&watch->prepare);
	uv_unref((uv_handle_t *)&watch->check);
}

uint64_t loop_watch_end(struct loop_watch *watch)
{
	uint64_t at_ms = now_ms();

	end_turn(watch, at_ms);
	if (watch->untold > 0)
		tell_held(watch, at_ms);
	return watch->longest_ms;
}

void loop_watch_close(struct loop_watch *watch)
{
	if (watch->schedstat >= 0)
		close(watch->schedstat);
	uv_close((uv_handle_t *)&watch->prepare, NULL);
	uv_close((uv_handle_t *)&watch->check, NULL);
	(void)uv_run(watch->loop, UV_RUN_NOWAIT);
}
