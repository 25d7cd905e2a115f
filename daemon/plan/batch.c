/* plan/batch.c - a batch from the first wave to the end of its transaction.
 *
 *   GATHERED --next--> SENT --all answered, next--> SENT … --> ENDING --batch_ended--> free
 *
 * In ENDING the transaction is being committed, or rolled back because of `trouble`: the first thing that made it
 * impossible to go on. After trouble, what is still answered is thrown away: all of it runs again. */
#include "daemon/plan/batch.h"

#include "daemon/plan/park.h"
#include "daemon/plan/planner_state.h"
#include "daemon/plan/retry.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { STATEMENTS_PER_JOB = 4, NOBODY = UINT32_MAX };

enum trouble {
	TROUBLE_NONE,
	TROUBLE_UNDO, /* a job failed and left effects behind */
	TROUBLE_SIZE, /* the answers are more than one batch may hold in memory */
	TROUBLE_SQL,  /* a statement was answered with an error that is not its command's own: see error */
	TROUBLE_END,  /* COMMIT was, or the connection went when no statement was outstanding: see error */
};

struct batch_member {
	struct task *task;
	bool finished;
	bool failed; /* finished, with an error */
};

/* Where the answer to a statement of the wave belongs. */
struct slot {
	uint32_t member;
	uint32_t index; /* in the procedure's own wave */
	bool answered;
};

struct batch {
	struct planner *planner;
	struct batch *next; /* of all the planner has */
	bool in_use;
	bool begun;
	uint32_t count;
	uint32_t capacity;
	struct batch_member *members;
	struct statement *statements;
	struct slot *slots;
	uint32_t wave; /* statements in it */
	uint32_t answered;
	uint64_t bytes; /* of the rows so far */
	enum trouble trouble;
	uint32_t culprit;       /* the member that the trouble came from, or NOBODY */
	uint32_t lost_member;   /* whose statement was being answered when the connection went, or NOBODY */
	struct sql_error error; /* with TROUBLE_SQL and TROUBLE_END */
};

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

/* --- the end --- */

/* Answers the job with what the server said. */
static void finish_with_sql(struct batch *batch, struct task *task, uint64_t now_us)
{
	struct error error;

	procedure_error_from_sql(&task->job, &batch->error, &error);
	planner_finish(batch->planner, task, &error, now_us);
}

/* A job failed after it had changed something. What it failed on may have been the work of an earlier create in the
 * same batch, which is undone as well: then it has to fail again, by itself. */
static void end_undone(struct batch *batch, struct task *task, uint64_t now_us)
{
	if (!schedule_first_create(&task->node)) {
		task->batch_limit = 1;
		planner_return(batch->planner, task, 0);
		return;
	}
	planner_finish(batch->planner, task, procedure_error(&task->job), now_us);
}

/* A deadlock, or a lock that was not granted: it counts against the batch, so that it is halved, and against the job
 * that was chosen, so that it ends. */
static void end_deadlocked(struct batch *batch, struct task *task, bool is_culprit, uint64_t random, uint64_t now_us)
{
	uint32_t limit;

	task->rollbacks++;
	task->job.retries += is_culprit;
	limit = retry_halved(task->rollbacks, batch->count);
	if (limit > 0)
		task->batch_limit = limit;
	if (is_culprit && retry_gives_up(task->job.retries))
		finish_with_sql(batch, task, now_us);
	else
		planner_return(batch->planner, task, now_us + retry_pause_us(task->rollbacks, random));
}

static void end_stale(struct batch *batch, struct task *task, bool is_culprit, uint64_t now_us)
{
	if (!is_culprit)
		planner_return(batch->planner, task, 0);
	else if (task->reread)
		finish_with_sql(batch, task, now_us);
	else
		planner_park_stale(batch->planner, task);
}

/* The connection went while a statement of the job was being answered. Returns true when that was once too often. */
static bool end_lost(struct batch *batch, struct task *task, uint64_t now_us)
{
	struct error error;

	if (batch->trouble == TROUBLE_SQL && retry_is_unreadable(&batch->error)) {
		finish_with_sql(batch, task, now_us);
		return true;
	}
	task->job.connections_lost++;
	if (!retry_is_poison(0, task->job.connections_lost))
		return false;
	error_set(&error, ERROR_POISON, "the connection to the database was lost %u times while this command ran",
		  task->job.connections_lost);
	planner_finish(batch->planner, task, &error, now_us);
	return true;
}

/* What is to be done about the trouble. */
static enum retry_action action_of(const struct batch *batch)
{
	enum retry_action action;

	if (batch->trouble == TROUBLE_NONE || batch->trouble == TROUBLE_UNDO || batch->trouble == TROUBLE_SIZE)
		return RETRY_LOST;
	action = retry_action(batch->error.class);
	/* A COMMIT that answers an error may do so for ever: it has to count. */
	if (batch->trouble == TROUBLE_END && (action == RETRY_ANSWER || action == RETRY_REREAD))
		return RETRY_AGAIN;
	return action;
}

/* How many of these jobs are to share a batch after their answers were too large for one: those that fitted, and at
 * most half, since rows of a later wave count as well. */
static uint32_t fitting_count(const struct batch *batch)
{
	uint32_t half = batch->count / 2;
	uint32_t fitted = batch->culprit < half ? batch->culprit : half;

	return fitted > 0 ? fitted : 1;
}

/* A ping asks whether the database can be reached now: that it cannot is the answer, and no reason to ask again.
 * Returns false for every other job, and for other trouble. */
static bool end_ping(struct batch *batch, struct task *task, uint64_t now_us)
{
	enum retry_action action = action_of(batch);
	struct error error;

	if (task->job.command.operation.op != OP_PING || (action != RETRY_LOST && action != RETRY_WEATHER) ||
	    batch->trouble == TROUBLE_UNDO || batch->trouble == TROUBLE_SIZE)
		return false;
	error_set(&error, ERROR_UNAVAILABLE, "%s", error_code_meaning(ERROR_UNAVAILABLE));
	planner_finish(batch->planner, task, &error, now_us);
	return true;
}

static void end_member(struct batch *batch, uint32_t index, uint64_t random, uint64_t now_us)
{
	struct task *task = batch->members[index].task;
	bool is_culprit = index == batch->culprit;

	if (end_ping(batch, task, now_us))
		return;
	if (index == batch->lost_member && end_lost(batch, task, now_us))
		return;
	if (batch->trouble == TROUBLE_SIZE)
		task->batch_limit = fitting_count(batch);
	if (batch->trouble == TROUBLE_UNDO && is_culprit) {
		end_undone(batch, task, now_us);
		return;
	}
	switch (action_of(batch)) {
	case RETRY_AGAIN:
		end_deadlocked(batch, task, is_culprit, random, now_us);
		return;
	case RETRY_REREAD:
		end_stale(batch, task, is_culprit, now_us);
		return;
	case RETRY_WEATHER:
		planner_return(batch->planner, task, now_us + retry_weather_pause_us(random));
		return;
	case RETRY_ANSWER:
	case RETRY_LOST:
		break;
	}
	planner_return(batch->planner, task, 0);
}

/* Nothing of the batch took effect, as far as we know: a COMMIT in doubt is taken for one that did not happen, so that
 * each command is executed at least once. */
static void run_again(struct batch *batch, enum batch_end end, const struct sql_error *error, uint64_t now_us)
{
	uint64_t random = retry_random(&batch->planner->random) ^ now_us;
	bool blames;

	if (batch->trouble == TROUBLE_NONE && error) {
		/* No statement was answered so: only a job by itself can be blamed. */
		batch->trouble = TROUBLE_END;
		batch->error = *error;
		batch->culprit = batch->count == 1 ? 0 : NOBODY;
	}
	blames = end == BATCH_LOST && (!error || retry_blames(error));
	for (uint32_t i = 0; blames && batch->lost_member == NOBODY && i < batch->wave; i++)
		if (!batch->slots[i].answered)
			batch->lost_member = batch->slots[i].member;
	for (uint32_t i = 0; i < batch->count; i++)
		end_member(batch, i, random, now_us);
}

void batch_ended(struct batch *batch, enum batch_end end, const struct sql_error *error, uint64_t now_us)
{
	struct planner *planner = batch->planner;

	if (end != BATCH_COMMITTED)
		run_again(batch, end, error, now_us);
	for (uint32_t i = 0; end == BATCH_COMMITTED && i < batch->count; i++) {
		struct batch_member *member = &batch->members[i];
		struct job *job = &member->task->job;

		planner_finish(planner, member->task, member->failed ? procedure_error(job) : NULL, now_us);
	}
	batch->in_use = false;
	planner_unpark(planner, now_us);
	planner_settle(planner);
}
