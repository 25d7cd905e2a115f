/* tests/database/introspection.c - the catalog as read from a real server. Started by tests/database/run.py. */
#include "daemon/database/introspection.h"

#include "tests/database/harness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct session *session;
static struct catalog *catalog;

static void run(const char *text)
{
	struct sql_error error;

	if (session_query(session, bytes_of(text), NULL, NULL, NULL, &error))
		fail_msg("%s: %s", text, error.message);
}

static const char *const tables[] = {
	"DROP VIEW IF EXISTS elders",
	"DROP TABLE IF EXISTS visit, pet, spot, rowd_slots",
	"CREATE TABLE spot (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, title VARCHAR(50) COLLATE utf8mb4_bin NOT NULL, "
	"UNIQUE KEY by_title (title)) ENGINE = InnoDB COMMENT = 'where they live'",
	"CREATE TABLE pet (id BIGINT PRIMARY KEY, `or` VARCHAR(20) DEFAULT 'it''s', `na``me` TEXT NULL, "
	"price DECIMAL(12,3) NOT NULL DEFAULT 1.5, born DATETIME(3), flags BIT(12), doc JSON, "
	"checked LONGTEXT CHECK (json_valid(checked) AND checked <> ''), raw VARBINARY(16), "
	"twice DECIMAL(12,3) GENERATED ALWAYS AS (price * 2) STORED, spot_id INT UNSIGNED NULL, "
	"UNIQUE KEY `pre``fix` (`na``me`(10), price), "
	"CONSTRAINT lives FOREIGN KEY (spot_id) REFERENCES spot (id) ON DELETE SET NULL ON UPDATE CASCADE)",
	"CREATE TABLE visit (day DATE, pet_id BIGINT, note CHAR(3), PRIMARY KEY (pet_id, day), KEY plain (note)) "
	"ENGINE = MyISAM",
	"CREATE TRIGGER watch BEFORE INSERT ON visit FOR EACH ROW SET NEW.note = 'new'",
	"CREATE VIEW elders AS SELECT id, price FROM pet WHERE born < '2020-01-01'",
	"CREATE TABLE rowd_slots (id INT PRIMARY KEY)",
};

static int read_catalog(void **state)
{
	struct database_options options;
	struct sql_error error;

	(void)state;
	harness_options(&options);
	assert_int_equal(session_open(&options, false, &session, &error), 0);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		run(tables[i]);
	if (introspection_read(session, &catalog, &error))
		fail_msg("%s", error.message);
	return 0;
}

static int free_catalog(void **state)
{
	(void)state;
	catalog_unref(catalog);
	session_close(session);
	return 0;
}

static const struct table *table_named(const char *name)
{
	const struct table *table = catalog_find(catalog, bytes_of(name));

	if (!table)
		fail_msg("no table %s", name);
	return table;
}

static const struct column *column_named(const char *table, const char *name)
{
	const struct column *column = table_find_column(table_named(table), bytes_of(name));

	if (!column)
		fail_msg("no column %s.%s", table, name);
	return column;
}

static void assert_text(struct bytes bytes, const char *text)
{
	if (!bytes_equal_text(bytes, text))
		fail_msg("\"%.*s\" is not \"%s\"", BYTES_ARG(bytes), text);
}

static void test_server(void **state)
{
	const struct server_facts *server = catalog_server(catalog);

	(void)state;
	assert_true(server->version > 80000);
	assert_true(server->max_allowed_packet >= 1024 * 1024);
	assert_int_equal(server->auto_increment_increment, 1);
	assert_true(strlen(server->version_text) > 4);
	assert_int_equal(server->kind == SERVER_MARIADB, strstr(server->version_text, "MariaDB") != NULL);
}

static void test_tables(void **state)
{
	(void)state;
	assert_int_equal(catalog_table_count(catalog), 4);
	assert_null(catalog_find(catalog, BYTES("rowd_slots")));
	assert_text(table_named("spot")->comment, "where they live");
	assert_text(table_named("spot")->engine, "InnoDB");
	assert_true(table_named("spot")->transactional);
	assert_text(table_named("visit")->engine, "MyISAM");
	assert_false(table_named("visit")->transactional);
	assert_true(table_named("visit")->has_triggers);
	assert_false(table_named("pet")->has_triggers);
	assert_true(table_named("elders")->is_view);
	assert_text(table_named("elders")->comment, "");
	assert_int_equal(table_named("elders")->column_count, 2);
}

static void test_columns(void **state)
{
	(void)state;
	assert_int_equal(table_named("pet")->column_count, 11);
	assert_int_equal(column_named("pet", "id")->kind, COLUMN_INTEGER);
	assert_int_equal(column_named("pet", "id")->integer_bytes, 8);
	assert_false(column_named("pet", "id")->nullable);
	assert_true(column_named("spot", "id")->is_unsigned);
	assert_true(column_named("spot", "id")->auto_increment);
	assert_text(column_named("pet", "na`me")->quoted, "`na``me`");
	assert_true(column_named("pet", "na`me")->nullable);
	assert_null(column_named("pet", "na`me")->default_text.data);
	assert_true(column_named("pet", "or")->has_default);
	assert_int_equal(column_named("pet", "or")->max_length, 20);
	assert_int_equal(column_named("pet", "price")->precision, 12);
	assert_int_equal(column_named("pet", "price")->scale, 3);
	assert_false(column_named("pet", "price")->nullable);
	assert_int_equal(column_named("pet", "born")->kind, COLUMN_DATETIME);
	assert_int_equal(column_named("pet", "born")->scale, 3);
	assert_int_equal(column_named("pet", "flags")->kind, COLUMN_BIT);
	assert_int_equal(column_named("pet", "flags")->integer_bytes, 12);
	assert_int_equal(column_named("pet", "doc")->kind, COLUMN_JSON);
	assert_int_equal(column_named("pet", "checked")->kind, COLUMN_TEXT); /* another check than JSON's own */
	assert_int_equal(column_named("pet", "raw")->kind, COLUMN_BINARY);
	assert_true(column_named("pet", "twice")->generated);
	assert_false(column_named("spot", "title")->binary_collation); /* it pads: 'a' = 'a ' */
	assert_false(column_named("pet", "or")->binary_collation);
}

static const struct key *key_named(const struct table *table, const char *name)
{
	for (uint32_t i = 0; i < table->key_count; i++) {
		if (bytes_equal_text(table->keys[i].name, name))
			return &table->keys[i];
	}
	fail_msg("no key %s", name);
	return NULL;
}

static void test_keys(void **state)
{
	const struct table *visit = table_named("visit");
	const struct key *prefix = key_named(table_named("pet"), "pre`fix");

	(void)state;
	assert_int_equal(visit->key_count, 1); /* not the plain one */
	assert_int_equal(visit->primary_key->column_count, 2);
	assert_text(visit->primary_key->columns[0]->name, "pet_id");
	assert_text(visit->primary_key->columns[1]->name, "day");
	assert_int_equal(prefix->kind, KEY_UNIQUE);
	assert_int_equal(prefix->column_count, 2);
	assert_false(prefix->exact);
	assert_true(table_named("pet")->primary_key->exact);
	assert_null(table_named("elders")->primary_key);
	assert_non_null(table_named("spot")->auto_increment);
}

static void test_foreign_keys(void **state)
{
	const struct table *pet = table_named("pet"), *spot = table_named("spot");
	const struct foreign_key *lives;

	(void)state;
	assert_int_equal(pet->foreign_key_count, 1);
	lives = pet->foreign_keys[0];
	assert_text(lives->name, "lives");
	assert_ptr_equal(lives->parent, spot);
	assert_text(lives->columns[0]->name, "spot_id");
	assert_text(lives->references[0], "id");
	assert_int_equal(lives->on_delete, FOREIGN_KEY_SET_NULL);
	assert_int_equal(lives->on_update, FOREIGN_KEY_CASCADE);
	assert_int_equal(spot->referenced_by_count, 1);
}

static struct {
	bool done;
	struct catalog *catalog;
	struct sql_error error;
} told;

static void on_done(void *context, struct catalog *read, const struct sql_error *error)
{
	(void)context;
	told.done = true;
	told.catalog = read;
	if (error)
		told.error = *error;
}

static void read_on_thread(const struct database_options *options)
{
	static const struct introspection_events events = {.done = on_done};
	uv_loop_t loop;

	memset(&told, 0, sizeof(told));
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(introspection_start(&loop, options, &events, NULL), 0);
	assert_false(told.done);
	assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
	assert_true(told.done);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_on_thread(void **state)
{
	struct database_options options;

	(void)state;
	harness_options(&options);
	read_on_thread(&options);
	assert_non_null(told.catalog);
	assert_int_equal(catalog_table_count(told.catalog), catalog_table_count(catalog));
	catalog_unref(told.catalog);

	snprintf(options.url.database, sizeof(options.url.database), "no_such_database");
	read_on_thread(&options);
	assert_null(told.catalog);
	assert_int_equal(told.error.number, 1049);
	assert_int_equal(told.error.class, SQL_ERROR_ACCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server), cmocka_unit_test(test_tables),       cmocka_unit_test(test_columns),
		cmocka_unit_test(test_keys),   cmocka_unit_test(test_foreign_keys), cmocka_unit_test(test_on_thread),
	};
	int failed;

	if (session_library_open() != 0)
		return 1;
	failed = cmocka_run_group_tests_name("database/introspection", tests, read_catalog, free_catalog);
	session_library_close();
	return failed;
}
