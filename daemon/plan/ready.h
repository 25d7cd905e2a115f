/* plan/ready.h - the jobs of one queue that are ready and may share a batch, by what they can share statements by.
 *
 * Jobs that can share stand in one group, in order of sequence; those that can share with nobody stand in one as well.
 * A group is open when its first job may be chosen, as far as is known: an open one is found by the age of its first
 * job, and by how many wait in it. Closed are those behind a create that has not finished. Private to plan/. */
#ifndef PLAN_READY_H
#define PLAN_READY_H

#include "daemon/plan/heap.h"
#include "daemon/plan/schedule.h"

#include <stdbool.h>
#include <stdint.h>

struct task;

/* What all jobs of a group have in common. */
struct ready_kind {
	uint64_t hash;                           /* what they share statements by (shared_hash); 0: with nobody */
	const struct schedule_resource *creates; /* the line in which they create; NULL: none */
	uint32_t limit;                          /* the most jobs in a batch with them */
};

struct ready_group {
	struct ready_kind kind;
	struct ready *ready;
	struct ready_group *chained; /* of equal hash, or the next that is free */
	struct task *first, *last;
	struct task *latest; /* the one added last, or its neighbour: who is added next mostly belongs there */
	uint32_t count;
	bool open;
	struct heap_place age;
	uint32_t size; /* class of its count: the largest power of two in it */
	struct ready_group *size_previous, *size_next;
};

enum { READY_CHAINS = 256, READY_SIZES = 32 };

struct ready {
	struct ready_group *chains[READY_CHAINS];
	struct ready_group *free_groups;
	uint32_t group_count; /* that were ever made */
	struct heap by_age;   /* open groups */
	uint32_t open_jobs;   /* in these */
	uint32_t sizes;       /* bit 1u << size: there is an open group of that size */
	struct {
		struct ready_group *first, *last;
	} by_size[READY_SIZES]; /* open groups, in the order in which they came to be of that size */
};

/* Starts out zeroed. Jobs that are in it must not be touched any more, but for being freed. */
void ready_free(struct ready *ready);

/* Puts the task in its group; whether that is open stays as it is, a new one is closed. Returns the group; NULL: no
 * memory, and the task is in none. */
struct ready_group *ready_add(struct ready *ready, struct task *task, const struct ready_kind *kind);

/* Takes the task out of its group; legal when it is in none. A group without tasks is gone. */
void ready_remove(struct task *task);

/* Takes out the first task of the group, which keeps its place among the others, even empty, until ready_settle(): for
 * those who take many. */
struct task *ready_take(struct ready_group *group);
void ready_settle(struct ready_group *group);

/* Both are legal at any time. */
void ready_open(struct ready_group *group);
void ready_close(struct ready_group *group);

/* The open group whose first job is the oldest, and one of those with most jobs, within a factor of two; NULL: none is
 * open. Jobs that share with nobody gain nothing by being many: they count as one. */
struct ready_group *ready_oldest(const struct ready *ready);
struct ready_group *ready_fullest(const struct ready *ready);

#endif
