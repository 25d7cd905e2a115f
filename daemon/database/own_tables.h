/* database/own_tables.h - rowd's own tables, rowd_slots, rowd_commits and rowd_ledger: their text, and whether they are
 * there. */
#ifndef DATABASE_OWN_TABLES_H
#define DATABASE_OWN_TABLES_H

#include "common/bytes.h"
#include "daemon/database/session.h"

#include <stdbool.h>

/* The statements of schemas/tables/rowd.sql, as compiled in. They leave alone what exists. */
struct bytes own_tables_text(void);

/* Sees to it that they are there, and transactional: creates what is missing. That commits what is under way in the
 * session. Returns 0 or -EIO; an error of the class SQL_ERROR_ACCESS is for an administrator and says what to do. */
int own_tables_ensure(struct session *session, struct sql_error *ret_error);

/* Whether rowd_commits, which is there, refers to rowd_slots: on that rests that a worker which was declared dead
 * cannot commit. Returns 0 or -EIO. */
int own_tables_look_for_key(struct session *session, bool *ret_has_key, struct sql_error *ret_error);

#endif
