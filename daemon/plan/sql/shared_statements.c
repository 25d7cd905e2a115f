/* plan/sql/shared_statements.c - what a group sends. */
#include "daemon/plan/sql/shared_state.h"

#include <assert.h>

static struct buffer *begin_statement(struct shared *shared, enum shared_role role)
{
	shared->statements[shared->statement_count].start = shared->sql.size;
	shared->statements[shared->statement_count].role = role;
	return &shared->sql;
}

static void end_statement(struct shared *shared)
{
	shared->statements[shared->statement_count].size =
		shared->sql.size - shared->statements[shared->statement_count].start;
	shared->statement_count++;
}

/* The columns of the answer; 1 where there are none, since a list has to have something. */
static void append_columns(struct shared *shared)
{
	if (shared->plan->column_count > 0)
		query_append_select_list(&shared->sql, shared->plan->table, shared->plan->columns,
					 shared->plan->column_count);
	else
		buffer_append_byte(&shared->sql, '1');
}

/* "`a`,`b`" of the primary key. */
static void append_key_names(struct shared *shared)
{
	const struct key *key = shared->plan->table->primary_key;

	for (uint32_t i = 0; i < key->column_count; i++) {
		if (i > 0)
			buffer_append_byte(&shared->sql, ',');
		buffer_append(&shared->sql, key->columns[i]->quoted);
	}
}

/* The same as what is compared: in brackets, when there are several. */
static void append_key(struct shared *shared)
{
	bool composite = shared->plan->table->primary_key->column_count > 1;

	if (composite)
		buffer_append_byte(&shared->sql, '(');
	append_key_names(shared);
	if (composite)
		buffer_append_byte(&shared->sql, ')');
}

static void append_set_columns(struct shared *shared)
{
	const struct share *share = &shared->plan->share;

	for (uint32_t i = 0; i < share->assignment_count; i++) {
		buffer_append_byte(&shared->sql, ',');
		query_append_columns(&shared->sql, &share->assignments[i].column, 1);
	}
}

static void append_from(struct shared *shared)
{
	buffer_append_text(&shared->sql, " FROM ");
	buffer_append(&shared->sql, shared->plan->table->quoted);
}

static void append_items(struct shared *shared)
{
	for (uint32_t i = 0; i < shared->count; i++) {
		if (i > 0)
			buffer_append_byte(&shared->sql, ',');
		buffer_append(&shared->sql, share_text(shared->jobs[i].job->plan));
	}
}

/* " WHERE `id` IN (1,2,3)"; equal keys may stand there more than once. */
static void append_where(struct shared *shared)
{
	buffer_append_text(&shared->sql, " WHERE ");
	append_key(shared);
	buffer_append_text(&shared->sql, " IN (");
	append_items(shared);
	buffer_append_byte(&shared->sql, ')');
}

/* What locks must look at its own rows only. A small table the server would rather read from end to end, and wait on
 * the way for the rows of a batch beside this one, which waits for ours. */
static void append_by_index(struct shared *shared)
{
	buffer_append_text(&shared->sql, " FORCE INDEX (PRIMARY)");
}

/* "SELECT …, the key FROM t": of each row the columns, or anything. */
static void append_select(struct shared *shared)
{
	buffer_append_text(&shared->sql, "SELECT ");
	append_columns(shared);
	buffer_append_byte(&shared->sql, ',');
	append_key_names(shared);
}

static void write_read(struct shared *shared)
{
	begin_statement(shared, SHARED_BY_KEY);
	append_select(shared);
	append_from(shared);
	append_where(shared);
	end_statement(shared);
}

/* The LIMIT takes nothing away: MariaDB then goes by the index, and DELETE knows no other word for that. */
static void write_delete_returning(struct shared *shared)
{
	buffer_append_text(begin_statement(shared, SHARED_BY_KEY), "DELETE");
	append_from(shared);
	append_where(shared);
	buffer_append_text(&shared->sql, " LIMIT ");
	buffer_append_uint(&shared->sql, shared->count);
	buffer_append_text(&shared->sql, " RETURNING ");
	append_columns(shared);
	buffer_append_byte(&shared->sql, ',');
	append_key_names(shared);
	end_statement(shared);
}

/* Without RETURNING: what is there, and then is not. */
static void write_select_delete(struct shared *shared)
{
	begin_statement(shared, SHARED_BY_KEY);
	append_select(shared);
	append_from(shared);
	append_by_index(shared);
	append_where(shared);
	buffer_append_text(&shared->sql, " FOR UPDATE");
	end_statement(shared);
	buffer_append_text(begin_statement(shared, SHARED_EFFECT), "DELETE");
	append_from(shared);
	append_where(shared);
	end_statement(shared);
}

/* "`a` = CASE `id` WHEN 1 THEN 'x' … END"; of a composite key "CASE WHEN (`a`,`b`) = (1,'y') THEN 'x' … END" */
static void append_case(struct shared *shared, uint32_t index)
{
	bool composite = shared->plan->table->primary_key->column_count > 1;

	buffer_append(&shared->sql, shared->plan->share.assignments[index].column->quoted);
	buffer_append_text(&shared->sql, " = CASE");
	if (!composite) {
		buffer_append_byte(&shared->sql, ' ');
		append_key(shared);
	}
	for (uint32_t i = 0; i < shared->count; i++) {
		const struct job_plan *plan = shared->jobs[i].job->plan;
		const struct share_assignment *assignment = &plan->share.assignments[index];

		buffer_append_text(&shared->sql, " WHEN ");
		if (composite) {
			append_key(shared);
			buffer_append_text(&shared->sql, " = ");
		}
		buffer_append(&shared->sql, share_text(plan));
		buffer_append_text(&shared->sql, " THEN ");
		buffer_append(&shared->sql, (struct bytes){.data = plan->first.sql.data + assignment->start,
							   .size = assignment->size});
	}
	buffer_append_text(&shared->sql, " END");
}

static void write_update(struct shared *shared)
{
	buffer_append_text(begin_statement(shared, SHARED_BEFORE), "SELECT ");
	append_key_names(shared);
	append_set_columns(shared);
	append_from(shared);
	append_by_index(shared);
	append_where(shared);
	buffer_append_text(&shared->sql, " FOR UPDATE");
	end_statement(shared);
	buffer_append_text(begin_statement(shared, SHARED_EFFECT), "UPDATE ");
	buffer_append(&shared->sql, shared->plan->table->quoted);
	append_by_index(shared);
	for (uint32_t i = 0; i < shared->plan->share.assignment_count; i++) {
		buffer_append_text(&shared->sql, i > 0 ? "," : " SET ");
		append_case(shared, i);
	}
	append_where(shared);
	end_statement(shared);
	begin_statement(shared, SHARED_AFTER);
	append_select(shared);
	append_set_columns(shared);
	append_from(shared);
	append_where(shared);
	end_statement(shared);
}

static uint64_t count_rows(const struct shared *shared)
{
	uint64_t rows = 0;

	for (uint32_t i = 0; i < shared->count; i++)
		rows += shared->jobs[i].job->plan->create.row_count;
	return rows;
}

/* The keys that the INSERT has generated: they rise in the order of VALUES, without a gap but for the step. */
static void append_generated(struct shared *shared)
{
	struct bytes id = shared->plan->table->auto_increment->quoted;

	buffer_append_text(&shared->sql, " WHERE ");
	buffer_append(&shared->sql, id);
	buffer_append_text(&shared->sql, " >= LAST_INSERT_ID() AND ");
	buffer_append(&shared->sql, id);
	buffer_append_text(&shared->sql, " < LAST_INSERT_ID() + ");
	buffer_append_uint(&shared->sql, count_rows(shared));
	buffer_append_text(&shared->sql, " * @@auto_increment_increment");
	reread_append_step(shared->plan, &shared->sql);
	buffer_append_text(&shared->sql, " ORDER BY ");
	buffer_append(&shared->sql, id);
}

/* " RETURNING …": what is to be answered, else the generated key, else anything: that so many rows came before an error
 * is what tells which row it was. */
static void append_returning(struct shared *shared)
{
	const struct job_plan *plan = shared->plan;

	buffer_append_text(&shared->sql, " RETURNING ");
	if (plan->create.role == ROLE_EFFECT && plan->table->auto_increment)
		buffer_append(&shared->sql, plan->table->auto_increment->quoted);
	else
		append_columns(shared);
}

static void write_create(struct shared *shared)
{
	const struct job_plan *plan = shared->plan;
	bool mysql = plan->compiler.server->kind == SERVER_MYSQL;

	begin_statement(shared, mysql ? SHARED_EFFECT : SHARED_IN_ORDER);
	insertion_append_head(&shared->sql, plan->create.insertion, plan->table);
	append_items(shared);
	if (!mysql)
		append_returning(shared);
	end_statement(shared);
	if (!mysql || plan->create.role == ROLE_EFFECT)
		return;
	buffer_append_text(begin_statement(shared, SHARED_IN_ORDER), "SELECT ");
	append_columns(shared);
	append_from(shared);
	append_generated(shared);
	end_statement(shared);
}

/* One of them, for all. */
static void write_same(struct shared *shared)
{
	buffer_append(begin_statement(shared, SHARED_FOR_ALL), share_text(shared->plan));
	end_statement(shared);
}

void shared_write(struct shared *shared)
{
	switch (shared->plan->share.kind) {
	case SHARE_CREATE:
		write_create(shared);
		return;
	case SHARE_READ:
		write_read(shared);
		return;
	case SHARE_DELETE:
		if (shared->plan->compiler.server->kind == SERVER_MARIADB)
			write_delete_returning(shared);
		else
			write_select_delete(shared);
		return;
	case SHARE_UPDATE:
		write_update(shared);
		return;
	case SHARE_SAME:
		write_same(shared);
		return;
	case SHARE_NONE:
		assert(false);
	}
}
