/* catalog.c - what is read from rows of text, and what memory that runs out does to it. */
#include "plan_support.h"

#include "../support/allocations.h"

#include <errno.h>
#include <string.h>

static const struct column *column_of(const struct catalog *catalog, const char *table, const char *name)
{
	const struct column *column = table_find_column(catalog_find(catalog, bytes_of(table)), bytes_of(name));

	assert_non_null(column);
	return column;
}

static void finds_by_exact_name_and_in_order(void **state)
{
	struct catalog *catalog = support_catalog(SERVER_MARIADB);

	(void)state;
	assert_non_null(catalog_find(catalog, BYTES("pets")));
	assert_null(catalog_find(catalog, BYTES("Pets")));
	assert_null(catalog_find(catalog, BYTES("pet")));
	assert_null(catalog_find(catalog, BYTES("")));
	assert_null(catalog_find(catalog, BYTES("rowd_slots")));
	for (uint32_t i = 1; i < catalog_table_count(catalog); i++)
		assert_true(strcmp(catalog_table_at(catalog, i - 1)->name.data,
				   catalog_table_at(catalog, i)->name.data) < 0);
	assert_int_equal(catalog_table_count(catalog), 13);
	assert_true(bytes_equal_text(catalog_find(catalog, BYTES("order"))->quoted, "`order`"));
	assert_true(bytes_equal_text(column_of(catalog, "order", "a`b")->quoted, "`a``b`"));
	catalog_unref(catalog);
}

static void finds_each_column_and_no_other(void **state)
{
	struct catalog *catalog = support_catalog(SERVER_MARIADB);

	(void)state;
	for (uint32_t i = 0; i < catalog_table_count(catalog); i++) {
		const struct table *table = catalog_table_at(catalog, i);

		assert_non_null(table->columns_by_name.slots);
		for (uint32_t j = 0; j < table->column_count; j++) {
			struct bytes name = table->columns[j].name;

			assert_ptr_equal(table_find_column(table, name), &table->columns[j]);
			name.size--;
			assert_ptr_not_equal(table_find_column(table, name), &table->columns[j]);
		}
		assert_null(table_find_column(table, BYTES("")));
		assert_null(table_find_column(table, BYTES("no such column")));
	}
	catalog_unref(catalog);
}

static void understands_types(void **state)
{
	static const struct {
		const char *name;
		enum column_kind kind;
		uint8_t integer_bytes;
		bool is_unsigned;
	} cases[] = {
		{"id", COLUMN_INTEGER, 8, false},      {"tiny", COLUMN_INTEGER, 1, true},
		{"year", COLUMN_YEAR, 0, false},       {"bits", COLUMN_BIT, 5, false},
		{"money", COLUMN_DECIMAL, 0, false},   {"half", COLUMN_FLOAT, 0, false},
		{"whole", COLUMN_DOUBLE, 0, false},    {"text", COLUMN_TEXT, 0, false},
		{"enum", COLUMN_ENUM, 0, false},       {"set", COLUMN_SET, 0, false},
		{"uuid", COLUMN_UUID, 0, false},       {"inet", COLUMN_UUID, 0, false},
		{"fixed", COLUMN_BINARY, 0, false},    {"blob", COLUMN_BINARY, 0, false},
		{"place", COLUMN_GEOMETRY, 0, false},  {"date", COLUMN_DATE, 0, false},
		{"moment", COLUMN_DATETIME, 0, false}, {"stamp", COLUMN_TIMESTAMP, 0, false},
		{"time", COLUMN_TIME, 0, false},       {"json", COLUMN_JSON, 0, false},
	};
	struct catalog *catalog = support_catalog(SERVER_MARIADB);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct column *column = column_of(catalog, "every", cases[i].name);

		assert_int_equal(column->kind, cases[i].kind);
		assert_int_equal(column->integer_bytes, cases[i].integer_bytes);
		assert_int_equal(column->is_unsigned, cases[i].is_unsigned);
	}
	assert_true(column_of(catalog, "every", "fixed")->is_fixed_length);
	assert_int_equal(column_of(catalog, "every", "json")->max_length, 0);
	assert_int_equal(column_of(catalog, "every", "moment")->scale, 3);
	assert_true(column_of(catalog, "pets", "shout")->generated);
	assert_true(column_of(catalog, "pets", "id")->auto_increment);
	assert_true(column_of(catalog, "pets", "tag")->binary_collation);
	assert_false(column_of(catalog, "pets", "name")->binary_collation);
	catalog_unref(catalog);
}

static void reads_defaults_as_each_server_tells_them(void **state)
{
	struct catalog *mariadb = support_catalog(SERVER_MARIADB), *mysql = support_catalog(SERVER_MYSQL);

	(void)state;
	assert_true(bytes_equal_text(column_of(mariadb, "order", "or")->default_text, "7"));
	assert_false(column_of(mariadb, "order", "a`b")->has_default);
	assert_true(column_of(mysql, "order", "a`b")->has_default); /* there it is a text of four letters */
	assert_null(column_of(mariadb, "order", "key")->default_text.data);
	catalog_unref(mariadb);
	catalog_unref(mysql);
}

static void links_keys_and_tables(void **state)
{
	struct catalog *catalog = support_catalog(SERVER_MARIADB);
	const struct table *pets = catalog_find(catalog, BYTES("pets"));
	const struct table *toys = catalog_find(catalog, BYTES("toys"));

	(void)state;
	assert_ptr_equal(pets->primary_key, &pets->keys[0]);
	assert_ptr_equal(pets->primary_key->columns[0], pets->auto_increment);
	assert_true(pets->primary_key->exact);
	assert_true(pets->keys[1].exact);
	assert_false(toys->keys[1].exact);
	assert_false(catalog_find(catalog, BYTES("words"))->primary_key->exact);
	assert_null(catalog_find(catalog, BYTES("notes"))->primary_key);
	assert_int_equal(pets->referenced_by_count, 1);
	assert_ptr_equal(pets->referenced_by[0], toys->foreign_keys[0]);
	assert_ptr_equal(toys->foreign_keys[0]->parent, pets);
	assert_ptr_equal(toys->foreign_keys[0]->child, toys);
	assert_int_equal(toys->foreign_keys[0]->on_delete, FOREIGN_KEY_CASCADE);
	assert_int_equal(toys->foreign_keys[0]->on_update, FOREIGN_KEY_RESTRICT);
	assert_true(catalog_find(catalog, BYTES("spied"))->has_triggers);
	assert_true(pets->transactional);
	catalog_unref(catalog_ref(catalog));
	catalog_unref(catalog);
	catalog_unref(NULL);
}

/* Returns what the first call that failed said. */
static int build(struct catalog **ret_catalog)
{
	static const struct server_facts server = {.kind = SERVER_MARIADB};
	static const char *const columns[] = {"a", "b", "c", "d", "e"};
	int result = catalog_new(&server, ret_catalog);

	if (result == 0)
		result = catalog_add_table(*ret_catalog, BYTES("t"), false, BYTES("MyISAM"), 0, BYTES(""));
	if (result == 0)
		result = catalog_add_not_transactional(*ret_catalog, BYTES("t"));
	for (size_t i = 0; i < 5 && result == 0; i++) {
		struct catalog_column_row row = {.table = BYTES("t"),
						 .name = bytes_of(columns[i]),
						 .data_type = BYTES("int"),
						 .column_type = BYTES("int(11)"),
						 .default_text = BYTES("1"),
						 .extra = BYTES("")};

		result = catalog_add_column(*ret_catalog, &row);
	}
	for (size_t i = 0; i < 3 && result == 0; i++)
		result = catalog_add_key_column(*ret_catalog, BYTES("t"), BYTES("PRIMARY"), bytes_of(columns[i]),
						i == 2);
	if (result == 0)
		result = catalog_add_foreign_key_column(*ret_catalog, BYTES("t"), BYTES("f"), BYTES("d"), BYTES("t"),
							BYTES("a"), BYTES("SET NULL"), BYTES("SET DEFAULT"));
	return result == 0 ? catalog_finish(*ret_catalog) : result;
}

static void survives_every_failed_allocation(void **state)
{
	(void)state;
	for (uint32_t n = 1;; n++) {
		struct catalog *catalog = NULL;
		int result;

		allocations_fail_at(n);
		result = build(&catalog);
		if (!allocations_end()) {
			const struct table *table = catalog_find(catalog, BYTES("t"));

			assert_int_equal(result, 0);
			assert_false(table->transactional);
			assert_false(table->primary_key->exact); /* over a prefix */
			assert_int_equal(table->primary_key->column_count, 3);
			assert_ptr_equal(table->foreign_keys[0]->parent, table);
			catalog_unref(catalog);
			break;
		}
		assert_int_equal(result, -ENOMEM);
		catalog_unref(catalog);
	}
}

static void skips_rows_of_what_it_does_not_know(void **state)
{
	static const struct server_facts server = {.kind = SERVER_MARIADB};
	struct catalog_column_row row = {.table = BYTES("gone"), .name = BYTES("a"), .data_type = BYTES("int")};
	struct catalog *catalog;

	(void)state;
	assert_int_equal(catalog_new(&server, &catalog), 0);
	assert_int_equal(catalog_add_table(catalog, BYTES("rowd_slots"), false, BYTES(""), 0, BYTES("")), 0);
	assert_int_equal(catalog_add_column(catalog, &row), -ENOENT);
	assert_int_equal(catalog_add_not_transactional(catalog, BYTES("gone")), -ENOENT);
	row.table = BYTES("rowd_slots");
	assert_int_equal(catalog_add_column(catalog, &row), -ENOENT);
	assert_int_equal(catalog_add_key_column(catalog, BYTES("gone"), BYTES("PRIMARY"), BYTES("a"), false), -ENOENT);
	assert_int_equal(catalog_add_trigger(catalog, BYTES("gone")), -ENOENT);
	assert_int_equal(catalog_finish(catalog), 0);
	assert_int_equal(catalog_table_count(catalog), 0);
	catalog_unref(catalog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_by_exact_name_and_in_order),
		cmocka_unit_test(finds_each_column_and_no_other),
		cmocka_unit_test(understands_types),
		cmocka_unit_test(reads_defaults_as_each_server_tells_them),
		cmocka_unit_test(links_keys_and_tables),
		cmocka_unit_test(survives_every_failed_allocation),
		cmocka_unit_test(skips_rows_of_what_it_does_not_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
