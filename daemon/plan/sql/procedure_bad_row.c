/* plan/sql/procedure_bad_row.c - which of its rows an INSERT has failed at, where the error does not say.
 *
 *   MariaDB:        sends each row as soon as it is inserted: as many came as stand before the bad one. Where no rows
 *                   were asked for, the INSERT once more, with RETURNING
 *   without it:     by halves: INSERT of the first rows and of one that always fails behind them; its error in place of
 *                   another says that these rows are good. A savepoint would need no such row, but its end would undo
 *                   what other commands of the batch did since
 *
 * A command that succeeds pays nothing for it. */
#include "daemon/plan/sql/procedure_state.h"

/* A value that the server can only refuse, when it comes to it, and the error that it then answers. */
static const char refused_value[] = "(SELECT 1 UNION SELECT 2)";
enum { SUBQUERY_HAS_MANY_ROWS = 1242 };

/* Creates do not exclude each other. One that ran in the same wave, behind this one, may have put a row of its own in
 * the way: then another row fails, with another error or for another value. */
static bool is_same_error(const struct bad_row *bad_row, const struct sql_error *error)
{
	return error->number == bad_row->number && bytes_equal_text(bad_row->message, error->message);
}

void bad_row_begin(struct job_plan *plan, uint32_t index, const struct sql_error *error)
{
	const struct create_state *create = &plan->create;
	bool tells_rows = plan->compiler.server->kind == SERVER_MARIADB;

	if (error->code == ERROR_TOO_LARGE || !create->is_array || error->row >= 0 ||
	    error->class != SQL_ERROR_OF_COMMAND || plan->wave != &plan->first || index != 0)
		return;
	if (create->row_count == 1)
		plan->error.at_row = 0;
	else if (tells_rows && create->role != ROLE_EFFECT)
		plan->error.at_row = (int32_t)plan->answer.rows;
	else if (!plan->table->transactional) /* what is tried again could not be undone */
		return;
	else if (tells_rows)
		plan->bad_row.state = BAD_ROW_ASK;
	else if (!plan->table->has_triggers && create->insertion->column_count > 0)
		plan->bad_row = (struct bad_row){.state = BAD_ROW_HALVE, .end = create->row_count};
	plan->bad_row.number = error->number;
	/* Without memory for it the row is not told. */
	plan->bad_row.message = arena_copy(plan->compiler.arena, bytes_of(error->message));
}

/* Should it succeed this time, it is undone. */
static int append_question(struct job_plan *plan)
{
	struct bytes insert = {.data = plan->first.sql.data, .size = plan->first.statements[0].size};
	struct buffer *out = plan_statement_begin(plan, &plan->later, ROLE_BAD_ROW);

	plan->later.statements[0].writes = true;
	buffer_append(out, insert);
	buffer_append_text(out, " RETURNING 1");
	return plan_statement_end(plan, &plan->later);
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

void bad_row_failed(struct job_plan *plan, const struct sql_error *error)
{
	struct bad_row *bad_row = &plan->bad_row;

	/* What else the first wave has asked for may fail after the INSERT. */
	if (plan->wave == &plan->first)
		return;
	if (bad_row->state != BAD_ROW_HALVE) {
		if (is_same_error(bad_row, error))
			plan->error.at_row = (int32_t)bad_row->came;
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
