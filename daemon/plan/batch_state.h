/* plan/batch_state.h - what a batch consists of. Private to batch*.c. */
#ifndef PLAN_BATCH_STATE_H
#define PLAN_BATCH_STATE_H

#include "daemon/plan/batch.h"
#include "daemon/plan/planner_state.h"
#include "daemon/plan/sql/shared.h"

#include <stdbool.h>
#include <stdint.h>

enum { BATCH_STATEMENTS_PER_JOB = 4, BATCH_NOBODY = UINT32_MAX };

/* A longer one would gain nothing: what it saves is a trip, which is little beside what it takes itself. */
enum { BATCH_COMPOUND_BYTES = 16 * 1024 };

/* In place of a group: whose statement of a wave it is. */
enum { BATCH_MARKER = UINT32_MAX, BATCH_LEDGER = UINT32_MAX - 1 };

enum trouble {
	TROUBLE_NONE,
	TROUBLE_UNDO,   /* a job failed and left effects behind */
	TROUBLE_SIZE,   /* too much at once: the answers, or a part of a group's statements that failed */
	TROUBLE_SQL,    /* a statement was answered with an error that is not its command's own: see error */
	TROUBLE_AGAIN,  /* somebody else has kept the answer of a command with `once` meanwhile */
	TROUBLE_FENCED, /* the commit marker met nothing: the worker was declared dead */
	TROUBLE_END,    /* COMMIT was, or the connection went when no statement was outstanding: see error */
};

struct batch_member {
	struct task *task;
	uint32_t group; /* while the groups are formed */
	bool finished;
	bool failed;  /* finished, with an error */
	bool lost;    /* the connection went while a statement of it was being answered */
	bool settled; /* answered from the ledger: it has no effect of its own */
	bool marked;  /* the commit marker that was sent last names it */
};

/* See batch_ledger.c. */
enum ledger_state { LEDGER_OVER, LEDGER_ASKING, LEDGER_RUNNING, LEDGER_KEEPING };
enum ledger_statement { LEDGER_SELECT, LEDGER_INSERT };

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
	uint32_t group; /* BATCH_MARKER: it is the commit marker */
	uint32_t index; /* in the group's own wave */
	bool answered;
	bool done; /* without an error */
};

struct batch {
	struct planner *planner;
	struct batch *next; /* of all the planner has */
	bool in_use;
	bool begun;
	bool formed;       /* the groups are */
	bool shares;       /* led by a job that may share it */
	uint64_t begun_us; /* when it was chosen */
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
	uint32_t wave;         /* statements in it */
	bool is_one_statement; /* see batch.h; of this wave */
	bool is_compound;      /* the same */
	bool is_behind;        /* its first wave is sent behind the COMMIT of another */
	uint32_t answered;
	uint64_t room; /* for rows, in bytes */
	enum trouble trouble;
	uint32_t culprit; /* the member that the trouble came from, or BATCH_NOBODY */
	bool lost;        /* members are marked so */
	bool discards;    /* nothing of it is to be committed: rolled back is as good */
	enum ledger_state ledger;
	struct buffer ledger_text;
	struct job **once_jobs; /* for statements and rows of the ledger */
	bool books_failed;      /* the error is what the server answered to the marker */
	struct marker marker;   /* slot MARKER_NONE: its writes need none, or it has none */
	struct buffer marker_text, compound_text;
	uint64_t *numbers;      /* of the claims that the marker names */
	struct sql_error error; /* with TROUBLE_SQL and TROUBLE_END */
};

void batch_form_groups(struct batch *batch);

/* Takes the jobs from `until` to `from` out of a group and makes two of what is left. */
void batch_split_group(struct batch *batch, uint32_t index, uint32_t until, uint32_t from);

/* Whether the member's effect, should it have one, is to be named by the commit marker. */
bool batch_is_marked(const struct batch_member *member);

/* Appends the commit marker to the wave, if the batch has one and something to name. */
void batch_add_marker(struct batch *batch);

/* The server has refused what was to be noted in rowd's own tables. Returns whether the batch may be committed without:
 * when it cannot undo what its one command has done, to try again would do it once more, each time. */
bool batch_goes_on_without_books(struct batch *batch, const struct sql_error *error);

/* Writes the wave, which is a statement and the marker, once more as one that commits by itself; the marker is then a
 * row of rowd_commits. Returns false when there was no memory for it. */
bool batch_write_compound(struct batch *batch);

/* For a compound statement that was committed, but not told to the end: whether the one command's answer is complete
 * all the same. Then it is finished, or has failed. */
bool batch_has_heard(struct batch *batch);

/* When all groups are over: sends the marker again if it names a command that has failed since. Or sets `discards`,
 * when all writes have failed. */
void batch_settle_marker(struct batch *batch);

/* The answer to the marker. */
void batch_marker_done(struct batch *batch, const struct statement_result *result);
void batch_marker_failed(struct batch *batch, const struct sql_error *error);

/* After the transaction: keeps the marker for the commands that it names, or gives it back. */
void batch_end_marker(struct batch *batch, bool committed);

/* batch_ledger.c. When the batch begins: whether it has something to ask. */
void batch_begin_ledger(struct batch *batch);

/* A wave of its own: asks for the rows of all ids; keeps the answers of those that succeeded, and asks once more for
 * those that failed. The latter may have nothing to send. */
void batch_ask_ledger(struct batch *batch);
void batch_keep_answers(struct batch *batch);

/* The answers to these statements, and what to make of them once all were answered. */
int batch_ledger_row(struct batch *batch, const char *const *values, const unsigned long *lengths);
void batch_ledger_failed(struct batch *batch, const struct sql_error *error);
void batch_read_ledger(struct batch *batch);

/* Makes each job of a group one of its own. */
void batch_scatter_group(struct batch *batch, uint32_t index);

bool batch_same_table(const struct batch *batch, const struct table *a, const struct table *b);

/* Notes that the connection went while statement `index` of the wave was being answered. */
void batch_mark_lost(struct batch *batch, size_t index);

/* Nothing of the batch took effect, as far as we know: a COMMIT in doubt is taken for one that did not happen, so that
 * each command is executed at least once. Gives back, parks or answers each of its jobs. */
void batch_run_again(struct batch *batch, enum batch_end end, const struct sql_error *error, uint64_t now_us);

#endif
