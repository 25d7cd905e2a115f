/* plan/sql/insertion.h - INSERT … VALUES from maps whose keys differ. */
#ifndef PLAN_INSERTION_H
#define PLAN_INSERTION_H

#include "daemon/plan/sql/compiler.h"
#include "daemon/plan/sql/query.h"

/* The rows while they are compiled. */
struct insertion {
	const struct column **columns; /* those that any row names, in the catalog's order */
	uint32_t column_count;
	bool *named;                 /* per column of the table */
	const struct value **values; /* per column of the table: the current row's; NULL: left out */
	uint32_t *read;              /* positions of the columns that are not left out */
	uint32_t read_count;
	const struct value *current; /* the row whose values these are; NULL: none yet */
	struct row row;              /* the current row's canonical texts */
};

/* Returns 0 or -ENOMEM. */
int insertion_init(struct insertion *insertion, struct compiler *compiler);

/* Notes which columns a row names, and makes it the current one; choose() then makes the list of them. */
int insertion_collect(struct compiler *compiler, struct insertion *insertion, const struct value *row);
void insertion_choose(struct insertion *insertion, const struct table *table);

/* Makes a row, whose columns were collected, the current one. */
void insertion_read(struct insertion *insertion, const struct table *table, const struct value *row);

/* The current row's value; NULL: left out. gives: neither left out nor nil. */
const struct value *insertion_value(const struct insertion *insertion, const struct column *column);
bool insertion_gives(const struct insertion *insertion, const struct column *column);

/* "INSERT INTO t (…) VALUES ", and "(1,'a',DEFAULT)" for the current row, whose texts are noted. */
void insertion_append_head(struct buffer *out, const struct insertion *insertion, const struct table *table);
int insertion_append_row(struct compiler *compiler, struct insertion *insertion);

#endif
