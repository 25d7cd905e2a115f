/* plan/sql/order.h - `order` as SQL, and what follows it so that parts of a result never overlap. */
#ifndef PLAN_ORDER_H
#define PLAN_ORDER_H

#include "common/value.h"
#include "daemon/plan/sql/compiler.h"

struct order {
	const struct value *asked; /* NULL: none */
	/* Only a part of the rows is wanted: a key follows what was asked for, so that the order is one. It is the
	 * primary key, or a unique one without NULL in its place; a view or a table that has neither is left to the
	 * order that was asked for. */
	bool part;
	/* What a SELECT DISTINCT selects, NULL for any other. It can be ordered by no other column; and of a part, the
	 * rest of these columns follows, since a key would make all rows differ. */
	const struct column *const *distinct;
	uint32_t distinct_count;
};

/* Appends " ORDER BY …", or nothing. Takes nothing from the arena when nothing was asked for. */
int order_append(struct compiler *compiler, const struct order *order);

#endif
