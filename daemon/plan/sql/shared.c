/* plan/sql/shared.c - the statements of a group, and whose their answers are. */
#include "daemon/plan/sql/shared.h"

#include "daemon/plan/sql/procedure_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { NOBODY = UINT32_MAX };

/* What a statement's rows are for. */
enum shared_role {
	SHARED_EFFECT,   /* has none */
	SHARED_IN_ORDER, /* rows of creates, in the order of the jobs */
	SHARED_BY_KEY,   /* rows of whatever job has the key that stands in the last column */
	SHARED_BEFORE,   /* the key, and the columns that are about to be set */
	SHARED_AFTER,    /* the row, the key, and the columns that were set */
};

struct shared_job {
	struct job *job;
	uint32_t next_same;               /* of those with the same key; NOBODY: the last */
	uint64_t rows;                    /* rows of it so far */
	uint64_t insert_id;               /* the first generated key */
	size_t before_start, before_size; /* what the set columns were; size 0: there was no row */
	bool told;
};

struct shared {
	uint32_t capacity;
	struct shared_job *jobs;
	uint32_t count;
	const struct job_plan *plan; /* of the first job: what is the same for all */

	struct buffer sql;
	struct {
		size_t start, size;
		enum shared_role role;
	} statements[SHARED_STATEMENTS];
	uint32_t statement_count;

	uint32_t *slots; /* open addressing: hash of a key to the first job that has it */
	uint32_t slot_mask;
	struct buffer before;

	uint32_t cursor; /* SHARED_IN_ORDER: whose row comes next */
	uint64_t row;    /* SHARED_IN_ORDER: rows so far, of all */
	uint64_t insert_id;
	bool has_effects;
	bool failed;
	struct sql_error error;
};

int shared_new(struct shared **ret_shared)
{
	struct shared *shared = calloc(1, sizeof(*shared));

	if (!shared)
		return -ENOMEM;
	buffer_init(&shared->sql, SIZE_MAX);
	buffer_init(&shared->before, SIZE_MAX);
	*ret_shared = shared;
	return 0;
}

void shared_free(struct shared *shared)
{
	if (!shared)
		return;
	buffer_free(&shared->sql);
	buffer_free(&shared->before);
	free(shared->jobs);
	free(shared->slots);
	free(shared);
}

static int reserve(struct shared *shared, uint32_t count)
{
	struct shared_job *jobs;
	uint32_t *slots;
	uint32_t size = 16;

	if (count <= shared->capacity)
		return 0;
	while (size < count * 2)
		size *= 2;
	jobs = realloc(shared->jobs, size / 2 * sizeof(*jobs));
	if (jobs)
		shared->jobs = jobs;
	slots = realloc(shared->slots, size * sizeof(*slots));
	if (slots)
		shared->slots = slots;
	if (!jobs || !slots)
		return -ENOMEM;
	shared->capacity = size / 2;
	shared->slot_mask = size - 1;
	return 0;
}

/* --- keys --------------------------------------------------------------------------------------------------------- */

static struct bytes literal_of(const struct job *job)
{
	const struct share *share = &job->plan->share;

	return (struct bytes){.data = job->plan->first.sql.data + share->start, .size = share->size};
}

static uint32_t hash_key(struct bytes key)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < key.size; i++)
		hash = (hash ^ (unsigned char)key.data[i]) * 0x100000001b3u;
	return (uint32_t)(hash ^ hash >> 32);
}

/* The slot of the key, taken or free. */
static uint32_t *find_slot(const struct shared *shared, struct bytes key)
{
	uint32_t slot = hash_key(key) & shared->slot_mask;

	while (shared->slots[slot] != NOBODY && !bytes_equal(literal_of(shared->jobs[shared->slots[slot]].job), key))
		slot = (slot + 1) & shared->slot_mask;
	return &shared->slots[slot];
}

static void index_keys(struct shared *shared)
{
	memset(shared->slots, 0xff, (shared->slot_mask + 1) * sizeof(*shared->slots));
	for (uint32_t i = shared->count; i-- > 0;) {
		uint32_t *slot = find_slot(shared, literal_of(shared->jobs[i].job));

		shared->jobs[i].next_same = *slot;
		*slot = i;
	}
}

/* With ZEROFILL the server pads what it sends. */
static struct bytes without_zeros(struct bytes digits)
{
	while (digits.size > 1 && digits.data[0] == '0') {
		digits.data++;
		digits.size--;
	}
	return digits;
}

static uint32_t find_job(const struct shared *shared, const char *const *values, const unsigned long *lengths,
			 uint32_t index)
{
	return *find_slot(shared, without_zeros((struct bytes){.data = values[index],
							       .size = values[index] ? lengths[index] : 0}));
}

/* --- the statements ----------------------------------------------------------------------------------------------- */

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

static const struct column *key_column(const struct shared *shared)
{
	return shared->plan->table->primary_key->columns[0];
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

static void append_key_column(struct shared *shared)
{
	buffer_append_byte(&shared->sql, ',');
	buffer_append(&shared->sql, key_column(shared)->quoted);
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

/* Of a small table the server would rather look at every row than at a hundred by their keys, and wait for each that
 * somebody else has locked. DELETE takes no such hint, but a LIMIT leads to the key as well. */
static void append_by_key_only(struct shared *shared)
{
	buffer_append_text(&shared->sql, " FORCE INDEX (PRIMARY)");
}

static void append_items(struct shared *shared)
{
	for (uint32_t i = 0; i < shared->count; i++) {
		if (i > 0)
			buffer_append_byte(&shared->sql, ',');
		buffer_append(&shared->sql, literal_of(shared->jobs[i].job));
	}
}

/* " WHERE `id` IN (1,2,3)"; equal keys may stand there more than once. */
static void append_where(struct shared *shared)
{
	buffer_append_text(&shared->sql, " WHERE ");
	buffer_append(&shared->sql, key_column(shared)->quoted);
	buffer_append_text(&shared->sql, " IN (");
	append_items(shared);
	buffer_append_byte(&shared->sql, ')');
}

static void write_read(struct shared *shared)
{
	buffer_append_text(begin_statement(shared, SHARED_BY_KEY), "SELECT ");
	append_columns(shared);
	append_key_column(shared);
	append_from(shared);
	append_where(shared);
	end_statement(shared);
}

static void write_delete(struct shared *shared)
{
	buffer_append_text(begin_statement(shared, SHARED_BY_KEY), "DELETE");
	append_from(shared);
	append_where(shared);
	buffer_append_text(&shared->sql, " LIMIT ");
	buffer_append_uint(&shared->sql, shared->count);
	buffer_append_text(&shared->sql, " RETURNING ");
	append_columns(shared);
	append_key_column(shared);
	end_statement(shared);
}

/* "`a` = CASE `id` WHEN 1 THEN 'x' … END" */
static void append_case(struct shared *shared, uint32_t index)
{
	buffer_append(&shared->sql, shared->plan->share.assignments[index].column->quoted);
	buffer_append_text(&shared->sql, " = CASE ");
	buffer_append(&shared->sql, key_column(shared)->quoted);
	for (uint32_t i = 0; i < shared->count; i++) {
		const struct job_plan *plan = shared->jobs[i].job->plan;
		const struct share_assignment *assignment = &plan->share.assignments[index];

		buffer_append_text(&shared->sql, " WHEN ");
		buffer_append(&shared->sql, literal_of(shared->jobs[i].job));
		buffer_append_text(&shared->sql, " THEN ");
		buffer_append(&shared->sql, (struct bytes){.data = plan->first.sql.data + assignment->start,
							   .size = assignment->size});
	}
	buffer_append_text(&shared->sql, " END");
}

static void write_update(struct shared *shared)
{
	buffer_append_text(begin_statement(shared, SHARED_BEFORE), "SELECT 1");
	append_key_column(shared);
	append_set_columns(shared);
	append_from(shared);
	append_by_key_only(shared);
	append_where(shared);
	buffer_append_text(&shared->sql, " FOR UPDATE");
	end_statement(shared);
	buffer_append_text(begin_statement(shared, SHARED_EFFECT), "UPDATE ");
	buffer_append(&shared->sql, shared->plan->table->quoted);
	append_by_key_only(shared);
	for (uint32_t i = 0; i < shared->plan->share.assignment_count; i++) {
		buffer_append_text(&shared->sql, i > 0 ? "," : " SET ");
		append_case(shared, i);
	}
	append_where(shared);
	end_statement(shared);
	buffer_append_text(begin_statement(shared, SHARED_AFTER), "SELECT ");
	append_columns(shared);
	append_key_column(shared);
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

static void write_statements(struct shared *shared)
{
	switch (shared->plan->share.kind) {
	case SHARE_CREATE:
		write_create(shared);
		return;
	case SHARE_READ:
		write_read(shared);
		break;
	case SHARE_DELETE:
		write_delete(shared);
		break;
	case SHARE_UPDATE:
		write_update(shared);
		break;
	case SHARE_NONE:
		assert(false);
	}
	index_keys(shared);
}

int shared_begin(struct shared *shared, struct job *const *jobs, uint32_t count,
		 struct statement ret_statements[SHARED_STATEMENTS], uint32_t *ret_count)
{
	assert(count > 1);
	if (reserve(shared, count) < 0)
		return -ENOMEM;
	buffer_reset(&shared->sql);
	buffer_reset(&shared->before);
	shared->statement_count = 0;
	shared->plan = jobs[0]->plan;
	shared->count = count;
	shared->cursor = 0;
	shared->row = 0;
	shared->insert_id = 0;
	shared->has_effects = false;
	shared->failed = false;
	for (uint32_t i = 0; i < count; i++) {
		shared->jobs[i] = (struct shared_job){.job = jobs[i], .next_same = NOBODY};
		procedure_sent(jobs[i]);
	}
	write_statements(shared);
	if (buffer_failed(&shared->sql))
		return -ENOMEM;
	for (uint32_t i = 0; i < shared->statement_count; i++)
		ret_statements[i].text = (struct bytes){.data = shared->sql.data + shared->statements[i].start,
							.size = shared->statements[i].size};
	*ret_count = shared->statement_count;
	return 0;
}

/* --- the answers -------------------------------------------------------------------------------------------------- */

static uint64_t read_id(struct bytes text)
{
	uint64_t id = 0;

	for (size_t i = 0; i < text.size; i++)
		id = id * 10 + (uint64_t)(text.data[i] - '0');
	return id;
}

static uint64_t row_bytes(const unsigned long *lengths, uint32_t count)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < count; i++)
		bytes += lengths[i];
	return bytes;
}

static bool take_room(uint64_t *room, uint64_t bytes)
{
	if (bytes > *room)
		return false;
	*room -= bytes;
	return true;
}

/* 0 also when the job wants no more rows: others may. */
static int hand_on(struct job *job, uint32_t index, const char *const *values, const unsigned long *lengths,
		   uint32_t count)
{
	return procedure_row(job, index, values, lengths, count) == -ESTALE ? -ESTALE : 0;
}

static int take_in_order(struct shared *shared, uint32_t index, const char *const *values, const unsigned long *lengths,
			 uint32_t count)
{
	struct shared_job *to = &shared->jobs[shared->cursor];
	const struct create_state *create;
	int result = 0;

	if (shared->cursor == shared->count)
		return 0;
	create = &to->job->plan->create;
	shared->row++;
	if (create->role == ROLE_ROWS)
		result = hand_on(to->job, index, values, lengths, count);
	else if (to->rows == 0 && to->job->plan->table->auto_increment)
		to->insert_id = read_id((struct bytes){.data = values[0], .size = values[0] ? lengths[0] : 0});
	if (++to->rows == create->row_count)
		shared->cursor++;
	return result;
}

/* Many jobs may ask for one large row: each keeps a copy. */
static int take_by_key(struct shared *shared, uint32_t index, const char *const *values, const unsigned long *lengths,
		       uint32_t count, uint64_t *room)
{
	uint64_t bytes = row_bytes(lengths, count);
	int result = 0;

	for (uint32_t i = find_job(shared, values, lengths, count - 1); i != NOBODY && result == 0;
	     i = shared->jobs[i].next_same) {
		/* A key is there once. */
		if (shared->jobs[i].rows++ > 0)
			return -ESTALE;
		if (!take_room(room, bytes))
			return -EFBIG;
		if (shared->plan->share.kind == SHARE_READ || shared->plan->shape != ANSWER_COUNTS)
			result = hand_on(shared->jobs[i].job, index, values, lengths, count);
	}
	return result;
}

static void append_before(struct shared *shared, const char *const *values, const unsigned long *lengths,
			  uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < count; i++) {
		uint64_t size = values[i] ? lengths[i] : UINT64_MAX;

		buffer_append(&shared->before, (struct bytes){.data = (const char *)&size, .size = sizeof(size)});
		if (values[i])
			buffer_append(&shared->before, (struct bytes){.data = values[i], .size = lengths[i]});
	}
}

static int take_before(struct shared *shared, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	uint32_t index = find_job(shared, values, lengths, 1);
	size_t start = shared->before.size;

	if (index == NOBODY)
		return 0;
	if (shared->jobs[index].rows++ > 0)
		return -ESTALE;
	append_before(shared, values, lengths, 2, count);
	shared->jobs[index].before_start = start;
	shared->jobs[index].before_size = shared->before.size - start;
	return 0;
}

/* The server calls a row changed when one of its columns has another value than before. */
static int take_after(struct shared *shared, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	uint32_t key = count - shared->plan->share.assignment_count - 1;
	uint32_t index = find_job(shared, values, lengths, key);
	struct statement_result result = {.matched = 1};
	size_t start = shared->before.size, size;
	struct shared_job *to;

	if (index == NOBODY)
		return 0;
	to = &shared->jobs[index];
	append_before(shared, values, lengths, key + 1, count);
	size = shared->before.size - start;
	if (buffer_failed(&shared->before))
		return 0;
	result.affected = size != to->before_size ||
			  memcmp(shared->before.data + start, shared->before.data + to->before_start, size) != 0;
	shared->before.size = start;
	to->told = true;
	procedure_done(to->job, 0, &result);
	return to->job->plan->shape != ANSWER_COUNTS ? hand_on(to->job, 1, values, lengths, count) : 0;
}

int shared_row(struct shared *shared, uint32_t index, const char *const *values, const unsigned long *lengths,
	       uint32_t count, uint64_t *room)
{
	enum shared_role role = shared->statements[index].role;

	if (role == SHARED_BY_KEY)
		return take_by_key(shared, index, values, lengths, count, room);
	if (!take_room(room, row_bytes(lengths, count)))
		return -EFBIG;
	switch (role) {
	case SHARED_IN_ORDER:
		return take_in_order(shared, index, values, lengths, count);
	case SHARED_BEFORE:
		return take_before(shared, values, lengths, count);
	case SHARED_AFTER:
		return take_after(shared, values, lengths, count);
	case SHARED_BY_KEY:
	case SHARED_EFFECT:
		break;
	}
	return 0;
}

void shared_done(struct shared *shared, uint32_t index, const struct statement_result *result)
{
	if (shared->statements[index].role == SHARED_EFFECT && shared->insert_id == 0)
		shared->insert_id = result->insert_id;
	if (shared->statements[index].role == SHARED_EFFECT && result->affected > 0)
		shared->has_effects = true;
}

void shared_failed(struct shared *shared, uint32_t index, const struct sql_error *error)
{
	(void)index;
	if (!shared->failed)
		shared->error = *error;
	shared->failed = true;
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

/* Tells each job what it would have been told alone. */
static void tell_results(struct shared *shared)
{
	const struct server_facts *server = shared->plan->compiler.server;
	uint64_t generated = shared->insert_id;

	for (uint32_t i = 0; i < shared->count; i++) {
		const struct shared_job *to = &shared->jobs[i];
		struct statement_result result = {.matched = to->rows, .affected = to->rows};

		if (shared->plan->share.kind == SHARE_CREATE) {
			uint32_t rows = to->job->plan->create.row_count;

			result.matched = result.affected = rows;
			result.insert_id = to->insert_id ? to->insert_id : generated;
			generated += (uint64_t)rows * server->auto_increment_increment;
		}
		if (!to->told)
			procedure_done(to->job, 0, &result);
	}
}

static void restart_all(const struct shared *shared, uint32_t but)
{
	for (uint32_t i = 0; i < shared->count; i++)
		if (i != but)
			procedure_restart(shared->jobs[i].job);
}

/* MariaDB sends each row as soon as it is inserted: as many came as there are before the bad one. */
static bool rows_tell_culprit(const struct shared *shared)
{
	return shared->statements[0].role == SHARED_IN_ORDER && shared->error.class == SQL_ERROR_OF_COMMAND &&
	       shared->cursor < shared->count;
}

static void tell_culprit(struct shared *shared)
{
	struct shared_job *culprit = &shared->jobs[shared->cursor];
	struct sql_error error = shared->error;

	error.row = culprit->job->plan->create.is_array ? (int32_t)culprit->rows : -1;
	procedure_failed(culprit->job, 0, &error);
}

enum shared_outcome shared_end(struct shared *shared, uint32_t *ret_culprit)
{
	if (!shared->failed && !buffer_failed(&shared->before)) {
		tell_results(shared);
		return SHARED_ANSWERED;
	}
	/* Without the memory to compare, what an update has changed is not known. */
	if (shared->has_effects)
		return SHARED_UNDO;
	if (shared->failed && shared->error.code == ERROR_FORBIDDEN) {
		for (uint32_t i = 0; i < shared->count; i++)
			procedure_failed(shared->jobs[i].job, 0, &shared->error);
		return SHARED_ANSWERED;
	}
	if (shared->failed && rows_tell_culprit(shared)) {
		*ret_culprit = shared->cursor;
		restart_all(shared, shared->cursor);
		tell_culprit(shared);
		return SHARED_CULPRIT;
	}
	restart_all(shared, NOBODY);
	return SHARED_HALVES;
}
