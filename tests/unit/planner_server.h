/* planner_server.h - a server with connections: each batch works on a copy of what was committed when it began, and
 * what it finds there has to be what it would find when it is committed.
 *
 * No locks: a planner that lets two batches meet is caught at the COMMIT of the second. */
#ifndef UNIT_PLANNER_SERVER_H
#define UNIT_PLANNER_SERVER_H

#include "planner_model.h"

enum { SERVER_BATCH = 64 };

struct connection {
	struct batch *batch;
	struct command_model *models[SERVER_BATCH]; /* of the batch, in queue order */
	uint32_t count;
	bool begun;
	struct database work;
	struct command_model *executed[SERVER_BATCH]; /* those that succeeded, in their order */
	uint32_t executed_count;
	/* COMMIT was sent, and behind it, if there is a batch behind, what this one wanted next. */
	bool committing;
	struct batch *behind;
	enum batch_step next;
	const struct statement *statements;
	size_t statement_count;
};

struct server {
	struct database committed;
	struct command_model *models; /* all there are, in queue order */
	uint32_t count;
	int last_id;
};

/* Takes the members of the batch over. */
void server_adopt(struct connection *connection, struct batch *batch);

/* The first wave is about to be sent. */
void server_begin(struct server *server, struct connection *connection);

/* Whether the statement meets a lock that it never gets. */
bool server_is_locked(const struct statement *statement);

/* Executes a statement. Returns whether it succeeds; if not, it has changed nothing, or, with `partly`, a part. */
bool server_execute(struct server *server, struct connection *connection, const struct statement *statement,
		    bool partly);

/* Whether its commands, executed twice, do what each of them does when it is executed twice in its place. */
bool server_may_repeat(const struct connection *connection);

/* Whether none of its commands has met so much trouble yet; all are then taken to have met more. */
bool server_may_fail(struct connection *connection, uint32_t most_faults);

/* Whether none has been told yet that the catalog is stale; all are then taken to have been. */
bool server_may_be_stale(struct connection *connection);

/* Commits, and checks what the commands have found. */
void server_commit(struct server *server, struct connection *connection);

#endif
