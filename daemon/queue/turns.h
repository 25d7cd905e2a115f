/* queue/turns.h - when the worker acts: once per turn of the loop at most, and every 100 ms at least. */
#ifndef QUEUE_TURNS_H
#define QUEUE_TURNS_H

#include <stdint.h>
#include <uv.h>

struct turns_events {
	/* Something was touched, or 100 ms have passed: called before the loop blocks, when everybody else has made
	 * something of what the turn has brought. */
	void (*step)(void *context);
	/* In every turn, when the loop has polled: for telling others what they may want to act upon before it blocks.
	 */
	void (*polled)(void *context);
	/* turns_close() has finished. */
	void (*closed)(void *context);
};

struct turns {
	uv_timer_t tick;
	uv_idle_t soon; /* active: the step is due */
	uv_check_t polled;
	uv_prepare_t blocking;
	uint32_t handles; /* that are open */
	struct turns_events events;
	void *context;
};

/* The first step is due at once. */
void turns_open(struct turns *turns, uv_loop_t *loop, const struct turns_events *events, void *context);

/* The step is due. Legal anywhere but after turns_close(); called from within the step it asks for another one. */
void turns_touch(struct turns *turns);

/* No step follows. The memory is the loop's until `closed`. */
void turns_close(struct turns *turns);

#endif
