/* database/call.c */
#include "daemon/database/call.h"

#include "daemon/database/result.h"

#include <assert.h>
#include <openssl/err.h>

/* A timeout bit would have to be answered by a timer of ours for this call; the connection has its own deadline. */
static int wait_of(int status)
{
	return status & (MYSQL_WAIT_READ | MYSQL_WAIT_WRITE | MYSQL_WAIT_EXCEPT);
}

/* OpenSSL's queue of errors is the thread's, and no library empties it: a stale entry, of a connect on another handle,
 * would be taken for this call's. Without TLS nobody looks, and emptying it would cost more than to fetch a row. */
static void forget_tls_errors(const struct call *call)
{
	if (call->tls)
		ERR_clear_error();
}

int call_start(struct call *call, enum call_kind kind, struct bytes text)
{
	int status = 0;

	assert(call->wanted == 0);
	call->kind = kind;
	forget_tls_errors(call);
	switch (kind) {
	case CALL_SEND:
		status = mysql_send_query_start(&call->failed, call->mysql, text.data, text.size);
		break;
	case CALL_ANSWER:
		result_forget_error(call->mysql);
		status = mysql_read_query_result_start(&call->refused, call->mysql);
		break;
	case CALL_MORE:
		result_forget_error(call->mysql);
		status = mysql_next_result_start(&call->failed, call->mysql);
		break;
	case CALL_ROW:
		result_forget_error(call->mysql);
		status = mysql_fetch_row_start(&call->row, call->result);
		break;
	case CALL_PING:
		status = mysql_ping_start(&call->failed, call->mysql);
		break;
	case CALL_NONE:
		assert(false);
	}
	call->wanted = wait_of(status);
	return call->wanted;
}

int call_resume(struct call *call, int ready)
{
	int status = 0;

	assert(call->wanted != 0);
	forget_tls_errors(call);
	switch (call->kind) {
	case CALL_SEND:
		status = mysql_send_query_cont(&call->failed, call->mysql, ready);
		break;
	case CALL_ANSWER:
		status = mysql_read_query_result_cont(&call->refused, call->mysql, ready);
		break;
	case CALL_MORE:
		status = mysql_next_result_cont(&call->failed, call->mysql, ready);
		break;
	case CALL_ROW:
		status = mysql_fetch_row_cont(&call->row, call->result, ready);
		break;
	case CALL_PING:
		status = mysql_ping_cont(&call->failed, call->mysql, ready);
		break;
	case CALL_NONE:
		assert(false);
	}
	call->wanted = wait_of(status);
	return call->wanted;
}

bool call_failed(const struct call *call)
{
	switch (call->kind) {
	case CALL_SEND:
	case CALL_MORE: /* also that there is none */
	case CALL_PING:
		return call->failed != 0;
	case CALL_ANSWER:
		return call->refused;
	case CALL_ROW:
		return !call->row && mysql_errno(call->mysql) != 0;
	case CALL_NONE:
		break;
	}
	return false;
}

void call_break(struct call *call)
{
	/* Each turn reads what the kernel still holds, or meets the end of the socket. */
	while (call->wanted)
		call_resume(call, call->wanted);
}
