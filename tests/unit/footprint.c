/* footprint.c - the modes, and what each operation holds: whether one of two commands has to wait for the other. What
 * foreign keys add: footprint_foreign_keys.c. */
#include "footprint_world.h"

#include <stdio.h>

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
	/* A key that is given may be larger than all before it: those generated afterwards follow it. */
	child.auto_increment = &child_columns[CHILD_ID];
	assert_ptr_equal(create_child("1", "1", "1").creates_in, &child);
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

static void assert_equal(const struct footprint *a, const struct footprint *b)
{
	assert_int_equal(a->count, b->count);
	for (uint32_t i = 0; i < a->count; i++) {
		assert_true(a->entries[i].resource == b->entries[i].resource);
		assert_int_equal(a->entries[i].mode, b->entries[i].mode);
	}
}

/* What a finished catalog has worked out once is what each command would have. */
static void test_named_resources_are_the_same(void **state)
{
	struct footprint creates = create_child("1", "7", "70"), deletes = delete_key(&child, "1");
	struct footprint creates_again, deletes_again;
	uint64_t creates_resource = footprint_creates_resource(&child);

	(void)state;
	footprint_name_resources(&child);
	footprint_name_resources(&parent);
	creates_again = create_child("1", "7", "70");
	deletes_again = delete_key(&child, "1");
	assert_equal(&creates, &creates_again);
	assert_equal(&deletes, &deletes_again);
	assert_true(child.creates_resource == creates_resource);
	assert_true(child.creates_resource != child.resource);
}

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
		TEST(triggers_and_views),
		TEST(unknown_table_is_a_write_of_that_name),
		TEST(many_rows_become_the_key),
		TEST(named_resources_are_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
