/* tests/database/stopper.c - statements that are ended from aside. Started by tests/database/run.py. */
#include "tests/database/harness.h"

#include "common/error.h"
#include "daemon/database/session.h"
#include "daemon/database/stopper.h"

#include <stdlib.h>

static struct harness harness;

static int open_pool(void **state)
{
	(void)state;
	harness = (struct harness){0};
	harness_options(&harness.options);
	harness_open(&harness);
	script_do(&harness, "DROP TABLE IF EXISTS nap", NULL);
	script_do(&harness, "CREATE TABLE nap (id INT PRIMARY KEY, age INT) ENGINE = InnoDB", NULL);
	script_do(&harness, "INSERT INTO nap VALUES (1, 1)", NULL);
	return 0;
}

static int close_pool(void **state)
{
	(void)state;
	harness_close(&harness);
	return 0;
}

static void on_ended(void *context)
{
	*(bool *)context = true;
}

static void stop(const struct script *script, uint32_t limit_ms)
{
	bool ended = false;
	struct stopper stopper = {.options = &harness.options, .ended = on_ended, .context = &ended};
	uint64_t connection_id = strtoull(script->answers[0][0].first, NULL, 10);

	assert_int_equal(stopper_start(&stopper, &harness.loop, connection_id, limit_ms), 0);
	harness_wait(&harness, &ended);
	assert_false(stopper.running);
}

static void test_stops_what_is_too_slow(void **state)
{
	static struct script script = {.waves = {{"SELECT CONNECTION_ID()", "SELECT 1"},
						 {"UPDATE nap SET age = age + 1 + SLEEP(50)", "SELECT 2"}},
				       .last = TRANSACTION_COMMIT};
	const struct script_answer *answers = script.answers[1];
	char age[64];

	(void)state;
	script_start(&harness, &script);
	harness_wait(&harness, &script.answers[0][1].done);
	/* The server tells the time of a statement in whole seconds. */
	while (!answers[0].failed)
		stop(&script, 1000);
	assert_int_equal(answers[0].error.class, SQL_ERROR_TIME);
	assert_int_equal(answers[0].error.code, ERROR_TIMEOUT);
	harness_wait(&harness, &script.ended);
	assert_int_equal(script.end, TRANSACTION_COMMITTED);
	assert_string_equal(answers[1].first, "2");
	script_do(&harness, "SELECT age FROM nap", age);
	assert_string_equal(age, "1");
}

static void test_leaves_the_others_alone(void **state)
{
	static struct script script = {
		.waves = {{"SELECT CONNECTION_ID()", "SELECT 1"}, {"UPDATE nap SET age = age + 1 + SLEEP(0.5)"}},
		.last = TRANSACTION_COMMIT};

	(void)state;
	script_start(&harness, &script);
	harness_wait(&harness, &script.answers[0][1].done);
	stop(&script, 60000);
	assert_false(script.answers[1][0].failed);
	harness_wait(&harness, &script.ended);
	assert_true(script.answers[1][0].done);
	stop(&script, 0); /* idle now */
	script_do(&harness, "SELECT 1", NULL);
	assert_int_equal(pool_counts(harness.pool).lost, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stops_what_is_too_slow, open_pool, close_pool),
		cmocka_unit_test_setup_teardown(test_leaves_the_others_alone, open_pool, close_pool),
	};
	int failed;

	if (session_library_open() != 0)
		return 1;
	failed = cmocka_run_group_tests_name("database/stopper", tests, NULL, NULL);
	session_library_close();
	return failed;
}
