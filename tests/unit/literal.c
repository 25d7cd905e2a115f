/* literal.c - every kind of column with every kind of value, and what is refused. */
#include "literal_fixture.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static int set_up(void **state)
{
	return literal_set_up(state, support_catalog(SERVER_MARIADB), "every");
}

static int set_up_mysql(void **state)
{
	return literal_set_up(state, support_catalog(SERVER_MYSQL), "every");
}

static void expect_sql(struct fixture *fixture, const char *column, const struct value *value, enum literal_use use,
		       const char *sql)
{
	if (literal_of(fixture, column, value, use) != 0)
		fail_msg("%s: %s", column, fixture->error.message);
	buffer_append_byte(&fixture->sql, '\0');
	assert_string_equal(fixture->sql.data, sql);
}

static void expect_error(struct fixture *fixture, const char *column, const struct value *value, enum literal_use use,
			 enum error_code code)
{
	assert_int_equal(literal_of(fixture, column, value, use), -EINVAL);
	assert_string_equal(error_code_name(fixture->error.code), error_code_name(code));
	assert_string_equal(fixture->error.at_column, column);
}

struct literal_case {
	const char *column, *json, *sql; /* sql NULL: code */
	enum error_code code;
};

static void run_cases(struct fixture *fixture, const struct literal_case *cases, size_t count, enum literal_use use)
{
	for (size_t i = 0; i < count; i++) {
		const struct value *value = support_value(&fixture->arena, cases[i].json);

		print_message("%s = %s\n", cases[i].column, cases[i].json);
		if (cases[i].sql)
			expect_sql(fixture, cases[i].column, value, use, cases[i].sql);
		else
			expect_error(fixture, cases[i].column, value, use, cases[i].code);
	}
}

static const struct literal_case stored[] = {
	{"id", "5", "5", 0},
	{"id", "null", "NULL", 0},
	{"id", "true", "1", 0},
	{"id", "5.0", "5", 0},
	{"id", "\"05\"", "5", 0},
	{"id", "\"-0\"", "0", 0},
	{"id", "\"1e3\"", "1000", 0},
	{"id", "9223372036854775807", "9223372036854775807", 0},
	{"id", "9223372036854775808", NULL, ERROR_OUT_OF_RANGE},
	{"id", "-9223372036854775808", "-9223372036854775808", 0},
	{"id", "-9223372036854775809", NULL, ERROR_OUT_OF_RANGE},
	{"id", "1e300", NULL, ERROR_OUT_OF_RANGE},
	{"id", "\"1e300\"", NULL, ERROR_OUT_OF_RANGE},
	{"id", "1.5", NULL, ERROR_BAD_VALUE},
	{"id", "\"1.5\"", NULL, ERROR_BAD_VALUE},
	{"id", "\"\"", NULL, ERROR_BAD_VALUE},
	{"id", "\"5 \"", NULL, ERROR_BAD_VALUE},
	{"id", "\"0x10\"", NULL, ERROR_BAD_VALUE},
	{"id", "\"nan\"", NULL, ERROR_BAD_VALUE},
	{"since", "null", NULL, ERROR_NOT_NULL_VIOLATION},
	{"stamp", "null", "NULL", 0},
	{"id", "[1]", NULL, ERROR_BAD_VALUE},
	{"id", "{\"a\":1}", NULL, ERROR_BAD_VALUE},
	{"tiny", "255", "255", 0},
	{"tiny", "256", NULL, ERROR_OUT_OF_RANGE},
	{"tiny", "-1", NULL, ERROR_OUT_OF_RANGE},
	{"big", "18446744073709551615", "18446744073709551615", 0},
	{"big", "18446744073709551616", NULL, ERROR_OUT_OF_RANGE},
	{"year", "2155", "2155", 0},
	{"year", "0", "0", 0},
	{"year", "99", NULL, ERROR_OUT_OF_RANGE},
	{"bits", "31", "31", 0},
	{"bits", "32", NULL, ERROR_OUT_OF_RANGE},
	{"money", "1.239", "1.24", 0},
	{"money", "\"-1.235\"", "-1.24", 0},
	{"money", "1.1", "1.10", 0},
	{"money", "7", "7.00", 0},
	{"money", "\"0.004\"", "0.00", 0},
	{"money", "\"-0.004\"", "0.00", 0},
	{"money", "\"0.005\"", "0.01", 0},
	{"money", "999.99", "999.99", 0},
	{"money", "\"999.995\"", NULL, ERROR_OUT_OF_RANGE},
	{"money", "1000", NULL, ERROR_OUT_OF_RANGE},
	{"half", "0.1", "1.0000000149011612e-01", 0},
	{"half", "1e39", NULL, ERROR_OUT_OF_RANGE},
	{"half", "3.4028235e38", "3.4028234663852886e+38", 0},
	{"half", "\"-0.0\"", "-0.0000000000000000e+00", 0},
	{"whole", "0.1", "1.0000000000000001e-01", 0},
	{"whole", "\"1e308\"", "1.0000000000000000e+308", 0},
	{"whole", "\"1e309\"", NULL, ERROR_OUT_OF_RANGE},
	{"whole", "3", "3.0000000000000000e+00", 0},
	{"text", "\"a'b\"", "'a\\'b'", 0},
	{"text", "\"\\\\\\n\\u0000\\u001a\\\"\"", "'\\\\\\n\\0\\Z\\\"'", 0},
	{"text", "\"\xc3\xa4\xf0\x9f\x90\x88\"", "'\xc3\xa4\xf0\x9f\x90\x88'", 0},
	{"text", "0", "'0'", 0},
	{"text", "1.5", NULL, ERROR_BAD_VALUE},
	{"text", "\"123456\"", NULL, ERROR_DATA_TOO_LONG},
	{"text", "true", NULL, ERROR_BAD_VALUE},
	{"text", "{\"$bin\":\"/w==\"}", NULL, ERROR_BAD_VALUE},
	{"enum", "\"a\"", "'a'", 0},
	{"enum", "\"1\"", NULL, ERROR_BAD_VALUE},
	{"enum", "\" +1\"", NULL, ERROR_BAD_VALUE},
	{"enum", "1", NULL, ERROR_BAD_VALUE},
	{"set", "3", NULL, ERROR_BAD_VALUE},
	{"set", "\"7\"", "'7'", 0},
	{"set", "7", "'7'", 0},
	{"set", "\"a,b\"", "'a,b'", 0},
	{"uuid", "\"6CCD780C-baba-1026-9564-5b8c656024db\"", "'6ccd780c-baba-1026-9564-5b8c656024db'", 0},
	{"uuid", "\"6ccd780cbaba102695645b8c656024db\"", "'6ccd780c-baba-1026-9564-5b8c656024db'", 0},
	{"uuid", "\"6ccd780c\"", NULL, ERROR_BAD_VALUE},
	{"uuid", "5", NULL, ERROR_BAD_VALUE},
	{"inet", "\"::1\"", "'::1'", 0},
	{"fixed", "\"ab\"", "x'61620000'", 0},
	{"fixed", "\"abcde\"", NULL, ERROR_DATA_TOO_LONG},
	{"blob", "{\"$bin\":\"AP8=\"}", "x'00ff'", 0},
	{"blob", "\"\"", "x''", 0},
	{"blob", "1", NULL, ERROR_BAD_VALUE},
	{"date", "\"2024-02-29\"", "'2024-02-29'", 0},
	{"date", "\"2023-02-29\"", NULL, ERROR_BAD_VALUE},
	{"date", "\"1900-02-29\"", NULL, ERROR_BAD_VALUE},
	{"date", "\"2000-02-29\"", "'2000-02-29'", 0},
	{"date", "\"2024-1-1\"", NULL, ERROR_BAD_VALUE},
	{"date", "\"0000-00-00\"", "'0000-00-00'", 0},
	{"date", "\"2024-02-29T00:00:00\"", "'2024-02-29'", 0},
	{"date", "\"2024-02-29 01:00:00\"", NULL, ERROR_BAD_VALUE},
	{"date", "20240229", NULL, ERROR_BAD_VALUE},
	{"moment", "\"2024-02-29 01:02:03\"", "'2024-02-29 01:02:03.000'", 0},
	{"moment", "\"2024-02-29T01:02:03.1239Z\"", "'2024-02-29 01:02:03.123'", 0},
	{"moment", "\"2024-03-01T00:30:00+01:00\"", "'2024-02-29 23:30:00.000'", 0},
	{"moment", "\"2023-12-31T23:30:00-0100\"", "'2024-01-01 00:30:00.000'", 0},
	{"moment", "\"0000-01-01T00:00:00+01:00\"", NULL, ERROR_OUT_OF_RANGE},
	{"moment", "\"2024-02-29 24:00:00\"", NULL, ERROR_BAD_VALUE},
	{"moment", "\"2024-02-29\"", "'2024-02-29 00:00:00.000'", 0},
	{"moment", "\"2024-02-29 01:02:03x\"", NULL, ERROR_BAD_VALUE},
	{"moment", "1700000000", NULL, ERROR_BAD_VALUE},
	{"stamp", "\"2024-02-29 01:02:03.9\"", "'2024-02-29 01:02:03'", 0},
	{"stamp", "\"2038-01-19 03:14:07\"", "'2038-01-19 03:14:07'", 0},
	{"stamp", "\"2038-01-19 03:14:08\"", NULL, ERROR_OUT_OF_RANGE},
	{"stamp", "\"1970-01-01 00:00:00\"", NULL, ERROR_OUT_OF_RANGE},
	{"stamp", "\"1970-01-01T00:00:01Z\"", "'1970-01-01 00:00:01'", 0},
	{"time", "\"-838:59:59\"", "'-838:59:59.000000'", 0},
	{"time", "\"838:59:59.000001\"", "'838:59:59.000001'", 0},
	{"time", "\"839:00:00\"", NULL, ERROR_OUT_OF_RANGE},
	{"time", "\"1:02\"", "'01:02:00.000000'", 0},
	{"time", "\"-00:00:00\"", "'00:00:00.000000'", 0},
	{"time", "\"-00:00:00.5\"", "'-00:00:00.500000'", 0},
	{"time", "\"10:60:00\"", NULL, ERROR_BAD_VALUE},
	{"time", "5", NULL, ERROR_BAD_VALUE},
	{"json", "\"{\\\"a\\\": 1.10}\"", "'{\\\"a\\\": 1.10}'", 0},
	{"json", "{\"a\":[1,null]}", "'{\\\"a\\\":[1,null]}'", 0},
	{"json", "[]", "'[]'", 0},
	{"json", "7", "'7'", 0},
};

static void stores_every_kind(void **state)
{
	run_cases(*state, stored, sizeof(stored) / sizeof(stored[0]), LITERAL_STORE);
}

/* What is compared may lie beyond the column, and is not rounded. */
static const struct literal_case compared[] = {
	{"tiny", "256", "256", 0},
	{"tiny", "-1", "-1", 0},
	{"tiny", "\"1e119\"", "0.1e120", 0},
	{"tiny", "\"1e120\"", NULL, ERROR_OUT_OF_RANGE},
	{"year", "0", "0", 0},
	{"year", "24", "100", 0},
	{"year", "\"70\"", "100", 0},
	{"year", "-1", "-100", 0},
	{"year", "1970", "1970", 0},
	{"enum", "1", "'1'", 0},
	{"money", "\"1e307\"", "0.1e308", 0},
	{"money", "\"1e308\"", NULL, ERROR_OUT_OF_RANGE},
	{"tiny", "1.5", NULL, ERROR_BAD_VALUE},
	{"money", "1.239", "1.239", 0},
	{"money", "\"1000000\"", "1000000.00", 0},
	{"money", "\"1e95\"", "0.1e96", 0},
	{"money", "\"-1e-95\"", "-0.001", 0},
	{"money", "\"1.2301\"", "1.231", 0},
	{"money", "\"-1.2391\"", "-1.239", 0},
	{"money", "\"1.2300\"", "1.23", 0},
	{"money", "\"0.01000000000000000000000000000000000000000000000000000000000000000000000000000000000001\"",
	 "0.011", 0},
	{"id",
	 "\"1.00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	 "00000000000000000000000000000000000000000001\"",
	 NULL, ERROR_BAD_VALUE},
	{"half", "1e39", "9.9999999999999994e+38", 0},
	{"text", "0", "'0'", 0},
	{"text", "\"123456\"", "'123456'", 0},
	{"moment", "\"2024-02-29 01:02:03.123456\"", "'2024-02-29 01:02:03.123456'", 0},
	{"fixed", "\"a\"", "x'61000000'", 0},
};

static void compares_without_rounding(void **state)
{
	run_cases(*state, compared, sizeof(compared) / sizeof(compared[0]), LITERAL_COMPARE);
}

static void compares_documents_as_documents_on_mysql(void **state)
{
	struct fixture *fixture = *state;

	expect_sql(fixture, "json", support_value(&fixture->arena, "\"{}\""), LITERAL_COMPARE, "CAST('{}' AS JSON)");
	expect_sql(fixture, "json", support_value(&fixture->arena, "\"{}\""), LITERAL_STORE, "'{}'");
}

static void takes_what_only_msgpack_has(void **state)
{
	struct fixture *fixture = *state;
	struct value stamp = {.type = VALUE_TIMESTAMP, .integer = -1, .size = 999999999};
	struct value late = {.type = VALUE_TIMESTAMP, .integer = INT64_MAX};
	struct value single = {.type = VALUE_FLOAT32, .real = (double)0.1f};
	struct value exact = {.type = VALUE_FLOAT64, .real = 9007199254740992.0};
	struct value inexact = {.type = VALUE_FLOAT64, .real = 9007199254740994.0};
	struct value nan_value = {.type = VALUE_FLOAT64, .real = NAN};
	struct value infinite = {.type = VALUE_FLOAT32, .real = INFINITY};
	struct value extension = {.type = VALUE_EXTENSION, .extension = 5, .data = "", .size = 0};

	expect_sql(fixture, "moment", &stamp, LITERAL_STORE, "'1969-12-31 23:59:59.999'");
	assert_int_equal(fixture->warnings.count, 1);
	expect_error(fixture, "moment", &late, LITERAL_STORE, ERROR_OUT_OF_RANGE);
	expect_error(fixture, "time", &stamp, LITERAL_STORE, ERROR_BAD_VALUE);
	expect_sql(fixture, "money", &single, LITERAL_STORE, "0.10");
	assert_int_equal(fixture->warnings.count, 0);
	expect_sql(fixture, "id", &exact, LITERAL_STORE, "9007199254740992");
	expect_error(fixture, "id", &inexact, LITERAL_STORE, ERROR_BAD_VALUE);
	for (size_t i = 0; i < 5; i++) {
		static const char *const columns[] = {"id", "money", "half", "whole", "text"};

		expect_error(fixture, columns[i], &nan_value, LITERAL_STORE, ERROR_BAD_VALUE);
		expect_error(fixture, columns[i], &infinite, LITERAL_COMPARE, ERROR_BAD_VALUE);
		expect_error(fixture, columns[i], &extension, LITERAL_STORE, ERROR_BAD_VALUE);
	}
}

/* JSON has no numbers for them, wherever in a document they stand. */
static void takes_only_finite_numbers_into_documents(void **state)
{
	struct fixture *fixture = *state;
	struct value nan_value = {.type = VALUE_FLOAT64, .real = NAN};
	struct value half = {.type = VALUE_FLOAT32, .real = 0.5};
	struct value items[] = {half, nan_value};
	struct value array = {.type = VALUE_ARRAY, .size = 2, .items = items};
	struct member member = {.key = {.type = VALUE_STR, .size = 1, .data = "a"}, .value = array};
	struct value map = {.type = VALUE_MAP, .size = 1, .members = &member};

	expect_error(fixture, "json", &nan_value, LITERAL_STORE, ERROR_BAD_VALUE);
	expect_error(fixture, "json", &map, LITERAL_COMPARE, ERROR_BAD_VALUE);
	array.size = 1;
	expect_sql(fixture, "json", &array, LITERAL_STORE, "'[0.5]'");
}

/* 200 characters of two bytes each fit a VARCHAR(200), but no TINYTEXT. */
static void counts_what_the_column_counts(void **state)
{
	struct fixture *fixture = *state;
	char text[256];
	struct value value = {.type = VALUE_STR, .size = sizeof(text), .data = text};

	for (size_t i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	expect_error(fixture, "brief", &value, LITERAL_STORE, ERROR_DATA_TOO_LONG);
	value.size -= 2;
	assert_int_equal(literal_of(fixture, "brief", &value, LITERAL_STORE), 0);
}

static void warns_when_a_value_is_changed(void **state)
{
	struct fixture *fixture = *state;
	static const char *const changing[][2] = {
		{"money", "1.239"}, {"stamp", "\"2024-02-29 01:02:03.9\""}, {"time", "\"01:02:03.1234567\""}};

	for (size_t i = 0; i < 3; i++) {
		literal_of(fixture, changing[i][0], support_value(&fixture->arena, changing[i][1]), LITERAL_STORE);
		assert_int_equal(fixture->warnings.count, 1);
		assert_int_equal(fixture->warnings.items[0].server_errno, 1265);
		literal_of(fixture, changing[i][0], support_value(&fixture->arena, changing[i][1]), LITERAL_COMPARE);
		assert_int_equal(fixture->warnings.count, 0);
	}
	literal_of(fixture, "money", support_value(&fixture->arena, "1.239"), LITERAL_STORE);

	size_t used = fixture->arena.used_bytes;

	literal_append(&fixture->compiler, table_find_column(fixture->compiler.table, BYTES("money")),
		       &(struct value){.type = VALUE_FLOAT64, .real = 2.345}, LITERAL_STORE);
	assert_int_equal(fixture->warnings.count, 1);
	assert_int_equal(fixture->arena.used_bytes, used);
}

static void writes_back_what_the_server_sent(void **state)
{
	struct fixture *fixture = *state;
	static const char *const cases[][3] = {
		{"id", "-5", "-5"},         {"half", "0.5", "0.5e0"}, {"whole", "1e300", "1e300"},
		{"text", "a'b", "'a\\'b'"}, {"blob", "a", "x'61'"},   {"date", "2024-01-01", "'2024-01-01'"},
		{"money", "1.10", "1.10"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buffer_reset(&fixture->sql);
		literal_append_result(&fixture->sql, table_find_column(fixture->compiler.table, bytes_of(cases[i][0])),
				      bytes_of(cases[i][1]));
		buffer_append_byte(&fixture->sql, '\0');
		assert_string_equal(fixture->sql.data, cases[i][2]);
	}
}

static void quotes_names(void **state)
{
	struct fixture *fixture = *state;

	buffer_reset(&fixture->sql);
	literal_append_identifier(&fixture->sql, BYTES("a`b\\"));
	buffer_append_byte(&fixture->sql, '\0');
	assert_string_equal(fixture->sql.data, "`a``b\\`");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(stores_every_kind, set_up, literal_tear_down),
		cmocka_unit_test_setup_teardown(compares_without_rounding, set_up, literal_tear_down),
		cmocka_unit_test_setup_teardown(compares_documents_as_documents_on_mysql, set_up_mysql,
						literal_tear_down),
		cmocka_unit_test_setup_teardown(takes_what_only_msgpack_has, set_up, literal_tear_down),
		cmocka_unit_test_setup_teardown(takes_only_finite_numbers_into_documents, set_up, literal_tear_down),
		cmocka_unit_test_setup_teardown(counts_what_the_column_counts, set_up, literal_tear_down),
		cmocka_unit_test_setup_teardown(warns_when_a_value_is_changed, set_up, literal_tear_down),
		cmocka_unit_test_setup_teardown(writes_back_what_the_server_sent, set_up, literal_tear_down),
		cmocka_unit_test_setup_teardown(quotes_names, set_up, literal_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
