/* database/bookkeeping_text.h - the statements about rowd_slots and rowd_commits, as text.
 * Pure.
 *
 * Ids and keys are bytes and stand there in hexadecimal. The first function appends to what is in the buffer; all
 * others write one statement into it, in place of what was there. */
#ifndef DATABASE_BOOKKEEPING_TEXT_H
#define DATABASE_BOOKKEEPING_TEXT_H

#include "common/buffer.h"
#include "daemon/database/bookkeeping.h"

#include <stdbool.h>
#include <stdint.h>

/* The column `queues`: each key between NUL bytes, which no key has, so that the server itself can strike one out. */
void bookkeeping_write_queues(struct buffer *to, const char *const *queues, uint32_t count);

/* Makes one row; when it is there already, only the connection's number is set: it may be fenced. */
void bookkeeping_write_row(struct buffer *to, const char *worker, uint32_t slot, struct bytes queues,
			   uint64_t connection_id);

/* Makes the worker's first row of rowd_commits, of no batch, if it is not there: as long as it is, the others are. */
void bookkeeping_write_first_commit(struct buffer *to, const char *worker);

/* The number that was there becomes the former one. */
void bookkeeping_write_connection(struct buffer *to, const char *worker, uint32_t slot, uint64_t connection_id);

void bookkeeping_write_fence(struct buffer *to, const char *worker);

/* Rows of (sequences, whether it is the first commit), of markers and of commits. */
void bookkeeping_write_sequences(struct buffer *to, const char *worker);

/* A row of (fenced, batch, whether it names any claims), locked or as last committed. */
void bookkeeping_write_marker(struct buffer *to, const char *worker, const struct bookkeeping_marker *marker,
			      bool locked);

/* A commit that stands for nothing, with the number of a batch that is not to be committed any more. Fails when there
 * is one. */
void bookkeeping_write_void(struct buffer *to, const char *worker, const struct bookkeeping_marker *marker);

void bookkeeping_write_strike(struct buffer *to, const char *worker, const char *queue);
/* Removes rows in which all queues are struck out. */
void bookkeeping_write_removal(struct buffer *to, const char *worker);

/* Removes rows of rowd_commits with lower numbers, but for voided ones. */
void bookkeeping_write_forget(struct buffer *to, const char *worker, uint64_t below, uint32_t most_rows);

/* Removes the oldest rows of rowd_ledger, of those that are older than that. */
void bookkeeping_write_purge(struct buffer *to, uint32_t older_than_s, uint32_t most_rows);

/* Rows of (id): the recorded connections of the worker, those of before included, which the server has had no
 * statement from for least_s seconds. The server uses the numbers of connections again after a restart: account and
 * database have to be the session's own. */
void bookkeeping_write_sleepers(struct buffer *to, const char *worker, uint32_t least_s);

#endif
