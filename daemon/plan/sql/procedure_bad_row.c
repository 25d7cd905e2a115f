/* plan/sql/procedure_bad_row.c - which of its rows an INSERT has failed at, where the error does not say.
 *
 *   MariaDB 10.7+:  the INSERT once more, with GET DIAGNOSTICS … ROW_NUMBER right behind it: the server forgets the
 *                   number with the next statement, and that was sent long ago
 *   others:         by halves: INSERT of the first rows and of one that always fails behind them; its error in place of
 *                   another says that these rows are good. A savepoint would need no such row, but its end would undo
 *                   what other commands of the batch did since
 *
 * A command that succeeds pays nothing for it. */
#include "daemon/plan/sql/procedure_state.h"

/* A value that the server can only refuse, when it comes to it, and the error that it then answers. */
static const char refused_value[] = "(SELECT 1 UNION SELECT 2)";
enum { SUBQUERY_HAS_MANY_ROWS = 1242 };

static bool server_tells_row(const struct job_plan *plan)
{
	const struct server_facts *server = plan->compiler.server;

	return server->kind == SERVER_MARIADB && server->version >= 100700;
}

/* Creates do not exclude each other. One that ran in the same wave, behind this one, may have put a row of its own in
 * the way: then another row fails, with another error or for another value. */
static bool is_same_error(const struct bad_row *bad_row, const struct sql_error *error)
{
	return error->number == bad_row->number && bytes_equal_text(bad_row->message, error->message);
}

void bad_row_begin(struct job_plan *plan, uint32_t index, const struct sql_error *error)
{
	const struct create_state *create = &plan->create;

	/* What is tried again could not be undone without transactions. */
	if (error->code == ERROR_TOO_LARGE || !create->is_array || !plan->table->transactional || error->row >= 0 ||
	    error->class != SQL_ERROR_OF_COMMAND || plan->wave != &plan->first || index != 0)
		return;
	if (create->row_count == 1)
		plan->error.at_row = 0;
	else if (server_tells_row(plan))
		plan->bad_row.state = BAD_ROW_ASK;
	else if (!plan->table->has_triggers && create->insertion->column_count > 0)
		plan->bad_row = (struct bad_row){.state = BAD_ROW_HALVE, .end = create->row_count};
	plan->bad_row.number = error->number;
	/* Without memory for it the row is not told. */
	plan->bad_row.message = arena_copy(plan->compiler.arena, bytes_of(error->message));
}

static int append_statement(struct job_plan *plan, const char *text)
{
	buffer_append_text(plan_statement_begin(plan, &plan->later, ROLE_BAD_ROW), text);
	return plan_statement_end(plan, &plan->later);
}

/* Should it succeed this time, it is undone. */
static int append_question(struct job_plan *plan)
{
	struct bytes insert = {.data = plan->first.sql.data, .size = plan->first.statements[0].size};
	int result;

	buffer_append(plan_statement_begin(plan, &plan->later, ROLE_EFFECT), insert);
	result = plan_statement_end(plan, &plan->later);
	if (result == 0)
		result = append_statement(plan, "GET DIAGNOSTICS CONDITION 1 @rowd_row = ROW_NUMBER");
	return result < 0 ? result : append_statement(plan, "SELECT @rowd_row");
}

/* The INSERT that failed, of the rows up to `end` and the one that is refused. */
static int append_first_rows(struct job_plan *plan, uint32_t end)
{
	const struct create_state *create = &plan->create;
	struct buffer *out = plan_statement_begin(plan, &plan->later, ROLE_EFFECT);

	buffer_append(out, (struct bytes){.data = plan->first.sql.data, .size = create->row_ends[end - 1]});
	for (uint32_t i = 0; i < create->insertion->column_count; i++) {
		buffer_append_text(out, i == 0 ? ",(" : ",");
		buffer_append_text(out, refused_value);
	}
	buffer_append_byte(out, ')');
	return plan_statement_end(plan, &plan->later);
}

static bool append_half(struct job_plan *plan)
{
	struct bad_row *bad_row = &plan->bad_row;
	uint32_t rows = bad_row->end - bad_row->first;

	if (rows == 0 || (rows == 1 && bad_row->end_is_bad)) {
		if (rows == 1)
			plan->error.at_row = (int32_t)bad_row->first;
		return false;
	}
	bad_row->tried_end = rows == 1 ? bad_row->end : bad_row->first + rows / 2;
	return append_first_rows(plan, bad_row->tried_end) == 0;
}

bool bad_row_next(struct job_plan *plan)
{
	plan->later.count = 0;
	buffer_reset(&plan->later.sql);
	switch (plan->bad_row.state) {
	case BAD_ROW_ASK:
		plan->bad_row.state = BAD_ROW_OVER;
		return append_question(plan) == 0;
	case BAD_ROW_HALVE:
		return append_half(plan);
	case BAD_ROW_OVER:
		break;
	}
	return false;
}

void bad_row_take(struct job_plan *plan, uint64_t number)
{
	if (!plan->has_effects && !plan->bad_row.is_other && number > 0 && number <= plan->create.row_count)
		plan->error.at_row = (int32_t)(number - 1);
}

void bad_row_failed(struct job_plan *plan, const struct sql_error *error)
{
	struct bad_row *bad_row = &plan->bad_row;

	/* What else the first wave has asked for may fail after the INSERT. */
	if (plan->wave == &plan->first)
		return;
	if (bad_row->state != BAD_ROW_HALVE) {
		bad_row->is_other = !is_same_error(bad_row, error);
		return;
	}
	if (error->number == SUBQUERY_HAS_MANY_ROWS) {
		bad_row->first = bad_row->tried_end;
	} else if (is_same_error(bad_row, error)) {
		bad_row->end = bad_row->tried_end;
		bad_row->end_is_bad = true;
	} else { /* too slow, or of another row: which says nothing about the rows */
		bad_row->state = BAD_ROW_OVER;
	}
}
