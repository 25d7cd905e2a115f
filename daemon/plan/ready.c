/* plan/ready.c */
#include "daemon/plan/ready.h"

#include "daemon/plan/job_pool.h"

#include <assert.h>
#include <stdlib.h>

/* --- groups --- */

static struct ready_group **chain_of(struct ready *ready, const struct ready_kind *kind)
{
	uint64_t mixed = (kind->hash ^ (uintptr_t)kind->creates ^ kind->limit) * 0x9e3779b97f4a7c15u;

	return &ready->chains[mixed >> 32 & (READY_CHAINS - 1)];
}

static bool is_of_kind(const struct ready_group *group, const struct ready_kind *kind)
{
	return group->kind.hash == kind->hash && group->kind.creates == kind->creates &&
	       group->kind.limit == kind->limit;
}

static struct ready_group *new_group(struct ready *ready)
{
	struct ready_group *group = ready->free_groups;

	if (group) {
		ready->free_groups = group->chained;
		return group;
	}
	if (heap_reserve(&ready->by_age, ready->group_count + 1) < 0)
		return NULL;
	group = malloc(sizeof(*group));
	if (group)
		ready->group_count++;
	return group;
}

static struct ready_group *find_or_add(struct ready *ready, const struct ready_kind *kind)
{
	struct ready_group **chain = chain_of(ready, kind);
	struct ready_group *group = *chain;

	while (group && !is_of_kind(group, kind))
		group = group->chained;
	if (group)
		return group;
	group = new_group(ready);
	if (!group)
		return NULL;
	*group = (struct ready_group){.kind = *kind, .ready = ready, .chained = *chain};
	*chain = group;
	return group;
}

static void drop_group(struct ready_group *group)
{
	struct ready *ready = group->ready;
	struct ready_group **place = chain_of(ready, &group->kind);

	ready_close(group);
	while (*place != group)
		place = &(*place)->chained;
	*place = group->chained;
	group->chained = ready->free_groups;
	ready->free_groups = group;
}

static void free_chain(struct ready_group *group)
{
	while (group) {
		struct ready_group *chained = group->chained;

		free(group);
		group = chained;
	}
}

void ready_free(struct ready *ready)
{
	for (uint32_t i = 0; i < READY_CHAINS; i++)
		free_chain(ready->chains[i]);
	free_chain(ready->free_groups);
	heap_free(&ready->by_age);
}

/* --- the open ones --- */

static uint32_t size_of(const struct ready_group *group)
{
	uint32_t count = group->kind.hash != 0 ? group->count : 1;

	return 31 - (uint32_t)__builtin_clz(count);
}

static void enter_size(struct ready_group *group, uint32_t size)
{
	struct ready *ready = group->ready;

	group->size = size;
	group->size_next = NULL;
	group->size_previous = ready->by_size[size].last;
	if (group->size_previous)
		group->size_previous->size_next = group;
	else
		ready->by_size[size].first = group;
	ready->by_size[size].last = group;
	ready->sizes |= 1u << size;
}

static void leave_size(struct ready_group *group)
{
	struct ready *ready = group->ready;

	if (group->size_previous)
		group->size_previous->size_next = group->size_next;
	else
		ready->by_size[group->size].first = group->size_next;
	if (group->size_next)
		group->size_next->size_previous = group->size_previous;
	else
		ready->by_size[group->size].last = group->size_previous;
	if (!ready->by_size[group->size].first)
		ready->sizes &= ~(1u << group->size);
}

void ready_open(struct ready_group *group)
{
	if (group->open)
		return;
	group->open = true;
	group->ready->open_jobs += group->count;
	heap_add(&group->ready->by_age, &group->age, group->first->job.sequence, 0);
	enter_size(group, size_of(group));
}

void ready_close(struct ready_group *group)
{
	if (!group->open)
		return;
	group->open = false;
	group->ready->open_jobs -= group->count;
	heap_remove(&group->age);
	leave_size(group);
}

void ready_settle(struct ready_group *group)
{
	uint32_t size;

	if (group->count == 0) {
		drop_group(group);
		return;
	}
	if (!group->open)
		return;
	if (group->age.key != group->first->job.sequence) {
		heap_remove(&group->age);
		heap_add(&group->ready->by_age, &group->age, group->first->job.sequence, 0);
	}
	size = size_of(group);
	if (size != group->size) {
		leave_size(group);
		enter_size(group, size);
	}
}

struct ready_group *ready_oldest(const struct ready *ready)
{
	struct heap_place *place = heap_first(&ready->by_age);

	return place ? (struct ready_group *)((char *)place - offsetof(struct ready_group, age)) : NULL;
}

struct ready_group *ready_fullest(const struct ready *ready)
{
	return ready->sizes != 0 ? ready->by_size[31 - (uint32_t)__builtin_clz(ready->sizes)].first : NULL;
}

/* --- their jobs --- */

/* The task that this one belongs behind. New jobs come last; those that come back do so many at a time and in order,
 * so each belongs near the one before it. */
static struct task *find_place(const struct ready_group *group, const struct task *task)
{
	struct task *before = group->last;

	if (!before || before->job.sequence < task->job.sequence)
		return before;
	before = group->latest;
	while (before && before->job.sequence > task->job.sequence)
		before = before->group_previous;
	while (before && before->group_next->job.sequence < task->job.sequence)
		before = before->group_next;
	return before;
}

struct ready_group *ready_add(struct ready *ready, struct task *task, const struct ready_kind *kind)
{
	struct ready_group *group = find_or_add(ready, kind);
	struct task *before;

	assert(!task->group);
	if (!group)
		return NULL;
	before = find_place(group, task);
	task->group = group;
	task->group_previous = before;
	task->group_next = before ? before->group_next : group->first;
	if (before)
		before->group_next = task;
	else
		group->first = task;
	if (task->group_next)
		task->group_next->group_previous = task;
	else
		group->last = task;
	group->latest = task;
	group->count++;
	ready->open_jobs += group->open;
	ready_settle(group);
	return group;
}

static void unlink_task(struct ready_group *group, struct task *task)
{
	if (group->latest == task)
		group->latest = task->group_previous ? task->group_previous : task->group_next;
	if (task->group_previous)
		task->group_previous->group_next = task->group_next;
	else
		group->first = task->group_next;
	if (task->group_next)
		task->group_next->group_previous = task->group_previous;
	else
		group->last = task->group_previous;
	task->group = NULL;
	group->count--;
	group->ready->open_jobs -= group->open;
}

struct task *ready_take(struct ready_group *group)
{
	struct task *task = group->first;

	unlink_task(group, task);
	return task;
}

void ready_remove(struct task *task)
{
	struct ready_group *group = task->group;

	if (!group)
		return;
	unlink_task(group, task);
	ready_settle(group);
}
