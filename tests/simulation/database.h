/* tests/simulation/database.h - a fake database server: connections that send statements, which it executes one after
 * the other, and what befalls them. pool.c, bookkeeping.c and introspection.c stand on it. */
#ifndef SIMULATION_DATABASE_H
#define SIMULATION_DATABASE_H

#include "sql.h"
#include "world.h"

#include "common/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct session;
struct loop;
struct process;

/* Nobody hears of it: was it executed? */
enum commit_loss { COMMIT_NOT_LOST, COMMIT_LOST_AND_DONE, COMMIT_LOST_AND_UNDONE };

struct database {
	bool down;                    /* nobody listens */
	uint64_t deadlock_one_in;     /* statements; 0: none but the real ones */
	uint64_t commit_fails_one_in; /* COMMITs that answer an error, executed or not; 0: none */
	uint64_t errand_lost_one_in;  /* of bookkeeping: its answer does not come; 0: none */
	uint32_t commits_spared;      /* COMMITs of what commands do, before one of these strikes the next one: */
	enum commit_loss lose_commit; /* - it is lost, if this says so */
	happening *committed;         /* - called once, right after it; NULL: nobody is */
	void *committed_context;
	uint64_t slow;            /* everything takes so many times longer */
	struct session *sessions; /* all that ever were */
	uint64_t last_session_id;
};

extern struct database database;

void database_begin(void);
void database_end(void);

struct session_events {
	/* The next answer in order, in the client's loop. The callee may not keep it. */
	void (*answered)(void *context, const struct sql_result *result);
	/* The client finds the connection gone; nothing follows. */
	void (*lost)(void *context);
};

/* NULL: the server is not there. */
struct session *session_begin(struct loop *loop, const struct session_events *events, void *context);
uint64_t session_id(const struct session *session);
void session_send(struct session *session, struct bytes text);
/* By the client: nothing is told it any more. The server hears of it behind what was sent. */
void session_close_client(struct session *session);

/* --- weather --- */

/* False: the process has no connection. */
bool database_cut_one(struct process *process);
/* The same, for one whose COMMIT is on its way, or being answered. */
bool database_cut_commit(struct process *process);
/* What it sends from now on arrives much later, in the end also when it has given up the connection. */
void database_stall_one(struct process *process);
void database_stop(uint64_t down_us);
void database_abandon(struct process *process, bool host_is_gone);

/* introspection.c: the process has died; what it waits for comes to nothing. */
void introspection_begin(void);
void introspection_abandon(struct loop *loop);

/* bookkeeping.c, likewise. */
void bookkeeping_begin(void);
void bookkeeping_end(void);
void bookkeeping_abandon(struct loop *loop);

/* --- for bookkeeping.c --- */

/* A transaction of nobody's session, of id 0. */
bool database_is_asleep(uint64_t session_id, uint64_t for_us);
void database_kill(uint64_t session_id);
/* Those who wait for a row look again. */
void database_rows_freed(void);

#endif
