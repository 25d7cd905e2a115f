/* plan/sql/procedure_create.c
 *
 *   MariaDB:                           INSERT … VALUES (…),(…) RETURNING, whose order is the order of VALUES
 *   MySQL, all keys given:             INSERT; SELECT by those keys
 *   MySQL, all keys generated:         INSERT; SELECT from LAST_INSERT_ID() on
 *   MySQL, neither:                    the same for each row by itself, two rows to a wave
 *   MySQL, with triggers:              INSERT; SELECT by the id that it has told, with the INSERT of the next row */
#include "daemon/plan/sql/procedure_state.h"

#include <errno.h>
#include <inttypes.h>

enum { ROWS_PER_WAVE = 2 };

static void note_id(struct job_plan *plan, const struct insertion *insertion, uint32_t index)
{
	const struct column *column = plan->table->auto_increment;

	if (!column)
		return;
	if (!insertion_gives(insertion, column)) {
		plan->create.any_generated = true;
		return;
	}
	plan->create.any_given = true;
	plan->create.ids[index] = insertion->row.spans[column->position];
}

/* Rows that name a column each make a statement of rows times columns: it is not written to its end, to find out that
 * it is too long. A value takes two bytes at least. */
static bool is_hopelessly_long(const struct job_plan *plan, const struct insertion *insertion, uint32_t next_row)
{
	uint64_t values = (uint64_t)(plan->create.row_count - next_row) * insertion->column_count;

	return plan->compiler.out->size + 2 * values > plan->compiler.server->max_allowed_packet;
}

/* The rows of one statement, with their footprints. */
static int append_rows(struct job_plan *plan, struct insertion *insertion)
{
	struct create_state *create = &plan->create;
	struct compiler *compiler = &plan->compiler;

	create->rows_start = compiler->out->size;
	for (uint32_t i = 0; i < create->row_count; i++) {
		int result;

		if (is_hopelessly_long(plan, insertion, i))
			return plan_refuse_length(plan);
		if (i > 0)
			buffer_append_byte(compiler->out, ',');
		insertion_read(insertion, plan->table, &create->rows[i]);
		result = insertion_append_row(compiler, insertion);
		create->row_ends[i] = compiler->out->size;
		if (result == 0) {
			note_id(plan, insertion, i);
			result = footprint_create(&plan->footprint, plan->table,
						  row_texts(&insertion->row, compiler->out));
		} else if (result == -EINVAL && create->is_array) {
			compiler->error->at_row = (int32_t)i;
		}
		if (result < 0)
			return result;
	}
	return 0;
}

/* The INSERT of one row. */
static int append_single_insert(struct job_plan *plan, struct insertion *insertion, struct wave *wave, uint32_t index)
{
	struct compiler *compiler = &plan->compiler;
	const struct value *values = &plan->create.rows[index];
	int result;

	memset(insertion->named, 0, plan->table->column_count * sizeof(bool));
	result = insertion_collect(compiler, insertion, values);
	if (result < 0)
		return result;
	insertion_choose(insertion, plan->table);
	plan_statement_begin(plan, wave, ROLE_EFFECT);
	insertion_append_head(compiler->out, insertion, plan->table);
	insertion_read(insertion, plan->table, values);
	result = insertion_append_row(compiler, insertion);
	return result < 0 ? result : plan_statement_end(plan, wave);
}

/* INSERT and SELECT of one row. */
static int append_single(struct job_plan *plan, struct insertion *insertion, struct wave *wave, uint32_t index)
{
	int result = append_single_insert(plan, insertion, wave, index);

	if (result < 0)
		return result;
	if (reread_found_by(insertion, plan->table) == FOUND_BY_KEY)
		return reread_by_key(plan, wave, index, 1);
	return reread_by_generated_ids(plan, wave, 1);
}

static int append_singles(struct job_plan *plan, struct insertion *insertion, struct wave *wave)
{
	struct create_state *create = &plan->create;
	int result = 0;

	for (uint32_t i = 0; i < ROWS_PER_WAVE && create->next_row < create->row_count && result == 0; i++)
		result = append_single(plan, insertion, wave, create->next_row++);
	return result;
}

static int follow_singles(struct job *job)
{
	struct job_plan *plan = job->plan;

	if (plan->create.next_row >= plan->create.row_count)
		return 0;
	return append_singles(plan, plan->create.insertion, &plan->later);
}

static int compile_singles(struct job_plan *plan, struct insertion *insertion)
{
	int result;

	buffer_reset(&plan->first.sql);
	plan->first.count = 0;
	plan->follow = follow_singles;
	plan->create.one_by_one = true;
	/* Generated keys rise in queue order only if all INSERTs are in the first wave. */
	if (plan->create.row_count > ROWS_PER_WAVE)
		plan->kind = PROCEDURE_ALONE;
	result = append_singles(plan, insertion, &plan->first);
	plan->create.first_rows = plan->create.next_row;
	return result;
}

/* The SELECT of the row whose INSERT was answered, and the INSERT of the next one. */
static int follow_told(struct job *job)
{
	struct job_plan *plan = job->plan;
	struct create_state *create = &plan->create;
	int result;

	if (create->read_row == create->row_count)
		return 0;
	create->read_row++;
	result = reread_by_told_id(plan, &plan->later);
	plan->insert_id = 0;
	if (result < 0 || create->next_row == create->row_count)
		return result;
	return append_single_insert(plan, create->insertion, &plan->later, create->next_row++);
}

/* A trigger may set the key itself, and insert into other tables: LAST_INSERT_ID() is then what was generated last, for
 * whichever row. What the server tells with its answer to an INSERT of one row is what it stored. */
static int compile_told(struct job_plan *plan, struct insertion *insertion)
{
	int result;

	buffer_reset(&plan->first.sql);
	plan->first.count = 0;
	plan->follow = follow_told;
	plan->create.told = true;
	result = append_single_insert(plan, insertion, &plan->first, 0);
	plan->create.next_row = plan->create.first_rows = 1;
	return result;
}

/* How a server without RETURNING tells the rows; called when the INSERT of all rows stands in the first wave. */
static int append_reread(struct job_plan *plan, struct insertion *insertion)
{
	const struct key *key = plan->table->primary_key;
	struct create_state *create = &plan->create;
	uint32_t by_key = 0;

	for (uint32_t i = 0; i < create->row_count; i++) {
		enum found_by found_by;

		insertion_read(insertion, plan->table, &create->rows[i]);
		found_by = reread_found_by(insertion, plan->table);
		by_key += found_by == FOUND_BY_KEY;
		if (found_by != NOT_FOUND_AGAIN)
			continue;
		compiler_refuse(&plan->compiler, ERROR_BAD_VALUE, NULL,
				"this server cannot tell the row back: its key is neither given nor AUTO_INCREMENT");
		error_hint(plan->compiler.error, "give the primary key in `values`, or `returning`: false");
		return -EINVAL;
	}
	if (plan->table->has_triggers && key->column_count == 1 && key->columns[0] == plan->table->auto_increment)
		return compile_told(plan, insertion);
	if (by_key == create->row_count)
		return reread_by_keys(plan);
	if (by_key == 0 && !create->any_given)
		return reread_by_generated_ids(plan, &plan->first, create->row_count);
	return compile_singles(plan, insertion);
}

/* Writes a key that was given, from its literal. */
static void write_given_id(struct writer *writer, const struct job_plan *plan, const struct row_span *span)
{
	struct bytes text = {.data = plan->first.sql.data + span->start, .size = span->size};

	answer_value(writer, plan->table->auto_increment, text);
}

/* With `returning: false`: the generated keys, or those that were given in their place. */
static void finish_ids(struct job *job)
{
	struct job_plan *plan = job->plan;
	struct create_state *create = &plan->create;
	uint64_t generated = plan->insert_id;
	/* What a trigger has made of a given one, the server tells. */
	bool as_given = create->any_given && !(plan->table->has_triggers && generated != 0);

	if (!plan->table->auto_increment)
		return;
	if (create->is_array)
		answer_begin_array(&plan->answer, "insert_ids");
	else
		answer_begin(&plan->answer, "insert_id");
	for (uint32_t i = 0; i < create->row_count; i++, generated += plan->compiler.server->auto_increment_increment) {
		if (as_given)
			write_given_id(answer_item(&plan->answer), plan, &create->ids[i]);
		else
			writer_uint(answer_item(&plan->answer), generated);
	}
	if (create->is_array)
		answer_end_array(&plan->answer);
	else
		answer_end(&plan->answer);
}

/* A trigger may have given the row another key than was sent. */
static int refuse_lost_row(struct job_plan *plan)
{
	compiler_refuse(&plan->compiler, ERROR_BAD_VALUE, NULL,
			"this server cannot tell the row back: it is not found by its key");
	error_hint(plan->compiler.error, plan->table->has_triggers
						 ? "a trigger seems to set the key; try it with `returning`: false"
						 : "try it with `returning`: false");
	return -EINVAL;
}

static int finish_create(struct job *job)
{
	struct job_plan *plan = job->plan;

	if (plan->create.role != ROLE_EFFECT && plan->answer.rows != plan->create.row_count)
		return refuse_lost_row(plan);
	if (plan->create.role == ROLE_EFFECT)
		finish_ids(job);
	else
		plan_rows_end(plan);
	answer_uint(&plan->answer, "affected", plan->affected);
	return 0;
}

/* `values: []` is no rows, which needs no statement. */
static int answer_no_rows(struct job_plan *plan, bool returning)
{
	plan->kind = PROCEDURE_ANSWERED;
	if (returning || plan->table->auto_increment) {
		answer_begin_array(&plan->answer, returning ? "rows" : "insert_ids");
		answer_end_array(&plan->answer);
	}
	answer_uint(&plan->answer, "affected", 0);
	return 0;
}

static int read_values(struct job_plan *plan, const struct value *values)
{
	struct create_state *create = &plan->create;

	create->is_array = values->type == VALUE_ARRAY;
	create->rows = create->is_array ? values->items : values;
	create->row_count = create->is_array ? values->size : 1;
	create->row_ends = arena_alloc_array(plan->compiler.arena, create->row_count, sizeof(*create->row_ends));
	if (!create->row_ends)
		return -ENOMEM;
	if (!plan->table->auto_increment)
		return 0;
	create->ids = arena_alloc_array(plan->compiler.arena, create->row_count, sizeof(*create->ids));
	return create->ids ? 0 : -ENOMEM;
}

static int collect_all_columns(struct job_plan *plan, struct insertion *insertion)
{
	struct create_state *create = &plan->create;

	for (uint32_t i = 0; i < create->row_count; i++) {
		int result = insertion_collect(&plan->compiler, insertion, &create->rows[i]);

		if (result < 0) {
			if (create->is_array)
				plan->compiler.error->at_row = (int32_t)i;
			return result;
		}
	}
	insertion_choose(insertion, plan->table);
	return 0;
}

/* Given and generated keys in one statement, or keys that a trigger may have set: they cannot be counted from the first
 * one. */
static bool ids_must_be_read(const struct job_plan *plan)
{
	const struct create_state *create = &plan->create;

	return (create->any_given && create->any_generated) ||
	       (create->is_array && plan->table->has_triggers && plan->table->auto_increment);
}

static void ask_for_ids(struct job_plan *plan)
{
	plan->columns = &plan->table->every_column[plan->table->auto_increment->position];
	plan->column_count = 1;
	plan->create.role = ROLE_IDS;
}

/* The INSERT around a row that stands alone in the first wave's text, behind it. */
static int complete_insert(struct job *job)
{
	struct job_plan *plan = job->plan;
	struct create_state *create = &plan->create;
	struct wave *wave = &plan->first;
	size_t size = create->row_ends[0];
	char *to;

	wave->count = 0;
	plan_statement_begin(plan, wave, ROLE_EFFECT);
	insertion_append_head(&wave->sql, create->insertion, plan->table);
	to = buffer_reserve(&wave->sql, size);
	if (to) {
		memcpy(to, wave->sql.data, size);
		wave->sql.size += size;
	}
	if (create->role != ROLE_EFFECT)
		plan_statement_returning(plan, wave, create->role);
	return plan_statement_end(plan, wave);
}

static int append_insert(struct job_plan *plan, struct insertion *insertion)
{
	bool mysql = plan->compiler.server->kind == SERVER_MYSQL;
	struct create_state *create = &plan->create;
	bool bare = create->row_count == 1 && !mysql;
	int result;

	create->insertion = insertion;
	plan_statement_begin(plan, &plan->first, ROLE_EFFECT);
	/* Most single rows are sent with others in one statement, which has the rest once. */
	if (bare)
		plan->complete = complete_insert;
	else
		insertion_append_head(&plan->first.sql, insertion, plan->table);
	result = append_rows(plan, insertion);

	if (result == 0 && create->role == ROLE_EFFECT && ids_must_be_read(plan))
		ask_for_ids(plan);
	if (result < 0)
		return result;
	if (bare)
		plan->first.statements[0].role = create->role;
	else if (create->role != ROLE_EFFECT && !mysql)
		plan_statement_returning(plan, &plan->first, create->role);
	result = plan_statement_end(plan, &plan->first);
	if (result == 0 && create->role != ROLE_EFFECT && mysql)
		result = append_reread(plan, insertion);
	if (result == 0)
		share_create(plan);
	return result;
}

/* Known before anything was sent. */
static int refuse_rows(struct job_plan *plan)
{
	compiler_refuse(&plan->compiler, ERROR_TOO_LARGE, NULL,
			"the result would have more rows than the queue allows");
	error_hint(plan->compiler.error,
		   "write at most %" PRIu64 " rows at a time (max_rows), or have none back: "
		   "`returning`: false",
		   plan->row_limit);
	return -EINVAL;
}

int compile_create(struct job *job)
{
	struct job_plan *plan = job->plan;
	struct insertion *insertion;
	bool returning = false;
	int result = read_values(plan, job->command.operation.values);

	if (result == 0)
		result = plan_returning(job, true, &returning);
	if (result < 0)
		return result;
	if (plan->create.row_count == 0)
		return answer_no_rows(plan, returning);
	if (returning && plan->create.row_count > plan->row_limit)
		return refuse_rows(plan);
	insertion = arena_alloc(plan->compiler.arena, sizeof(*insertion));
	if (!insertion || insertion_init(insertion, &plan->compiler) < 0)
		return -ENOMEM;
	if (returning)
		plan->shape = plan->create.is_array ? ANSWER_ROWS : ANSWER_ROW;
	plan->create.role = returning ? ROLE_ROWS : ROLE_EFFECT;
	plan->kind = plan_write_kind(plan->table);
	plan->finish = finish_create;
	result = collect_all_columns(plan, insertion);
	return result < 0 ? result : append_insert(plan, insertion);
}
