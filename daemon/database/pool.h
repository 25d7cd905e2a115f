/* database/pool.h - the connections to the database server.
 *
 * Connections are opened on a thread (libmariadb resolves names and does TLS handshakes with blocking calls) and run on
 * the loop. One is opened at once; more when there is something to run and none is idle. State is membership of a list:
 * opening, idle, busy, closing. */
#ifndef DATABASE_POOL_H
#define DATABASE_POOL_H

#include "daemon/options.h"
#include "daemon/plan/catalog.h"
#include "daemon/plan/statement.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* What a connection asks of whoever planned the transaction; see plan/batch.h, whose functions these are. */
enum transaction_step {
	TRANSACTION_SEND,
	TRANSACTION_SEND_READS, /* nothing was changed, nor will be by these: COMMIT is sent right behind them */
	/* one statement, the first and the last: whatever its answer, COMMIT is what comes next, and so may be sent
	 * right behind it. Should next() want another wave after all, since it failed, that begins a transaction. */
	TRANSACTION_SEND_ONLY,
	/* (*ret_statements)[*ret_count] is a compound statement that runs these two, of which the first answers rows,
	 * or nothing where it finds none, and commits by itself if neither failed: it is sent in their place. After an
	 * error in answer to the first nothing is told of the second; an error that names a table is told of the
	 * second. done() of the second says that it was committed, and COMMIT is what comes next. Any other error
	 * leaves in doubt what has happened, and costs the connection. Not for one that follows. */
	TRANSACTION_SEND_COMPOUND,
	TRANSACTION_COMMIT,
	TRANSACTION_ROLLBACK,
};
enum transaction_end {
	TRANSACTION_COMMITTED,
	TRANSACTION_ROLLED_BACK,
	TRANSACTION_LOST,
	TRANSACTION_IN_DOUBT,
	TRANSACTION_DROPPED, /* it followed one that is in doubt: see follow() */
};

struct transaction_events {
	enum transaction_step (*next)(void *context, const struct statement **ret_statements, size_t *ret_count);
	int (*row)(void *context, size_t index, const char *const *values, const unsigned long *lengths,
		   uint32_t count);
	void (*done)(void *context, size_t index, const struct statement_result *result);
	void (*failed)(void *context, size_t index, const struct sql_error *error);
	/* COMMIT is on its way: what shall follow behind it on this connection, before its answer is there? Returns the
	 * context of another transaction, with these events and the same limit on the time of statements; or NULL.
	 * Its first statements are asked for at once and sent; all else comes after this one's ended(). The server
	 * begins it when COMMIT is done. If the connection goes before COMMIT is answered, it ends DROPPED: nothing of
	 * it took effect, and nothing of it is to blame. others_idle: another connection could run it as well. May be
	 * NULL: nothing follows. */
	void *(*follow)(void *context, bool others_idle);
	/* The last call; the connection is idle again, or gone, or runs what follows. error is NULL when committed or
	 * rolled back. */
	void (*ended)(void *context, enum transaction_end end, const struct sql_error *error);
};

struct pool_counts {
	uint32_t opening, idle, busy;
	uint64_t connects, connect_failures, lost; /* since the start */
};

struct pool;

struct pool_events {
	/* A connection has become idle: something may be run. Never called from inside pool_… */
	void (*idle)(void *context);
	/* A new connection, as the index-th of the pool (from 0), with the server's number for it. May be NULL. */
	void (*connected)(void *context, uint32_t index, uint64_t connection_id);
	/* The pool could not connect, or the server refused the account: down is true at the start and until a
	 * connection works again. error may be NULL when it is up. Called at each change and at each failed try. */
	void (*health)(void *context, bool down, const struct sql_error *error);
	/* pool_close() has finished. */
	void (*closed)(void *context);
};

/* options outlives the pool. Opens the first connection. Returns 0, -ENOMEM or another negative errno. */
int pool_open(uv_loop_t *loop, const struct database_options *options, const struct pool_events *events, void *context,
	      struct pool **ret_pool);

/* Runs a transaction on an idle connection. timeout_ms: how long each of its statements may run; not 0. Returns 0; or
 * -EAGAIN when none is idle (another is being opened when the pool may). Callbacks come later, never from inside the
 * call; `ended` exactly once if and only if it returned 0. */
int pool_run(struct pool *pool, uint32_t timeout_ms, const struct transaction_events *events, void *context);

/* Whether pool_run() would find an idle connection; opens one more when none is idle and the pool may. */
bool pool_ready(struct pool *pool);

/* Drops all idle connections, and busy ones when they end: after a failover, or when the options changed. */
void pool_renew(struct pool *pool);

/* The server's numbers of the connections there are, by their index; 0: none. As many as there may be. */
void pool_connection_ids(const struct pool *pool, uint64_t *ret_ids);

struct pool_counts pool_counts(const struct pool *pool);

/* Cuts every connection; running transactions end LOST or IN_DOUBT before `closed` is called; then the pool is gone. */
void pool_close(struct pool *pool);

#endif
