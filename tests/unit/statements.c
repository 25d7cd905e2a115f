/* statements.c - the SQL of every operation, on both servers; what is refused, and as what. */
#include "plan_support.h"

#include <errno.h>
#include <string.h>

struct fixture {
	struct catalog *catalogs[2]; /* by enum server_kind */
	struct policy policy;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->catalogs[SERVER_MARIADB] = support_catalog(SERVER_MARIADB);
	fixture->catalogs[SERVER_MYSQL] = support_catalog(SERVER_MYSQL);
	fixture->policy = support_policy();
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	catalog_unref(fixture->catalogs[SERVER_MARIADB]);
	catalog_unref(fixture->catalogs[SERVER_MYSQL]);
	free(fixture);
	return 0;
}

/* The first wave as one text, its statements parted by "; ". */
static struct bytes first_wave(struct job *job)
{
	struct statement statements[4];
	struct bytes text = {.data = "", .size = 0};
	uint32_t count;
	bool undo;

	procedure_restart(job);
	assert_int_equal(procedure_next(job, statements, &count, &undo), PROCEDURE_SEND);
	for (uint32_t i = 0; i < count; i++)
		text = arena_format(&job->arena, "%.*s%s%.*s", BYTES_ARG(text), i > 0 ? "; " : "",
				    BYTES_ARG(statements[i].text));
	return text;
}

struct statement_case {
	const char *command, *sql;
	enum procedure_kind kind;
};

static void run_cases(struct fixture *fixture, enum server_kind server, const struct statement_case *cases,
		      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct job *job = support_job(&fixture->policy, cases[i].command);
		struct error error = {0};
		int result = procedure_compile(job, fixture->catalogs[server], &support_facts, &error);

		print_message("%s\n", cases[i].command);
		if (result != 0)
			fail_msg("%s: %s", error_code_name(error.code), error.message);
		assert_string_equal(first_wave(job).data, cases[i].sql);
		assert_int_equal(procedure_kind(job), cases[i].kind);
		support_job_free(job);
	}
}

#define PETS "`id`,`name`,`age`,`tag`,`shout`"

static const struct statement_case reads[] = {
	{"{\"op\":\"read\",\"table\":\"pets\",\"pk\":5}", "SELECT " PETS " FROM `pets` WHERE `id` = 5",
	 PROCEDURE_BY_KEY},
	{"{\"op\":\"read\",\"table\":\"pets\",\"pk\":{\"id\":\"05\"},\"select\":[\"age\",\"id\"]}",
	 "SELECT `age`,`id` FROM `pets` WHERE `id` = 5", PROCEDURE_BY_KEY},
	{"{\"op\":\"read\",\"table\":\"pairs\",\"pk\":{\"b\":\"x\",\"a\":1}}",
	 "SELECT `a`,`b`,`note` FROM `pairs` WHERE `a` = 1 AND `b` = x'78'", PROCEDURE_BY_KEY},
	{"{\"op\":\"read\",\"table\":\"order\",\"order\":[\"-or\",\"a`b\",\"or\",\"-or\"]}",
	 "SELECT `key`,`or`,`a``b` FROM `order` ORDER BY `or` DESC,`a``b` LIMIT 1001", PROCEDURE_ALONE},
	{"{\"op\":\"read\",\"table\":\"notes\",\"limit\":2}", "SELECT `line` FROM `notes` LIMIT 2", PROCEDURE_ALONE},
	{"{\"op\":\"read\",\"table\":\"pets\",\"select\":[\"id\"],\"limit\":5000,\"offset\":3}",
	 "SELECT `id` FROM `pets` ORDER BY `id` LIMIT 1001 OFFSET 3", PROCEDURE_ALONE},
	{"{\"op\":\"read\",\"table\":\"pets\",\"select\":[\"id\"],\"page\":3,\"page_size\":10,\"order\":[\"age\"]}",
	 "SELECT `id` FROM `pets` ORDER BY `age`,`id` LIMIT 10 OFFSET 20", PROCEDURE_ALONE},
	{"{\"op\":\"read\",\"table\":\"pets\",\"select\":[\"id\"],\"first\":true,\"order\":[\"-id\"]}",
	 "SELECT `id` FROM `pets` ORDER BY `id` DESC LIMIT 1", PROCEDURE_ALONE},
	{"{\"op\":\"read\",\"table\":\"pets\",\"select\":[\"id\"],\"order\":[{\"col\":\"age\",\"desc\":true,"
	 "\"nulls\":\"first\"},{\"col\":\"tag\",\"nulls\":\"last\"},{\"col\":\"id\",\"nulls\":\"last\"}]}",
	 "SELECT `id` FROM `pets` ORDER BY `age` IS NULL DESC,`age` DESC,`tag` IS NULL,`tag`,`id` LIMIT 1001",
	 PROCEDURE_ALONE},
	{"{\"op\":\"read\",\"table\":\"pets\",\"select\":[\"id\"],\"order\":[{\"col\":\"age\",\"nulls\":\"first\"},"
	 "{\"col\":\"tag\",\"desc\":true,\"nulls\":\"last\"}]}",
	 "SELECT `id` FROM `pets` ORDER BY `age`,`tag` DESC LIMIT 1001", PROCEDURE_ALONE},
	{"{\"op\":\"read\",\"table\":\"ticks\",\"order\":[{\"col\":\"n\",\"desc\":null,\"nulls\":null}]}",
	 "SELECT `n`,`at` FROM `ticks` ORDER BY `n` LIMIT 1001", PROCEDURE_ALONE},
	{"{\"op\":\"read\",\"table\":\"ticks\",\"order\":[\"n\"],\"first\":true,\"format\":\"arrays\"}",
	 "SELECT `n`,`at` FROM `ticks` ORDER BY `n`,`at` LIMIT 1", PROCEDURE_ALONE},
	{"{\"op\":\"read\",\"table\":\"elders\",\"limit\":1}", "SELECT `id` FROM `elders` LIMIT 1", PROCEDURE_ALONE},
	{"{\"op\":\"read\",\"table\":\"pets\",\"select\":[\"name\",\"age\"],\"distinct\":true}",
	 "SELECT DISTINCT `name`,`age` FROM `pets` LIMIT 1001", PROCEDURE_ALONE},
	{"{\"op\":\"read\",\"table\":\"pets\",\"select\":[\"name\",\"age\"],\"distinct\":true,\"order\":[\"-age\"],"
	 "\"offset\":2}",
	 "SELECT DISTINCT `name`,`age` FROM `pets` ORDER BY `age` DESC,`name` LIMIT 1001 OFFSET 2", PROCEDURE_ALONE},
	{"{\"op\":\"read\",\"table\":\"pets\",\"select\":[\"name\",\"age\"],\"distinct\":true,\"first\":true}",
	 "SELECT DISTINCT `name`,`age` FROM `pets` ORDER BY `name`,`age` LIMIT 1", PROCEDURE_ALONE},
	{"{\"op\":\"read\",\"table\":\"every\",\"select\":[\"json\",\"place\"],\"distinct\":true}",
	 "SELECT DISTINCT `json`,`place` FROM `every` LIMIT 1001", PROCEDURE_ALONE},
	{"{\"op\":\"read\",\"table\":\"every\",\"pk\":1,\"select\":[\"half\",\"bits\",\"whole\",\"place\"]}",
	 "SELECT `half`*1e0,`bits`+0,`whole`,`place` FROM `every` WHERE `id` = 1", PROCEDURE_BY_KEY},
	{"{\"op\":\"read\",\"table\":\"elders\"}", "SELECT `id` FROM `elders` LIMIT 1001", PROCEDURE_ALONE},
	{"{\"op\":\"count\",\"table\":\"pets\"}", "SELECT COUNT(*) FROM `pets`", PROCEDURE_ALONE},
	{"{\"op\":\"count\",\"table\":\"pets\",\"where\":{}}", "SELECT COUNT(*) FROM `pets`", PROCEDURE_ALONE},
	{"{\"op\":\"count\",\"table\":\"pets\",\"where\":{\"age\":1}}", "SELECT COUNT(*) FROM `pets` WHERE `age` = 1",
	 PROCEDURE_ALONE},
	{"{\"op\":\"exists\",\"table\":\"pets\",\"pk\":1}", "SELECT 1 FROM `pets` WHERE `id` = 1 LIMIT 1",
	 PROCEDURE_BY_KEY},
	{"{\"op\":\"exists\",\"table\":\"pets\",\"where\":{\"age\":1}}", "SELECT 1 FROM `pets` WHERE `age` = 1 LIMIT 1",
	 PROCEDURE_ALONE},
	{"{\"op\":\"ping\",\"db\":true}", "SELECT 1", PROCEDURE_BY_KEY},
};

static void reads_are_the_same_on_both(void **state)
{
	run_cases(*state, SERVER_MARIADB, reads, sizeof(reads) / sizeof(reads[0]));
	run_cases(*state, SERVER_MYSQL, reads, sizeof(reads) / sizeof(reads[0]));
}

static const struct statement_case mariadb_writes[] = {
	{"{\"op\":\"create\",\"table\":\"pets\",\"values\":{\"name\":\"x\",\"age\":null}}",
	 "INSERT INTO `pets` (`name`,`age`) VALUES ('x',NULL) RETURNING " PETS, PROCEDURE_BY_KEY},
	{"{\"op\":\"create\",\"table\":\"pets\",\"values\":[{\"age\":1},{\"name\":\"x\"}],\"returning\":[\"id\"]}",
	 "INSERT INTO `pets` (`name`,`age`) VALUES (DEFAULT,1),('x',DEFAULT) RETURNING `id`", PROCEDURE_BY_KEY},
	{"{\"op\":\"create\",\"table\":\"pets\",\"values\":[{},{}],\"returning\":false}",
	 "INSERT INTO `pets` () VALUES (),()", PROCEDURE_BY_KEY},
	{"{\"op\":\"create\",\"table\":\"pets\",\"values\":[{\"id\":1},{\"age\":2}],\"returning\":false}",
	 "INSERT INTO `pets` (`id`,`age`) VALUES (1,DEFAULT),(NULL,2) RETURNING `id`", PROCEDURE_BY_KEY},
	{"{\"op\":\"create\",\"table\":\"spied\",\"values\":{}}", "INSERT INTO `spied` () VALUES () RETURNING `id`",
	 PROCEDURE_ALONE},
	{"{\"op\":\"delete\",\"table\":\"pets\",\"pk\":1,\"returning\":true}",
	 "DELETE FROM `pets` WHERE `id` = 1 RETURNING " PETS, PROCEDURE_BY_KEY},
	{"{\"op\":\"delete\",\"table\":\"pets\",\"where\":{\"age\":1},\"returning\":[\"id\"]}",
	 "DELETE FROM `pets` WHERE `age` = 1 RETURNING `id`", PROCEDURE_ALONE},
};

static void writes_return_rows_on_mariadb(void **state)
{
	run_cases(*state, SERVER_MARIADB, mariadb_writes, sizeof(mariadb_writes) / sizeof(mariadb_writes[0]));
}

static const struct statement_case mysql_writes[] = {
	{"{\"op\":\"create\",\"table\":\"pets\",\"values\":{\"age\":1},\"returning\":[\"id\"]}",
	 "INSERT INTO `pets` (`age`) VALUES (1); SELECT `id` FROM `pets` WHERE `id` = LAST_INSERT_ID()",
	 PROCEDURE_BY_KEY},
	{"{\"op\":\"create\",\"table\":\"pets\",\"values\":[{},{},{}],\"returning\":[\"id\"]}",
	 "INSERT INTO `pets` () VALUES (),(),(); SELECT `id` FROM `pets` WHERE `id` >= LAST_INSERT_ID() AND `id` < "
	 "LAST_INSERT_ID() + 3 * @@auto_increment_increment AND `id` % @@auto_increment_increment = LAST_INSERT_ID() % "
	 "@@auto_increment_increment ORDER BY `id`",
	 PROCEDURE_BY_KEY},
	{"{\"op\":\"create\",\"table\":\"pairs\",\"values\":[{\"b\":\"x\",\"a\":2},{\"a\":1,\"b\":\"y\"}],"
	 "\"returning\":[\"a\"]}",
	 "INSERT INTO `pairs` (`a`,`b`) VALUES (2,x'78'),(1,x'79'); SELECT `a` FROM `pairs` WHERE (`a` = 2 AND `b` = "
	 "x'78') OR (`a` = 1 AND `b` = x'79') ORDER BY CASE WHEN (`a` = 2 AND `b` = x'78') THEN 0 WHEN (`a` = 1 AND "
	 "`b` = x'79') THEN 1 END",
	 PROCEDURE_BY_KEY},
	{"{\"op\":\"create\",\"table\":\"pets\",\"values\":[{\"id\":7},{},{}],\"returning\":[\"id\"]}",
	 "INSERT INTO `pets` (`id`) VALUES (7); SELECT `id` FROM `pets` WHERE (`id` = 7); INSERT INTO `pets` () VALUES "
	 "(); SELECT `id` FROM `pets` WHERE `id` = LAST_INSERT_ID()",
	 PROCEDURE_ALONE},
	{"{\"op\":\"create\",\"table\":\"pets\",\"values\":[{\"id\":7},{\"id\":8}],\"returning\":false}",
	 "INSERT INTO `pets` (`id`) VALUES (7),(8)", PROCEDURE_BY_KEY},
	{"{\"op\":\"create\",\"table\":\"notes\",\"values\":{\"line\":\"x\"},\"returning\":false}",
	 "INSERT INTO `notes` (`line`) VALUES ('x')", PROCEDURE_BY_KEY},
	{"{\"op\":\"delete\",\"table\":\"pets\",\"pk\":1,\"returning\":[\"id\"]}",
	 "SELECT `id` FROM `pets` WHERE `id` = 1 FOR UPDATE; DELETE FROM `pets` WHERE `id` = 1", PROCEDURE_BY_KEY},
	{"{\"op\":\"delete\",\"table\":\"pairs\",\"where\":{\"note\":null},\"returning\":true}",
	 "SELECT `a`,`b` FROM `pairs` WHERE `note` IS NULL LIMIT 1001 FOR UPDATE", PROCEDURE_ALONE},
};

static void writes_read_rows_back_on_mysql(void **state)
{
	run_cases(*state, SERVER_MYSQL, mysql_writes, sizeof(mysql_writes) / sizeof(mysql_writes[0]));
}

static const struct statement_case both_writes[] = {
	{"{\"op\":\"create\",\"table\":\"pets\",\"values\":{\"age\":1},\"returning\":false}",
	 "INSERT INTO `pets` (`age`) VALUES (1)", PROCEDURE_BY_KEY},
	{"{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"age\":2},\"returning\":[\"age\"]}",
	 "UPDATE `pets` SET `age` = 2 WHERE `id` = 1; SELECT `age` FROM `pets` WHERE `id` = 1", PROCEDURE_BY_KEY},
	{"{\"op\":\"update\",\"table\":\"pairs\",\"pk\":{\"a\":1,\"b\":\"x\"},\"set\":{\"b\":\"y\",\"note\":null}}",
	 "UPDATE `pairs` SET `b` = x'79',`note` = NULL WHERE `a` = 1 AND `b` = x'78'; SELECT `a`,`b`,`note` FROM "
	 "`pairs` WHERE `a` = 1 AND `b` = x'79'",
	 PROCEDURE_BY_KEY},
	{"{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"age\":2},\"returning\":false}",
	 "UPDATE `pets` SET `age` = 2 WHERE `id` = 1", PROCEDURE_BY_KEY},
	{"{\"op\":\"update\",\"table\":\"pets\",\"where\":{\"age\":3},\"set\":{\"age\":2}}",
	 "UPDATE `pets` SET `age` = 2 WHERE `age` = 3", PROCEDURE_ALONE},
	{"{\"op\":\"update\",\"table\":\"pets\",\"all\":true,\"set\":{\"age\":2}}", "UPDATE `pets` SET `age` = 2",
	 PROCEDURE_ALONE},
	{"{\"op\":\"update\",\"table\":\"pets\",\"where\":{\"age\":3},\"set\":{\"age\":2},\"returning\":true}",
	 "SELECT `id` FROM `pets` WHERE `age` = 3 LIMIT 1001 FOR UPDATE", PROCEDURE_ALONE},
	{"{\"op\":\"update\",\"table\":\"every\",\"pk\":1,\"set\":{\"json\":{\"value\":{\"a\":1}}},\"returning\":false}",
	 "UPDATE `every` SET `json` = '{\\\"a\\\":1}' WHERE `id` = 1", PROCEDURE_BY_KEY},
	{"{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"age\":{\"inc\":2},\"name\":\"x\"},\"returning\":[\"age\"]}",
	 "UPDATE `pets` SET `age` = `age` + 2.0,`name` = 'x' WHERE `id` = 1; SELECT `age` FROM `pets` WHERE `id` = 1",
	 PROCEDURE_BY_KEY},
	{"{\"op\":\"update\",\"table\":\"pets\",\"where\":{\"age\":3},\"set\":{\"age\":{\"inc\":2}}}",
	 "UPDATE `pets` SET `age` = `age` + 2.0 WHERE `age` = 3", PROCEDURE_ALONE},
	{"{\"op\":\"delete\",\"table\":\"pets\",\"pk\":1}", "DELETE FROM `pets` WHERE `id` = 1", PROCEDURE_BY_KEY},
	{"{\"op\":\"delete\",\"table\":\"pets\",\"where\":{\"age\":{\"lt\":1}}}", "DELETE FROM `pets` WHERE `age` < 1",
	 PROCEDURE_ALONE},
	{"{\"op\":\"delete\",\"table\":\"notes\",\"all\":true}", "DELETE FROM `notes`", PROCEDURE_ALONE},
};

static void other_writes_are_the_same_on_both(void **state)
{
	run_cases(*state, SERVER_MARIADB, both_writes, sizeof(both_writes) / sizeof(both_writes[0]));
	run_cases(*state, SERVER_MYSQL, both_writes, sizeof(both_writes) / sizeof(both_writes[0]));
}

struct refusal {
	const char *command;
	int result;
	enum error_code code;
	const char *column, *hint; /* NULL: not looked at */
	int32_t row;
};

static const struct refusal refusals[] = {
	{"{\"op\":\"read\",\"table\":\"pest\"}", -EINVAL, ERROR_UNKNOWN_TABLE, NULL, NULL, -1},
	{"{\"op\":\"read\",\"table\":\"orders\"}", -ENOENT, ERROR_UNKNOWN_TABLE, NULL, "`order`", -1},
	{"{\"op\":\"read\",\"table\":\"ORDER\"}", -EINVAL, ERROR_UNKNOWN_TABLE, NULL, NULL, -1},
	{"{\"op\":\"read\",\"table\":\"secret\"}", -EINVAL, ERROR_UNKNOWN_TABLE, NULL, NULL, -1},
	{"{\"op\":\"read\",\"table\":\"rowd_slots\"}", -EINVAL, ERROR_UNKNOWN_TABLE, NULL, NULL, -1},
	{"{\"op\":\"read\",\"table\":\"pets\",\"select\":[\"nmae\"]}", -ENOENT, ERROR_UNKNOWN_COLUMN, "nmae", "`name`",
	 -1},
	{"{\"op\":\"read\",\"table\":\"pets\",\"select\":[\"Name\"]}", -ENOENT, ERROR_UNKNOWN_COLUMN, "Name", NULL, -1},
	{"{\"op\":\"read\",\"table\":\"pets\",\"select\":[\"id\",\"id\"]}", -EINVAL, ERROR_BAD_VALUE, "id", NULL, -1},
	{"{\"op\":\"read\",\"table\":\"\"}", -EINVAL, ERROR_UNKNOWN_TABLE, NULL, NULL, -1},
	{"{\"op\":\"read\",\"table\":\"pets\",\"pk\":{}}", -EINVAL, ERROR_BAD_VALUE, "id", NULL, -1},
	{"{\"op\":\"read\",\"table\":\"pets\",\"pk\":{\"age\":1}}", -EINVAL, ERROR_BAD_VALUE, "age", NULL, -1},
	{"{\"op\":\"read\",\"table\":\"pairs\",\"pk\":1}", -EINVAL, ERROR_BAD_VALUE, NULL, NULL, -1},
	{"{\"op\":\"read\",\"table\":\"pairs\",\"pk\":{\"a\":1}}", -EINVAL, ERROR_BAD_VALUE, "b", NULL, -1},
	{"{\"op\":\"read\",\"table\":\"notes\",\"pk\":1}", -EINVAL, ERROR_BAD_VALUE, NULL, "where", -1},
	{"{\"op\":\"read\",\"table\":\"pets\",\"order\":[\"-x\"]}", -ENOENT, ERROR_UNKNOWN_COLUMN, "x", NULL, -1},
	{"{\"op\":\"read\",\"table\":\"pets\",\"order\":[{\"col\":\"age\",\"nulls\":\"up\"}]}", -EINVAL,
	 ERROR_BAD_VALUE, NULL, NULL, -1},
	{"{\"op\":\"read\",\"table\":\"pets\",\"order\":[{\"col\":\"age\",\"null\":\"last\"}]}", -EINVAL,
	 ERROR_BAD_VALUE, NULL, "`nulls`", -1},
	{"{\"op\":\"read\",\"table\":\"pets\",\"order\":[{\"col\":5}]}", -EINVAL, ERROR_BAD_VALUE, NULL, "`col`", -1},
	{"{\"op\":\"read\",\"table\":\"pets\",\"order\":[{\"desc\":true}]}", -EINVAL, ERROR_BAD_VALUE, NULL, "`col`",
	 -1},
	{"{\"op\":\"read\",\"table\":\"pets\",\"select\":[\"name\"],\"distinct\":true,\"order\":[\"age\"]}", -EINVAL,
	 ERROR_BAD_VALUE, "age", "`select`", -1},
	{"{\"op\":\"read\",\"table\":\"every\",\"select\":[\"id\",\"json\"],\"distinct\":true,\"limit\":1}", -EINVAL,
	 ERROR_BAD_VALUE, "json", "`limit`", -1},
	{"{\"op\":\"create\",\"table\":\"pets\",\"values\":[{\"age\":1},{\"age\":300}]}", -EINVAL, ERROR_OUT_OF_RANGE,
	 "age", NULL, 1},
	{"{\"op\":\"create\",\"table\":\"pets\",\"values\":[{\"age\":1},{\"aeg\":3}]}", -ENOENT, ERROR_UNKNOWN_COLUMN,
	 "aeg", "`age`", 1},
	{"{\"op\":\"create\",\"table\":\"pets\",\"values\":{\"shout\":\"x\"}}", -EINVAL, ERROR_BAD_VALUE, "shout", NULL,
	 -1},
	{"{\"op\":\"create\",\"table\":\"elders\",\"values\":{}}", -EINVAL, ERROR_BAD_VALUE, NULL, "view", -1},
	{"{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"shout\":\"x\"}}", -EINVAL, ERROR_BAD_VALUE, "shout",
	 NULL, -1},
	{"{\"op\":\"ping\",\"reply_to\":\"other\"}", -EINVAL, ERROR_FORBIDDEN, NULL, "rowd:reply:", -1},
	{"{\"op\":\"ping\",\"reply_list\":\"rowd:reply:\"}", -EINVAL, ERROR_FORBIDDEN, NULL, NULL, -1},
};

static void check_refusal(struct fixture *fixture, const struct refusal *refusal)
{
	struct job *job = support_job(&fixture->policy, refusal->command);
	struct error error = {0};

	print_message("%s\n", refusal->command);
	assert_int_equal(procedure_compile(job, fixture->catalogs[SERVER_MARIADB], &support_facts, &error),
			 refusal->result);
	print_message("  %s: %s (%s)\n", error_code_name(error.code), error.message, error.hint);
	assert_string_equal(error_code_name(error.code), error_code_name(refusal->code));
	if (refusal->column)
		assert_string_equal(error.at_column, refusal->column);
	if (refusal->hint)
		assert_non_null(strstr(error.hint, refusal->hint));
	assert_int_equal(error.at_row, refusal->row);
	support_job_free(job);
}

static void refuses(void **state)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		check_refusal(*state, &refusals[i]);
}

static void refuses_an_op_that_is_not_allowed(void **state)
{
	struct fixture *fixture = *state;
	static const struct refusal refusal = {
		"{\"op\":\"delete\",\"table\":\"pets\",\"pk\":1}", -EINVAL, ERROR_FORBIDDEN, NULL, NULL, -1};

	fixture->policy.ops = ~(1u << OP_DELETE);
	check_refusal(fixture, &refusal);
}

static void refuses_what_the_server_would_not_take(void **state)
{
	struct fixture *fixture = *state;
	char *command = malloc(100000);
	struct error error = {0};
	struct job *job;
	size_t size = (size_t)sprintf(command, "{\"op\":\"create\",\"table\":\"every\",\"values\":{\"blob\":\"");

	memset(command + size, 'x', 40000);
	strcpy(command + size + 40000, "\"}}");
	job = support_job(&fixture->policy, command);
	assert_int_equal(procedure_compile(job, fixture->catalogs[SERVER_MARIADB], &support_facts, &error), -EINVAL);
	assert_int_equal(error.code, ERROR_TOO_LARGE);
	support_job_free(job);
	free(command);
}

static void mysql_needs_a_way_to_find_the_row(void **state)
{
	struct fixture *fixture = *state;
	static const char *const commands[] = {
		"{\"op\":\"create\",\"table\":\"notes\",\"values\":{\"line\":\"x\"}}",
		"{\"op\":\"delete\",\"table\":\"notes\",\"all\":true,\"returning\":true}",
		"{\"op\":\"update\",\"table\":\"notes\",\"all\":true,\"set\":{\"line\":\"y\"},\"returning\":true}"};

	for (size_t i = 0; i < 3; i++) {
		struct job *job = support_job(&fixture->policy, commands[i]);
		struct error error = {0};

		assert_int_equal(procedure_compile(job, fixture->catalogs[SERVER_MYSQL], &support_facts, &error),
				 -EINVAL);
		assert_int_equal(error.code, ERROR_BAD_VALUE);
		support_job_free(job);
	}
}

/* One look through the tables is left: the second unknown name is refused as the first, but without a hint. */
static void hints_only_as_long_as_that_is_cheap(void **state)
{
	struct fixture *fixture = *state;
	struct catalog *catalog = fixture->catalogs[SERVER_MARIADB];
	uint32_t names_left = catalog_table_count(catalog);
	struct procedure_facts facts = support_facts;

	facts.names_left = &names_left;
	for (int i = 0; i < 2; i++) {
		struct job *job = support_job(&fixture->policy, "{\"op\":\"read\",\"table\":\"petz\",\"pk\":1}");
		struct error error = {0};

		assert_int_equal(procedure_compile(job, catalog, &facts, &error), -EINVAL);
		assert_int_equal(error.code, ERROR_UNKNOWN_TABLE);
		assert_string_equal(error.hint, i == 0 ? "did you mean `pets`?" : "");
		support_job_free(job);
	}
	assert_int_equal(names_left, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_are_the_same_on_both, set_up, tear_down),
		cmocka_unit_test_setup_teardown(writes_return_rows_on_mariadb, set_up, tear_down),
		cmocka_unit_test_setup_teardown(writes_read_rows_back_on_mysql, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_writes_are_the_same_on_both, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hints_only_as_long_as_that_is_cheap, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_an_op_that_is_not_allowed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_what_the_server_would_not_take, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mysql_needs_a_way_to_find_the_row, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
