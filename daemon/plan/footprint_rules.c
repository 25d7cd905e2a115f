/* plan/footprint_rules.c - what each operation holds.
 *
 * The primary key's node is the table's own: whoever reads or writes a row by key goes by it anyway. Every other unique
 * key has a node below the table, and so has each foreign key, for the question "does a child refer to this row?". */
#include "daemon/plan/footprint.h"

#include <assert.h>
#include <errno.h>

/* A command that writes more values of one key than this holds the whole key instead. */
enum { VALUES_MAX = 64 };

/* What a resource is the hash of. */
enum resource_kind { RESOURCE_EVERYTHING, RESOURCE_TABLE, RESOURCE_KEY, RESOURCE_FOREIGN_KEY, RESOURCE_CREATES };

static const uint64_t everything = RESOURCE_EVERYTHING;

/* splitmix64's last step: spreads what multiplication alone leaves in the high bits. */
static uint64_t mix(uint64_t hash)
{
	hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
	hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
	return hash ^ hash >> 31;
}

/* FNV-1a over the text; its size goes in too, so that ("a", "bc") is not ("ab", "c"). */
static uint64_t hash_bytes(uint64_t hash, struct bytes bytes)
{
	hash ^= mix(bytes.size + 1);
	for (size_t i = 0; i < bytes.size; i++)
		hash = (hash ^ (unsigned char)bytes.data[i]) * 0x100000001b3u;
	return mix(hash);
}

static uint64_t named(enum resource_kind kind, struct bytes name)
{
	return hash_bytes(mix((uint64_t)kind), name);
}

static uint64_t table_resource(const struct table *table)
{
	return named(RESOURCE_TABLE, table->name);
}

uint64_t footprint_creates_resource(const struct table *table)
{
	return named(RESOURCE_CREATES, table->name);
}

static uint64_t key_resource(const struct table *table, const struct key *key)
{
	if (key == table->primary_key)
		return table_resource(table);
	return hash_bytes(named(RESOURCE_KEY, table->name), key->name);
}

static uint64_t foreign_key_resource(const struct foreign_key *foreign_key)
{
	return hash_bytes(named(RESOURCE_FOREIGN_KEY, foreign_key->child->name), foreign_key->name);
}

static bool is_null(struct bytes value)
{
	return !value.data && value.size > 0;
}

/* How much a row tells of one key of its table. */
enum knowledge {
	VALUE_KNOWN,
	VALUE_ABSENT,    /* one of its columns is NULL: it is in no unique key, and refers to nothing */
	VALUE_GENERATED, /* by AUTO_INCREMENT: equal to no other */
	VALUE_UNKNOWN,
};

static enum knowledge row_knows(const struct key *key, const struct bytes *row, bool creates)
{
	enum knowledge knowledge = key->exact ? VALUE_KNOWN : VALUE_UNKNOWN;

	for (uint32_t i = 0; i < key->column_count; i++) {
		struct bytes value = row[key->columns[i]->position];

		if (key->columns[i]->auto_increment && creates && !value.data)
			return VALUE_GENERATED;
		if (is_null(value))
			return VALUE_ABSENT;
		if (!value.data)
			knowledge = VALUE_UNKNOWN;
	}
	return knowledge;
}

static uint64_t value_resource(const struct table *table, const struct key *key, const struct bytes *row)
{
	uint64_t hash = key_resource(table, key);

	for (uint32_t i = 0; i < key->column_count; i++)
		hash = hash_bytes(hash, row[key->columns[i]->position]);
	return hash;
}

/* Holds one value of a key: `intention` on the key, `mode` on the value. */
static int add_value(struct footprint *footprint, const struct table *table, const struct key *key,
		     enum footprint_mode intention, uint64_t value, enum footprint_mode mode)
{
	int r = footprint_add(footprint, key_resource(table, key), intention);

	return r < 0 ? r : footprint_add(footprint, value, mode);
}

/* Nobody knows what a trigger does, nor which tables stand behind a view. */
static bool writes_everything(const struct table *table)
{
	return table->has_triggers || table->is_view;
}

/* --- foreign keys --- */

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

/* The child reads the parent's row. row: the child's, NULL when nothing of it is known. */
static int add_parent(struct footprint *footprint, const struct foreign_key *foreign_key, const struct bytes *row)
{
	const struct table *parent = foreign_key->parent;
	const struct key *key = parent ? referenced_key(foreign_key) : NULL;
	uint64_t hash;
	int r;

	if (!parent)
		return 0;
	if (row)
		for (uint32_t i = 0; i < foreign_key->column_count; i++)
			if (is_null(row[foreign_key->columns[i]->position]))
				return 0;
	if (!row || !key)
		return footprint_add(footprint, table_resource(parent), FOOTPRINT_SHARE);

	hash = key_resource(parent, key);
	for (uint32_t i = 0; i < key->column_count; i++) {
		struct bytes value = child_value(foreign_key, key->columns[i], row);

		if (!value.data || !key->exact) {
			r = footprint_add(footprint, table_resource(parent), FOOTPRINT_KEY_READ);
			return r < 0 ? r : footprint_add(footprint, key_resource(parent, key), FOOTPRINT_SHARE);
		}
		hash = hash_bytes(hash, value);
	}
	r = footprint_add(footprint, table_resource(parent), FOOTPRINT_KEY_READ);
	return r < 0 ? r : add_value(footprint, parent, key, FOOTPRINT_KEY_READ, hash, FOOTPRINT_SHARE);
}

/* Tables that a cascade has been through, so that cycles end. */
struct visited {
	const struct table *table;
	struct visited *next;
};

static bool passes_on(enum foreign_key_action action)
{
	return action != FOREIGN_KEY_RESTRICT;
}

static int add_children(struct footprint *footprint, const struct table *table, const bool *changed,
			struct visited **visited);

/* A cascade reaches the table: any row of it may change or go. What it does to the children of these rows is taken to
 * be the worst: as if they went. (Cascades fire no triggers.) */
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
	r = footprint_add(footprint, table_resource(table), FOOTPRINT_WRITE);
	return r < 0 ? r : add_children(footprint, table, NULL, visited);
}

static bool changes_referenced(const struct foreign_key *foreign_key, const bool *changed)
{
	for (uint32_t i = 0; i < foreign_key->column_count; i++) {
		const struct column *column = table_find_column(foreign_key->parent, foreign_key->references[i]);

		if (column && changed[column->position])
			return true;
	}
	return false;
}

/* Rows of the table go (changed NULL) or change: their children follow them, or forbid it. */
static int add_children(struct footprint *footprint, const struct table *table, const bool *changed,
			struct visited **visited)
{
	for (uint32_t i = 0; i < table->referenced_by_count; i++) {
		const struct foreign_key *foreign_key = table->referenced_by[i];
		bool whole = changed ? passes_on(foreign_key->on_update) : passes_on(foreign_key->on_delete);
		int r;

		if (changed && !changes_referenced(foreign_key, changed))
			continue;
		if (whole) {
			r = add_cascade(footprint, foreign_key->child, visited);
		} else {
			/* The children that come meet it at the parent's key; those that go meet it here. */
			r = footprint_add(footprint, table_resource(foreign_key->child), FOOTPRINT_KEY_READ);
			if (r == 0)
				r = footprint_add(footprint, foreign_key_resource(foreign_key), FOOTPRINT_SHARE);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static bool changes_foreign_key(const struct foreign_key *foreign_key, const bool *changed)
{
	for (uint32_t i = 0; i < foreign_key->column_count; i++)
		if (!changed || changed[foreign_key->columns[i]->position])
			return true;
	return false;
}

/* Rows of the table stop referring to their parents (changed NULL) or refer to others. row: the values set, NULL when
 * they are not known. by_key: the table itself is not held whole. */
static int add_references(struct footprint *footprint, const struct table *table, const bool *changed,
			  const struct bytes *row, bool by_key)
{
	for (uint32_t i = 0; i < table->foreign_key_count; i++) {
		const struct foreign_key *foreign_key = table->foreign_keys[i];
		int r = 0;

		if (!changes_foreign_key(foreign_key, changed))
			continue;
		if (by_key)
			r = footprint_add(footprint, foreign_key_resource(foreign_key), FOOTPRINT_KEY_WRITE);
		if (r == 0 && changed)
			r = add_parent(footprint, foreign_key, row);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- creates --- */

/* Nobody can tell the row's value of this key from another's: the server alone compares. */
static bool is_incomparable(const struct footprint *footprint, const struct key *key, const struct bytes *row)
{
	switch (row_knows(key, row, true)) {
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
		return footprint_add(footprint, key_resource(table, key), FOOTPRINT_CREATE);
	}
	if (row_knows(key, row, true) != VALUE_KNOWN)
		return 0;
	return add_value(footprint, table, key, FOOTPRINT_KEY_WRITE, value_resource(table, key, row), FOOTPRINT_WRITE);
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
	} else if (key && row_knows(key, row, true) == VALUE_KNOWN) {
		return add_value(footprint, table, key, *ret_mode, value_resource(table, key, row), FOOTPRINT_WRITE);
	}
	return footprint_add(footprint, table_resource(table), *ret_mode);
}

int footprint_create(struct footprint *footprint, const struct table *table, const struct bytes *row)
{
	enum footprint_mode mode;
	int r;

	if (table->auto_increment)
		footprint->creates_in = table;
	if (writes_everything(table))
		return footprint_add(footprint, everything, FOOTPRINT_WRITE);
	r = footprint_add(footprint, everything, FOOTPRINT_KEY_WRITE);
	if (r == 0)
		r = add_created_row(footprint, table, row, &mode);
	for (uint32_t i = 0; r == 0 && i < table->key_count; i++)
		if (&table->keys[i] != table->primary_key)
			r = add_created_value(footprint, table, &table->keys[i], row);
	for (uint32_t i = 0; r == 0 && i < table->foreign_key_count; i++) {
		/* A parent in the same table was created before it, in the same order: CREATE holds enough. */
		if (table->foreign_keys[i]->parent == table && mode == FOOTPRINT_CREATE)
			continue;
		r = add_parent(footprint, table->foreign_keys[i], row);
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
	r = footprint_add(footprint, everything, FOOTPRINT_KEY_READ);
	if (r < 0)
		return r;
	if (!key || row_knows(key, row, false) != VALUE_KNOWN)
		return footprint_add(footprint, table_resource(table), FOOTPRINT_SHARE);
	return add_value(footprint, table, key, FOOTPRINT_KEY_READ, value_resource(table, key, row), FOOTPRINT_SHARE);
}

int footprint_read(struct footprint *footprint, const struct table *table)
{
	int r;

	/* Which tables a view reads is not in the catalog. */
	if (table->is_view)
		return footprint_add(footprint, everything, FOOTPRINT_READ);
	r = footprint_add(footprint, everything, FOOTPRINT_LOOK);
	return r < 0 ? r : footprint_add(footprint, table_resource(table), FOOTPRINT_READ);
}

/* --- updates and deletes --- */

/* Whether an update that sets these columns may change the key. Columns that the server computes, or that may be set
 * ON UPDATE CURRENT_TIMESTAMP, are not in `changed`. */
static bool changes_key(const struct key *key, const bool *changed)
{
	for (uint32_t i = 0; i < key->column_count; i++) {
		const struct column *column = key->columns[i];

		if (changed[column->position] || column->generated || column->kind == COLUMN_TIMESTAMP ||
		    column->kind == COLUMN_DATETIME)
			return true;
	}
	return false;
}

/* The row's primary key, before and after. */
static int add_written_row(struct footprint *footprint, const struct table *table, const struct bytes *row,
			   const bool *changed, const struct bytes *new_row)
{
	const struct key *key = table->primary_key;
	struct bytes *after;
	int r;

	if (!key || row_knows(key, row, false) != VALUE_KNOWN)
		return footprint_add(footprint, table_resource(table), FOOTPRINT_WRITE);
	r = add_value(footprint, table, key, FOOTPRINT_KEY_WRITE, value_resource(table, key, row), FOOTPRINT_WRITE);
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
	if (row_knows(key, after, false) != VALUE_KNOWN)
		return footprint_add(footprint, table_resource(table), FOOTPRINT_WRITE);
	return footprint_add(footprint, value_resource(table, key, after), FOOTPRINT_WRITE);
}

int footprint_write_key(struct footprint *footprint, const struct table *table, const struct bytes *row,
			const bool *changed, const struct bytes *new_row)
{
	struct visited *visited = NULL;
	int r;

	if (writes_everything(table))
		return footprint_add(footprint, everything, FOOTPRINT_WRITE);
	r = footprint_add(footprint, everything, FOOTPRINT_KEY_WRITE);
	if (r == 0)
		r = add_written_row(footprint, table, row, changed, new_row);
	/* What the row holds in its other keys is not known, so the whole key is held; but an update that leaves a key
	 * alone neither frees nor takes a value of it. */
	for (uint32_t i = 0; r == 0 && i < table->key_count; i++) {
		const struct key *key = &table->keys[i];

		if (key == table->primary_key || (changed && !changes_key(key, changed)))
			continue;
		r = footprint_add(footprint, key_resource(table, key), changed ? FOOTPRINT_WRITE : FOOTPRINT_FREE);
	}
	if (r == 0)
		r = add_references(footprint, table, changed, new_row, true);
	return r < 0 ? r : add_children(footprint, table, changed, &visited);
}

int footprint_write(struct footprint *footprint, const struct table *table, const bool *changed)
{
	struct visited *visited = NULL;
	int r;

	if (writes_everything(table))
		return footprint_add(footprint, everything, FOOTPRINT_WRITE);
	r = footprint_add(footprint, everything, FOOTPRINT_KEY_WRITE);
	if (r == 0)
		r = footprint_add(footprint, table_resource(table), FOOTPRINT_WRITE);
	if (r == 0)
		r = add_references(footprint, table, changed, NULL, false);
	return r < 0 ? r : add_children(footprint, table, changed, &visited);
}

int footprint_unknown_table(struct footprint *footprint, struct bytes name)
{
	int r = footprint_add(footprint, everything, FOOTPRINT_KEY_WRITE);

	return r < 0 ? r : footprint_add(footprint, named(RESOURCE_TABLE, name), FOOTPRINT_WRITE);
}
