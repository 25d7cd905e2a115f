/* plan/planner_queues.c - the queues, and which of their jobs are ready. */
#include "daemon/plan/planner_state.h"
#include "daemon/plan/retry.h"
#include "daemon/plan/sql/shared.h"

#include <errno.h>
#include <stdlib.h>

/* --- queues --- */

static struct planner_queue *add_queue(struct planner *planner)
{
	struct planner_queue **queues =
		realloc(planner->queues, (planner->queue_count + 1) * sizeof(struct planner_queue *));
	struct planner_queue *queue;

	if (!queues)
		return NULL;
	planner->queues = queues;
	queue = calloc(1, sizeof(*queue));
	if (queue)
		queues[planner->queue_count++] = queue;
	return queue;
}

/* Policies come and go with the configuration: a queue without jobs may take another. */
static struct planner_queue *find_queue(struct planner *planner, const struct policy *policy)
{
	struct planner_queue *idle = NULL;

	if (planner->latest && planner->latest->policy == policy)
		return planner->latest;
	for (uint32_t i = 0; i < planner->queue_count; i++) {
		if (planner->queues[i]->policy == policy)
			return planner->queues[i];
		if (planner->queues[i]->live == 0)
			idle = planner->queues[i];
	}
	if (!idle)
		idle = add_queue(planner);
	if (idle)
		idle->policy = policy;
	return idle;
}

struct planner_queue *planner_queue_of(struct planner *planner, const struct policy *policy)
{
	struct planner_queue *queue = find_queue(planner, policy);
	uint32_t all =
		planner->waiting.count + planner->parked.count + planner->stale.count + planner->running.count + 1;

	if (!queue || heap_reserve(&queue->alone, queue->live + 1) < 0 || heap_reserve(&planner->delayed, all) < 0)
		return NULL;
	planner->latest = queue;
	return queue;
}

void planner_free_queues(struct planner *planner)
{
	for (uint32_t i = 0; i < planner->queue_count; i++) {
		ready_free(&planner->queues[i]->sharing);
		heap_free(&planner->queues[i]->alone);
		free(planner->queues[i]);
	}
	free(planner->queues);
}

/* --- who is ready --- */

uint32_t planner_batch_limit(const struct task *task)
{
	uint32_t limit = retry_batch_limit(task->job.attempts, task->job.connections_lost);

	return task->batch_limit > 0 && task->batch_limit < limit ? task->batch_limit : limit;
}

/* Ready, but for the creates before it. */
static bool is_granted(const struct task *task)
{
	return task->job.state == JOB_WAITING && task->node.waiting == 0;
}

/* Puts the job among those that may share a batch, if it may: in its group, should there be memory for that. */
static void add_to_group(struct task *task)
{
	const struct ready_kind kind = {
		.hash = shared_hash(&task->job),
		.creates = schedule_creates(&task->node),
		.limit = planner_batch_limit(task),
	};

	if (procedure_kind(&task->job) == PROCEDURE_BY_KEY && kind.limit > 1)
		(void)ready_add(&task->queue->sharing, task, &kind);
}

void planner_consider(struct planner *planner, struct task *task)
{
	if (!is_granted(task) || task->place.heap)
		return;
	if (task->due_us > 0) {
		heap_add(&planner->delayed, &task->place, task->due_us, task->job.sequence);
		return;
	}
	if (!task->group)
		add_to_group(task);
	if (!schedule_first_create(&task->node))
		return;
	if (task->group)
		ready_open(task->group);
	else
		heap_add(&task->queue->alone, &task->place, task->job.sequence, 0);
}

void planner_disregard(struct task *task)
{
	heap_remove(&task->place);
	ready_remove(task);
}

void planner_settle(struct planner *planner)
{
	struct schedule_node *node;

	while ((node = schedule_pop_ready(planner->schedule)))
		planner_consider(planner, task_of_node(node));
}

void planner_wake(struct planner *planner, uint64_t now_us)
{
	struct heap_place *place;

	while ((place = heap_first(&planner->delayed)) && place->key <= now_us) {
		struct task *task = task_of_place(place);

		heap_remove(place);
		task->due_us = 0;
		planner_consider(planner, task);
	}
}
