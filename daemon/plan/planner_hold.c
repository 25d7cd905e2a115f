/* plan/planner_hold.c - when ready jobs had better wait for a batch that runs.
 *
 * A statement costs the server more than the rows in it. Where jobs wait for many tables, a batch for each idle
 * connection takes the few of each that are there, while those that come behind would have shared their statements. So
 * the next batch is held back while one runs, if enough is ready to keep the server busy with the next. What runs for
 * long holds up nobody, and few commands wait for none. */
#include "daemon/plan/batch_state.h"
#include "daemon/plan/planner_state.h"

enum {
	/* Jobs by statement that are worth a batch of their own: the server spends as much on the rows by then. */
	WORTH_IT = 32,
	/* So few jobs to a batch's size are no reason to run alone: small batches cannot have large statements. */
	WORTH_IT_PER_BATCH = 4,
	/* A batch that has not ended by then may be waiting for a lock or for a disk, and the server have time. */
	YOUNG_US = 20000,
};

/* Until when a batch of shared statements that runs is young; 0: there is none. */
static uint64_t young_until(const struct planner *planner, uint64_t now_us)
{
	uint64_t until_us = 0;

	for (const struct batch *batch = planner->batches; batch; batch = batch->next) {
		uint64_t end_us = batch->begun_us + YOUNG_US;

		if (batch->in_use && batch->shares && now_us < end_us && end_us > until_us)
			until_us = end_us;
	}
	return until_us;
}

bool planner_holds_back(const struct planner *planner, uint64_t now_us, uint64_t *ret_wake_us)
{
	uint32_t most = planner->options.batch, worth_it = most / WORTH_IT_PER_BATCH;
	uint64_t jobs = 0, groups = 0, until_us = young_until(planner, now_us);

	for (uint32_t i = 0; until_us > 0 && i < planner->queue_count; i++) {
		jobs += planner->queues[i]->sharing.open_jobs;
		groups += planner->queues[i]->sharing.by_age.count;
	}
	if (worth_it > WORTH_IT)
		worth_it = WORTH_IT;
	if (until_us == 0 || jobs < most / 2 || jobs >= groups * worth_it)
		return false;
	if (*ret_wake_us == 0 || until_us < *ret_wake_us)
		*ret_wake_us = until_us;
	return true;
}
