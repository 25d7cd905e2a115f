/* tests/fuzz/where_tree.h - what a `where` means, as a tree of conditions, and whether SQL means the same. */
#ifndef FUZZ_WHERE_TREE_H
#define FUZZ_WHERE_TREE_H

#include "daemon/plan/catalog.h"
#include "tests/fuzz/where_sql.h"

/* The tree of a `where` that was accepted; what should not have been is a finding. MariaDB has no list of documents:
 * there it is an OR of comparisons. */
struct condition *where_tree(struct arena *arena, const struct catalog *catalog, const struct value *where);

/* Compares the parsed tree with that of the `where`: a difference is a finding, as is a column that the table has not.
 */
void where_compare(const struct table *table, const struct condition *parsed, const struct condition *wanted);

/* Whether the literal means the value to a server that compares the column with it (where_literal.c). */
bool literal_means(const struct literal *literal, const struct column *column, const struct value *value);

#endif
