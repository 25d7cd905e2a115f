/* tests/database/one_statement.c - COMMIT right behind a statement that is all of its transaction. Started by
 * tests/database/run.py. */
#include "tests/database/harness.h"

#include "common/error.h"
#include "daemon/database/session.h"

#include <stdio.h>

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

static void check_count(const char *where, const char *expected)
{
	char text[128], count[64];

	snprintf(text, sizeof(text), "SELECT COUNT(*) FROM pet WHERE %s", where);
	script_do(&harness, text, count);
	assert_string_equal(count, expected);
}

/* Nothing is sent any more when all has been answered: the server does not hear of it. */
static void test_is_committed_with_its_answer(void **state)
{
	static struct script script = {.waves = {{"INSERT INTO pet VALUES (1, 1)"}},
				       .one_statement = true,
				       .last = TRANSACTION_COMMIT,
				       .before_last = control_freeze};

	(void)state;
	script_run(&harness, &script);
	control("thaw");
	assert_true(script.answers[0][0].done);
	assert_int_equal(script.answers[0][0].result.affected, 1);
	assert_int_equal(script.end, TRANSACTION_COMMITTED);
	check_count("1", "1");
}

/* What it wants then is another transaction. */
static void test_a_failure_may_have_another_wave(void **state)
{
	static struct script script = {
		.waves = {{"INSERT INTO pet VALUES (1, 1), (1, 2)"}, {"INSERT INTO pet VALUES (3, 3)"}},
		.one_statement = true,
		.last = TRANSACTION_ROLLBACK};

	(void)state;
	script_run(&harness, &script);
	assert_true(script.answers[0][0].failed);
	assert_int_equal(script.answers[0][0].error.code, ERROR_UNIQUE_VIOLATION);
	assert_true(script.answers[1][0].done);
	assert_int_equal(script.end, TRANSACTION_ROLLED_BACK);
	check_count("1", "0");
}

static void test_silence_leaves_it_in_doubt(void **state)
{
	static struct script script = {.waves = {{"INSERT INTO pet VALUES (1, 1)"}},
				       .one_statement = true,
				       .last = TRANSACTION_COMMIT,
				       .timeout_ms = SHORT_TIMEOUT_MS,
				       .before_first = control_freeze};

	(void)state;
	script_run(&harness, &script);
	control("thaw");
	assert_int_equal(script.end, TRANSACTION_IN_DOUBT);
	assert_true(script.answers[0][0].failed);
	assert_int_equal(script.answers[0][0].error.class, SQL_ERROR_CONNECTION);
}

static void test_death_leaves_it_in_doubt_or_lost(void **state)
{
	static struct script script = {.waves = {{"INSERT INTO pet VALUES (1, 1)"}},
				       .one_statement = true,
				       .last = TRANSACTION_COMMIT,
				       .before_first = control_kill};

	(void)state;
	script_run(&harness, &script);
	control("start");
	assert_true(script.end == TRANSACTION_IN_DOUBT || script.end == TRANSACTION_LOST);
	check_count("1", "0");
}

/* Should the COMMIT before it fail, it must not be committed. */
static void test_behind_another_commit_it_waits(void **state)
{
	static struct script second = {
		.waves = {{"INSERT INTO pet VALUES (2, 2)"}}, .one_statement = true, .last = TRANSACTION_COMMIT};
	static struct script first = {.waves = {{"INSERT INTO pet VALUES (1, 1)"}},
				      .last = TRANSACTION_COMMIT,
				      .timeout_ms = SHORT_TIMEOUT_MS,
				      .before_last = control_freeze,
				      .follower = &second};

	(void)state;
	script_run(&harness, &first);
	control("thaw");
	assert_int_equal(first.end, TRANSACTION_IN_DOUBT);
	assert_true(second.ended && second.asked_early);
	assert_int_equal(second.end, TRANSACTION_DROPPED);
	check_count("id = 2", "0");
}

/* Closes the pool after n turns of the loop, for every n until it is over by itself. What is told as lost was not
 * committed. */
static void test_close_in_every_phase(void **state)
{
	bool over = false;

	(void)state;
	for (int turns = 0; !over; turns++) {
		struct script script = {.waves = {{"INSERT INTO pet VALUES (1, 1)"}},
					.one_statement = true,
					.last = TRANSACTION_COMMIT};

		script_do(&harness, "DELETE FROM pet", NULL);
		over = script_run_and_close(&script, &script, turns, harness_options);
		assert_true(script.ended);
		assert_false(script.answers[0][0].failed);
		if (script.end == TRANSACTION_COMMITTED)
			check_count("1", "1");
		else if (script.end == TRANSACTION_LOST)
			check_count("1", "0");
		else
			assert_int_equal(script.end, TRANSACTION_IN_DOUBT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_committed_with_its_answer),   TEST(a_failure_may_have_another_wave),
		TEST(silence_leaves_it_in_doubt),     TEST(death_leaves_it_in_doubt_or_lost),
		TEST(behind_another_commit_it_waits), TEST(close_in_every_phase),
	};
	int failed;

	if (session_library_open() != 0)
		return 1;
	failed = cmocka_run_group_tests_name("database/one_statement", tests, NULL, NULL);
	session_library_close();
	return failed;
}
