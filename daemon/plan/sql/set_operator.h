/* plan/sql/set_operator.h - `set: {column: {operator: operand}}`: the column's new value, made from the one it has. */
#ifndef PLAN_SET_OPERATOR_H
#define PLAN_SET_OPERATOR_H

#include "common/value.h"
#include "daemon/plan/sql/compiler.h"

enum set_operator {
	SET_VALUE, /* a plain value, or {"value": {…}} */
	SET_INC,
	SET_MUL,
	SET_CONCAT,
	SET_MIN,
	SET_MAX,
	SET_NOW,
	SET_DEFAULT,
	SET_OPERATOR_COUNT
};

/* Reads what `set` says of a column: a map is an operator, of exactly one member. Refuses an operator that there is
 * not, one that the column's type does not take, and any but SET_VALUE for a column of the primary key, whose row
 * nobody could tell any more. */
int set_operator_read(struct compiler *compiler, const struct column *column, const struct value *value,
		      enum set_operator *ret_operator, const struct value **ret_operand);

/* Appends the new value as SQL, for any but SET_VALUE. NULL stays NULL, but for SET_NOW and SET_DEFAULT. */
int set_operator_append(struct compiler *compiler, const struct column *column, enum set_operator operation,
			const struct value *operand);

/* The same for sums and products: set_operator_number.c. */
int set_operator_append_sum(struct compiler *compiler, const struct column *column, const struct value *operand);
int set_operator_append_product(struct compiler *compiler, const struct column *column, const struct value *operand);

#endif
