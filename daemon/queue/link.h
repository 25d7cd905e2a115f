/* queue/link.h - one connection to Redis that comes back by itself.
 *
 * Commands are written piece by piece: link_begin(), an argument each, link_commit(). Nothing is retried here: a
 * command whose answer did not come is told so, and only its sender knows whether it may be sent again. */
#ifndef QUEUE_LINK_H
#define QUEUE_LINK_H

#include "common/bytes.h"
#include "common/url.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct link;
struct redis_reply;

struct link_settings {
	const struct redis_url *url; /* outlives the link */
	uint32_t timeout_ms;         /* to connect, and for each answer */
	const char *name;            /* for CLIENT SETNAME and the log; outlives the link */
};

struct link_events {
	/* Connected and greeted: commands may be sent. */
	void (*ready)(void *context);
	/* It was ready and is not any more. All answers that were due have been told so. */
	void (*lost)(void *context);
	/* Call link_step() and link_flush() soon, from outside of any callback of a link. */
	void (*touched)(void *context);
};

/* reply is NULL when none will come: the command may or may not have been executed. Valid during the call only. */
typedef void link_answer(void *context, const struct redis_reply *reply);

/* Connects with the next link_step(). Returns 0 or -ENOMEM. */
int link_open(uv_loop_t *loop, const struct link_settings *settings, const struct link_events *events, void *context,
	      struct link **ret_link);

/* Does what is due: connects, greets, gives up on answers that are late, pings when idle. To be called when touched and
 * at least every 100 ms. Never from within a callback of a link. now_ms is monotonic. */
void link_step(struct link *link, uint64_t now_ms);

/* Sends what was committed: to be called once per turn, when all has been said. Never from within a callback of a link.
 * What the socket does not take at once, or is too much for one turn, follows by itself, through `touched` and the next
 * call. */
void link_flush(struct link *link);

bool link_ready(const struct link *link);

/* The number that CLIENT UNBLOCK wants; 0: not known. */
uint64_t link_client_id(const struct link *link);

/* Sends one command of count arguments, its name included. extra_ms: how much longer than usual the answer may take.
 * answer is called exactly once if and only if link_commit() returns 0, and never from inside it. Otherwise it returns
 * -ENOTCONN or -ENOMEM. */
void link_begin(struct link *link, uint32_t count);
void link_argument(struct link *link, struct bytes argument);
void link_text(struct link *link, const char *argument);
void link_uint(struct link *link, uint64_t argument);
int link_commit(struct link *link, uint32_t extra_ms, link_answer *answer, void *context);

/* Bytes of arguments that were already written in this form (see script.c). */
void link_formatted(struct link *link, struct bytes arguments);

/* Cuts the connection and connects again, at once when the link was ready. Not from within a callback of a link. */
void link_drop(struct link *link, const char *why);

/* Cuts the connection for good; answers that were due are told so, no event follows, the link is gone. Not from within
 * a callback of a link. NULL is fine. */
void link_close(struct link *link);

#endif
