/* tests/simulation/database_session.h - a connection, as the files of the fake database server share it. */
#ifndef SIMULATION_DATABASE_SESSION_H
#define SIMULATION_DATABASE_SESSION_H

#include "database.h"

/* Of a compound statement: the rows of the first are answered, and then what it has come to. */
enum part { PART_NONE, PART_FIRST, PART_MARKER, PART_COMMIT };

struct message {
	struct session *session;
	struct blob *text;
	enum part part;
	struct sql_result result; /* downwards */
	struct message *next;
};

struct session {
	struct session *next; /* of all that ever were */
	uint64_t id;
	struct loop *loop;
	struct session_events events;
	void *context;
	bool closed;           /* by the client */
	bool up_cut, down_cut; /* nothing gets through any more */
	bool ended;            /* on the server */
	bool busy;             /* it works at the first of its statements */
	bool blocked;          /* that waits for a row */
	uint32_t executed;     /* statements, which tells one wait from another */
	uint64_t up_us, down_us;
	uint64_t idle_since_us;
	struct store_transaction *transaction;
	struct message *first, *last;
};

/* When what is sent now arrives, behind what was sent before. */
uint64_t session_arrival(uint64_t *last_us);
/* These three are happenings: context is the session, argument is not used. The client finds the connection gone. */
void session_lose_soon(void *context, uint64_t argument);
/* The server has heard that the client is gone, or kills it: what it was at is undone. */
void session_end(void *context, uint64_t argument);
/* Behind what was sent, and what that takes: a server notices when it reads, or writes. */
void session_end_when_idle(void *context, uint64_t argument);

#endif
