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
		struct job kept = {
			.arena = task->job.arena, .spare_sql = task->job.spare_sql, .spare_body = task->job.spare_body};

		pool->free_tasks = task->next_free;
		pool->free_count--;
		*task = (struct task){.job = kept};
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

static void insert_after(struct job_list *list, struct job *before, struct job *job)
{
	job->previous = before;
	job->next = before ? before->next : list->first;
	if (job->previous)
		job->previous->next = job;
	else
		list->first = job;
	if (job->next)
		job->next->previous = job;
	else
		list->last = job;
	list->count++;
}

void job_list_append(struct job_list *list, struct job *job)
{
	insert_after(list, list->last, job);
}

void job_list_insert(struct job_list *list, struct job *job)
{
	struct job *after = list->first;

	while (after && after->sequence < job->sequence)
		after = after->next;
	insert_after(list, after ? after->previous : list->last, job);
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

/* --- heaps --- */

int job_heap_reserve(struct job_heap *heap, uint32_t capacity)
{
	enum { FIRST_CAPACITY = 64 };
	uint32_t wanted = heap->capacity == 0 ? FIRST_CAPACITY : heap->capacity;
	struct task **items;

	if (capacity <= heap->capacity)
		return 0;
	while (wanted < capacity)
		wanted *= 2;
	items = realloc(heap->items, wanted * sizeof(struct task *));
	if (!items)
		return -ENOMEM;
	heap->items = items;
	heap->capacity = wanted;
	return 0;
}

void job_heap_free(struct job_heap *heap)
{
	free(heap->items);
	*heap = (struct job_heap){0};
}

static void place(struct job_heap *heap, uint32_t index, struct task *task)
{
	heap->items[index] = task;
	task->heap_index = index;
}

static void sift_up(struct job_heap *heap, uint32_t index, struct task *task)
{
	while (index > 0 && heap->items[(index - 1) / 2]->heap_key > task->heap_key) {
		place(heap, index, heap->items[(index - 1) / 2]);
		index = (index - 1) / 2;
	}
	place(heap, index, task);
}

static void sift_down(struct job_heap *heap, uint32_t index, struct task *task)
{
	for (;;) {
		uint32_t child = index * 2 + 1;

		if (child + 1 < heap->count && heap->items[child + 1]->heap_key < heap->items[child]->heap_key)
			child++;
		if (child >= heap->count || heap->items[child]->heap_key >= task->heap_key)
			break;
		place(heap, index, heap->items[child]);
		index = child;
	}
	place(heap, index, task);
}

void job_heap_add(struct job_heap *heap, struct task *task, uint64_t key)
{
	assert(!task->heap && heap->count < heap->capacity);
	task->heap = heap;
	task->heap_key = key;
	sift_up(heap, heap->count++, task);
}

void job_heap_remove(struct task *task)
{
	struct job_heap *heap = task->heap;
	uint32_t index = task->heap_index;
	struct task *moved;

	if (!heap)
		return;
	task->heap = NULL;
	moved = heap->items[--heap->count];
	if (moved == task)
		return;
	if (index > 0 && heap->items[(index - 1) / 2]->heap_key > moved->heap_key)
		sift_up(heap, index, moved);
	else
		sift_down(heap, index, moved);
}
