/* plan/batch_trouble.c - what becomes of each job of a batch that was not committed. */
#include "daemon/plan/batch_state.h"
#include "daemon/plan/park.h"
#include "daemon/plan/retry.h"

/* Answers the job with the error. One with `once` is only looked up from now on, and told so when the ledger has
 * nothing of it: what it has failed on may have been its own earlier success, which was committed since it was asked
 * for. */
static void finish_with(struct batch *batch, struct task *task, const struct error *error, uint64_t now_us)
{
	if (procedure_stand_by(&task->job, batch->planner->catalog, error))
		planner_return(batch->planner, task, 0);
	else
		planner_finish(batch->planner, task, error, now_us);
}

/* The same with what the server said. */
static void finish_with_sql(struct batch *batch, struct task *task, uint64_t now_us)
{
	struct error error;

	procedure_error_from_sql(&task->job, &batch->error, &error);
	finish_with(batch, task, &error, now_us);
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
	finish_with(batch, task, procedure_error(&task->job), now_us);
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
	finish_with(batch, task, &error, now_us);
	return true;
}

/* Whether batch->error says what it is. */
static bool is_of_server(const struct batch *batch)
{
	return batch->trouble == TROUBLE_SQL || batch->trouble == TROUBLE_END;
}

/* What is to be done about the trouble. */
static enum retry_action action_of(const struct batch *batch)
{
	enum retry_action action;

	if (!is_of_server(batch))
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
	    (batch->trouble != TROUBLE_NONE && !is_of_server(batch)))
		return false;
	error_set(&error, ERROR_UNAVAILABLE, "%s", error_code_meaning(ERROR_UNAVAILABLE));
	planner_finish(batch->planner, task, &error, now_us);
	return true;
}

/* Its effects were undone, and nobody waits for it any more. */
static bool end_disowned(struct batch *batch, struct task *task, uint64_t now_us)
{
	struct error error;

	if (!task->disowned)
		return false;
	error_set(&error, ERROR_UNAVAILABLE, "%s", error_code_meaning(ERROR_UNAVAILABLE));
	planner_finish(batch->planner, task, &error, now_us);
	return true;
}

static void end_member(struct batch *batch, uint32_t index, uint64_t random, uint64_t now_us)
{
	struct task *task = batch->members[index].task;
	bool is_culprit = index == batch->culprit, lost = batch->members[index].lost;
	uint64_t pause_us;

	if (end_disowned(batch, task, now_us) || end_ping(batch, task, now_us))
		return;
	if (lost && end_lost(batch, task, now_us))
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
	pause_us = lost ? retry_lost_pause_us(task->job.connections_lost, random) : 0;
	planner_return(batch->planner, task, pause_us > 0 ? now_us + pause_us : 0);
}

void batch_run_again(struct batch *batch, enum batch_end end, const struct sql_error *error, uint64_t now_us)
{
	uint64_t random = retry_random(&batch->planner->random) ^ now_us;
	bool blames;

	if (batch->trouble == TROUBLE_NONE && error) {
		/* No statement was answered so: only a job by itself can be blamed. */
		batch->trouble = TROUBLE_END;
		batch->error = *error;
		batch->culprit = batch->count == 1 ? 0 : BATCH_NOBODY;
	}
	blames = end == BATCH_LOST && (!error || retry_blames(error));
	for (uint32_t i = 0; blames && !batch->lost && i < batch->wave; i++)
		if (!batch->slots[i].answered)
			batch_mark_lost(batch, i);
	for (uint32_t i = 0; i < batch->count; i++)
		batch->members[i].task->again = true;
	for (uint32_t i = 0; i < batch->count; i++)
		end_member(batch, i, random, now_us);
}
