/* plan/planner_choose.c - what runs next.
 *
 * Queues take turns, each with its oldest ready job first, so that nobody starves, and with it what can share its
 * statements. Then come the groups with most jobs: the more share a statement, the less each of them costs. */
#include "daemon/plan/batch_state.h"
#include "daemon/plan/planner_state.h"
#include "daemon/plan/sql/shared.h"

/* When there was no memory for a batch. */
enum { NO_MEMORY_PAUSE_US = 100000 };

/* What a queue may add to a batch at a time, at least: fewer would make small statements of many queues. */
enum { QUEUE_SHARE_MIN = 32 };

/* --- who leads --- */

/* Whether all earlier creates of its table have finished, or stand before it in one of the batches; each may be NULL.
 */
static bool may_join(const struct task *task, const struct batch *batch, const struct batch *before)
{
	struct schedule_node *node = schedule_previous_create(&task->node);
	const struct batch *of_node = node ? task_of_node(node)->batch : NULL;

	return !node || (of_node && (of_node == batch || of_node == before));
}

/* The queue's oldest job that is ready and may share, or NULL. */
static struct task *oldest_sharing(struct planner_queue *queue)
{
	struct ready_group *group = ready_oldest(&queue->sharing);

	for (; group && !may_join(group->first, NULL, NULL); group = ready_oldest(&queue->sharing))
		ready_close(group);
	return group ? group->first : NULL;
}

/* The queue's oldest ready job, of either sort, unless those that may share are held back. */
static struct task *oldest(struct planner_queue *queue, bool holds_back)
{
	struct task *sharing = holds_back ? NULL : oldest_sharing(queue);
	struct heap_place *alone = heap_first(&queue->alone);

	if (!alone || (sharing && sharing->job.sequence < alone->key))
		return sharing;
	return task_of_place(alone);
}

/* The first queue, from the one whose turn it is, that has a ready job. */
static struct task *find_leader(const struct planner *planner, bool holds_back, uint32_t *ret_turn)
{
	for (uint32_t i = 0; i < planner->queue_count; i++) {
		uint32_t turn = (planner->turn + i) % planner->queue_count;
		struct task *task = oldest(planner->queues[turn], holds_back);

		if (task) {
			*ret_turn = turn;
			return task;
		}
	}
	return NULL;
}

/* --- a batch --- */

struct gathering {
	struct planner *planner;
	struct batch *batch;
	const struct batch *before;  /* on the same connection, being committed; NULL: none */
	const struct policy *policy; /* of the leader */
	uint32_t limit;              /* the most jobs in it */
	uint64_t now_us;
};

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t room_in(const struct gathering *gathering)
{
	uint32_t size = batch_size(gathering->batch);

	return gathering->limit > size ? gathering->limit - size : 0;
}

static void take(struct gathering *gathering, struct task *task)
{
	planner_move(gathering->planner, task, JOB_RUNNING);
	task->job.started_us = gathering->now_us;
	batch_add(gathering->batch, task);
}

/* The create behind this one, if it is the first of its group; or NULL. */
static struct task *next_create(const struct task *task)
{
	struct schedule_node *node = schedule_next_create(&task->node);
	struct task *next = node ? task_of_node(node) : NULL;

	return next && next->group && next->group->first == next ? next : NULL;
}

/* The create behind one that was taken may be taken too. Its group is found closed, should it not be. */
static void open_next_create(const struct task *task)
{
	struct task *next = next_create(task);

	if (next)
		ready_open(next->group);
}

/* Takes the group's first jobs. Returns how many. */
static uint32_t take_group(struct gathering *gathering, struct ready_group *group, uint32_t most)
{
	uint32_t limit = gathering->limit, count = 0;
	struct task *task = NULL;

	gathering->limit = smaller(limit, group->kind.limit);
	most = smaller(most, room_in(gathering));
	for (; count < most && group->first && may_join(group->first, gathering->batch, gathering->before); count++) {
		task = ready_take(group);
		take(gathering, task);
	}
	if (!task) {
		gathering->limit = limit;
		ready_close(group);
		return 0;
	}
	ready_settle(group);
	open_next_create(task);
	return count;
}

/* A connection is set to one limit on the time of statements at a time. */
static bool same_timeout(const struct gathering *gathering, const struct planner_queue *queue)
{
	return queue->policy->statement_timeout_ms == gathering->policy->statement_timeout_ms;
}

/* Takes at most so many jobs of a queue: the group of its oldest; then those with most jobs, until half of what it may
 * give is given so; then groups by their age, so that small ones get on beside large ones. Returns how many. */
static uint32_t take_share(struct gathering *gathering, struct planner_queue *queue, uint32_t most)
{
	struct ready *ready = &queue->sharing;
	uint32_t count = 0, left_for_full = most / 2;

	if (!same_timeout(gathering, queue))
		return 0;
	while (count < most && room_in(gathering) > 0) {
		bool by_size = count > 0 && left_for_full > 0;
		struct ready_group *group = by_size ? ready_fullest(ready) : ready_oldest(ready);
		uint32_t taken;

		/* One that fits into smaller batches only will lead one when it is the oldest. */
		if (!group || group->kind.limit <= batch_size(gathering->batch))
			break;
		taken = take_group(gathering, group, smaller(most - count, by_size ? left_for_full : most));
		left_for_full -= by_size ? taken : 0;
		count += taken;
	}
	return count;
}

/* What each queue with something to share may add when it is its turn. */
static uint32_t share_of_each(const struct gathering *gathering)
{
	const struct planner *planner = gathering->planner;
	uint32_t count = 0, share;

	for (uint32_t i = 0; i < planner->queue_count; i++)
		count += ready_oldest(&planner->queues[i]->sharing) != NULL;
	share = gathering->limit / (count > 0 ? count : 1);
	return share > QUEUE_SHARE_MIN ? share : QUEUE_SHARE_MIN;
}

/* Whether the queue's oldest job, as far as is known, does not go into a batch that somebody else leads. */
static bool has_to_lead(const struct gathering *gathering, const struct planner_queue *queue)
{
	const struct ready_group *group = ready_oldest(&queue->sharing);
	const struct heap_place *alone = heap_first(&queue->alone);

	if (alone && (!group || alone->key < group->first->job.sequence))
		return true;
	return group && (!same_timeout(gathering, queue) || group->kind.limit <= batch_size(gathering->batch));
}

/* Fills the batch with a share of each queue in turn, until it is full or no queue has one that fits. The next batch
 * begins with the queue behind: that of the leader when all have had their turn, else that of the last; or before that
 * with the first whose turn it was and who has to lead, or it would be passed over each time. */
static void gather(struct gathering *gathering, uint32_t leading)
{
	struct planner *planner = gathering->planner;
	uint32_t share = share_of_each(gathering), count = planner->queue_count;
	uint32_t turn = leading, turns = 0, fruitless = 0, passed = count;

	for (; room_in(gathering) > 0 && fruitless < count; turns++) {
		uint32_t taken = take_share(gathering, planner->queues[turn], share);

		if (passed == count && turn != leading && has_to_lead(gathering, planner->queues[turn]))
			passed = turn;
		fruitless = taken > 0 ? 0 : fruitless + 1;
		turn = (turn + 1) % count;
	}
	if (turns < count)
		planner->turn = passed < count ? passed : turn;
}

/* Whether the job runs alone for what it is, and not because it brought down others. */
static bool may_have_company(const struct task *task)
{
	return shared_hash(&task->job) != 0 && planner_batch_limit(task) > 1;
}

/* The reads that are the same as the leader's, and next in line: one statement answers them all. */
static void take_same(struct gathering *gathering, const struct task *leader)
{
	struct heap_place *place;

	if (!may_have_company(leader))
		return;
	gathering->limit = smaller(gathering->limit, planner_batch_limit(leader));
	while (room_in(gathering) > 0 && (place = heap_first(&leader->queue->alone))) {
		struct task *task = task_of_place(place);

		if (!may_have_company(task) || planner_batch_limit(task) <= batch_size(gathering->batch) ||
		    shared_hash(&task->job) != shared_hash(&leader->job) || !shared_match(&task->job, &leader->job))
			break;
		planner_disregard(task);
		take(gathering, task);
	}
}

/* Without a free commit marker even reads wait: then Redis does not take what has been done already. */
static bool may_choose(const struct planner *planner)
{
	return !planner->draining && !planner->fenced && markers_available(planner->markers);
}

static struct batch *begin_batch(struct planner *planner, bool shares, uint64_t now_us)
{
	struct batch *batch = batch_take(planner);

	if (!batch)
		return NULL;
	batch->shares = shares;
	batch->begun_us = now_us;
	return batch;
}

struct batch *planner_choose(struct planner *planner, uint64_t now_us, uint64_t *ret_wake_us)
{
	struct gathering gathering = {.planner = planner, .limit = planner->options.batch, .now_us = now_us};
	struct task *leader;
	uint32_t leading = 0;
	bool holds_back;

	planner_wake(planner, now_us);
	*ret_wake_us = planner->delayed.count > 0 ? heap_first(&planner->delayed)->key : 0;
	holds_back = planner_holds_back(planner, now_us, ret_wake_us);
	leader = may_choose(planner) ? find_leader(planner, holds_back, &leading) : NULL;
	if (!leader)
		return NULL;
	gathering.batch = begin_batch(planner, leader->group != NULL, now_us);
	if (!gathering.batch) {
		*ret_wake_us = now_us + NO_MEMORY_PAUSE_US;
		return NULL;
	}
	gathering.policy = leader->job.policy;
	planner->turn = (leading + 1) % planner->queue_count;
	if (leader->group) {
		gather(&gathering, leading);
	} else {
		planner_disregard(leader);
		take(&gathering, leader);
		take_same(&gathering, leader);
	}
	batch_take_marker(gathering.batch);
	return gathering.batch;
}

/* --- behind another batch --- */

/* The creates behind those of the batch: opens their groups. Returns the first such job, with the limit on the time of
 * statements that the connection is set to; or NULL. */
static struct task *open_bound(const struct gathering *gathering)
{
	struct task *found = NULL;

	for (uint32_t i = 0; i < batch_size(gathering->before); i++) {
		struct task *task = next_create(batch_task(gathering->before, i));

		if (!task)
			continue;
		ready_open(task->group);
		if (same_timeout(gathering, task->queue) && (!found || task->job.sequence < found->job.sequence))
			found = task;
	}
	return found;
}

/* Takes creates from this one on, as they stand in line: those of one kind mostly stand among others. */
static void take_line(struct gathering *gathering, struct task *task)
{
	while (task && room_in(gathering) > 0 && same_timeout(gathering, task->queue) &&
	       task->group->kind.limit > batch_size(gathering->batch)) {
		(void)take_group(gathering, task->group, gathering->limit);
		task = next_create(batch_task(gathering->batch, batch_size(gathering->batch) - 1));
	}
}

/* Takes the creates behind those of the batch before, the oldest and what stands in line with it first. */
static void gather_bound(struct gathering *gathering, struct task *leader)
{
	take_line(gathering, leader);
	for (uint32_t i = 0; i < batch_size(gathering->before); i++)
		take_line(gathering, next_create(batch_task(gathering->before, i)));
}

struct batch *planner_choose_ahead(struct planner *planner, const struct batch *before, uint64_t now_us)
{
	if (planner->waiting.count < planner->options.batch)
		return NULL;
	return planner_choose_behind(planner, before, now_us);
}

struct batch *planner_choose_behind(struct planner *planner, const struct batch *before, uint64_t now_us)
{
	struct gathering gathering = {
		.planner = planner,
		.before = before,
		.policy = batch_task(before, 0)->job.policy,
		.limit = planner->options.batch,
		.now_us = now_us,
	};
	struct task *leader;
	uint64_t wake_us = 0;

	if (!may_choose(planner))
		return NULL;
	planner_wake(planner, now_us);
	/* It would be one of small statements, with what has come for the tables of the batch before since. */
	if (planner_holds_back(planner, now_us, &wake_us))
		return NULL;
	leader = open_bound(&gathering);
	if (!leader)
		return NULL;
	gathering.batch = begin_batch(planner, true, now_us);
	if (!gathering.batch)
		return NULL;
	gathering.batch->is_behind = true;
	gather_bound(&gathering, leader);
	batch_take_marker(gathering.batch);
	return gathering.batch;
}
