/* literal_types.c - column types whose literals follow from more than the kind of the column: what is changed on the
 * way and said so, members of a SET, documents, geometries, and where the two servers differ. */
#include "literal_fixture.h"

#include "daemon/plan/type_member.h"

#include <errno.h>
#include <math.h>

static const struct catalog_column_row rows[] = {
	{.name = {"float", 5},
	 .data_type = {"float", 5},
	 .column_type = {"float(7,3)", 10},
	 .precision = 7,
	 .scale = 3},
	{.name = {"real", 4},
	 .data_type = {"double", 6},
	 .column_type = {"double(9,2) unsigned", 20},
	 .precision = 9,
	 .scale = 2},
	{.name = {"plain", 5}, .data_type = {"double", 6}, .column_type = {"double", 6}, .precision = 22},
	{.name = {"single", 6}, .data_type = {"float", 5}, .column_type = {"float", 5}, .precision = 12},
	{.name = {"char", 4},
	 .data_type = {"char", 4},
	 .column_type = {"char(3)", 7},
	 .max_length = 3,
	 .collation = {"utf8mb4_bin", 11}},
	{.name = {"set", 3}, .data_type = {"set", 3}, .column_type = {"set('a','b c','it''s','2')", 26}},
	{.name = {"binary", 6}, .data_type = {"binary", 6}, .column_type = {"binary(2)", 9}, .max_length = 2},
	{.name = {"point", 5}, .data_type = {"point", 5}, .column_type = {"point", 5}},
	{.name = {"json", 4}, .data_type = {"json", 4}, .column_type = {"json", 4}},
	{.name = {"time", 4}, .data_type = {"time", 4}, .column_type = {"time(3)", 7}, .scale = 3},
	{.name = {"date", 4}, .data_type = {"date", 4}, .column_type = {"date", 4}},
};

static int set_up_for(void **state, enum server_kind kind)
{
	struct server_facts server = {.kind = kind, .version = kind == SERVER_MYSQL ? 90700 : 101100};
	struct catalog *catalog;

	assert_int_equal(catalog_new(&server, &catalog), 0);
	assert_int_equal(catalog_add_table(catalog, BYTES("t"), false, BYTES("InnoDB"), 0, BYTES("")), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct catalog_column_row row = rows[i];

		row.table = BYTES("t");
		row.nullable = true;
		assert_int_equal(catalog_add_column(catalog, &row), 0);
	}
	assert_int_equal(catalog_finish(catalog), 0);
	return literal_set_up(state, catalog, "t");
}

static int set_up(void **state)
{
	return set_up_for(state, SERVER_MARIADB);
}

static int set_up_mysql(void **state)
{
	return set_up_for(state, SERVER_MYSQL);
}

static void takes_value(struct fixture *fixture, const char *column, const struct value *value, enum literal_use use,
			const char *sql, uint32_t warnings)
{
	if (literal_of(fixture, column, value, use) != 0)
		fail_msg("%s: %s", column, fixture->error.message);
	buffer_append_byte(&fixture->sql, '\0');
	assert_string_equal(fixture->sql.data, sql);
	assert_int_equal(fixture->warnings.count, warnings);
}

static void takes(struct fixture *fixture, const char *column, const char *text, enum literal_use use, const char *sql,
		  uint32_t warnings)
{
	struct value value = {.type = VALUE_STR, .data = text, .size = (uint32_t)strlen(text)};

	takes_value(fixture, column, &value, use, sql, warnings);
}

static void refuse_value(struct fixture *fixture, const char *column, const struct value *value, enum error_code code)
{
	assert_int_equal(literal_of(fixture, column, value, LITERAL_STORE), -EINVAL);
	assert_int_equal(fixture->error.code, code);
	assert_string_equal(fixture->error.at_column, column);
}

static void refuse(struct fixture *fixture, const char *column, const char *text, enum error_code code)
{
	struct value value = {.type = VALUE_STR, .data = text, .size = (uint32_t)strlen(text)};

	refuse_value(fixture, column, &value, code);
}

static void rounds_floats_with_digits_as_decimals(void **state)
{
	struct fixture *fixture = *state;
	struct value half_up = {.type = VALUE_FLOAT64, .real = 1.005};
	struct value nan_value = {.type = VALUE_FLOAT64, .real = NAN};

	takes(fixture, "real", "1.25", LITERAL_STORE, "1.2500000000000000e+00", 0);
	takes_value(fixture, "real", &half_up, LITERAL_STORE, "1.0100000000000000e+00", 1);
	takes_value(fixture, "real", &half_up, LITERAL_COMPARE, "1.0049999999999999e+00", 0);
	takes(fixture, "real", "9999999.994", LITERAL_STORE, "9.9999999900000002e+06", 1);
	refuse(fixture, "real", "9999999.995", ERROR_OUT_OF_RANGE);
	refuse(fixture, "real", "-0.01", ERROR_OUT_OF_RANGE);
	takes(fixture, "float", "-0.5", LITERAL_STORE, "-5.0000000000000000e-01", 0);
	takes(fixture, "float", "0.0004", LITERAL_STORE, "0.0000000000000000e+00", 1);
	refuse(fixture, "float", "10000", ERROR_OUT_OF_RANGE);
	refuse_value(fixture, "real", &nan_value, ERROR_BAD_VALUE);
}

static void says_when_a_number_vanishes(void **state)
{
	struct fixture *fixture = *state;

	takes(fixture, "plain", "1e-400", LITERAL_STORE, "0.0000000000000000e+00", 1);
	takes(fixture, "plain", "1e-400", LITERAL_COMPARE, "0.0000000000000000e+00", 0);
	takes(fixture, "plain", "5e-324", LITERAL_STORE, "4.9406564584124654e-324", 0);
	takes(fixture, "single", "1e-50", LITERAL_STORE, "0.0000000000000000e+00", 1);
	takes(fixture, "single", "0e-50", LITERAL_STORE, "0.0000000000000000e+00", 0);
}

static void keeps_no_spaces_in_char(void **state)
{
	struct fixture *fixture = *state;

	takes(fixture, "char", "a  ", LITERAL_STORE, "'a'", 1);
	takes(fixture, "char", "abc      ", LITERAL_STORE, "'abc'", 1);
	takes(fixture, "char", "a  ", LITERAL_COMPARE, "'a'", 0);
	takes(fixture, "char", "  a", LITERAL_STORE, "'  a'", 0);
	takes(fixture, "char", "\xea\xb9\x80\xea\xb9\x80\xea\xb9\x80 ", LITERAL_STORE,
	      "'\xea\xb9\x80\xea\xb9\x80\xea\xb9\x80'", 1);
	refuse(fixture, "char", "abcd", ERROR_DATA_TOO_LONG);
	refuse(fixture, "char", " abc", ERROR_DATA_TOO_LONG);
}

static void puts_sets_in_order(void **state)
{
	struct fixture *fixture = *state;

	takes(fixture, "set", "it's,a", LITERAL_STORE, "'a,it\\'s'", 0);
	takes(fixture, "set", "b c,a,b c,a", LITERAL_STORE, "'a,b c'", 0);
	takes(fixture, "set", "2,a", LITERAL_COMPARE, "'a,2'", 0);
	takes(fixture, "set", "", LITERAL_STORE, "''", 0);
	takes(fixture, "set", "2", LITERAL_STORE, "'2'", 0);
	/* Whether B is b, and a the last one, the server has to say. */
	takes(fixture, "set", "B c,a", LITERAL_STORE, "'B c,a'", 0);
	takes(fixture, "set", "a,", LITERAL_STORE, "'a,'", 0);
	takes(fixture, "set", "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a", LITERAL_STORE,
	      "'a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a'", 0);
	refuse(fixture, "set", "1", ERROR_BAD_VALUE);
	assert_non_null(strstr(fixture->error.hint, "it''s"));
}

static void reads_members_of_a_type(void **state)
{
	static const struct {
		const char *type, *text;
		bool exists;
	} cases[] = {
		{"enum('a','b')", "b", true},
		{"enum('a','b')", "a','b", false},
		{"enum('')", "", true},
		{"enum('a')", "", false},
		{"enum('''','x')", "'", true},
		{"enum('x'',''1')", "x','1", true},
		{"enum('x'',''1')", "1", false},
		{"enum('back\\\\','x')", "back\\", true},
		{"enum('back\\\\','x')", "x", true},
		{"enum('a\\nb\\0\\r')", "a\nb", false},
		{"enum('a\\nb')", "a\nb", true},
		{"enum('a')", "aa", false},
		{"enum('aa')", "a", false},
		{"enum('a'", "a", true},
		{"enum('a", "a", false},
		{"int", "a", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (type_member_exists(bytes_of(cases[i].type), bytes_of(cases[i].text)) != cases[i].exists)
			fail_msg("%s in %s", cases[i].text, cases[i].type);
	assert_true(type_member_exists(BYTES("set('a\\0\\r')"), BYTES("a\0\r")));
}

static void says_when_binary_is_filled_up(void **state)
{
	struct fixture *fixture = *state;

	takes(fixture, "binary", "a", LITERAL_STORE, "x'6100'", 1);
	takes(fixture, "binary", "a", LITERAL_COMPARE, "x'6100'", 0);
	takes(fixture, "binary", "ab", LITERAL_STORE, "x'6162'", 0);
}

static void takes_geometries_as_the_server_keeps_them(void **state)
{
	struct fixture *fixture = *state;
	static const char little[] = "\0\0\0\0\1\1\0\0\0", big[] = "\0\0\0\0\0\0\0\0\7", other[] = "\0\0\0\0\2\1\0\0\0",
			  unknown[] = "\0\0\0\0\1\10\0\0\0";
	struct value value = {.type = VALUE_BIN, .data = little, .size = 9};

	takes_value(fixture, "point", &value, LITERAL_STORE, "x'000000000101000000'", 0);
	value.data = big;
	takes_value(fixture, "point", &value, LITERAL_STORE, "x'000000000000000007'", 0);
	value.data = other;
	refuse_value(fixture, "point", &value, ERROR_BAD_VALUE);
	value.data = unknown;
	refuse_value(fixture, "point", &value, ERROR_BAD_VALUE);
	value.size = 8;
	refuse_value(fixture, "point", &value, ERROR_BAD_VALUE);
	assert_non_null(strstr(fixture->error.hint, "SRID"));
	refuse(fixture, "point", "POINT(1 2)", ERROR_BAD_VALUE);
}

static void takes_only_documents(void **state)
{
	struct fixture *fixture = *state;
	static const char *const wrong[] = {"",     "x",           "{",       "1.",  "01",
					    "[1,]", "\"\\ud800\"", "\"\\x\"", "1 2", "\"a\nb\""};
	struct value broken = {.type = VALUE_STR, .data = "\xff", .size = 1};
	struct value array = {.type = VALUE_ARRAY, .items = &broken, .size = 1};
	struct member member = {.key = broken, .value = {.type = VALUE_NIL}};
	struct value map = {.type = VALUE_MAP, .members = &member, .size = 1};

	takes(fixture, "json", " [1.10, \"\\ud83d\\ude00\"] ", LITERAL_STORE, "' [1.10, \\\"\\\\ud83d\\\\ude00\\\"] '",
	      0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		refuse(fixture, "json", wrong[i], ERROR_BAD_VALUE);
	refuse_value(fixture, "json", &broken, ERROR_BAD_VALUE);
	refuse_value(fixture, "json", &array, ERROR_BAD_VALUE);
	refuse_value(fixture, "json", &map, ERROR_BAD_VALUE);
	broken.type = VALUE_BIN;
	takes_value(fixture, "json", &array, LITERAL_STORE, "'[{\\\"$bin\\\":\\\"/w==\\\"}]'", 0);
}

static void says_which_numbers_of_documents_mysql_rounds(void **state)
{
	struct fixture *fixture = *state;
	static const char *const kept[] = {"[1.10, -0, 1e300, true, false, null]", "18446744073709551615",
					   "-9223372036854775808", "{\"1e999\\\"\": \"1.00000000000000000001\"}",
					   "\"\""};
	static const char *const rounded[] = {"12345678901234567890.125", "[18446744073709551616]",
					      "{\"a\": -9223372036854775809}", "[1, 0.12345678901234567890]", "1e400"};
	struct value number = {.type = VALUE_NUMBER, .data = "0.1234567890123456789", .size = 21};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		struct value value = {.type = VALUE_STR, .data = kept[i], .size = (uint32_t)strlen(kept[i])};

		assert_int_equal(literal_of(fixture, "json", &value, LITERAL_STORE), 0);
		assert_int_equal(fixture->warnings.count, 0);
	}
	for (size_t i = 0; i < sizeof(rounded) / sizeof(rounded[0]); i++) {
		struct value value = {.type = VALUE_STR, .data = rounded[i], .size = (uint32_t)strlen(rounded[i])};

		assert_int_equal(literal_of(fixture, "json", &value, LITERAL_STORE), 0);
		assert_int_equal(fixture->warnings.count, 1);
		assert_int_equal(literal_of(fixture, "json", &value, LITERAL_COMPARE), 0);
		assert_int_equal(fixture->warnings.count, 0);
	}
	takes_value(fixture, "json", &number, LITERAL_STORE, "'0.1234567890123456789'", 1);
}

static void knows_where_a_time_ends_on_mariadb(void **state)
{
	struct fixture *fixture = *state;
	struct value number = {.type = VALUE_INT, .integer = 120000};

	takes(fixture, "time", "838:59:59.999", LITERAL_STORE, "'838:59:59.999'", 0);
	takes(fixture, "time", "-838:59:59.9999", LITERAL_STORE, "'-838:59:59.999'", 1);
	refuse(fixture, "time", "839:00:00", ERROR_OUT_OF_RANGE);
	refuse(fixture, "time", "999999999:00:00", ERROR_OUT_OF_RANGE);
	refuse(fixture, "time", "1000000000:00:00", ERROR_BAD_VALUE);
	refuse_value(fixture, "time", &number, ERROR_BAD_VALUE);
	assert_non_null(strstr(fixture->error.hint, "HH:MM:SS"));
}

static void knows_where_a_time_ends_on_mysql(void **state)
{
	struct fixture *fixture = *state;

	takes(fixture, "time", "838:59:59.0009", LITERAL_STORE, "'838:59:59.000'", 1);
	takes(fixture, "time", "838:59:58.999", LITERAL_STORE, "'838:59:58.999'", 0);
	refuse(fixture, "time", "838:59:59.999", ERROR_OUT_OF_RANGE);
}

/* Which would be equal to what the column keeps, were it a mere text. */
static void compares_a_finer_time_as_a_time_on_mysql(void **state)
{
	struct fixture *fixture = *state;

	takes(fixture, "time", "-00:00:01.1234", LITERAL_COMPARE, "TIME'-00:00:01.1234'", 0);
	takes(fixture, "time", "-00:00:01.1230", LITERAL_COMPARE, "'-00:00:01.123'", 0);
	takes(fixture, "time", "-00:00:01.1234", LITERAL_STORE, "'-00:00:01.123'", 1);
}

static void finds_dates_with_zeros_but_stores_none(void **state)
{
	struct fixture *fixture = *state;

	takes(fixture, "date", "2024-00-00", LITERAL_COMPARE, "'2024-00-00'", 0);
	takes(fixture, "date", "2024-02-00", LITERAL_COMPARE, "'2024-02-00'", 0);
	takes(fixture, "date", "0000-00-00", LITERAL_STORE, "'0000-00-00'", 0);
	refuse(fixture, "date", "2024-00-01", ERROR_BAD_VALUE);
	refuse(fixture, "date", "2024-01-00", ERROR_BAD_VALUE);
	assert_int_equal(literal_of(fixture, "date",
				    &(struct value){.type = VALUE_STR, .data = "2024-13-00", .size = 10},
				    LITERAL_COMPARE),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rounds_floats_with_digits_as_decimals, set_up, literal_tear_down),
		cmocka_unit_test_setup_teardown(says_when_a_number_vanishes, set_up, literal_tear_down),
		cmocka_unit_test_setup_teardown(keeps_no_spaces_in_char, set_up, literal_tear_down),
		cmocka_unit_test_setup_teardown(puts_sets_in_order, set_up, literal_tear_down),
		cmocka_unit_test(reads_members_of_a_type),
		cmocka_unit_test_setup_teardown(says_when_binary_is_filled_up, set_up, literal_tear_down),
		cmocka_unit_test_setup_teardown(takes_geometries_as_the_server_keeps_them, set_up, literal_tear_down),
		cmocka_unit_test_setup_teardown(takes_only_documents, set_up, literal_tear_down),
		cmocka_unit_test_setup_teardown(says_which_numbers_of_documents_mysql_rounds, set_up_mysql,
						literal_tear_down),
		cmocka_unit_test_setup_teardown(knows_where_a_time_ends_on_mariadb, set_up, literal_tear_down),
		cmocka_unit_test_setup_teardown(knows_where_a_time_ends_on_mysql, set_up_mysql, literal_tear_down),
		cmocka_unit_test_setup_teardown(compares_a_finer_time_as_a_time_on_mysql, set_up_mysql,
						literal_tear_down),
		cmocka_unit_test_setup_teardown(finds_dates_with_zeros_but_stores_none, set_up, literal_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
