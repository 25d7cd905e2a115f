/* plan/sql/ledger.h - commands with `once`: what rowd_ledger holds of them, and their answers from it.
 *
 * A batch with such commands first asks for the rows of their ids. Who has one is answered from it; the others run, and
 * the rows that keep their answers are inserted in the same transaction. */
#ifndef PLAN_LEDGER_H
#define PLAN_LEDGER_H

#include "common/buffer.h"
#include "common/error.h"
#include "daemon/plan/job.h"
#include "daemon/plan/statement.h"

#include <stdbool.h>
#include <stdint.h>

/* The answer is to be kept, or may have been. */
bool ledger_wants(const struct job *job);

/* For procedure_compile(): works out the id and the fingerprint of a command that wants it, and adds to its footprint
 * that equal ids run one after the other. Returns 0, -ENOMEM, or -EINVAL with the
 * compiler's error when the queue keeps no ledger. */
int ledger_compile(struct job *job);

/* Appends the SELECT of the rows of some jobs, at least one. */
void ledger_append_select(struct buffer *out, struct job *const *jobs, uint32_t count);

/* One row of the answer to it. Returns the job that it belongs to, which has a copy then; NULL: none of them, or
 * *ret_no_memory. */
struct job *ledger_row(struct job *const *jobs, uint32_t count, const char *const *values, const unsigned long *lengths,
		       bool *ret_no_memory);

/* What the row that came says to the job. */
enum ledger_finding {
	LEDGER_NOTHING,  /* none came: it did not happen */
	LEDGER_REPLAYED, /* it is answered: procedure_reply() tells what was stored */
	LEDGER_REUSED,   /* procedure_error() says that the id belongs to another command */
};
enum ledger_finding ledger_find(struct job *job);

/* Forgets what came: the batch starts over. */
void ledger_forget(struct job *job);

/* Appends the head of an INSERT, and one row of it, with the job's complete answer. */
void ledger_append_insert(struct buffer *out);
void ledger_append_row(struct buffer *out, const struct job *job);

/* How long a statement may be, in bytes. */
uint64_t ledger_statement_bytes(const struct job *job);

/* The row does not fit in a statement: that is the command's answer, and what it did has to be undone. */
void ledger_refuse(struct job *job);

#endif
