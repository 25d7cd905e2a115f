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
 *   A wave of reads has its COMMIT behind it, and so has a statement that is all there is: SENDING --last chunk-->
 *   RELEASING --> ANSWERING, and when all is answered RELEASED --> ASKING --COMMIT--> OVER. Should there be another
 * wave after all, it begins another transaction.
 *
 *   One that follows goes from ASKING to ANSWERING, and there waits until the one before it is OVER.
 *
 *   Any of them can break: the connection is then given up, and the end is LOST, or IN_DOUBT once COMMIT was begun, or
 *   DROPPED while that of the one before it was not answered. */
#include "daemon/database/transaction.h"

#include "common/clock.h"
#include "common/crash_point.h"
#include "daemon/database/transaction_answers.h"

#include <assert.h>
#include <stdio.h>

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

static enum transaction_progress start(struct transaction *transaction, enum call_kind kind, struct bytes text)
{
	return call_start(transaction->call, kind, text) ? PROGRESS_WAIT : PROGRESS_ON;
}

static void begin_wave(struct transaction *transaction, enum transaction_release release)
{
	assert(transaction->count > 0);
	CRASH_POINT("wave.before_sent");
	transaction->sent = 0;
	transaction->answered = 0;
	transaction->release = release;
	transaction->state = TRANSACTION_SENDING;
	transaction->since_us = transaction->settings.echo == ECHO_OFF ? 0 : clock_monotonic_us();
}

static enum transaction_progress ask(struct transaction *transaction)
{
	transaction->releases_write = false;
	switch (transaction->events.next(transaction->context, &transaction->statements, &transaction->count)) {
	case TRANSACTION_SEND:
		begin_wave(transaction, RELEASE_NONE);
		break;
	case TRANSACTION_SEND_READS:
		begin_wave(transaction, RELEASE_WANTED);
		break;
	case TRANSACTION_SEND_ONLY:
		/* Should the COMMIT before fail, this must not be committed. */
		transaction->releases_write = !transaction->follows;
		begin_wave(transaction, transaction->follows ? RELEASE_NONE : RELEASE_WANTED);
		break;
	case TRANSACTION_SEND_COMPOUND:
		assert(!transaction->follows && transaction->count == 2);
		transaction->compound = true;
		begin_wave(transaction, RELEASE_NONE);
		break;
	case TRANSACTION_COMMIT:
		CRASH_POINT("commit.before_sent");
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

/* Not of the statements that it is made of. */
static enum transaction_progress send_compound(struct transaction *transaction)
{
	if (transaction->sent == 0)
		return start(transaction, CALL_SEND, transaction->statements[transaction->count].text);
	CRASH_POINT("compound.sent");
	transaction->state = TRANSACTION_ANSWERING;
	return PROGRESS_ON;
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
		cost = transaction_cost(&transaction->statements[transaction->sent]);
		if (is_too_long(transaction, transaction->sent)) {
			transaction->outstanding_bytes += cost;
			transaction->sent++;
			return PROGRESS_ON;
		}
		if (transaction->outstanding_bytes == 0 ||
		    transaction->outstanding_bytes + cost <= TRANSACTION_OUTSTANDING_BYTES)
			return start(transaction, CALL_SEND, transaction->statements[transaction->sent].text);
	}
	if (transaction->follows)
		CRASH_POINT("wave.sent_behind_commit");
	else
		CRASH_POINT("wave.sent");
	transaction->state = transaction->sent == transaction->count && transaction->release == RELEASE_WANTED
				     ? TRANSACTION_RELEASING
				     : TRANSACTION_ANSWERING;
	return PROGRESS_ON;
}

static enum transaction_progress start_next(struct transaction *transaction)
{
	switch (transaction->state) {
	case TRANSACTION_SETTING:
		return start(transaction, CALL_SEND, bytes_of(transaction->setting));
	case TRANSACTION_ASKING:
		return ask(transaction);
	case TRANSACTION_SENDING:
		return transaction->compound ? send_compound(transaction) : send_next(transaction);
	case TRANSACTION_ANSWERING:
		if (transaction->compound)
			return start(transaction, transaction->answered == 0 ? CALL_ANSWER : CALL_MORE, BYTES(""));
		if (is_too_long(transaction, transaction->answered))
			return transaction_tell_too_long(transaction);
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

/* Any error in answer to COMMIT leaves it in doubt, also those that mean "rolled back" on a single server (1213): with
 * Galera, semi-synchronous replication or a full disk under the binary log the two servers differ in what they have
 * done by then, and to look costs one read on an event that is rare. */
static enum transaction_progress take_confirmation(struct transaction *transaction)
{
	if (call_failed(transaction->call))
		return transaction_break_off(transaction);
	if (transaction->commits)
		CRASH_POINT("commit.answered");
	transaction_echo(transaction, end_text(transaction), 0, NULL);
	transaction->end = transaction->commits ? TRANSACTION_COMMITTED : TRANSACTION_ROLLED_BACK;
	transaction->state = TRANSACTION_OVER;
	return PROGRESS_OVER;
}

/* Behind the rows of a compound statement: what it has come to. Whatever is not that it went well may have met the
 * marker or COMMIT. */
static enum transaction_progress take_compound_end(struct transaction *transaction)
{
	MYSQL *mysql = transaction->call->mysql;

	if (call_failed(transaction->call))
		return transaction_take_compound_error(transaction);
	if (mysql_field_count(mysql) > 0)
		return transaction_break_off(transaction);
	return transaction_tell_compound(transaction);
}

static enum transaction_progress take_call(struct transaction *transaction)
{
	enum transaction_progress progress;

	switch (transaction->state) {
	case TRANSACTION_SETTING:
	case TRANSACTION_SET:
		if (call_failed(transaction->call))
			return transaction_break_off(transaction);
		transaction->state = transaction->state == TRANSACTION_SETTING ? TRANSACTION_SET : TRANSACTION_ASKING;
		return PROGRESS_ON;
	case TRANSACTION_SENDING:
		if (call_failed(transaction->call))
			return transaction_break_off(transaction);
		do
			transaction->outstanding_bytes +=
				transaction_cost(&transaction->statements[transaction->sent++]);
		while (transaction->compound && transaction->sent < transaction->count);
		return PROGRESS_ON;
	case TRANSACTION_RELEASING:
		if (call_failed(transaction->call))
			return transaction_break_off(transaction);
		transaction->release = RELEASE_SENT;
		transaction->state = TRANSACTION_ANSWERING;
		return PROGRESS_ON;
	case TRANSACTION_RELEASED:
		if (call_failed(transaction->call))
			return transaction_break_off(transaction);
		transaction_echo(transaction, BYTES("COMMIT"), 0, NULL);
		CRASH_POINT("commit.answered_behind_reads");
		transaction->release = RELEASE_DONE;
		transaction->state = TRANSACTION_ASKING;
		/* At once: what is committed must not end as lost, should the connection be given up in between. */
		return ask(transaction);
	case TRANSACTION_ENDING:
		if (call_failed(transaction->call))
			return transaction_break_off(transaction);
		if (transaction->commits)
			CRASH_POINT("commit.sent");
		transaction->state = TRANSACTION_CONFIRMING;
		return transaction->commits ? PROGRESS_COMMITTING : PROGRESS_ON;
	case TRANSACTION_ANSWERING:
		progress = transaction->compound && transaction->answered > 0 ? take_compound_end(transaction)
									      : transaction_take_answer(transaction);
		/* At once: what is committed must not end as lost, should the connection be given up in between. */
		return transaction->release == RELEASE_DONE && progress == PROGRESS_ON ? ask(transaction) : progress;
	case TRANSACTION_FETCHING:
		return transaction_take_rows(transaction);
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

/* Whether COMMIT was begun to be sent, and has not been answered, of what may have changed something. */
static bool commit_begun(const struct transaction *transaction)
{
	bool sending = transaction->call->kind == CALL_SEND;

	if (transaction->compound)
		return transaction->sent > 0 || sending;
	if (transaction->releases_write)
		return transaction->release == RELEASE_SENT || (transaction->state == TRANSACTION_RELEASING && sending);
	return transaction->commits &&
	       (transaction->state == TRANSACTION_CONFIRMING || (transaction->state == TRANSACTION_ENDING && sending));
}

void transaction_break(struct transaction *transaction, const struct sql_error *error)
{
	transaction->error = *error;
	if (transaction->follows)
		transaction->end = TRANSACTION_DROPPED;
	else
		transaction->end = commit_begun(transaction) ? TRANSACTION_IN_DOUBT : TRANSACTION_LOST;
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
	/* Behind the rows of a compound statement nobody knows whose error it was. */
	if (blame && transaction_awaits_statement(transaction) && !(transaction->compound && transaction->answered > 0))
		transaction->events.failed(transaction->context, transaction->answered, &transaction->error);
	transaction->events.ended(transaction->context, transaction->end, &transaction->error);
}
