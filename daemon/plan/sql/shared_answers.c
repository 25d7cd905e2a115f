/* plan/sql/shared_answers.c - what a group is answered, handed on to its jobs. */
#include "daemon/plan/sql/shared_state.h"

#include <errno.h>

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

static uint32_t key_columns(const struct shared *shared)
{
	return shared->plan->table->primary_key->column_count;
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
	uint32_t key = count - key_columns(shared);
	uint32_t first = shared_find(shared, values + key, lengths + key);
	int result = 0;

	shared->looked_at++;
	shared->unclear |= first == SHARED_NOBODY;
	for (uint32_t i = first; i != SHARED_NOBODY && result == 0; i = shared->jobs[i].next_same) {
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

static int take_for_all(struct shared *shared, const char *const *values, const unsigned long *lengths, uint32_t count,
			uint64_t *room)
{
	uint64_t bytes = row_bytes(lengths, count);
	int result = 0;

	for (uint32_t i = 0; i < shared->count && result == 0; i++) {
		if (!take_room(room, bytes))
			return -EFBIG;
		result = hand_on(shared->jobs[i].job, 0, values, lengths, count);
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
	uint32_t index = shared_find(shared, values, lengths);
	size_t start = shared->before.size;

	shared->looked_at++;
	shared->unclear |= index == SHARED_NOBODY;
	if (index == SHARED_NOBODY)
		return 0;
	if (shared->jobs[index].rows++ > 0)
		return -ESTALE;
	append_before(shared, values, lengths, key_columns(shared), count);
	shared->jobs[index].before_start = start;
	shared->jobs[index].before_size = shared->before.size - start;
	return 0;
}

/* The server calls a row changed when one of its columns has another value than before. */
static int take_after(struct shared *shared, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	uint32_t set = count - shared->plan->share.assignment_count, key = set - key_columns(shared);
	uint32_t index = shared_find(shared, values + key, lengths + key);
	struct statement_result result = {.matched = 1};
	size_t start = shared->before.size, size;
	struct shared_job *to;

	if (index == SHARED_NOBODY)
		return 0;
	to = &shared->jobs[index];
	/* The UPDATE came before the row. */
	if (to->before_size == 0)
		return 0;
	append_before(shared, values, lengths, set, count);
	size = shared->before.size - start;
	if (buffer_failed(&shared->before))
		return 0;
	result.affected = size != to->before_size ||
			  memcmp(shared->before.data + start, shared->before.data + to->before_start, size) != 0;
	shared->before.size = start;
	shared->changed_told += result.affected;
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
	if (role == SHARED_FOR_ALL)
		return take_for_all(shared, values, lengths, count, room);
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
	case SHARED_FOR_ALL:
	case SHARED_EFFECT:
		break;
	}
	return 0;
}

/* What is not there yet nobody can lock: a client that is none of ours may create it between two statements. */
static bool is_outrun(const struct shared *shared, const struct statement_result *result)
{
	if (shared->plan->share.kind == SHARE_UPDATE)
		return result->matched > shared->looked_at;
	return shared->plan->share.kind == SHARE_DELETE && result->affected > shared->looked_at;
}

void shared_done(struct shared *shared, uint32_t index, const struct statement_result *result)
{
	enum shared_role role = shared->statements[index].role;
	bool deletes =
		role == SHARED_BY_KEY && shared->plan->share.kind == SHARE_DELETE && shared->statement_count == 1;

	if (role == SHARED_EFFECT && shared->insert_id == 0)
		shared->insert_id = result->insert_id;
	if (role == SHARED_EFFECT) {
		shared->unclear |= is_outrun(shared, result);
		shared->changed = result->affected;
	}
	/* A trigger that we cannot see has set something else. */
	if (role == SHARED_AFTER)
		shared->unclear |= shared->changed_told != shared->changed;
	if ((role == SHARED_EFFECT || deletes) && result->affected > 0)
		shared->has_effects = true;
}

void shared_failed(struct shared *shared, uint32_t index, const struct sql_error *error)
{
	(void)index;
	if (!shared->failed)
		shared->error = *error;
	shared->failed = true;
}
