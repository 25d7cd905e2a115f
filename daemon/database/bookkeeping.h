/* database/bookkeeping.h - rowd's own rows in the database: those of rowd_slots and rowd_commits, by which everybody
 * can tell what a worker has committed (docs/delivery.md).
 *
 * One errand after the other, each with blocking calls on a thread and a connection of its own: they are rare, and some
 * wait for the end of a transaction. A worker has one row for each marker (slots 0 to markers - 1), which a batch
 * overwrites when it is committed, or refers to with a new row of rowd_commits; and behind these one for each
 * connection of its pool, which only says the server's number of that, for whoever has to end it. */
#ifndef DATABASE_BOOKKEEPING_H
#define DATABASE_BOOKKEEPING_H

#include "common/ranges.h"
#include "daemon/options.h"
#include "daemon/plan/statement.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct bookkeeping;

/* One marker. */
struct bookkeeping_marker {
	uint32_t slot;  /* the caller's, as asked for */
	uint64_t batch; /* the same: which is in doubt */
	bool is_commit; /* the same: it is a row of rowd_commits, not that of the slot */
	/* As it was found. */
	bool known;     /* false: it could not be told, the rest says nothing */
	bool found;     /* false: there is no such row */
	bool fenced;    /* somebody has declared the worker dead */
	bool voided;    /* it was found so, and is not committed */
	bool committed; /* the batch was */
};

/* What came of an errand. The callback runs exactly once, later, on the loop, if and only if the call returned 0;
 * error NULL: it is done. All pointers are valid during the call only. */
typedef void bookkeeping_done(void *context, const struct sql_error *error);
/* found: there were rows of that worker. done: the claim numbers of all that its markers stand for. */
typedef void bookkeeping_fenced(void *context, bool found, const struct ranges *done, const struct sql_error *error);
/* error: why some are not known; the others are. */
typedef void bookkeeping_resolved(void *context, const struct bookkeeping_marker *markers, uint32_t count,
				  const struct sql_error *error);
/* more: there are rows left that are old enough. */
typedef void bookkeeping_purged(void *context, bool more, const struct sql_error *error);

/* options outlives it. lease_ms: so long a lock of another client is waited for before its connection may be ended.
 * Connects to nothing yet. Returns 0 or -ENOMEM. */
int bookkeeping_open(uv_loop_t *loop, const struct database_options *options, uint32_t lease_ms,
		     struct bookkeeping **ret_bookkeeping);

/* All of these copy what they are given, and return 0 or -ENOMEM. */

/* Makes the rows of a worker, committed; makes rowd's own tables first when they are not there and the account may.
 * connection_ids: of the connections there are, 0 for none; `connections` of them. */
int bookkeeping_enroll(struct bookkeeping *bookkeeping, const char *worker, const char *const *queues,
		       uint32_t queue_count, uint32_t markers, const uint64_t *connection_ids, uint32_t connections,
		       bookkeeping_done *done, void *context);

/* The pool's connection of that index (from 0) is another one now. `markers` as with enroll. */
int bookkeeping_record_connection(struct bookkeeping *bookkeeping, const char *worker, uint32_t markers, uint32_t index,
				  uint64_t connection_id, bookkeeping_done *done, void *context);

/* Declares a worker dead: from then on nothing it sends can commit; and tells what it has committed. Waits for
 * transactions that are under way; one whose client is gone without a word is ended. */
int bookkeeping_fence(struct bookkeeping *bookkeeping, const char *worker, bookkeeping_fenced *done, void *context);

/* What became of batches whose COMMIT is in doubt: waits until the transaction that holds the row has ended, one way or
 * the other. One that was not committed cannot be any more when this is told, also where the server has not come to its
 * marker yet. Each is looked up by itself: what keeps one in doubt keeps no other so. markers: slot, batch and
 * is_commit of each; count: at least 1. */
int bookkeeping_resolve(struct bookkeeping *bookkeeping, const char *worker, const struct bookkeeping_marker *markers,
			uint32_t count, bookkeeping_resolved *done, void *context);

/* Strikes a queue out of the rows of a worker; when none is left, the rows go. Done as well when there are none. */
int bookkeeping_dismiss(struct bookkeeping *bookkeeping, const char *worker, const char *queue, bookkeeping_done *done,
			void *context);

/* Removes rows of rowd_ledger that are older than that, in small steps, for about a second at most. */
int bookkeeping_purge(struct bookkeeping *bookkeeping, uint32_t older_than_s, bookkeeping_purged *done, void *context);

/* Removes the worker's rows of rowd_commits for batches with lower numbers, in small steps, for about a second at most.
 * Voided ones stay: what was not to be committed may still be on its way. */
int bookkeeping_forget(struct bookkeeping *bookkeeping, const char *worker, uint64_t below, bookkeeping_purged *done,
		       void *context);

/* The errand that is under way ends first, within its time limits; the others are not begun, and nobody is called back
 * any more but `closed`. */
void bookkeeping_close(struct bookkeeping *bookkeeping, void (*closed)(void *context), void *context);

#endif
