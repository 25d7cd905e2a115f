/* plan/footprint_rules.c - what each operation holds. */
#include "daemon/plan/footprint_rules.h"

#include <errno.h>

/* A command that writes more values of one key than this holds the whole key instead. */
enum { VALUES_MAX = 64 };

/* Nobody knows what a trigger does, nor which tables stand behind a view. */
static bool writes_everything(const struct table *table)
{
	return table->has_triggers || table->is_view;
}

/* --- creates --- */

/* Nobody can tell the row's value of this key from another's: the server alone compares. */
static bool is_incomparable(const struct footprint *footprint, const struct key *key, const struct bytes *row)
{
	switch (footprint_row_knows(key, row, true)) {
	case VALUE_ABSENT:
	case VALUE_GENERATED:
		return false;
	case VALUE_KNOWN:
		return footprint->count >= VALUES_MAX;
	case VALUE_UNKNOWN:
		break;
	}
	return true;
}

/* A unique key other than the primary one. */
static int add_created_value(struct footprint *footprint, const struct table *table, const struct key *key,
			     const struct bytes *row)
{
	if (is_incomparable(footprint, key, row)) {
		footprint->creates_in = table;
		return footprint_add(footprint, footprint_key_resource(table, key), FOOTPRINT_CREATE);
	}
	if (footprint_row_knows(key, row, true) != VALUE_KNOWN)
		return 0;
	return footprint_add_value(footprint, table, key, FOOTPRINT_KEY_WRITE,
				   footprint_value_resource(table, key, row), FOOTPRINT_WRITE);
}

/* The table and the primary key's value. CREATE stands for the intention too: with both, two creates would exclude
 * each other. */
static int add_created_row(struct footprint *footprint, const struct table *table, const struct bytes *row,
			   enum footprint_mode *ret_mode)
{
	const struct key *key = table->primary_key;

	*ret_mode = FOOTPRINT_KEY_WRITE;
	if (key && is_incomparable(footprint, key, row)) {
		footprint->creates_in = table;
		*ret_mode = FOOTPRINT_CREATE;
	} else if (key && footprint_row_knows(key, row, true) == VALUE_KNOWN) {
		return footprint_add_value(footprint, table, key, *ret_mode, footprint_value_resource(table, key, row),
					   FOOTPRINT_WRITE);
	}
	return footprint_add(footprint, footprint_table_resource(table), *ret_mode);
}

int footprint_create(struct footprint *footprint, const struct table *table, const struct bytes *row)
{
	enum footprint_mode mode;
	int r;

	if (table->auto_increment)
		footprint->creates_in = table;
	if (writes_everything(table))
		return footprint_add(footprint, footprint_everything, FOOTPRINT_WRITE);
	r = footprint_add(footprint, footprint_everything, FOOTPRINT_KEY_WRITE);
	if (r == 0)
		r = add_created_row(footprint, table, row, &mode);
	for (uint32_t i = 0; r == 0 && i < table->key_count; i++)
		if (&table->keys[i] != table->primary_key)
			r = add_created_value(footprint, table, &table->keys[i], row);
	for (uint32_t i = 0; r == 0 && i < table->foreign_key_count; i++) {
		/* A parent in the same table was created before it, in the same order: CREATE holds enough. */
		if (table->foreign_keys[i]->parent == table && mode == FOOTPRINT_CREATE)
			continue;
		r = footprint_add_parent(footprint, table->foreign_keys[i], row);
	}
	return r;
}

/* --- reads --- */

int footprint_read_key(struct footprint *footprint, const struct table *table, const struct bytes *row)
{
	const struct key *key = table->primary_key;
	int r;

	if (table->is_view)
		return footprint_read(footprint, table);
	r = footprint_add(footprint, footprint_everything, FOOTPRINT_KEY_READ);
	if (r < 0)
		return r;
	if (!key || footprint_row_knows(key, row, false) != VALUE_KNOWN)
		return footprint_add(footprint, footprint_table_resource(table), FOOTPRINT_SHARE);
	return footprint_add_value(footprint, table, key, FOOTPRINT_KEY_READ, footprint_value_resource(table, key, row),
				   FOOTPRINT_SHARE);
}

int footprint_read(struct footprint *footprint, const struct table *table)
{
	int r;

	/* Which tables a view reads is not in the catalog. */
	if (table->is_view)
		return footprint_add(footprint, footprint_everything, FOOTPRINT_READ);
	r = footprint_add(footprint, footprint_everything, FOOTPRINT_LOOK);
	return r < 0 ? r : footprint_add(footprint, footprint_table_resource(table), FOOTPRINT_READ);
}

/* --- updates and deletes --- */

bool footprint_may_change(const struct column *column, const bool *changed)
{
	return changed[column->position] || column->generated || column->kind == COLUMN_TIMESTAMP ||
	       column->kind == COLUMN_DATETIME;
}

/* Whether an update that sets these columns may change the key. What an expression is made of is not known. */
static bool changes_key(const struct key *key, const bool *changed)
{
	if (key->has_expression)
		return true;
	for (uint32_t i = 0; i < key->column_count; i++)
		if (footprint_may_change(key->columns[i], changed))
			return true;
	return false;
}

/* The row's primary key, before and after. */
static int add_written_row(struct footprint *footprint, const struct table *table, const struct bytes *row,
			   const bool *changed, const struct bytes *new_row)
{
	const struct key *key = table->primary_key;
	struct bytes *after;
	int r;

	if (!key || footprint_row_knows(key, row, false) != VALUE_KNOWN)
		return footprint_add(footprint, footprint_table_resource(table), FOOTPRINT_WRITE);
	r = footprint_add_value(footprint, table, key, FOOTPRINT_KEY_WRITE, footprint_value_resource(table, key, row),
				FOOTPRINT_WRITE);
	if (r < 0 || !changed || !changes_key(key, changed))
		return r;

	after = arena_alloc_array(footprint->arena, table->column_count, sizeof(*after));
	if (!after)
		return -ENOMEM;
	for (uint32_t i = 0; i < key->column_count; i++) {
		uint32_t position = key->columns[i]->position;

		after[position] = changed[position] ? new_row[position] : row[position];
		if (key->columns[i]->generated)
			after[position] = (struct bytes){0};
	}
	if (footprint_row_knows(key, after, false) != VALUE_KNOWN)
		return footprint_add(footprint, footprint_table_resource(table), FOOTPRINT_WRITE);
	return footprint_add(footprint, footprint_value_resource(table, key, after), FOOTPRINT_WRITE);
}

int footprint_write_key(struct footprint *footprint, const struct table *table, const struct bytes *row,
			const bool *changed, const struct bytes *new_row)
{
	int r;

	if (writes_everything(table))
		return footprint_add(footprint, footprint_everything, FOOTPRINT_WRITE);
	r = footprint_add(footprint, footprint_everything, FOOTPRINT_KEY_WRITE);
	if (r == 0)
		r = add_written_row(footprint, table, row, changed, new_row);
	/* What the row holds in its other keys is not known, so the whole key is held; but an update that leaves a key
	 * alone neither frees nor takes a value of it. */
	for (uint32_t i = 0; r == 0 && i < table->key_count; i++) {
		const struct key *key = &table->keys[i];

		if (key == table->primary_key || (changed && !changes_key(key, changed)))
			continue;
		r = footprint_add(footprint, footprint_key_resource(table, key),
				  changed ? FOOTPRINT_WRITE : FOOTPRINT_FREE);
	}
	if (r == 0)
		r = footprint_add_references(footprint, table, changed, new_row, true);
	return r < 0 ? r : footprint_add_children(footprint, table, changed);
}

int footprint_write(struct footprint *footprint, const struct table *table, const bool *changed)
{
	int r;

	if (writes_everything(table))
		return footprint_add(footprint, footprint_everything, FOOTPRINT_WRITE);
	r = footprint_add(footprint, footprint_everything, FOOTPRINT_KEY_WRITE);
	if (r == 0)
		r = footprint_add(footprint, footprint_table_resource(table), FOOTPRINT_WRITE);
	if (r == 0)
		r = footprint_add_references(footprint, table, changed, NULL, false);
	return r < 0 ? r : footprint_add_children(footprint, table, changed);
}

int footprint_unknown_table(struct footprint *footprint, struct bytes name)
{
	int r = footprint_add(footprint, footprint_everything, FOOTPRINT_KEY_WRITE);

	return r < 0 ? r : footprint_add(footprint, footprint_name_resource(name), FOOTPRINT_WRITE);
}
