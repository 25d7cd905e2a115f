/* plan/catalog_state.h - the inside of a catalog, shared by catalog*.c only. */
#ifndef PLAN_CATALOG_STATE_H
#define PLAN_CATALOG_STATE_H

#include "daemon/plan/catalog.h"

struct catalog {
	uint32_t references;
	bool finished;
	struct arena arena;
	struct server_facts server;
	struct table **tables; /* sorted by name */
	uint32_t table_count;
	struct name_index tables_by_name; /* once it is finished */
};

/* The table while the catalog is built; NULL: it was not added. */
struct table *catalog_find_table(const struct catalog *catalog, struct bytes name);

/* Makes room for one more object behind `count` of them; array points to the pointer to the first. Arrays double, so
 * what they leave behind in the arena is at most as much as they are. Returns 0 or -ENOMEM. */
int catalog_array_reserve(struct arena *arena, void *array, uint32_t count, size_t size);

int catalog_copy(struct arena *arena, struct bytes text, struct bytes *ret_copy);

/* Puts a table's keys in order and links its foreign keys, once all tables are known. Returns 0 or -ENOMEM. */
int catalog_finish_keys(struct catalog *catalog, struct table *table);

#endif
