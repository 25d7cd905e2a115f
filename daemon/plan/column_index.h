/* plan/column_index.h - a table's columns in order of their names: one command may name a hundred thousand, and the
 * table may have four thousand. Private to the catalog; table_find_column() is in catalog.h. */
#ifndef PLAN_COLUMN_INDEX_H
#define PLAN_COLUMN_INDEX_H

#include "common/arena.h"
#include "daemon/plan/catalog.h"

/* Called once, when all columns are there. Until then they are found one by one. Returns 0 or -ENOMEM. */
int column_index_build(struct arena *arena, struct table *table);

#endif
