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
	BATCH_IN_DOUBT, /* it went between COMMIT and its answer, or COMMIT answered an error */
	BATCH_DROPPED,  /* it went while the COMMIT before was in doubt (planner_choose_behind): as if never sent */
};

/* The last call: jobs become DONE or wait again, and the batch is gone. error: why, unless committed; may be NULL. */
void batch_ended(struct batch *batch, enum batch_end end, const struct sql_error *error, uint64_t now_us);

/* Whether none of its commands changes anything. */
bool batch_only_reads(const struct batch *batch);

/* How long each of its statements may run, in milliseconds: the limit of its jobs' queue. */
uint32_t batch_timeout_ms(const struct batch *batch);

/* For the log: how many jobs are in it. */
uint32_t batch_size(const struct batch *batch);

#endif
