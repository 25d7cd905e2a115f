/* footprint.c - the modes, and what each operation holds: whether one of two commands has to wait for the other. */
#include "fake_procedure.h"
#include "tests/support/unit.h"

#include "daemon/plan/footprint.h"

#include <errno.h>
#include <stdio.h>

/* parent(id auto, code integer unique, name text unique), child(id uuid-like integer, parent_id -> parent.id,
 * code integer unique, note), loner(name text primary). */
enum { PARENT_ID, PARENT_CODE, PARENT_NAME, PARENT_NOTE, PARENT_COLUMNS };
enum { CHILD_ID, CHILD_PARENT, CHILD_CODE, CHILD_NOTE, CHILD_COLUMNS };
enum { LONER_NAME, LONER_SLUG, LONER_COLUMNS };

static struct column parent_columns[PARENT_COLUMNS] = {
	{.name = {"id", 2}, .position = PARENT_ID, .auto_increment = true},
	{.name = {"code", 4}, .position = PARENT_CODE},
	{.name = {"name", 4}, .position = PARENT_NAME, .kind = COLUMN_TEXT},
	{.name = {"note", 4}, .position = PARENT_NOTE, .kind = COLUMN_TEXT},
};
static struct column child_columns[CHILD_COLUMNS] = {
	{.name = {"id", 2}, .position = CHILD_ID},
	{.name = {"parent_id", 9}, .position = CHILD_PARENT},
	{.name = {"code", 4}, .position = CHILD_CODE},
	{.name = {"note", 4}, .position = CHILD_NOTE},
};
static struct column loner_columns[LONER_COLUMNS] = {
	{.name = {"name", 4}, .position = LONER_NAME, .kind = COLUMN_TEXT},
	{.name = {"slug", 4}, .position = LONER_SLUG, .kind = COLUMN_TEXT},
};

static const struct column *parent_id[] = {&parent_columns[PARENT_ID]};
static const struct column *parent_code[] = {&parent_columns[PARENT_CODE]};
static const struct column *parent_name[] = {&parent_columns[PARENT_NAME]};
static const struct column *child_id[] = {&child_columns[CHILD_ID]};
static const struct column *child_code[] = {&child_columns[CHILD_CODE]};
static const struct column *child_parent[] = {&child_columns[CHILD_PARENT]};
static const struct column *loner_name[] = {&loner_columns[LONER_NAME]};
static const struct column *loner_slug[] = {&loner_columns[LONER_SLUG]};

static struct key parent_keys[] = {
	{.name = {"PRIMARY", 7}, .kind = KEY_PRIMARY, .columns = parent_id, .column_count = 1, .exact = true},
	{.name = {"code", 4}, .kind = KEY_UNIQUE, .columns = parent_code, .column_count = 1, .exact = true},
	{.name = {"name", 4}, .kind = KEY_UNIQUE, .columns = parent_name, .column_count = 1},
};
static struct key child_keys[] = {
	{.name = {"PRIMARY", 7}, .kind = KEY_PRIMARY, .columns = child_id, .column_count = 1, .exact = true},
	{.name = {"code", 4}, .kind = KEY_UNIQUE, .columns = child_code, .column_count = 1, .exact = true},
};
static struct key loner_keys[] = {
	{.name = {"PRIMARY", 7}, .kind = KEY_PRIMARY, .columns = loner_name, .column_count = 1},
	{.name = {"slug", 4}, .kind = KEY_UNIQUE, .columns = loner_slug, .column_count = 1},
};

static struct table parent, child, loner;
static struct bytes references[] = {{"id", 2}};
static struct foreign_key foreign_key = {.name = {"child_parent", 12},
					 .child = &child,
					 .parent = &parent,
					 .columns = child_parent,
					 .references = references,
					 .column_count = 1};
static struct foreign_key *foreign_keys[] = {&foreign_key};

/* Filled in by the test that needs it. */
static struct foreign_key cycle;

static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 20);
	foreign_key.on_delete = foreign_key.on_update = FOREIGN_KEY_RESTRICT;
	parent = (struct table){.name = {"parent", 6},
				.columns = parent_columns,
				.column_count = PARENT_COLUMNS,
				.keys = parent_keys,
				.key_count = 3,
				.primary_key = &parent_keys[0],
				.auto_increment = &parent_columns[PARENT_ID],
				.referenced_by = foreign_keys,
				.referenced_by_count = 1};
	child = (struct table){.name = {"child", 5},
			       .columns = child_columns,
			       .column_count = CHILD_COLUMNS,
			       .keys = child_keys,
			       .key_count = 2,
			       .primary_key = &child_keys[0],
			       .foreign_keys = foreign_keys,
			       .foreign_key_count = 1};
	loner = (struct table){.name = {"loner", 5},
			       .columns = loner_columns,
			       .column_count = LONER_COLUMNS,
			       .keys = loner_keys,
			       .key_count = 2,
			       .primary_key = &loner_keys[0]};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static bool waits(struct footprint later, struct footprint earlier)
{
	for (uint32_t i = 0; i < earlier.count; i++)
		for (uint32_t j = 0; j < later.count; j++)
			if (earlier.entries[i].resource == later.entries[j].resource &&
			    footprint_conflicts(earlier.entries[i].mode, later.entries[j].mode))
				return true;
	return false;
}

#define assert_waits(later, earlier)  assert_true(waits(later, earlier))
#define assert_passes(later, earlier) assert_false(waits(later, earlier))
#define assert_exclude(a, b)          assert_true(waits(a, b) && waits(b, a))
#define assert_free(a, b)             assert_false(waits(a, b) || waits(b, a))

static struct bytes text(const char *value)
{
	return value && strcmp(value, "NULL") == 0 ? FOOTPRINT_NULL : bytes_of(value);
}

static struct footprint begin(void)
{
	struct footprint footprint;

	footprint_init(&footprint, &arena);
	return footprint;
}

static struct footprint create_parent(const char *id, const char *code, const char *name)
{
	struct bytes row[PARENT_COLUMNS] = {text(id), text(code), text(name)};
	struct footprint footprint = begin();

	assert_int_equal(footprint_create(&footprint, &parent, row), 0);
	return footprint;
}

static struct footprint create_child(const char *id, const char *parent_value, const char *code)
{
	struct bytes row[CHILD_COLUMNS] = {text(id), text(parent_value), text(code)};
	struct footprint footprint = begin();

	assert_int_equal(footprint_create(&footprint, &child, row), 0);
	return footprint;
}

static struct footprint create_loner(const char *name)
{
	struct bytes row[LONER_COLUMNS] = {text(name), text(name)};
	struct footprint footprint = begin();

	assert_int_equal(footprint_create(&footprint, &loner, row), 0);
	return footprint;
}

static struct footprint read_key(const struct table *table, const char *id)
{
	struct bytes row[PARENT_COLUMNS] = {text(id)};
	struct footprint footprint = begin();

	assert_int_equal(footprint_read_key(&footprint, table, row), 0);
	return footprint;
}

static struct footprint read_where(const struct table *table)
{
	struct footprint footprint = begin();

	assert_int_equal(footprint_read(&footprint, table), 0);
	return footprint;
}

static struct footprint delete_key(const struct table *table, const char *id)
{
	struct bytes row[PARENT_COLUMNS] = {text(id)};
	struct footprint footprint = begin();

	assert_int_equal(footprint_write_key(&footprint, table, row, NULL, NULL), 0);
	return footprint;
}

static struct footprint update_key(const struct table *table, const char *id, uint32_t column, const char *value)
{
	struct bytes row[PARENT_COLUMNS] = {text(id)};
	struct bytes new_row[PARENT_COLUMNS] = {{0}};
	bool changed[PARENT_COLUMNS] = {false};
	struct footprint footprint = begin();

	new_row[column] = text(value);
	changed[column] = true;
	assert_int_equal(footprint_write_key(&footprint, table, row, changed, new_row), 0);
	return footprint;
}

static struct footprint update_where(const struct table *table, uint32_t column)
{
	bool changed[PARENT_COLUMNS] = {false};
	struct footprint footprint = begin();

	changed[column] = true;
	assert_int_equal(footprint_write(&footprint, table, changed), 0);
	return footprint;
}

static struct footprint delete_where(const struct table *table)
{
	struct footprint footprint = begin();

	assert_int_equal(footprint_write(&footprint, table, NULL), 0);
	return footprint;
}

static void test_mode_table_reads_the_same_both_ways(void **state)
{
	(void)state;
	for (uint32_t a = 0; a < FOOTPRINT_MODE_COUNT; a++)
		for (uint32_t b = 0; b < FOOTPRINT_MODE_COUNT; b++) {
			bool conflicts = footprint_conflicts((enum footprint_mode)a, (enum footprint_mode)b);

			assert_int_equal(footprint_waits_for((enum footprint_mode)b) >> a & 1, conflicts);
			assert_int_equal(footprint_holds_up((enum footprint_mode)a) >> b & 1, conflicts);
		}
	assert_true(footprint_conflicts(FOOTPRINT_KEY_WRITE, FOOTPRINT_READ));
	assert_false(footprint_conflicts(FOOTPRINT_READ, FOOTPRINT_KEY_WRITE));
	assert_false(footprint_conflicts(FOOTPRINT_KEY_WRITE, FOOTPRINT_KEY_WRITE));
	assert_false(footprint_conflicts(FOOTPRINT_CREATE, FOOTPRINT_CREATE));
	assert_true(footprint_conflicts(FOOTPRINT_CREATE, FOOTPRINT_FREE));
}

static void test_stronger_mode_is_kept(void **state)
{
	struct footprint footprint = begin();

	(void)state;
	footprint_add(&footprint, 5, FOOTPRINT_KEY_READ);
	footprint_add(&footprint, 6, FOOTPRINT_READ);
	footprint_add(&footprint, 5, FOOTPRINT_KEY_WRITE);
	footprint_add(&footprint, 5, FOOTPRINT_KEY_READ);
	assert_int_equal(footprint.count, 2);
	footprint_add(&footprint, 5, FOOTPRINT_CREATE); /* neither covers the other */
	assert_int_equal(footprint.count, 3);
	footprint_add(&footprint, 5, FOOTPRINT_WRITE);
	assert_int_equal(footprint.count, 2);
}

static void test_rows(void **state)
{
	struct footprint read = read_key(&child, "1"), other = read_key(&child, "2"), where = read_where(&child);
	struct footprint update = update_key(&child, "1", CHILD_NOTE, "x"), all = update_where(&child, CHILD_NOTE);
	struct footprint create = create_child("1", "7", "70"), gone = delete_key(&child, "1");

	(void)state;
	assert_exclude(read, update);
	assert_exclude(create, read);
	assert_exclude(create, gone);
	assert_free(read, read);
	assert_free(other, update);
	assert_exclude(update, update);
	assert_exclude(all, update);
	assert_exclude(all, read);
	assert_exclude(all, all);
	assert_waits(where, update);
	assert_waits(where, create);
	assert_waits(where, all);
	assert_passes(update, where);
	assert_passes(all, where);
	assert_free(read, where);
	assert_free(delete_where(&loner), all);
}

static void test_update_of_the_key_holds_both_rows(void **state)
{
	struct footprint moves = update_key(&child, "1", CHILD_ID, "2"),
			 blind = update_key(&child, "1", CHILD_ID, NULL);

	(void)state;
	assert_exclude(moves, read_key(&child, "1"));
	assert_exclude(moves, read_key(&child, "2"));
	assert_free(moves, read_key(&child, "3"));
	assert_exclude(blind, read_key(&child, "3"));
}

static void test_generated_keys(void **state)
{
	struct footprint first = create_parent(NULL, "1", "a"), second = create_parent(NULL, "2", "b");

	(void)state;
	assert_ptr_equal(first.creates_in, &parent);
	assert_free(first, second);
	assert_free(first, read_key(&parent, "1"));
	assert_waits(read_where(&parent), first);
	assert_passes(first, read_where(&parent));
	assert_exclude(first, update_where(&parent, PARENT_NOTE));
	assert_ptr_equal(create_parent("5", "1", "a").creates_in, &parent);
	assert_null(create_child("1", "1", "1").creates_in);
}

static void test_other_unique_keys(void **state)
{
	struct footprint create = create_child("1", "7", "70"), same = create_child("2", "7", "70");
	struct footprint none = create_child("3", "7", "NULL");

	(void)state;
	assert_exclude(create, same);
	assert_free(create, create_child("2", "7", "71"));
	assert_free(none, create_child("4", "7", "NULL"));
	/* insert k, delete k, insert k: the delete names another key. */
	assert_exclude(delete_key(&child, "9"), create);
	assert_free(delete_key(&child, "9"), none);
	assert_free(delete_key(&child, "9"), delete_key(&child, "8"));
	assert_exclude(delete_key(&child, "9"), delete_key(&child, "9"));
	assert_exclude(update_key(&child, "9", CHILD_CODE, "70"), create);
	assert_exclude(update_key(&child, "9", CHILD_CODE, "70"), update_key(&child, "8", CHILD_CODE, "70"));
	assert_exclude(update_key(&child, "9", CHILD_CODE, "70"), delete_key(&child, "8"));
	/* What leaves the key alone does not meet it. */
	assert_free(update_key(&child, "9", CHILD_NOTE, "x"), create);
	/* Two values that nobody can compare. */
	assert_exclude(create_child("1", "7", NULL), create);
	assert_free(create_child("1", "7", NULL), create_child("2", "7", NULL));
	assert_ptr_equal(create_child("1", "7", NULL).creates_in, &child);
}

static void test_text_keys(void **state)
{
	struct footprint create = create_loner("kim"), other = create_loner("KIM ");

	(void)state;
	assert_free(create, other); /* creates keep their own order */
	assert_ptr_equal(create.creates_in, &loner);
	assert_exclude(create, read_key(&loner, "x"));
	assert_exclude(create, delete_key(&loner, "x"));
	assert_exclude(delete_key(&loner, "x"), delete_key(&loner, "y"));
	assert_free(read_key(&loner, "x"), read_key(&loner, "y"));
	assert_waits(read_where(&loner), create);
}

static void test_columns_that_change_by_themselves(void **state)
{
	(void)state;
	child_columns[CHILD_CODE].kind = COLUMN_TIMESTAMP;
	assert_exclude(update_key(&child, "9", CHILD_NOTE, "x"), create_child("1", "7", "70"));
	child_columns[CHILD_CODE].kind = COLUMN_INTEGER;
	child_columns[CHILD_CODE].generated = true;
	assert_exclude(update_key(&child, "9", CHILD_NOTE, "x"), create_child("1", "7", "70"));
	child_columns[CHILD_CODE].generated = false;
}

static void test_child_reads_its_parent(void **state)
{
	struct footprint create = create_child("1", "7", "70"), moves = update_key(&child, "1", CHILD_PARENT, "7");

	(void)state;
	assert_exclude(create, delete_key(&parent, "7"));
	assert_exclude(create, create_parent("7", "1", "a"));
	assert_free(create, delete_key(&parent, "8"));
	assert_free(create, update_key(&parent, "8", PARENT_ID, "9"));
	assert_exclude(create, update_key(&parent, "8", PARENT_ID, "7"));
	assert_free(create_child("2", "NULL", "71"), delete_key(&parent, "7"));
	assert_exclude(create_child("2", NULL, "71"), delete_key(&parent, "7"));
	assert_exclude(moves, delete_key(&parent, "7"));
	assert_free(create, read_key(&parent, "7"));
	assert_free(create, create_child("2", "7", "71"));
}

static void test_restricting_children(void **state)
{
	struct footprint gone = delete_key(&parent, "7");

	(void)state;
	assert_exclude(gone, delete_key(&child, "1"));
	assert_exclude(gone, delete_where(&child));
	assert_exclude(gone, update_key(&child, "1", CHILD_PARENT, "8"));
	assert_free(gone, update_key(&child, "1", CHILD_NOTE, "x"));
	assert_free(gone, read_key(&child, "1"));
	assert_free(update_key(&parent, "7", PARENT_NOTE, "x"), delete_key(&child, "1"));
	assert_exclude(delete_where(&parent), delete_key(&child, "1"));
	assert_exclude(delete_where(&parent), create_child("1", "7", "70"));
}

static void test_cascades(void **state)
{
	(void)state;
	foreign_key.on_delete = FOREIGN_KEY_CASCADE;
	foreign_key.on_update = FOREIGN_KEY_SET_NULL;
	assert_exclude(delete_key(&parent, "7"), read_key(&child, "1"));
	assert_waits(read_where(&child), delete_key(&parent, "7"));
	assert_passes(delete_key(&parent, "7"), read_where(&child));
	assert_exclude(update_key(&parent, "7", PARENT_ID, "8"), update_key(&child, "1", CHILD_NOTE, "x"));
	assert_free(update_key(&parent, "7", PARENT_NOTE, "8"), update_key(&child, "1", CHILD_NOTE, "x"));
	assert_exclude(update_where(&parent, PARENT_ID), read_key(&child, "1"));
	assert_free(update_where(&parent, PARENT_NOTE), read_key(&child, "1"));
}

static void test_cascades_go_in_circles(void **state)
{
	static const struct column *loner_columns_of[] = {&loner_columns[LONER_SLUG]};
	static struct foreign_key *back[] = {&cycle};

	(void)state;
	/* parent <- child <- loner, and parent itself refers to child. */
	foreign_key.on_delete = FOREIGN_KEY_CASCADE;
	cycle = (struct foreign_key){.name = {"back", 4},
				     .child = &parent,
				     .parent = &child,
				     .columns = parent_code,
				     .references = references,
				     .column_count = 1,
				     .on_delete = FOREIGN_KEY_CASCADE};
	child.referenced_by = back;
	child.referenced_by_count = 1;
	assert_exclude(delete_key(&parent, "7"), read_key(&child, "1"));
	assert_exclude(delete_key(&parent, "7"), read_key(&parent, "1"));
	cycle.child = &loner;
	cycle.columns = loner_columns_of;
	assert_exclude(delete_key(&parent, "7"), read_key(&loner, "x"));
	/* A row that a cascade reaches may have changed just as well as gone. */
	cycle.on_delete = FOREIGN_KEY_RESTRICT;
	assert_free(delete_key(&parent, "7"), read_key(&loner, "x"));
	cycle.on_update = FOREIGN_KEY_CASCADE;
	assert_exclude(delete_key(&parent, "7"), read_key(&loner, "x"));
}

static void test_triggers_and_views(void **state)
{
	struct table view = {.name = {"view", 4}, .is_view = true};

	(void)state;
	child.has_triggers = true;
	assert_exclude(create_child("1", "7", "70"), read_key(&loner, "x"));
	assert_exclude(delete_key(&child, "1"), update_where(&parent, PARENT_NOTE));
	assert_waits(read_where(&loner), delete_where(&child));
	assert_passes(delete_where(&child), read_where(&loner));
	assert_free(read_key(&child, "1"), read_key(&loner, "x"));
	assert_waits(read_where(&view), create_parent("1", "1", "a"));
	assert_waits(read_key(&view, "1"), delete_key(&loner, "a"));
	assert_passes(create_parent("1", "1", "a"), read_where(&view));
	assert_exclude(delete_where(&view), read_key(&loner, "x"));
}

static void test_unknown_table_is_a_write_of_that_name(void **state)
{
	struct footprint unknown = begin(), other = begin();

	(void)state;
	assert_int_equal(footprint_unknown_table(&unknown, BYTES("child")), 0);
	assert_int_equal(footprint_unknown_table(&other, BYTES("other")), 0);
	assert_exclude(unknown, read_key(&child, "1"));
	assert_waits(read_where(&child), unknown);
	assert_free(unknown, other);
	assert_free(unknown, read_key(&loner, "x"));
}

static void test_many_rows_become_the_key(void **state)
{
	struct footprint many = begin(), few = create_child("100000", "7", "1");

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		char id[16];
		struct bytes row[CHILD_COLUMNS] = {{0}};

		snprintf(id, sizeof(id), "%u", i);
		row[CHILD_ID] = row[CHILD_CODE] = bytes_of(id);
		row[CHILD_PARENT] = FOOTPRINT_NULL;
		assert_int_equal(footprint_create(&many, &child, row), 0);
	}
	assert_in_range(many.count, 1, 80);
	assert_exclude(many, read_key(&child, "9999"));
	assert_exclude(many, few);
	assert_ptr_equal(many.creates_in, &child);
}

static void test_without_memory(void **state)
{
	(void)state;
	foreign_key.on_delete = FOREIGN_KEY_CASCADE;
	for (size_t limit = 0; limit < 128; limit += 16) {
		struct footprint footprint;
		struct bytes row[PARENT_COLUMNS] = {{"1", 1}};

		arena_free(&arena);
		arena_init(&arena, limit);
		footprint_init(&footprint, &arena);
		assert_int_equal(footprint_write_key(&footprint, &parent, row, NULL, NULL), -ENOMEM);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(mode_table_reads_the_same_both_ways),
		TEST(stronger_mode_is_kept),
		TEST(rows),
		TEST(update_of_the_key_holds_both_rows),
		TEST(generated_keys),
		TEST(other_unique_keys),
		TEST(text_keys),
		TEST(columns_that_change_by_themselves),
		TEST(child_reads_its_parent),
		TEST(restricting_children),
		TEST(cascades),
		TEST(cascades_go_in_circles),
		TEST(triggers_and_views),
		TEST(unknown_table_is_a_write_of_that_name),
		TEST(many_rows_become_the_key),
		TEST(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
