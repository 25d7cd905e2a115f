/* database/bookkeeping_errand.c
 *
 * An attempt is one transaction. Where it meets a lock, or a deadlock, it is rolled back and made again, for a lease
 * and a bit: by then whoever held the lock has either ended, or is busy, or its client is gone without a word. The last
 * are found among the recorded connections of the worker, asleep in the middle of their transaction, and ended. */
#include "daemon/database/bookkeeping_errand.h"

#include "common/clock.h"
#include "daemon/database/bookkeeping_text.h"
#include "daemon/database/errors.h"
#include "daemon/database/own_tables.h"
#include "daemon/database/session.h"

#include <errmsg.h>
#include <errno.h>
#include <inttypes.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	STATEMENT_MS = 10000,        /* none of these takes long by itself */
	STATEMENT_BYTES = 1 << 20,   /* the largest has the keys of all queues in it */
	LOCK_WAIT_S = 1,             /* then it looks who is in the way */
	TRIES_BEYOND_LEASE = 5,      /* for the end of what was under way */
	PURGED_ROWS = 1000,          /* in one step, whose locks are held as long as it lasts */
	PURGE_US = 1000 * 1000,      /* then others have their turn */
	SLEEPERS = 512,              /* as many connections as a worker can have, and those before them */
	SERVER_NO_SUCH_TABLE = 1146, /* no row of anybody is there, then */
	SERVER_DUPLICATE = 1062,
};

static int no_memory(struct errand *errand)
{
	sql_error_lost(&errand->error, CR_OUT_OF_MEMORY, "no memory for rowd's own rows");
	return -EIO;
}

typedef int take_row(void *context, const char *const *values, const unsigned long *lengths, uint32_t count);

static int query(struct errand *errand, struct errand_run *run, take_row *row, void *context,
		 struct statement_result *ret_result)
{
	if (buffer_failed(&run->text))
		return no_memory(errand);
	return session_query(run->session, buffer_bytes(&run->text), row, context, ret_result, &errand->error);
}

static int commit(struct errand *errand, struct errand_run *run)
{
	return session_query(run->session, BYTES("COMMIT"), NULL, NULL, NULL, &errand->error);
}

static bool is_no_table(int r, const struct errand *errand)
{
	return r == -EIO && errand->error.number == SERVER_NO_SUCH_TABLE;
}

/* ---- connections whose client is gone ---- */

struct sleepers {
	uint64_t ids[SLEEPERS];
	uint32_t count;
};

static int take_sleeper(void *context, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	struct sleepers *sleepers = context;

	(void)lengths;
	(void)count;
	if (sleepers->count < SLEEPERS && values[0])
		sleepers->ids[sleepers->count++] = strtoull(values[0], NULL, 10);
	return 0;
}

/* Ends the worker's connections that have been asleep for least_ms. Whatever fails here is no failure of the errand:
 * the connection may have ended by itself. */
static void end_sleepers(struct errand *errand, struct errand_run *run, uint32_t least_ms)
{
	struct sleepers sleepers = {.count = 0};
	struct sql_error error;

	bookkeeping_write_sleepers(&run->text, errand->worker, (least_ms + 999) / 1000);
	if (buffer_failed(&run->text) ||
	    session_query(run->session, buffer_bytes(&run->text), take_sleeper, &sleepers, NULL, &error) != 0)
		return;
	for (uint32_t i = 0; i < sleepers.count; i++) {
		char text[64];

		snprintf(text, sizeof(text), "KILL %" PRIu64, sleepers.ids[i]);
		session_query(run->session, bytes_of(text), NULL, NULL, NULL, &error);
	}
}

/* ---- the attempts ---- */

int errand_enroll(struct errand *errand, struct errand_run *run)
{
	int r = own_tables_ensure(run->session, &errand->error);

	for (uint32_t slot = 0; slot < errand->markers + errand->connections && r == 0; slot++) {
		uint64_t id = slot < errand->markers ? 0 : errand->connection_ids[slot - errand->markers];

		bookkeeping_write_row(&run->text, errand->worker, slot, buffer_bytes(&errand->queues), id);
		r = query(errand, run, NULL, NULL, NULL);
	}
	if (r == 0) {
		bookkeeping_write_first_commit(&run->text, errand->worker);
		r = query(errand, run, NULL, NULL, NULL);
	}
	return r ? r : commit(errand, run);
}

int errand_record(struct errand *errand, struct errand_run *run)
{
	int r;

	bookkeeping_write_connection(&run->text, errand->worker, errand->markers + errand->index,
				     errand->connection_ids[0]);
	r = query(errand, run, NULL, NULL, NULL);
	if (is_no_table(r, errand))
		return 0;
	return r ? r : commit(errand, run);
}

static int take_sequences(void *context, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	struct errand *errand = context;

	(void)count;
	errand->has_commits |= values[1] && strcmp(values[1], "1") == 0;
	return values[0] ? ranges_parse(&errand->done, (struct bytes){values[0], lengths[0]}) : -EINVAL;
}

static int read_sequences(struct errand *errand, struct errand_run *run)
{
	int r;

	errand->done.count = 0; /* of the attempt before */
	errand->has_commits = false;
	bookkeeping_write_sequences(&run->text, errand->worker);
	r = query(errand, run, take_sequences, errand, NULL);
	if (r != -EINVAL)
		return r;
	errand->error = (struct sql_error){.class = SQL_ERROR_OF_COMMAND, .row = -1};
	snprintf(errand->error.message, sizeof(errand->error.message),
		 "rowd_slots or rowd_commits: sequences of the worker %s are not what rowd writes", errand->worker);
	return -EIO;
}

int errand_fence(struct errand *errand, struct errand_run *run)
{
	struct statement_result result;
	int r;

	bookkeeping_write_fence(&run->text, errand->worker);
	r = query(errand, run, NULL, NULL, &result);
	if (is_no_table(r, errand))
		return 0;
	if (r == 0)
		r = commit(errand, run);
	if (r == 0)
		r = read_sequences(errand, run);
	if (r)
		return r;
	/* When what it has committed by itself was dropped, the rest does not say what it has not. */
	errand->found = result.matched > 0 && errand->has_commits;
	/* A transaction that never came to its marker holds the rows of its commands, and those will run again. The
	 * worker renewed its lease every third of it until it was heard of no more, a lease ago. */
	end_sleepers(errand, run, run->lease_ms / 2);
	return commit(errand, run);
}

static int take_marker(void *context, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	struct bookkeeping_marker *marker = context;
	bool is_there = strtoull(values[1], NULL, 10) == marker->batch;
	bool is_void = strcmp(values[2], "0") == 0; /* it names nothing: what void_marker() leaves */

	(void)lengths;
	(void)count;
	marker->found = true;
	marker->fenced = strcmp(values[0], "0") != 0;
	marker->committed = is_there && !is_void;
	marker->voided = is_there && is_void;
	return 0;
}

/* What has not come to its commit by now, finds it there. */
static int void_marker(struct errand *errand, struct errand_run *run, const struct bookkeeping_marker *marker)
{
	int r;

	bookkeeping_write_void(&run->text, errand->worker, marker);
	r = query(errand, run, NULL, NULL, NULL);
	if (r == -EIO && errand->error.number == SERVER_DUPLICATE)
		errand->error.class = SQL_ERROR_TRANSACTION; /* it was committed in between: another look */
	return r;
}

static int read_marker(struct errand *errand, struct errand_run *run, struct bookkeeping_marker *marker, bool locked)
{
	marker->found = marker->fenced = marker->voided = marker->committed = false; /* of an earlier look */
	bookkeeping_write_marker(&run->text, errand->worker, marker, locked);
	return query(errand, run, take_marker, marker, NULL);
}

/* What is committed can be read without a lock, also where nothing may be written. The locked look must not be of the
 * same transaction: with innodb_snapshot_isolation it fails when the row has changed meanwhile. */
static int resolve_marker(struct errand *errand, struct errand_run *run, struct bookkeeping_marker *marker)
{
	int r = read_marker(errand, run, marker, false);

	if (r == 0 && !marker->committed)
		r = commit(errand, run);
	if (r == 0 && !marker->committed)
		r = read_marker(errand, run, marker, true);
	if (is_no_table(r, errand))
		return 0;
	/* Where it is the row of the slot, that was locked before COMMIT was sent. */
	if (r == 0 && marker->is_commit && marker->found && !marker->fenced && !marker->voided && !marker->committed)
		r = void_marker(errand, run, marker);
	return r ? r : commit(errand, run);
}

/* Each is a transaction of its own. What a lock holds is tried again when it is all that there is: what is known does
 * not wait for it. */
int errand_resolve(struct errand *errand, struct errand_run *run)
{
	struct sql_error why, error;
	bool failed = false;

	for (uint32_t i = 0; i < errand->wanted_count; i++) {
		struct bookkeeping_marker *marker = &errand->wanted[i];
		int r = resolve_marker(errand, run, marker);

		marker->known = r == 0;
		errand->found |= marker->known;
		if (r == 0)
			continue;
		if (r != -EIO)
			return r;
		if (!failed)
			why = errand->error;
		failed = true;
		if (session_query(run->session, BYTES("ROLLBACK"), NULL, NULL, NULL, &error) != 0)
			break;
	}
	if (!failed)
		return 0;
	errand->error = why;
	return -EIO;
}

int errand_dismiss(struct errand *errand, struct errand_run *run)
{
	int r;

	bookkeeping_write_strike(&run->text, errand->worker, errand->queues.data);
	r = query(errand, run, NULL, NULL, NULL);
	if (is_no_table(r, errand))
		return 0;
	if (r)
		return r;
	bookkeeping_write_removal(&run->text, errand->worker);
	r = query(errand, run, NULL, NULL, NULL);
	return r ? r : commit(errand, run);
}

/* Removes rows in steps, each of which is a transaction of its own. */
static int remove_rows(struct errand *errand, struct errand_run *run,
		       void (*write_step)(const struct errand *errand, struct buffer *to))
{
	uint64_t until_us = clock_monotonic_us() + PURGE_US;
	struct statement_result result;

	do {
		int r;

		write_step(errand, &run->text);
		r = query(errand, run, NULL, NULL, &result);
		if (is_no_table(r, errand))
			return 0;
		if (r == 0)
			r = commit(errand, run);
		if (r)
			return r;
		errand->found = result.affected == PURGED_ROWS;
	} while (errand->found && clock_monotonic_us() < until_us && !atomic_load(run->hurry));
	return 0;
}

static void write_purge(const struct errand *errand, struct buffer *to)
{
	bookkeeping_write_purge(to, errand->older_than_s, PURGED_ROWS);
}

int errand_purge(struct errand *errand, struct errand_run *run)
{
	return remove_rows(errand, run, write_purge);
}

static void write_forget(const struct errand *errand, struct buffer *to)
{
	bookkeeping_write_forget(to, errand->worker, errand->below, PURGED_ROWS);
}

int errand_forget(struct errand *errand, struct errand_run *run)
{
	return remove_rows(errand, run, write_forget);
}

/* ---- all of them ---- */

static bool is_worth_another_try(const struct errand *errand)
{
	if (errand->attempt == errand_resolve && errand->found)
		return false; /* the caller asks again for the rest */
	return errand->error.class == SQL_ERROR_LOCK_WAIT || errand->error.class == SQL_ERROR_TRANSACTION;
}

static int make_attempts(struct errand *errand, struct errand_run *run)
{
	uint32_t tries = (run->lease_ms + 999) / 1000 / LOCK_WAIT_S + TRIES_BEYOND_LEASE;
	int r = errand->attempt(errand, run);

	while (r == -EIO && is_worth_another_try(errand) && --tries > 0 && !atomic_load(run->hurry)) {
		struct sql_error error;

		if (session_query(run->session, BYTES("ROLLBACK"), NULL, NULL, NULL, &error) != 0) {
			errand->error = error;
			return -EIO;
		}
		end_sleepers(errand, run, run->lease_ms);
		r = errand->attempt(errand, run);
	}
	return r;
}

static int set_lock_wait(struct errand *errand, struct errand_run *run)
{
	buffer_format(&run->text, "SET SESSION innodb_lock_wait_timeout = %d", LOCK_WAIT_S);
	return query(errand, run, NULL, NULL, NULL);
}

void errand_do(struct errand *errand, const struct database_options *options, uint32_t lease_ms,
	       const atomic_bool *hurry)
{
	struct database_options own = *options;
	struct errand_run run = {.lease_ms = lease_ms, .hurry = hurry};
	int r;

	own.statement_timeout_ms = STATEMENT_MS; /* commands may be given any time, this is not */
	buffer_init(&run.text, STATEMENT_BYTES);
	r = session_open(&own, false, &run.session, &errand->error);
	if (r == 0)
		r = set_lock_wait(errand, &run);
	if (r == 0)
		r = make_attempts(errand, &run);
	session_close(run.session);
	buffer_free(&run.text);
	errand->result = r == -ENOMEM ? no_memory(errand) : r;
}

void errand_free(struct errand *errand)
{
	if (!errand)
		return;
	free(errand->worker);
	buffer_free(&errand->queues);
	free(errand->connection_ids);
	free(errand->wanted);
	ranges_free(&errand->done);
	free(errand);
}
