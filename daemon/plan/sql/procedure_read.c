/* plan/sql/procedure_read.c - read, count, exists. */
#include "daemon/plan/sql/procedure_state.h"

#include "daemon/plan/sql/order.h"

#include <errno.h>

/* The end of the only statement. */
static int end_read(struct job_plan *plan)
{
	int result = plan_statement_end(plan, &plan->first);

	if (result == 0 && plan->kind == PROCEDURE_ALONE)
		share_same(plan);
	return result;
}

static const struct operation *operation_of(const struct job *job)
{
	return &job->command.operation;
}

static int finish_rows(struct job *job)
{
	struct job_plan *plan = job->plan;

	if (operation_of(job)->required && plan->answer.rows == 0)
		return compiler_refuse(&plan->compiler, ERROR_NOT_FOUND, NULL, "there is no such row");
	plan_rows_end(plan);
	return 0;
}

/* "WHERE key", and the footprint of a read by key. */
static int append_by_key(struct job *job)
{
	struct job_plan *plan = job->plan;
	struct compiler *compiler = &plan->compiler;
	struct row row;
	int result = query_resolve_key(compiler, operation_of(job)->pk, &plan->key);

	if (result < 0)
		return result;
	if (row_init(&row, compiler->arena, plan->table, NULL) < 0)
		return -ENOMEM;
	query_append_from(compiler, NULL);
	buffer_append_text(compiler->out, " WHERE ");
	result = query_append_key(compiler, plan->key, &row);
	if (result < 0)
		return result;
	plan->kind = PROCEDURE_BY_KEY;
	if (share_by_key(plan, SHARE_READ, &row) < 0)
		return -ENOMEM;
	return footprint_read_key(&plan->footprint, plan->table, row_texts(&row, compiler->out));
}

static int append_by_condition(struct job *job)
{
	struct job_plan *plan = job->plan;
	int result = query_append_from(&plan->compiler, operation_of(job)->where);

	if (result < 0)
		return result;
	plan->kind = PROCEDURE_ALONE;
	return footprint_read(&plan->footprint, plan->table);
}

/* One row more than may be answered, to know when there were too many. */
static void append_limit(struct job *job)
{
	const struct operation *operation = operation_of(job);
	struct job_plan *plan = job->plan;
	uint64_t limit = plan->row_limit + 1;
	uint64_t wanted = limit, offset = operation->have_offset ? operation->offset : 0;

	if (operation->have_limit)
		wanted = operation->limit;
	if (operation->have_page) {
		wanted = operation->page_size;
		offset = (operation->page - 1) * operation->page_size;
	}
	if (operation->first && wanted > 1)
		wanted = 1;
	buffer_append_text(plan->compiler.out, " LIMIT ");
	buffer_append_uint(plan->compiler.out, wanted < limit ? wanted : limit);
	if (offset > 0) {
		buffer_append_text(plan->compiler.out, " OFFSET ");
		buffer_append_uint(plan->compiler.out, offset);
	}
}

/* Whether only a part of the rows is asked for. */
static bool asks_for_part(const struct operation *operation)
{
	return operation->have_limit || operation->have_offset || operation->have_page || operation->first;
}

/* Parts of what has no order would overlap: distinct documents and geometries differ, but none comes before another. */
static int check_distinct_part(struct job_plan *plan)
{
	for (uint32_t i = 0; i < plan->column_count; i++) {
		const struct column *column = plan->columns[i];

		if (column->kind != COLUMN_JSON && column->kind != COLUMN_GEOMETRY)
			continue;
		compiler_refuse(&plan->compiler, ERROR_BAD_VALUE, column,
				"`distinct` rows with a column that has no order cannot be read in parts");
		error_hint(plan->compiler.error,
			   "leave it out of `select`, or read without `limit`, `offset`, `page` and `first`");
		return -EINVAL;
	}
	return 0;
}

static int append_rows(struct job *job)
{
	const struct operation *operation = operation_of(job);
	struct job_plan *plan = job->plan;
	struct order order = {.asked = operation->order, .part = asks_for_part(operation)};
	int result = append_by_condition(job);

	if (operation->distinct) {
		order.distinct = plan->columns;
		order.distinct_count = plan->column_count;
	}
	if (result == 0 && order.distinct && order.part)
		result = check_distinct_part(plan);
	if (result == 0)
		result = order_append(&plan->compiler, &order);
	if (result == 0)
		append_limit(job);
	return result;
}

int compile_read(struct job *job)
{
	const struct operation *operation = operation_of(job);
	struct job_plan *plan = job->plan;
	struct buffer *out;
	int result = plan_answer_columns(plan, operation->select, "select");

	if (result < 0)
		return result;
	plan->shape = operation->pk || operation->first ? ANSWER_ROW : ANSWER_ROWS;
	plan->arrays = operation->arrays;
	plan->finish = finish_rows;
	out = plan_statement_begin(plan, &plan->first, ROLE_ROWS);
	buffer_append_text(out, operation->distinct ? "SELECT DISTINCT " : "SELECT ");
	query_append_select_list(out, plan->table, plan->columns, plan->column_count);
	result = operation->pk ? append_by_key(job) : append_rows(job);
	return result < 0 ? result : end_read(plan);
}

static int finish_count(struct job *job)
{
	answer_uint(&job->plan->answer, "value", job->plan->number);
	return 0;
}

int compile_count(struct job *job)
{
	struct job_plan *plan = job->plan;
	int result;

	plan->finish = finish_count;
	buffer_append_text(plan_statement_begin(plan, &plan->first, ROLE_NUMBER), "SELECT COUNT(*)");
	result = append_by_condition(job);
	return result < 0 ? result : end_read(plan);
}

static int finish_exists(struct job *job)
{
	answer_bool(&job->plan->answer, "value", job->plan->number > 0);
	return 0;
}

int compile_exists(struct job *job)
{
	const struct operation *operation = operation_of(job);
	struct job_plan *plan = job->plan;
	int result;

	plan->finish = finish_exists;
	buffer_append_text(plan_statement_begin(plan, &plan->first, ROLE_NUMBER), "SELECT 1");
	result = operation->pk ? append_by_key(job) : append_by_condition(job);
	if (result < 0)
		return result;
	buffer_append_text(plan->compiler.out, " LIMIT 1");
	return end_read(plan);
}
