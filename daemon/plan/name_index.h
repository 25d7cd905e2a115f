/* plan/name_index.h - finds tables and columns by their names: one command may name a hundred thousand columns, and a
 * table may have four thousand. Private to the catalog. */
#ifndef PLAN_NAME_INDEX_H
#define PLAN_NAME_INDEX_H

#include "common/arena.h"
#include "common/bytes.h"

#include <stdint.h>

struct name_index {
	const struct bytes *
		*slots; /* open addressing; each points to an object that begins with its name; NULL: free */
	uint32_t mask;
};

/* Makes room for count names in the arena. Returns 0 or -ENOMEM. */
int name_index_init(struct name_index *index, struct arena *arena, uint32_t count);

/* Adds an object by its first member, its name. At most as many as there is room for. */
void name_index_add(struct name_index *index, const struct bytes *object);

/* The first one added of those with the name, exactly as spelled, or NULL. */
const struct bytes *name_index_find(const struct name_index *index, struct bytes name);

#endif
