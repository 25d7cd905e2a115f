/* plan/batch.h - what one connection runs in one transaction, as waves of statements.
 *
 *   planner_choose --> batch_next --SEND--> the caller sends the wave's statements back to back, then reads the answers
 *                        ^    |                and tells each: batch_row* then batch_done, or batch_failed
 *                        +----+ all answered
 *                             +--COMMIT----> COMMIT, then batch_ended
 *                             +--ROLLBACK--> ROLLBACK, then batch_ended
 *
 * Statements of one wave do not conflict. The caller decides nothing: not what is sent, not whether to commit. */
#ifndef PLAN_BATCH_H
#define PLAN_BATCH_H

#include "daemon/plan/statement.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;

enum batch_step { BATCH_SEND, BATCH_COMMIT, BATCH_ROLLBACK };

/* What is to be done next. Called first when the batch was chosen and again each time all statements of a wave have
 * been answered. With BATCH_SEND *ret_statements is an array of *ret_count >= 1 statements, the batch's own. */
enum batch_step batch_next(struct batch *batch, uint64_t now_us, const struct statement **ret_statements,
			   size_t *ret_count);

/* One row of the answer to statement `index` of the wave: values[i] NULL is NULL. Copied at once. Returns 0, or
 * -EFBIG when no more rows of this statement are wanted: the caller reads the rest without handing it in. */
int batch_row(struct batch *batch, size_t index, const char *const *values, const unsigned long *lengths,
	      uint32_t count);

/* The end of the answer to a statement: exactly one of these two per statement. After an error of class
 * SQL_ERROR_CONNECTION nothing more is told but batch_ended(). */
void batch_done(struct batch *batch, size_t index, const struct statement_result *result);
void batch_failed(struct batch *batch, size_t index, const struct sql_error *error);

enum batch_end {
	BATCH_COMMITTED,
	BATCH_ROLLED_BACK,
	BATCH_LOST,     /* the connection went before COMMIT was sent: nothing took effect */
	BATCH_IN_DOUBT, /* it went between COMMIT and its answer, or COMMIT answered an error. A batch with a commit
			 * marker is not ended before somebody has looked: COMMITTED, or else this, since it was not */
	BATCH_DROPPED,  /* it went while the COMMIT before was in doubt (planner_choose_behind): as if never sent */
};

/* The last call: jobs become DONE or wait again, and the batch is gone. error: why, unless committed; may be NULL. */
void batch_ended(struct batch *batch, enum batch_end end, const struct sql_error *error, uint64_t now_us);

/* The commit marker that tells whether the batch was committed. Returns false when it has none: a COMMIT in doubt is
 * then taken for one that did not happen. The text is the batch's. */
struct batch_marker {
	const char *worker;
	uint32_t slot;
	uint64_t batch;
	bool is_commit; /* it is a row of rowd_commits */
};
bool batch_marker(const struct batch *batch, struct batch_marker *ret_marker);

/* What the server answered to a statement about rowd's own tables, when that has failed; NULL otherwise. For the log:
 * an account without the grant, or a table that is gone, keeps every write waiting. Valid until batch_ended(). */
const struct sql_error *batch_books_error(const struct batch *batch);

/* Whether none of its commands changes anything. */
bool batch_only_reads(const struct batch *batch);

/* Asked after BATCH_SEND: whether the wave is one statement and all that the transaction will have, and nothing in its
 * answer can be a reason to undo it. Then COMMIT may be sent right behind it: it commits what the statement did, or,
 * when that failed and so has undone itself, nothing. batch_next() is asked all the same when both are answered; should
 * the statement have failed, it may want another wave, or a ROLLBACK, which then has nothing to undo. */
bool batch_is_one_statement(const struct batch *batch);

/* Asked after BATCH_SEND: whether the wave, which is one statement as above and the commit marker, stands behind its
 * statements once more, as one: (*ret_statements)[*ret_count]. That one runs both and commits by itself, if nothing
 * failed: one trip where it would have been two. The marker is then a new row of rowd_commits. After an error in answer
 * to the first it has not been executed and is not told. batch_done() of the marker says that all was committed; then
 * batch_next() is asked what it asks for anyway. What is not told to the end, is in doubt. */
bool batch_is_compound(const struct batch *batch);

/* How long each of its statements may run, in milliseconds: the limit of its jobs' queue. */
uint32_t batch_timeout_ms(const struct batch *batch);

/* For the log: how many jobs are in it. */
uint32_t batch_size(const struct batch *batch);

#endif
