/* tests/fuzz/where_make.h - a catalog that is meant to hurt, and `where` maps made of bytes. */
#ifndef FUZZ_WHERE_MAKE_H
#define FUZZ_WHERE_MAKE_H

#include "common/arena.h"
#include "common/value.h"
#include "daemon/plan/catalog.h"

/* One table with a column of each type, and columns whose names are quotes, words of SQL and of the contract. */
struct catalog *where_catalog(enum server_kind server);

/* Reads a `where` out of any bytes: most of them are one that the compiler takes. */
const struct value *where_make(struct arena *arena, const struct table *table, struct bytes bytes);

#endif
