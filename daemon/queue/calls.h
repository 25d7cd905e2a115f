/* queue/calls.h - whom to tell the answers that are due on one connection. A ring: answers come in order. */
#ifndef QUEUE_CALLS_H
#define QUEUE_CALLS_H

#include "daemon/queue/link.h"

#include <stdint.h>

struct link_call {
	link_answer *answer;
	void *context;
	uint64_t deadline_ms;
};

struct calls {
	struct link_call *ring;
	uint32_t first, count, capacity;
};

/* Returns 0 or -ENOMEM. */
int calls_add(struct calls *calls, struct link_call call);
/* Takes the oldest. There must be one. */
struct link_call calls_take(struct calls *calls);
/* When the oldest is late; there must be one. */
uint64_t calls_deadline_ms(const struct calls *calls);
/* Forgets all. */
void calls_free(struct calls *calls);

#endif
