/* procedure_recovered.c - commands that were committed by a worker that died: what is read for their answer. */
#include "procedure_fixture.h"

#include <string.h>

/* The reply behind "ok":true. */
static void expect_reply(struct job *job, const struct error *error, const char *body)
{
	const char *reply, *start;

	job->command.reply_to = BYTES("rowd:reply:x");
	reply = support_reply(job, error);
	start = strstr(reply, "\"ok\":true,");
	assert_non_null(start);
	assert_string_equal(start + strlen("\"ok\":true,"), body);
	assert_int_equal(job->reply.code, ERROR_NONE);
	assert_false(job->reply.dead);
}

static void row_comes(struct job *job, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	assert_int_equal(procedure_row(job, 0, values, lengths, count), 0);
	statement_done(job, 0, 1, 1, 0);
	expect_end(job, PROCEDURE_FINISHED, false);
}

static void an_update_by_key_reads_its_row(void **state)
{
	struct job *job = fixture_start_recovered(*state, "{\"op\":\"update\",\"table\":\"pets\",\"pk\":7,\"set\":"
							  "{\"age\":{\"inc\":1}},\"returning\":[\"id\",\"age\"]}");
	const char *const values[] = {"7", "4"};
	const unsigned long lengths[] = {1, 1};

	assert_int_equal(procedure_kind(job), PROCEDURE_BY_KEY);
	expect_wave(job, "SELECT `id`,`age` FROM `pets` WHERE `id` = 7", NULL);
	row_comes(job, values, lengths, 2);
	expect_reply(job, NULL, "\"row\":{\"id\":7,\"age\":4},\"recovered\":true}");
}

static void a_create_with_its_key_reads_its_row(void **state)
{
	struct job *job = fixture_start_recovered(*state, "{\"op\":\"create\",\"table\":\"pets\",\"values\":"
							  "{\"id\":7,\"age\":3},\"returning\":[\"age\"]}");

	expect_wave(job, "SELECT `age` FROM `pets` WHERE `id` = 7", NULL);
	statement_done(job, 0, 0, 0, 0);
	expect_end(job, PROCEDURE_FINISHED, false);
	expect_reply(job, NULL, "\"row\":null,\"recovered\":true}");
}

/* They are answered without the database. */
static void others_say_only_that_it_took_effect(void **state)
{
	static const char *const commands[] = {
		"{\"op\":\"create\",\"table\":\"pets\",\"values\":{\"age\":3}}",
		"{\"op\":\"create\",\"table\":\"pets\",\"values\":{\"id\":null,\"age\":3}}",
		"{\"op\":\"create\",\"table\":\"pets\",\"values\":[{\"id\":7},{\"id\":8}]}",
		"{\"op\":\"create\",\"table\":\"pets\",\"values\":{\"id\":7},\"returning\":false}",
		"{\"op\":\"update\",\"table\":\"pets\",\"pk\":7,\"set\":{\"id\":8}}",
		"{\"op\":\"update\",\"table\":\"pets\",\"where\":{\"id\":7},\"set\":{\"age\":8}}",
		"{\"op\":\"update\",\"table\":\"pets\",\"pk\":7,\"set\":{\"age\":8},\"returning\":false}",
		"{\"op\":\"delete\",\"table\":\"pets\",\"pk\":7}",
		/* What the table was like then, nobody knows. */
		"{\"op\":\"update\",\"table\":\"gone\",\"pk\":7,\"set\":{\"age\":8}}",
		"{\"op\":\"update\",\"table\":\"pets\",\"pk\":\"seven\",\"set\":{\"age\":8}}",
		"{\"op\":\"update\",\"table\":\"pets\",\"pk\":7,\"set\":{\"age\":8},\"returning\":[\"gone\"]}",
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct job *job = fixture_start_recovered(*state, commands[i]);

		assert_int_equal(procedure_kind(job), PROCEDURE_ANSWERED);
		expect_reply(job, NULL, "\"recovered\":true}");
	}
}

static void a_row_that_cannot_be_read_is_left_out(void **state)
{
	struct sql_error gone = {.class = SQL_ERROR_OF_COMMAND, .code = ERROR_SQL_ERROR, .row = -1};
	struct job *job =
		fixture_start_recovered(*state, "{\"op\":\"update\",\"table\":\"pets\",\"pk\":7,\"set\":{\"age\":8}}");

	send_any_wave(job);
	procedure_failed(job, 0, &gone);
	expect_failure(job, ERROR_SQL_ERROR, false);
	expect_reply(job, procedure_error(job), "\"recovered\":true}");
}

static void it_is_planned_again_with_a_newer_catalog(void **state)
{
	struct fixture *fixture = *state;
	struct job *job = fixture_start_recovered(
		fixture, "{\"op\":\"update\",\"table\":\"pets\",\"pk\":7,\"set\":{\"age\":8},\"returning\":[\"id\"]}");
	struct error error;

	assert_int_equal(procedure_compile(job, fixture->catalog, &support_facts, &error), 0);
	procedure_restart(job);
	expect_wave(job, "SELECT `id` FROM `pets` WHERE `id` = 7", NULL);
}

static void the_queue_need_not_allow_what_is_done(void **state)
{
	struct fixture *fixture = *state;

	fixture->policy.ops = 0;
	struct job *job = fixture_start_recovered(
		fixture, "{\"op\":\"update\",\"table\":\"pets\",\"pk\":7,\"set\":{\"age\":8},\"returning\":[\"id\"]}");
	expect_wave(job, "SELECT `id` FROM `pets` WHERE `id` = 7", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_update_by_key_reads_its_row, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(a_create_with_its_key_reads_its_row, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(others_say_only_that_it_took_effect, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(a_row_that_cannot_be_read_is_left_out, fixture_set_up,
						fixture_tear_down),
		cmocka_unit_test_setup_teardown(it_is_planned_again_with_a_newer_catalog, fixture_set_up,
						fixture_tear_down),
		cmocka_unit_test_setup_teardown(the_queue_need_not_allow_what_is_done, fixture_set_up,
						fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
