/* plan/job_pool.h - makes jobs, and keeps what the planner alone knows about them. Private to plan/.
 *
 * Jobs that were freed are kept with the first block of their arena, so that a command in steady state costs no
 * malloc. Jobs may outlive the planner that made them: the last of them frees the pool. */
#ifndef PLAN_JOB_POOL_H
#define PLAN_JOB_POOL_H

#include "daemon/plan/job.h"
#include "daemon/plan/schedule.h"

#include <stddef.h>
#include <stdint.h>

struct job_pool;
struct job_heap;
struct planner_queue;

/* A job with what the planner alone knows about it. */
struct task {
	struct job job;
	struct job_pool *pool;
	struct task *next_free;
	struct schedule_node node;
	struct planner_queue *queue;
	struct job_heap *heap; /* the one it stands in: ready in its queue, or delayed; NULL: none */
	uint32_t heap_index;
	uint64_t heap_key;
	uint64_t due_us;         /* not chosen before; 0: at any time */
	uint64_t bytes;          /* what it took when it came in, charged to the planner */
	uint64_t catalog_number; /* of the catalog it was last compiled with */
	uint32_t rollbacks;      /* deadlocks and lock waits of batches it was in, its own or not */
	uint32_t batch_limit;    /* at most so many jobs in its batch; 0: no limit of its own */
	bool reread;             /* has waited for a newer catalog already: the next unknown name is its answer */
};

static inline struct task *task_of(struct job *job)
{
	return (struct task *)((char *)job - offsetof(struct task, job));
}

static inline struct task *task_of_node(struct schedule_node *node)
{
	return (struct task *)((char *)node - offsetof(struct task, node));
}

int job_pool_new(struct job_pool **ret_pool);

/* Frees it as soon as no job of it is left. Legal on NULL. */
void job_pool_close(struct job_pool *pool);

/* A zeroed job with an arena of at most limit_bytes; NULL: no memory. Freed by job_free() (plan/planner.h). */
struct task *job_pool_take(struct job_pool *pool, size_t limit_bytes);

/* --- lists: of the jobs in one state --- */

struct job_list {
	struct job *first, *last;
	uint32_t count;
};

void job_list_append(struct job_list *list, struct job *job);

/* Puts it in by its sequence; searches from the front, where returned jobs belong. */
void job_list_insert(struct job_list *list, struct job *job);

void job_list_remove(struct job_list *list, struct job *job);

/* --- heaps: the job with the smallest heap_key first --- */

struct job_heap {
	struct task **items;
	uint32_t count;
	uint32_t capacity;
};

/* Makes room for so many jobs in all, so that adding never fails. Returns 0 or -ENOMEM. */
int job_heap_reserve(struct job_heap *heap, uint32_t capacity);
void job_heap_free(struct job_heap *heap);

/* The task stands in no heap; there is room. */
void job_heap_add(struct job_heap *heap, struct task *task, uint64_t key);

/* Takes the task out of the heap it stands in; legal when it stands in none. */
void job_heap_remove(struct task *task);

static inline struct task *job_heap_first(const struct job_heap *heap)
{
	return heap->count > 0 ? heap->items[0] : NULL;
}

#endif
