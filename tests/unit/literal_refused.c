/* literal_refused.c - what to do is said of a value that the server refused, by its error and by the column. */
#include "literal_fixture.h"

static int set_up(void **state)
{
	return literal_set_up(state, support_catalog(SERVER_MARIADB), "every");
}

static void hints(void **state)
{
	static const struct {
		const char *column; /* NULL: the server named none */
		uint32_t number;
		const char *word; /* "": nothing is said */
	} cases[] = {
		{"text", 1366, "character set of the column"},
		{"enum", 1366, "character set of the column"},
		{"set", 1366, "character set of the column"},
		{"place", 1366, "SRID"},
		{"json", 1366, "levels of nesting"},
		{"blob", 1366, "float32"},
		{"id", 1366, ""},
		{"year", 1366, ""},
		{"bits", 1366, ""},
		{"money", 1366, ""},
		{"half", 1366, ""},
		{"whole", 1366, ""},
		{"uuid", 1366, ""},
		{"date", 1366, ""},
		{"moment", 1366, ""},
		{"stamp", 1366, ""},
		{"time", 1366, ""},
		{NULL, 1366, ""},
		{NULL, 1210, "cannot be compared"},
		{NULL, 1267, "no character set in common"},
		{NULL, 1270, "no character set in common"},
		{"text", 1271, "no character set in common"},
		{"text", 3854, "no character set in common"},
		{"text", 3988, "no character set in common"},
		{"place", 1416, "4 bytes of SRID"},
		{NULL, 3643, "one SRID only"},
		{"blob", 6136, "float32"},
		{"json", 3140, "levels of nesting"},
		{"json", 3157, "levels of nesting"},
		{"json", 4025, "levels of nesting"},
		{"enum", 1265, "enum('a','b')"},
		{"set", 1265, "set('a','b','7')"},
		{"id", 1265, ""},
		{NULL, 1265, ""},
		{"id", 1064, ""},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct column *column = NULL;
		struct error error = {.code = ERROR_BAD_VALUE};

		if (cases[i].column) {
			column = table_find_column(fixture->compiler.table, bytes_of(cases[i].column));
			assert_non_null(column);
		}
		literal_hint_refused(column, cases[i].number, &error);
		if (!strstr(error.hint, cases[i].word) || (!*cases[i].word && *error.hint))
			fail_msg("%s, %u: %s", cases[i].column ? cases[i].column : "none", cases[i].number, error.hint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hints, set_up, literal_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
