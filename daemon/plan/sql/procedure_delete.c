/* plan/sql/procedure_delete.c
 *
 *   MariaDB:                DELETE … RETURNING
 *   MySQL, by key:          SELECT … FOR UPDATE; DELETE
 *   MySQL, by condition:    SELECT keys … FOR UPDATE, then SELECT rows; DELETE, both by those keys: a row that came to
 *                           match in between must not go without being told */
#include "daemon/plan/sql/procedure_state.h"

#include <errno.h>

static int finish_delete(struct job *job)
{
	struct job_plan *plan = job->plan;

	if (job->command.operation.required && plan->affected == 0)
		return compiler_refuse(&plan->compiler, ERROR_NOT_FOUND, NULL, "there is no such row");
	if (plan->shape != ANSWER_COUNTS)
		plan_rows_end(plan);
	answer_uint(&plan->answer, "affected", plan->affected);
	return 0;
}

static int append_by_keys(struct job_plan *plan)
{
	struct buffer *out = plan->compiler.out;

	query_append_from(&plan->compiler, NULL);
	buffer_append_text(out, " WHERE ");
	plan_append_key_columns(plan);
	buffer_append_text(out, " IN (");
	buffer_append(out, buffer_bytes(&plan->keys));
	buffer_append_byte(out, ')');
	return plan_statement_end(plan, &plan->later);
}

static int follow_delete(struct job *job)
{
	struct job_plan *plan = job->plan;
	struct buffer *out;
	int result;

	if (plan->wave == &plan->later || plan->key_rows == 0)
		return 0;
	out = plan_statement_begin(plan, &plan->later, ROLE_ROWS);
	buffer_append_text(out, "SELECT ");
	query_append_select_list(out, plan->table, plan->columns, plan->column_count);
	result = append_by_keys(plan);
	if (result < 0)
		return result;
	buffer_append_text(plan_statement_begin(plan, &plan->later, ROLE_EFFECT), "DELETE");
	return append_by_keys(plan);
}

/* " FROM t WHERE …" by whatever names the rows. row: where the key's texts are noted; may be NULL. */
static int append_target(struct job *job, enum target target, struct row *row)
{
	struct job_plan *plan = job->plan;

	if (target == TARGET_WHERE)
		return query_append_from(&plan->compiler, job->command.operation.where);
	query_append_from(&plan->compiler, NULL);
	if (target == TARGET_ALL)
		return 0;
	buffer_append_text(plan->compiler.out, " WHERE ");
	return query_append_key(&plan->compiler, plan->key, row);
}

/* The rows, or on the way to them their keys, before they are gone. */
static int append_selection(struct job *job, enum target target)
{
	struct job_plan *plan = job->plan;
	bool keys_first = target != TARGET_KEY;
	struct buffer *out = plan_statement_begin(plan, &plan->first, keys_first ? ROLE_KEYS : ROLE_ROWS);
	int result;

	buffer_append_text(out, "SELECT ");
	if (keys_first)
		query_append_columns(out, plan->table->primary_key->columns, plan->table->primary_key->column_count);
	else
		query_append_select_list(out, plan->table, plan->columns, plan->column_count);
	result = append_target(job, target, NULL);
	if (result < 0)
		return result;
	if (keys_first) {
		buffer_append_text(out, " LIMIT ");
		buffer_append_uint(out, plan->row_limit + 1);
		plan->follow = follow_delete;
	}
	buffer_append_text(out, " FOR UPDATE");
	return plan_statement_end(plan, &plan->first);
}

static int append_delete(struct job *job, enum target target, struct row *row, bool rows_back)
{
	struct job_plan *plan = job->plan;
	struct buffer *out = plan_statement_begin(plan, &plan->first, ROLE_EFFECT);
	int result;

	buffer_append_text(out, "DELETE");
	result = append_target(job, target, row);
	if (result < 0)
		return result;
	if (target == TARGET_KEY)
		result = footprint_write_key(&plan->footprint, plan->table, row_texts(row, out), NULL, NULL);
	else
		result = footprint_write(&plan->footprint, plan->table, NULL);
	if (result < 0)
		return result;
	if (rows_back)
		plan_statement_returning(plan, &plan->first, ROLE_ROWS);
	return plan_statement_end(plan, &plan->first);
}

int compile_delete(struct job *job)
{
	struct job_plan *plan = job->plan;
	bool mysql = plan->compiler.server->kind == SERVER_MYSQL;
	enum target target = TARGET_KEY;
	bool returning = false;
	struct row row;
	int result = plan_target(job, &target);

	if (result == 0)
		result = plan_returning(job, false, &returning);
	if (result < 0)
		return result;
	if (row_init(&row, plan->compiler.arena, plan->table, NULL) < 0)
		return -ENOMEM;
	plan->kind = target == TARGET_KEY ? plan_write_kind(plan->table) : PROCEDURE_ALONE;
	plan->finish = finish_delete;
	if (returning)
		plan->shape = target == TARGET_KEY ? ANSWER_ROW : ANSWER_ROWS;
	if (!returning || !mysql) {
		result = append_delete(job, target, &row, returning);
		return result < 0 || target != TARGET_KEY ? result : share_by_key(plan, SHARE_DELETE, &row);
	}
	if (target != TARGET_KEY && !plan->table->primary_key)
		return compiler_refuse(&plan->compiler, ERROR_BAD_VALUE, NULL,
				       "`returning` needs a primary key on this server, and the table has none");
	result = append_selection(job, target);
	if (result < 0)
		return result;
	if (target == TARGET_KEY) {
		result = append_delete(job, target, &row, false);
		return result < 0 ? result : share_by_key(plan, SHARE_DELETE, &row);
	}
	return footprint_write(&plan->footprint, plan->table, NULL);
}
