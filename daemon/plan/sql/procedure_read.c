/* plan/sql/procedure_read.c - read, count, exists. */
#include "daemon/plan/sql/procedure_state.h"

#include <errno.h>

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

static int refuse_both(struct job_plan *plan, const char *one, const char *other)
{
	return compiler_refuse(&plan->compiler, ERROR_BAD_VALUE, NULL, "`%s` and `%s` exclude each other", one, other);
}

static int check_fields(struct job *job)
{
	const struct operation *operation = operation_of(job);
	struct job_plan *plan = job->plan;

	if (operation->have_page && operation->have_limit)
		return refuse_both(plan, "page", "limit");
	if (operation->have_page && operation->have_offset)
		return refuse_both(plan, "page", "offset");
	if (!operation->pk)
		return 0;
	if (operation->where)
		return refuse_both(plan, "pk", "where");
	if (operation->order)
		return refuse_both(plan, "pk", "order");
	if (operation->have_limit)
		return refuse_both(plan, "pk", "limit");
	if (operation->have_offset)
		return refuse_both(plan, "pk", "offset");
	if (operation->have_page)
		return refuse_both(plan, "pk", "page");
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
	if (row_init(&row, compiler->arena, plan->table) < 0)
		return -ENOMEM;
	query_append_from(compiler, NULL);
	buffer_append_text(compiler->out, " WHERE ");
	result = query_append_key(compiler, plan->key, &row);
	if (result < 0)
		return result;
	plan->kind = PROCEDURE_BY_KEY;
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
static int append_limit(struct job *job)
{
	const struct operation *operation = operation_of(job);
	struct job_plan *plan = job->plan;
	uint64_t limit = plan->row_limit + 1;
	uint64_t wanted = limit, offset = operation->have_offset ? operation->offset : 0;

	if (operation->have_limit)
		wanted = operation->limit;
	if (operation->have_page) {
		wanted = operation->page_size;
		if (operation->page == 0 || __builtin_mul_overflow(operation->page - 1, wanted, &offset))
			return compiler_refuse(&plan->compiler, ERROR_BAD_VALUE, NULL, "there is no such page");
	}
	if (operation->first && wanted > 1)
		wanted = 1;
	buffer_append_text(plan->compiler.out, " LIMIT ");
	buffer_append_uint(plan->compiler.out, wanted < limit ? wanted : limit);
	if (offset > 0) {
		buffer_append_text(plan->compiler.out, " OFFSET ");
		buffer_append_uint(plan->compiler.out, offset);
	}
	return 0;
}

static int append_selection(struct job *job)
{
	const struct operation *operation = operation_of(job);
	struct job_plan *plan = job->plan;
	bool part = operation->have_limit || operation->have_offset || operation->have_page || operation->first;
	int result;

	if (operation->pk)
		return append_by_key(job);
	result = append_by_condition(job);
	if (result == 0)
		result = query_append_order(&plan->compiler, operation->order, part);
	return result < 0 ? result : append_limit(job);
}

int compile_read(struct job *job)
{
	const struct operation *operation = operation_of(job);
	struct job_plan *plan = job->plan;
	struct buffer *out;
	int result = check_fields(job);

	if (result == 0)
		result = plan_answer_columns(plan, operation->select, "select");
	if (result < 0)
		return result;
	plan->shape = operation->pk || operation->first ? ANSWER_ROW : ANSWER_ROWS;
	plan->finish = finish_rows;
	out = plan_statement_begin(plan, &plan->first, ROLE_ROWS);
	buffer_append_text(out, "SELECT ");
	query_append_select_list(out, plan->columns, plan->column_count);
	result = append_selection(job);
	return result < 0 ? result : plan_statement_end(plan, &plan->first);
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
	return result < 0 ? result : plan_statement_end(plan, &plan->first);
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

	if (operation->pk && operation->where)
		return refuse_both(plan, "pk", "where");
	if (!operation->pk && !operation->where)
		return compiler_refuse(&plan->compiler, ERROR_MISSING_FIELD, NULL, "`exists` takes `pk` or `where`");
	plan->finish = finish_exists;
	buffer_append_text(plan_statement_begin(plan, &plan->first, ROLE_NUMBER), "SELECT 1");
	result = operation->pk ? append_by_key(job) : append_by_condition(job);
	if (result < 0)
		return result;
	buffer_append_text(plan->compiler.out, " LIMIT 1");
	return plan_statement_end(plan, &plan->first);
}
