/* Procedures on MySQL, which has no RETURNING and tells no row number. */
#include "procedure_fixture.h"

#include <stdio.h>

static void creates_one_by_one(void **state)
{
	struct job *job = fixture_start(*state, "{\"op\":\"create\",\"table\":\"toys\",\"values\":[{},{\"id\":5},{}],"
						"\"returning\":[\"id\"]}");

	for (int run = 0; run < 2; run++) {
		procedure_restart(job);
		send_any_wave(job);
		statement_done(job, 0, 1, 1, 3);
		support_row(job, 1, "3", NULL);
		statement_done(job, 1, 0, 1, 0);
		statement_done(job, 2, 1, 1, 0);
		support_row(job, 3, "5", NULL);
		statement_done(job, 3, 0, 1, 0);
		expect_wave(job, "INSERT INTO `toys` () VALUES ()",
			    "SELECT `id` FROM `toys` WHERE `id` = LAST_INSERT_ID()");
		if (run == 0) {
			struct sql_error duplicate = {.code = ERROR_UNIQUE_VIOLATION, .row = 0};

			procedure_failed(job, 0, &duplicate);
			expect_failure(job, ERROR_UNIQUE_VIOLATION, true);
			assert_int_equal(procedure_error(job)->at_row, 2);
			continue;
		}
		statement_done(job, 0, 1, 1, 7);
		support_row(job, 1, "7", NULL);
		statement_done(job, 1, 0, 1, 0);
	}
	expect_answer(job, "\"rows\":[{\"id\":3},{\"id\":5},{\"id\":7}],\"affected\":3}");
}

/* What a SELECT of so many rows with one column brings. */
static void rows_come(struct job *job, uint32_t statement, uint32_t rows, const char *value)
{
	const unsigned long length = strlen(value);

	for (uint32_t i = 0; i < rows; i++)
		assert_int_equal(procedure_row(job, statement, &value, &length, 1), 0);
}

static void reads_keys_back_over_several_waves(void **state)
{
	char command[16384];
	size_t size = (size_t)snprintf(command, sizeof(command),
				       "{\"op\":\"create\",\"table\":\"toys\",\"values\":[{\"id\":0}");
	struct statement statements[4];
	struct job *job;
	uint32_t count;
	bool undo;

	for (int id = 1; id <= 601; id++)
		size += (size_t)snprintf(command + size, sizeof(command) - size, ",{\"id\":%d}", id);
	snprintf(command + size, sizeof(command) - size, "],\"returning\":[\"id\"]}");
	job = fixture_start(*state, command);
	for (int run = 0; run < 2; run++) {
		procedure_restart(job);
		assert_int_equal(procedure_next(job, statements, &count, &undo), PROCEDURE_SEND);
		assert_int_equal(count, 4);
		for (uint32_t i = 1; i < 4; i++)
			rows_come(job, i, 200, "1");
		expect_wave(job,
			    "SELECT `id` FROM `toys` WHERE (`id` = 600) OR (`id` = 601) ORDER BY CASE WHEN (`id` = "
			    "600) THEN 0 WHEN (`id` = 601) THEN 1 END",
			    NULL);
		rows_come(job, 0, 2, "1");
		expect_end(job, PROCEDURE_FINISHED, false);
	}
	/* A trigger has changed a key: half an answer is none. */
	procedure_restart(job);
	send_any_wave(job);
	statement_done(job, 0, 602, 602, 0);
	rows_come(job, 1, 199, "1");
	send_any_wave(job);
	expect_failure(job, ERROR_BAD_VALUE, true);
}

/* spied has a trigger, which may set the id, and insert elsewhere. */
static void reads_back_by_the_id_that_the_server_told(void **state)
{
	struct job *job = fixture_start(*state, "{\"op\":\"create\",\"table\":\"spied\",\"values\":[{},{\"id\":7}]}");
	struct sql_error error = {
		.class = SQL_ERROR_OF_COMMAND, .code = ERROR_UNIQUE_VIOLATION, .number = 1062, .row = -1};

	for (int run = 0; run < 2; run++) {
		procedure_restart(job);
		expect_wave(job, "INSERT INTO `spied` () VALUES ()", NULL);
		statement_done(job, 0, 1, 1, 105);
		expect_wave(job, "SELECT `id` FROM `spied` WHERE `id` = 105", "INSERT INTO `spied` (`id`) VALUES (7)");
		rows_come(job, 0, 1, "105");
		statement_done(job, 1, 1, 1, 107);
		expect_wave(job, "SELECT `id` FROM `spied` WHERE `id` = 107", NULL);
		rows_come(job, 0, 1, "107");
		expect_end(job, PROCEDURE_FINISHED, false);
	}
	procedure_restart(job);
	send_any_wave(job);
	statement_done(job, 0, 1, 1, 105);
	send_any_wave(job);
	rows_come(job, 0, 1, "105");
	procedure_failed(job, 1, &error);
	expect_failure(job, ERROR_UNIQUE_VIOLATION, true);
	assert_int_equal(procedure_error(job)->at_row, 1);
}

static void finds_a_key_by_its_default(void **state)
{
	struct job *job = fixture_start(
		*state, "{\"op\":\"create\",\"table\":\"pairs\",\"values\":{\"a\":1},\"returning\":[\"a\"]}");

	expect_wave(job, "INSERT INTO `pairs` (`a`) VALUES (1)",
		    "SELECT `a` FROM `pairs` WHERE (`a` = 1 AND `b` = DEFAULT(`b`))");
}

/* first_bad: which of the trial INSERTs, "(1),…,(end)" and a row that cannot be, fail at a row of their own. */
static void halve(struct job *job, uint32_t first_bad, const uint32_t *ends, uint32_t count)
{
	struct sql_error error = {
		.class = SQL_ERROR_OF_COMMAND, .code = ERROR_UNIQUE_VIOLATION, .number = 1062, .row = -1};
	char expected[200];

	procedure_restart(job);
	send_any_wave(job);
	procedure_failed(job, 0, &error);
	error.code = ERROR_SQL_ERROR;
	error.number = 1146;
	procedure_failed(job, 1, &error); /* the SELECT, which says nothing about the rows */
	for (uint32_t i = 0; i < count; i++) {
		size_t size = (size_t)snprintf(expected, sizeof(expected), "INSERT INTO `toys` (`id`) VALUES ");

		for (uint32_t row = 1; row <= ends[i]; row++)
			size += (size_t)snprintf(expected + size, sizeof(expected) - size, "(%u),", row);
		snprintf(expected + size, sizeof(expected) - size, "((SELECT 1 UNION SELECT 2))");
		expect_wave(job, expected, NULL);
		error.number = ends[i] > first_bad ? 1062 : 1242;
		procedure_failed(job, 0, &error);
	}
	expect_failure(job, ERROR_UNIQUE_VIOLATION, false);
}

static void finds_the_bad_row_by_halves(void **state)
{
	struct job *job = fixture_start(*state, "{\"op\":\"create\",\"table\":\"toys\","
						"\"values\":[{\"id\":1},{\"id\":2},{\"id\":3},{\"id\":4}]}");
	struct sql_error slow = {.class = SQL_ERROR_TIME, .code = ERROR_TIMEOUT, .number = 3024, .row = -1};
	struct sql_error twice = {
		.class = SQL_ERROR_OF_COMMAND, .code = ERROR_UNIQUE_VIOLATION, .number = 1062, .row = -1};

	halve(job, 0, (const uint32_t[]){2, 1}, 2);
	assert_int_equal(procedure_error(job)->at_row, 0);
	halve(job, 1, (const uint32_t[]){2, 1}, 2);
	assert_int_equal(procedure_error(job)->at_row, 1);
	halve(job, 2, (const uint32_t[]){2, 3}, 2);
	assert_int_equal(procedure_error(job)->at_row, 2);
	halve(job, 3, (const uint32_t[]){2, 3, 4}, 3);
	assert_int_equal(procedure_error(job)->at_row, 3);
	halve(job, 4, (const uint32_t[]){2, 3, 4}, 3); /* by now all would go through */
	assert_int_equal(procedure_error(job)->at_row, -1);
	procedure_restart(job);
	send_any_wave(job);
	procedure_failed(job, 0, &twice);
	send_any_wave(job);
	procedure_failed(job, 0, &slow);
	expect_failure(job, ERROR_UNIQUE_VIOLATION, false);
	assert_int_equal(procedure_error(job)->at_row, -1);
	procedure_restart(job);
	send_any_wave(job);
	procedure_failed(job, 0, &twice);
	send_any_wave(job);
	strcpy(twice.message, "Duplicate entry 'another'"); /* of a create beside it */
	procedure_failed(job, 0, &twice);
	expect_failure(job, ERROR_UNIQUE_VIOLATION, false);
	assert_int_equal(procedure_error(job)->at_row, -1);
}

static void knows_the_only_row(void **state)
{
	struct job *job = fixture_start(*state, "{\"op\":\"create\",\"table\":\"toys\",\"values\":[{\"id\":1}]}");
	struct sql_error error = {.class = SQL_ERROR_OF_COMMAND, .code = ERROR_UNIQUE_VIOLATION, .row = -1};

	send_any_wave(job);
	procedure_failed(job, 0, &error);
	expect_failure(job, ERROR_UNIQUE_VIOLATION, false);
	assert_int_equal(procedure_error(job)->at_row, 0);
}

static void deletes_by_condition_with_rows(void **state)
{
	struct job *job = fixture_start(*state, "{\"op\":\"delete\",\"table\":\"order\",\"where\":{\".or\":1},"
						"\"returning\":[\"or\"]}");

	send_any_wave(job);
	support_row(job, 0, "4", NULL);
	statement_done(job, 0, 0, 1, 0);
	expect_wave(job, "SELECT `or` FROM `order` WHERE `key` IN (4)", "DELETE FROM `order` WHERE `key` IN (4)");
	support_row(job, 0, "1", NULL);
	statement_done(job, 0, 0, 1, 0);
	statement_done(job, 1, 1, 1, 0);
	expect_answer(job, "\"rows\":[{\"or\":1}],\"affected\":1}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(creates_one_by_one, fixture_set_up_mysql, fixture_tear_down),
		cmocka_unit_test_setup_teardown(reads_keys_back_over_several_waves, fixture_set_up_mysql,
						fixture_tear_down),
		cmocka_unit_test_setup_teardown(reads_back_by_the_id_that_the_server_told, fixture_set_up_mysql,
						fixture_tear_down),
		cmocka_unit_test_setup_teardown(finds_a_key_by_its_default, fixture_set_up_mysql, fixture_tear_down),
		cmocka_unit_test_setup_teardown(finds_the_bad_row_by_halves, fixture_set_up_mysql, fixture_tear_down),
		cmocka_unit_test_setup_teardown(knows_the_only_row, fixture_set_up_mysql, fixture_tear_down),
		cmocka_unit_test_setup_teardown(deletes_by_condition_with_rows, fixture_set_up_mysql,
						fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
