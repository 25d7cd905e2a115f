/* plan/statement.h - what plan/ hands to database/ and what comes back: plain data, no server library. */
#ifndef PLAN_STATEMENT_H
#define PLAN_STATEMENT_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct statement {
	struct bytes text; /* SQL; stays where it is until the transaction has ended */
};

struct statement_result {
	uint64_t matched;   /* rows found; for an INSERT as many as affected */
	uint64_t affected;  /* rows inserted, changed, deleted or sent */
	uint64_t insert_id; /* the first generated key; 0: none */
	uint32_t warnings;  /* how many the server has for it */
};

/* What kind of trouble an error of the server is. Decides what to do about it (plan/retry.h). */
enum sql_error_class {
	SQL_ERROR_OF_COMMAND,    /* the command's own fault: answer it, touch nobody else */
	SQL_ERROR_TRANSACTION,   /* deadlock, certification failure: the whole transaction is gone, again */
	SQL_ERROR_LOCK_WAIT,     /* the statement is undone; treated like a deadlock */
	SQL_ERROR_STALE_CATALOG, /* a name that the catalog knew is not there: read the catalog again, once */
	SQL_ERROR_TIME,          /* the statement took too long and was stopped */
	SQL_ERROR_CONNECTION,    /* the connection is gone or must go; nothing counts against the command */
	SQL_ERROR_READ_ONLY,     /* the wrong node after a failover: all connections must go */
	SQL_ERROR_RESOURCE,      /* disk full, out of memory: stop claiming, come back */
	SQL_ERROR_ACCESS,        /* the account or the database as a whole: stop claiming */
};

struct sql_error {
	enum sql_error_class class;
	uint32_t number; /* the server's or the client library's */
	char sqlstate[6];
	uint32_t code;     /* enum error_code: what a producer is told */
	char message[512]; /* the server's own words: for the log, never for a reply */
	char column[260];  /* the column or key that the server named; empty: none */
	char constraint[260];
	int32_t row; /* from 0: the row of a multi-row statement that the server named; -1: none */
};

#endif
