/* ops/loop_watch.h - how long the loop was held: a turn lasts from the end of one poll to the beginning of the next.
 *
 * Nobody is served during a turn. One of more than LOOP_WATCH_HELD_MS is told as loop.held, at most once per second,
 * with what the time was spent on. */
#ifndef OPS_LOOP_WATCH_H
#define OPS_LOOP_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { LOOP_WATCH_HELD_MS = 50 };

/* What the thread has had since it began. */
struct loop_usage {
	uint64_t cpu_ms;
	uint64_t waited_ms; /* able to run, and without a processor */
};

/* What is left of wall_ms without the other two, the thread slept in a call, or the process was stopped. */
struct loop_turn {
	uint64_t wall_ms, cpu_ms, waited_ms;
};

struct loop_watch {
	uv_loop_t *loop;
	uv_prepare_t prepare;
	uv_check_t check;
	int schedstat; /* the kernel's account of this thread; negative: it tells nobody */
	bool turning;  /* not before the first poll */
	uint64_t turn_began_ms;
	uint64_t longest_ms;
	struct loop_usage before; /* as of a moment shortly before the turn began */
	uint64_t before_ms;       /* that moment */
	struct loop_turn worst;   /* of those that were not told yet */
	uint64_t untold;
	uint64_t told_ms; /* when the last were */
};

/* To be called before any other prepare handle is started: libuv runs these last one first, and what they do belongs to
 * the turn. The watch does not keep the loop alive. */
void loop_watch_open(struct loop_watch *watch, uv_loop_t *loop);

/* After the loop's end: counts the last turn and tells what was not told. Returns the longest turn in ms. */
uint64_t loop_watch_end(struct loop_watch *watch);

/* Closes what it has, which takes one more turn of the loop. */
void loop_watch_close(struct loop_watch *watch);

#endif
