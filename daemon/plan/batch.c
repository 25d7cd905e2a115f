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

enum { STATEMENTS_PER_JOB = 4 };

/* --- storage --- */

static struct batch *new_batch(struct planner *planner)
{
	uint32_t capacity = planner->options.batch;
	struct batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return NULL;
	batch->members = calloc(capacity, sizeof(*batch->members));
	batch->statements = calloc((size_t)capacity * STATEMENTS_PER_JOB, sizeof(*batch->statements));
	batch->slots = calloc((size_t)capacity * STATEMENTS_PER_JOB, sizeof(*batch->slots));
	batch->capacity = capacity;
	batch->planner = planner;
	if (!batch->members || !batch->statements || !batch->slots) {
		free(batch->members);
		free(batch->statements);
		free(batch->slots);
		free(batch);
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
	batch->bytes = 0;
	batch->trouble = TROUBLE_NONE;
	batch->culprit = NOBODY;
	batch->lost_member = NOBODY;
	return batch;
}

void batch_free_all(struct planner *planner)
{
	while (planner->batches) {
		struct batch *batch = planner->batches;

		planner->batches = batch->next;
		free(batch->members);
		free(batch->statements);
		free(batch->slots);
		free(batch);
	}
}

void batch_add(struct batch *batch, struct task *task)
{
	assert(batch->count < batch->capacity);
	batch->members[batch->count++] = (struct batch_member){.task = task};
}

struct task *batch_task(const struct batch *batch, uint32_t index)
{
	return batch->members[index].task;
}

uint32_t batch_timeout_ms(const struct batch *batch)
{
	return batch->members[0].task->job.policy->statement_timeout_ms;
}

uint32_t batch_size(const struct batch *batch)
{
	return batch->count;
}

/* --- waves --- */

/* Adds the member's next statements to the wave. */
static void next_of(struct batch *batch, uint32_t index)
{
	struct batch_member *member = &batch->members[index];
	uint32_t count = 0;
	bool undo = false;

	switch (procedure_next(&member->task->job, &batch->statements[batch->wave], &count, &undo)) {
	case PROCEDURE_SEND:
		assert(count > 0 && count <= STATEMENTS_PER_JOB);
		for (uint32_t i = 0; i < count; i++)
			batch->slots[batch->wave++] = (struct slot){.member = index, .index = i};
		return;
	case PROCEDURE_FINISHED:
		member->finished = true;
		return;
	case PROCEDURE_FAILED:
		break;
	}
	member->finished = true;
	member->failed = true;
	if (undo) {
		batch->trouble = TROUBLE_UNDO;
		batch->culprit = index;
	}
}

enum batch_step batch_next(struct batch *batch, uint64_t now_us, const struct statement **ret_statements,
			   size_t *ret_count)
{
	(void)now_us; /* deadlines will want it */
	assert(batch->answered == batch->wave);
	for (uint32_t i = 0; !batch->begun && i < batch->count; i++)
		procedure_restart(&batch->members[i].task->job);
	batch->begun = true;
	batch->wave = 0;
	batch->answered = 0;
	for (uint32_t i = 0; batch->trouble == TROUBLE_NONE && i < batch->count; i++)
		if (!batch->members[i].finished)
			next_of(batch, i);
	if (batch->trouble != TROUBLE_NONE) {
		batch->wave = 0;
		return BATCH_ROLLBACK;
	}
	*ret_statements = batch->statements;
	*ret_count = batch->wave;
	return batch->wave > 0 ? BATCH_SEND : BATCH_COMMIT;
}

static struct job *job_of_slot(const struct batch *batch, size_t index)
{
	return &batch->members[batch->slots[index].member].task->job;
}

int batch_row(struct batch *batch, size_t index, const char *const *values, const unsigned long *lengths,
	      uint32_t count)
{
	int r;

	assert(index < batch->wave && !batch->slots[index].answered);
	if (batch->trouble != TROUBLE_NONE)
		return -EFBIG;
	for (uint32_t i = 0; i < count; i++)
		batch->bytes += lengths[i];
	/* A job alone has the limit of its reply; many together would hold as many times that. */
	if (batch->bytes > batch->planner->options.batch_bytes && batch->count > 1) {
		batch->trouble = TROUBLE_SIZE;
		batch->culprit = batch->slots[index].member;
		return -EFBIG;
	}
	r = procedure_row(job_of_slot(batch, index), batch->slots[index].index, values, lengths, count);
	if (r != -ESTALE)
		return r;
	batch->trouble = TROUBLE_SQL;
	batch->culprit = batch->slots[index].member;
	batch->error = (struct sql_error){.class = SQL_ERROR_STALE_CATALOG, .code = ERROR_SQL_ERROR, .row = -1};
	return -EFBIG;
}

static void answered(struct batch *batch, size_t index)
{
	assert(index < batch->wave && !batch->slots[index].answered);
	batch->slots[index].answered = true;
	batch->answered++;
}

void batch_done(struct batch *batch, size_t index, const struct statement_result *result)
{
	answered(batch, index);
	if (batch->trouble == TROUBLE_NONE)
		procedure_done(job_of_slot(batch, index), batch->slots[index].index, result);
}

void batch_failed(struct batch *batch, size_t index, const struct sql_error *error)
{
	enum retry_action action = retry_action(error->class);

	answered(batch, index);
	if (action == RETRY_LOST && retry_blames(error))
		batch->lost_member = batch->slots[index].member;
	if (batch->trouble != TROUBLE_NONE)
		return;
	if (action == RETRY_ANSWER) {
		procedure_failed(job_of_slot(batch, index), batch->slots[index].index, error);
		return;
	}
	batch->trouble = TROUBLE_SQL;
	batch->culprit = batch->slots[index].member;
	batch->error = *error;
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
	batch->in_use = false;
	planner_unpark(planner, now_us);
	planner_settle(planner);
}
