/* plan/footprint_foreign_keys.c - what a write of one table does to the tables that it refers to, and to those that
 * refer to it. */
#include "daemon/plan/footprint_rules.h"

#include <errno.h>

/* The unique key of the parent that the foreign key refers to; NULL: none has just these columns. */
static const struct key *referenced_key(const struct foreign_key *foreign_key)
{
	const struct table *parent = foreign_key->parent;

	for (uint32_t k = 0; k < parent->key_count; k++) {
		const struct key *key = &parent->keys[k];
		uint32_t found = 0;

		if (key->column_count != foreign_key->column_count)
			continue;
		for (uint32_t i = 0; i < key->column_count; i++)
			for (uint32_t j = 0; j < foreign_key->column_count; j++)
				found += bytes_equal(key->columns[i]->name, foreign_key->references[j]);
		if (found == key->column_count)
			return key;
	}
	return NULL;
}

/* The child's value for a column of the parent's key. */
static struct bytes child_value(const struct foreign_key *foreign_key, const struct column *parent_column,
				const struct bytes *row)
{
	for (uint32_t i = 0; i < foreign_key->column_count; i++)
		if (bytes_equal(foreign_key->references[i], parent_column->name))
			return row[foreign_key->columns[i]->position];
	return (struct bytes){0};
}

int footprint_add_parent(struct footprint *footprint, const struct foreign_key *foreign_key, const struct bytes *row)
{
	const struct table *parent = foreign_key->parent;
	const struct key *key = parent ? referenced_key(foreign_key) : NULL;
	uint64_t hash;
	int r;

	if (!parent)
		return 0;
	if (row)
		for (uint32_t i = 0; i < foreign_key->column_count; i++)
			if (footprint_is_null(row[foreign_key->columns[i]->position]))
				return 0;
	if (!row || !key)
		return footprint_add(footprint, footprint_table_resource(parent), FOOTPRINT_SHARE);

	hash = footprint_key_resource(parent, key);
	for (uint32_t i = 0; i < key->column_count; i++) {
		struct bytes value = child_value(foreign_key, key->columns[i], row);

		if (!value.data || !key->exact) {
			r = footprint_add(footprint, footprint_table_resource(parent), FOOTPRINT_KEY_READ);
			return r < 0 ? r
				     : footprint_add(footprint, footprint_key_resource(parent, key), FOOTPRINT_SHARE);
		}
		hash = footprint_hash(hash, value);
	}
	r = footprint_add(footprint, footprint_table_resource(parent), FOOTPRINT_KEY_READ);
	return r < 0 ? r : footprint_add_value(footprint, parent, key, FOOTPRINT_KEY_READ, hash, FOOTPRINT_SHARE);
}

/* Tables that a cascade has been through, so that cycles end. */
struct visited {
	const struct table *table;
	struct visited *next;
};

/* What happens to the rows that others refer to. */
enum fate {
	FATE_GO,
	FATE_CHANGE,
	FATE_EITHER, /* a cascade reached them */
};

/* Whether the children of such a row go or change with it; else they forbid it. */
static bool follow(const struct foreign_key *foreign_key, enum fate fate)
{
	bool when_gone = foreign_key->on_delete != FOREIGN_KEY_RESTRICT;
	bool when_changed = foreign_key->on_update != FOREIGN_KEY_RESTRICT;

	return (when_gone && fate != FATE_CHANGE) || (when_changed && fate != FATE_GO);
}

static int add_children(struct footprint *footprint, const struct table *table, const bool *changed, enum fate fate,
			struct visited **visited);

/* A cascade reaches the table: any row of it may change or go. (Cascades fire no triggers.) */
static int add_cascade(struct footprint *footprint, const struct table *table, struct visited **visited)
{
	struct visited *mark;
	int r;

	for (mark = *visited; mark; mark = mark->next)
		if (mark->table == table)
			return 0;
	mark = arena_alloc(footprint->arena, sizeof(*mark));
	if (!mark)
		return -ENOMEM;
	*mark = (struct visited){.table = table, .next = *visited};
	*visited = mark;
	r = footprint_add(footprint, footprint_table_resource(table), FOOTPRINT_WRITE);
	return r < 0 ? r : add_children(footprint, table, NULL, FATE_EITHER, visited);
}

static bool changes_referenced(const struct foreign_key *foreign_key, const bool *changed)
{
	for (uint32_t i = 0; i < foreign_key->column_count; i++) {
		const struct column *column = table_find_column(foreign_key->parent, foreign_key->references[i]);

		if (column && footprint_may_change(column, changed))
			return true;
	}
	return false;
}

/* changed: the columns that do; NULL: all that others refer to. */
static int add_children(struct footprint *footprint, const struct table *table, const bool *changed, enum fate fate,
			struct visited **visited)
{
	for (uint32_t i = 0; i < table->referenced_by_count; i++) {
		const struct foreign_key *foreign_key = table->referenced_by[i];
		int r;

		if (changed && !changes_referenced(foreign_key, changed))
			continue;
		if (follow(foreign_key, fate)) {
			r = add_cascade(footprint, foreign_key->child, visited);
		} else {
			/* The children that come meet it at the parent's key; those that go meet it here. */
			r = footprint_add(footprint, footprint_table_resource(foreign_key->child), FOOTPRINT_KEY_READ);
			if (r == 0)
				r = footprint_add(footprint, footprint_foreign_key_resource(foreign_key),
						  FOOTPRINT_SHARE);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static bool changes_foreign_key(const struct foreign_key *foreign_key, const bool *changed)
{
	for (uint32_t i = 0; i < foreign_key->column_count; i++)
		if (!changed || footprint_may_change(foreign_key->columns[i], changed))
			return true;
	return false;
}

int footprint_add_references(struct footprint *footprint, const struct table *table, const bool *changed,
			     const struct bytes *row, bool by_key)
{
	for (uint32_t i = 0; i < table->foreign_key_count; i++) {
		const struct foreign_key *foreign_key = table->foreign_keys[i];
		int r = 0;

		if (!changes_foreign_key(foreign_key, changed))
			continue;
		if (by_key)
			r = footprint_add(footprint, footprint_foreign_key_resource(foreign_key), FOOTPRINT_KEY_WRITE);
		if (r == 0 && changed)
			r = footprint_add_parent(footprint, foreign_key, row);
		if (r < 0)
			return r;
	}
	return 0;
}

int footprint_add_children(struct footprint *footprint, const struct table *table, const bool *changed)
{
	struct visited *visited = NULL;

	return add_children(footprint, table, changed, changed ? FATE_CHANGE : FATE_GO, &visited);
}
