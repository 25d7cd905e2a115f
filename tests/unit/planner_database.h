/* planner_database.h - a database of six tables with a few rows each, which executes one statement after the other.
 *
 *   parent(id, code unique, name text unique)
 *   child(id, parent_id -> parent.id, parent_code -> parent.code, tag unique)
 *   grandchild(id, child_id -> child.id, node_id -> node.id)
 *   node(id, up -> node.id, name unique)
 *   word(word text, kin -> word.word, rank unique)
 *   made(id auto_increment, name unique, parent_id -> parent.id)
 *
 * Numbers are compared as they are; of texts only the server knows which are equal: here 2n and 2n + 1. What the
 * foreign keys do is the test's to set. */
#ifndef UNIT_PLANNER_DATABASE_H
#define UNIT_PLANNER_DATABASE_H

#include "daemon/plan/catalog.h"

enum table_name { PARENT, CHILD, GRANDCHILD, NODE, WORD, MADE, TABLES };

enum {
	COLUMNS = 4,
	ROWS = 4,
	VALUES = 4,      /* of a column: 0 to 3, or 0 to 7 if it is a text */
	NOTHING = -1,    /* NULL */
	FAILED = -2,     /* a statement did, and changed nothing */
	FOREIGN_KEYS = 7 /* in planner_foreign_keys */
};

extern struct table planner_tables[TABLES];
extern struct foreign_key *planner_foreign_keys[FOREIGN_KEYS];

/* The key stands in column 0. */
struct row {
	int values[COLUMNS];
};

/* In order of the key, the rest zero: equal contents are equal bytes. */
struct rows {
	int count;
	struct row rows[ROWS];
};

struct database {
	struct rows tables[TABLES];
};

bool column_is_text(enum table_name table, int column);

/* All return how many rows they met, or FAILED. By condition: column = value, of the first row that fails on. */
int database_create(struct database *database, enum table_name table, const struct row *row);
int database_update(struct database *database, enum table_name table, int column, int value, const bool *changed,
		    const struct row *row);
int database_delete(struct database *database, enum table_name table, int column, int value);

/* The row by its key, as one number; NOTHING: it is not there. */
int database_read(const struct database *database, enum table_name table, int key);

#endif
