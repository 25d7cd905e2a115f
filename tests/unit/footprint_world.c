/* footprint_world.c */
#include "footprint_world.h"

struct column parent_columns[PARENT_COLUMNS] = {
	{.name = {"id", 2}, .position = PARENT_ID, .auto_increment = true},
	{.name = {"code", 4}, .position = PARENT_CODE},
	{.name = {"name", 4}, .position = PARENT_NAME, .kind = COLUMN_TEXT},
	{.name = {"note", 4}, .position = PARENT_NOTE, .kind = COLUMN_TEXT},
};
struct column child_columns[CHILD_COLUMNS] = {
	{.name = {"id", 2}, .position = CHILD_ID},
	{.name = {"parent_id", 9}, .position = CHILD_PARENT},
	{.name = {"code", 4}, .position = CHILD_CODE},
	{.name = {"note", 4}, .position = CHILD_NOTE},
};
struct column loner_columns[LONER_COLUMNS] = {
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

struct table parent, child, loner;
static struct bytes references[] = {{"id", 2}};
struct foreign_key foreign_key = {.name = {"child_parent", 12},
				  .child = &child,
				  .parent = &parent,
				  .columns = child_parent,
				  .references = references,
				  .column_count = 1};
static struct foreign_key *foreign_keys[] = {&foreign_key};

struct arena arena;

int footprint_set_up(void **state)
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

int footprint_tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

bool waits(struct footprint later, struct footprint earlier)
{
	for (uint32_t i = 0; i < earlier.count; i++)
		for (uint32_t j = 0; j < later.count; j++)
			if (earlier.entries[i].resource == later.entries[j].resource &&
			    footprint_conflicts(earlier.entries[i].mode, later.entries[j].mode))
				return true;
	return false;
}

static struct bytes text(const char *value)
{
	return value && strcmp(value, "NULL") == 0 ? FOOTPRINT_NULL : bytes_of(value);
}

struct footprint begin(void)
{
	struct footprint footprint;

	footprint_init(&footprint, &arena);
	return footprint;
}

struct footprint create_parent(const char *id, const char *code, const char *name)
{
	struct bytes row[PARENT_COLUMNS] = {text(id), text(code), text(name)};
	struct footprint footprint = begin();

	assert_int_equal(footprint_create(&footprint, &parent, row), 0);
	return footprint;
}

struct footprint create_child(const char *id, const char *parent_value, const char *code)
{
	struct bytes row[CHILD_COLUMNS] = {text(id), text(parent_value), text(code)};
	struct footprint footprint = begin();

	assert_int_equal(footprint_create(&footprint, &child, row), 0);
	return footprint;
}

struct footprint create_loner(const char *name)
{
	struct bytes row[LONER_COLUMNS] = {text(name), text(name)};
	struct footprint footprint = begin();

	assert_int_equal(footprint_create(&footprint, &loner, row), 0);
	return footprint;
}

struct footprint read_key(const struct table *table, const char *id)
{
	struct bytes row[PARENT_COLUMNS] = {text(id)};
	struct footprint footprint = begin();

	assert_int_equal(footprint_read_key(&footprint, table, row), 0);
	return footprint;
}

struct footprint read_where(const struct table *table)
{
	struct footprint footprint = begin();

	assert_int_equal(footprint_read(&footprint, table), 0);
	return footprint;
}

struct footprint delete_key(const struct table *table, const char *id)
{
	struct bytes row[PARENT_COLUMNS] = {text(id)};
	struct footprint footprint = begin();

	assert_int_equal(footprint_write_key(&footprint, table, row, NULL, NULL), 0);
	return footprint;
}

struct footprint update_key(const struct table *table, const char *id, uint32_t column, const char *value)
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

struct footprint update_where(const struct table *table, uint32_t column)
{
	bool changed[PARENT_COLUMNS] = {false};
	struct footprint footprint = begin();

	changed[column] = true;
	assert_int_equal(footprint_write(&footprint, table, changed), 0);
	return footprint;
}

struct footprint delete_where(const struct table *table)
{
	struct footprint footprint = begin();

	assert_int_equal(footprint_write(&footprint, table, NULL), 0);
	return footprint;
}
