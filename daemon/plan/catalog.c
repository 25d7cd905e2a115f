/* plan/catalog.c */
#include "daemon/plan/catalog.h"

#include "daemon/plan/column_index.h"
#include "daemon/plan/column_type.h"
#include "daemon/plan/sql/literal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

/* Ten thousand tables of a hundred columns fit; what does not is a broken server. */
#define CATALOG_BYTES ((size_t)512 << 20)

struct catalog {
	uint32_t references;
	bool finished;
	struct arena arena;
	struct server_facts server;
	struct table **tables; /* sorted by name */
	uint32_t table_count;
};

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

/* Makes room for one more object behind `count` of them; array points to the pointer to the first. Arrays double, so
 * what they leave behind in the arena is at most as much as they are. */
static int array_reserve(struct arena *arena, void *array, uint32_t count, size_t size)
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

static int copy(struct arena *arena, struct bytes text, struct bytes *ret_copy)
{
	*ret_copy = arena_copy(arena, text);
	return ret_copy->data ? 0 : -ENOMEM;
}

static int copy_name(struct arena *arena, struct bytes name, struct bytes *ret_name, struct bytes *ret_quoted)
{
	struct buffer quoted;
	int result = copy(arena, name, ret_name);

	if (result < 0)
		return result;
	buffer_init(&quoted, 2 * name.size + 2);
	literal_append_identifier(&quoted, name);
	result = buffer_failed(&quoted) ? -ENOMEM : copy(arena, buffer_bytes(&quoted), ret_quoted);
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

static struct table *find_table(const struct catalog *catalog, struct bytes name)
{
	bool found;
	uint32_t place = find_place(catalog, name, &found);

	return found ? catalog->tables[place] : NULL;
}

static bool engine_is_transactional(struct bytes engine)
{
	static const char *const engines[] = {"InnoDB", "ROCKSDB", "TokuDB", "ndbcluster"};

	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
		if (strlen(engines[i]) == engine.size && strncasecmp(engines[i], engine.data, engine.size) == 0)
			return true;
	return false;
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
	    copy(&catalog->arena, engine, &table->engine) < 0 || copy(&catalog->arena, comment, &table->comment) < 0)
		return -ENOMEM;
	table->is_view = is_view;
	table->transactional = is_view || engine_is_transactional(engine);
	table->estimated_rows = estimated_rows;
	place = find_place(catalog, name, &found);
	if (found)
		return 0;
	if (array_reserve(&catalog->arena, &catalog->tables, catalog->table_count, sizeof(*catalog->tables)) < 0)
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

static int read_default(struct catalog *catalog, const struct catalog_column_row *row, struct column *column)
{
	column->default_is_computed = extra_has(row, BYTES("DEFAULT_GENERATED"));
	/* MariaDB tells defaults as SQL: NULL is a default of its own there, a quoted text is 'NULL'. */
	if (!row->default_text.data ||
	    (catalog->server.kind == SERVER_MARIADB && bytes_equal(row->default_text, BYTES("NULL")))) {
		column->has_default = column->default_is_computed;
		return 0;
	}
	column->has_default = true;
	return copy(&catalog->arena, row->default_text, &column->default_text);
}

int catalog_add_column(struct catalog *catalog, const struct catalog_column_row *row)
{
	struct table *table = find_table(catalog, row->table);
	struct column *column;

	assert(!catalog->finished);
	if (!table)
		return -ENOENT;
	/* Keys point to columns, which must not move any more. */
	assert(table->key_count == 0 && table->foreign_key_count == 0);
	if (array_reserve(&catalog->arena, &table->columns, table->column_count, sizeof(*column)) < 0)
		return -ENOMEM;
	column = &table->columns[table->column_count];
	*column = (struct column){.position = table->column_count, .nullable = row->nullable};
	if (copy_name(&catalog->arena, row->name, &column->name, &column->quoted) < 0 ||
	    copy(&catalog->arena, row->column_type, &column->type) < 0 || read_default(catalog, row, column) < 0)
		return -ENOMEM;
	column_type_read(row, column);
	column->auto_increment = extra_has(row, BYTES("auto_increment"));
	/* The blank tells VIRTUAL GENERATED from DEFAULT_GENERATED. */
	column->generated = extra_has(row, BYTES(" GENERATED"));
	table->column_count++;
	return 0;
}

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

	if (array_reserve(&catalog->arena, &table->keys, table->key_count, sizeof(*key)) < 0)
		return -ENOMEM;
	key = &table->keys[table->key_count];
	*key = (struct key){.kind = bytes_equal(name, BYTES("PRIMARY")) ? KEY_PRIMARY : KEY_UNIQUE, .exact = true};
	if (copy(&catalog->arena, name, &key->name) < 0)
		return -ENOMEM;
	table->key_count++;
	return 0;
}

int catalog_add_key_column(struct catalog *catalog, struct bytes table_name, struct bytes key_name,
			   struct bytes column_name, bool is_prefix)
{
	struct table *table = find_table(catalog, table_name);
	const struct column *column = table ? table_find_column(table, column_name) : NULL;
	struct key *key;

	assert(!catalog->finished);
	if (!column)
		return -ENOENT;
	if (!find_key(table, key_name) && add_key(catalog, table, key_name) < 0)
		return -ENOMEM;
	key = find_key(table, key_name);
	if (array_reserve(&catalog->arena, &key->columns, key->column_count, sizeof(*key->columns)) < 0)
		return -ENOMEM;
	key->columns[key->column_count++] = column;
	key->exact = key->exact && !is_prefix && literal_column_is_canonical(column);
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

	if (!foreign_key || array_reserve(&catalog->arena, &table->foreign_keys, table->foreign_key_count,
					  sizeof(*table->foreign_keys)) < 0)
		return -ENOMEM;
	if (copy(&catalog->arena, name, &foreign_key->name) < 0 ||
	    copy(&catalog->arena, parent_table, &foreign_key->parent_name) < 0)
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
	struct table *table = find_table(catalog, table_name);
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
	if (copy(&catalog->arena, parent_column, &reference) < 0 ||
	    array_reserve(&catalog->arena, &foreign_key->columns, foreign_key->column_count,
			  sizeof(*foreign_key->columns)) < 0 ||
	    array_reserve(&catalog->arena, &foreign_key->references, foreign_key->column_count,
			  sizeof(*foreign_key->references)) < 0)
		return -ENOMEM;
	foreign_key->columns[foreign_key->column_count] = column;
	foreign_key->references[foreign_key->column_count++] = reference;
	return 0;
}

int catalog_add_trigger(struct catalog *catalog, struct bytes table_name)
{
	struct table *table = find_table(catalog, table_name);

	if (!table)
		return -ENOENT;
	table->has_triggers = true;
	return 0;
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
		struct table *parent = find_table(catalog, foreign_key->parent_name);

		if (!parent)
			continue;
		foreign_key->parent = parent;
		if (array_reserve(&catalog->arena, &parent->referenced_by, parent->referenced_by_count,
				  sizeof(*parent->referenced_by)) < 0)
			return -ENOMEM;
		parent->referenced_by[parent->referenced_by_count++] = foreign_key;
	}
	return 0;
}

int catalog_finish(struct catalog *catalog)
{
	assert(!catalog->finished);
	for (uint32_t i = 0; i < catalog->table_count; i++) {
		struct table *table = catalog->tables[i];

		sort_keys(table);
		for (uint32_t j = 0; j < table->column_count; j++)
			if (table->columns[j].auto_increment)
				table->auto_increment = &table->columns[j];
		if (column_index_build(&catalog->arena, table) < 0 || resolve_foreign_keys(catalog, table) < 0)
			return -ENOMEM;
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
	return find_table(catalog, name);
}

uint32_t catalog_table_count(const struct catalog *catalog)
{
	return catalog->table_count;
}

const struct table *catalog_table_at(const struct catalog *catalog, uint32_t index)
{
	return catalog->tables[index];
}
