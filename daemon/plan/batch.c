/* plan/batch.c - a batch from the first wave to the end of its transaction.
 *
 *   GATHERED --next--> SENT --all answered, next--> SENT … --> ENDING --batch_ended--> free
 *
 * In ENDING the transaction is being committed, or rolled back because of `trouble`: the first thing that made it
 * impossible to go on. After trouble, what is still answered is thrown away: all of it runs again. */
#include "daemon/plan/batch.h"

#include "daemon/plan/batch_state.h"
#include "daemon/plan/park.h"
#include "daemon/plan/planner_state.h"
#include "daemon/plan/retry.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* What the groups of a batch may keep for the next one: full batches of small rows take less. */
enum { KEPT_BYTES = 256 * 1024 };

/* A marker names at most the commands of one batch: as many numbers of at most twenty digits. */
enum { MARKER_TEXT_BYTES = 4 << 20 };

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
	free(batch->numbers);
	free(batch->once_jobs);
	buffer_free(&batch->ledger_text);
	buffer_free(&batch->marker_text);
	buffer_free(&batch->compound_text);
	free(batch);
}

static bool alloc_arrays(struct batch *batch)
{
	size_t statements = (size_t)batch->capacity * BATCH_STATEMENTS_PER_JOB + 3; /* marker, ledger, compound */
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
	batch->numbers = calloc(batch->capacity, sizeof(*batch->numbers));
	batch->once_jobs = calloc(batch->capacity, sizeof(struct job *));
	buffer_init(&batch->ledger_text, SIZE_MAX / 2);
	buffer_init(&batch->marker_text, MARKER_TEXT_BYTES);
	buffer_init(&batch->compound_text, BATCH_COMPOUND_BYTES);
	return batch->members && batch->order && batch->jobs && batch->groups && batch->table && batch->shared &&
	       batch->statements && batch->slots && batch->numbers && batch->once_jobs;
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
	batch->is_one_statement = batch->is_compound = batch->is_behind = false;
	batch->answered = 0;
	batch->room = planner->options.batch_bytes;
	batch->trouble = TROUBLE_NONE;
	batch->culprit = BATCH_NOBODY;
	batch->lost = false;
	batch->discards = false;
	batch->books_failed = false;
	batch->ledger = LEDGER_OVER;
	batch->marker.slot = MARKER_NONE;
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

bool batch_is_one_statement(const struct batch *batch)
{
	return batch->is_one_statement;
}

bool batch_is_compound(const struct batch *batch)
{
	return batch->is_compound;
}

uint32_t batch_size(const struct batch *batch)
{
	return batch->count;
}

/* Whether it was committed by a compound statement of whose answer something is missing: batch_next() was not asked
 * what that has come to, and it is too late for it. */
static bool is_untold(struct batch *batch)
{
	return batch->is_compound && !batch_has_heard(batch);
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
	bool over = end == BATCH_COMMITTED || (end == BATCH_ROLLED_BACK && batch->discards);

	/* That an earlier worker was declared dead is known: this one has begun in its place. */
	planner->fenced |= batch->trouble == TROUBLE_FENCED && markers_own(planner->markers, &batch->marker);
	batch_end_marker(batch, end == BATCH_COMMITTED);
	if (!over)
		batch_run_again(batch, end, error, now_us);
	for (uint32_t i = 0; over && i < batch->count; i++) {
		struct batch_member *member = &batch->members[i];
		struct job *job = &member->task->job;

		if (is_untold(batch))
			planner_park_committed(planner, member->task);
		else
			planner_finish(planner, member->task, member->failed ? procedure_error(job) : NULL, now_us);
	}
	give_back_memory(batch);
	batch->in_use = false;
	(void)planner_unpark(planner, now_us); /* what it has parked may be behind the catalog already */
}
