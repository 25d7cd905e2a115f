/* procedure.c - runs, without a server: what is sent when, what is answered, what has to be undone. */
#include "procedure_fixture.h"

#include <errno.h>

static void reads_a_row(void **state)
{
	struct job *job =
		fixture_start(*state, "{\"op\":\"read\",\"table\":\"pets\",\"pk\":1,\"select\":[\"id\",\"name\"]}");

	send_any_wave(job);
	assert_int_equal(support_row(job, 0, "1", "Tom", NULL), 0);
	statement_done(job, 0, 0, 1, 0);
	expect_answer(job, "\"row\":{\"id\":1,\"name\":\"Tom\"}}");
}

/* A table that was made anew since the catalog was read. Its texts would stand in the next statement as numbers. */
static void takes_no_row_of_another_table(void **state)
{
	struct job *job = fixture_start(*state, "{\"op\":\"read\",\"table\":\"pets\",\"pk\":1,\"select\":[\"id\"]}");

	send_any_wave(job);
	assert_int_equal(support_row(job, 0, "1", NULL), 0);
	assert_int_equal(support_row(job, 0, "1", NULL), -ESTALE);
	job = fixture_start(*state, "{\"op\":\"read\",\"table\":\"pets\",\"select\":[\"id\",\"name\"]}");
	send_any_wave(job);
	assert_int_equal(support_row(job, 0, "-12", "x", NULL), 0);
	assert_int_equal(support_row(job, 0, "1x", "x", NULL), -ESTALE);
	assert_int_equal(support_row(job, 0, "", "x", NULL), -ESTALE);
	job = fixture_start(*state, "{\"op\":\"update\",\"table\":\"pets\",\"all\":true,\"set\":{\"name\":\"x\"},"
				    "\"returning\":true}");
	send_any_wave(job);
	assert_int_equal(support_row(job, 0, "7", NULL), 0);
	assert_int_equal(support_row(job, 0, "1) OR (1=1", NULL), -ESTALE);
}

static void answers_nil_for_no_row(void **state)
{
	struct job *job = fixture_start(*state, "{\"op\":\"read\",\"table\":\"pets\",\"pk\":1}");

	send_any_wave(job);
	statement_done(job, 0, 0, 0, 0);
	expect_answer(job, "\"row\":null}");
	job = fixture_start(*state, "{\"op\":\"read\",\"table\":\"pets\",\"required\":true}");
	send_any_wave(job);
	statement_done(job, 0, 0, 0, 0);
	expect_failure(job, ERROR_NOT_FOUND, false);
	job = fixture_start(*state, "{\"op\":\"read\",\"table\":\"pets\"}");
	send_any_wave(job);
	statement_done(job, 0, 0, 0, 0);
	expect_answer(job, "\"rows\":[]}");
}

static void answers_arrays(void **state)
{
	static const char command[] =
		"{\"op\":\"read\",\"table\":\"order\",\"select\":[\"or\",\"key\"],\"format\":\"arrays\"}";
	struct job *job = fixture_start(*state, command);

	send_any_wave(job);
	assert_int_equal(support_row(job, 0, "1", "2", NULL), 0);
	assert_int_equal(support_row(job, 0, "\\N", "4", NULL), 0);
	statement_done(job, 0, 0, 2, 0);
	expect_answer(job, "\"cols\":[\"or\",\"key\"],\"rows\":[[1,2],[null,4]]}");
	job = fixture_start(*state, command);
	send_any_wave(job);
	statement_done(job, 0, 0, 0, 0);
	expect_answer(job, "\"cols\":[\"or\",\"key\"],\"rows\":[]}");
}

static void answers_a_row_as_an_array(void **state)
{
	static const char command[] =
		"{\"op\":\"read\",\"table\":\"order\",\"select\":[\"key\"],\"pk\":1,\"format\":\"arrays\"}";
	struct job *job = fixture_start(*state, command);

	send_any_wave(job);
	assert_int_equal(support_row(job, 0, "1", NULL), 0);
	statement_done(job, 0, 0, 1, 0);
	expect_answer(job, "\"cols\":[\"key\"],\"row\":[1]}");
	job = fixture_start(*state, command);
	send_any_wave(job);
	statement_done(job, 0, 0, 0, 0);
	expect_answer(job, "\"cols\":[\"key\"],\"row\":null}");
}

static void forgets_an_earlier_run(void **state)
{
	struct job *job = fixture_start(*state, "{\"op\":\"read\",\"table\":\"order\",\"select\":[\"key\"]}");

	send_any_wave(job);
	assert_int_equal(support_row(job, 0, "1", NULL), 0);
	procedure_restart(job);
	send_any_wave(job);
	assert_int_equal(support_row(job, 0, "2", NULL), 0);
	assert_int_equal(support_row(job, 0, "3", NULL), 0);
	statement_done(job, 0, 0, 2, 0);
	expect_answer(job, "\"rows\":[{\"key\":2},{\"key\":3}]}");
}

static void counts_and_asks(void **state)
{
	struct job *job = fixture_start(*state, "{\"op\":\"count\",\"table\":\"pets\"}");

	send_any_wave(job);
	support_row(job, 0, "42", NULL);
	statement_done(job, 0, 0, 1, 0);
	expect_answer(job, "\"value\":42}");
	job = fixture_start(*state, "{\"op\":\"exists\",\"table\":\"pets\",\"pk\":1}");
	send_any_wave(job);
	statement_done(job, 0, 0, 0, 0);
	expect_answer(job, "\"value\":false}");
	job = fixture_start(*state, "{\"op\":\"ping\",\"db\":true}");
	send_any_wave(job);
	support_row(job, 0, "1", NULL);
	statement_done(job, 0, 0, 1, 0);
	expect_answer(job, "\"value\":\"pong\"}");
}

static void limits_rows_and_bytes(void **state)
{
	struct fixture *fixture = *state;
	struct job *job;

	fixture->policy.max_rows = 2;
	job = fixture_start(fixture, "{\"op\":\"read\",\"table\":\"order\",\"select\":[\"key\"]}");
	send_any_wave(job);
	assert_int_equal(support_row(job, 0, "1", NULL), 0);
	assert_int_equal(support_row(job, 0, "2", NULL), 0);
	assert_int_equal(support_row(job, 0, "3", NULL), -EFBIG);
	assert_int_equal(support_row(job, 0, "4", NULL), -EFBIG);
	statement_done(job, 0, 0, 3, 0);
	expect_failure(job, ERROR_TOO_LARGE, false);
	fixture->policy.reply_bytes = 20;
	job = fixture_start(fixture, "{\"op\":\"delete\",\"table\":\"notes\",\"all\":true,\"returning\":true}");
	send_any_wave(job);
	assert_int_equal(support_row(job, 0, "0123456789012345678901234567890", NULL), -EFBIG);
	statement_done(job, 0, 1, 1, 0);
	expect_failure(job, ERROR_TOO_LARGE, true);
	procedure_restart(job);
	send_any_wave(job);
	statement_done(job, 0, 0, 0, 0);
	expect_answer(job, "\"rows\":[],\"affected\":0}");
}

static void creates_rows(void **state)
{
	struct job *job =
		fixture_start(*state, "{\"op\":\"create\",\"table\":\"order\",\"values\":[{\"key\":1},{\"key\":2}],"
				      "\"returning\":[\"key\",\"or\"]}");

	send_any_wave(job);
	support_row(job, 0, "1", "7", NULL);
	support_row(job, 0, "2", "\\N", NULL);
	statement_done(job, 0, 2, 2, 0);
	expect_answer(job, "\"rows\":[{\"key\":1,\"or\":7},{\"key\":2,\"or\":null}],\"affected\":2}");
}

/* Whatever a row leaves out, the one before it may have given. A key that is not known keeps creates in their order. */
static void knows_each_row_by_its_own_values(void **state)
{
	struct job *job = fixture_start(
		*state,
		"{\"op\":\"create\",\"table\":\"pairs\",\"values\":[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"x\"}]}");

	assert_null(procedure_footprint(job)->creates_in);
	job = fixture_start(*state,
			    "{\"op\":\"create\",\"table\":\"pairs\",\"values\":[{\"a\":1,\"b\":\"x\"},{\"a\":2}]}");
	assert_non_null(procedure_footprint(job)->creates_in);
}

static void tells_generated_ids(void **state)
{
	struct job *job =
		fixture_start(*state, "{\"op\":\"create\",\"table\":\"toys\",\"values\":[{},{}],\"returning\":false}");

	send_any_wave(job);
	statement_done(job, 0, 2, 2, 11);
	expect_answer(job, "\"insert_ids\":[11,13],\"affected\":2}"); /* the server counts in twos */
	job = fixture_start(*state,
			    "{\"op\":\"create\",\"table\":\"toys\",\"values\":{\"id\":-5},\"returning\":false}");
	send_any_wave(job);
	statement_done(job, 0, 1, 1, 0);
	expect_answer(job, "\"insert_id\":-5,\"affected\":1}");
	job = fixture_start(*state, "{\"op\":\"create\",\"table\":\"notes\",\"values\":{},\"returning\":false}");
	send_any_wave(job);
	statement_done(job, 0, 1, 1, 0);
	expect_answer(job, "\"affected\":1}");
	job = fixture_start(*state,
			    "{\"op\":\"create\",\"table\":\"toys\",\"values\":[{\"id\":5},{}],\"returning\":false}");
	send_any_wave(job);
	support_row(job, 0, "5", NULL);
	support_row(job, 0, "7", NULL);
	statement_done(job, 0, 2, 2, 7);
	expect_answer(job, "\"insert_ids\":[5,7],\"affected\":2}");
}

static void the_rows_that_came_stand_before_the_bad_one(void **state)
{
	struct job *job = fixture_start(*state, "{\"op\":\"create\",\"table\":\"notes\",\"values\":[{},{},{}]}");
	const struct sql_error error = {.class = SQL_ERROR_OF_COMMAND, .code = ERROR_UNIQUE_VIOLATION, .row = -1};

	for (int rows = 0; rows < 3; rows++) {
		procedure_restart(job);
		send_any_wave(job);
		for (int i = 0; i < rows; i++)
			support_row(job, 0, "a", NULL);
		procedure_failed(job, 0, &error);
		expect_failure(job, ERROR_UNIQUE_VIOLATION, false);
		assert_int_equal(procedure_error(job)->at_row, rows);
	}
}

static void asks_for_rows_when_one_was_bad(void **state)
{
	struct job *job =
		fixture_start(*state, "{\"op\":\"create\",\"table\":\"notes\",\"values\":[{},{}],\"returning\":false}");
	struct sql_error error = {.class = SQL_ERROR_OF_COMMAND, .code = ERROR_UNIQUE_VIOLATION, .row = -1};
	struct sql_error other = error;

	/* A create beside it has put a row in the way of an earlier one. */
	strcpy(other.message, "Duplicate entry 'another'");
	for (int run = 0; run < 3; run++) {
		procedure_restart(job);
		send_any_wave(job);
		procedure_failed(job, 0, &error);
		expect_wave(job, "INSERT INTO `notes` () VALUES (),() RETURNING 1", NULL);
		support_row(job, 0, "1", NULL);
		if (run != 1)
			procedure_failed(job, 0, run == 0 ? &error : &other);
		else
			statement_done(job, 0, 2, 2, 0); /* it went through: nobody knows any more */
		expect_failure(job, ERROR_UNIQUE_VIOLATION, run == 1);
		assert_int_equal(procedure_error(job)->at_row, run == 0 ? 1 : -1);
	}
}

static void creates_nothing_without_a_statement(void **state)
{
	struct fixture *fixture = *state;
	struct job *job = fixture_start(
		fixture, "{\"op\":\"create\",\"table\":\"pets\",\"values\":[],\"reply_to\":\"rowd:reply:x\"}");

	assert_int_equal(procedure_kind(job), PROCEDURE_ANSWERED);
	assert_non_null(strstr(support_reply(job, NULL), "\"rows\":[],\"affected\":0}"));
}

static void updates_a_row(void **state)
{
	struct job *job = fixture_start(*state, "{\"op\":\"update\",\"table\":\"order\",\"pk\":1,\"set\":{\"key\":2},"
						"\"returning\":[\"key\"]}");

	expect_wave(job, "UPDATE `order` SET `key` = 2 WHERE `key` = 1", "SELECT `key` FROM `order` WHERE `key` = 2");
	statement_done(job, 0, 1, 1, 0);
	support_row(job, 1, "2", NULL);
	statement_done(job, 1, 0, 1, 0);
	expect_answer(job, "\"row\":{\"key\":2},\"matched\":1,\"affected\":1}");
}

/* The row under the new key was there before: it is not the one that was to be updated. */
static void does_not_answer_with_another_row(void **state)
{
	struct job *job = fixture_start(*state, "{\"op\":\"update\",\"table\":\"order\",\"pk\":1,\"set\":{\"key\":2},"
						"\"returning\":[\"key\"]}");

	send_any_wave(job);
	statement_done(job, 0, 0, 0, 0);
	support_row(job, 1, "2", NULL);
	statement_done(job, 1, 0, 1, 0);
	expect_answer(job, "\"row\":null,\"matched\":0,\"affected\":0}");
}

static void updates_by_condition_with_rows(void **state)
{
	struct job *job =
		fixture_start(*state, "{\"op\":\"update\",\"table\":\"pairs\",\"where\":{\"note\":\"x\"},\"set\":{"
				      "\"note\":\"y\"},\"returning\":[\"a\"]}");

	expect_wave(job, "SELECT `a`,`b` FROM `pairs` WHERE `note` = 'x' LIMIT 1001 FOR UPDATE", NULL);
	support_row(job, 0, "1", "p", NULL);
	support_row(job, 0, "2", "q", NULL);
	statement_done(job, 0, 0, 2, 0);
	expect_wave(job, "UPDATE `pairs` SET `note` = 'y' WHERE (`a`,`b`) IN ((1,x'70'),(2,x'71'))",
		    "SELECT `a` FROM `pairs` WHERE (`a`,`b`) IN ((1,x'70'),(2,x'71')) ORDER BY `a`,`b`");
	statement_done(job, 0, 2, 2, 0);
	support_row(job, 1, "1", NULL);
	support_row(job, 1, "2", NULL);
	statement_done(job, 1, 0, 2, 0);
	expect_answer(job, "\"rows\":[{\"a\":1},{\"a\":2}],\"matched\":2,\"affected\":2}");
}

/* The keys that it finds count as the rows of a reply do. */
static void limits_what_a_condition_finds(void **state)
{
	struct fixture *fixture = *state;
	struct job *job;

	fixture->policy.max_rows = 2;
	job = fixture_start(fixture, "{\"op\":\"update\",\"table\":\"pairs\",\"where\":{\"note\":\"x\"},\"set\":{"
				     "\"note\":\"y\"},\"returning\":[\"a\"]}");
	send_any_wave(job);
	assert_int_equal(support_row(job, 0, "1", "p", NULL), 0);
	assert_int_equal(support_row(job, 0, "2", "q", NULL), 0);
	assert_int_equal(support_row(job, 0, "3", "r", NULL), -EFBIG);
	statement_done(job, 0, 0, 3, 0);
	expect_failure(job, ERROR_TOO_LARGE, false);
}

/* A transaction may be rolled back under it any number of times. */
static void takes_no_memory_for_another_run(void **state)
{
	struct job *job =
		fixture_start(*state, "{\"op\":\"update\",\"table\":\"order\",\"all\":true,\"set\":{\"or\":1},"
				      "\"returning\":true}");
	size_t used_bytes = job->arena.used_bytes;

	for (int run = 0; run < 3; run++) {
		procedure_restart(job);
		send_any_wave(job);
		support_row(job, 0, "1", NULL);
		statement_done(job, 0, 0, 1, 0);
		expect_wave(job, "UPDATE `order` SET `or` = 1 WHERE `key` IN (1)",
			    "SELECT `key`,`or`,`a``b` FROM `order` WHERE `key` IN (1) ORDER BY `key`");
	}
	assert_int_equal(job->arena.used_bytes, used_bytes);
}

static void stops_when_no_key_came(void **state)
{
	struct job *job =
		fixture_start(*state, "{\"op\":\"update\",\"table\":\"order\",\"all\":true,\"set\":{\"or\":1},"
				      "\"returning\":true}");

	send_any_wave(job);
	statement_done(job, 0, 0, 0, 0);
	expect_answer(job, "\"rows\":[],\"matched\":0,\"affected\":0}");
}

static void requires_a_row(void **state)
{
	struct job *job = fixture_start(*state, "{\"op\":\"delete\",\"table\":\"pets\",\"pk\":1,\"required\":true}");

	send_any_wave(job);
	statement_done(job, 0, 0, 0, 0);
	expect_failure(job, ERROR_NOT_FOUND, false);
	job = fixture_start(*state,
			    "{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"age\":1},\"required\":true}");
	send_any_wave(job);
	statement_done(job, 0, 0, 0, 0);
	statement_done(job, 1, 0, 0, 0);
	expect_failure(job, ERROR_NOT_FOUND, false);
}

static void has_to_be_undone_when_the_second_statement_fails(void **state)
{
	struct job *job = fixture_start(*state, "{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"age\":1}}");
	struct sql_error late = {.class = SQL_ERROR_TIME, .code = ERROR_TIMEOUT, .number = 1969, .sqlstate = "70100"};

	send_any_wave(job);
	statement_done(job, 0, 1, 1, 0);
	procedure_failed(job, 1, &late);
	expect_failure(job, ERROR_TIMEOUT, true);
	procedure_restart(job);
	send_any_wave(job);
	procedure_failed(job, 0, &late);
	statement_done(job, 1, 0, 1, 0);
	expect_failure(job, ERROR_TIMEOUT, false);
	assert_int_equal(procedure_error(job)->server_errno, 1969);
	assert_string_equal(procedure_error(job)->sqlstate, "70100");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_a_row, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(takes_no_row_of_another_table, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(answers_nil_for_no_row, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(answers_arrays, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(answers_a_row_as_an_array, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(forgets_an_earlier_run, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(counts_and_asks, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(limits_rows_and_bytes, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(creates_rows, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(knows_each_row_by_its_own_values, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(tells_generated_ids, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(the_rows_that_came_stand_before_the_bad_one, fixture_set_up,
						fixture_tear_down),
		cmocka_unit_test_setup_teardown(asks_for_rows_when_one_was_bad, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(creates_nothing_without_a_statement, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(updates_a_row, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(does_not_answer_with_another_row, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(updates_by_condition_with_rows, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(limits_what_a_condition_finds, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(takes_no_memory_for_another_run, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(stops_when_no_key_came, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(requires_a_row, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(has_to_be_undone_when_the_second_statement_fails, fixture_set_up,
						fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
