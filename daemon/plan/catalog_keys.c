/* plan/catalog_keys.c - primary, unique and foreign keys. */
#include "daemon/plan/catalog_state.h"

#include "common/buffer.h"
#include "daemon/plan/column_default.h"
#include "daemon/plan/sql/literal.h"

#include <assert.h>
#include <errno.h>

static struct key *find_key(const struct table *table, struct bytes name)
{
	for (uint32_t i = 0; i < table->key_count; i++)
		if (bytes_equal(table->keys[i].name, name))
			return &table->keys[i];
	return NULL;
}

static int add_key(struct catalog *catalog, struct table *table, struct bytes name)
{
	struct key *key;

	if (catalog_array_reserve(&catalog->arena, &table->keys, table->key_count, sizeof(*key)) < 0)
		return -ENOMEM;
	key = &table->keys[table->key_count];
	*key = (struct key){.kind = bytes_equal(name, BYTES("PRIMARY")) ? KEY_PRIMARY : KEY_UNIQUE, .exact = true};
	if (catalog_copy(&catalog->arena, name, &key->name) < 0)
		return -ENOMEM;
	table->key_count++;
	return 0;
}

/* Finds the key, or begins it, and adds a part. */
static int add_key_part(struct catalog *catalog, struct table *table, struct bytes key_name, struct bytes part,
			struct key **ret_key)
{
	struct key *key;

	if (!find_key(table, key_name) && add_key(catalog, table, key_name) < 0)
		return -ENOMEM;
	key = find_key(table, key_name);
	if (catalog_array_reserve(&catalog->arena, &key->parts, key->part_count, sizeof(*key->parts)) < 0)
		return -ENOMEM;
	key->parts[key->part_count++] = part;
	*ret_key = key;
	return 0;
}

int catalog_add_key_column(struct catalog *catalog, struct bytes table_name, struct bytes key_name,
			   struct bytes column_name, bool is_prefix)
{
	struct table *table = catalog_find_table(catalog, table_name);
	const struct column *column = table ? table_find_column(table, column_name) : NULL;
	struct key *key;

	assert(!catalog->finished);
	if (!column)
		return -ENOENT;
	if (add_key_part(catalog, table, key_name, column->name, &key) < 0 ||
	    catalog_array_reserve(&catalog->arena, &key->columns, key->column_count, sizeof(*key->columns)) < 0)
		return -ENOMEM;
	key->columns[key->column_count++] = column;
	key->exact = key->exact && !is_prefix && literal_column_is_canonical(column);
	return 0;
}

/* (expression), unless it comes in brackets of its own. */
static int in_brackets(struct arena *arena, struct bytes expression, struct bytes *ret_text)
{
	struct buffer text;
	int result;

	if (bytes_starts(expression, BYTES("("))) {
		*ret_text = expression;
		return 0;
	}
	buffer_init(&text, expression.size + 2);
	buffer_append_byte(&text, '(');
	buffer_append(&text, expression);
	buffer_append_byte(&text, ')');
	result = buffer_failed(&text) ? -ENOMEM : catalog_copy(arena, buffer_bytes(&text), ret_text);
	buffer_free(&text);
	return result;
}

int catalog_add_key_expression(struct catalog *catalog, struct bytes table_name, struct bytes key_name,
			       struct bytes expression)
{
	struct table *table = catalog_find_table(catalog, table_name);
	struct bytes text;
	struct key *key;

	assert(!catalog->finished);
	if (!table)
		return -ENOENT;
	if (column_expression_read(&catalog->arena, expression, &text) < 0 ||
	    in_brackets(&catalog->arena, text, &text) < 0 || add_key_part(catalog, table, key_name, text, &key) < 0)
		return -ENOMEM;
	key->has_expression = true;
	key->exact = false;
	return 0;
}

static enum foreign_key_action action_from_text(struct bytes text)
{
	if (bytes_equal(text, BYTES("CASCADE")))
		return FOREIGN_KEY_CASCADE;
	if (bytes_equal(text, BYTES("SET NULL")))
		return FOREIGN_KEY_SET_NULL;
	if (bytes_equal(text, BYTES("SET DEFAULT")))
		return FOREIGN_KEY_SET_DEFAULT;
	if (text.size == 0)
		return FOREIGN_KEY_HIDDEN;
	return FOREIGN_KEY_RESTRICT; /* NO ACTION is the same to both servers */
}

static struct foreign_key *find_foreign_key(const struct table *table, struct bytes name)
{
	for (uint32_t i = 0; i < table->foreign_key_count; i++)
		if (bytes_equal(table->foreign_keys[i]->name, name))
			return table->foreign_keys[i];
	return NULL;
}

static int add_foreign_key(struct catalog *catalog, struct table *table, struct bytes name, struct bytes parent_table,
			   struct bytes on_delete, struct bytes on_update)
{
	struct foreign_key *foreign_key = arena_alloc_array(&catalog->arena, 1, sizeof(*foreign_key));

	if (!foreign_key || catalog_array_reserve(&catalog->arena, &table->foreign_keys, table->foreign_key_count,
						  sizeof(*table->foreign_keys)) < 0)
		return -ENOMEM;
	if (catalog_copy(&catalog->arena, name, &foreign_key->name) < 0 ||
	    catalog_copy(&catalog->arena, parent_table, &foreign_key->parent_name) < 0)
		return -ENOMEM;
	foreign_key->child = table;
	foreign_key->on_delete = action_from_text(on_delete);
	foreign_key->on_update = action_from_text(on_update);
	table->foreign_keys[table->foreign_key_count++] = foreign_key;
	return 0;
}

int catalog_add_foreign_key_column(struct catalog *catalog, struct bytes table_name, struct bytes name,
				   struct bytes column_name, struct bytes parent_table, struct bytes parent_column,
				   struct bytes on_delete, struct bytes on_update)
{
	struct table *table = catalog_find_table(catalog, table_name);
	const struct column *column = table ? table_find_column(table, column_name) : NULL;
	struct foreign_key *foreign_key;
	struct bytes reference;

	assert(!catalog->finished);
	if (!column)
		return -ENOENT;
	if (!find_foreign_key(table, name) &&
	    add_foreign_key(catalog, table, name, parent_table, on_delete, on_update) < 0)
		return -ENOMEM;
	foreign_key = find_foreign_key(table, name);
	if (catalog_copy(&catalog->arena, parent_column, &reference) < 0 ||
	    catalog_array_reserve(&catalog->arena, &foreign_key->columns, foreign_key->column_count,
				  sizeof(*foreign_key->columns)) < 0 ||
	    catalog_array_reserve(&catalog->arena, &foreign_key->references, foreign_key->column_count,
				  sizeof(*foreign_key->references)) < 0)
		return -ENOMEM;
	foreign_key->columns[foreign_key->column_count] = column;
	foreign_key->references[foreign_key->column_count++] = reference;
	return 0;
}

/* What is unique is the expression with them, not they. */
static void forget_columns_beside_expressions(struct table *table)
{
	for (uint32_t i = 0; i < table->key_count; i++)
		if (table->keys[i].has_expression)
			table->keys[i].column_count = 0;
}

/* The primary key comes first, the others keep their order. */
static void sort_keys(struct table *table)
{
	for (uint32_t i = 0; i < table->key_count; i++) {
		struct key key = table->keys[i];

		if (key.kind != KEY_PRIMARY)
			continue;
		memmove(&table->keys[1], &table->keys[0], i * sizeof(key));
		table->keys[0] = key;
		table->primary_key = &table->keys[0];
		return;
	}
}

static int resolve_foreign_keys(struct catalog *catalog, struct table *child)
{
	for (uint32_t i = 0; i < child->foreign_key_count; i++) {
		struct foreign_key *foreign_key = child->foreign_keys[i];
		struct table *parent = catalog_find_table(catalog, foreign_key->parent_name);

		if (!parent)
			continue;
		foreign_key->parent = parent;
		if (catalog_array_reserve(&catalog->arena, &parent->referenced_by, parent->referenced_by_count,
					  sizeof(*parent->referenced_by)) < 0)
			return -ENOMEM;
		parent->referenced_by[parent->referenced_by_count++] = foreign_key;
	}
	return 0;
}

int catalog_finish_keys(struct catalog *catalog, struct table *table)
{
	forget_columns_beside_expressions(table);
	sort_keys(table);
	return resolve_foreign_keys(catalog, table);
}
