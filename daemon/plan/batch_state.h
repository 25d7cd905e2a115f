/* plan/batch_state.h - what a batch consists of. Private to batch*.c. */
#ifndef PLAN_BATCH_STATE_H
#define PLAN_BATCH_STATE_H

#include "daemon/plan/batch.h"
#include "daemon/plan/planner_state.h"
#include "daemon/plan/sql/shared.h"

#include <stdbool.h>
#include <stdint.h>

enum { BATCH_STATEMENTS_PER_JOB = 4, BATCH_NOBODY = UINT32_MAX };

enum trouble {
	TROUBLE_NONE,
	TROUBLE_UNDO, /* a job failed and left effects behind */
	TROUBLE_SIZE, /* too much at once: the answers, or a part of a group's statements that failed */
	TROUBLE_SQL,  /* a statement was answered with an error that is not its command's own: see error */
	TROUBLE_END,  /* COMMIT was, or the connection went when no statement was outstanding: see error */
};

struct batch_member {
	struct task *task;
	uint32_t group; /* while the groups are formed */
	bool finished;
	bool failed; /* finished, with an error */
	bool lost;   /* the connection went while a statement of it was being answered */
};

enum group_state { GROUP_WAITING, GROUP_SENT, GROUP_OVER };

/* Members that share their statements, or one by itself. */
struct batch_group {
	enum group_state state;
	uint32_t first, count;       /* in batch->order */
	uint32_t culprits;           /* that it failed for so far */
	const struct table *ordered; /* creates that keep their order in this table; NULL: none */
	size_t size;                 /* of the longest statement, but for names */
	bool holds_up;               /* should one by itself fail, it is tried again: those behind it wait as well */
	struct shared *shared;       /* while SENT, of several */
};

/* Where the answer to a statement of the wave belongs. */
struct slot {
	uint32_t group;
	uint32_t index; /* in the group's own wave */
	bool answered;
};

struct batch {
	struct planner *planner;
	struct batch *next; /* of all the planner has */
	bool in_use;
	bool begun;
	uint32_t count;
	uint32_t capacity;
	struct batch_member *members;
	uint32_t *order;   /* members, group by group */
	struct job **jobs; /* theirs, in the same order */
	struct batch_group *groups;
	uint32_t group_count;
	uint32_t first_holder; /* of this wave: before it no group holds up others; BATCH_NOBODY: none so far */
	bool mixed;      /* jobs were planned with catalogs of different age: tables are the same by their names */
	uint32_t *table; /* open addressing: what jobs share by, to their last group */
	uint32_t table_mask;
	struct shared **shared; /* lent to the groups of a wave; made as they are needed */
	uint32_t shared_count, shared_used;
	struct statement *statements;
	struct slot *slots;
	uint32_t wave; /* statements in it */
	uint32_t answered;
	uint64_t room; /* for rows, in bytes */
	enum trouble trouble;
	uint32_t culprit;       /* the member that the trouble came from, or BATCH_NOBODY */
	bool lost;              /* members are marked so */
	struct sql_error error; /* with TROUBLE_SQL and TROUBLE_END */
};

void batch_form_groups(struct batch *batch);

/* Takes the jobs from `until` to `from` out of a group and makes two of what is left. */
void batch_split_group(struct batch *batch, uint32_t index, uint32_t until, uint32_t from);

/* Makes each job of a group one of its own. */
void batch_scatter_group(struct batch *batch, uint32_t index);

bool batch_same_table(const struct batch *batch, const struct table *a, const struct table *b);

/* Notes that the connection went while statement `index` of the wave was being answered. */
void batch_mark_lost(struct batch *batch, size_t index);

/* Nothing of the batch took effect, as far as we know: a COMMIT in doubt is taken for one that did not happen, so that
 * each command is executed at least once. Gives back, parks or answers each of its jobs. */
void batch_run_again(struct batch *batch, enum batch_end end, const struct sql_error *error, uint64_t now_us);

#endif
