/* tests/database/bookkeeping_faults.c - errands, when somebody is in the way, and when the server is. Started by
 * tests/database/run.py. */
#include "tests/database/errands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LEASE_MS = 1000,
	/* Of tests in which somebody is not to be ended: he sleeps for a moment, which can be a long one. */
	PATIENT_LEASE_MS = 30000,
};

static struct errands errands;

static int open_errands(void **state)
{
	(void)state;
	errands_open(&errands, LEASE_MS);
	return 0;
}

static int open_patient_errands(void **state)
{
	(void)state;
	errands_open(&errands, PATIENT_LEASE_MS);
	return 0;
}

static int close_errands(void **state)
{
	(void)state;
	errands_close(&errands);
	return 0;
}

/* A transaction of the worker x:one that has come to its marker and does not end. */
static struct session *open_transaction(void)
{
	struct session *session = errands_session(&errands);

	errands_enroll(&errands, "x:one", session_id(session));
	session_do(session, "UPDATE rowd_slots SET batch = 5, sequences = '7-9' WHERE worker = 'x:one' AND slot = 1",
		   NULL);
	return session;
}

static struct session *commit(struct session *session)
{
	session_do(session, "COMMIT", NULL);
	return session;
}

static bool is_alive(struct session *session)
{
	struct sql_error error;

	return session_query(session, BYTES("SELECT 1"), NULL, NULL, NULL, &error) == 0;
}

/* Until the errand's statement, which begins like this, waits for a lock. */
static void wait_until_it_waits(const char *statement)
{
	char query[256];

	snprintf(query, sizeof(query),
		 "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'least' AND COMMAND = 'Query' "
		 "AND INFO LIKE '%s%%'",
		 statement);
	errands_wait_for(&errands, query, "1");
}

static void start_fence(struct outcome *outcome)
{
	*outcome = (struct outcome){0};
	assert_int_equal(bookkeeping_fence(errands.bookkeeping, "x:one", errand_fenced, outcome), 0);
}

static void start_resolve(struct outcome *outcome)
{
	*outcome = (struct outcome){0};
	assert_int_equal(bookkeeping_resolve(errands.bookkeeping, "x:one",
					     (const struct bookkeeping_marker[]){{.slot = 1, .batch = 5}}, 1,
					     errand_resolved, outcome),
			 0);
}

static void test_fence_waits_for_a_commit(void **state)
{
	struct session *session = open_transaction();
	struct outcome outcome;

	(void)state;
	start_fence(&outcome);
	wait_until_it_waits("UPDATE rowd_slots SET fenced");
	assert_false(outcome.called);
	session_do(session, "COMMIT", NULL);
	errands_wait(&errands, &outcome);
	assert_true(outcome.found);
	assert_string_equal(outcome.done, "7+3");
	session_close(session);
}

static void test_fence_ends_who_sleeps(void **state)
{
	struct session *session = open_transaction();
	struct outcome outcome;

	(void)state;
	start_fence(&outcome);
	errands_wait(&errands, &outcome);
	assert_false(outcome.failed);
	assert_true(outcome.found);
	assert_string_equal(outcome.done, "");
	assert_false(is_alive(session));
	session_close(session);
}

/* It holds no marker yet, but rows that its commands wrote, which will be written again. */
static void test_fence_ends_who_sleeps_before_the_marker(void **state)
{
	struct session *session = errands_session(&errands);
	char query[128];
	struct outcome outcome;

	(void)state;
	errands_enroll(&errands, "x:one", session_id(session));
	snprintf(query, sizeof(query),
		 "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = %" PRIu64 " AND TIME >= 1",
		 session_id(session));
	errands_wait_for(&errands, query, "1");
	start_fence(&outcome);
	errands_wait(&errands, &outcome);
	assert_true(outcome.found);
	assert_false(is_alive(session));
	session_close(session);
}

/* The pool has another connection since; this one's end never reached the server. */
static void test_fence_ends_the_former_one(void **state)
{
	struct session *session = open_transaction();
	struct outcome recorded = {0}, outcome;

	(void)state;
	assert_int_equal(
		bookkeeping_record_connection(errands.bookkeeping, "x:one", 2, 1, 999999, errand_done, &recorded), 0);
	errands_wait(&errands, &recorded);
	assert_false(recorded.failed);
	start_fence(&outcome);
	errands_wait(&errands, &outcome);
	assert_true(outcome.found);
	assert_false(is_alive(session));
	session_close(session);
}

static int take_second(void *context, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	uint64_t *number = context;

	(void)lengths;
	assert_int_equal(count, 2);
	*number = strtoull(values[1], NULL, 10);
	return 0;
}

static uint64_t rollbacks(void)
{
	struct sql_error error;
	uint64_t count = 0;

	if (session_query(errands.root, BYTES("SHOW GLOBAL STATUS LIKE 'Com_rollback'"), take_second, &count, NULL,
			  &error) != 0)
		fail_msg("%s", error.message);
	return count;
}

/* Until the errand, which waits for a lock, has given up so many times, looked who is in the way, and begun again. */
static void wait_until_it_has_looked(const struct outcome *outcome, uint64_t times)
{
	uint64_t before = rollbacks();

	while (rollbacks() < before + times && !outcome->called) {
		uv_run(&errands.harness.loop, UV_RUN_NOWAIT);
		uv_sleep(5);
	}
	assert_false(outcome->called);
}

/* A pool keeps a connection busy while the loop turns. */
static void test_who_is_busy_is_waited_for(void **state)
{
	static struct script script = {
		.waves = {{"UPDATE rowd_slots SET batch = 6, sequences = '8' WHERE worker = 'x:one' AND slot = 1"},
			  {"SELECT GET_LOCK('busy', 30)"}},
		.last = TRANSACTION_COMMIT};
	struct harness busy = {.options = errands.harness.options};
	struct outcome outcome;
	char id[64];

	(void)state;
	busy.options.connections = 1;
	harness_open(&busy);
	script_do(&busy, "SELECT CONNECTION_ID()", id);
	errands_enroll(&errands, "x:one", strtoull(id, NULL, 10));
	errands_root(&errands, "SELECT GET_LOCK('busy', 0)", NULL);
	script_start(&busy, &script);
	harness_wait(&busy, &script.answers[0][0].done);
	start_fence(&outcome);
	wait_until_it_waits("UPDATE rowd_slots SET fenced");
	wait_until_it_has_looked(&outcome, 2); /* by then it is busy for longer than the lease, as the server counts */
	errands_root(&errands, "SELECT RELEASE_LOCK('busy')", NULL);
	harness_wait(&busy, &script.ended);
	assert_int_equal(script.end, TRANSACTION_COMMITTED);
	errands_wait(&errands, &outcome);
	assert_true(outcome.found);
	assert_string_equal(outcome.done, "8+1");
	harness_close(&busy);
}

/* Somebody else's connection is not ended, whatever number was recorded; the errand gives up. */
static void test_others_are_left_alone(void **state)
{
	struct outcome fenced, resolved;
	char text[160];

	(void)state;
	errands_enroll(&errands, "x:one", session_id(errands.root));
	errands_root(&errands, "BEGIN", NULL);
	errands_root(&errands, "UPDATE rowd_slots SET batch = 5 WHERE worker = 'x:one' AND slot = 1", NULL);
	start_fence(&fenced);
	start_resolve(&resolved);
	errands_wait(&errands, &fenced);
	assert_true(fenced.failed);
	assert_int_equal(fenced.error.class, SQL_ERROR_LOCK_WAIT);
	errands_wait(&errands, &resolved);
	assert_true(resolved.failed);
	assert_int_equal(resolved.error.class, SQL_ERROR_LOCK_WAIT);
	errands_root(&errands, "COMMIT", NULL);
	errands_root(&errands, "SELECT SUM(fenced) FROM rowd_slots WHERE worker = 'x:one'", text);
	assert_string_equal(text, "0");
}

static void test_resolve_waits_for_a_commit(void **state)
{
	struct session *session = open_transaction();
	struct outcome outcome;

	(void)state;
	start_resolve(&outcome);
	wait_until_it_waits("SELECT fenced");
	session_do(session, "COMMIT", NULL);
	errands_wait(&errands, &outcome);
	assert_false(outcome.failed);
	assert_true(outcome.markers[0].found);
	assert_true(outcome.markers[0].committed);
	session_close(session);
}

static struct outcome resolve_commit_while(const char *end)
{
	static const struct bookkeeping_marker commit[] = {{.slot = 1, .batch = 5, .is_commit = true}};
	struct session *session = errands_session(&errands);
	struct outcome outcome = {0};

	errands_enroll(&errands, "x:one", session_id(session));
	session_do(session, "INSERT INTO rowd_commits (worker, slot, batch, sequences) VALUES ('x:one', 1, 5, '7')",
		   NULL);
	assert_int_equal(bookkeeping_resolve(errands.bookkeeping, "x:one", commit, 1, errand_resolved, &outcome), 0);
	wait_until_it_waits("SELECT s.fenced");
	assert_false(outcome.called);
	session_do(session, end, NULL);
	errands_wait(&errands, &outcome);
	assert_true(outcome.markers[0].known && outcome.markers[0].found);
	session_close(session);
	return outcome;
}

static void test_resolve_waits_for_a_row_that_is_added(void **state)
{
	(void)state;
	assert_true(resolve_commit_while("COMMIT").markers[0].committed);
}

static void test_resolve_waits_for_a_row_that_is_taken_back(void **state)
{
	(void)state;
	assert_false(resolve_commit_while("ROLLBACK").markers[0].committed);
}

/* Between the look and the row that would declare it void: the trigger holds the latter back. */
static void test_a_commit_may_come_before_it_is_void(void **state)
{
	static const struct bookkeeping_marker commit[] = {{.slot = 1, .batch = 5, .is_commit = true}};
	struct outcome outcome = {0};

	(void)state;
	errands_enroll(&errands, "x:one", 0);
	errands_root(&errands,
		     "CREATE TRIGGER gate BEFORE INSERT ON rowd_commits FOR EACH ROW IF NEW.sequences = '' THEN "
		     "SET @gate = GET_LOCK('rowd_test_gate', 30); SET @gate = RELEASE_LOCK('rowd_test_gate'); END IF",
		     NULL);
	errands_root(&errands, "SELECT GET_LOCK('rowd_test_gate', 0)", NULL);
	assert_int_equal(bookkeeping_resolve(errands.bookkeeping, "x:one", commit, 1, errand_resolved, &outcome), 0);
	errands_wait_for(&errands, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'User lock'",
			 "1");
	errands_root(&errands, "INSERT INTO rowd_commits (worker, slot, batch, sequences) VALUES ('x:one', 1, 5, '7')",
		     NULL);
	errands_root(&errands, "SELECT RELEASE_LOCK('rowd_test_gate')", NULL);
	errands_wait(&errands, &outcome);
	if (outcome.failed) { /* worth another look, not an error of rowd's tables */
		assert_int_equal(outcome.error.class, SQL_ERROR_TRANSACTION);
		assert_false(outcome.markers[0].known);
		outcome = (struct outcome){0};
		assert_int_equal(
			bookkeeping_resolve(errands.bookkeeping, "x:one", commit, 1, errand_resolved, &outcome), 0);
		errands_wait(&errands, &outcome);
	}
	assert_true(outcome.markers[0].known && outcome.markers[0].committed);
	errands_root(&errands, "DROP TRIGGER gate", NULL);
}

static void test_fence_waits_for_a_row_that_is_added(void **state)
{
	struct session *session = errands_session(&errands);
	struct outcome outcome;

	(void)state;
	errands_enroll(&errands, "x:one", session_id(session));
	session_do(session, "INSERT INTO rowd_commits (worker, slot, batch, sequences) VALUES ('x:one', 1, 5, '7')",
		   NULL);
	start_fence(&outcome);
	wait_until_it_waits("UPDATE rowd_slots SET fenced");
	assert_false(outcome.called);
	session_do(session, "COMMIT", NULL);
	errands_wait(&errands, &outcome);
	assert_string_equal(outcome.done, "7+1");
	session_close(session);
}

static void test_resolve_ends_who_sleeps(void **state)
{
	struct session *session = open_transaction();
	struct outcome outcome;

	(void)state;
	start_resolve(&outcome);
	errands_wait(&errands, &outcome);
	assert_false(outcome.failed);
	assert_true(outcome.markers[0].found);
	assert_false(outcome.markers[0].committed);
	assert_false(is_alive(session));
	session_close(session);
}

/* Row 1 has committed batch 5, row 0 nothing of that number. */
static const struct bookkeeping_marker two[] = {{.slot = 0, .batch = 4, .is_commit = true}, {.slot = 1, .batch = 5}};

static void resolve_two(struct outcome *outcome)
{
	*outcome = (struct outcome){0};
	assert_int_equal(bookkeeping_resolve(errands.bookkeeping, "x:one", two, 2, errand_resolved, outcome), 0);
	errands_wait(&errands, outcome);
	assert_int_equal(outcome->count, 2);
	assert_true(outcome->markers[1].known && outcome->markers[1].committed);
}

static void test_what_is_known_does_not_wait_for_a_lock(void **state)
{
	struct outcome outcome;

	(void)state;
	session_close(commit(open_transaction()));
	errands_root(&errands, "BEGIN", NULL);
	errands_root(&errands, "UPDATE rowd_slots SET batch = 3 WHERE worker = 'x:one' AND slot = 0", NULL);
	resolve_two(&outcome);
	assert_true(outcome.failed);
	assert_int_equal(outcome.error.class, SQL_ERROR_LOCK_WAIT);
	assert_false(outcome.markers[0].known);
	errands_root(&errands, "COMMIT", NULL);
	resolve_two(&outcome);
	assert_false(outcome.failed);
	assert_true(outcome.markers[0].known && outcome.markers[0].found);
	assert_false(outcome.markers[0].committed);
}

/* What was not committed cannot be declared void there; what was can be told. */
static void test_resolve_on_a_server_that_is_read_only(void **state)
{
	struct outcome outcome;

	(void)state;
	session_close(commit(open_transaction()));
	errands_root(&errands, "SET GLOBAL read_only = 1", NULL);
	resolve_two(&outcome);
	errands_root(&errands, "SET GLOBAL read_only = 0", NULL);
	assert_true(outcome.failed);
	assert_int_equal(outcome.error.number, 1290);
	assert_false(outcome.markers[0].known);
	resolve_two(&outcome);
	assert_false(outcome.failed);
	assert_true(outcome.markers[0].known);
}

static void test_server_down(void **state)
{
	struct outcome outcome;

	(void)state;
	errands_enroll(&errands, "x:one", 0);
	control("kill");
	start_fence(&outcome);
	errands_wait(&errands, &outcome);
	assert_true(outcome.failed);
	assert_false(outcome.found);
	assert_int_equal(outcome.error.class, SQL_ERROR_CONNECTION);
	control("start");
	errands_reconnect(&errands);
	start_fence(&outcome);
	errands_wait(&errands, &outcome);
	assert_true(outcome.found);
}

static void test_server_dies_during_an_errand(void **state)
{
	struct session *session = open_transaction();
	struct outcome outcome;

	(void)state;
	start_resolve(&outcome);
	wait_until_it_waits("SELECT fenced");
	control("kill");
	errands_wait(&errands, &outcome);
	assert_true(outcome.failed);
	assert_int_equal(outcome.error.class, SQL_ERROR_CONNECTION);
	control("start");
	errands_reconnect(&errands);
	start_resolve(&outcome);
	errands_wait(&errands, &outcome);
	assert_true(outcome.markers[0].found);
	assert_false(outcome.markers[0].committed);
	session_close(session);
}

static void test_server_that_says_nothing(void **state)
{
	struct outcome outcome;

	(void)state;
	errands.harness.options.connect_timeout_ms = 1000;
	control("freeze");
	start_fence(&outcome);
	errands_wait(&errands, &outcome);
	control("thaw");
	assert_true(outcome.failed);
	assert_int_equal(outcome.error.class, SQL_ERROR_CONNECTION);
}

static void test_close_during_an_errand(void **state)
{
	struct session *session = open_transaction();
	struct outcome outcome, next;

	(void)state;
	start_fence(&outcome);
	start_resolve(&next);
	wait_until_it_waits("UPDATE rowd_slots SET fenced");
	errands_close_bookkeeping(&errands);
	assert_false(outcome.called);
	assert_false(next.called);
	assert_true(is_alive(session)); /* it was too early to end it */
	session_close(session);
}

/* The client of a transaction is gone without a word: where the server can, it ends that by itself. */
static void test_idle_transaction(void **state)
{
	struct session *session;
	char version[64], query[128];

	(void)state;
	errands_root(&errands, "SELECT VERSION()", version);
	if (!strcasestr(version, "mariadb"))
		skip();
	/* The one for writes stands before the general one. */
	errands_root(&errands, "SET GLOBAL idle_write_transaction_timeout = 1000", NULL);
	errands.harness.options.idle_transaction_ms = 1000;
	session = open_transaction();
	snprintf(query, sizeof(query), "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = %" PRIu64,
		 session_id(session));
	errands_wait_for(&errands, query, "0");
	errands_root(&errands, "SET GLOBAL idle_write_transaction_timeout = 0", NULL);
	session_close(session);
}

#define TEST(name)         cmocka_unit_test_setup_teardown(test_##name, open_errands, close_errands)
#define PATIENT_TEST(name) cmocka_unit_test_setup_teardown(test_##name, open_patient_errands, close_errands)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PATIENT_TEST(fence_waits_for_a_commit),
		TEST(fence_ends_who_sleeps),
		TEST(fence_ends_who_sleeps_before_the_marker),
		TEST(fence_ends_the_former_one),
		TEST(who_is_busy_is_waited_for),
		TEST(others_are_left_alone),
		PATIENT_TEST(resolve_waits_for_a_commit),
		PATIENT_TEST(resolve_waits_for_a_row_that_is_added),
		PATIENT_TEST(resolve_waits_for_a_row_that_is_taken_back),
		TEST(a_commit_may_come_before_it_is_void),
		PATIENT_TEST(fence_waits_for_a_row_that_is_added),
		TEST(resolve_ends_who_sleeps),
		TEST(what_is_known_does_not_wait_for_a_lock),
		TEST(resolve_on_a_server_that_is_read_only),
		TEST(server_down),
		PATIENT_TEST(server_dies_during_an_errand),
		TEST(server_that_says_nothing),
		PATIENT_TEST(close_during_an_errand),
		TEST(idle_transaction),
	};
	int failed;

	if (session_library_open() != 0)
		return 1;
	failed = cmocka_run_group_tests_name("database/bookkeeping_faults", tests, NULL, NULL);
	session_library_close();
	return failed;
}
