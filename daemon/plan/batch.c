/* plan/batch.c - a batch from the first wave to the end of its transaction.
 *
 *   GATHERED --next--> SENT --all answered, next--> SENT … --> ENDING --batch_ended--> free
 *
 * In ENDING the transaction is being committed, or rolled back because of `trouble`: the first thing that made it
 * impossible to go on. After trouble, what is still answered is thrown away: all of it runs again. */
#include "daemon/plan/batch.h"

#include "daemon/plan/batch_state.h"
#include "daemon/plan/planner_state.h"
#include "daemon/plan/retry.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* What the groups of a batch may keep for the next one: full batches of small rows take less. */
enum { KEPT_BYTES = 256 * 1024 };

/* --- storage --- */

static void free_batch(struct batch *batch)
{
	for (uint32_t i = 0; batch->shared && i < batch->shared_count; i++)
		shared_free(batch->shared[i]);
	free(batch->members);
	free(batch->order);
	free(batch->jobs);
	free(batch->groups);
	free(batch->table);
	free(batch->shared);
	free(batch->statements);
	free(batch->slots);
	free(batch);
}

static bool alloc_arrays(struct batch *batch)
{
	size_t statements = (size_t)batch->capacity * BATCH_STATEMENTS_PER_JOB;
	uint32_t table = 1;

	while (table < batch->capacity * 2)
		table *= 2;
	batch->table_mask = table - 1;
	batch->members = calloc(batch->capacity, sizeof(*batch->members));
	batch->order = calloc(batch->capacity, sizeof(*batch->order));
	batch->jobs = calloc(batch->capacity, sizeof(struct job *));
	batch->groups = calloc(batch->capacity, sizeof(*batch->groups));
	batch->table = calloc(table, sizeof(*batch->table));
	batch->shared = calloc(batch->capacity, sizeof(struct shared *));
	batch->statements = calloc(statements, sizeof(*batch->statements));
	batch->slots = calloc(statements, sizeof(*batch->slots));
	return batch->members && batch->order && batch->jobs && batch->groups && batch->table && batch->shared &&
	       batch->statements && batch->slots;
}

static struct batch *new_batch(struct planner *planner)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return NULL;
	batch->capacity = planner->options.batch;
	batch->planner = planner;
	if (!alloc_arrays(batch)) {
		free_batch(batch);
		return NULL;
	}
	batch->next = planner->batches;
	planner->batches = batch;
	return batch;
}

struct batch *batch_take(struct planner *planner)
{
	struct batch *batch = planner->batches;

	/* As many as there are connections: few. */
	while (batch && batch->in_use)
		batch = batch->next;
	if (!batch)
		batch = new_batch(planner);
	if (!batch)
		return NULL;
	batch->in_use = true;
	batch->begun = false;
	batch->count = 0;
	batch->wave = 0;
	batch->answered = 0;
	batch->room = planner->options.batch_bytes;
	batch->trouble = TROUBLE_NONE;
	batch->culprit = BATCH_NOBODY;
	batch->lost = false;
	return batch;
}

void batch_free_all(struct planner *planner)
{
	while (planner->batches) {
		struct batch *batch = planner->batches;

		planner->batches = batch->next;
		free_batch(batch);
	}
}

void batch_add(struct batch *batch, struct task *task)
{
	assert(batch->count < batch->capacity);
	batch->members[batch->count++] = (struct batch_member){.task = task};
	task->batch = batch;
}

struct task *batch_task(const struct batch *batch, uint32_t index)
{
	return batch->members[index].task;
}

uint32_t batch_timeout_ms(const struct batch *batch)
{
	return batch->members[0].task->job.policy->statement_timeout_ms;
}

bool batch_only_reads(const struct batch *batch)
{
	for (uint32_t i = 0; i < batch->count; i++)
		if (batch->members[i].task->job.command.operation.op != OP_READ)
			return false;
	return true;
}

uint32_t batch_size(const struct batch *batch)
{
	return batch->count;
}

/* There are two batches for each connection, and one may have had groups as large as a packet. */
static void give_back_memory(struct batch *batch)
{
	size_t left = KEPT_BYTES;

	for (uint32_t i = 0; i < batch->shared_count; i++)
		left -= shared_keep(batch->shared[i], left);
}

void batch_ended(struct batch *batch, enum batch_end end, const struct sql_error *error, uint64_t now_us)
{
	struct planner *planner = batch->planner;

	if (end != BATCH_COMMITTED)
		batch_run_again(batch, end, error, now_us);
	for (uint32_t i = 0; end == BATCH_COMMITTED && i < batch->count; i++) {
		struct batch_member *member = &batch->members[i];
		struct job *job = &member->task->job;

		planner_finish(planner, member->task, member->failed ? procedure_error(job) : NULL, now_us);
	}
	give_back_memory(batch);
	batch->in_use = false;
	(void)planner_unpark(planner, now_us); /* what it has parked may be behind the catalog already */
}
