/* plan/planner.c - what goes in, what comes out, and the moves in between. What runs next: planner_choose.c. */
#include "daemon/plan/planner.h"

#include "daemon/plan/park.h"
#include "daemon/plan/planner_state.h"
#include "daemon/plan/retry.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* A command's arena holds the decoded tree (some 50 bytes for one byte of nil), its SQL, its rows and its reply. */
enum { ARENA_BYTES = 1 << 20, ARENA_PER_BYTE = 128, ARENA_PER_REPLY_BYTE = 4, ARENA_FOR_ERROR = 1 << 16 };

/* A hint looks through the names of all tables, at some 0.15 us each. */
enum { NAMES_AT_A_TIME = 1 << 14 };

int planner_new(const struct planner_options *options, struct planner **ret_planner)
{
	struct planner *planner = calloc(1, sizeof(*planner));

	assert(options->batch > 0);
	if (!planner)
		return -ENOMEM;
	planner->options = *options;
	planner->random = 0x9e3779b97f4a7c15u; /* workers differ by the time at which they draw */
	if (job_pool_new(&planner->pool) < 0 || schedule_new(&planner->schedule) < 0 ||
	    markers_new(&planner->markers) < 0) {
		planner_free(planner);
		return -ENOMEM;
	}
	*ret_planner = planner;
	return 0;
}

static void free_jobs(struct job_list *list)
{
	while (list->first) {
		struct job *job = list->first;

		job_list_remove(list, job);
		job_free(job);
	}
}

void planner_free(struct planner *planner)
{
	if (!planner)
		return;
	free_jobs(&planner->waiting);
	free_jobs(&planner->parked);
	free_jobs(&planner->stale);
	free_jobs(&planner->running);
	free_jobs(&planner->done);
	planner_free_queues(planner);
	heap_free(&planner->delayed);
	batch_free_all(planner);
	schedule_free(planner->schedule);
	markers_free(planner->markers);
	catalog_unref(planner->catalog);
	job_pool_close(planner->pool);
	free(planner);
}

struct procedure_facts planner_facts(struct planner *planner, uint64_t now_us)
{
	if (planner->hints_us != now_us) {
		planner->hints_us = now_us;
		planner->names_left = NAMES_AT_A_TIME;
	}
	return (struct procedure_facts){
		.version = planner->options.version,
		.worker = planner->options.worker,
		.in_flight = planner->options.in_flight,
		.message_bytes = planner->options.message_bytes,
		.batch = planner->options.batch,
		.reply_bytes = planner->options.reply_bytes,
		.names_left = &planner->names_left,
	};
}

void planner_set_catalog(struct planner *planner, struct catalog *catalog, uint64_t now_us)
{
	struct catalog *old = planner->catalog;

	planner->catalog = catalog_ref(catalog);
	planner->catalog_number++;
	planner->catalog_us = now_us;
	planner->wants_catalog = false;
	planner->reading_catalog = false;
	catalog_unref(old);
	job_list_splice(&planner->stale, &planner->parked);
	(void)planner_unpark(planner, now_us);
}

void planner_reading_catalog(struct planner *planner)
{
	planner->reading_catalog = true;
	for (struct job *job = planner->parked.first; job; job = job->next)
		task_of(job)->late = false;
}

bool planner_wants_catalog(const struct planner *planner)
{
	return planner->wants_catalog;
}

/* --- states --- */

static struct job_list *list_of(struct planner *planner, struct task *task)
{
	switch (task->job.state) {
	case JOB_WAITING:
		return &planner->waiting;
	case JOB_PARKED:
		return task->catalog_number == planner->catalog_number ? &planner->parked : &planner->stale;
	case JOB_RUNNING:
		return &planner->running;
	case JOB_DONE:
		break;
	}
	return &planner->done;
}

void planner_move(struct planner *planner, struct task *task, enum job_state state)
{
	struct job *job = &task->job;

	job_list_remove(list_of(planner, task), job);
	job->state = state;
	job_list_append(list_of(planner, task), job);
	if (state != JOB_RUNNING)
		task->batch = NULL;
}

/* Makes the reply. When there is no memory for it, an error's reply may still fit; a job is never lost for it. */
static void reply(struct job *job, const struct error *error)
{
	struct error internal;

	if (procedure_reply(job, error) == 0)
		return;
	error_set(&internal, ERROR_INTERNAL, "%s",
		  error ? "there was no memory for the answer"
			: "there was no memory for the answer; the command itself has been executed");
	job->arena.limit_bytes += ARENA_FOR_ERROR + job->raw.size;
	if (procedure_reply(job, &internal) == 0)
		return;
	job->reply = (struct job_reply){.dead = true, .code = ERROR_INTERNAL};
	memcpy(job->reply.reason, internal.message, sizeof(job->reply.reason));
}

static void answer(struct planner *planner, struct task *task, const struct error *error, uint64_t now_us)
{
	struct job *job = &task->job;

	job->ended_us = now_us;
	reply(job, error);
	if (job->reply.code == ERROR_NONE)
		planner->answered_ok++;
	else
		planner->answered_error++;
	job->state = JOB_DONE;
	job_list_append(&planner->done, job);
}

/* Gives up the job's place in the order, and in the list of its state. */
static void leave(struct planner *planner, struct task *task)
{
	struct schedule_node *next_create = schedule_next_create(&task->node);

	planner_disregard(task);
	job_list_remove(list_of(planner, task), &task->job);
	schedule_remove(planner->schedule, &task->node);
	task->queue->live--;
	if (next_create)
		planner_consider(planner, task_of_node(next_create));
}

void planner_finish(struct planner *planner, struct task *task, const struct error *error, uint64_t now_us)
{
	leave(planner, task);
	answer(planner, task, error, now_us);
}

void planner_return(struct planner *planner, struct task *task, uint64_t due_us)
{
	planner_move(planner, task, JOB_WAITING);
	task->due_us = due_us;
	planner_consider(planner, task);
}

/* --- in --- */

bool planner_arena_is_full(const struct job *job)
{
	return job->arena.limit_met;
}

void planner_error_too_large(struct error *error)
{
	error_set(error, ERROR_TOO_LARGE, "the command needs more memory than one command may have");
}

/* Reads the command. Returns 0, -ENOMEM, or -EINVAL with the error. */
static int decode(struct job *job, struct bytes raw, struct error *error)
{
	int r;

	job->raw = arena_copy(&job->arena, raw);
	if (!job->raw.data) {
		job->command = (struct command){0};
		return -ENOMEM;
	}
	r = command_decode(&job->arena, job->raw, job->policy->message_bytes, &job->command, error);
	return r == -EBADMSG ? -EINVAL : r;
}

/* Finds out what the command needs, unless it is not to be run any more. Returns 0, -ENOMEM, -ENOENT or -EINVAL with
 * the error. */
static int compile(struct planner *planner, struct job *job, uint64_t now_us, struct error *error)
{
	struct procedure_facts facts = planner_facts(planner, now_us);

	task_of(job)->catalog_number = planner->catalog_number;
	if (!job->recovered && retry_is_poison(job->attempts, 0)) {
		error_set(error, ERROR_POISON, "%u workers died while they executed this command", job->attempts);
		return -EINVAL;
	}
	return procedure_compile(job, planner->catalog, &facts, error);
}

/* Queues a job whose command was read, or answers it. Returns 0, or -ENOMEM with the job in no list. */
static int enter(struct planner *planner, struct task *task, uint64_t now_us)
{
	struct job *job = &task->job;
	struct error error;
	int r = compile(planner, job, now_us, &error);

	if (r == -ENOMEM && planner_arena_is_full(job)) {
		planner_error_too_large(&error);
		r = -EINVAL;
	}
	if (r == -ENOENT && !planner_refuses(planner, job, &error, now_us))
		return planner_park(planner, task);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && procedure_stand_by(job, planner->catalog, &error))
		r = 0;
	if (r < 0 || procedure_kind(job) == PROCEDURE_ANSWERED) {
		answer(planner, task, r < 0 ? &error : NULL, now_us);
		return 0;
	}
	r = schedule_add(planner->schedule, &task->node, &job->arena, procedure_footprint(job));
	if (r < 0)
		return r;
	task->queue->live++;
	job_list_append(&planner->waiting, job);
	planner_settle(planner);
	return 0;
}

static int submit(struct planner *planner, struct task *task, struct bytes raw, uint64_t now_us)
{
	struct error error;
	int r;

	task->queue = planner_queue_of(planner, task->job.policy);
	if (!task->queue)
		return -ENOMEM;
	r = decode(&task->job, raw, &error);
	if (r == -ENOMEM && planner_arena_is_full(&task->job)) {
		planner_error_too_large(&error);
		r = -EINVAL;
	}
	if (r == -EINVAL) {
		answer(planner, task, &error, now_us);
		return 0;
	}
	return r < 0 ? r : enter(planner, task, now_us);
}

int planner_submit(struct planner *planner, const struct planner_command *command, uint64_t now_us)
{
	const struct policy *policy = command->policy;
	size_t limit_bytes =
		ARENA_BYTES + command->raw.size * ARENA_PER_BYTE + policy->reply_bytes * ARENA_PER_REPLY_BYTE;
	struct task *task = job_pool_take(planner->pool, limit_bytes);
	int r;

	assert(planner->catalog);
	if (!task)
		return -ENOMEM;
	task->job.policy = policy;
	task->job.owner = command->owner;
	task->job.number = command->number;
	task->job.attempts = command->attempts;
	task->job.recovered = command->recovered;
	task->job.marker = MARKER_NONE;
	task->job.sequence = task->node.sequence = ++planner->sequence;
	task->job.submitted_us = task->job.started_us = now_us;
	r = submit(planner, task, command->raw, now_us);
	if (r < 0) {
		job_free(&task->job);
		return r;
	}
	task->bytes = task->job.arena.used_bytes;
	planner->bytes += task->bytes;
	return 0;
}

/* --- commit markers --- */

int planner_enlist(struct planner *planner, const char *worker, uint32_t markers)
{
	planner->fenced = false;
	return markers_begin(planner->markers, worker, markers);
}

bool planner_release(struct planner *planner, uint32_t marker)
{
	return markers_release(planner->markers, marker);
}

void planner_fence(struct planner *planner)
{
	planner->fenced = true;
}

uint64_t planner_commits(const struct planner *planner)
{
	return markers_commits(planner->markers);
}

uint64_t planner_last_batch(const struct planner *planner)
{
	return markers_last(planner->markers);
}

void planner_use_commits(struct planner *planner, bool use)
{
	planner->no_commits = !use;
}

uint64_t planner_lowest_batch(const struct planner *planner)
{
	return markers_lowest(planner->markers);
}

bool planner_is_fenced(const struct planner *planner)
{
	return planner->fenced;
}

/* --- out --- */

struct job *planner_finished(struct planner *planner)
{
	struct job *job = planner->done.first;

	if (!job)
		return NULL;
	job_list_remove(&planner->done, job);
	planner->bytes -= task_of(job)->bytes;
	return job;
}

void planner_disown(struct planner *planner)
{
	for (struct job *job = planner->running.first; job; job = job->next)
		task_of(job)->disowned = true;
}

static struct job *older(struct job *a, struct job *b)
{
	return !b || (a && a->sequence < b->sequence) ? a : b;
}

struct job *planner_withdraw(struct planner *planner)
{
	struct job *job;

	if (!planner->draining) {
		job_list_sort(&planner->waiting);
		job_list_sort(&planner->parked);
		job_list_sort(&planner->stale);
	}
	job = older(older(planner->waiting.first, planner->parked.first), planner->stale.first);
	/* What waited for a job that is given back must not be chosen before it is given back itself. */
	planner->draining = job != NULL;
	if (!job)
		return NULL;
	leave(planner, task_of(job));
	planner->bytes -= task_of(job)->bytes;
	planner_settle(planner);
	return job;
}

struct planner_counts planner_counts(const struct planner *planner)
{
	return (struct planner_counts){
		.waiting = planner->waiting.count,
		.parked = planner->parked.count + planner->stale.count,
		.running = planner->running.count,
		.done = planner->done.count,
		.bytes = planner->bytes,
		.answered_ok = planner->answered_ok,
		.answered_error = planner->answered_error,
	};
}
