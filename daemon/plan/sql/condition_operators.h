/* plan/sql/condition_operators.h - the conditions on one column. Private to condition*.c. */
#ifndef PLAN_CONDITION_OPERATORS_H
#define PLAN_CONDITION_OPERATORS_H

#include "common/value.h"
#include "daemon/plan/sql/compiler.h"

enum pattern_ends { PATTERN_AS_GIVEN, PATTERN_ANYWHERE, PATTERN_AT_START, PATTERN_AT_END };

/* One condition: how it is written, and what its operand is. */
struct condition_operator {
	struct bytes name;
	int (*append)(struct compiler *compiler, const struct condition_operator *operator,
		      const struct column * column, const struct value *operand);
	const char *sql;
	bool negated;
	enum pattern_ends ends;
};

int condition_append_equality(struct compiler *compiler, const struct condition_operator *operator,
			      const struct column * column, const struct value *operand);
int condition_append_comparison(struct compiler *compiler, const struct condition_operator *operator,
				const struct column * column, const struct value *operand);
int condition_append_list(struct compiler *compiler, const struct condition_operator *operator,
			  const struct column * column, const struct value *operand);
int condition_append_between(struct compiler *compiler, const struct condition_operator *operator,
			     const struct column * column, const struct value *operand);
int condition_append_null(struct compiler *compiler, const struct condition_operator *operator,
			  const struct column * column, const struct value *operand);
int condition_append_pattern(struct compiler *compiler, const struct condition_operator *operator,
			     const struct column * column, const struct value *operand);

#endif
