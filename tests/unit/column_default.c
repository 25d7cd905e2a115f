/* column_default.c - what one server tells in one way and the other in another: defaults, expressions, types. */
#include "plan_support.h"

#include "daemon/plan/column_default.h"

#include <errno.h>

struct default_case {
	enum server_kind server;
	enum column_kind kind;
	const char *told, *extra, *expected;
};

static const struct default_case cases[] = {
	{SERVER_MARIADB, COLUMN_TEXT, NULL, "", NULL},
	{SERVER_MARIADB, COLUMN_TEXT, "NULL", "", NULL},
	{SERVER_MARIADB, COLUMN_TEXT, "'NULL'", "", "'NULL'"},
	{SERVER_MARIADB, COLUMN_TEXT, "'it''s'", "", "'it''s'"},
	{SERVER_MARIADB, COLUMN_DATETIME, "current_timestamp()", "", "current_timestamp()"},
	{SERVER_MYSQL, COLUMN_TEXT, NULL, "", NULL},
	{SERVER_MYSQL, COLUMN_TEXT, "NULL", "", "'NULL'"},
	{SERVER_MYSQL, COLUMN_TEXT, "", "", "''"},
	{SERVER_MYSQL, COLUMN_TEXT, "it's", "", "'it''s'"},
	{SERVER_MYSQL, COLUMN_TEXT, "a\\b\nc\r", "", "'a\\\\b\\nc\\r'"},
	{SERVER_MYSQL, COLUMN_ENUM, "b", "", "'b'"},
	{SERVER_MYSQL, COLUMN_DATE, "2020-01-01", "", "'2020-01-01'"},
	{SERVER_MYSQL, COLUMN_INTEGER, "-3", "", "-3"},
	{SERVER_MYSQL, COLUMN_DECIMAL, "1.50", "", "1.50"},
	{SERVER_MYSQL, COLUMN_BIT, "b'101'", "", "b'101'"},
	{SERVER_MYSQL, COLUMN_BINARY, "0x6162", "", "'ab'"},
	{SERVER_MYSQL, COLUMN_BINARY, "0x6127", "", "'a'''"},
	{SERVER_MYSQL, COLUMN_BINARY, "0xFF61", "", "0xFF61"},
	{SERVER_MYSQL, COLUMN_BINARY, "0x61g1", "", "0x61g1"},
	{SERVER_MYSQL, COLUMN_BINARY, "0x", "", "0x"},
	{SERVER_MYSQL, COLUMN_BINARY, "", "", "''"},
	{SERVER_MYSQL, COLUMN_TIMESTAMP, "CURRENT_TIMESTAMP", "DEFAULT_GENERATED", "current_timestamp()"},
	{SERVER_MYSQL, COLUMN_TIMESTAMP, "CURRENT_TIMESTAMP(3)", "DEFAULT_GENERATED on update CURRENT_TIMESTAMP(3)",
	 "current_timestamp(3)"},
	{SERVER_MYSQL, COLUMN_TEXT, "CURRENT_TIMESTAMP", "", "'CURRENT_TIMESTAMP'"},
	{SERVER_MYSQL, COLUMN_TEXT, "uuid()", "DEFAULT_GENERATED", "uuid()"},
	{SERVER_MYSQL, COLUMN_INTEGER, "(`n` + 1)", "DEFAULT_GENERATED", "(`n` + 1)"},
	{SERVER_MYSQL, COLUMN_JSON, "json_object(_utf8mb4\\'a\\',1)", "DEFAULT_GENERATED", "json_object('a',1)"},
	{SERVER_MYSQL, COLUMN_TEXT, "concat(_latin1\\'a\\',_utf8mb3\\'_b\\')", "DEFAULT_GENERATED", "concat('a','_b')"},
	{SERVER_MYSQL, COLUMN_TEXT, "concat(_utf8mb4\\'it\\\\\\'s\\',_utf8mb4\\'\\\\\\\\\\',_utf8mb4\\'\"\\')",
	 "DEFAULT_GENERATED", "concat('it\\'s','\\\\','\"')"},
	{SERVER_MYSQL, COLUMN_TEXT, "concat(_utf8mb4\\'_utf8mb4\\\\\\'a\\\\\\'\\')", "DEFAULT_GENERATED",
	 "concat('_utf8mb4\\'a\\'')"},
	{SERVER_MYSQL, COLUMN_TEXT, "f(a_b\\'x\\')", "DEFAULT_GENERATED", "f(a_b'x')"},
};

static void tells_defaults_as_sql(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct catalog_column_row row = {.default_text = bytes_of(cases[i].told),
						 .extra = bytes_of(cases[i].extra)};
		struct arena arena;
		struct bytes text;

		arena_init(&arena, 1 << 16);
		assert_int_equal(column_default_read(&arena, cases[i].server, &row, cases[i].kind, &text), 0);
		if (!cases[i].expected)
			assert_null(text.data);
		else if (!bytes_equal_text(text, cases[i].expected))
			fail_msg("%.*s instead of %s", BYTES_ARG(text), cases[i].expected);
		arena_free(&arena);
	}
}

/* A table and a view, and keys of expressions beside keys of columns. */
static struct catalog *catalog_of(enum server_kind kind)
{
	static const struct server_facts servers[] = {{.kind = SERVER_MARIADB}, {.kind = SERVER_MYSQL}};
	static const char *const tables[] = {"t", "v"};
	struct catalog *catalog;

	assert_int_equal(catalog_new(&servers[kind == SERVER_MYSQL], &catalog), 0);
	for (size_t i = 0; i < 2; i++) {
		struct catalog_column_row row = {.table = bytes_of(tables[i]),
						 .name = BYTES("a"),
						 .data_type = BYTES("datetime"),
						 .column_type = BYTES("datetime /* mariadb-5.3 */"),
						 .default_text = BYTES("2020-01-01")};

		assert_int_equal(catalog_add_table(catalog, bytes_of(tables[i]), i == 1, BYTES("InnoDB"), 0, BYTES("")),
				 0);
		assert_int_equal(catalog_add_column(catalog, &row), 0);
		row.name = BYTES("b");
		row.data_type = row.column_type = BYTES("longtext");
		row.json = true;
		row.default_text = (struct bytes){0};
		assert_int_equal(catalog_add_column(catalog, &row), 0);
		row.name = BYTES("c");
		row.json = false;
		row.data_type = BYTES("enum");
		row.column_type = BYTES("enum('a /* b')");
		assert_int_equal(catalog_add_column(catalog, &row), 0);
	}
	assert_int_equal(catalog_add_key_column(catalog, BYTES("t"), BYTES("mixed"), BYTES("a"), false), 0);
	assert_int_equal(catalog_add_key_expression(catalog, BYTES("t"), BYTES("mixed"), BYTES("lower(`c`)")), 0);
	assert_int_equal(catalog_add_key_expression(catalog, BYTES("t"), BYTES("sum"), BYTES("(`a` + 1)")), 0);
	assert_int_equal(catalog_add_key_expression(catalog, BYTES("gone"), BYTES("sum"), BYTES("(`a` + 1)")), -ENOENT);
	assert_int_equal(catalog_add_key_column(catalog, BYTES("t"), BYTES("plain"), BYTES("a"), false), 0);
	assert_int_equal(catalog_finish(catalog), 0);
	return catalog;
}

static void knows_keys_with_expressions(void **state)
{
	struct catalog *catalog = catalog_of(SERVER_MYSQL);
	const struct table *table = catalog_find(catalog, BYTES("t"));

	(void)state;
	assert_int_equal(table->key_count, 3);
	assert_true(table->keys[0].has_expression && table->keys[1].has_expression);
	assert_false(table->keys[0].exact);
	/* Nobody may take `a` for unique. */
	assert_int_equal(table->keys[0].column_count, 0);
	assert_int_equal(table->keys[0].part_count, 2);
	assert_true(bytes_equal_text(table->keys[0].parts[0], "a"));
	assert_true(bytes_equal_text(table->keys[0].parts[1], "(lower(`c`))"));
	assert_true(bytes_equal_text(table->keys[1].parts[0], "(`a` + 1)"));
	assert_false(table->keys[2].has_expression);
	assert_int_equal(table->keys[2].column_count, 1);
	catalog_unref(catalog);
}

static void tells_types_as_people_wrote_them(void **state)
{
	struct catalog *catalog = catalog_of(SERVER_MARIADB);
	const struct table *table = catalog_find(catalog, BYTES("t"));

	(void)state;
	assert_true(bytes_equal_text(table->columns[0].type, "datetime"));
	assert_true(bytes_equal_text(table->columns[1].type, "json"));
	assert_true(bytes_equal_text(table->columns[2].type, "enum('a /* b')"));
	catalog_unref(catalog);
}

static void tells_no_defaults_of_views(void **state)
{
	struct catalog *catalog = catalog_of(SERVER_MYSQL);

	(void)state;
	assert_true(bytes_equal_text(catalog_find(catalog, BYTES("t"))->columns[0].default_text, "'2020-01-01'"));
	assert_null(catalog_find(catalog, BYTES("v"))->columns[0].default_text.data);
	assert_false(catalog_find(catalog, BYTES("v"))->columns[0].has_default);
	catalog_unref(catalog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_defaults_as_sql),
		cmocka_unit_test(knows_keys_with_expressions),
		cmocka_unit_test(tells_types_as_people_wrote_them),
		cmocka_unit_test(tells_no_defaults_of_views),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
