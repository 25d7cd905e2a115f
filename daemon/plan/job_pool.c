/* plan/job_pool.c */
#include "daemon/plan/job_pool.h"

#include "daemon/plan/planner.h"
#include "daemon/plan/sql/procedure.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Free jobs beyond this are really freed: 2048 of them hold about 10 MiB. */
enum { FREE_JOBS_MAX = 2048 };

struct job_pool {
	struct task *free_tasks;
	uint32_t free_count;
	uint32_t live; /* jobs that somebody has */
	bool closed;
};

int job_pool_new(struct job_pool **ret_pool)
{
	struct job_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return -ENOMEM;
	*ret_pool = pool;
	return 0;
}

static void drop(struct task *task)
{
	buffer_free(&task->job.spare_sql);
	buffer_free(&task->job.spare_body);
	arena_free(&task->job.arena);
	free(task);
}

static void drop_free_tasks(struct job_pool *pool)
{
	while (pool->free_tasks) {
		struct task *task = pool->free_tasks;

		pool->free_tasks = task->next_free;
		drop(task);
	}
	pool->free_count = 0;
}

void job_pool_close(struct job_pool *pool)
{
	if (!pool)
		return;
	drop_free_tasks(pool);
	pool->closed = true;
	if (pool->live == 0)
		free(pool);
}

struct task *job_pool_take(struct job_pool *pool, size_t limit_bytes)
{
	struct task *task = pool->free_tasks;

	if (task) {
		size_t kept = offsetof(struct task, job.state);

		pool->free_tasks = task->next_free;
		pool->free_count--;
		memset((char *)task + kept, 0, sizeof(*task) - kept);
		task->job.arena.limit_bytes = limit_bytes;
	} else {
		task = calloc(1, sizeof(*task));
		if (!task)
			return NULL;
		arena_init(&task->job.arena, limit_bytes);
	}
	task->pool = pool;
	pool->live++;
	return task;
}

void job_free(struct job *job)
{
	struct task *task = task_of(job);
	struct job_pool *pool = task->pool;

	procedure_free(job);
	pool->live--;
	if (pool->closed || pool->free_count >= FREE_JOBS_MAX) {
		drop(task);
		if (pool->closed && pool->live == 0)
			free(pool);
		return;
	}
	arena_reset(&job->arena);
	task->next_free = pool->free_tasks;
	pool->free_tasks = task;
	pool->free_count++;
}

/* --- lists --- */

void job_list_append(struct job_list *list, struct job *job)
{
	job->previous = list->last;
	job->next = NULL;
	if (list->last)
		list->last->next = job;
	else
		list->first = job;
	list->last = job;
	list->count++;
}

void job_list_remove(struct job_list *list, struct job *job)
{
	if (job->previous)
		job->previous->next = job->next;
	else
		list->first = job->next;
	if (job->next)
		job->next->previous = job->previous;
	else
		list->last = job->previous;
	job->previous = NULL;
	job->next = NULL;
	list->count--;
}

void job_list_splice(struct job_list *list, struct job_list *from)
{
	if (!from->first)
		return;
	from->first->previous = list->last;
	if (list->last)
		list->last->next = from->first;
	else
		list->first = from->first;
	list->last = from->last;
	list->count += from->count;
	*from = (struct job_list){0};
}

/* Merges two chains that are in order. */
static struct job *merge(struct job *a, struct job *b)
{
	struct job *merged = NULL, **end = &merged;

	for (; a && b; end = &(*end)->next) {
		struct job **older = a->sequence < b->sequence ? &a : &b;

		*end = *older;
		*older = (*older)->next;
	}
	*end = a ? a : b;
	return merged;
}

void job_list_sort(struct job_list *list)
{
	enum { CHAINS = 32 };
	struct job *chains[CHAINS] = {NULL}; /* the n-th, unless NULL, of 2^n jobs */
	struct job *job = list->first, *next, *sorted = NULL;

	for (; job; job = next) {
		uint32_t n = 0;

		next = job->next;
		job->next = NULL;
		for (; chains[n]; n++) {
			job = merge(chains[n], job);
			chains[n] = NULL;
		}
		chains[n] = job;
	}
	for (uint32_t n = 0; n < CHAINS; n++)
		sorted = merge(sorted, chains[n]);
	*list = (struct job_list){0};
	for (job = sorted; job; job = next) {
		next = job->next;
		job_list_append(list, job);
	}
}
