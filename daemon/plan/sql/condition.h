/* plan/sql/condition.h - `where` as SQL. */
#ifndef PLAN_CONDITION_H
#define PLAN_CONDITION_H

#include "common/value.h"
#include "daemon/plan/sql/compiler.h"

enum { CONDITION_DEPTH = 8 };

/* Appends the condition, without WHERE; where must be a map with at least one member. Conditions of one map hold all
 * together. */
int condition_append(struct compiler *compiler, const struct value *where);

#endif
