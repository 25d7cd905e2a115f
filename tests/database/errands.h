/* tests/database/errands.h - a bookkeeping on a real server, what became of its errands, and sessions beside it that
 * look and get in the way. */
#ifndef TESTS_DATABASE_ERRANDS_H
#define TESTS_DATABASE_ERRANDS_H

#include "daemon/database/bookkeeping.h"
#include "daemon/database/session.h"
#include "tests/database/harness.h"

enum { ERRAND_MARKERS = 8 };

/* Zeroed before it is given as a context. */
struct outcome {
	bool called;
	uint64_t order; /* in which the callbacks came, of all outcomes */
	bool failed;
	struct sql_error error;
	bool found;
	char done[256]; /* "7,9-12" */
	struct bookkeeping_marker markers[ERRAND_MARKERS];
	uint32_t count;
};

extern bookkeeping_done errand_done;
extern bookkeeping_fenced errand_fenced;
extern bookkeeping_resolved errand_resolved;

/* The account that bookkeepings and sessions use has what systemd/grants.sql gives to rowd, and no more. */
struct errands {
	struct harness harness; /* its loop and options; no pool */
	struct bookkeeping *bookkeeping;
	struct session *root; /* autocommit */
	bool closed;
};

/* Fresh tables of rowd's own, and a bookkeeping that has connected to nothing yet. */
void errands_open(struct errands *errands, uint32_t lease_ms);
void errands_close(struct errands *errands);
void errands_close_bookkeeping(struct errands *errands);
void errands_wait(struct errands *errands, const struct outcome *outcome);

/* Enrolls a worker of two markers and two connections, 0 and `connection_id`, that serves the queues "a" and "b". */
void errands_enroll(struct errands *errands, const char *worker, uint64_t connection_id);

/* Runs a statement as root; `first` of the first row, "NULL", or "" without rows. */
void errands_root(struct errands *errands, const char *text, char ret_first[64]);
/* The same in any session. */
void session_do(struct session *session, const char *text, char ret_first[64]);
struct session *errands_session(struct errands *errands);
uint64_t session_id(struct session *session);

/* Turns the loop until the first value of the query is `value`; fails the test after 60 s. */
void errands_wait_for(struct errands *errands, const char *text, const char *value);

/* The server was started again: root's session is gone. */
void errands_reconnect(struct errands *errands);

#endif
