/* tests/simulation/scenario.h - what one seed is about: how many workers, which queues, how they are delivered. */
#ifndef SIMULATION_SCENARIO_H
#define SIMULATION_SCENARIO_H

#include "daemon/options.h"

#include <stdbool.h>
#include <stdint.h>

enum { QUEUES_MOST = 3, ITEMS_PER_QUEUE = 4 };

struct scenario {
	uint32_t processes, queue_count, connections;
	struct queue_options queues[QUEUES_MOST];
	uint32_t lease_ms, redis_timeout_ms, statement_timeout_ms;
	uint32_t in_flight, batch;
	uint32_t commands;
	uint64_t busy_us;    /* so long commands come and things go wrong; from then on, peace */
	bool refuses_memory; /* now and then */
	bool refuses_nth;    /* one allocation is refused, whichever allocations.h was told of */
};

extern struct scenario scenario;

void scenario_draw(void);
/* The same for each run of the story: see story.h. */
void scenario_for_story(void);
/* The options of a process; directory is kept. */
void scenario_options(struct options *ret_options, char *directory);

#endif
