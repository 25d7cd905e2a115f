/* database/echo.h - the log of statements that `echo` asks for. */
#ifndef DATABASE_ECHO_H
#define DATABASE_ECHO_H

#include "common/buffer.h"
#include "common/bytes.h"
#include "daemon/options.h"
#include "daemon/plan/statement.h"

#include <stdint.h>

/* Appends the statement with each literal as "?": quoted text, hexadecimal and bit strings, numbers. Quoted identifiers
 * and words stay. An unfinished literal masks the rest. */
void echo_mask(struct bytes text, struct buffer *to);

/* Logs a statement that was answered after duration_us: with ECHO_ON its literals are masked. error NULL: it
 * succeeded; rows is the number of rows sent or changed. Does nothing with ECHO_OFF. */
void echo_statement(enum echo_mode mode, struct bytes text, uint64_t duration_us, uint64_t rows,
		    const struct sql_error *error);

#endif
