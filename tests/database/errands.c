/* tests/database/errands.c */
#include "tests/database/errands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t callbacks;

static struct outcome *called(void *context, const struct sql_error *error)
{
	struct outcome *outcome = context;

	assert_false(outcome->called);
	outcome->called = true;
	outcome->order = ++callbacks;
	outcome->failed = error != NULL;
	if (error)
		outcome->error = *error;
	return outcome;
}

void errand_done(void *context, const struct sql_error *error)
{
	called(context, error);
}

void errand_fenced(void *context, bool found, const struct ranges *done, const struct sql_error *error)
{
	struct outcome *outcome = called(context, error);
	size_t size = 0;

	assert_true(error ? !found && !done : done != NULL);
	outcome->found = found;
	for (uint32_t i = 0; done && i < done->count; i++)
		size += (size_t)snprintf(outcome->done + size, sizeof(outcome->done) - size, "%s%" PRIu64 "+%" PRIu64,
					 i ? "," : "", done->ranges[i].first, done->ranges[i].count);
}

void errand_resolved(void *context, const struct bookkeeping_marker *markers, uint32_t count,
		     const struct sql_error *error)
{
	struct outcome *outcome = called(context, error);

	assert_true(count <= ERRAND_MARKERS);
	outcome->count = count;
	if (count > 0)
		memcpy(outcome->markers, markers, count * sizeof(*markers));
}

static int take_first(void *context, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	char *first = context;

	(void)count;
	if (!first || first[0])
		return 0;
	if (values[0])
		snprintf(first, 64, "%.*s", (int)lengths[0], values[0]);
	else
		snprintf(first, 64, "NULL");
	return 0;
}

void session_do(struct session *session, const char *text, char ret_first[64])
{
	struct sql_error error;

	if (ret_first)
		ret_first[0] = '\0';
	if (session_query(session, bytes_of(text), take_first, ret_first, NULL, &error) != 0)
		fail_msg("%s: %s", text, error.message);
}

uint64_t session_id(struct session *session)
{
	char id[64];

	session_do(session, "SELECT CONNECTION_ID()", id);
	return strtoull(id, NULL, 10);
}

void errands_root(struct errands *errands, const char *text, char ret_first[64])
{
	session_do(errands->root, text, ret_first);
}

struct session *errands_session(struct errands *errands)
{
	struct session *session;
	struct sql_error error;

	if (session_open(&errands->harness.options, false, &session, &error) != 0)
		fail_msg("%s", error.message);
	return session;
}

static struct session *open_root(void)
{
	struct database_options options;
	struct session *session;
	struct sql_error error;

	harness_options(&options);
	if (session_open(&options, false, &session, &error) != 0)
		fail_msg("%s", error.message);
	session_do(session, "SET SESSION autocommit = 1", NULL);
	return session;
}

void errands_reconnect(struct errands *errands)
{
	session_close(errands->root);
	errands->root = open_root();
}

static void create_account(struct errands *errands)
{
	const char *database = errands->harness.options.url.database;
	char grant[512];

	errands_root(errands, "DROP USER IF EXISTS least@'%'", NULL);
	errands_root(errands, "CREATE USER least@'%' IDENTIFIED BY 'pass word'", NULL);
	snprintf(grant, sizeof(grant), "GRANT SELECT, INSERT, UPDATE, DELETE ON `%s`.* TO least@'%%'", database);
	errands_root(errands, grant, NULL);
}

static void create_tables(struct errands *errands)
{
	struct outcome outcome = {0};
	struct database_options options;
	struct bookkeeping *bookkeeping;

	/* Made by a bookkeeping of root's, with its first worker. */
	harness_options(&options);
	errands_root(errands, "DROP TABLE IF EXISTS rowd_commits, rowd_slots, rowd_ledger", NULL);
	assert_int_equal(bookkeeping_open(&errands->harness.loop, &options, 1000, &bookkeeping), 0);
	assert_int_equal(bookkeeping_enroll(bookkeeping, "x:first", (const char *const[]){"a"}, 1, 1, NULL, 0,
					    errand_done, &outcome),
			 0);
	errands_wait(errands, &outcome);
	assert_false(outcome.failed);
	errands->bookkeeping = bookkeeping;
	errands_close_bookkeeping(errands);
}

void errands_open(struct errands *errands, uint32_t lease_ms)
{
	*errands = (struct errands){0};
	assert_int_equal(uv_loop_init(&errands->harness.loop), 0);
	harness_options_tcp(&errands->harness.options, TLS_PREFERRED);
	snprintf(errands->harness.options.url.user, URL_TEXT_BYTES, "least");
	errands->root = open_root();
	create_account(errands);
	create_tables(errands);
	assert_int_equal(
		bookkeeping_open(&errands->harness.loop, &errands->harness.options, lease_ms, &errands->bookkeeping),
		0);
}

static void on_closed(void *context)
{
	struct errands *errands = context;

	assert_false(errands->closed);
	errands->closed = true;
}

void errands_close_bookkeeping(struct errands *errands)
{
	errands->closed = false;
	bookkeeping_close(errands->bookkeeping, on_closed, errands);
	assert_false(errands->closed);
	harness_wait(&errands->harness, &errands->closed);
	errands->bookkeeping = NULL;
}

void errands_close(struct errands *errands)
{
	if (errands->bookkeeping)
		errands_close_bookkeeping(errands);
	session_close(errands->root);
	assert_int_equal(uv_run(&errands->harness.loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&errands->harness.loop), 0);
}

void errands_wait(struct errands *errands, const struct outcome *outcome)
{
	assert_false(outcome->called);
	harness_wait(&errands->harness, &outcome->called);
}

void errands_enroll(struct errands *errands, const char *worker, uint64_t connection_id)
{
	struct outcome outcome = {0};

	assert_int_equal(bookkeeping_enroll(errands->bookkeeping, worker, (const char *const[]){"a", "b"}, 2, 2,
					    (const uint64_t[]){0, connection_id}, 2, errand_done, &outcome),
			 0);
	errands_wait(errands, &outcome);
	if (outcome.failed)
		fail_msg("%s", outcome.error.message);
}

void errands_wait_for(struct errands *errands, const char *text, const char *value)
{
	uint64_t end = uv_hrtime() + 60 * UINT64_C(1000000000);
	char first[64];

	for (;;) {
		uv_run(&errands->harness.loop, UV_RUN_NOWAIT);
		errands_root(errands, text, first);
		if (strcmp(first, value) == 0)
			return;
		if (uv_hrtime() > end)
			fail_msg("%s: still %s, not %s", text, first, value);
		uv_sleep(5);
	}
}
