/* database/result.c */
#include "daemon/database/result.h"

#include "daemon/database/errors.h"

#include <errmsg.h>
#include <inttypes.h>
#include <mysql.h>
#include <stdio.h>

void result_take(struct st_mysql *mysql, struct statement_result *ret_result)
{
	const char *info = mysql_info(mysql);
	my_ulonglong affected = mysql_affected_rows(mysql);
	uint64_t matched, changed;

	*ret_result = (struct statement_result){
		.matched = affected,
		.affected = affected,
		.insert_id = mysql_insert_id(mysql),
		.warnings = mysql_warning_count(mysql),
	};
	/* With CLIENT_FOUND_ROWS the number in the packet is that of the rows found; only this text has both. Sessions
	 * set lc_messages, so that it is English. */
	if (info && sscanf(info, "Rows matched: %" SCNu64 " Changed: %" SCNu64, &matched, &changed) == 2) {
		ret_result->matched = matched;
		ret_result->affected = changed;
	}
}

void result_take_rows(struct st_mysql *mysql, uint64_t rows, struct statement_result *ret_result)
{
	*ret_result = (struct statement_result){
		.matched = rows,
		.affected = rows,
		/* insert_id: an answer with rows carries none; the library would tell the last statement's. */
		.warnings = mysql_warning_count(mysql),
	};
}

void result_take_error(struct st_mysql *mysql, enum server_kind kind, struct sql_error *ret_error)
{
	uint32_t number = mysql_errno(mysql);

	if (number == 0)
		sql_error_lost(ret_error, CR_UNKNOWN_ERROR, "the client library failed without a reason");
	else
		sql_error_set(ret_error, kind, number, mysql_sqlstate(mysql), mysql_error(mysql));
}

void result_forget_error(struct st_mysql *mysql)
{
	mysql->net.last_errno = 0; /* the library offers no other way */
}
