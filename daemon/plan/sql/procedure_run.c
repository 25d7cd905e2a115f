/* plan/sql/procedure_run.c - a procedure inside a transaction: waves out, rows in. */
#include "daemon/plan/sql/procedure_state.h"

#include <errno.h>

/* Room for the counts behind the rows: they must not be what makes a reply too large after the work was done. */
enum { COUNTS_BYTES = 256 };

/* When rows are created one by one: an INSERT and a SELECT. */
enum { STATEMENTS_PER_ROW = 2 };

void procedure_restart(struct job *job)
{
	struct job_plan *plan = job->plan;

	if (plan->stands_by) {
		plan->failed = plan->doomed;
		return;
	}
	/* Nothing was sent since it was compiled, or started over. */
	if (!plan->wave && !plan->failed)
		return;
	plan->wave = NULL;
	plan->matched = plan->affected = plan->insert_id = plan->number = 0;
	plan->has_effects = false;
	plan->failed = false;
	plan->bad_row = (struct bad_row){0};
	plan->key_rows = 0;
	plan->warnings.count = plan->compiled_warnings;
	plan->create.next_row = plan->create.first_rows;
	plan->create.read_row = 0;
	buffer_reset(&plan->keys);
	answer_restart(&plan->answer);
	plan->answer.body.limit_bytes = job->policy->reply_bytes;
	plan_rows_begin(plan);
}

void procedure_sent(struct job *job)
{
	job->plan->wave = &job->plan->first;
}

static void fail_too_large(struct job_plan *plan)
{
	plan->failed = true;
	error_set(&plan->error, ERROR_TOO_LARGE, "the result is larger than the queue allows");
	error_hint(&plan->error, plan->writes ? "write fewer rows at a time, or have less of them back with `returning`"
					      : "use `limit`, a narrower condition, or select fewer columns");
}

static void fail_without_memory(struct job_plan *plan)
{
	plan->failed = true;
	error_set(&plan->error, ERROR_INTERNAL, "there was no memory for the command");
}

/* The step came back with an error of its own or of the memory. */
static void fail_with(struct job_plan *plan, int result)
{
	if (result == -ENOMEM)
		fail_without_memory(plan);
	plan->failed = true;
}

static bool check_buffer(struct job_plan *plan, const struct buffer *buffer)
{
	if (buffer->state == BUFFER_TOO_LARGE)
		fail_too_large(plan);
	else if (buffer->state == BUFFER_NO_MEMORY)
		fail_without_memory(plan);
	return !plan->failed;
}

static void send_wave(const struct wave *wave, struct statement statements[WAVE_STATEMENTS], uint32_t *ret_count)
{
	for (uint32_t i = 0; i < wave->count; i++) {
		const struct wave_statement *statement = &wave->statements[i];

		statements[i].text = (struct bytes){.data = wave->sql.data + statement->start, .size = statement->size};
	}
	*ret_count = wave->count;
}

/* Writes the next wave. Returns whether there is one. */
static bool follow(struct job *job)
{
	struct job_plan *plan = job->plan;
	int result;

	if (!plan->follow)
		return false;
	/* The first wave stays, for another run; later ones take each other's place, once they were answered. */
	plan->later.count = 0;
	buffer_reset(&plan->later.sql);
	result = plan->follow(job);
	if (result < 0)
		fail_with(plan, result);
	return result == 0 && plan->later.count > 0;
}

/* Returns whether the first wave can be sent. */
static bool complete(struct job *job)
{
	struct job_plan *plan = job->plan;
	int result = plan->complete ? plan->complete(job) : 0;

	if (result < 0)
		fail_with(plan, result);
	else
		plan->complete = NULL;
	return result == 0;
}

static void finish(struct job *job)
{
	struct job_plan *plan = job->plan;
	int result;

	plan->answer.body.limit_bytes += COUNTS_BYTES;
	result = plan->finish(job);
	if (result == 0 && check_buffer(plan, &plan->answer.body))
		result = plan_check_reply_size(job);
	if (result == -EFBIG)
		fail_too_large(plan);
	else if (result < 0)
		fail_with(plan, result);
}

enum procedure_step procedure_next(struct job *job, struct statement ret_statements[4], uint32_t *ret_count,
				   bool *ret_undo)
{
	struct job_plan *plan = job->plan;
	const struct wave *wave = NULL;

	*ret_count = 0;
	*ret_undo = false;
	if (plan->stands_by)
		return plan->failed ? PROCEDURE_FAILED : PROCEDURE_FINISHED;
	if (!plan->wave)
		wave = complete(job) ? &plan->first : NULL;
	else if (!plan->failed && follow(job))
		wave = &plan->later;
	else if (plan->failed && bad_row_next(plan))
		wave = &plan->later;
	if (wave) {
		plan->wave = wave;
		send_wave(wave, ret_statements, ret_count);
		return PROCEDURE_SEND;
	}
	if (!plan->failed)
		finish(job);
	if (!plan->failed)
		return PROCEDURE_FINISHED;
	*ret_undo = plan->has_effects;
	return PROCEDURE_FAILED;
}

/* Whether the table may still be what it was when the catalog was read. Somebody may have changed a column's type
 * since: what is written into a reply, or into the next statement, as a number has to be one. */
static bool is_expected(const struct column *const *columns, uint32_t count, const char *const *values,
			const unsigned long *lengths)
{
	for (uint32_t i = 0; i < count; i++) {
		struct bytes text = {.data = values[i], .size = values[i] ? lengths[i] : 0};

		if (!literal_is_result(columns[i], text))
			return false;
	}
	return true;
}

static int take_row(struct job_plan *plan, const char *const *values, const unsigned long *lengths)
{
	if (plan->rows_if_matched && plan->matched == 0)
		return 0;
	/* Two rows of one key: it is no key any more. */
	if ((plan->shape == ANSWER_ROW && plan->answer.rows > 0) ||
	    !is_expected(plan->columns, plan->column_count, values, lengths))
		return -ESTALE;
	if (plan->answer.rows >= plan->row_limit) {
		fail_too_large(plan);
		return -EFBIG;
	}
	if (plan->arrays)
		answer_row_array(&plan->answer, plan->columns, plan->column_count, values, lengths);
	else
		answer_row(&plan->answer, plan->columns, plan->column_count, values, lengths);
	return check_buffer(plan, &plan->answer.body) ? 0 : -EFBIG;
}

/* "(1,'a')" of a composite key, "1" of a simple one. */
static int take_key(struct job_plan *plan, const char *const *values, const unsigned long *lengths)
{
	const struct key *key = plan->table->primary_key;

	if (!is_expected(key->columns, key->column_count, values, lengths))
		return -ESTALE;
	if (plan->key_rows >= plan->row_limit) {
		fail_too_large(plan);
		return -EFBIG;
	}
	if (plan->key_rows++ > 0)
		buffer_append_byte(&plan->keys, ',');
	if (key->column_count > 1)
		buffer_append_byte(&plan->keys, '(');
	for (uint32_t i = 0; i < key->column_count; i++) {
		struct bytes text = {.data = values[i], .size = values[i] ? lengths[i] : 0};

		if (i > 0)
			buffer_append_byte(&plan->keys, ',');
		literal_append_result(&plan->keys, key->columns[i], text);
	}
	if (key->column_count > 1)
		buffer_append_byte(&plan->keys, ')');
	return check_buffer(plan, &plan->keys) ? 0 : -EFBIG;
}

/* A count: digits only. */
static uint64_t read_number(struct bytes text)
{
	uint64_t number = 0;

	for (size_t i = 0; i < text.size; i++)
		number = number * 10 + (uint64_t)(text.data[i] - '0');
	return number;
}

int procedure_row(struct job *job, uint32_t index, const char *const *values, const unsigned long *lengths,
		  uint32_t count)
{
	struct job_plan *plan = job->plan;

	enum statement_role role = plan->wave->statements[index].role;

	if (count == 0 || (plan->failed && role != ROLE_BAD_ROW))
		return -EFBIG;
	switch (role) {
	case ROLE_ROWS:
		return take_row(plan, values, lengths);
	case ROLE_KEYS:
		return take_key(plan, values, lengths);
	case ROLE_IDS:
		if (!is_expected(plan->columns, 1, values, lengths))
			return -ESTALE;
		answer_value(answer_item(&plan->answer), plan->columns[0],
			     (struct bytes){.data = values[0], .size = values[0] ? lengths[0] : 0});
		return check_buffer(plan, &plan->answer.body) ? 0 : -EFBIG;
	case ROLE_NUMBER:
		plan->number = read_number((struct bytes){.data = values[0], .size = values[0] ? lengths[0] : 0});
		return 0;
	case ROLE_BAD_ROW:
		plan->bad_row.came++;
		return 0;
	case ROLE_EFFECT:
		break;
	}
	return 0;
}

/* The server has a note: what was to be said in that case holds. */
static void add_noted_warnings(struct job_plan *plan)
{
	for (uint32_t i = 0; i < plan->warnings_if_noted.count && plan->warnings.count < COMPILER_WARNINGS; i++)
		plan->warnings.items[plan->warnings.count++] = plan->warnings_if_noted.items[i];
}

void procedure_done(struct job *job, uint32_t index, const struct statement_result *result)
{
	struct job_plan *plan = job->plan;

	if (!plan->wave->statements[index].writes)
		return;
	plan->matched += result->matched;
	plan->affected += result->affected;
	if (plan->insert_id == 0)
		plan->insert_id = result->insert_id;
	if (result->affected > 0)
		plan->has_effects = true;
	if (result->warnings > 0)
		add_noted_warnings(plan);
}

void procedure_failed(struct job *job, uint32_t index, const struct sql_error *error)
{
	struct job_plan *plan = job->plan;

	/* The first one is the cause. */
	if (plan->failed) {
		bad_row_failed(plan, error);
		return;
	}
	plan->failed = true;
	procedure_error_from_sql(job, error, &plan->error);
	/* next_row is behind this wave's last one. */
	if (plan->create.told && plan->create.is_array)
		plan->error.at_row = (int32_t)plan->create.next_row - 1;
	else if (plan->create.one_by_one && plan->create.is_array)
		plan->error.at_row = (int32_t)(plan->create.next_row - plan->wave->count / STATEMENTS_PER_ROW +
					       index / STATEMENTS_PER_ROW);
	else
		bad_row_begin(plan, index, error);
}

/* Whether the statement answers no row, or one of a size that is known to be small. */
static bool answers_little(const struct job *job)
{
	const struct job_plan *plan = job->plan;

	if (plan->first.statements[0].role == ROLE_EFFECT)
		return true;
	return (plan->shape == ANSWER_ROW || plan->create.row_count == 1) && plan_row_surely_fits(job);
}

bool procedure_is_one_statement(const struct job *job)
{
	const struct job_plan *plan = job->plan;

	/* Which row of several was to blame is asked with more statements. */
	return plan->writes && plan->kind == PROCEDURE_BY_KEY && plan->wave == &plan->first && plan->first.count == 1 &&
	       !plan->follow && plan->create.row_count <= 1 && answers_little(job);
}

bool procedure_fits_compound(const struct job *job)
{
	const struct job_plan *plan = job->plan;

	return plan->compiler.server->kind == SERVER_MARIADB && plan->first.statements[0].role == ROLE_ROWS &&
	       plan->warnings_if_noted.count == 0 && !job->command.operation.required &&
	       !procedure_takes_nothing_back(job);
}

void procedure_refuse_row(struct job *job)
{
	struct job_plan *plan = job->plan;

	plan->failed = true;
	error_set(&plan->error, ERROR_INTERNAL, "the table has changed under the command");
}

void procedure_tell_executed(struct job *job)
{
	error_set(&job->plan->error, ERROR_INTERNAL,
		  "the command itself has been executed, but the table has changed under it: read what it has stored");
}

const struct error *procedure_error(const struct job *job)
{
	return &job->plan->error;
}
