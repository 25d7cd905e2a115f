/* plan/sql/procedure_update.c
 *
 *   by key:                      UPDATE; SELECT by the key as it is afterwards, when the row is wanted
 *   by condition:                UPDATE
 *   by condition, with the rows: SELECT keys … FOR UPDATE, then UPDATE; SELECT, both by those keys: afterwards the
 *                                condition may hold for other rows */
#include "daemon/plan/sql/procedure_state.h"

#include "daemon/plan/sql/condition.h"
#include "daemon/plan/sql/order.h"
#include "daemon/plan/sql/set_operator.h"

#include <assert.h>
#include <errno.h>

/* What `set` does, worked out while it is written. */
struct assignments {
	bool *changed;                     /* per column of the table */
	const struct value **values;       /* per column: the plain value that it is set to; NULL: none */
	struct share_assignment *literals; /* per column: where that stands */
	bool any_operator;                 /* of some column the new value is not known */
	struct row row;
};

static int finish_update(struct job *job)
{
	struct job_plan *plan = job->plan;

	if (job->command.operation.required && plan->matched == 0)
		return compiler_refuse(&plan->compiler, ERROR_NOT_FOUND, NULL, "there is no such row");
	if (plan->shape != ANSWER_COUNTS)
		plan_rows_end(plan);
	answer_uint(&plan->answer, "matched", plan->matched);
	answer_uint(&plan->answer, "affected", plan->affected);
	return 0;
}

/* The literal of a plain value, with where it stands. */
static int append_plain(struct compiler *compiler, struct assignments *assignments, const struct column *column,
			const struct value *value)
{
	size_t start = compiler->out->size;
	int result = row_append_literal(&assignments->row, compiler, column, value, LITERAL_STORE);

	assignments->values[column->position] = value;
	assignments->literals[column->position] = (struct share_assignment){.column = column,
									    .start = start,
									    .size = compiler->out->size - start,
									    .is_null = value->type == VALUE_NIL};
	return result;
}

static int append_assignment(struct compiler *compiler, struct assignments *assignments, const struct member *member,
			     bool first)
{
	const struct column *column;
	const struct value *operand;
	enum set_operator operation;
	int result = compiler_find_column(compiler, value_bytes(&member->key), &column);

	if (result < 0)
		return result;
	if (column->generated)
		return compiler_refuse(compiler, ERROR_BAD_VALUE, column, "the column is computed and cannot be set");
	result = set_operator_read(compiler, column, &member->value, &operation, &operand);
	if (result < 0)
		return result;
	if (!first)
		buffer_append_byte(compiler->out, ',');
	buffer_append(compiler->out, column->quoted);
	buffer_append_text(compiler->out, " = ");
	assignments->changed[column->position] = true;
	if (operation == SET_VALUE)
		return append_plain(compiler, assignments, column, operand);
	assignments->any_operator = true;
	return set_operator_append(compiler, column, operation, operand);
}

static int append_assignments(struct job *job, struct assignments *assignments)
{
	struct compiler *compiler = &job->plan->compiler;
	const struct value *set = job->command.operation.set;

	for (uint32_t i = 0; i < set->size; i++) {
		int result = append_assignment(compiler, assignments, &set->members[i], i == 0);

		if (result < 0)
			return result;
	}
	return 0;
}

static int assignments_init(struct assignments *assignments, struct arena *arena, const struct table *table)
{
	assignments->changed = arena_alloc_array(arena, table->column_count, sizeof(bool));
	assignments->values = arena_alloc_array(arena, table->column_count, sizeof(*assignments->values));
	assignments->literals = arena_alloc_array(arena, table->column_count, sizeof(*assignments->literals));
	if (!assignments->changed || !assignments->values || !assignments->literals)
		return -ENOMEM;
	return row_init(&assignments->row, arena, table, NULL);
}

/* "UPDATE t SET …" */
static int append_update(struct job *job, struct wave *wave, struct assignments *assignments)
{
	struct job_plan *plan = job->plan;
	struct buffer *out = plan_statement_begin(plan, wave, ROLE_EFFECT);

	if (assignments_init(assignments, plan->compiler.arena, plan->table) < 0)
		return -ENOMEM;
	buffer_append_text(out, "UPDATE ");
	buffer_append(out, plan->table->quoted);
	buffer_append_text(out, " SET ");
	return append_assignments(job, assignments);
}

/* By the key under which the row is found afterwards: `set` may have changed it. */
static int append_reread(struct job_plan *plan, const struct assignments *assignments)
{
	const struct key *key = plan->table->primary_key;
	struct buffer *out = plan_statement_begin(plan, &plan->first, ROLE_ROWS);
	int result = 0;

	assert(assignments->values);
	/* Else the key may be that of another row. */
	plan->rows_if_matched = true;
	buffer_append_text(out, "SELECT ");
	query_append_select_list(out, plan->table, plan->columns, plan->column_count);
	query_append_from(&plan->compiler, NULL);
	for (uint32_t i = 0; i < key->column_count && result == 0; i++) {
		const struct value *value = assignments->values[key->columns[i]->position];

		buffer_append_text(out, i > 0 ? " AND " : " WHERE ");
		result = query_append_equal(&plan->compiler, key->columns[i], value ? value : plan->key[i],
					    value ? LITERAL_STORE : LITERAL_COMPARE, NULL);
	}
	return result < 0 ? result : plan_statement_end(plan, &plan->first);
}

static int compile_by_key(struct job *job, bool returning)
{
	struct job_plan *plan = job->plan;
	struct buffer *out = &plan->first.sql;
	struct assignments assignments = {0};
	struct row row;
	int result = row_init(&row, plan->compiler.arena, plan->table, NULL);

	if (result == 0)
		result = append_update(job, &plan->first, &assignments);
	if (result < 0)
		return result;
	buffer_append_text(out, " WHERE ");
	result = query_append_key(&plan->compiler, plan->key, &row);
	if (result == 0)
		result = footprint_write_key(&plan->footprint, plan->table, row_texts(&row, out), assignments.changed,
					     row_texts(&assignments.row, out));
	if (result == 0)
		result = plan_statement_end(plan, &plan->first);
	if (result == 0 && returning)
		result = append_reread(plan, &assignments);
	/* What depends on the row has a statement of its own. */
	if (result < 0 || assignments.any_operator)
		return result;
	return share_update(plan, &row, assignments.literals, assignments.changed);
}

static int compile_by_condition(struct job *job, enum target target)
{
	struct job_plan *plan = job->plan;
	struct assignments assignments = {0};
	int result = append_update(job, &plan->first, &assignments);

	if (result == 0)
		result = footprint_write(&plan->footprint, plan->table, assignments.changed);
	if (result == 0 && target == TARGET_WHERE) {
		buffer_append_text(plan->compiler.out, " WHERE ");
		result = condition_append(&plan->compiler, job->command.operation.where);
	}
	return result < 0 ? result : plan_statement_end(plan, &plan->first);
}

/* " WHERE key IN (…)": the rows whose keys the first wave brought. */
static void append_by_keys(struct job_plan *plan)
{
	struct buffer *out = plan->compiler.out;

	buffer_append_text(out, " WHERE ");
	plan_append_key_columns(plan);
	buffer_append_text(out, " IN (");
	buffer_append(out, buffer_bytes(&plan->keys));
	buffer_append_byte(out, ')');
}

/* The second wave: UPDATE and SELECT of those rows. */
static int follow_update(struct job *job)
{
	struct job_plan *plan = job->plan;
	struct buffer *out;
	int result;

	if (plan->wave == &plan->later || plan->key_rows == 0)
		return 0;
	buffer_append(plan_statement_begin(plan, &plan->later, ROLE_EFFECT), plan->update_head);
	append_by_keys(plan);
	result = plan_statement_end(plan, &plan->later);
	if (result < 0)
		return result;
	out = plan_statement_begin(plan, &plan->later, ROLE_ROWS);
	buffer_append_text(out, "SELECT ");
	query_append_select_list(out, plan->table, plan->columns, plan->column_count);
	query_append_from(&plan->compiler, NULL);
	append_by_keys(plan);
	result = order_append(&plan->compiler, &(struct order){.part = true});
	return result < 0 ? result : plan_statement_end(plan, &plan->later);
}

/* The first wave: only the keys, locked. The UPDATE is written at once all the same, for its errors and its footprint,
 * and put aside. */
static int compile_by_keys(struct job *job, enum target target)
{
	struct job_plan *plan = job->plan;
	const struct key *key = plan->table->primary_key;
	struct assignments assignments = {0};
	struct buffer *out;
	int result;

	if (!key)
		return compiler_refuse(&plan->compiler, ERROR_BAD_VALUE, NULL,
				       "`returning` needs a primary key, and the table has none");
	result = append_update(job, &plan->first, &assignments);
	if (result == 0)
		result = plan_statement_end(plan, &plan->first);
	if (result == 0)
		result = footprint_write(&plan->footprint, plan->table, assignments.changed);
	if (result < 0)
		return result;
	for (uint32_t i = 0; i < key->column_count; i++)
		if (assignments.changed[key->columns[i]->position])
			return compiler_refuse(&plan->compiler, ERROR_BAD_VALUE, key->columns[i],
					       "`returning` with `where` cannot follow a key that changes");
	plan->update_head = arena_copy(plan->compiler.arena, buffer_bytes(&plan->first.sql));
	if (!plan->update_head.data)
		return -ENOMEM;
	buffer_reset(&plan->first.sql);
	plan->first.count = 0;
	plan->follow = follow_update;
	out = plan_statement_begin(plan, &plan->first, ROLE_KEYS);
	buffer_append_text(out, "SELECT ");
	query_append_columns(out, key->columns, key->column_count);
	result = query_append_from(&plan->compiler, target == TARGET_WHERE ? job->command.operation.where : NULL);
	if (result < 0)
		return result;
	buffer_append_text(out, " LIMIT ");
	buffer_append_uint(out, plan->row_limit + 1);
	buffer_append_text(out, " FOR UPDATE");
	return plan_statement_end(plan, &plan->first);
}

int compile_update(struct job *job)
{
	struct job_plan *plan = job->plan;
	enum target target = TARGET_KEY;
	bool returning = false;
	int result = plan_target(job, &target);

	if (result == 0)
		result = plan_returning(job, target == TARGET_KEY, &returning);
	if (result < 0)
		return result;
	plan->finish = finish_update;
	plan->kind = target == TARGET_KEY ? plan_write_kind(plan->table) : PROCEDURE_ALONE;
	if (returning)
		plan->shape = target == TARGET_KEY ? ANSWER_ROW : ANSWER_ROWS;
	if (target == TARGET_KEY)
		return compile_by_key(job, returning);
	return returning ? compile_by_keys(job, target) : compile_by_condition(job, target);
}
