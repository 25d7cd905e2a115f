/* database/own_tables.c */
#include "daemon/database/own_tables.h"

#include "daemon/database/sql_text.h"

#include "rowd_sql.inc" /* generated from schemas/tables/rowd.sql: rowd_sql[] */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	OWN_TABLES = 3,
	SERVER_CANNOT_CREATE = 1005,
	SERVER_DATABASE_DENIED = 1044,
	SERVER_TABLE_DENIED = 1142,
	SERVER_NO_PARENT_KEY = 1822,        /* MySQL */
	SERVER_NO_UNIQUE_PARENT_KEY = 6125, /* MySQL since 8.4 */
};

struct bytes own_tables_text(void)
{
	return (struct bytes){.data = (const char *)rowd_sql, .size = sizeof(rowd_sql)};
}

struct look {
	uint32_t found;
	bool has_key;           /* rowd_commits refers to rowd_slots */
	char other_engine[128]; /* "rowd_slots is of the engine MyISAM"; empty: all are of InnoDB */
};

static int take_table(void *context, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	struct look *look = context;

	(void)count;
	look->found++;
	/* A view has no engine. */
	if (!values[1] || !bytes_equal_text((struct bytes){values[1], lengths[1]}, "InnoDB"))
		snprintf(look->other_engine, sizeof(look->other_engine), "%s is of the engine %s", values[0],
			 values[1] ? values[1] : "NULL");
	return 0;
}

static int take_text(void *context, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	bool *has_key = context;

	(void)lengths;
	*has_key = count > 1 && values[1] &&
		   strstr(values[1],
			  "REFERENCES `rowd_slots` (`worker`, `slot`, `fenced`) ON DELETE CASCADE ON UPDATE CASCADE");
	return 0;
}

int own_tables_look_for_key(struct session *session, bool *ret_has_key, struct sql_error *ret_error)
{
	/* information_schema does not show keys to who may only write the rows. */
	*ret_has_key = false;
	return session_query(session, BYTES("SHOW CREATE TABLE rowd_commits"), take_text, ret_has_key, NULL, ret_error);
}

static int look_for_them(struct session *session, struct look *ret_look, struct sql_error *ret_error)
{
	int r;

	*ret_look = (struct look){0};
	r = session_query(session,
			  BYTES("SELECT TABLE_NAME AS name, ENGINE AS engine FROM information_schema.TABLES "
				"WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN ('rowd_slots', 'rowd_commits', "
				"'rowd_ledger')"),
			  take_table, ret_look, NULL, ret_error);
	if (r == 0 && ret_look->found == OWN_TABLES)
		r = own_tables_look_for_key(session, &ret_look->has_key, ret_error);
	return r;
}

static int tell(struct sql_error *ret_error, const char *what, const char *of_it)
{
	*ret_error = (struct sql_error){.class = SQL_ERROR_ACCESS, .row = -1};
	snprintf(ret_error->message, sizeof(ret_error->message), "%s%s", what, of_it);
	return -EIO;
}

static int create(struct session *session, struct sql_error *ret_error)
{
	struct sql_text text = sql_text_start(own_tables_text());
	struct sql_statement statement;
	int r = 0;

	while (r == 0 && sql_text_next(&text, &statement) > 0)
		r = session_query(session, statement.text, NULL, NULL, NULL, ret_error);
	if (r == 0)
		return 0;
	if (ret_error->number == SERVER_NO_PARENT_KEY || ret_error->number == SERVER_NO_UNIQUE_PARENT_KEY ||
	    (ret_error->number == SERVER_CANNOT_CREATE && strstr(ret_error->message, "errno: 150")))
		return tell(
			ret_error, "rowd_slots",
			" has not the key that rowd_commits refers to, and is not as this version makes it: when no "
			"rowd works on this database, drop it");
	if (ret_error->number != SERVER_TABLE_DENIED && ret_error->number != SERVER_DATABASE_DENIED)
		return r;
	ret_error->class = SQL_ERROR_ACCESS;
	snprintf(ret_error->message, sizeof(ret_error->message),
		 "rowd's own tables are not there, and this account may not create them: run `rowd init` with an "
		 "account that may, or set `delivery = at-least-once`");
	return r;
}

int own_tables_ensure(struct session *session, struct sql_error *ret_error)
{
	struct look look;
	int r = look_for_them(session, &look, ret_error);

	/* What refers to a table of another engine could not be made. */
	if (r == 0 && look.found < OWN_TABLES && look.other_engine[0] == '\0') {
		r = create(session, ret_error);
		if (r == 0)
			r = look_for_them(session, &look, ret_error);
	}
	if (r)
		return r;
	if (look.other_engine[0] != '\0')
		return tell(ret_error, look.other_engine,
			    ": what it says would not be there and gone together with the effects of commands. Run "
			    "ALTER TABLE ... ENGINE = InnoDB, or set `delivery = at-least-once`");
	if (!look.has_key)
		return tell(ret_error, "rowd_commits",
			    " has not its foreign key to rowd_slots: when no rowd works on this database, drop it");
	return 0;
}
