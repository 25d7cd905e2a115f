/* plan/planner_state.h - the planner from inside, for planner*.c, batch.c, batch_trouble.c and park.c.
 * Private to plan/.
 *
 * After anything that may make jobs ready (planner_settle) the invariant is: a job that is WAITING, all of whose
 * entries are granted, and whose pause is over, stands among its queue's ready ones: in a group, if it may share a
 * batch; else in `alone`, once no unfinished create of its table stands before it. The group of one before which none
 * stands is open; others may be, until somebody looks. */
#ifndef PLAN_PLANNER_STATE_H
#define PLAN_PLANNER_STATE_H

#include "daemon/plan/job_pool.h"
#include "daemon/plan/marker.h"
#include "daemon/plan/planner.h"
#include "daemon/plan/ready.h"
#include "daemon/plan/refusals.h"
#include "daemon/plan/sql/procedure.h"

/* The ready jobs of one queue. Jobs know it by address. */
struct planner_queue {
	const struct policy *policy;
	uint32_t live;        /* jobs of it that are not done */
	struct ready sharing; /* ready, and may share a batch */
	struct heap alone;    /* ready, and may not; by sequence */
};

struct planner {
	struct planner_options options;
	struct catalog *catalog;
	uint64_t catalog_number; /* rises with each catalog */
	uint64_t catalog_us;     /* when it was set */
	bool wants_catalog;
	bool reading_catalog; /* one is on its way */
	struct refusals refusals;
	bool draining; /* jobs are being withdrawn: nothing is chosen until none is left */
	bool fenced;
	bool no_commits; /* the table rowd_commits is gone */
	struct markers *markers;
	struct job_pool *pool;
	struct schedule *schedule;
	uint64_t sequence;
	uint64_t random;
	struct planner_queue **queues;
	uint32_t queue_count;
	struct planner_queue *latest; /* that a job was submitted to; NULL: none yet */
	uint32_t turn;                /* the queue that leads the next batch, if it can */
	struct heap delayed;          /* granted, and waiting out a pause; by due_us */
	struct job_list waiting, running, done;
	struct job_list parked; /* with the current catalog */
	struct job_list stale;  /* parked with an older one: to be looked at again */
	uint64_t bytes;         /* of all jobs in these */
	uint64_t hints_us;      /* the moment that names_left is for */
	uint32_t names_left;    /* may still be looked through for hints at that moment */
	uint64_t answered_ok, answered_error;
	struct batch *batches; /* all of them, in use or not */
};

/* planner_hold.c: whether what is ready and may share is to wait for a batch that runs. Not later than *ret_wake_us,
 * which is brought forward, then, or set if it is 0. */
bool planner_holds_back(const struct planner *planner, uint64_t now_us, uint64_t *ret_wake_us);

/* What procedures want to know. now_us: what is done in one go has one of them. */
struct procedure_facts planner_facts(struct planner *planner, uint64_t now_us);

/* The queue of a policy, with room for one more job in each heap; NULL: no memory. */
struct planner_queue *planner_queue_of(struct planner *planner, const struct policy *policy);

/* Puts the job among the ready or the delayed ones if it belongs there. Legal on any job, at any time. */
void planner_consider(struct planner *planner, struct task *task);

/* Takes the job from among the ready or the delayed ones. Legal on any job. */
void planner_disregard(struct task *task);

/* Considers those whose pause is over. */
void planner_wake(struct planner *planner, uint64_t now_us);

/* The most jobs that may be in a batch with this one. */
uint32_t planner_batch_limit(const struct task *task);

/* Considers all jobs that the schedule has granted since. */
void planner_settle(struct planner *planner);

/* Ends a job: answers it, with the error or, without one, with what its procedure has; gives up its place in order.
 * The job is in the list of its state. */
void planner_finish(struct planner *planner, struct task *task, const struct error *error, uint64_t now_us);

/* A running job waits again, not before due_us; it keeps its place in order. */
void planner_return(struct planner *planner, struct task *task, uint64_t due_us);

/* Whether an allocation in the job's arena has failed for its limit, and what is answered then: trying again would
 * never help. */
bool planner_arena_is_full(const struct job *job);
void planner_error_too_large(struct error *error);

/* Moves the job from the list of its state to that of another. */
void planner_move(struct planner *planner, struct task *task, enum job_state state);

void planner_free_queues(struct planner *planner);

/* batch.c: a batch without jobs, with room for options.batch; NULL: no memory. */
struct batch *batch_take(struct planner *planner);
void batch_add(struct batch *batch, struct task *task);
struct task *batch_task(const struct batch *batch, uint32_t index);
/* Takes a commit marker for a batch that was gathered, if one of its commands wants one. One has to be available. */
void batch_take_marker(struct batch *batch);
void batch_free_all(struct planner *planner);

#endif
