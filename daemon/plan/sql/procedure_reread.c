/* plan/sql/procedure_reread.c - the rows of an INSERT, on a server without RETURNING. */
#include "daemon/plan/sql/procedure_state.h"

/* In one SELECT, whose time grows with the square of it: to sort them the server compares each row with each key. */
enum { ROWS_PER_SELECT = 200 };

/* A key that is left out and has no default makes the INSERT fail, unless a trigger fills it in. */
static bool column_is_known(const struct insertion *insertion, const struct table *table, const struct column *column)
{
	const struct value *value = insertion_value(insertion, column);

	if (column->auto_increment)
		return insertion_gives(insertion, column);
	return value || (column->has_default ? !column->default_is_computed : !table->has_triggers);
}

enum found_by reread_found_by(const struct insertion *insertion, const struct table *table)
{
	const struct key *key = table->primary_key;
	uint32_t known = 0;

	for (uint32_t i = 0; key && i < key->column_count; i++)
		known += column_is_known(insertion, table, key->columns[i]);
	if (key && known == key->column_count)
		return FOUND_BY_KEY;
	if (table->auto_increment && !insertion_gives(insertion, table->auto_increment))
		return FOUND_BY_GENERATED_ID;
	return NOT_FOUND_AGAIN;
}

static struct buffer *begin(struct job_plan *plan, struct wave *wave)
{
	struct buffer *out = plan_statement_begin(plan, wave, plan->create.role);

	buffer_append_text(out, "SELECT ");
	query_append_select_list(out, plan->table, plan->columns, plan->column_count);
	query_append_from(&plan->compiler, NULL);
	buffer_append_text(out, " WHERE ");
	return out;
}

/* "(`id` = 1)" for one of the rows, with the key as it was stored. */
static int append_key(struct job_plan *plan, uint32_t row)
{
	const struct key *key = plan->table->primary_key;
	struct insertion *insertion = plan->create.insertion;
	struct buffer *out = plan->compiler.out;
	int result = 0;

	insertion_read(insertion, plan->table, &plan->create.rows[row]);
	buffer_append_byte(out, '(');
	for (uint32_t i = 0; i < key->column_count && result == 0; i++) {
		const struct column *column = key->columns[i];
		const struct value *value = insertion_value(insertion, column);

		buffer_append_text(out, i > 0 ? " AND " : "");
		if (value) {
			result = query_append_equal(&plan->compiler, column, value, LITERAL_STORE, NULL);
			continue;
		}
		buffer_append(out, column->quoted);
		buffer_append_text(out, " = DEFAULT(");
		buffer_append(out, column->quoted);
		buffer_append_byte(out, ')');
	}
	buffer_append_byte(out, ')');
	return result;
}

/* The server compares the keys, in the WHERE and for the order: only it knows which texts are equal. */
int reread_by_key(struct job_plan *plan, struct wave *wave, uint32_t first, uint32_t count)
{
	struct buffer *out = begin(plan, wave);
	int result = 0;

	for (uint32_t i = 0; i < count && result == 0; i++) {
		buffer_append_text(out, i > 0 ? " OR " : "");
		result = append_key(plan, first + i);
	}
	for (uint32_t i = 0; i < count && count > 1 && result == 0; i++) {
		buffer_append_text(out, i > 0 ? " WHEN " : " ORDER BY CASE WHEN ");
		result = append_key(plan, first + i);
		buffer_append_text(out, " THEN ");
		buffer_append_uint(out, i);
	}
	if (count > 1)
		buffer_append_text(out, " END");
	return result < 0 ? result : plan_statement_end(plan, wave);
}

/* As many SELECTs as the wave has room for. */
static int append_selects(struct job_plan *plan, struct wave *wave)
{
	struct create_state *create = &plan->create;
	int result = 0;

	while (wave->count < WAVE_STATEMENTS && create->next_row < create->row_count && result == 0) {
		uint32_t left = create->row_count - create->next_row;
		uint32_t count = left < ROWS_PER_SELECT ? left : ROWS_PER_SELECT;

		result = reread_by_key(plan, wave, create->next_row, count);
		create->next_row += count;
	}
	return result;
}

static int follow_selects(struct job *job)
{
	return append_selects(job->plan, &job->plan->later);
}

int reread_by_keys(struct job_plan *plan)
{
	int result = append_selects(plan, &plan->first);

	plan->create.first_rows = plan->create.next_row;
	plan->follow = follow_selects;
	return result;
}

void reread_append_step(const struct job_plan *plan, struct buffer *out)
{
	if (plan->compiler.server->auto_increment_increment <= 1)
		return;
	buffer_append_text(out, " AND ");
	buffer_append(out, plan->table->auto_increment->quoted);
	buffer_append_text(out, " % @@auto_increment_increment = LAST_INSERT_ID() % @@auto_increment_increment");
}

int reread_by_generated_ids(struct job_plan *plan, struct wave *wave, uint32_t count)
{
	struct buffer *out = begin(plan, wave);
	struct bytes id = plan->table->auto_increment->quoted;

	buffer_append(out, id);
	if (count == 1) {
		buffer_append_text(out, " = LAST_INSERT_ID()");
		return plan_statement_end(plan, wave);
	}
	buffer_append_text(out, " >= LAST_INSERT_ID() AND ");
	buffer_append(out, id);
	buffer_append_text(out, " < LAST_INSERT_ID() + ");
	buffer_append_uint(out, count);
	buffer_append_text(out, " * @@auto_increment_increment");
	reread_append_step(plan, out);
	buffer_append_text(out, " ORDER BY ");
	buffer_append(out, id);
	return plan_statement_end(plan, wave);
}

int reread_by_told_id(struct job_plan *plan, struct wave *wave)
{
	struct buffer *out = begin(plan, wave);

	buffer_append(out, plan->table->auto_increment->quoted);
	buffer_append_text(out, " = ");
	buffer_append_uint(out, plan->insert_id);
	return plan_statement_end(plan, wave);
}
