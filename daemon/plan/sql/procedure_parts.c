/* plan/sql/procedure_parts.c - what the operations share: statements of a wave, the target of a write, the rows of the
 * answer. */
#include "daemon/plan/sql/procedure_state.h"

#include <assert.h>
#include <errno.h>

/* A packet is smaller than the server's limit, and one byte of it says that it is a statement. */
enum { PACKET_OVERHEAD_BYTES = 2 };

struct buffer *plan_statement_begin(struct job_plan *plan, struct wave *wave, enum statement_role role)
{
	assert(wave->count < WAVE_STATEMENTS);
	wave->statements[wave->count] =
		(struct wave_statement){.start = wave->sql.size, .role = role, .writes = role == ROLE_EFFECT};
	plan->compiler.out = &wave->sql;
	return &wave->sql;
}

int plan_refuse_length(struct job_plan *plan)
{
	compiler_refuse(&plan->compiler, ERROR_TOO_LARGE, NULL,
			"the statement is larger than the server's max_allowed_packet");
	error_hint(plan->compiler.error, "send less at a time");
	return -EINVAL;
}

int plan_statement_end(struct job_plan *plan, struct wave *wave)
{
	struct wave_statement *statement = &wave->statements[wave->count];
	uint64_t limit = plan->compiler.server->max_allowed_packet;

	if (wave->sql.state == BUFFER_NO_MEMORY)
		return -ENOMEM;
	statement->size = wave->sql.size - statement->start;
	if (buffer_failed(&wave->sql) || statement->size + PACKET_OVERHEAD_BYTES > limit)
		return plan_refuse_length(plan);
	wave->count++;
	return 0;
}

void plan_statement_returning(struct job_plan *plan, struct wave *wave, enum statement_role role)
{
	wave->statements[wave->count].role = role;
	buffer_append_text(&wave->sql, " RETURNING ");
	query_append_select_list(&wave->sql, plan->table, plan->columns, plan->column_count);
}

int plan_answer_columns(struct job_plan *plan, const struct value *names, const char *what)
{
	return compiler_find_columns(&plan->compiler, names, what, &plan->columns, &plan->column_count);
}

int plan_returning(struct job *job, bool by_default, bool *ret_returning)
{
	const struct value *returning = job->command.operation.returning;

	*ret_returning = returning ? returning->type != VALUE_BOOL || returning->boolean : by_default;
	if (!*ret_returning)
		return 0;
	return plan_answer_columns(job->plan, returning && returning->type != VALUE_BOOL ? returning : NULL,
				   "returning");
}

int plan_target(struct job *job, enum target *ret_target)
{
	const struct operation *operation = &job->command.operation;
	struct job_plan *plan = job->plan;

	*ret_target = operation->pk ? TARGET_KEY : operation->where ? TARGET_WHERE : TARGET_ALL;
	return operation->pk ? query_resolve_key(&plan->compiler, operation->pk, &plan->key) : 0;
}

/* `cols`, for rows that are arrays. */
static void write_columns(struct job_plan *plan)
{
	struct writer *writer = answer_begin(&plan->answer, "cols");

	writer_array(writer, plan->column_count);
	for (uint32_t i = 0; i < plan->column_count; i++)
		writer_str(writer, plan->columns[i]->name);
	writer_array_end(writer);
	answer_end(&plan->answer);
}

void plan_rows_begin(struct job_plan *plan)
{
	if (plan->arrays)
		write_columns(plan);
	if (plan->create.role == ROLE_IDS)
		answer_begin_array(&plan->answer, "insert_ids");
	else if (plan->shape == ANSWER_ROWS)
		answer_begin_array(&plan->answer, "rows");
	else if (plan->shape == ANSWER_ROW)
		answer_begin(&plan->answer, "row");
}

void plan_rows_end(struct job_plan *plan)
{
	if (plan->shape != ANSWER_ROW) {
		answer_end_array(&plan->answer);
		return;
	}
	if (plan->answer.rows == 0)
		writer_nil(&plan->answer.writer);
	answer_end(&plan->answer);
}

void plan_append_key_columns(struct job_plan *plan)
{
	const struct key *key = plan->table->primary_key;
	struct buffer *out = plan->compiler.out;

	if (key->column_count > 1)
		buffer_append_byte(out, '(');
	for (uint32_t i = 0; i < key->column_count; i++) {
		if (i > 0)
			buffer_append_byte(out, ',');
		buffer_append(out, key->columns[i]->quoted);
	}
	if (key->column_count > 1)
		buffer_append_byte(out, ')');
}

enum procedure_kind plan_write_kind(const struct table *table)
{
	return table->transactional && !table->has_triggers ? PROCEDURE_BY_KEY : PROCEDURE_ALONE;
}
