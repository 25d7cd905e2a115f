/* database/bookkeeping_errand.h - one errand of the bookkeeping: what it is about, what is done on the thread, and what
 * came of it. */
#ifndef DATABASE_BOOKKEEPING_ERRAND_H
#define DATABASE_BOOKKEEPING_ERRAND_H

#include "common/buffer.h"
#include "daemon/database/bookkeeping.h"

#include <stdatomic.h>

struct session;

/* What the thread works with. */
struct errand_run {
	uint32_t lease_ms;
	const atomic_bool *hurry; /* wait for nobody's lock any more */
	struct session *session;
	struct buffer text; /* of the statement */
};

struct errand {
	struct errand *next;
	/* What one try does, in one transaction. Returns 0, -ENOMEM, or -EIO with errand->error. */
	int (*attempt)(struct errand *errand, struct errand_run *run);

	/* What it is about; all of it the errand's own. */
	char *worker;
	struct buffer queues; /* the column; dismiss: the one key, with its NUL */
	uint32_t markers, connections, index;
	uint32_t older_than_s; /* purge */
	uint64_t below;        /* forget */
	uint64_t *connection_ids;

	/* What came of it. */
	int result;
	struct sql_error error;
	bool found; /* purge, forget: there are more; resolve: some are known */
	struct ranges done;
	bool has_commits;                  /* fence: its rows of rowd_commits are there */
	struct bookkeeping_marker *wanted; /* filled in */
	uint32_t wanted_count;

	union {
		bookkeeping_done *done;
		bookkeeping_fenced *fenced;
		bookkeeping_resolved *resolved;
		bookkeeping_purged *purged;
	} tell;
	void *context;
};

/* The attempts. */
int errand_enroll(struct errand *errand, struct errand_run *run);
int errand_record(struct errand *errand, struct errand_run *run);
int errand_fence(struct errand *errand, struct errand_run *run);
int errand_resolve(struct errand *errand, struct errand_run *run);
int errand_dismiss(struct errand *errand, struct errand_run *run);
int errand_purge(struct errand *errand, struct errand_run *run);
int errand_forget(struct errand *errand, struct errand_run *run);

/* Makes its attempts, with a session that is opened for it; for a thread. Sets errand->result and what belongs to it.
 */
void errand_do(struct errand *errand, const struct database_options *options, uint32_t lease_ms,
	       const atomic_bool *hurry);

/* Legal on NULL. */
void errand_free(struct errand *errand);

#endif
