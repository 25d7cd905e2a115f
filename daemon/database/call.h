/* database/call.h - one call of libmariadb that may be suspended until its socket is ready.
 *
 *   call_start --0--> finished, look at the result
 *        |      \---> suspended: wait for the events, call_resume --0--> finished
 *        |                                                   \---> suspended again
 *
 * The library runs each call on a stack of its own. It borrows the text until the call has finished, and a suspended
 * call cannot be cancelled: shutdown() the socket, then call_break(). */
#ifndef DATABASE_CALL_H
#define DATABASE_CALL_H

#include "common/bytes.h"

#include <mysql.h>
#include <stdbool.h>

enum call_kind {
	CALL_NONE,
	CALL_SEND,   /* one statement; its answer comes later */
	CALL_ANSWER, /* the head of the next answer */
	CALL_MORE,   /* the head of the next answer to the same statement */
	CALL_ROW,    /* the next row of `result` */
	CALL_PING,
};

struct call {
	MYSQL *mysql;
	bool tls;
	enum call_kind kind;
	int wanted; /* MYSQL_WAIT_…: what it is suspended for; 0: it is not */
	MYSQL_RES *result;
	/* What the library returned. */
	int failed;
	my_bool refused;
	MYSQL_ROW row;
};

/* These return what to wait for, 0 when the call has finished. text: of CALL_SEND. */
int call_start(struct call *call, enum call_kind kind, struct bytes text);
int call_resume(struct call *call, int ready);

/* After it finished. A CALL_ROW without a row has failed, or was behind the last: mysql_errno() tells. */
bool call_failed(const struct call *call);

/* Ends a suspended call on a socket that was shut down. */
void call_break(struct call *call);

#endif
