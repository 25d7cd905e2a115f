/* queue/calls.c */
#include "daemon/queue/calls.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { CAPACITY_FIRST = 64 }; /* a power of two, as all that follow */

static struct link_call *place(const struct calls *calls, uint32_t index)
{
	return &calls->ring[(calls->first + index) & (calls->capacity - 1)];
}

static int grow(struct calls *calls)
{
	uint32_t capacity = calls->capacity ? calls->capacity * 2 : CAPACITY_FIRST;
	struct link_call *ring = calloc(capacity, sizeof(*ring));

	if (!ring)
		return -ENOMEM;
	for (uint32_t i = 0; i < calls->count; i++)
		ring[i] = *place(calls, i);
	free(calls->ring);
	*calls = (struct calls){.ring = ring, .count = calls->count, .capacity = capacity};
	return 0;
}

int calls_add(struct calls *calls, struct link_call call)
{
	if (calls->count == calls->capacity && grow(calls))
		return -ENOMEM;
	*place(calls, calls->count) = call;
	calls->count++;
	return 0;
}

struct link_call calls_take(struct calls *calls)
{
	assert(calls->count > 0);
	struct link_call call = calls->ring[calls->first];
	calls->first = (calls->first + 1) & (calls->capacity - 1);
	calls->count--;
	return call;
}

uint64_t calls_deadline_ms(const struct calls *calls)
{
	assert(calls->count > 0);
	return calls->ring[calls->first].deadline_ms;
}

void calls_free(struct calls *calls)
{
	free(calls->ring);
	*calls = (struct calls){0};
}
