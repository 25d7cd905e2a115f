/* plan/sql/query.h - the pieces that statements are made of: lists of columns, keys. */
#ifndef PLAN_QUERY_H
#define PLAN_QUERY_H

#include "common/command.h"
#include "daemon/plan/sql/compiler.h"
#include "daemon/plan/sql/literal.h"

/* Where the canonical text of a value stands in the SQL; size 0 where it has none. */
struct row_span {
	size_t start, size;
	bool is_null;
	bool is_noted;
};

/* The texts of one row while it is written. A command may bring many rows of few values for a table of many columns:
 * what a row costs depends on its values, not on the columns of the table. */
struct row {
	struct row_span *spans; /* per column of the table */
	struct bytes *texts;    /* per column of the table */
	uint32_t *noted;        /* positions of the columns that have values */
	uint32_t noted_count;
	const struct bytes *absent; /* per column: the text of one that has no value; NULL: it is not known */
};

/* absent: table->absent for a row that is created, else NULL. Returns 0 or -ENOMEM. */
int row_init(struct row *row, struct arena *arena, const struct table *table, const struct bytes *absent);
void row_clear(struct row *row);

/* The texts as footprint.h wants them; valid until the next append to the compiler's buffer. */
const struct bytes *row_texts(struct row *row, const struct buffer *out);

/* literal_append, noting the text. row may be NULL. */
int row_append_literal(struct row *row, struct compiler *compiler, const struct column *column,
		       const struct value *value, enum literal_use use);

/* The columns as they are selected: FLOAT and BIT in a form that keeps every digit. */
void query_append_columns(struct buffer *out, const struct column *const *columns, uint32_t count);

/* The same for columns of the table that compiler_find_columns() has found. */
void query_append_select_list(struct buffer *out, const struct table *table, const struct column *const *columns,
			      uint32_t count);

/* Resolves `pk` into one value per column of the primary key. */
int query_resolve_key(struct compiler *compiler, const struct value *pk, const struct value ***ret_values);

/* `a` = 1; row may be NULL. */
int query_append_equal(struct compiler *compiler, const struct column *column, const struct value *value,
		       enum literal_use use, struct row *row);

/* `a` = 1 AND `b` = 2, for the primary key. */
int query_append_key(struct compiler *compiler, const struct value *const *values, struct row *row);

/* " FROM `t`", and " WHERE …" when there is a condition: an empty map is none. */
int query_append_from(struct compiler *compiler, const struct value *where);

#endif
