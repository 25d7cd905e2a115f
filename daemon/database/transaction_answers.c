/* database/transaction_answers.c - what the server says to the statements of a wave, handed on as it comes. */
#include "daemon/database/transaction_answers.h"

#include "common/clock.h"
#include "common/crash_point.h"
#include "daemon/database/echo.h"
#include "daemon/database/errors.h"
#include "daemon/database/result.h"

#include <stdio.h>
#include <string.h>

/* So much is taken without looking at the clock. */
enum { ROWS_PER_STEP = 32, BYTES_PER_STEP = 64 * 1024 };

/* The server's errors. */
enum {
	TABLE_DENIED = 1142,
	COLUMN_DENIED = 1143,
	NO_SUCH_TABLE = 1146,
	NO_REFERENCED_ROW = 1216,
	FOREIGN_KEY = 1452,
};

void transaction_echo(struct transaction *transaction, struct bytes text, uint64_t rows, const struct sql_error *error)
{
	uint64_t now_us;

	if (transaction->settings.echo == ECHO_OFF)
		return;
	/* In a pipeline the server works on a statement from the end of the one before. */
	now_us = clock_monotonic_us();
	echo_statement(transaction->settings.echo, text, now_us - transaction->since_us, rows, error);
	transaction->since_us = now_us;
}

size_t transaction_cost(const struct statement *statement)
{
	return statement->text.size + TRANSACTION_PACKET_BYTES;
}

/* One statement's answer has been read to its end. */
static enum transaction_progress finish_answer(struct transaction *transaction)
{
	transaction->outstanding_bytes -= transaction_cost(&transaction->statements[transaction->answered]);
	transaction->answered++;
	if (transaction->answered < transaction->sent)
		transaction->state = TRANSACTION_ANSWERING;
	else if (transaction->sent < transaction->count)
		transaction->state = TRANSACTION_SENDING;
	else
		transaction->state = transaction->release == RELEASE_SENT ? TRANSACTION_RELEASED : TRANSACTION_ASKING;
	return PROGRESS_ON;
}

enum transaction_progress transaction_tell_too_long(struct transaction *transaction)
{
	struct sql_error error;

	sql_error_too_long(&error, transaction->settings.packet_bytes);
	transaction->events.failed(transaction->context, transaction->answered, &error);
	return finish_answer(transaction);
}

enum transaction_progress transaction_break_off(struct transaction *transaction)
{
	struct sql_error error;

	result_take_error(transaction->call->mysql, transaction->settings.server, &error);
	transaction_break(transaction, &error);
	return PROGRESS_BROKEN;
}

static enum transaction_progress tell_done(struct transaction *transaction, const struct statement_result *result)
{
	size_t index = transaction->answered;

	transaction_echo(transaction, transaction->statements[index].text, result->affected, NULL);
	transaction->events.done(transaction->context, index, result);
	return finish_answer(transaction);
}

enum transaction_progress transaction_tell_compound(struct transaction *transaction)
{
	static const struct statement_result done = {.matched = 1, .affected = 1};

	if (transaction->call->mysql->server_status & SERVER_STATUS_IN_TRANS)
		return transaction_break_off(transaction); /* which it cannot be */
	CRASH_POINT("compound.answered");
	transaction->release = RELEASE_DONE;
	transaction->compound = false;
	return tell_done(transaction, &done);
}

/* The server has left it at its first statement, whose effects are undone: nothing is in doubt. */
static void leave_compound(struct transaction *transaction)
{
	transaction->outstanding_bytes -= transaction_cost(&transaction->statements[1]);
	transaction->count = transaction->sent = 1;
	transaction->compound = false;
}

static enum transaction_progress tell_failed(struct transaction *transaction)
{
	size_t index = transaction->answered;
	struct sql_error error;

	result_take_error(transaction->call->mysql, transaction->settings.server, &error);
	transaction_echo(transaction, transaction->statements[index].text, 0, &error);
	if (error.class == SQL_ERROR_CONNECTION) {
		transaction_break(transaction, &error);
		return PROGRESS_BROKEN;
	}
	if (error.class == SQL_ERROR_READ_ONLY || error.class == SQL_ERROR_RESOURCE || error.class == SQL_ERROR_ACCESS)
		transaction->trouble = error;
	if (transaction->compound)
		leave_compound(transaction);
	transaction->events.failed(transaction->context, index, &error);
	return finish_answer(transaction);
}

/* What only a statement can be told, that names a table, and no COMMIT. */
static bool is_of_statement(const struct sql_error *error)
{
	return error->number == TABLE_DENIED || error->number == COLUMN_DENIED || error->number == NO_SUCH_TABLE;
}

/* The foreign key is rowd's own: what the server says of it would be taken for a broken schema. */
static void explain_fence(struct sql_error *error)
{
	if (error->number == NO_REFERENCED_ROW || error->number == FOREIGN_KEY)
		snprintf(error->message, sizeof(error->message),
			 "refused by rowd_commits: this worker was declared dead, or its rows are gone");
}

enum transaction_progress transaction_take_compound_error(struct transaction *transaction)
{
	struct sql_error error;

	result_take_error(transaction->call->mysql, transaction->settings.server, &error);
	if (!is_of_statement(&error)) {
		explain_fence(&error);
		transaction_break(transaction, &error);
		return PROGRESS_BROKEN;
	}
	transaction->compound = false;
	transaction_echo(transaction, transaction->statements[transaction->answered].text, 0, &error);
	transaction->events.failed(transaction->context, transaction->answered, &error);
	return finish_answer(transaction);
}

/* Where the first statement has answered no rows: whether it was the second that has failed. Of these errors no text
 * has a value of the producer's in it, and none can name the table. */
static bool is_of_commits(MYSQL *mysql)
{
	static const unsigned numbers[] = {TABLE_DENIED, COLUMN_DENIED, NO_SUCH_TABLE, NO_REFERENCED_ROW, FOREIGN_KEY};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (mysql_errno(mysql) == numbers[i])
			return strstr(mysql_error(mysql), "rowd_commits") != NULL;
	return false;
}

static enum transaction_progress take_error_without_rows(struct transaction *transaction)
{
	static const struct statement_result nothing = {0};
	struct sql_error error;

	result_take_error(transaction->call->mysql, transaction->settings.server, &error);
	if (is_of_statement(&error))
		(void)tell_done(transaction, &nothing);
	return transaction_take_compound_error(transaction);
}

/* MariaDB answers no empty result to a statement that cannot find anything, as with a key that is out of range. Then
 * this is the end of the compound statement already. */
static enum transaction_progress take_compound_without_rows(struct transaction *transaction)
{
	MYSQL *mysql = transaction->call->mysql;
	struct statement_result result;

	if (mysql_more_results(mysql))
		return transaction_break_off(transaction);
	result_take_rows(mysql, 0, &result);
	(void)tell_done(transaction, &result);
	return transaction_tell_compound(transaction);
}

enum transaction_progress transaction_take_answer(struct transaction *transaction)
{
	MYSQL *mysql = transaction->call->mysql;
	struct statement_result result;

	if (call_failed(transaction->call) && transaction->compound && is_of_commits(mysql))
		return take_error_without_rows(transaction);
	if (call_failed(transaction->call))
		return tell_failed(transaction);
	if (transaction->compound && mysql_field_count(mysql) == 0)
		return take_compound_without_rows(transaction);
	if (mysql_field_count(mysql) == 0) {
		result_take(mysql, &result);
		return tell_done(transaction, &result);
	}
	transaction->call->result = mysql_use_result(mysql);
	if (!transaction->call->result) /* no memory: the rows cannot be read past, so the connection is done for */
		return transaction_break_off(transaction);
	transaction->rows = 0;
	transaction->rows_unwanted = false;
	transaction->state = TRANSACTION_FETCHING;
	return PROGRESS_ON;
}

static size_t sum(const unsigned long *lengths, uint32_t count)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < count; i++)
		bytes += lengths[i];
	return bytes;
}

/* Returns its bytes. */
static size_t hand_over_row(struct transaction *transaction)
{
	struct call *call = transaction->call;
	const unsigned long *lengths = mysql_fetch_lengths(call->result);
	uint32_t count = mysql_num_fields(call->result);

	transaction->rows++;
	if (!transaction->rows_unwanted)
		transaction->rows_unwanted =
			transaction->events.row(transaction->context, transaction->answered,
						(const char *const *)call->row, lengths, count) != 0;
	return sum(lengths, count);
}

/* Takes the row that was fetched, and those behind it that are there already. */
enum transaction_progress transaction_take_rows(struct transaction *transaction)
{
	struct call *call = transaction->call;
	struct statement_result result;
	size_t bytes = 0;

	for (int taken = 1; call->row; taken++) {
		bytes += hand_over_row(transaction);
		if (taken == ROWS_PER_STEP || bytes >= BYTES_PER_STEP)
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
