/* procedure_one_statement.c - which commands may be committed before they are answered. */
#include "procedure_fixture.h"

#include <errno.h>

static bool is_one_statement(void **state, const char *command)
{
	struct job *job = fixture_start(*state, command);

	assert_false(procedure_is_one_statement(job));
	send_any_wave(job);
	return procedure_is_one_statement(job);
}

static void whose_answer_is_small(void **state)
{
	static const char *const commands[] = {
		"{\"op\":\"create\",\"table\":\"pets\",\"values\":{\"name\":\"x\"}}",
		"{\"op\":\"create\",\"table\":\"pets\",\"values\":[{\"name\":\"x\"}]}",
		"{\"op\":\"create\",\"table\":\"every\",\"values\":{\"id\":1},\"returning\":[\"id\",\"brief\"]}",
		"{\"op\":\"create\",\"table\":\"every\",\"values\":{\"id\":1},\"returning\":false}",
		"{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"age\":1},\"returning\":false}",
		"{\"op\":\"delete\",\"table\":\"pets\",\"pk\":1}",
		"{\"op\":\"delete\",\"table\":\"pets\",\"pk\":1,\"returning\":true}",
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!is_one_statement(state, commands[i]))
			fail_msg("%s", commands[i]);
}

static void nothing_else(void **state)
{
	static const char *const commands[] = {
		/* It may be too large. */
		"{\"op\":\"create\",\"table\":\"every\",\"values\":{\"id\":1},\"returning\":[\"json\"]}",
		"{\"op\":\"create\",\"table\":\"every\",\"values\":{\"id\":1}}",
		/* More statements come behind it, or may have to. */
		"{\"op\":\"create\",\"table\":\"pets\",\"values\":[{\"name\":\"x\"},{\"name\":\"y\"}]}",
		"{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"age\":1}}",
		/* Any number of rows, and what a trigger does. */
		"{\"op\":\"update\",\"table\":\"pets\",\"all\":true,\"set\":{\"age\":1}}",
		"{\"op\":\"delete\",\"table\":\"pets\",\"all\":true}",
		"{\"op\":\"create\",\"table\":\"spied\",\"values\":{}}",
		/* Nothing is written. */
		"{\"op\":\"read\",\"table\":\"pets\",\"pk\":1}",
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (is_one_statement(state, commands[i]))
			fail_msg("%s", commands[i]);
}

static bool fits_compound(void **state, const char *command)
{
	assert_true(is_one_statement(state, command));
	return procedure_fits_compound(((struct fixture *)*state)->job);
}

/* Of what answers no rows one would not hear what it has changed, nor whether a value was rounded. */
static void that_answer_rows_may_be_compound(void **state)
{
	assert_true(fits_compound(state, "{\"op\":\"create\",\"table\":\"pets\",\"values\":{\"name\":\"x\"}}"));
	assert_true(fits_compound(state, "{\"op\":\"delete\",\"table\":\"pets\",\"pk\":1,\"returning\":true}"));
	assert_false(fits_compound(state, "{\"op\":\"delete\",\"table\":\"pets\",\"pk\":1}"));
	assert_false(fits_compound(state, "{\"op\":\"delete\",\"table\":\"pets\",\"pk\":1,\"returning\":true,"
					  "\"required\":true}"));
	assert_false(fits_compound(state, "{\"op\":\"create\",\"table\":\"pets\",\"values\":{\"name\":\"x\"},"
					  "\"returning\":false}"));
}

/* The INSERT has a SELECT behind it there. */
static void no_create_with_a_row_on_mysql(void **state)
{
	assert_false(is_one_statement(state, "{\"op\":\"create\",\"table\":\"pets\",\"values\":{\"name\":\"x\"}}"));
	assert_true(is_one_statement(state, "{\"op\":\"create\",\"table\":\"pets\",\"values\":{\"name\":\"x\"},"
					    "\"returning\":false}"));
}

static void depends_on_the_queue_s_limit(void **state)
{
	static const char command[] = "{\"op\":\"create\",\"table\":\"pairs\",\"values\":{\"a\":1,\"b\":\"x\"}}";
	struct fixture *fixture = *state;

	assert_true(is_one_statement(state, command));
	fixture->policy.reply_bytes = 256 * 1024; /* a TEXT may be 64 KiB, and each byte of it six in JSON */
	assert_false(is_one_statement(state, command));
}

/* The table has changed since: a number is none any more. */
static void tells_what_was_executed(void **state)
{
	struct job *job = fixture_start(*state, "{\"op\":\"create\",\"table\":\"pets\",\"values\":{\"name\":\"x\"},"
						"\"returning\":[\"id\"]}");

	send_any_wave(job);
	assert_int_equal(support_row(job, 0, "seven", NULL), -ESTALE);
	procedure_refuse_row(job);
	statement_done(job, 0, 1, 1, 0);
	expect_failure(job, ERROR_INTERNAL, true);
	procedure_tell_executed(job);
	assert_int_equal(procedure_error(job)->code, ERROR_INTERNAL);
	assert_non_null(strstr(procedure_error(job)->message, "has been executed"));
}

#define ON_MARIADB(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
#define ON_MYSQL(name)   cmocka_unit_test_setup_teardown(name, fixture_set_up_mysql, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MARIADB(whose_answer_is_small),       ON_MARIADB(nothing_else),
		ON_MYSQL(no_create_with_a_row_on_mysql), ON_MARIADB(depends_on_the_queue_s_limit),
		ON_MARIADB(tells_what_was_executed),     ON_MARIADB(that_answer_rows_may_be_compound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
