/* plan/footprint.h - what a command touches, so that commands which cannot meet may run in any order.
 *
 * A footprint is a set of (resource, mode). Resources form a tree: everything, a table, a key of it, one value of that
 * key; whoever holds a node holds an intention (KEY_READ, KEY_WRITE or LOOK) on each node above it, so that holding a
 * whole table need not name its rows. They are hashes: two that collide only cost concurrency. Which modes exclude
 * each other stands in one table in footprint.c; it is not symmetric, since a read by condition waits for the writes
 * before it but holds none up. */
#ifndef PLAN_FOOTPRINT_H
#define PLAN_FOOTPRINT_H

#include "common/arena.h"
#include "common/bytes.h"
#include "daemon/plan/catalog.h"

#include <stdbool.h>
#include <stdint.h>

enum footprint_mode {
	FOOTPRINT_LOOK,      /* intention: reads something below, by condition */
	FOOTPRINT_KEY_READ,  /* intention: reads rows or values below, by key */
	FOOTPRINT_KEY_WRITE, /* intention: writes rows or values below, by key */
	FOOTPRINT_READ,      /* reads by condition: whatever is there, and perhaps what comes later */
	FOOTPRINT_SHARE,     /* reads exactly what is there: later writes wait */
	FOOTPRINT_CREATE,    /* adds values nobody can compare: creates keep their own order (creates_in) */
	FOOTPRINT_FREE,      /* removes values that are not known: in any order among themselves */
	FOOTPRINT_WRITE,     /* writes anything in it */
	FOOTPRINT_MODE_COUNT
};

/* Whether a command that holds `later` on a resource must wait for an unfinished earlier one that holds `earlier`. */
bool footprint_conflicts(enum footprint_mode earlier, enum footprint_mode later);

/* The same as sets, bit 1u << mode: the earlier modes that `later` waits for, the later modes that `earlier` holds up.
 */
uint32_t footprint_waits_for(enum footprint_mode later);
uint32_t footprint_holds_up(enum footprint_mode earlier);

struct footprint_entry {
	uint64_t resource;
	enum footprint_mode mode;
};

struct footprint {
	struct arena *arena;
	struct footprint_entry
		*entries; /* no resource stands twice: the stronger mode is kept, or both when neither is */
	uint32_t count;
	uint32_t capacity;
	/* A table whose creates must take effect in queue order, because its generated keys rise with them or because
	 * only the server can tell whether two of its keys are equal; NULL: none. Such a create is chosen only when
	 * all earlier creates of the table have finished or stand before it in the same batch. Its INSERTs must all
	 * be in its first wave, or it must be PROCEDURE_ALONE. */
	const struct table *creates_in;
};

/* Stands in a row for a value that is known to be NULL, which equals nothing. */
#define FOOTPRINT_NULL                                                                                                 \
	(struct bytes)                                                                                                 \
	{                                                                                                              \
		.data = NULL, .size = 1                                                                                \
	}

/* The functions below say what an operation does and add all that follows from it: the table, its keys, its foreign
 * keys with their actions, its triggers. They return 0 or -ENOMEM; after that the footprint is of no use.
 *
 * A row is an array of one canonical text per column of the table: equal texts if and only if the database holds the
 * values equal; data NULL where the value is not known, is NULL, or has no canonical text (plan/sql/literal.h). Telling
 * NULL apart as FOOTPRINT_NULL is allowed and saves waits: a NULL is in no unique key and refers to no parent. In a
 * created row, data NULL in an AUTO_INCREMENT column means that the key will be generated. */
void footprint_init(struct footprint *footprint, struct arena *arena);
int footprint_create(struct footprint *footprint, const struct table *table, const struct bytes *row);
/* row: values of at least the primary key's columns. */
int footprint_read_key(struct footprint *footprint, const struct table *table, const struct bytes *row);
int footprint_read(struct footprint *footprint, const struct table *table);
/* changed: one bool per column, true for those that are set; NULL: the row is deleted. row: the key before; new_row:
 * the values set, NULL with a delete. */
int footprint_write_key(struct footprint *footprint, const struct table *table, const struct bytes *row,
			const bool *changed, const struct bytes *new_row);
int footprint_write(struct footprint *footprint, const struct table *table, const bool *changed);
/* A command that could not be planned yet: stands in for a write by condition on that name. */
int footprint_unknown_table(struct footprint *footprint, struct bytes name);

/* Works out the resources of a table, its keys and its foreign keys: they are hashes of names, and the same for every
 * command. Called once, when its catalog is finished; until then they are worked out each time. */
void footprint_name_resources(struct table *table);

/* The resource that a table's creates line up on (creates_in). Held by nobody else. */
uint64_t footprint_creates_resource(const struct table *table);

/* The resource that all commands of one id with `once` share. */
uint64_t footprint_once_resource(struct bytes queue, struct bytes id);

/* Adds one entry. For the rules above, and for tests. Returns 0 or -ENOMEM. */
int footprint_add(struct footprint *footprint, uint64_t resource, enum footprint_mode mode);

#endif
