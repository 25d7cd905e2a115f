/* plan/column_default.h - defaults and expressions as SQL text, the same whichever server told them.
 *
 * MariaDB tells a default as SQL: 'it''s', 7, current_timestamp(), NULL. MySQL tells a literal as its bare text, an
 * expression with its quotes escaped once more and a character set before every text, and binary text in hexadecimal
 * digits. */
#ifndef PLAN_COLUMN_DEFAULT_H
#define PLAN_COLUMN_DEFAULT_H

#include "daemon/plan/catalog.h"

/* The column's default in MariaDB's spelling; data NULL when there is none. What it points to is in the arena.
 * Returns 0 or -ENOMEM. */
int column_default_read(struct arena *arena, enum server_kind server, const struct catalog_column_row *row,
			enum column_kind kind, struct bytes *ret_text);

/* An expression of MySQL's information_schema as SQL. Returns 0 or -ENOMEM. */
int column_expression_read(struct arena *arena, struct bytes escaped, struct bytes *ret_text);

#endif
