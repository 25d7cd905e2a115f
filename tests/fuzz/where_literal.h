/* tests/fuzz/where_literal.h - numbers and times, as a server reads them. Private to where_literal*.c. */
#ifndef FUZZ_WHERE_LITERAL_H
#define FUZZ_WHERE_LITERAL_H

#include "common/number.h"
#include "tests/fuzz/where_tree.h"

/* No input is longer, and so no text in it. */
enum { WHERE_TEXT_BYTES = 1100 };

/* The value as the text of a number, a float's shortest one; of a text itself. */
struct bytes where_number_text(const struct value *value, char to[NUMBER_TEXT_BYTES]);

/* The double that the text of a number stands for. */
double where_real(struct bytes text);

/* Whether a number, or the text of a time, means the value to the column. */
bool where_number_means(struct bytes literal, const struct column *column, const struct value *value);
bool where_time_means(struct bytes literal, const struct column *column, const struct value *value);

#endif
