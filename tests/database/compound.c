/* tests/database/compound.c - a statement, another that has to add its row, and COMMIT, in one. Started by
 * tests/database/run.py. */
#include "tests/database/harness.h"

#include "common/error.h"
#include "daemon/database/session.h"

#include <stdio.h>

#define INSERT              "INSERT INTO pet VALUES (1, 7) RETURNING age"
#define MARK                "INSERT INTO mark VALUES (2, 1)"
#define BOTH(first, second) "BEGIN NOT ATOMIC " first "; " second "; COMMIT; END"

static struct harness harness;
static bool is_mariadb;

static int open_harness(void **state)
{
	char version[64];

	(void)state;
	harness_open_pet(&harness);
	script_do(&harness, "SELECT VERSION()", version);
	is_mariadb = strstr(version, "MariaDB") != NULL;
	script_do(&harness, "DROP TABLE IF EXISTS mark", NULL);
	script_do(&harness, "DROP TABLE IF EXISTS slot", NULL);
	script_do(&harness, "CREATE TABLE slot (id INT PRIMARY KEY) ENGINE = InnoDB", NULL);
	script_do(&harness,
		  "CREATE TABLE mark (batch INT PRIMARY KEY, slot INT, FOREIGN KEY (slot) REFERENCES slot (id)) "
		  "ENGINE = InnoDB",
		  NULL);
	script_do(&harness, "INSERT INTO slot VALUES (1)", NULL);
	return 0;
}

static int close_harness(void **state)
{
	(void)state;
	harness_close(&harness);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, open_harness, close_harness)

/* Nobody sends such a statement to another server. */
#define ON_MARIADB_ONLY()                                                                                              \
	do                                                                                                             \
		if (!is_mariadb)                                                                                       \
			skip();                                                                                        \
	while (0)

static void check_pets(const char *expected)
{
	char count[64];

	script_do(&harness, "SELECT COUNT(*) FROM pet", count);
	assert_string_equal(count, expected);
}

/* The server hears of nothing else: it is asleep when COMMIT is asked for. */
static void test_is_committed_with_its_answer(void **state)
{
	static struct script script = {.waves = {{INSERT, MARK}},
				       .compound = BOTH(INSERT, MARK),
				       .last = TRANSACTION_COMMIT,
				       .before_last = control_freeze};

	(void)state;
	ON_MARIADB_ONLY();
	script_run(&harness, &script);
	control("thaw");
	assert_true(script.answers[0][0].done);
	assert_int_equal(script.answers[0][0].rows, 1);
	assert_string_equal(script.answers[0][0].first, "7");
	assert_true(script.answers[0][1].done);
	assert_int_equal(script.answers[0][1].result.matched, 1);
	assert_int_equal(script.end, TRANSACTION_COMMITTED);
	check_pets("1");
}

/* Whether it is refused since the row that it needs is gone, or since it is there already: nobody knows at this place.
 */
static void test_a_marker_that_is_refused_commits_nothing(void **state)
{
	static const char *const refusals[] = {"DELETE FROM slot", "INSERT INTO mark VALUES (2, 1)"};

	(void)state;
	ON_MARIADB_ONLY();
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		struct script script = {
			.waves = {{INSERT, MARK}}, .compound = BOTH(INSERT, MARK), .last = TRANSACTION_COMMIT};

		script_do(&harness, "INSERT IGNORE INTO slot VALUES (1)", NULL);
		script_do(&harness, refusals[i], NULL);
		script_run(&harness, &script);
		assert_true(script.answers[0][0].done);
		assert_false(script.answers[0][1].done || script.answers[0][1].failed);
		assert_int_equal(script.end, TRANSACTION_IN_DOUBT);
		check_pets("0");
	}
}

/* A first statement without rows: the only answer is the marker's. */
static void test_the_only_answer_may_be_the_markers(void **state)
{
	static struct script script = {.waves = {{"DELETE FROM pet WHERE id = 1 AND id = 2 RETURNING age",
						  "INSERT INTO rowd_commits VALUES (1)"}},
				       .compound = BOTH("DELETE FROM pet WHERE id = 1 AND id = 2 RETURNING age",
							"INSERT INTO rowd_commits VALUES (1)"),
				       .last = TRANSACTION_ROLLBACK};
	struct script refused = script;

	(void)state;
	ON_MARIADB_ONLY();
	script_do(&harness, "DROP TABLE IF EXISTS rowd_commits", NULL);
	script_run(&harness, &script);
	assert_true(script.answers[0][0].done);
	assert_int_equal(script.answers[0][0].result.affected, 0);
	assert_true(script.answers[0][1].failed);
	assert_int_equal(script.answers[0][1].error.number, 1146);
	assert_int_equal(script.end, TRANSACTION_ROLLED_BACK);

	script_do(&harness,
		  "CREATE TABLE rowd_commits (slot INT, FOREIGN KEY (slot) REFERENCES slot (id)) ENGINE = InnoDB",
		  NULL);
	script_do(&harness, "DELETE FROM slot", NULL);
	script_run(&harness, &refused);
	assert_int_equal(refused.end, TRANSACTION_IN_DOUBT);
	script_do(&harness, "DROP TABLE rowd_commits", NULL);
}

/* MariaDB answers an OK where it knows that there is no such row. */
static void test_no_result_at_all(void **state)
{
	static struct script script = {.waves = {{"DELETE FROM pet WHERE id = 1 AND id = 2 RETURNING age", MARK}},
				       .compound = BOTH("DELETE FROM pet WHERE id = 1 AND id = 2 RETURNING age", MARK),
				       .last = TRANSACTION_COMMIT};
	char batch[64];

	(void)state;
	ON_MARIADB_ONLY();
	script_run(&harness, &script);
	assert_true(script.answers[0][0].done);
	assert_int_equal(script.answers[0][0].rows, 0);
	assert_int_equal(script.answers[0][0].result.affected, 0);
	assert_true(script.answers[0][1].done);
	assert_int_equal(script.answers[0][1].result.matched, 1);
	assert_int_equal(script.end, TRANSACTION_COMMITTED);
	script_do(&harness, "SELECT batch FROM mark", batch);
	assert_string_equal(batch, "2");
}

/* Nothing is told of the second, and another wave may follow. */
static void test_a_failure_ends_it(void **state)
{
	static struct script script = {.waves = {{INSERT, MARK}, {"SELECT COUNT(*) FROM mark"}},
				       .compound = BOTH(INSERT, MARK),
				       .last = TRANSACTION_ROLLBACK};

	(void)state;
	ON_MARIADB_ONLY();
	script_do(&harness, "INSERT INTO pet VALUES (1, 1)", NULL);
	script_run(&harness, &script);
	assert_true(script.answers[0][0].failed);
	assert_int_equal(script.answers[0][0].error.code, ERROR_UNIQUE_VIOLATION);
	assert_false(script.answers[0][1].done || script.answers[0][1].failed);
	assert_string_equal(script.answers[1][0].first, "0");
	assert_int_equal(script.end, TRANSACTION_ROLLED_BACK);
}

/* It may as well have been COMMIT that failed. */
static void test_a_failure_behind_the_rows_leaves_it_in_doubt(void **state)
{
	static struct script script = {.waves = {{INSERT, "INSERT INTO mark VALUES ('x', 1)"}},
				       .compound = BOTH(INSERT, "INSERT INTO mark VALUES ('x', 1)"),
				       .last = TRANSACTION_COMMIT};

	(void)state;
	ON_MARIADB_ONLY();
	script_run(&harness, &script);
	assert_true(script.answers[0][0].done);
	assert_false(script.answers[0][1].done || script.answers[0][1].failed);
	assert_int_equal(script.end, TRANSACTION_IN_DOUBT);
	check_pets("0");
}

/* No COMMIT is answered so. */
static void test_a_table_that_is_gone_is_told(void **state)
{
	static struct script script = {.waves = {{INSERT, "INSERT INTO nowhere VALUES (2)"}},
				       .compound = BOTH(INSERT, "INSERT INTO nowhere VALUES (2)"),
				       .last = TRANSACTION_ROLLBACK};

	(void)state;
	ON_MARIADB_ONLY();
	script_run(&harness, &script);
	assert_true(script.answers[0][0].done);
	assert_true(script.answers[0][1].failed);
	assert_int_equal(script.answers[0][1].error.number, 1146);
	assert_int_equal(script.end, TRANSACTION_ROLLED_BACK);
	check_pets("0");
}

static void test_silence_leaves_it_in_doubt(void **state)
{
	static struct script script = {.waves = {{INSERT, MARK}},
				       .compound = BOTH(INSERT, MARK),
				       .last = TRANSACTION_COMMIT,
				       .timeout_ms = SHORT_TIMEOUT_MS,
				       .before_first = control_freeze};

	(void)state;
	ON_MARIADB_ONLY();
	script_run(&harness, &script);
	control("thaw");
	assert_int_equal(script.end, TRANSACTION_IN_DOUBT);
	assert_true(script.answers[0][0].failed);
	assert_int_equal(script.answers[0][0].error.class, SQL_ERROR_CONNECTION);
}

static void test_death_leaves_it_in_doubt_or_lost(void **state)
{
	static struct script script = {.waves = {{INSERT, MARK}},
				       .compound = BOTH(INSERT, MARK),
				       .last = TRANSACTION_COMMIT,
				       .before_first = control_kill};

	(void)state;
	ON_MARIADB_ONLY();
	script_run(&harness, &script);
	control("start");
	assert_true(script.end == TRANSACTION_IN_DOUBT || script.end == TRANSACTION_LOST);
	check_pets("0");
}

/* It waits for a row for longer than it may: the limit holds for the whole. */
static void test_its_time_is_limited(void **state)
{
	static struct script script = {.waves = {{"INSERT INTO pet VALUES (1, SLEEP(5)) RETURNING age", MARK}},
				       .compound = BOTH("INSERT INTO pet VALUES (1, SLEEP(5)) RETURNING age", MARK),
				       .last = TRANSACTION_ROLLBACK,
				       .timeout_ms = SHORT_TIMEOUT_MS};

	(void)state;
	ON_MARIADB_ONLY();
	script_run(&harness, &script);
	assert_true(script.answers[0][0].failed);
	assert_int_equal(script.answers[0][0].error.class, SQL_ERROR_TIME);
	assert_int_equal(script.end, TRANSACTION_ROLLED_BACK);
	check_pets("0");
}

/* Closes the pool after n turns of the loop, for every n until it is over by itself. What is told as lost was not
 * committed. */
static void test_close_in_every_phase(void **state)
{
	bool over = false;

	(void)state;
	ON_MARIADB_ONLY();
	for (int turns = 0; !over; turns++) {
		struct script script = {
			.waves = {{INSERT, MARK}}, .compound = BOTH(INSERT, MARK), .last = TRANSACTION_COMMIT};

		script_do(&harness, "DELETE FROM pet", NULL);
		script_do(&harness, "DELETE FROM mark", NULL);
		over = script_run_and_close(&script, &script, turns, harness_options);
		assert_true(script.ended);
		assert_false(script.answers[0][0].failed);
		if (script.end == TRANSACTION_COMMITTED)
			check_pets("1");
		else if (script.end == TRANSACTION_LOST)
			check_pets("0");
		else
			assert_int_equal(script.end, TRANSACTION_IN_DOUBT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_committed_with_its_answer),
		TEST(a_marker_that_is_refused_commits_nothing),
		TEST(the_only_answer_may_be_the_markers),
		TEST(no_result_at_all),
		TEST(a_failure_ends_it),
		TEST(a_failure_behind_the_rows_leaves_it_in_doubt),
		TEST(a_table_that_is_gone_is_told),
		TEST(silence_leaves_it_in_doubt),
		TEST(death_leaves_it_in_doubt_or_lost),
		TEST(its_time_is_limited),
		TEST(close_in_every_phase),
	};
	int failed;

	if (session_library_open() != 0)
		return 1;
	failed = cmocka_run_group_tests_name("database/compound", tests, NULL, NULL);
	session_library_close();
	return failed;
}
