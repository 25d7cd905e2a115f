/* plan/catalog.c */
#include "daemon/plan/catalog_state.h"

#include "daemon/plan/column_default.h"
#include "daemon/plan/column_type.h"
#include "daemon/plan/footprint.h"
#include "daemon/plan/sql/literal.h"
#include "daemon/plan/sql/query.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

/* Ten thousand tables of a hundred columns fit; what does not is a broken server. */
#define CATALOG_BYTES ((size_t)512 << 20)

int catalog_new(const struct server_facts *server, struct catalog **ret_catalog)
{
	struct catalog *catalog = calloc(1, sizeof(*catalog));

	if (!catalog)
		return -ENOMEM;
	catalog->references = 1;
	catalog->server = *server;
	arena_init(&catalog->arena, CATALOG_BYTES);
	*ret_catalog = catalog;
	return 0;
}

struct catalog *catalog_ref(struct catalog *catalog)
{
	catalog->references++;
	return catalog;
}

void catalog_unref(struct catalog *catalog)
{
	if (!catalog || --catalog->references > 0)
		return;
	arena_free(&catalog->arena);
	free(catalog);
}

int catalog_array_reserve(struct arena *arena, void *array, uint32_t count, size_t size)
{
	void *old, *grown;

	if (count > 0 && (count & (count - 1)) != 0)
		return 0;
	grown = arena_alloc_array(arena, count > 0 ? 2 * (size_t)count : 1, size);
	if (!grown)
		return -ENOMEM;
	/* Pointers to different types may not be read through one another: their bytes may. */
	memcpy(&old, array, sizeof(old));
	if (count > 0)
		memcpy(grown, old, count * size);
	memcpy(array, &grown, sizeof(grown));
	return 0;
}

int catalog_copy(struct arena *arena, struct bytes text, struct bytes *ret_copy)
{
	*ret_copy = arena_copy(arena, text);
	return ret_copy->data ? 0 : -ENOMEM;
}

static int copy_name(struct arena *arena, struct bytes name, struct bytes *ret_name, struct bytes *ret_quoted)
{
	struct buffer quoted;
	int result = catalog_copy(arena, name, ret_name);

	if (result < 0)
		return result;
	buffer_init(&quoted, 2 * name.size + 2);
	literal_append_identifier(&quoted, name);
	result = buffer_failed(&quoted) ? -ENOMEM : catalog_copy(arena, buffer_bytes(&quoted), ret_quoted);
	buffer_free(&quoted);
	return result;
}

static int compare_names(struct bytes a, struct bytes b)
{
	size_t common = a.size < b.size ? a.size : b.size;
	int order = common > 0 ? memcmp(a.data, b.data, common) : 0;

	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Where the name is, or where it belongs. */
static uint32_t find_place(const struct catalog *catalog, struct bytes name, bool *ret_found)
{
	uint32_t low = 0, high = catalog->table_count;

	*ret_found = false;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare_names(catalog->tables[middle]->name, name);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct table *catalog_find_table(const struct catalog *catalog, struct bytes name)
{
	bool found;
	uint32_t place = find_place(catalog, name, &found);

	return found ? catalog->tables[place] : NULL;
}

int catalog_add_table(struct catalog *catalog, struct bytes name, bool is_view, struct bytes engine,
		      uint64_t estimated_rows, struct bytes comment)
{
	struct table *table;
	uint32_t place;
	bool found;

	assert(!catalog->finished);
	if (name.size == 0 || bytes_starts(name, BYTES("rowd_")))
		return 0;
	table = arena_alloc_array(&catalog->arena, 1, sizeof(*table));
	if (!table || copy_name(&catalog->arena, name, &table->name, &table->quoted) < 0 ||
	    catalog_copy(&catalog->arena, engine, &table->engine) < 0 ||
	    catalog_copy(&catalog->arena, comment, &table->comment) < 0)
		return -ENOMEM;
	table->is_view = is_view;
	table->transactional = true;
	table->estimated_rows = estimated_rows;
	place = find_place(catalog, name, &found);
	if (found)
		return 0;
	if (catalog_array_reserve(&catalog->arena, &catalog->tables, catalog->table_count, sizeof(*catalog->tables)) <
	    0)
		return -ENOMEM;
	memmove(&catalog->tables[place + 1], &catalog->tables[place],
		(catalog->table_count - place) * sizeof(*catalog->tables));
	catalog->tables[place] = table;
	catalog->table_count++;
	return 0;
}

static bool extra_has(const struct catalog_column_row *row, struct bytes word)
{
	return row->extra.size > 0 && memmem(row->extra.data, row->extra.size, word.data, word.size) != NULL;
}

/* What stands for a column of a view is an expression: its default, where the server tells one, is not for writing. */
static int read_default(struct catalog *catalog, const struct table *table, const struct catalog_column_row *row,
			struct column *column)
{
	if (table->is_view)
		return 0;
	if (column_default_read(&catalog->arena, catalog->server.kind, row, column->kind, &column->default_text) < 0)
		return -ENOMEM;
	column->default_is_computed = extra_has(row, BYTES("DEFAULT_GENERATED"));
	column->has_default = column->default_text.data || column->default_is_computed;
	return 0;
}

int catalog_add_column(struct catalog *catalog, const struct catalog_column_row *row)
{
	struct table *table = catalog_find_table(catalog, row->table);
	struct column *column;

	assert(!catalog->finished);
	if (!table)
		return -ENOENT;
	/* Keys point to columns, which must not move any more. */
	assert(table->key_count == 0 && table->foreign_key_count == 0);
	if (catalog_array_reserve(&catalog->arena, &table->columns, table->column_count, sizeof(*column)) < 0)
		return -ENOMEM;
	column = &table->columns[table->column_count];
	*column = (struct column){.position = table->column_count, .nullable = row->nullable};
	column_type_read(row, column);
	if (copy_name(&catalog->arena, row->name, &column->name, &column->quoted) < 0 ||
	    catalog_copy(&catalog->arena, column->type, &column->type) < 0 ||
	    read_default(catalog, table, row, column) < 0)
		return -ENOMEM;
	column->auto_increment = extra_has(row, BYTES("auto_increment"));
	/* The blank tells VIRTUAL GENERATED from DEFAULT_GENERATED. */
	column->generated = extra_has(row, BYTES(" GENERATED"));
	table->column_count++;
	return 0;
}

int catalog_add_not_transactional(struct catalog *catalog, struct bytes table_name)
{
	struct table *table = catalog_find_table(catalog, table_name);

	if (!table)
		return -ENOENT;
	table->transactional = false;
	return 0;
}

int catalog_add_trigger(struct catalog *catalog, struct bytes table_name)
{
	struct table *table = catalog_find_table(catalog, table_name);

	if (!table)
		return -ENOENT;
	table->has_triggers = true;
	return 0;
}

/* A column that is left out and has no default becomes NULL: known, and in no key. */
static bool is_null_when_absent(const struct column *column)
{
	return column->nullable && !column->has_default && !column->generated && !column->auto_increment;
}

/* What commands would else work out each for itself. */
static int prepare(struct arena *arena, struct table *table)
{
	const struct column **columns = arena_alloc_array(arena, table->column_count, sizeof(struct column *));
	struct bytes *absent = arena_alloc_array(arena, table->column_count, sizeof(*absent));
	struct buffer list;
	int result;

	if (!columns || !absent || name_index_init(&table->columns_by_name, arena, table->column_count) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < table->column_count; i++) {
		columns[i] = &table->columns[i];
		if (is_null_when_absent(columns[i]))
			absent[i] = FOOTPRINT_NULL;
		name_index_add(&table->columns_by_name, &columns[i]->name);
	}
	table->every_column = columns;
	table->absent = absent;
	buffer_init(&list, CATALOG_BYTES);
	query_append_columns(&list, columns, table->column_count);
	result = buffer_failed(&list) ? -ENOMEM : catalog_copy(arena, buffer_bytes(&list), &table->select_list);
	buffer_free(&list);
	return result;
}

int catalog_finish(struct catalog *catalog)
{
	assert(!catalog->finished);
	if (name_index_init(&catalog->tables_by_name, &catalog->arena, catalog->table_count) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < catalog->table_count; i++) {
		struct table *table = catalog->tables[i];

		for (uint32_t j = 0; j < table->column_count; j++)
			if (table->columns[j].auto_increment)
				table->auto_increment = &table->columns[j];
		if (prepare(&catalog->arena, table) < 0 || catalog_finish_keys(catalog, table) < 0)
			return -ENOMEM;
		footprint_name_resources(table);
		name_index_add(&catalog->tables_by_name, &table->name);
	}
	catalog->finished = true;
	return 0;
}

const struct server_facts *catalog_server(const struct catalog *catalog)
{
	return &catalog->server;
}

const struct table *catalog_find(const struct catalog *catalog, struct bytes name)
{
	if (!catalog->finished)
		return catalog_find_table(catalog, name);
	/* A table begins with its name. */
	return (const struct table *)(const void *)name_index_find(&catalog->tables_by_name, name);
}

static const struct column *find_one_by_one(const struct table *table, struct bytes name)
{
	for (uint32_t i = 0; i < table->column_count; i++)
		if (bytes_equal(table->columns[i].name, name))
			return &table->columns[i];
	return NULL;
}

const struct column *table_find_column(const struct table *table, struct bytes name)
{
	if (!table->columns_by_name.slots)
		return find_one_by_one(table, name);
	/* A column begins with its name, too. */
	return (const struct column *)(const void *)name_index_find(&table->columns_by_name, name);
}

uint32_t catalog_table_count(const struct catalog *catalog)
{
	return catalog->table_count;
}

const struct table *catalog_table_at(const struct catalog *catalog, uint32_t index)
{
	return catalog->tables[index];
}
