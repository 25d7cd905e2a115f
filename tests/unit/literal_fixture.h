/* literal_fixture.h - a compiler over one table, and the literal of one value. */
#ifndef UNIT_LITERAL_FIXTURE_H
#define UNIT_LITERAL_FIXTURE_H

#include "plan_support.h"

#include "daemon/plan/sql/literal.h"

struct fixture {
	struct catalog *catalog;
	struct arena arena;
	struct buffer sql;
	struct compiler_warnings warnings;
	struct error error;
	struct compiler compiler;
};

/* A test's set_up: the fixture is *state, and owns catalog. */
int literal_set_up(void **state, struct catalog *catalog, const char *table);
int literal_tear_down(void **state);

/* Writes the literal to fixture->sql, which has only it then, and the warnings that came of it. Returns what
 * literal_append() does. */
int literal_of(struct fixture *fixture, const char *column, const struct value *value, enum literal_use use);

#endif
