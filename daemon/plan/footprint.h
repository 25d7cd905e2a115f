/* plan/footprint.h - what a command touches, so that commands which cannot meet may run in any order.
 *
 * A footprint is a set of (resource, mode). Resources are hashes of a table, of a key of a table as a whole, or of one
 * value of a key: two that collide only cost concurrency. Which modes exclude each other stands in one table in
 * footprint.c; it is not symmetric, since a read by condition waits for the writes before it but holds none up. */
#ifndef PLAN_FOOTPRINT_H
#define PLAN_FOOTPRINT_H

#include "common/arena.h"
#include "common/bytes.h"
#include "daemon/plan/catalog.h"

#include <stdbool.h>
#include <stdint.h>

enum footprint_mode {
	FOOTPRINT_KEY_READ,   /* reads rows by key */
	FOOTPRINT_KEY_WRITE,  /* writes rows by key */
	FOOTPRINT_READ,       /* reads by condition: whatever is there */
	FOOTPRINT_WRITE,      /* writes by condition: any row */
	FOOTPRINT_MODE_COUNT
};

/* Whether a command that holds `later` on a resource must wait for an unfinished earlier one that holds `earlier`. */
bool footprint_conflicts(enum footprint_mode earlier, enum footprint_mode later);

struct footprint_entry {
	uint64_t resource;
	enum footprint_mode mode;
};

struct footprint {
	struct arena *arena;
	struct footprint_entry *entries; /* no resource stands twice: the stronger mode is kept, or both when neither is */
	uint32_t count;
	uint32_t capacity;
	const struct table *creates_in; /* a table whose generated keys must rise in queue order; NULL: none */
};

/* The functions below say what an operation does and add all that follows from it: the table, its keys, its foreign
 * keys with their actions. They return 0 or -ENOMEM.
 *
 * A row is an array of one canonical text per column of the table: equal texts if and only if the database holds the
 * values equal; data NULL where the value is not known, is NULL, or has no canonical text (plan/literal.h). */
void footprint_init(struct footprint *footprint, struct arena *arena);
int footprint_create(struct footprint *footprint, const struct table *table, const struct bytes *row);
int footprint_read_key(struct footprint *footprint, const struct table *table, const struct bytes *row);
int footprint_read(struct footprint *footprint, const struct table *table);
/* changed: one bool per column, true for those that are set; NULL: the row is deleted. row: the key before; new_row:
 * the values set, NULL with a delete. */
int footprint_write_key(struct footprint *footprint, const struct table *table, const struct bytes *row,
			const bool *changed, const struct bytes *new_row);
int footprint_write(struct footprint *footprint, const struct table *table, const bool *changed);
/* A command that could not be planned yet: stands in for a write by condition on that name. */
int footprint_unknown_table(struct footprint *footprint, struct bytes name);

#endif
