/* tests/database/followers.c - transactions that are sent behind the COMMIT of another one, and COMMIT behind reads.
 * Started by tests/database/run.py. */
#include "tests/database/harness.h"

#include "common/error.h"
#include "daemon/database/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct harness harness;

static int open_harness(void **state)
{
	(void)state;
	harness_open_pet(&harness);
	return 0;
}

static int close_harness(void **state)
{
	(void)state;
	harness_close(&harness);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, open_harness, close_harness)

static void renew(void)
{
	pool_renew(harness.pool);
}

static const struct script_answer *victim; /* the number of a connection */

static void kill_connection(void)
{
	struct database_options options;
	struct session *session;
	struct sql_error error;
	char text[96];

	snprintf(text, sizeof(text), "KILL CONNECTION %s", victim->first);
	harness_options(&options);
	assert_int_equal(session_open(&options, false, &session, &error), 0);
	assert_int_equal(session_query(session, bytes_of(text), NULL, NULL, NULL, &error), 0);
	session_close(session);
}

static void check_count(const char *where, const char *expected)
{
	char text[128], count[64];

	snprintf(text, sizeof(text), "SELECT COUNT(*) FROM pet WHERE %s", where);
	script_do(&harness, text, count);
	assert_string_equal(count, expected);
}

/* Three in a row: each is sent before the one before it has ended, and sees what that has done. */
static void test_each_sees_the_one_before(void **state)
{
	static struct script third = {.waves = {{"SELECT COUNT(*) FROM pet", "DELETE FROM pet"}},
				      .last = TRANSACTION_ROLLBACK};
	static struct script second = {
		.waves = {{"SELECT age FROM pet", "INSERT INTO pet VALUES (2, 2)"}, {"SELECT COUNT(*) FROM pet"}},
		.last = TRANSACTION_COMMIT,
		.follower = &third};
	static struct script first = {
		.waves = {{"INSERT INTO pet VALUES (1, 17)"}}, .last = TRANSACTION_COMMIT, .follower = &second};
	uint32_t idle_calls;

	(void)state;
	idle_calls = harness.idle_calls;
	script_start(&harness, &first);
	harness_wait(&harness, &third.ended);
	assert_true(second.asked_early && third.asked_early);
	assert_false(first.others_idle);
	assert_int_equal(first.end, TRANSACTION_COMMITTED);
	assert_int_equal(second.end, TRANSACTION_COMMITTED);
	assert_int_equal(third.end, TRANSACTION_ROLLED_BACK);
	assert_string_equal(second.answers[0][0].first, "17");
	assert_string_equal(second.answers[1][0].first, "2");
	assert_string_equal(third.answers[0][0].first, "2");
	assert_int_equal(harness.idle_calls, idle_calls + 1);
	check_count("1", "2");
}

/* The second's statements fail, and are more than may be sent before the first answer. */
static void test_its_statements_fail_by_themselves(void **state)
{
	enum { LARGE_BYTES = 30 * 1024, COUNT = 8 };
	static struct script second = {.last = TRANSACTION_COMMIT};
	static struct script first = {
		.waves = {{"INSERT INTO pet VALUES (1, 1)"}}, .last = TRANSACTION_COMMIT, .follower = &second};
	char *texts[COUNT];

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		texts[i] = malloc(LARGE_BYTES + 64);
		assert_non_null(texts[i]);
		memset(texts[i], ' ', LARGE_BYTES);
		snprintf(texts[i] + LARGE_BYTES, 64, "INSERT INTO pet VALUES (%d, 1)", i / 2 + 1);
		second.waves[0][i] = texts[i];
	}
	script_start(&harness, &first);
	harness_wait(&harness, &second.ended);
	assert_int_equal(first.end, TRANSACTION_COMMITTED);
	assert_int_equal(second.end, TRANSACTION_COMMITTED);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(second.answers[0][i].failed, i == 0 || i % 2 == 1);
		free(texts[i]);
	}
	check_count("1", "4");
}

static void test_nothing_follows_a_rollback(void **state)
{
	static struct script second = {.waves = {{"SELECT 1"}}, .last = TRANSACTION_COMMIT};
	static struct script first = {
		.waves = {{"INSERT INTO pet VALUES (1, 1)"}}, .last = TRANSACTION_ROLLBACK, .follower = &second};

	(void)state;
	script_run(&harness, &first);
	assert_null(second.before);
	check_count("1", "0");
}

static void test_nothing_follows_on_a_connection_that_is_to_go(void **state)
{
	static struct script second = {.waves = {{"SELECT 1"}}, .last = TRANSACTION_COMMIT};
	static struct script first = {.waves = {{"INSERT INTO pet VALUES (1, 1)"}},
				      .last = TRANSACTION_COMMIT,
				      .before_last = renew,
				      .follower = &second};

	(void)state;
	script_run(&harness, &first);
	assert_int_equal(first.end, TRANSACTION_COMMITTED);
	assert_null(second.before);
	check_count("1", "1");
	assert_int_equal(pool_counts(harness.pool).connects, 2);
}

/* What calls itself reads is committed whatever is said afterwards; and then nothing is sent to end it. */
static void test_commit_behind_reads(void **state)
{
	static struct script script = {
		.waves = {{"INSERT INTO pet VALUES (1, 1)", "SELECT age FROM pet", "SELECT nothing"},
			  {"INSERT INTO pet VALUES (2, 2)"}},
		.reads = true,
		.last = TRANSACTION_ROLLBACK};
	static struct script reads = {.waves = {{"SELECT age FROM pet"}},
				      .reads = true,
				      .last = TRANSACTION_COMMIT,
				      .before_last = control_freeze};

	(void)state;
	script_run(&harness, &script);
	assert_string_equal(script.answers[0][1].first, "1");
	assert_true(script.answers[0][2].failed);
	assert_true(script.answers[1][0].done);
	assert_int_equal(script.end, TRANSACTION_ROLLED_BACK);
	script_run(&harness, &reads);
	control("thaw");
	assert_int_equal(reads.end, TRANSACTION_COMMITTED);
	check_count("1", "1");
}

/* More than may be sent before the first answer, behind a COMMIT, and with one behind it. */
static void test_many_reads_follow(void **state)
{
	enum { LARGE_BYTES = 30 * 1024, COUNT = 8 };
	static struct script second = {.reads = true, .last = TRANSACTION_COMMIT};
	static struct script first = {
		.waves = {{"INSERT INTO pet VALUES (1, 7)"}}, .last = TRANSACTION_COMMIT, .follower = &second};
	char *text = malloc(LARGE_BYTES + 32);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', LARGE_BYTES);
	snprintf(text + LARGE_BYTES, 32, "SELECT age FROM pet");
	for (int i = 0; i < COUNT; i++)
		second.waves[0][i] = text;
	script_start(&harness, &first);
	harness_wait(&harness, &second.ended);
	assert_int_equal(second.end, TRANSACTION_COMMITTED);
	for (int i = 0; i < COUNT; i++)
		assert_string_equal(second.answers[0][i].first, "7");
	free(text);
}

/* No COMMIT of reads is ever in doubt: they run again. */
static void test_server_is_silent_at_reads(void **state)
{
	static struct script script = {.waves = {{"SELECT 1"}},
				       .reads = true,
				       .last = TRANSACTION_COMMIT,
				       .before_first = control_freeze,
				       .timeout_ms = SHORT_TIMEOUT_MS};

	(void)state;
	script_run(&harness, &script);
	control("thaw");
	assert_int_equal(script.end, TRANSACTION_LOST);
	script_do(&harness, "SELECT 1", NULL);
}

static void check_dropped(const struct script *script)
{
	assert_true(script->asked_early);
	assert_int_equal(script->end, TRANSACTION_DROPPED);
	assert_int_equal(script->error.class, SQL_ERROR_CONNECTION);
	assert_false(script->answers[0][0].done || script->answers[0][0].failed);
}

/* The server takes both and says nothing. */
static void test_silent_at_commit(void **state)
{
	static struct script second = {.waves = {{"INSERT INTO pet VALUES (2, 2)"}}, .last = TRANSACTION_COMMIT};
	static struct script first = {.waves = {{"INSERT INTO pet VALUES (1, 1)"}},
				      .last = TRANSACTION_COMMIT,
				      .timeout_ms = SHORT_TIMEOUT_MS,
				      .before_last = control_freeze,
				      .follower = &second};

	(void)state;
	script_run(&harness, &first);
	control("thaw");
	assert_int_equal(first.end, TRANSACTION_IN_DOUBT);
	assert_true(second.ended);
	check_dropped(&second);
	check_count("id = 2", "0");
}

/* The server dies with the COMMIT before it, while the second is being sent. */
static void test_server_dies(void **state)
{
	static struct script second = {
		.waves = {{"INSERT INTO pet VALUES (2, 2)"}}, .last = TRANSACTION_COMMIT, .before_first = control_kill};
	static struct script first = {.waves = {{"INSERT INTO pet VALUES (1, 1)"}},
				      .last = TRANSACTION_COMMIT,
				      .before_last = control_freeze,
				      .follower = &second};

	(void)state;
	script_run(&harness, &first);
	control("start");
	assert_int_equal(first.end, TRANSACTION_IN_DOUBT);
	assert_true(second.ended);
	check_dropped(&second);
	check_count("1", "0");
}

/* Whether the COMMIT was executed, and whether we have read so before we met the end, is a matter of moments. */
static void test_connection_is_killed(void **state)
{
	static struct script second = {.waves = {{"INSERT INTO pet VALUES (2, 2)"}, {"SELECT SLEEP(0.1)"}},
				       .last = TRANSACTION_COMMIT,
				       .before_first = kill_connection};
	static struct script first = {.waves = {{"SELECT CONNECTION_ID()", "INSERT INTO pet VALUES (1, 1)"}},
				      .last = TRANSACTION_COMMIT,
				      .follower = &second};

	(void)state;
	victim = &first.answers[0][0];
	script_start(&harness, &first);
	harness_wait(&harness, &second.ended);
	if (first.end == TRANSACTION_IN_DOUBT)
		check_dropped(&second);
	else
		assert_int_equal(second.end, TRANSACTION_LOST);
	if (first.end == TRANSACTION_COMMITTED)
		check_count("id = 1", "1");
	check_count("id = 2", "0");
}

/* Closes the pool after n turns of the loop, for every n until both are over by themselves. */
static void test_close_in_every_phase(void **state)
{
	bool over = false;

	(void)state;
	for (int turns = 0; !over; turns++) {
		struct script second = {.waves = {{"UPDATE pet SET age = age + 1", "SELECT SLEEP(0.002)"}},
					.last = TRANSACTION_COMMIT};
		struct script first = {
			.waves = {{"UPDATE pet SET age = age + 1"}}, .last = TRANSACTION_COMMIT, .follower = &second};

		over = script_run_and_close(&first, &second, turns, harness_options);
		assert_true(first.ended);
		assert_int_equal(second.ended, second.before != NULL);
		/* It was our wish: no statement is at fault. */
		assert_false(first.answers[0][0].failed || second.answers[0][0].failed || second.answers[0][1].failed);
		if (second.end == TRANSACTION_DROPPED)
			assert_int_equal(first.end, TRANSACTION_IN_DOUBT);
		else if (second.ended)
			assert_int_equal(first.end, TRANSACTION_COMMITTED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_sees_the_one_before),
		TEST(its_statements_fail_by_themselves),
		TEST(nothing_follows_a_rollback),
		TEST(nothing_follows_on_a_connection_that_is_to_go),
		TEST(commit_behind_reads),
		TEST(many_reads_follow),
		TEST(server_is_silent_at_reads),
		TEST(silent_at_commit),
		TEST(server_dies),
		TEST(connection_is_killed),
		TEST(close_in_every_phase),
	};
	int failed;

	if (session_library_open() != 0)
		return 1;
	failed = cmocka_run_group_tests_name("database/followers", tests, NULL, NULL);
	session_library_close();
	return failed;
}
