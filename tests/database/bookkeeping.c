/* tests/database/bookkeeping.c - the errands, when nobody is in the way. Started by tests/database/run.py. */
#include "tests/database/errands.h"

#include <string.h>

static struct errands errands;

static int open_errands(void **state)
{
	(void)state;
	errands_open(&errands, 10000);
	return 0;
}

static int close_errands(void **state)
{
	(void)state;
	errands_close(&errands);
	return 0;
}

static void expect(const char *query, const char *value)
{
	char first[64];

	errands_root(&errands, query, first);
	if (strcmp(first, value) != 0)
		fail_msg("%s: %s, not %s", query, first, value);
}

static struct outcome fence(const char *worker)
{
	struct outcome outcome = {0};

	assert_int_equal(bookkeeping_fence(errands.bookkeeping, worker, errand_fenced, &outcome), 0);
	errands_wait(&errands, &outcome);
	if (outcome.failed)
		fail_msg("%s", outcome.error.message);
	return outcome;
}

static void dismiss(const char *worker, const char *queue)
{
	struct outcome outcome = {0};

	assert_int_equal(bookkeeping_dismiss(errands.bookkeeping, worker, queue, errand_done, &outcome), 0);
	errands_wait(&errands, &outcome);
	assert_false(outcome.failed);
}

static void record(const char *worker, uint32_t index, uint64_t id)
{
	struct outcome outcome = {0};

	assert_int_equal(
		bookkeeping_record_connection(errands.bookkeeping, worker, 2, index, id, errand_done, &outcome), 0);
	errands_wait(&errands, &outcome);
	assert_false(outcome.failed);
}

static void test_enroll(void **state)
{
	(void)state;
	errands_enroll(&errands, "x:one", 77);
	errands_enroll(&errands, "x:One", 88); /* another one */
	expect("SELECT COUNT(*) FROM rowd_slots WHERE worker = 'x:one'", "4");
	expect("SELECT GROUP_CONCAT(slot, ':', connection_id ORDER BY slot) FROM rowd_slots WHERE worker = 'x:one'",
	       "0:0,1:0,2:0,3:77");
	expect("SELECT DISTINCT HEX(queues) FROM rowd_slots WHERE worker = 'x:one'", "0061006200");
	expect("SELECT DISTINCT CONCAT(fenced, batch, sequences) FROM rowd_slots WHERE worker = 'x:one'", "00");
}

/* The answer to the first time was lost. */
static void test_enroll_again(void **state)
{
	(void)state;
	errands_enroll(&errands, "x:one", 77);
	errands_root(&errands, "UPDATE rowd_slots SET fenced = 1, batch = 5 WHERE worker = 'x:one'", NULL);
	errands_enroll(&errands, "x:one", 78);
	expect("SELECT GROUP_CONCAT(connection_id, ':', fenced, ':', batch ORDER BY slot) FROM rowd_slots "
	       "WHERE worker = 'x:one'",
	       "0:1:5,0:1:5,0:1:5,78:1:5");
}

static struct outcome enroll_only(void)
{
	struct outcome outcome = {0};

	assert_int_equal(bookkeeping_enroll(errands.bookkeeping, "x:one", (const char *const[]){"a"}, 1, 2, NULL, 0,
					    errand_done, &outcome),
			 0);
	errands_wait(&errands, &outcome);
	return outcome;
}

static void test_tables_missing_and_no_grant(void **state)
{
	struct outcome outcome;

	(void)state;
	errands_root(&errands, "DROP TABLE rowd_commits, rowd_slots", NULL);
	outcome = enroll_only();
	assert_true(outcome.failed);
	assert_int_equal(outcome.error.class, SQL_ERROR_ACCESS);
	assert_non_null(strstr(outcome.error.message, "rowd init"));
	assert_non_null(strstr(outcome.error.message, "delivery = at-least-once"));

	errands_root(&errands, "GRANT CREATE, REFERENCES ON *.* TO least@'%'", NULL);
	outcome = enroll_only();
	assert_false(outcome.failed);
	expect("SELECT COUNT(*) FROM rowd_slots", "2");
}

static void test_ledger_missing(void **state)
{
	(void)state;
	errands_root(&errands, "DROP TABLE rowd_ledger", NULL);
	assert_true(enroll_only().failed);
}

static void test_other_engine(void **state)
{
	struct outcome outcome;

	(void)state;
	errands_root(&errands, "DROP TABLE rowd_commits", NULL);
	errands_root(&errands, "ALTER TABLE rowd_slots ENGINE = MyISAM", NULL);
	outcome = enroll_only();
	assert_true(outcome.failed);
	assert_int_equal(outcome.error.class, SQL_ERROR_ACCESS);
	assert_non_null(strstr(outcome.error.message, "rowd_slots is of the engine MyISAM"));
}

/* Of an earlier version. */
static void test_other_keys(void **state)
{
	struct outcome outcome;

	(void)state;
	errands_root(&errands, "GRANT CREATE, REFERENCES ON *.* TO least@'%'", NULL);
	errands_root(&errands, "DROP TABLE rowd_commits", NULL);
	errands_root(&errands, "ALTER TABLE rowd_slots DROP KEY rowd_slots_fenced", NULL);
	outcome = enroll_only();
	assert_true(outcome.failed);
	assert_int_equal(outcome.error.class, SQL_ERROR_ACCESS);
	assert_int_equal(outcome.error.number, 0); /* to try again would not help */
	assert_non_null(strstr(outcome.error.message, "rowd_slots has not the key"));
}

static void test_no_foreign_key(void **state)
{
	struct outcome outcome;

	(void)state;
	errands_root(&errands, "ALTER TABLE rowd_commits DROP FOREIGN KEY rowd_commits_slot", NULL);
	outcome = enroll_only();
	assert_true(outcome.failed);
	assert_int_equal(outcome.error.class, SQL_ERROR_ACCESS);
	assert_non_null(strstr(outcome.error.message, "rowd_commits has not its foreign key"));
}

static void test_record_connection(void **state)
{
	static const char ids[] =
		"SELECT CONCAT(connection_id, ':', former_id) FROM rowd_slots WHERE worker = 'x:one' AND slot = 2";

	(void)state;
	errands_enroll(&errands, "x:one", 77);
	record("x:one", 0, 5);
	expect(ids, "5:0");
	record("x:one", 0, 6);
	record("x:one", 0, 6);
	expect(ids, "6:5");
	record("x:one", 0, 0); /* lost, and there is no other one yet */
	expect(ids, "0:6");
	record("x:one", 0, 8);
	expect(ids, "8:6");
	record("x:nobody", 0, 9);
	expect("SELECT COUNT(*) FROM rowd_slots WHERE worker = 'x:nobody'", "0");
}

static void test_fence(void **state)
{
	struct outcome outcome;

	(void)state;
	errands_enroll(&errands, "x:one", 0);
	errands_enroll(&errands, "x:two", 0);
	errands_root(&errands,
		     "UPDATE rowd_slots SET batch = 8, sequences = '7,9-12' WHERE worker = 'x:one' AND slot = 0", NULL);
	errands_root(&errands, "UPDATE rowd_slots SET batch = 9, sequences = '20' WHERE worker = 'x:one' AND slot = 1",
		     NULL);
	for (int i = 0; i < 2; i++) { /* its own answer may get lost as well */
		outcome = fence("x:one");
		assert_true(outcome.found);
		assert_string_equal(outcome.done, "7+1,9+4,20+1");
	}
	expect("SELECT GROUP_CONCAT(DISTINCT worker) FROM rowd_slots WHERE fenced", "x:one");
	expect("SELECT COUNT(*) FROM rowd_slots WHERE fenced", "4");
}

static void test_fence_without_rows(void **state)
{
	struct outcome outcome = fence("x:nobody");

	(void)state;
	assert_false(outcome.found);
	assert_string_equal(outcome.done, "");
	errands_root(&errands, "DROP TABLE rowd_commits, rowd_slots", NULL);
	assert_false(fence("x:one").found);
}

static void test_sequences_of_somebody_else(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	errands_enroll(&errands, "x:one", 0);
	errands_root(&errands, "UPDATE rowd_slots SET sequences = '7-' WHERE worker = 'x:one' AND slot = 0", NULL);
	assert_int_equal(bookkeeping_fence(errands.bookkeeping, "x:one", errand_fenced, &outcome), 0);
	errands_wait(&errands, &outcome);
	assert_true(outcome.failed);
	assert_non_null(strstr(outcome.error.message, "x:one"));
}

static struct outcome resolve(const struct bookkeeping_marker *markers, uint32_t count)
{
	struct outcome outcome = {0};

	assert_int_equal(bookkeeping_resolve(errands.bookkeeping, "x:one", markers, count, errand_resolved, &outcome),
			 0);
	errands_wait(&errands, &outcome);
	if (outcome.failed)
		fail_msg("%s", outcome.error.message);
	assert_int_equal(outcome.count, count);
	return outcome;
}

static void test_resolve(void **state)
{
	static const struct bookkeeping_marker asked[] = {
		{.slot = 1, .batch = 7}, {.slot = 9, .batch = 8}, {.slot = 0, .batch = UINT64_MAX}};
	struct outcome outcome;

	(void)state;
	errands_enroll(&errands, "x:one", 0);
	errands_root(
		&errands,
		"UPDATE rowd_slots SET batch = 18446744073709551615, sequences = '5' WHERE worker = 'x:one' AND slot = 0",
		NULL);
	outcome = resolve(asked, 3);
	assert_int_equal(outcome.markers[0].slot, 1);
	assert_true(outcome.markers[0].found);
	assert_false(outcome.markers[0].committed);
	assert_int_equal(outcome.markers[1].slot, 9);
	assert_false(outcome.markers[1].found);
	assert_int_equal(outcome.markers[2].slot, 0);
	assert_true(outcome.markers[2].committed);
	assert_false(outcome.markers[2].fenced);
	fence("x:one");
	assert_true(resolve(asked, 1).markers[0].fenced);
	errands_root(&errands, "DROP TABLE rowd_commits, rowd_slots", NULL);
	assert_false(resolve(asked, 1).markers[0].found);
}

#define COMMITS "INSERT INTO rowd_commits (worker, slot, batch, sequences) VALUES "

static void check_refused(const char *statement)
{
	struct session *session = errands_session(&errands);
	struct sql_error error;

	assert_int_not_equal(session_query(session, bytes_of(statement), NULL, NULL, NULL, &error), 0);
	session_close(session);
}

/* The same for a batch whose marker is a row of its own. */
static void test_resolve_commits(void **state)
{
	static const struct bookkeeping_marker asked[] = {{.slot = 0, .batch = 5, .is_commit = true},
							  {.slot = 1, .batch = 6, .is_commit = true},
							  {.slot = 9, .batch = 7, .is_commit = true}};
	struct outcome outcome;

	(void)state;
	errands_enroll(&errands, "x:one", 0);
	errands_root(&errands, COMMITS "('x:one', 0, 5, '3'), ('x:one', 1, 5, '2')", NULL);
	/* Of another batch. */
	errands_root(&errands, "UPDATE rowd_slots SET batch = 6, sequences = '1' WHERE worker = 'x:one'", NULL);
	for (int i = 0; i < 2; i++) {
		outcome = resolve(asked, 3);
		assert_true(outcome.markers[0].found && outcome.markers[0].committed);
		assert_true(outcome.markers[1].found);
		assert_false(outcome.markers[1].committed);
		assert_false(outcome.markers[2].found);
	}
	expect("SELECT GROUP_CONCAT(slot, ':', batch, ':', sequences ORDER BY slot, batch) FROM rowd_commits "
	       "WHERE batch > 0 AND worker = 'x:one'",
	       "0:5:3,1:5:2,1:6:");
	check_refused(COMMITS "('x:one', 1, 6, '2')"); /* what was on its way all the time */
	fence("x:one");
	outcome = resolve(asked, 1);
	assert_true(outcome.markers[0].fenced && outcome.markers[0].committed);
}

/* What is sent by who is declared dead, or is gone, meets the foreign key. */
static void test_commits_of_the_dead(void **state)
{
	(void)state;
	/* Somebody is importing something. */
	errands_root(&errands, "SET GLOBAL foreign_key_checks = 0", NULL);
	errands_enroll(&errands, "x:one", 0);
	errands_root(&errands, COMMITS "('x:one', 0, 5, '7'), ('x:one', 1, 6, ''), ('x:one', 1, 7, '8')", NULL);
	assert_string_equal(fence("x:one").done, "7+1,8+1");
	expect("SELECT MIN(fenced) FROM rowd_commits WHERE worker = 'x:one'", "1");
	check_refused(COMMITS "('x:one', 0, 9, '9')");
	assert_string_equal(fence("x:one").done, "7+1,8+1");
	dismiss("x:one", "a");
	dismiss("x:one", "b");
	expect("SELECT COUNT(*) FROM rowd_commits WHERE worker = 'x:one'", "0");
	check_refused(COMMITS "('x:one', 0, 9, '9')");
	errands_root(&errands, "SET GLOBAL foreign_key_checks = 1", NULL);
}

/* The rest does not say what of theirs was not committed. */
static void test_commits_that_were_dropped(void **state)
{
	static const struct bookkeeping_marker asked[] = {{.slot = 1, .batch = 6, .is_commit = true}};

	(void)state;
	errands_enroll(&errands, "x:one", 0);
	errands_enroll(&errands, "x:two", 0);
	errands_root(&errands, "DELETE FROM rowd_commits WHERE worker = 'x:one'", NULL);
	assert_false(resolve(asked, 1).markers[0].found);
	assert_false(fence("x:one").found);
	assert_true(fence("x:two").found);
}

static void on_purged(void *context, bool more, const struct sql_error *error)
{
	struct outcome *outcome = context;

	outcome->called = true;
	outcome->failed = error != NULL;
	outcome->found = more;
}

static void purge(uint32_t older_than_s)
{
	struct outcome outcome = {0};

	assert_int_equal(bookkeeping_purge(errands.bookkeeping, older_than_s, on_purged, &outcome), 0);
	errands_wait(&errands, &outcome);
	assert_false(outcome.failed);
	assert_false(outcome.found);
}

static void test_purge(void **state)
{
	(void)state;
	char first[64];

	errands_root(
		&errands,
		"INSERT INTO rowd_ledger (queue, id, fingerprint, reply, at) SELECT 'q', seq, '', '', "
		"UTC_TIMESTAMP(3) - INTERVAL IF(seq <= 2500, 100, 10) SECOND FROM (SELECT a.n + 10 * b.n + 100 * c.n "
		"+ 1000 * d.n + 1 AS seq FROM (SELECT 0 AS n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION "
		"SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) a, (SELECT 0 AS "
		"n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION "
		"SELECT 7 UNION SELECT 8 UNION SELECT 9) b, (SELECT 0 AS n UNION SELECT 1 UNION SELECT 2 UNION SELECT "
		"3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) c, "
		"(SELECT 0 AS n UNION SELECT 1 UNION SELECT 2) d) numbers",
		first);
	expect("SELECT COUNT(*) FROM rowd_ledger", "3000");
	purge(3600);
	expect("SELECT COUNT(*) FROM rowd_ledger", "3000");
	purge(60);
	expect("SELECT COUNT(*) FROM rowd_ledger", "500");
	expect("SELECT MIN(CAST(id AS UNSIGNED)) FROM rowd_ledger", "2501");
	purge(1);
	expect("SELECT COUNT(*) FROM rowd_ledger", "0");
	errands_root(&errands, "DROP TABLE rowd_ledger", first);
	purge(1);
}

/* Not those that say that a batch is not to be committed. */
static void test_forget(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	errands_enroll(&errands, "x:one", 0);
	errands_enroll(&errands, "x:two", 0);
	errands_root(&errands,
		     COMMITS "('x:one', 0, 5, '7'), ('x:one', 1, 6, ''), ('x:one', 1, 7, '8'), ('x:one', 0, 8, '9'), "
			     "('x:two', 0, 5, '7')",
		     NULL);
	assert_int_equal(bookkeeping_forget(errands.bookkeeping, "x:one", 8, on_purged, &outcome), 0);
	errands_wait(&errands, &outcome);
	assert_false(outcome.failed || outcome.found);
	expect("SELECT GROUP_CONCAT(worker, batch ORDER BY worker, batch) FROM rowd_commits WHERE worker <> 'x:first'",
	       "x:one0,x:one6,x:one8,x:two0,x:two5");
	errands_root(&errands, "DROP TABLE rowd_commits", NULL);
	outcome.called = false;
	assert_int_equal(bookkeeping_forget(errands.bookkeeping, "x:one", 8, on_purged, &outcome), 0);
	errands_wait(&errands, &outcome);
	assert_false(outcome.failed);
}

static void test_dismiss(void **state)
{
	(void)state;
	errands_enroll(&errands, "x:one", 0);
	errands_enroll(&errands, "x:two", 0);
	dismiss("x:one", "A"); /* keys are bytes */
	dismiss("x:one", "");
	expect("SELECT DISTINCT HEX(queues) FROM rowd_slots WHERE worker = 'x:one'", "0061006200");
	dismiss("x:one", "a");
	dismiss("x:one", "a");
	expect("SELECT DISTINCT HEX(queues) FROM rowd_slots WHERE worker = 'x:one'", "006200");
	dismiss("x:one", "b");
	expect("SELECT COUNT(*) FROM rowd_slots WHERE worker = 'x:one'", "0");
	expect("SELECT COUNT(*) FROM rowd_slots WHERE worker = 'x:two'", "4");
	dismiss("x:one", "b");
	errands_root(&errands, "DROP TABLE rowd_commits, rowd_slots", NULL);
	dismiss("x:two", "b");
}

/* One after the other, in the order in which they were given. */
static void test_order(void **state)
{
	struct outcome enrolled = {0}, fenced = {0}, first = {0}, last = {0};
	static const char *const queues[] = {"a", "b"};

	(void)state;
	bookkeeping_enroll(errands.bookkeeping, "x:one", queues, 2, 2, NULL, 0, errand_done, &enrolled);
	bookkeeping_fence(errands.bookkeeping, "x:one", errand_fenced, &fenced);
	bookkeeping_dismiss(errands.bookkeeping, "x:one", "a", errand_done, &first);
	bookkeeping_dismiss(errands.bookkeeping, "x:one", "b", errand_done, &last);
	errands_wait(&errands, &last);
	assert_true(enrolled.called && fenced.called && first.called);
	assert_true(enrolled.order < fenced.order && fenced.order < first.order && first.order < last.order);
	assert_true(fenced.found);
	expect("SELECT COUNT(*) FROM rowd_slots WHERE worker = 'x:one'", "0");
}

/* Nothing of the contexts is touched any more: they are gone. */
static void test_close_with_errands_waiting(void **state)
{
	struct outcome outcomes[4] = {0};

	(void)state;
	for (int i = 0; i < 4; i++)
		bookkeeping_fence(errands.bookkeeping, "x:one", errand_fenced, &outcomes[i]);
	errands_close_bookkeeping(&errands);
	for (int i = 0; i < 4; i++)
		assert_false(outcomes[i].called);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, open_errands, close_errands)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(enroll),
		TEST(enroll_again),
		TEST(tables_missing_and_no_grant),
		TEST(ledger_missing),
		TEST(other_engine),
		TEST(other_keys),
		TEST(no_foreign_key),
		TEST(record_connection),
		TEST(fence),
		TEST(fence_without_rows),
		TEST(sequences_of_somebody_else),
		TEST(resolve),
		TEST(resolve_commits),
		TEST(commits_of_the_dead),
		TEST(commits_that_were_dropped),
		TEST(forget),
		TEST(dismiss),
		TEST(purge),
		TEST(order),
		TEST(close_with_errands_waiting),
	};
	int failed;

	if (session_library_open() != 0)
		return 1;
	failed = cmocka_run_group_tests_name("database/bookkeeping", tests, NULL, NULL);
	session_library_close();
	return failed;
}
