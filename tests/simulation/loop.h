/* tests/simulation/loop.h - libuv's loop over the world's time: timers, idle, prepare and check handles, and what comes
 * from outside. One loop per simulated process.
 *
 * It blocks when nothing is due, and is woken by the world. A frozen one is not: what comes waits for it. */
#ifndef SIMULATION_LOOP_H
#define SIMULATION_LOOP_H

#include "world.h"

#include <uv.h>

struct loop {
	uv_loop_t uv;          /* first: what the code under test is handed */
	uv_handle_t **handles; /* those that are started, the youngest last */
	size_t handle_count, handle_capacity;
	uv_handle_t **closing;
	size_t closing_count, closing_capacity;
	struct arrival *arrivals;
	size_t arrival_count, arrival_capacity;
	uint64_t now_ms;
	uint64_t busy_until_us; /* what comes before is seen then, all at once */
	uint64_t wake_us;       /* the earliest wake-up that is under way; UINT64_MAX: none */
	bool frozen, running;
	bool over;                         /* no world any more: it is being taken down, see loop_finish() */
	bool closed;                       /* what comes finds nobody */
	void (*before)(struct loop *loop); /* each turn: for faults that are to strike the code under test */
	void (*after)(struct loop *loop);
	void *owner;
};

void loop_open(struct loop *loop, void *owner);

/* Something has come for it: handed in when it polls, in the order of these calls. Of a closed loop at once: the callee
 * finds that nobody wants it any more. */
void loop_post(struct loop *loop, happening *arrives, void *context, uint64_t argument);

void loop_freeze(struct loop *loop);
void loop_thaw(struct loop *loop);

/* Turns without a world around it, until *done (NULL: until nothing is left in it): the time stands still. */
void loop_finish(struct loop *loop, const bool *done);

/* Frees it; no handle may be open any more. */
void loop_close(struct loop *loop);

#endif
