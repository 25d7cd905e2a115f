/* tests/fuzz/where_sql.h - a parser for the SQL that a `where` becomes, written from MySQL's manual and not from what
 * writes that SQL. */
#ifndef FUZZ_WHERE_SQL_H
#define FUZZ_WHERE_SQL_H

#include "common/arena.h"
#include "common/value.h"

enum condition_type {
	CONDITION_AND, /* of its children, none of which is one itself */
	CONDITION_OR,
	CONDITION_NOT, /* one child */
	CONDITION_TRUE,
	CONDITION_FALSE,
	CONDITION_NULL,    /* column IS NULL */
	CONDITION_COMPARE, /* column = < > … operand, or other_column */
	CONDITION_IN,
	CONDITION_BETWEEN,
	CONDITION_LIKE,
	CONDITION_REGEXP,
};

enum comparison { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE };

enum literal_type { LITERAL_TEXT, LITERAL_BYTES, LITERAL_NUMBER, LITERAL_DOCUMENT };

struct literal {
	enum literal_type type;
	struct bytes text; /* what the server would see: without quotes and escapes; of a number its digits */
};

/* What stands on the right of a condition: in a parsed tree a literal, in the tree of a `where` its value. */
struct operand {
	struct operand *next;
	struct literal literal;
	const struct value *value;
};

/* Where a text of a `where` has to stand in a pattern. */
enum ends { ENDS_AS_GIVEN, ENDS_ANYWHERE, ENDS_AT_START, ENDS_AT_END };

struct condition {
	struct condition *next;  /* sibling */
	struct condition *first; /* child */
	enum condition_type type;
	enum comparison comparison;
	enum ends ends; /* only in the tree of a `where` */
	bool negated;   /* IS NOT NULL, NOT IN, NOT LIKE */
	struct bytes column;
	struct bytes other_column;     /* data NULL: there is an operand */
	bool as_float, other_as_float; /* the column is compared as a FLOAT; only in a parsed tree */
	struct operand *operands;
};

/* Parses all of it; what is not of the subset is a finding. The tree lies in the arena. */
struct condition *sql_parse(struct arena *arena, struct bytes sql);

/* A condition in the arena, cleared. */
struct condition *condition_new(struct arena *arena, enum condition_type type);

/* Adds a child to an AND or OR; one of the same type is taken apart into its children. */
void condition_add(struct condition *parent, struct condition *child);

#endif
