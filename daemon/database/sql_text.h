/* database/sql_text.h - a file of SQL as single statements.
 *
 * Knows quotes ('…', "…", `…`), comments (--, #, slash-star) and nothing of the grammar. No DELIMITER: that is a
 * command of the mysql program. */
#ifndef IMPORT_SQL_TEXT_H
#define IMPORT_SQL_TEXT_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct sql_text {
	struct bytes rest;
	uint32_t line; /* of the start of rest, from 1 */
};

struct sql_statement {
	struct bytes text; /* without the semicolon, and without blanks and comments around it */
	uint32_t line;     /* on which it begins */
};

struct sql_text sql_text_start(struct bytes text);

/* The next statement. Returns 1; 0 at the end; -EBADMSG when a quote or comment is not closed, with the line on which
 * it was opened in ret_statement, and what it is ("a quote", "a comment") in its text. */
int sql_text_next(struct sql_text *text, struct sql_statement *ret_statement);

/* The table that a CREATE TABLE statement makes, as it is spelled there, quotes and database name included; size 0 when
 * it is any other statement. ret_name: the bare name, without quotes and database; a view. */
struct bytes sql_created_table(struct bytes statement, struct bytes *ret_name);

#endif
