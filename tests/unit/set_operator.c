/* set_operator.c - what the operators of `set` become in SQL; what is refused; what is said of the result. */
#include "procedure_fixture.h"

#include "daemon/plan/footprint.h"
#include "daemon/plan/sql/shared.h"

#include <errno.h>
#include <string.h>

struct expression {
	const char *column, *value, *sql;
};

static const struct expression expressions[] = {
	{"tiny", "{'inc':1}", "`tiny` + 1.0"},
	{"tiny", "{'inc':-3}", "`tiny` + -3.0"},
	{"tiny", "{'inc':'2e1'}", "`tiny` + 20.0"},
	{"tiny", "{'inc':true}", "`tiny` + 1.0"},
	{"big", "{'mul':18446744073709551615}", "`big` * 18446744073709551615.0"},
	{"bits", "{'mul':2}", "`bits` * 2.0"},
	{"year", "{'inc':1}", "IF(`year` + 1.0 BETWEEN 1 AND 99,100,`year` + 1.0)"},
	{"money", "{'inc':1}", "`money` + 1.00"},
	{"money", "{'inc':'0.10'}", "`money` + 0.10"},
	{"money", "{'inc':-0.1}", "`money` + -0.10"},
	{"money", "{'inc':'1999.99'}", "`money` + 1999.99"},
	{"money", "{'mul':'0.125'}", "`money` * 0.125"},
	{"money", "{'mul':3}", "`money` * 3"},
	{"half", "{'inc':0.5}", "`half` + 5.0000000000000000e-01"},
	{"whole", "{'mul':'1e10'}", "`whole` * 1.0000000000000000e+10"},
	{"tiny", "{'min':7}", "IF(`tiny` > 7,7,`tiny`)"},
	{"tiny", "{'max':7}", "IF(`tiny` < 7,7,`tiny`)"},
	{"money", "{'max':'1.5'}", "IF(`money` < 1.50,1.50,`money`)"},
	{"date", "{'max':'2024-02-29'}", "IF(`date` < '2024-02-29','2024-02-29',`date`)"},
	{"text", "{'concat':'it\\'s'}", "CONCAT(`text`,'it\\'s')"},
	{"text", "{'concat':5}", "CONCAT(`text`,'5')"},
	{"text", "{'concat':'é '}", "CONCAT(`text`,'é ',IF(CHAR_LENGTH(`text`) > 3,'x',''))"},
	{"brief", "{'concat':'é '}", "CONCAT(`brief`,'é ',IF(LENGTH(`brief`) > 252,'x',''))"},
	{"blob", "{'concat':'a '}", "CONCAT(`blob`,x'6120')"},
	{"date", "{'now':true}", "CURRENT_DATE"},
	{"moment", "{'now':true}", "CURRENT_TIMESTAMP(3)"},
	{"stamp", "{'now':true}", "CURRENT_TIMESTAMP(0)"},
	{"time", "{'now':true}", "CURRENT_TIME(6)"},
	{"json", "{'default':true}", "DEFAULT"},
	{"enum", "{'default':true}", "DEFAULT"},
	{"tiny", "{'value':7}", "7"},
};

/* The command with 'single' quotes for "double" ones, and \' for a single one. */
static const char *command_of(char to[512], const char *column, const char *value)
{
	char *at = to + snprintf(to, 256, "{\"op\":\"update\",\"table\":\"every\",\"pk\":1,\"set\":{\"%s\":", column);

	for (; *value; value++) {
		if (value[0] == '\\' && value[1] == '\'')
			*at++ = *++value;
		else
			*at++ = *value == '\'' ? '"' : *value;
	}
	strcpy(at, "},\"returning\":false}");
	return to;
}

static void writes_expressions(void **state)
{
	char command[512], sql[512];

	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
		const struct expression *expression = &expressions[i];
		struct job *job = fixture_start(*state, command_of(command, expression->column, expression->value));

		snprintf(sql, sizeof(sql), "UPDATE `every` SET `%s` = %s WHERE `id` = 1", expression->column,
			 expression->sql);
		print_message("%s\n", sql);
		expect_wave(job, sql, NULL);
	}
}

struct refusal {
	const char *column, *value;
	enum error_code code;
	const char *hint; /* NULL: not looked at */
};

static const struct refusal refusals[] = {
	{"tiny", "{}", ERROR_BAD_VALUE, "`value`"},
	{"tiny", "{'inc':1,'mul':2}", ERROR_BAD_VALUE, "`value`"},
	{"tiny", "{'icn':1}", ERROR_BAD_VALUE, "did you mean `inc`?"},
	{"tiny", "{'CONCAT':1}", ERROR_BAD_VALUE, "did you mean `concat`?"},
	{"json", "{'a':1}", ERROR_BAD_VALUE, "`value`"},
	{"tiny", "{'concat':'x'}", ERROR_BAD_VALUE,
	 "tinyint(3) unsigned` takes `value`, `inc`, `mul`, `min`, `max`, `default`"},
	{"tiny", "{'now':true}", ERROR_BAD_VALUE, "`inc`"},
	{"year", "{'mul':2}", ERROR_BAD_VALUE, "takes `value`, `inc`, `min`, `max`, `default`"},
	{"text", "{'inc':1}", ERROR_BAD_VALUE, "takes `value`, `concat`, `default`"},
	{"fixed", "{'concat':'x'}", ERROR_BAD_VALUE, "takes `value`, `default`"},
	{"uuid", "{'concat':'x'}", ERROR_BAD_VALUE, "takes `value`, `default`"},
	{"set", "{'concat':'a'}", ERROR_BAD_VALUE, "takes `value`, `default`"},
	{"place", "{'max':'a'}", ERROR_BAD_VALUE, "takes `value`, `default`"},
	{"json", "{'inc':1}", ERROR_BAD_VALUE, "takes `value`, `default`"},
	{"date", "{'inc':1}", ERROR_BAD_VALUE, "takes `value`, `min`, `max`, `now`, `default`"},
	{"date", "{'now':false}", ERROR_BAD_VALUE, NULL},
	{"date", "{'now':1}", ERROR_BAD_VALUE, NULL},
	{"date", "{'default':null}", ERROR_BAD_VALUE, NULL},
	{"tiny", "{'inc':null}", ERROR_BAD_VALUE, NULL},
	{"tiny", "{'max':null}", ERROR_BAD_VALUE, NULL},
	{"tiny", "{'inc':1.5}", ERROR_BAD_VALUE, NULL},
	{"tiny", "{'mul':'x'}", ERROR_BAD_VALUE, NULL},
	{"tiny", "{'inc':[1]}", ERROR_BAD_VALUE, NULL},
	{"tiny", "{'inc':{'inc':1}}", ERROR_BAD_VALUE, NULL},
	{"tiny", "{'inc':18446744073709551616}", ERROR_OUT_OF_RANGE, NULL},
	{"tiny", "{'max':256}", ERROR_OUT_OF_RANGE, NULL},
	{"year", "{'inc':'1e30'}", ERROR_OUT_OF_RANGE, NULL},
	{"money", "{'inc':10000}", ERROR_OUT_OF_RANGE, NULL},
	{"money", "{'mul':'1e70'}", ERROR_OUT_OF_RANGE, NULL},
	{"money", "{'mul':'1e-31'}", ERROR_BAD_VALUE, NULL},
	{"money", "{'mul':{'a':1}}", ERROR_BAD_VALUE, NULL},
	{"half", "{'inc':'1e999'}", ERROR_OUT_OF_RANGE, NULL},
	{"half", "{'inc':'x'}", ERROR_BAD_VALUE, NULL},
	{"text", "{'concat':'123456'}", ERROR_DATA_TOO_LONG, NULL},
	{"text", "{'concat':1.5}", ERROR_BAD_VALUE, NULL},
	{"moment", "{'max':'soon'}", ERROR_BAD_VALUE, NULL},
	{"id", "{'inc':1}", ERROR_BAD_VALUE, "plain value"},
	{"id", "{'default':true}", ERROR_BAD_VALUE, "plain value"},
};

static void check_refusal(struct fixture *fixture, const char *command, const struct refusal *refusal)
{
	struct job *job = support_job(&fixture->policy, command);
	struct error error = {0};

	print_message("%s\n", command);
	assert_int_equal(procedure_compile(job, fixture->catalog, &support_facts, &error), -EINVAL);
	print_message("  %s: %s (%s)\n", error_code_name(error.code), error.message, error.hint);
	assert_string_equal(error_code_name(error.code), error_code_name(refusal->code));
	assert_string_equal(error.at_column, refusal->column);
	if (refusal->hint)
		assert_non_null(strstr(error.hint, refusal->hint));
	support_job_free(job);
}

static void refuses(void **state)
{
	char command[512];

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		check_refusal(*state, command_of(command, refusals[i].column, refusals[i].value), &refusals[i]);
}

/* Whether `later` has to wait for `earlier`. */
static bool waits(const struct footprint *later, const struct footprint *earlier)
{
	for (uint32_t i = 0; i < later->count; i++)
		for (uint32_t j = 0; j < earlier->count; j++)
			if (later->entries[i].resource == earlier->entries[j].resource &&
			    footprint_conflicts(earlier->entries[j].mode, later->entries[i].mode))
				return true;
	return false;
}

static bool exclude(struct fixture *fixture, const char *first, const char *second)
{
	struct job *a = support_job(&fixture->policy, first), *b = support_job(&fixture->policy, second);
	struct error error = {0};
	bool both;

	assert_int_equal(procedure_compile(a, fixture->catalog, &support_facts, &error), 0);
	assert_int_equal(procedure_compile(b, fixture->catalog, &support_facts, &error), 0);
	both = waits(procedure_footprint(a), procedure_footprint(b)) &&
	       waits(procedure_footprint(b), procedure_footprint(a));
	support_job_free(a);
	support_job_free(b);
	return both;
}

#define UPDATE(table, pk, set) "{\"op\":\"update\",\"table\":\"" table "\",\"pk\":" pk ",\"set\":{" set "}}"

static void touches_what_an_unknown_value_may_be(void **state)
{
	const char *of_one = UPDATE("pets", "1", "\"age\":{\"inc\":1}");
	const char *tag = UPDATE("pets", "1", "\"tag\":{\"concat\":\"x\"}");
	const char *parent = UPDATE("toys", "1", "\"pet_id\":{\"inc\":1}");

	assert_true(exclude(*state, of_one, of_one));
	assert_false(exclude(*state, of_one, UPDATE("pets", "2", "\"age\":{\"inc\":1}")));
	assert_true(exclude(*state, tag, UPDATE("pets", "2", "\"tag\":\"y\"")));
	assert_true(exclude(*state, tag, UPDATE("pets", "2", "\"tag\":{\"concat\":\"y\"}")));
	assert_false(exclude(*state, tag, UPDATE("pets", "2", "\"age\":1")));
	assert_true(exclude(*state, parent, "{\"op\":\"delete\",\"table\":\"pets\",\"pk\":77}"));
}

/* A CASE over the keys is for plain values. */
static void shares_no_statement(void **state)
{
	struct job *job = fixture_start(*state, UPDATE("pets", "1", "\"age\":1"));

	assert_int_not_equal(shared_hash(job), 0);
	job = fixture_start(*state, UPDATE("pets", "1", "\"age\":1,\"name\":{\"concat\":\"x\"}"));
	assert_int_equal(shared_hash(job), 0);
	job = fixture_start(*state, UPDATE("pets", "1", "\"age\":{\"value\":1}"));
	assert_int_not_equal(shared_hash(job), 0);
}

static void run_product(struct fixture *fixture, const char *set, uint32_t warnings, const char *answer)
{
	char command[256];
	struct job *job;
	struct statement_result result = {.matched = 1, .affected = 1, .warnings = warnings};

	snprintf(command, sizeof(command),
		 "{\"op\":\"update\",\"table\":\"every\",\"pk\":1,\"set\":{%s},\"returning\":false}", set);
	job = fixture_start(fixture, command);
	send_any_wave(job);
	procedure_done(job, 0, &result);
	expect_answer(job, answer);
}

#define ROUNDED                                                                                                        \
	"\"matched\":1,\"affected\":1,\"warnings\":[{\"errno\":1265,\"message\":\"column `money`: rounded to the "     \
	"digits that the column keeps\"}]}"
#define NOT_ROUNDED "\"matched\":1,\"affected\":1}"

static void says_what_is_rounded(void **state)
{
	run_product(*state, "\"money\":{\"inc\":\"0.005\"}", 0, ROUNDED);
	run_product(*state, "\"money\":{\"inc\":\"0.5\"}", 0, NOT_ROUNDED);
	run_product(*state, "\"money\":{\"mul\":\"0.5\"}", 1, ROUNDED);
	run_product(*state, "\"money\":{\"mul\":\"0.5\"}", 0, NOT_ROUNDED);
	run_product(*state, "\"money\":{\"mul\":2}", 1, NOT_ROUNDED);
	/* More digits than MySQL would make a note of. */
	run_product(*state, "\"money\":{\"mul\":\"0.12345678901234567890123456789\"}", 0, ROUNDED);
}

/* After a deadlock the row may be another. */
static void a_note_is_of_its_run(void **state)
{
	struct job *job = fixture_start(
		*state, "{\"op\":\"update\",\"table\":\"every\",\"pk\":1,\"set\":{\"money\":{\"mul\":\"0.5\"}},"
			"\"returning\":false}");
	struct statement_result noted = {.matched = 1, .affected = 1, .warnings = 1};

	send_any_wave(job);
	procedure_done(job, 0, &noted);
	procedure_restart(job);
	send_any_wave(job);
	statement_done(job, 0, 1, 1, 0);
	expect_answer(job, NOT_ROUNDED);
}

static const struct error *failure_of(struct fixture *fixture, const char *set, struct sql_error *from)
{
	char command[256];
	struct job *job;

	snprintf(command, sizeof(command), "{\"op\":\"update\",\"table\":\"every\",\"pk\":1,\"set\":{%s}}", set);
	job = fixture_start(fixture, command);
	send_any_wave(job);
	from->class = SQL_ERROR_OF_COMMAND;
	from->row = -1;
	procedure_failed(job, 0, from);
	expect_end(job, PROCEDURE_FAILED, false);
	return procedure_error(job);
}

static void names_the_column_of_an_expression(void **state)
{
	struct sql_error out_of_range = {
		.number = 1690,
		.code = ERROR_OUT_OF_RANGE,
		.message = "DOUBLE value is out of range in '`half`.`half`.`whole` * 1e308'",
	};
	struct sql_error too_long = {.number = 1406, .code = ERROR_DATA_TOO_LONG, .column = "bits"};
	const struct error *error = failure_of(*state, "\"half\":{\"inc\":1},\"whole\":{\"mul\":1e308}", &out_of_range);

	assert_string_equal(error->at_column, "whole");
	assert_int_equal(error->code, ERROR_OUT_OF_RANGE);
	error = failure_of(*state, "\"bits\":{\"inc\":1}", &too_long);
	assert_int_equal(error->code, ERROR_OUT_OF_RANGE);
	assert_string_equal(error->message, error_code_meaning(ERROR_OUT_OF_RANGE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_expressions, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(refuses, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(touches_what_an_unknown_value_may_be, fixture_set_up,
						fixture_tear_down),
		cmocka_unit_test_setup_teardown(shares_no_statement, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(says_what_is_rounded, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(a_note_is_of_its_run, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(names_the_column_of_an_expression, fixture_set_up, fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
