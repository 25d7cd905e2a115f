/* database/session.h - one connection used with blocking calls, on a thread or in a program that has no loop.
 *
 * Every connection begins here: how to connect, and what a session is set to (UTC, strict mode, autocommit = 0,
 * utf8mb4, READ COMMITTED), stand in this one place. */
#ifndef DATABASE_SESSION_H
#define DATABASE_SESSION_H

#include "common/bytes.h"
#include "daemon/options.h"
#include "daemon/plan/catalog.h"
#include "daemon/plan/statement.h"

#include <stdint.h>

struct session;
struct st_mysql;

/* Once per process, before any thread. */
int session_library_open(void);
void session_library_close(void);

/* Connects and sets the session up. nonblocking: the handle will be run with _start/_cont afterwards.
 * Returns 0, -ENOMEM, or -EIO with ret_error. */
int session_open(const struct database_options *options, bool nonblocking, struct session **ret_session,
		 struct sql_error *ret_error);
void session_close(struct session *session);

/* Takes the library's handle out; the session is gone, and to close the handle is the caller's. */
struct st_mysql *session_release(struct session *session);

/* Closes such a handle, which no call is under way on, without waiting for the server. */
void session_close_released(struct st_mysql *mysql);

/* What the server is. */
const struct server_facts *session_server(const struct session *session);

/* Runs one statement; row is called for each row of its result and may be NULL. ret_result may be NULL.
 * Returns 0, -EIO with ret_error, or what row returned when that was not 0. */
int session_query(struct session *session, struct bytes text,
		  int (*row)(void *context, const char *const *values, const unsigned long *lengths, uint32_t count),
		  void *context, struct statement_result *ret_result, struct sql_error *ret_error);

#endif
