/* plan/footprint_rules.h - the pieces that the rules of plan/footprint.h are made of. Private to footprint_*.c. */
#ifndef PLAN_FOOTPRINT_RULES_H
#define PLAN_FOOTPRINT_RULES_H

#include "daemon/plan/footprint.h"

/* --- resources --- */

extern const uint64_t footprint_everything;
uint64_t footprint_name_resource(struct bytes name); /* of a table that may not exist */
uint64_t footprint_table_resource(const struct table *table);
uint64_t footprint_key_resource(const struct table *table, const struct key *key); /* the primary key's: the table's */
uint64_t footprint_foreign_key_resource(const struct foreign_key *foreign_key);

/* One value of a key, all of whose columns are known: the key's resource, and the texts in the key's order. */
uint64_t footprint_value_resource(const struct table *table, const struct key *key, const struct bytes *row);
uint64_t footprint_hash(uint64_t hash, struct bytes bytes);

/* How much a row tells of one key of its table. */
enum footprint_knowledge {
	VALUE_KNOWN,
	VALUE_ABSENT,    /* one of its columns is NULL: it is in no unique key, and refers to nothing */
	VALUE_GENERATED, /* by AUTO_INCREMENT: equal to no other; only when the row is created */
	VALUE_UNKNOWN,
};

/* Whether an update that sets `changed` may change the column. Those that the server computes, or that may be set ON
 * UPDATE CURRENT_TIMESTAMP, are not in `changed`. */
bool footprint_may_change(const struct column *column, const bool *changed);

bool footprint_is_null(struct bytes value);
enum footprint_knowledge footprint_row_knows(const struct key *key, const struct bytes *row, bool creates);

/* --- pieces: 0 or -ENOMEM --- */

/* Holds one value of a key: `intention` on the key, `mode` on the value. */
int footprint_add_value(struct footprint *footprint, const struct table *table, const struct key *key,
			enum footprint_mode intention, uint64_t value, enum footprint_mode mode);

/* The child reads the parent's row. row: the child's, NULL when nothing of it is known. */
int footprint_add_parent(struct footprint *footprint, const struct foreign_key *foreign_key, const struct bytes *row);

/* Rows of the table stop referring to their parents (changed NULL) or refer to others. row: the values set, NULL when
 * they are not known. by_key: the table itself is not held whole. */
int footprint_add_references(struct footprint *footprint, const struct table *table, const bool *changed,
			     const struct bytes *row, bool by_key);

/* Rows of the table go (changed NULL) or change: their children follow them, or forbid it. */
int footprint_add_children(struct footprint *footprint, const struct table *table, const bool *changed);

#endif
