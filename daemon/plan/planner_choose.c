/* plan/planner_choose.c - what runs next: queues take turns, each with its oldest ready job first. */
#include "daemon/plan/planner_state.h"
#include "daemon/plan/retry.h"

#include <errno.h>
#include <stdlib.h>

/* When there was no memory for a batch. */
enum { NO_MEMORY_PAUSE_US = 100000 };

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
	uint32_t all = planner->waiting.count + planner->parked.count + planner->running.count + 1;

	if (!queue || job_heap_reserve(&queue->sharing, queue->live + 1) < 0 ||
	    job_heap_reserve(&queue->alone, queue->live + 1) < 0 || job_heap_reserve(&planner->delayed, all) < 0)
		return NULL;
	return queue;
}

void planner_free_queues(struct planner *planner)
{
	for (uint32_t i = 0; i < planner->queue_count; i++) {
		job_heap_free(&planner->queues[i]->sharing);
		job_heap_free(&planner->queues[i]->alone);
		free(planner->queues[i]);
	}
	free(planner->queues);
}

/* --- who is ready --- */

static uint32_t batch_limit(const struct task *task)
{
	uint32_t limit = retry_batch_limit(task->job.attempts, task->job.connections_lost);

	return task->batch_limit > 0 && task->batch_limit < limit ? task->batch_limit : limit;
}

static bool is_sharing(const struct task *task)
{
	return procedure_kind(&task->job) == PROCEDURE_BY_KEY && batch_limit(task) > 1;
}

/* Ready, but for the creates before it. */
static bool is_granted(const struct task *task)
{
	return task->job.state == JOB_WAITING && task->node.waiting == 0 && !task->heap;
}

void planner_consider(struct planner *planner, struct task *task)
{
	struct planner_queue *queue = task->queue;

	if (!is_granted(task))
		return;
	if (task->due_us > 0)
		job_heap_add(&planner->delayed, task, task->due_us);
	else if (schedule_first_create(&task->node))
		job_heap_add(is_sharing(task) ? &queue->sharing : &queue->alone, task, task->job.sequence);
}

void planner_settle(struct planner *planner)
{
	struct schedule_node *node;

	while ((node = schedule_pop_ready(planner->schedule)))
		planner_consider(planner, task_of_node(node));
}

static void wake(struct planner *planner, uint64_t now_us)
{
	struct task *task;

	while ((task = job_heap_first(&planner->delayed)) && task->due_us <= now_us) {
		job_heap_remove(task);
		task->due_us = 0;
		planner_consider(planner, task);
	}
}

/* --- a batch --- */

/* The queue's oldest ready job, of either sort. */
static struct task *oldest(const struct planner_queue *queue)
{
	struct task *sharing = job_heap_first(&queue->sharing);
	struct task *alone = job_heap_first(&queue->alone);

	if (!sharing || !alone)
		return sharing ? sharing : alone;
	return sharing->job.sequence < alone->job.sequence ? sharing : alone;
}

/* The first queue, from the one whose turn it is, that has a ready job; the turn goes on to the next. */
static struct task *find_leader(const struct planner *planner, uint32_t *ret_turn)
{
	for (uint32_t i = 0; i < planner->queue_count; i++) {
		uint32_t turn = (planner->turn + i) % planner->queue_count;
		struct task *task = oldest(planner->queues[turn]);

		if (task) {
			*ret_turn = (turn + 1) % planner->queue_count;
			return task;
		}
	}
	return NULL;
}

static void take(struct planner *planner, struct batch *batch, struct task *task, uint64_t now_us)
{
	job_heap_remove(task);
	planner_move(planner, task, JOB_RUNNING);
	task->job.started_us = now_us;
	batch_add(batch, task);
}

/* While a batch is gathered, the create behind one that it has taken may be taken too. */
static void promote_next_create(struct task *task)
{
	struct schedule_node *node = schedule_next_create(&task->node);
	struct task *next = node ? task_of_node(node) : NULL;

	if (next && is_granted(next) && next->due_us == 0 && is_sharing(next))
		job_heap_add(&next->queue->sharing, next, next->job.sequence);
}

/* What was promoted and not taken has to wait until the batch has ended. */
static void demote_next_creates(struct planner *planner, const struct batch *batch)
{
	for (uint32_t i = 0; i < batch_size(batch); i++) {
		struct schedule_node *node = schedule_next_create(&batch_task(batch, i)->node);

		if (node && task_of_node(node)->heap != &planner->delayed)
			job_heap_remove(task_of_node(node));
	}
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* A connection is set to one limit on the time of statements at a time. */
static bool same_timeout(const struct planner_queue *queue, const struct task *leader)
{
	return queue->policy->statement_timeout_ms == leader->job.policy->statement_timeout_ms;
}

/* Fills the batch: one job of each queue in turn, until it is full or no queue has one that fits. */
static void gather(struct planner *planner, struct batch *batch, struct task *leader, uint64_t now_us)
{
	uint32_t limit = smaller(planner->options.batch, batch_limit(leader));
	uint32_t fruitless = 0;

	promote_next_create(leader);
	for (uint32_t turn = planner->turn; batch_size(batch) < limit && fruitless < planner->queue_count;
	     turn = (turn + 1) % planner->queue_count) {
		struct task *task = job_heap_first(&planner->queues[turn]->sharing);

		/* One that fits into smaller batches only will lead one when it is the oldest. */
		if (!task || !same_timeout(planner->queues[turn], leader) || batch_limit(task) <= batch_size(batch)) {
			fruitless++;
			continue;
		}
		fruitless = 0;
		limit = smaller(limit, batch_limit(task));
		take(planner, batch, task, now_us);
		promote_next_create(task);
	}
	demote_next_creates(planner, batch);
}

struct batch *planner_choose(struct planner *planner, uint64_t now_us, uint64_t *ret_wake_us)
{
	struct batch *batch = NULL;
	struct task *leader;
	uint32_t turn = 0;

	wake(planner, now_us);
	leader = planner->draining ? NULL : find_leader(planner, &turn);
	*ret_wake_us = planner->delayed.count > 0 ? job_heap_first(&planner->delayed)->due_us : 0;
	if (!leader)
		return NULL;
	batch = batch_take(planner);
	if (!batch) {
		*ret_wake_us = now_us + NO_MEMORY_PAUSE_US;
		return NULL;
	}
	planner->turn = turn;
	take(planner, batch, leader, now_us);
	if (is_sharing(leader))
		gather(planner, batch, leader, now_us);
	return batch;
}
