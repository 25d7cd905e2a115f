/* plan/column_type.h - what the server's name for a type means. */
#ifndef PLAN_COLUMN_TYPE_H
#define PLAN_COLUMN_TYPE_H

#include "daemon/plan/catalog.h"

/* Fills in all that follows from the type: kind, sizes, sign, collation, and the type's text, which is the row's own or
 * a constant. The names are the caller's. */
void column_type_read(const struct catalog_column_row *row, struct column *column);

#endif
