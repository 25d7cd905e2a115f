/* plan/sql/condition.h - `where` as SQL. */
#ifndef PLAN_CONDITION_H
#define PLAN_CONDITION_H

#include "common/value.h"
#include "daemon/plan/sql/compiler.h"

enum { CONDITION_DEPTH = 8 };

/* Appends the condition, without WHERE; where must be a map with at least one member. Conditions of one map hold all
 * together. */
int condition_append(struct compiler *compiler, const struct value *where);

/* The column of the only `regexp` in a condition that condition_append() has taken; NULL: there is none, or several. */
const struct column *condition_regexp_column(const struct table *table, const struct value *where);

#endif
