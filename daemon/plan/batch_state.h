/* plan/batch_state.h - what a batch consists of. Private to batch.c and batch_trouble.c. */
#ifndef PLAN_BATCH_STATE_H
#define PLAN_BATCH_STATE_H

#include "daemon/plan/batch.h"
#include "daemon/plan/planner_state.h"

enum { NOBODY = UINT32_MAX };

enum trouble {
	TROUBLE_NONE,
	TROUBLE_UNDO, /* a job failed and left effects behind */
	TROUBLE_SIZE, /* the answers are more than one batch may hold in memory */
	TROUBLE_SQL,  /* a statement was answered with an error that is not its command's own: see error */
	TROUBLE_END,  /* COMMIT was, or the connection went when no statement was outstanding: see error */
};

struct batch_member {
	struct task *task;
	bool finished;
	bool failed; /* finished, with an error */
};

/* Where the answer to a statement of the wave belongs. */
struct slot {
	uint32_t member;
	uint32_t index; /* in the procedure's own wave */
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
	struct statement *statements;
	struct slot *slots;
	uint32_t wave; /* statements in it */
	uint32_t answered;
	uint64_t bytes; /* of the rows so far */
	enum trouble trouble;
	uint32_t culprit;       /* the member that the trouble came from, or NOBODY */
	uint32_t lost_member;   /* whose statement was being answered when the connection went, or NOBODY */
	struct sql_error error; /* with TROUBLE_SQL and TROUBLE_END */
};

/* Nothing of the batch took effect, as far as we know: a COMMIT in doubt is taken for one that did not happen, so that
 * each command is executed at least once. Gives back, parks or answers each of its jobs. */
void batch_run_again(struct batch *batch, enum batch_end end, const struct sql_error *error, uint64_t now_us);

#endif
