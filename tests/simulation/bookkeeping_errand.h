/* tests/simulation/bookkeeping_errand.h - an errand, as it is sent and as it is executed. */
#ifndef SIMULATION_BOOKKEEPING_ERRAND_H
#define SIMULATION_BOOKKEEPING_ERRAND_H

#include "daemon/database/bookkeeping.h"

#include "blob.h"

enum errand_kind { ENROLL, RECORD, FENCE, RESOLVE, DISMISS, PURGE, FORGET };

struct errand {
	struct errand *next, *next_of_all;
	struct bookkeeping *bookkeeping;
	enum errand_kind kind;
	struct blob *worker;
	struct blobs queues;
	uint32_t markers, connections, index;
	uint64_t connection_id;
	uint64_t below;                           /* forget */
	struct bookkeeping_marker *markers_asked; /* and found */
	uint32_t marker_count;
	uint64_t since_us;
	bool lost; /* its answer does not come, whatever was done */
	/* What came of it. */
	bool failed, found;
	struct ranges numbers;
	bookkeeping_done *done;
	bookkeeping_fenced *fenced;
	bookkeeping_resolved *resolved;
	bookkeeping_purged *purged;
	void *context;
};

struct bookkeeping {
	struct bookkeeping *next;
	struct loop *loop;
	uint64_t lease_us;
	struct errand *first, *last;
	bool busy, closing, closed;
	void (*on_closed)(void *context);
	void *context;
};

/* Whether one of its rows is held by somebody. After a lease who sleeps on it is ended. */
bool errand_must_wait(struct errand *errand);
void errand_execute(struct errand *errand);

#endif
