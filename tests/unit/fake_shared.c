/* fake_shared.c */
#include "fake_shared.h"

#include <errno.h>
#include <stdlib.h>

enum { JOBS = 1024 };

struct fake_shared_rules fake_shared_rules;

struct shared {
	struct job *jobs[JOBS];
	uint32_t count;
	bool failed;
	struct sql_error error;
	struct shared *next; /* of all that live */
};

static struct shared *all;

uint64_t shared_hash(const struct job *job)
{
	return script_of(job)->share;
}

bool shared_match(const struct job *a, const struct job *b)
{
	return script_of(a)->share == script_of(b)->share;
}

bool shared_holds_up_creates(const struct job *job)
{
	(void)job;
	return false;
}

size_t shared_size(const struct job *job)
{
	return script_of(job)->size;
}

size_t shared_size_limit(const struct job *job)
{
	(void)job;
	return fake_shared_rules.size_limit > 0 ? fake_shared_rules.size_limit : SIZE_MAX;
}

int shared_new(struct shared **ret_shared)
{
	struct shared *shared = calloc(1, sizeof(*shared));

	if (!shared)
		return -ENOMEM;
	shared->next = all;
	all = shared;
	*ret_shared = shared;
	return 0;
}

void shared_free(struct shared *shared)
{
	struct shared **place = &all;

	if (!shared)
		return;
	while (*place != shared)
		place = &(*place)->next;
	*place = shared->next;
	free(shared);
}

size_t shared_keep(struct shared *shared, size_t most_bytes)
{
	(void)shared;
	if (fake_shared_rules.kept_bytes <= most_bytes)
		return fake_shared_rules.kept_bytes;
	fake_shared_rules.given_back++;
	return 0;
}

struct job *const *group_of_statement(const struct statement *statement, uint32_t *ret_count)
{
	for (struct shared *shared = all; shared; shared = shared->next) {
		if (statement->text.data != (const char *)shared)
			continue;
		*ret_count = shared->count;
		return shared->jobs;
	}
	return NULL;
}

int shared_begin(struct shared *shared, struct job *const *jobs, uint32_t count,
		 struct statement ret_statements[SHARED_STATEMENTS], uint32_t *ret_count)
{
	if (fake_shared_rules.begins_that_fail > 0) {
		fake_shared_rules.begins_that_fail--;
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++) {
		shared->jobs[i] = jobs[i];
		script_of(jobs[i])->wave = script_of(jobs[i])->waves;
	}
	shared->count = count;
	shared->failed = false;
	ret_statements[0].text = (struct bytes){.data = (const char *)shared, .size = sizeof(*shared)};
	*ret_count = 1;
	return 0;
}

int shared_row(struct shared *shared, uint32_t index, const char *const *values, const unsigned long *lengths,
	       uint32_t count, uint64_t *room)
{
	int result = 0;

	(void)room;
	for (uint32_t i = 0; i < shared->count && result == 0; i++)
		result = procedure_row(shared->jobs[i], index, values, lengths, count);
	return result;
}

void shared_done(struct shared *shared, uint32_t index, const struct statement_result *result)
{
	for (uint32_t i = 0; i < shared->count; i++)
		procedure_done(shared->jobs[i], index, result);
}

void shared_failed(struct shared *shared, uint32_t index, const struct sql_error *error)
{
	(void)index;
	shared->failed = true;
	shared->error = *error;
}

static uint32_t find_bad(const struct shared *shared)
{
	for (uint32_t i = 0; i < shared->count; i++)
		if (script_of(shared->jobs[i])->bad)
			return i;
	return shared->count;
}

enum shared_outcome shared_end(struct shared *shared, uint32_t *ret_culprit)
{
	uint32_t bad = find_bad(shared);

	if (!shared->failed)
		return SHARED_ANSWERED;
	if (fake_shared_rules.must_be_undone)
		return SHARED_UNDO;
	for (uint32_t i = 0; i < shared->count; i++)
		procedure_restart(shared->jobs[i]);
	if (fake_shared_rules.names_no_culprit || bad == shared->count)
		return SHARED_HALVES;
	*ret_culprit = bad;
	procedure_failed(shared->jobs[bad], 0, &shared->error);
	return SHARED_CULPRIT;
}
