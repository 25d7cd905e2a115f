/* plan/sql/shared.c - a group from its statements to its end. */
#include "daemon/plan/sql/shared_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int shared_new(struct shared **ret_shared)
{
	struct shared *shared = calloc(1, sizeof(*shared));

	if (!shared)
		return -ENOMEM;
	buffer_init(&shared->sql, SIZE_MAX);
	buffer_init(&shared->key, SIZE_MAX);
	buffer_init(&shared->before, SIZE_MAX);
	*ret_shared = shared;
	return 0;
}

void shared_free(struct shared *shared)
{
	if (!shared)
		return;
	buffer_free(&shared->sql);
	buffer_free(&shared->key);
	buffer_free(&shared->before);
	free(shared->jobs);
	free(shared->slots);
	free(shared);
}

size_t shared_keep(struct shared *shared, size_t most_bytes)
{
	struct buffer *buffers[] = {&shared->sql, &shared->key, &shared->before};
	size_t size = 0;

	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
		size += buffers[i]->capacity;
	if (size <= most_bytes)
		return size;
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
		buffer_free(buffers[i]);
		buffer_init(buffers[i], SIZE_MAX);
	}
	return 0;
}

static int reserve(struct shared *shared, uint32_t count)
{
	struct shared_job *jobs;
	struct shared_slot *slots;
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
	shared->insert_id = 0;
	shared->looked_at = 0;
	shared->changed = shared->changed_told = 0;
	shared->unclear = false;
	shared->has_effects = false;
	shared->failed = false;
	for (uint32_t i = 0; i < count; i++) {
		shared->jobs[i] = (struct shared_job){.job = jobs[i], .next_same = SHARED_NOBODY};
		procedure_sent(jobs[i]);
	}
	shared_write(shared);
	if (shared->plan->share.kind != SHARE_CREATE && shared->plan->share.kind != SHARE_SAME)
		shared_index_keys(shared);
	if (buffer_failed(&shared->sql))
		return -ENOMEM;
	for (uint32_t i = 0; i < shared->statement_count; i++)
		ret_statements[i].text = (struct bytes){.data = shared->sql.data + shared->statements[i].start,
							.size = shared->statements[i].size};
	*ret_count = shared->statement_count;
	return 0;
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

/* Which of its own statements has the effect, if one has. */
static uint32_t effect_of(const struct job_plan *plan)
{
	uint32_t index = 0;

	while (index + 1 < plan->first.count && !plan->first.statements[index].writes)
		index++;
	return index;
}

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
			procedure_done(to->job, effect_of(to->job->plan), &result);
	}
}

static void restart_all(const struct shared *shared, uint32_t but)
{
	for (uint32_t i = 0; i < shared->count; i++)
		if (i != but)
			procedure_restart(shared->jobs[i].job);
}

/* Together they would come to the same again. */
static void part_all(const struct shared *shared)
{
	for (uint32_t i = 0; i < shared->count; i++)
		shared->jobs[i].job->plan->share.kind = SHARE_NONE;
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
	if (!shared->failed && !shared->unclear && !buffer_failed(&shared->before)) {
		tell_results(shared);
		return SHARED_ANSWERED;
	}
	/* What an update has changed is not known without the memory to compare, nor when the row came after the look
	 * at what there is. */
	if (shared->has_effects) {
		part_all(shared);
		return SHARED_UNDO;
	}
	if (shared->failed && shared->plan->share.kind == SHARE_SAME) {
		for (uint32_t i = 0; i < shared->count; i++)
			procedure_failed(shared->jobs[i].job, 0, &shared->error);
		return SHARED_ANSWERED;
	}
	/* A group reads the keys of what it creates, and what an update will change, which takes grants of its own. */
	if (shared->failed && shared->error.code == ERROR_FORBIDDEN) {
		restart_all(shared, SHARED_NOBODY);
		return SHARED_SINGLY;
	}
	if (shared->failed && rows_tell_culprit(shared)) {
		*ret_culprit = shared->cursor;
		restart_all(shared, shared->cursor);
		tell_culprit(shared);
		return SHARED_CULPRIT;
	}
	restart_all(shared, SHARED_NOBODY);
	return SHARED_HALVES;
}
