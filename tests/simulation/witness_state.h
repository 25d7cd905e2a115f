/* tests/simulation/witness_state.h - what the files of the witness share: what it has seen. */
#ifndef SIMULATION_WITNESS_STATE_H
#define SIMULATION_WITNESS_STATE_H

#include "blob.h"
#include "commands.h"
#include "scenario.h"

#include <stdbool.h>
#include <stdint.h>

enum { ITEMS_MOST = 10 * QUEUES_MOST };

/* A worker that was ever seen. */
struct known_worker {
	struct blob *id; /* its random part */
	uint32_t joined; /* queues, a bit each */
	bool *used;      /* claim numbers */
	uint64_t capacity;
	uint64_t killed_us; /* 0: not, or while others were not at their best */
};

/* Which commands have set a row, in the order of their COMMITs. */
struct history {
	uint64_t *commands;
	uint32_t count, capacity;
};

struct witness {
	struct known_worker *workers;
	uint32_t worker_count, worker_capacity;
	struct history histories[ITEMS_MOST]; /* by the row's key */
	uint64_t troubled_us;                 /* when something but a kill was done to somebody last */
	bool serves_ghost;
	bool froze, forgot, disturbed, gave_up_drain;
};

extern struct witness witness;

/* The command's mark in the trace; valid until the next call. */
const char *witness_mark(const struct command *command);
bool witness_exactly_once(const struct command *command);
bool witness_ends_with(struct bytes text, const char *end);
/* Whether nothing is left to be done for it. */
bool witness_has_end(const struct command *command);

/* Of a worker's name: it begins with how a queue is delivered, and is otherwise the same in all queues. */
struct bytes witness_random_part(struct bytes name);
/* Of a key {Q}:inflight:<worker>; no data: it is none. */
struct bytes witness_worker_of(struct bytes key);
/* By the random part; valid until the next one is known. */
struct known_worker *witness_know(struct bytes id);

#endif
