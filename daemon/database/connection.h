/* database/connection.h - one connection on the loop: it runs transactions and pings, and never blocks. */
#ifndef DATABASE_CONNECTION_H
#define DATABASE_CONNECTION_H

#include "daemon/database/pool.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct connection;
struct st_mysql;

/* All are called from the loop, never from inside a function of this header. */
struct connection_events {
	/* It is idle: a transaction or a ping has ended well. A transaction's own ended() is called after this, so that
	 * the owner's books are right by then. trouble: the last error that concerns the server as a whole; or NULL. */
	void (*idle)(void *context, struct connection *connection, const struct sql_error *trouble);
	/* Still idle now that the transaction was told. */
	void (*ready)(void *context, struct connection *connection);
	/* An idle one has begun to ping by itself, since the server said something; idle() or gone() follows. */
	void (*checking)(void *context, struct connection *connection);
	/* COMMIT is on its way: whether another transaction may follow behind it (transaction_events.follow). */
	bool (*may_follow)(void *context, struct connection *connection, bool *ret_others_idle);
	/* It is of no use any more and is closing; error NULL: it was asked to. The transaction is told after this. */
	void (*gone)(void *context, struct connection *connection, const struct sql_error *error);
	/* Its memory is about to be freed. */
	void (*closed)(void *context, struct connection *connection);
};

struct connection_settings {
	enum server_kind server;
	enum echo_mode echo;
	uint64_t packet_bytes;         /* the session's max_allowed_packet */
	uint32_t statement_timeout_ms; /* what the session is set to; not 0 */
	uint32_t answer_grace_ms;      /* so much longer the server may be silent during a transaction */
	uint32_t ping_timeout_ms;
	/* How many connections have work, be it that they wait for the server: they share the loop's turns. */
	const uint32_t *busy;
};

/* Takes over a connected handle with MYSQL_OPT_NONBLOCK. On an error the handle is closed.
 * Returns 0, -ENOMEM or another negative errno. */
int connection_open(uv_loop_t *loop, struct st_mysql *mysql, const struct connection_settings *settings,
		    const struct connection_events *events, void *context, struct connection **ret_connection);

/* It has to be idle. The callbacks come later. timeout_ms: how long each statement may run; not 0. */
void connection_run(struct connection *connection, uint32_t timeout_ms, const struct transaction_events *events,
		    void *context);
void connection_ping(struct connection *connection);

/* Gives it up when the server has been silent for too long. To be called now and then. */
void connection_check_deadline(struct connection *connection, uint64_t now_ms);

/* Whether the server has been silent about a statement for so long that only the grace is left. */
bool connection_is_late(const struct connection *connection, uint64_t now_ms);

/* How long a statement of the transaction may run. */
uint32_t connection_statement_timeout_ms(const struct connection *connection);

/* Whether it has read a row that was so large that the memory for it, which the library keeps, is better given back. */
bool connection_is_bloated(const struct connection *connection);

/* The server's number for it. */
uint64_t connection_id(const struct connection *connection);

/* The loop has been asleep (stopped, suspended): grants that much more time. */
void connection_extend_deadline(struct connection *connection, uint64_t more_ms);

/* Closes it: an idle one with a farewell, a busy one by cutting it. Legal in every state, again and again; gone() and
 * closed() follow. */
void connection_close(struct connection *connection);

/* Idle since then, in the loop's time. */
uint64_t connection_idle_since_ms(const struct connection *connection);

struct connection_list;

/* What the owner keeps with it. */
struct connection_link {
	struct connection *previous, *next;
	struct connection_list *list; /* NULL: in none */
	uint32_t generation;
	uint32_t index; /* among those that are usable */
	enum server_kind server;
	uint64_t opened_at_ms, retire_at_ms;
};
struct connection_link *connection_link(struct connection *connection);

#endif
