/* plan/sql/shared.h - several commands of one kind on one table as one statement, each with its own answer.
 *
 *   shared_begin --> its statements are sent and answered: shared_row* then shared_done or shared_failed, each
 *                --> shared_end: every job has its answer, or how the group is to be taken apart
 *
 *   creates           INSERT … VALUES (…),(…),… RETURNING …, the rows in the order of VALUES
 *                     MySQL: INSERT, and SELECT … WHERE id >= LAST_INSERT_ID() AND id < … + n
 *   reads by key      SELECT … WHERE key IN (…), matched back by the key
 *   deletes by key    DELETE … WHERE key IN (…) RETURNING …, matched back by the key
 *                     MySQL: SELECT … FOR UPDATE, and DELETE
 *   updates by key    SELECT … FOR UPDATE; UPDATE … SET a = CASE key WHEN … END …; SELECT: what each has found, changed
 *   the same reads    SELECT …, the rows to each
 *
 * Keys are of one or more columns, of kinds whose values we tell apart as the server does: integers, binary data,
 * UUIDs, and texts that are compared byte by byte. A statement that fails has undone itself; the jobs then run again in
 * smaller groups. The jobs must not conflict; their order is that of the queue, and creates keep it. */
#ifndef PLAN_SHARED_H
#define PLAN_SHARED_H

#include "daemon/plan/job.h"
#include "daemon/plan/statement.h"

#include <stdbool.h>
#include <stdint.h>

enum { SHARED_STATEMENTS = 3 };

/* What a job can share statements by: equal for jobs that can; 0: it shares with nobody. */
uint64_t shared_hash(const struct job *job);

/* Whether two jobs of equal hash can really be in one group. */
bool shared_match(const struct job *a, const struct job *b);

/* Whether creates behind it, in a table that keeps their order, have to wait for its end even when it is alone: should
 * it fail, it is tried again in parts, and their rows must not be in its way then. */
bool shared_holds_up_creates(const struct job *job);

/* What the job adds to the length of its group's longest statement, in bytes; and how long that may get. */
size_t shared_size(const struct job *job);
size_t shared_size_limit(const struct job *job);

struct shared;

/* Room for one group at a time. Returns 0 or -ENOMEM. */
int shared_new(struct shared **ret_shared);
void shared_free(struct shared *shared);

/* After the transaction: gives back the memory of its statements and of what it read, when that is more than so many
 * bytes. Returns how many it keeps. */
size_t shared_keep(struct shared *shared, size_t most_bytes);

/* Writes the statements of a group of at least two jobs, each restarted; the array of them is the caller's and has to
 * stay. Returns 0, or -ENOMEM. */
int shared_begin(struct shared *shared, struct job *const *jobs, uint32_t count,
		 struct statement ret_statements[SHARED_STATEMENTS], uint32_t *ret_count);

/* As batch_row, batch_done and batch_failed, with the statement's index in the group. Only errors of class
 * SQL_ERROR_OF_COMMAND and SQL_ERROR_TIME come here.
 *
 * room: how many bytes of rows may still be kept; what is kept of this one is taken off, once for each job that gets
 * it. When it is too much, -EFBIG, with nobody having more than fits. */
int shared_row(struct shared *shared, uint32_t index, const char *const *values, const unsigned long *lengths,
	       uint32_t count, uint64_t *room);
void shared_done(struct shared *shared, uint32_t index, const struct statement_result *result);
void shared_failed(struct shared *shared, uint32_t index, const struct sql_error *error);

enum shared_outcome {
	SHARED_ANSWERED, /* each job's procedure_next() says FINISHED or FAILED */
	SHARED_CULPRIT,  /* that of the culprit does; those before it, and those behind it, are to run again */
	SHARED_HALVES,   /* nobody knows who it was: all are to run again, in two halves */
	SHARED_SINGLY,   /* the group may not do what each of them may: all are to run again, each by itself */
	SHARED_UNDO,     /* a part has taken effect: the transaction has to be rolled back, and run in smaller groups */
};

/* Once all statements were answered. ret_culprit: index of the job that failed, with SHARED_CULPRIT. Jobs that are to
 * run again have been restarted. */
enum shared_outcome shared_end(struct shared *shared, uint32_t *ret_culprit);

#endif
