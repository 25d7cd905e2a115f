/* database/result.h - takes what the library holds after a statement's answer into our own structs, at once: the next
 * call overwrites it. */
#ifndef DATABASE_RESULT_H
#define DATABASE_RESULT_H

#include "daemon/plan/catalog.h"
#include "daemon/plan/statement.h"

#include <stdint.h>

struct st_mysql;

/* After a statement without rows: how many it matched and changed, the generated key, the number of warnings. */
void result_take(struct st_mysql *mysql, struct statement_result *ret_result);

/* After the last row of a result. */
void result_take_rows(struct st_mysql *mysql, uint64_t rows, struct statement_result *ret_result);

/* After a call that failed. */
void result_take_error(struct st_mysql *mysql, enum server_kind kind, struct sql_error *ret_error);

/* Before a call whose failure is told by mysql_errno() alone: the library clears that at the next command, not at the
 * next answer, so that in a pipeline one statement's error would seem to be the next one's too. */
void result_forget_error(struct st_mysql *mysql);

#endif
