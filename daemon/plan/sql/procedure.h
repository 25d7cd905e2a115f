/* plan/sql/procedure.h - one command as a procedure: the statements it needs, wave after wave, and the answer that is
 * made from their results.
 *
 *   compile --> [restart --> next --SEND--> row* done|failed --> next … --> FINISHED | FAILED] --> reply
 *
 * The part in brackets may happen several times: when the transaction was rolled back under it, it starts over. */
#ifndef PLAN_PROCEDURE_H
#define PLAN_PROCEDURE_H

#include "common/error.h"
#include "daemon/plan/catalog.h"
#include "daemon/plan/footprint.h"
#include "daemon/plan/job.h"
#include "daemon/plan/statement.h"

#include <stdbool.h>
#include <stdint.h>

/* What `info` answers beside the catalog's facts, and how much a hint may cost. */
struct procedure_facts {
	const char *version;
	const char *worker;
	uint32_t in_flight, message_bytes, batch;
	uint64_t reply_bytes;
	/* So many names of tables may still be held against an unknown one, for a hint; taken from. NULL: all. */
	uint32_t *names_left;
};

enum procedure_kind {
	PROCEDURE_ANSWERED, /* needs no database: already finished */
	PROCEDURE_BY_KEY,   /* may share a transaction with others of this kind */
	PROCEDURE_ALONE,    /* has a transaction of its own */
};

/* Resolves the names of job->command in the catalog (a reference is taken), turns its values into literals and works
 * out the footprint. Checks the queue's policy.
 * Returns 0; -EINVAL with the error; -ENOENT with the error when a table or column is not in the catalog, which a newer
 * catalog may heal; -ENOMEM. May be called again after -ENOENT or with a newer catalog. */
int procedure_compile(struct job *job, struct catalog *catalog, const struct procedure_facts *facts,
		      struct error *ret_error);

/* Whether it writes to a table that is not transactional: what it has done stays, whatever becomes of the transaction.
 */
bool procedure_takes_nothing_back(const struct job *job);

/* A command with `once` that cannot be compiled, is not to be run any more, or has failed for good may have been
 * executed earlier: it takes its place in a batch without a statement of its own, so that rowd_ledger is asked, and
 * fails with the error if it knows nothing. Need not have been compiled. Returns false for any other command, for one
 * that stands by already, and without memory. */
bool procedure_stand_by(struct job *job, struct catalog *catalog, const struct error *error);

/* Gives back the catalog, and the reply; legal when never compiled. The rest goes with the job's arena. */
void procedure_free(struct job *job);

enum procedure_kind procedure_kind(const struct job *job);
const struct footprint *procedure_footprint(const struct job *job);

/* Before each run in a transaction: forgets what was answered so far. */
void procedure_restart(struct job *job);

enum procedure_step { PROCEDURE_SEND, PROCEDURE_FINISHED, PROCEDURE_FAILED };

/* The next wave's statements (at most 4, sent in this order), once all of the last wave are answered; FINISHED when the
 * answer is complete and may be committed; FAILED when the command has failed (procedure_error). undo: its effects so
 * far are still in the transaction, which therefore has to be rolled back and run again without it. */
enum procedure_step procedure_next(struct job *job, struct statement ret_statements[4], uint32_t *ret_count,
				   bool *ret_undo);

/* As batch_row, batch_done and batch_failed, with the statement's index in the procedure's own wave. Only errors of
 * class SQL_ERROR_OF_COMMAND and SQL_ERROR_TIME come here. -ESTALE: the row is none of the table that the catalog
 * knows, so that the command has to be compiled again with a newer one. */
int procedure_row(struct job *job, uint32_t index, const char *const *values, const unsigned long *lengths,
		  uint32_t count);
void procedure_done(struct job *job, uint32_t index, const struct statement_result *result);
void procedure_failed(struct job *job, uint32_t index, const struct sql_error *error);

/* Once its first wave was written: whether that is one statement and all there will be, unless it fails, and nothing in
 * its answer can make the command fail after it has taken effect: no result that may be too large, no row to look for.
 * Then it may be committed before it is answered. */
bool procedure_is_one_statement(const struct job *job);

/* For such a one: whether it may be the first of a compound statement. The server has to know these, and of what is in
 * one a client is told the rows and little else: neither warnings nor how many rows a statement without rows has
 * changed. It must not fail for want of a row, when the marker has named it already. Nor may it be a table that is not
 * transactional: what fails in the middle runs again. */
bool procedure_fits_compound(const struct job *job);

/* For such a one, when what was said above did not hold, since the table has changed under it. refuse_row: in place of
 * -ESTALE; no more of its rows are wanted. tell_executed: in place of undoing what it did, after FAILED. */
void procedure_refuse_row(struct job *job);
void procedure_tell_executed(struct job *job);

/* Why it failed; valid until the next restart. */
const struct error *procedure_error(const struct job *job);

/* Fills job->reply: encodes the answer, or the error when one is given, and checks where it may go. Called once, last.
 * Works without a compile, for a command that could not even be decoded. Returns 0 or -ENOMEM. */
int procedure_reply(struct job *job, const struct error *error);

/* Turns an error of the server into what the producer is told: codes, column, constraint, never another row's data. */
void procedure_error_from_sql(const struct job *job, const struct sql_error *from, struct error *ret_error);

#endif
