/* footprint_foreign_keys.c - what a write holds of the tables that it refers to, and of those that refer to it. */
#include "footprint_world.h"

#include "tests/support/allocations.h"

#include <errno.h>

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

static void test_hidden_rules_may_be_any(void **state)
{
	(void)state;
	foreign_key.on_delete = foreign_key.on_update = FOREIGN_KEY_HIDDEN;
	assert_exclude(delete_key(&parent, "7"), read_key(&child, "1"));
	assert_exclude(update_key(&parent, "7", PARENT_ID, "8"), read_key(&child, "1"));
}

/* What the server computes is in nobody's `set`, and may change with any column that is. */
static void test_generated_columns_refer(void **state)
{
	(void)state;
	child_columns[CHILD_PARENT].generated = true;
	assert_exclude(update_key(&child, "1", CHILD_NOTE, "x"), create_parent("7", "1", "a"));
	assert_exclude(update_key(&child, "1", CHILD_NOTE, "x"), delete_key(&parent, "7"));
	child_columns[CHILD_PARENT].generated = false;
	assert_free(update_key(&child, "1", CHILD_NOTE, "x"), delete_key(&parent, "7"));
}

static void test_generated_columns_are_referred_to(void **state)
{
	(void)state;
	foreign_key.on_update = FOREIGN_KEY_CASCADE;
	parent_columns[PARENT_ID].generated = true;
	assert_exclude(update_where(&parent, PARENT_NOTE), read_key(&child, "1"));
	parent_columns[PARENT_ID].generated = false;
	assert_free(update_where(&parent, PARENT_NOTE), read_key(&child, "1"));
}

static void test_cascades_go_in_circles(void **state)
{
	static struct bytes references[] = {{"id", 2}};
	static const struct column *parent_code[] = {&parent_columns[PARENT_CODE]};
	static const struct column *loner_columns_of[] = {&loner_columns[LONER_SLUG]};
	static struct foreign_key cycle;
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

/* pair(a, b primary) and its child, which refers to (b, a). */
static struct column pair_columns[] = {
	{.name = {"a", 1}, .position = 0},
	{.name = {"b", 1}, .position = 1},
};
static struct column friend_columns[] = {
	{.name = {"id", 2}, .position = 0},
	{.name = {"pair_b", 6}, .position = 1},
	{.name = {"pair_a", 6}, .position = 2},
};
static const struct column *pair_a[] = {&pair_columns[0]};
static const struct column *pair_both[] = {&pair_columns[0], &pair_columns[1]};
static const struct column *friend_id[] = {&friend_columns[0]};
static const struct column *friend_both[] = {&friend_columns[1], &friend_columns[2]};
static struct key pair_keys[] = {
	{.name = {"a", 1}, .kind = KEY_UNIQUE, .columns = pair_a, .column_count = 1, .exact = true},
	{.name = {"PRIMARY", 7}, .kind = KEY_PRIMARY, .columns = pair_both, .column_count = 2, .exact = true},
};
static struct key friend_keys[] = {
	{.name = {"PRIMARY", 7}, .kind = KEY_PRIMARY, .columns = friend_id, .column_count = 1, .exact = true},
};
static struct bytes pair_references[] = {{"b", 1}, {"a", 1}};
static struct table pair, friends;
static struct foreign_key friendship = {.name = {"friendship", 10},
					.child = &friends,
					.parent = &pair,
					.columns = friend_both,
					.references = pair_references,
					.column_count = 2};
static struct foreign_key *friendships[] = {&friendship};

static void set_up_pairs(void)
{
	pair = (struct table){.name = {"pair", 4},
			      .columns = pair_columns,
			      .column_count = 2,
			      .keys = pair_keys,
			      .key_count = 2,
			      .primary_key = &pair_keys[1],
			      .referenced_by = friendships,
			      .referenced_by_count = 1};
	friends = (struct table){.name = {"friends", 7},
				 .columns = friend_columns,
				 .column_count = 3,
				 .keys = friend_keys,
				 .key_count = 1,
				 .primary_key = &friend_keys[0],
				 .foreign_keys = friendships,
				 .foreign_key_count = 1};
	friendship.parent = &pair;
}

static struct footprint create_friend(const char *pair_b, const char *pair_a_value)
{
	struct bytes row[] = {bytes_of(pair_b), bytes_of(pair_b), bytes_of(pair_a_value)};
	struct footprint footprint;

	footprint_init(&footprint, &arena);
	assert_int_equal(footprint_create(&footprint, &friends, row), 0);
	return footprint;
}

static struct footprint delete_pair(const char *a, const char *b)
{
	struct bytes row[] = {bytes_of(a), bytes_of(b)};
	struct footprint footprint;

	footprint_init(&footprint, &arena);
	assert_int_equal(footprint_write_key(&footprint, &pair, row, NULL, NULL), 0);
	return footprint;
}

static void test_key_of_several_columns_in_another_order(void **state)
{
	(void)state;
	set_up_pairs();
	assert_exclude(create_friend("2", "1"), delete_pair("1", "2"));
	assert_free(create_friend("1", "2"), delete_pair("1", "2"));
	assert_free(create_friend("2", "1"), delete_pair("1", "3"));
}

/* InnoDB lets a foreign key refer to any index: then no value of a key stands for the parent's row. */
static void test_reference_to_columns_that_are_no_key(void **state)
{
	(void)state;
	set_up_pairs();
	pair.key_count = 1;
	pair.primary_key = NULL;
	assert_exclude(create_friend("2", "1"), delete_pair("1", "2"));
	assert_exclude(create_friend("2", "1"), delete_pair("8", "9"));
	assert_free(create_friend("2", "1"), create_friend("3", "1"));
}

/* The account sees the child's table and not the parent's, or the parent is in another database. */
static void test_parent_that_is_not_in_the_catalog(void **state)
{
	(void)state;
	set_up_pairs();
	friendship.parent = NULL;
	assert_free(create_friend("2", "1"), delete_where(&parent));
	assert_free(create_friend("2", "1"), delete_pair("1", "2"));
}

/* parent.code refers to parent.id. */
static void test_table_that_refers_to_itself(void **state)
{
	static const struct column *parent_code[] = {&parent_columns[PARENT_CODE]};
	static struct bytes references[] = {{"id", 2}};
	static struct foreign_key own = {.name = {"own", 3},
					 .child = &parent,
					 .parent = &parent,
					 .columns = parent_code,
					 .references = references,
					 .column_count = 1};
	static struct foreign_key *owns[] = {&own};
	struct footprint first, second;

	(void)state;
	parent.foreign_keys = parent.referenced_by = owns;
	parent.foreign_key_count = parent.referenced_by_count = 1;
	first = create_parent(NULL, "7", "a");
	second = create_parent(NULL, "8", "b");
	/* Both may be in one INSERT: their order is kept anyway. */
	assert_ptr_equal(first.creates_in, &parent);
	assert_free(first, second);
	assert_exclude(first, delete_key(&parent, "7"));
	assert_exclude(first, create_parent("7", "9", "c"));
	assert_exclude(first, delete_where(&parent));
}

static int hold_everything(void)
{
	struct bytes row[PARENT_COLUMNS] = {{"1", 1}, {"2", 1}, {"3", 1}, {"4", 1}};
	struct bytes new_row[CHILD_COLUMNS] = {{"8", 1}, {"7", 1}, {"6", 1}, {"5", 1}};
	bool all[CHILD_COLUMNS] = {true, true, true, true};
	struct footprint footprint;

	footprint_init(&footprint, &arena);
	if (footprint_write_key(&footprint, &parent, row, NULL, NULL) < 0)
		return -ENOMEM;
	footprint_init(&footprint, &arena);
	if (footprint_read_key(&footprint, &parent, row) < 0)
		return -ENOMEM;
	footprint_init(&footprint, &arena);
	if (footprint_write_key(&footprint, &child, row, all, new_row) < 0)
		return -ENOMEM;
	footprint_init(&footprint, &arena);
	return footprint_create(&footprint, &child, row);
}

static void test_without_memory(void **state)
{
	static const enum foreign_key_action actions[] = {FOREIGN_KEY_RESTRICT, FOREIGN_KEY_CASCADE};

	(void)state;
	for (size_t i = 0; i < LENGTH(actions); i++) {
		uint32_t n = 1;

		foreign_key.on_delete = actions[i];
		for (;; n++) {
			int r;

			allocations_fail_at(n);
			r = hold_everything();
			if (!allocations_end())
				break;
			assert_int_equal(r, -ENOMEM);
		}
		assert_in_range(n, 5, 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(child_reads_its_parent),
		TEST(restricting_children),
		TEST(cascades),
		TEST(hidden_rules_may_be_any),
		TEST(generated_columns_refer),
		TEST(generated_columns_are_referred_to),
		TEST(cascades_go_in_circles),
		TEST(key_of_several_columns_in_another_order),
		TEST(reference_to_columns_that_are_no_key),
		TEST(parent_that_is_not_in_the_catalog),
		TEST(table_that_refers_to_itself),
		TEST(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
