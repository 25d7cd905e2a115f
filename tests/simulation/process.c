/* tests/simulation/process.c
 *
 *   GONE --start--> RUNNING <--freeze, thaw--> FROZEN
 *     ^                |  \--drain--> DRAINING    |
 *     +----- kill, or drained and closed ---------+
 *
 * A killed one is taken down by its own engine_close(), with the world around it cut off: no byte leaves it any more,
 * and its time stands still. So all of its memory is given back, and leaks are found. */
#include "process.h"

#include "database.h"
#include "loop.h"
#include "network.h"
#include "scenario.h"
#include "witness.h"

#include "daemon/engine/engine_state.h"
#include "daemon/queue/state.h"
#include "tests/support/allocations.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 64, RESTART_MS = 100 };

struct process {
	uint32_t index;
	enum process_state state;
	struct loop *loop;
	struct engine *engine;
	struct options options;
	char directory[PATH_BYTES];
	bool closed;
	uint64_t ready_us; /* at work since then; 0: it is not */
};

static struct process processes[PROCESSES_MOST];
static char base[] = "/tmp/rowd-simulation-XXXXXX";

void processes_open(void)
{
	if (!mkdtemp(base))
		violated(NULL, "no directory for the ids of workers");
	for (uint32_t i = 0; i < PROCESSES_MOST; i++) {
		snprintf(processes[i].directory, PATH_BYTES, "%s/%u", base, i);
		if (mkdir(processes[i].directory, 0700))
			violated(NULL, "no directory for the id of a worker");
	}
}

/* Its predecessor's id is not found: it runs elsewhere, or its directory was lost. */
static void forget_predecessor(const struct process *process)
{
	char path[PATH_BYTES + 16];

	snprintf(path, sizeof(path), "%s/worker.id", process->directory);
	(void)unlink(path);
}

void processes_close(void)
{
	for (uint32_t i = 0; i < PROCESSES_MOST; i++) {
		forget_predecessor(&processes[i]);
		(void)rmdir(processes[i].directory);
	}
	(void)rmdir(base);
}

void processes_begin(void)
{
	for (uint32_t i = 0; i < PROCESSES_MOST; i++) {
		processes[i].index = i;
		processes[i].state = PROCESS_GONE;
		forget_predecessor(&processes[i]);
	}
}

struct process *process_at(uint32_t index)
{
	return &processes[index];
}

enum process_state process_state(const struct process *process)
{
	return process->state;
}

struct loop *process_loop(const struct process *process)
{
	return process->loop;
}

const struct worker *process_worker(const struct process *process)
{
	return process->state == PROCESS_GONE ? NULL : process->engine->worker;
}

bool process_has_id(const struct process *process, struct bytes id)
{
	const struct worker *worker = process_worker(process);

	/* In each queue it begins with how that is delivered. */
	return worker && process->engine->worker_open && id.size > 4 &&
	       bytes_equal_text((struct bytes){.data = id.data + 4, .size = id.size - 4}, worker->identity.id + 4);
}

/* --- memory that is refused --- */

static void refuse_some(struct loop *loop)
{
	(void)loop;
	allocations_resume();
	if (scenario.refuses_memory && one_in(50))
		allocations_fail_at((uint32_t)draw_between(1, 40));
}

static void refuse_none(struct loop *loop)
{
	(void)loop;
	allocations_pause();
	if (scenario.refuses_memory)
		(void)allocations_end();
}

/* --- from start to end --- */

static void on_ready(void *context)
{
	struct process *process = context;

	process->ready_us = world_now_us();
	trace("~ process %u is ready as %s", process->index, worker_id(process->engine->worker));
}

static void start_again(void *context, uint64_t argument);

static void die(void *context, uint64_t argument)
{
	process_kill(context, false);
	start_again(context, argument);
}

/* A rowd that has no memory to start with ends, and is started again by whoever looks after it. */
static void on_refused(void *context, const char *reason)
{
	struct process *process = context;

	if (!scenario.refuses_nth)
		violated(NULL, "process %u cannot start: %s", process->index, reason);
	trace("~ process %u gives up: %s", process->index, reason);
	world_in(0, die, process, 0);
}

static void on_drained(void *context)
{
	struct process *process = context;

	trace("~ process %u is drained", process->index);
	engine_close(process->engine);
}

static void reap(void *context, uint64_t argument)
{
	struct process *process = context;

	(void)argument;
	if (!process->closed || process->state == PROCESS_GONE)
		return;
	trace("~ process %u has ended", process->index);
	loop_close(process->loop);
	process->state = PROCESS_GONE;
}

static void on_closed(void *context)
{
	struct process *process = context;

	process->closed = true;
	if (!process->loop->over)
		world_in(0, reap, process, 0);
}

static void abandon(struct process *process, bool host_is_gone)
{
	process->loop->over = true;
	network_abandon(process, host_is_gone);
	database_abandon(process, host_is_gone);
	introspection_abandon(process->loop);
	bookkeeping_abandon(process->loop);
}

static void start_again(void *context, uint64_t argument)
{
	struct process *process = context;

	(void)argument;
	process_start(process, true);
}

/* What was opened of it is closed again, and nobody is told: the process would just end. */
static void give_up_start(struct process *process)
{
	if (!scenario.refuses_nth)
		violated(NULL, "process %u does not start", process->index);
	trace("~ process %u does not start", process->index);
	abandon(process, false);
	loop_finish(process->loop, NULL);
	loop_close(process->loop);
	world_in(RESTART_MS * MS, start_again, process, 0);
}

void process_start(struct process *process, bool proof)
{
	static const struct engine_events events = {
		.ready = on_ready, .refused = on_refused, .drained = on_drained, .closed = on_closed};
	int rc;

	if (process->state != PROCESS_GONE)
		return;
	if (!proof)
		forget_predecessor(process);
	process->loop = world_alloc(sizeof(*process->loop));
	loop_open(process->loop, process);
	process->loop->before = refuse_some;
	process->loop->after = refuse_none;
	process->closed = false;
	process->ready_us = 0;
	scenario_options(&process->options, process->directory);
	allocations_resume();
	rc = engine_open(&process->loop->uv, &process->options, &events, process, &process->engine);
	allocations_pause();
	if (rc < 0) {
		give_up_start(process);
		return;
	}
	process->state = PROCESS_RUNNING;
	trace("~ process %u starts as %s%s", process->index, worker_id(process->engine->worker),
	      process->engine->worker->identity.predecessor[0] ? ", with a predecessor" : "");
}

static void tell_killed(const struct process *process)
{
	uint64_t some_leases_us = 4 * (uint64_t)scenario.lease_ms * MS;
	bool peer = false;

	for (uint32_t i = 0; i < PROCESSES_MOST; i++)
		peer |= &processes[i] != process && process_has_worked(&processes[i], some_leases_us);
	witness_killed(bytes_of(process->engine->worker->identity.id), peer && process->state == PROCESS_RUNNING);
}

void process_kill(struct process *process, bool host_is_gone)
{
	struct identity *identity;

	if (process->state == PROCESS_GONE || process->closed)
		return;
	trace("~ process %u is killed%s", process->index, host_is_gone ? ", with its host" : "");
	tell_killed(process);
	abandon(process, host_is_gone);
	if (process->engine->worker_open) {
		identity = &process->engine->worker->identity;
		if (identity->descriptor >= 0)
			close(identity->descriptor); /* which gives up the lock */
		identity->descriptor = -1;
	}
	engine_close(process->engine);
	loop_finish(process->loop, &process->closed);
	loop_close(process->loop);
	process->state = PROCESS_GONE;
}

void processes_end(void)
{
	for (uint32_t i = 0; i < PROCESSES_MOST; i++) {
		reap(&processes[i], 0);
		process_kill(&processes[i], false);
	}
}

void process_freeze(struct process *process)
{
	if (process->state != PROCESS_RUNNING)
		return;
	trace("~ process %u is frozen", process->index);
	loop_freeze(process->loop);
	process->state = PROCESS_FROZEN;
}

void process_thaw(struct process *process)
{
	if (process->state != PROCESS_FROZEN)
		return;
	trace("~ process %u is thawed", process->index);
	process->state = PROCESS_RUNNING;
	loop_thaw(process->loop);
}

void process_drain(struct process *process)
{
	if (process->state != PROCESS_RUNNING)
		return;
	trace("~ process %u is told to end", process->index);
	process->state = PROCESS_DRAINING;
	allocations_resume();
	engine_drain(process->engine);
	allocations_pause();
}

bool process_has_worked(const struct process *process, uint64_t for_us)
{
	return process->state == PROCESS_RUNNING && process->ready_us != 0 &&
	       world_now_us() - process->ready_us >= for_us;
}

bool process_owns(const struct process *process)
{
	return process_worker(process) && worker_counts(process_worker(process)).owner_of_any;
}

bool process_is_empty(const struct process *process, const char **ret_what)
{
	const struct worker *worker = process_worker(process);
	struct worker_counts counts;
	struct planner_counts planner;

	*ret_what = NULL;
	if (!worker)
		return true;
	counts = worker_counts(worker);
	planner = planner_counts(process->engine->planner);
	if (counts.in_flight > 0 || counts.in_flight_bytes > 0)
		*ret_what = "holdings";
	else if (counts.replies_pending > 0 || counts.reply_bytes > 0)
		*ret_what = "replies";
	else if (planner.waiting + planner.parked + planner.running + planner.done > 0 || planner.bytes > 0)
		*ret_what = "jobs";
	else if (worker->asked > 0 || worker->asked_bytes > 0)
		*ret_what = "claims under way";
	for (uint32_t i = 0; !*ret_what && i < worker->queue_count; i++)
		if (worker->queues[i].held > 0)
			*ret_what = "holdings of a queue";
	return !*ret_what;
}
