/* database/transaction.c
 *
 *   (SETTING --> SET)
 *           |
 *           |  +----------------- all answered ---------------------+
 *           v  v                                                    |
 *   ----> ASKING --SEND--> SENDING --chunk sent--> ANSWERING --> FETCHING
 *           |                 ^                     |    ^--last row--+
 *           |                 +----- more to send --+
 *           +--COMMIT, ROLLBACK--> ENDING --> CONFIRMING --> OVER
 *
 *   A wave of reads has its COMMIT behind it: SENDING --last chunk--> RELEASING --> ANSWERING, and when all is answered
 *   RELEASED --> ASKING --COMMIT--> OVER. Should there be another wave after all, it begins another transaction.
 *
 *   One that follows goes from ASKING to ANSWERING, and there waits until the one before it is OVER.
 *
 *   Any of them can break: the connection is then given up, and the end is LOST, or IN_DOUBT once COMMIT was begun, or
 *   DROPPED while that of the one before it was not answered. */
#include "daemon/database/transaction.h"

#include "common/clock.h"
#include "daemon/database/echo.h"
#include "daemon/database/errors.h"
#include "daemon/database/result.h"

#include <assert.h>
#include <stdio.h>

/* So many rows are taken without looking at the clock. */
enum { ROWS_PER_STEP = 32 };

/* MySQL's limit does not reach writes: the stopper does. */
static void write_setting(struct transaction *transaction, uint32_t timeout_ms)
{
	if (transaction->settings.server == SERVER_MARIADB)
		snprintf(transaction->setting, sizeof(transaction->setting), "SET SESSION max_statement_time = %u.%03u",
			 timeout_ms / 1000, timeout_ms % 1000);
	else
		snprintf(transaction->setting, sizeof(transaction->setting), "SET SESSION max_execution_time = %u",
			 timeout_ms);
}

void transaction_begin(struct transaction *transaction, const struct transaction_events *events, void *context,
		       struct call *call, const struct transaction_settings *settings)
{
	*transaction = (struct transaction){
		.state = settings->new_timeout_ms ? TRANSACTION_SETTING : TRANSACTION_ASKING,
		.events = *events,
		.context = context,
		.call = call,
		.settings = *settings,
	};
	if (settings->new_timeout_ms)
		write_setting(transaction, settings->new_timeout_ms);
}

void transaction_follow(const struct transaction *transaction, void *context, struct transaction *ret_follower)
{
	struct transaction_settings settings = transaction->settings;

	settings.new_timeout_ms = 0;
	transaction_begin(ret_follower, &transaction->events, context, transaction->call, &settings);
	ret_follower->follows = true;
}

bool transaction_sends_ahead(const struct transaction *follower)
{
	return follower->state == TRANSACTION_ASKING || follower->state == TRANSACTION_SENDING ||
	       follower->state == TRANSACTION_RELEASING;
}

void transaction_take_over(struct transaction *follower)
{
	follower->follows = false;
	follower->since_us = follower->settings.echo == ECHO_OFF ? 0 : clock_monotonic_us();
}

static struct bytes end_text(const struct transaction *transaction)
{
	return transaction->commits ? BYTES("COMMIT") : BYTES("ROLLBACK");
}

static void echo(struct transaction *transaction, struct bytes text, uint64_t rows, const struct sql_error *error)
{
	uint64_t now_us;

	if (transaction->settings.echo == ECHO_OFF)
		return;
	/* In a pipeline the server works on a statement from the end of the one before. */
	now_us = clock_monotonic_us();
	echo_statement(transaction->settings.echo, text, now_us - transaction->since_us, rows, error);
	transaction->since_us = now_us;
}

static enum transaction_progress start(struct transaction *transaction, enum call_kind kind, struct bytes text)
{
	return call_start(transaction->call, kind, text) ? PROGRESS_WAIT : PROGRESS_ON;
}

static void begin_wave(struct transaction *transaction, enum transaction_release release)
{
	assert(transaction->count > 0);
	transaction->sent = 0;
	transaction->answered = 0;
	transaction->release = release;
	transaction->state = TRANSACTION_SENDING;
	transaction->since_us = transaction->settings.echo == ECHO_OFF ? 0 : clock_monotonic_us();
}

static enum transaction_progress ask(struct transaction *transaction)
{
	switch (transaction->events.next(transaction->context, &transaction->statements, &transaction->count)) {
	case TRANSACTION_SEND:
		begin_wave(transaction, RELEASE_NONE);
		break;
	case TRANSACTION_SEND_READS:
		begin_wave(transaction, RELEASE_WANTED);
		break;
	case TRANSACTION_COMMIT:
		transaction->commits = true;
		if (transaction->release == RELEASE_DONE) {
			transaction->end = TRANSACTION_COMMITTED;
			transaction->state = TRANSACTION_OVER;
			return PROGRESS_OVER;
		}
		transaction->state = TRANSACTION_ENDING;
		break;
	case TRANSACTION_ROLLBACK:
		transaction->state = TRANSACTION_ENDING;
		break;
	}
	return PROGRESS_ON;
}

/* What a statement takes of the outstanding bytes. */
static size_t cost_of(const struct statement *statement)
{
	return statement->text.size + TRANSACTION_PACKET_BYTES;
}

/* The server takes packets that are smaller than its limit; one byte says that it is a statement. */
static bool is_too_long(const struct transaction *transaction, size_t index)
{
	return transaction->statements[index].text.size + 1 >= transaction->settings.packet_bytes;
}

static enum transaction_progress send_next(struct transaction *transaction)
{
	size_t cost;

	if (transaction->sent < transaction->count) {
		cost = cost_of(&transaction->statements[transaction->sent]);
		if (is_too_long(transaction, transaction->sent)) {
			transaction->outstanding_bytes += cost;
			transaction->sent++;
			return PROGRESS_ON;
		}
		if (transaction->outstanding_bytes == 0 ||
		    transaction->outstanding_bytes + cost <= TRANSACTION_OUTSTANDING_BYTES)
			return start(transaction, CALL_SEND, transaction->statements[transaction->sent].text);
	}
	transaction->state = transaction->sent == transaction->count && transaction->release == RELEASE_WANTED
				     ? TRANSACTION_RELEASING
				     : TRANSACTION_ANSWERING;
	return PROGRESS_ON;
}

/* One statement's answer has been read to its end. */
static enum transaction_progress finish_answer(struct transaction *transaction)
{
	transaction->outstanding_bytes -= cost_of(&transaction->statements[transaction->answered]);
	transaction->answered++;
	if (transaction->answered < transaction->sent)
		transaction->state = TRANSACTION_ANSWERING;
	else if (transaction->sent < transaction->count)
		transaction->state = TRANSACTION_SENDING;
	else
		transaction->state = transaction->release == RELEASE_SENT ? TRANSACTION_RELEASED : TRANSACTION_ASKING;
	return PROGRESS_ON;
}

static enum transaction_progress tell_too_long(struct transaction *transaction)
{
	struct sql_error error;

	sql_error_too_long(&error, transaction->settings.packet_bytes);
	transaction->events.failed(transaction->context, transaction->answered, &error);
	return finish_answer(transaction);
}

static enum transaction_progress start_next(struct transaction *transaction)
{
	switch (transaction->state) {
	case TRANSACTION_SETTING:
		return start(transaction, CALL_SEND, bytes_of(transaction->setting));
	case TRANSACTION_ASKING:
		return ask(transaction);
	case TRANSACTION_SENDING:
		return send_next(transaction);
	case TRANSACTION_ANSWERING:
		if (is_too_long(transaction, transaction->answered))
			return tell_too_long(transaction);
		return start(transaction, CALL_ANSWER, BYTES(""));
	case TRANSACTION_SET:
	case TRANSACTION_RELEASED:
	case TRANSACTION_CONFIRMING:
		return start(transaction, CALL_ANSWER, BYTES(""));
	case TRANSACTION_FETCHING:
		return start(transaction, CALL_ROW, BYTES(""));
	case TRANSACTION_RELEASING:
		return start(transaction, CALL_SEND, BYTES("COMMIT"));
	case TRANSACTION_ENDING:
		return start(transaction, CALL_SEND, end_text(transaction));
	case TRANSACTION_OVER:
		break;
	}
	return PROGRESS_OVER;
}

static enum transaction_progress break_off(struct transaction *transaction)
{
	struct sql_error error;

	result_take_error(transaction->call->mysql, transaction->settings.server, &error);
	transaction_break(transaction, &error);
	return PROGRESS_BROKEN;
}

static enum transaction_progress tell_done(struct transaction *transaction, const struct statement_result *result)
{
	size_t index = transaction->answered;

	echo(transaction, transaction->statements[index].text, result->affected, NULL);
	transaction->events.done(transaction->context, index, result);
	return finish_answer(transaction);
}

static enum transaction_progress tell_failed(struct transaction *transaction)
{
	size_t index = transaction->answered;
	struct sql_error error;

	result_take_error(transaction->call->mysql, transaction->settings.server, &error);
	echo(transaction, transaction->statements[index].text, 0, &error);
	if (error.class == SQL_ERROR_CONNECTION) {
		transaction_break(transaction, &error);
		return PROGRESS_BROKEN;
	}
	if (error.class == SQL_ERROR_READ_ONLY || error.class == SQL_ERROR_RESOURCE || error.class == SQL_ERROR_ACCESS)
		transaction->trouble = error;
	transaction->events.failed(transaction->context, index, &error);
	return finish_answer(transaction);
}

static enum transaction_progress take_answer(struct transaction *transaction)
{
	MYSQL *mysql = transaction->call->mysql;
	struct statement_result result;

	if (call_failed(transaction->call))
		return tell_failed(transaction);
	if (mysql_field_count(mysql) == 0) {
		result_take(mysql, &result);
		return tell_done(transaction, &result);
	}
	transaction->call->result = mysql_use_result(mysql);
	if (!transaction->call->result) /* no memory: the rows cannot be read past, so the connection is done for */
		return break_off(transaction);
	transaction->rows = 0;
	transaction->rows_unwanted = false;
	transaction->state = TRANSACTION_FETCHING;
	return PROGRESS_ON;
}

static void hand_over_row(struct transaction *transaction)
{
	struct call *call = transaction->call;

	transaction->rows++;
	if (!transaction->rows_unwanted)
		transaction->rows_unwanted =
			transaction->events.row(transaction->context, transaction->answered,
						(const char *const *)call->row, mysql_fetch_lengths(call->result),
						mysql_num_fields(call->result)) != 0;
}

/* Takes the row that was fetched, and those behind it that are there already. */
static enum transaction_progress take_rows(struct transaction *transaction)
{
	struct call *call = transaction->call;
	struct statement_result result;

	for (int taken = 1; call->row; taken++) {
		hand_over_row(transaction);
		if (taken == ROWS_PER_STEP)
			return PROGRESS_ON;
		if (call_start(call, CALL_ROW, BYTES("")))
			return PROGRESS_WAIT;
	}
	mysql_free_result(call->result);
	call->result = NULL;
	if (mysql_errno(call->mysql))
		return tell_failed(transaction);
	result_take_rows(call->mysql, transaction->rows, &result);
	return tell_done(transaction, &result);
}

/* Any error in answer to COMMIT leaves it in doubt, also those that mean "rolled back" on a single server (1213): with
 * Galera, semi-synchronous replication or a full disk under the binary log the two servers differ in what they have
 * done by then, and to look costs one read on an event that is rare. */
static enum transaction_progress take_confirmation(struct transaction *transaction)
{
	if (call_failed(transaction->call))
		return break_off(transaction);
	echo(transaction, end_text(transaction), 0, NULL);
	transaction->end = transaction->commits ? TRANSACTION_COMMITTED : TRANSACTION_ROLLED_BACK;
	transaction->state = TRANSACTION_OVER;
	return PROGRESS_OVER;
}

static enum transaction_progress take_call(struct transaction *transaction)
{
	switch (transaction->state) {
	case TRANSACTION_SETTING:
	case TRANSACTION_SET:
		if (call_failed(transaction->call))
			return break_off(transaction);
		transaction->state = transaction->state == TRANSACTION_SETTING ? TRANSACTION_SET : TRANSACTION_ASKING;
		return PROGRESS_ON;
	case TRANSACTION_SENDING:
		if (call_failed(transaction->call))
			return break_off(transaction);
		transaction->outstanding_bytes += cost_of(&transaction->statements[transaction->sent]);
		transaction->sent++;
		return PROGRESS_ON;
	case TRANSACTION_RELEASING:
		if (call_failed(transaction->call))
			return break_off(transaction);
		transaction->release = RELEASE_SENT;
		transaction->state = TRANSACTION_ANSWERING;
		return PROGRESS_ON;
	case TRANSACTION_RELEASED:
		if (call_failed(transaction->call))
			return break_off(transaction);
		echo(transaction, BYTES("COMMIT"), 0, NULL);
		transaction->release = RELEASE_DONE;
		transaction->state = TRANSACTION_ASKING;
		return PROGRESS_ON;
	case TRANSACTION_ENDING:
		if (call_failed(transaction->call))
			return break_off(transaction);
		transaction->state = TRANSACTION_CONFIRMING;
		return transaction->commits ? PROGRESS_COMMITTING : PROGRESS_ON;
	case TRANSACTION_ANSWERING:
		return take_answer(transaction);
	case TRANSACTION_FETCHING:
		return take_rows(transaction);
	case TRANSACTION_CONFIRMING:
		return take_confirmation(transaction);
	case TRANSACTION_ASKING:
	case TRANSACTION_OVER:
		break;
	}
	assert(false);
	return PROGRESS_BROKEN;
}

enum transaction_progress transaction_step(struct transaction *transaction)
{
	enum transaction_progress progress;

	if (transaction->call->wanted)
		return PROGRESS_WAIT;
	if (transaction->call->kind == CALL_NONE)
		return start_next(transaction);
	progress = take_call(transaction);
	if (progress != PROGRESS_WAIT)
		transaction->call->kind = CALL_NONE;
	return progress;
}

void transaction_break(struct transaction *transaction, const struct sql_error *error)
{
	bool sending = transaction->state == TRANSACTION_ENDING && transaction->call->kind == CALL_SEND;
	bool commit_begun = transaction->commits && (sending || transaction->state == TRANSACTION_CONFIRMING);

	transaction->error = *error;
	if (transaction->follows)
		transaction->end = TRANSACTION_DROPPED;
	else
		transaction->end = commit_begun ? TRANSACTION_IN_DOUBT : TRANSACTION_LOST;
}

bool transaction_awaits_statement(const struct transaction *transaction)
{
	return transaction->state == TRANSACTION_SENDING || transaction->state == TRANSACTION_RELEASING ||
	       transaction->state == TRANSACTION_ANSWERING || transaction->state == TRANSACTION_FETCHING;
}

void transaction_tell_end(struct transaction *transaction, bool blame)
{
	if (transaction->state == TRANSACTION_OVER) {
		transaction->events.ended(transaction->context, transaction->end, NULL);
		return;
	}
	if (blame && transaction_awaits_statement(transaction))
		transaction->events.failed(transaction->context, transaction->answered, &transaction->error);
	transaction->events.ended(transaction->context, transaction->end, &transaction->error);
}
