/* plan/column_index.c */
#include "daemon/plan/column_index.h"

#include <errno.h>
#include <stdlib.h>

/* Any order does: the shorter name first. */
static int compare_names(struct bytes a, struct bytes b)
{
	if (a.size != b.size)
		return a.size < b.size ? -1 : 1;
	return a.size > 0 ? memcmp(a.data, b.data, a.size) : 0;
}

static int compare_columns(const void *a, const void *b)
{
	const struct column *const *first = a, *const *second = b;

	return compare_names((*first)->name, (*second)->name);
}

int column_index_build(struct arena *arena, struct table *table)
{
	const struct column **columns = arena_alloc_array(arena, table->column_count, sizeof(struct column *));

	if (!columns)
		return -ENOMEM;
	for (uint32_t i = 0; i < table->column_count; i++)
		columns[i] = &table->columns[i];
	if (table->column_count > 0)
		qsort(columns, table->column_count, sizeof(struct column *), compare_columns);
	table->columns_by_name = columns;
	return 0;
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
	uint32_t low = 0, high = table->column_count;

	if (!table->columns_by_name)
		return find_one_by_one(table, name);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare_names(name, table->columns_by_name[middle]->name);

		if (order == 0)
			return table->columns_by_name[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
