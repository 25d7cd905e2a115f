/* plan/job_pool.h - makes jobs, and keeps what the planner alone knows about them. Private to plan/.
 *
 * Jobs that were freed are kept with the first block of their arena, so that a command in steady state costs no
 * malloc. Jobs may outlive the planner that made them: the last of them frees the pool. */
#ifndef PLAN_JOB_POOL_H
#define PLAN_JOB_POOL_H

#include "daemon/plan/heap.h"
#include "daemon/plan/job.h"
#include "daemon/plan/schedule.h"

#include <stddef.h>
#include <stdint.h>

struct job_pool;
struct batch;
struct planner_queue;
struct ready_group;

/* A job with what the planner alone knows about it. */
struct task {
	struct job job;
	struct job_pool *pool;
	struct task *next_free;
	struct schedule_node node;
	struct planner_queue *queue;
	struct batch *batch;       /* that it was chosen for; NULL: not since it was returned */
	struct heap_place place;   /* among its queue's that run alone, or among the delayed */
	struct ready_group *group; /* the one it stands in; NULL: none */
	struct task *group_previous, *group_next;
	uint64_t due_us;         /* not chosen before; 0: at any time */
	uint64_t bytes;          /* what it took when it came in, charged to the planner */
	uint64_t catalog_number; /* of the catalog it was last compiled with */
	uint32_t rollbacks;      /* deadlocks and lock waits of batches it was in, its own or not */
	uint32_t batch_limit;    /* at most so many jobs in its batch; 0: no limit of its own */
	bool disowned;           /* its claim is somebody else's by now: it is not run again (planner_disown) */
	bool again;              /* a batch that it was in has not come to its end */
	bool reread;             /* has waited for a newer catalog already: the next unknown name is its answer */
	bool late;               /* parked while a catalog was being read, which may be older than what it is about */
};

static inline struct task *task_of(struct job *job)
{
	return (struct task *)((char *)job - offsetof(struct task, job));
}

static inline struct task *task_of_place(struct heap_place *place)
{
	return (struct task *)((char *)place - offsetof(struct task, place));
}

static inline struct task *task_of_node(struct schedule_node *node)
{
	return (struct task *)((char *)node - offsetof(struct task, node));
}

int job_pool_new(struct job_pool **ret_pool);

/* Frees it as soon as no job of it is left. Legal on NULL. */
void job_pool_close(struct job_pool *pool);

/* A zeroed job, but for its command and its reply, with an arena of at most limit_bytes; NULL: no memory. Freed by
 * job_free() (plan/planner.h). */
struct task *job_pool_take(struct job_pool *pool, size_t limit_bytes);

/* --- lists: of the jobs in one state --- */

struct job_list {
	struct job *first, *last;
	uint32_t count;
};

void job_list_append(struct job_list *list, struct job *job);

void job_list_remove(struct job_list *list, struct job *job);

/* Moves all jobs of `from` behind those of the list. */
void job_list_splice(struct job_list *list, struct job_list *from);

/* Puts the jobs in order of their sequence. */
void job_list_sort(struct job_list *list);

#endif
