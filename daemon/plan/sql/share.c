/* plan/sql/share.c - who can share statements with whom. */
#include "daemon/plan/sql/procedure_state.h"
#include "daemon/plan/sql/shared.h"

#include <errno.h>

/* FNV-1a over pointers and small numbers: what is equal for all of a group. The catalog that they point into is one. */
static uint64_t hash_start(const struct job_plan *plan, enum share_kind kind)
{
	(void)plan;
	return 0xcbf29ce484222325u ^ (uint64_t)kind;
}

static uint64_t hash_add(uint64_t hash, uint64_t word)
{
	return (hash ^ word) * 0x100000001b3u;
}

static uint64_t hash_of(const struct job_plan *plan, enum share_kind kind)
{
	uint64_t hash = hash_add(hash_start(plan, kind), (uintptr_t)plan->table);

	hash = hash_add(hash, plan->shape == ANSWER_COUNTS);
	for (uint32_t i = 0; i < plan->column_count; i++)
		hash = hash_add(hash, plan->columns[i]->position);
	return hash != 0 ? hash : 1;
}

/* --- offers ------------------------------------------------------------------------------------------------------- */

/* Without RETURNING, rows are found again by the range of their generated keys. */
static bool can_be_told(const struct job_plan *plan)
{
	const struct create_state *create = &plan->create;

	if (create->one_by_one || create->role == ROLE_IDS || plan->kind != PROCEDURE_BY_KEY)
		return false;
	if (plan->compiler.server->kind == SERVER_MARIADB || create->role == ROLE_EFFECT)
		return !(create->any_given && create->any_generated);
	return plan->table->auto_increment && !create->any_given && !plan->follow;
}

void share_create(struct job_plan *plan)
{
	const struct create_state *create = &plan->create;
	const struct insertion *insertion = create->insertion;
	uint64_t hash;

	if (!can_be_told(plan))
		return;
	hash = hash_add(hash_of(plan, SHARE_CREATE), create->any_given);
	for (uint32_t i = 0; i < insertion->column_count; i++)
		hash = hash_add(hash, insertion->columns[i]->position);
	plan->share = (struct share){
		.kind = SHARE_CREATE,
		.hash = hash,
		.start = create->rows_start,
		.size = create->row_ends[create->row_count - 1] - create->rows_start,
	};
}

/* Whether the column can hold the number. No row has a key that is beyond it, and MySQL's CASE takes the largest
 * unsigned number for -1. */
static bool integer_fits(const struct column *column, struct bytes digits)
{
	uint64_t all = UINT64_MAX >> (64 - 8 * column->integer_bytes), number = 0;
	bool negative = digits.size > 0 && digits.data[0] == '-';

	for (size_t i = negative; i < digits.size; i++) {
		uint64_t digit = (uint64_t)(digits.data[i] - '0');

		if (number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	if (column->is_unsigned)
		return !negative && number <= all;
	return number <= all / 2 + negative;
}

/* A key that we can tell from others as the server does. */
static bool has_plain_key(const struct job_plan *plan)
{
	const struct key *key = plan->table->primary_key;

	return plan->kind == PROCEDURE_BY_KEY && key->column_count == 1 && key->columns[0]->kind == COLUMN_INTEGER;
}

void share_by_key(struct job_plan *plan, enum share_kind kind, const struct row *row)
{
	const struct key *key = plan->table->primary_key;
	const struct row_span *span;
	struct bytes text;

	if (!has_plain_key(plan))
		return;
	span = &row->spans[key->columns[0]->position];
	text = (struct bytes){.data = plan->first.sql.data + span->start, .size = span->size};
	if (span->size == 0 || buffer_failed(&plan->first.sql) || !integer_fits(key->columns[0], text))
		return;
	plan->share =
		(struct share){.kind = kind, .hash = hash_of(plan, kind), .start = span->start, .size = span->size};
}

int share_update(struct job_plan *plan, const struct row *key, const struct share_assignment *set, const bool *changed)
{
	const struct table *table = plan->table;
	struct share_assignment *assignments;
	uint32_t count = 0;

	for (uint32_t i = 0; i < table->column_count; i++)
		count += changed[i];
	if (!has_plain_key(plan) || changed[table->primary_key->columns[0]->position])
		return 0;
	assignments = arena_alloc_array(plan->compiler.arena, count, sizeof(*assignments));
	if (!assignments)
		return -ENOMEM;
	share_by_key(plan, SHARE_UPDATE, key);
	if (plan->share.kind == SHARE_NONE)
		return 0;
	plan->share.assignments = assignments;
	for (uint32_t i = 0; i < table->column_count; i++) {
		if (!changed[i])
			continue;
		assignments[plan->share.assignment_count++] = set[i];
		plan->share.hash = hash_add(plan->share.hash, i);
	}
	return 0;
}

/* --- who with whom ------------------------------------------------------------------------------------------------ */

uint64_t shared_hash(const struct job *job)
{
	return job->plan->share.kind == SHARE_NONE ? 0 : job->plan->share.hash;
}

static bool same_columns(const struct column *const *a, const struct column *const *b, uint32_t count)
{
	return count == 0 || memcmp(a, b, count * sizeof(*a)) == 0;
}

static bool same_assignments(const struct share *a, const struct share *b)
{
	for (uint32_t i = 0; i < a->assignment_count; i++)
		if (a->assignments[i].column != b->assignments[i].column)
			return false;
	return true;
}

static bool same_insertion(const struct create_state *a, const struct create_state *b)
{
	return a->role == b->role && a->any_given == b->any_given &&
	       a->insertion->column_count == b->insertion->column_count &&
	       same_columns(a->insertion->columns, b->insertion->columns, a->insertion->column_count);
}

bool shared_match(const struct job *job_a, const struct job *job_b)
{
	const struct job_plan *a = job_a->plan, *b = job_b->plan;

	if (a->share.kind != b->share.kind || a->table != b->table || a->column_count != b->column_count ||
	    (a->shape == ANSWER_COUNTS) != (b->shape == ANSWER_COUNTS) ||
	    a->share.assignment_count != b->share.assignment_count)
		return false;
	return same_columns(a->columns, b->columns, a->column_count) && same_assignments(&a->share, &b->share) &&
	       (a->share.kind != SHARE_CREATE || same_insertion(&a->create, &b->create));
}

bool shared_holds_up_creates(const struct job *job)
{
	const struct create_state *create = &job->plan->create;

	return create->row_count > 1 && job->plan->compiler.server->kind == SERVER_MYSQL;
}

/* "WHEN 1 THEN 'a' " of each column, and the key once more. */
enum { CASE_BYTES = 16, HEAD_BYTES = 2048 };

size_t shared_size(const struct job *job)
{
	const struct share *share = &job->plan->share;
	size_t size = share->size + 1;

	for (uint32_t i = 0; i < share->assignment_count; i++)
		size += share->size + share->assignments[i].size + CASE_BYTES;
	return size;
}

size_t shared_size_limit(const struct job *job)
{
	const struct job_plan *plan = job->plan;
	size_t names = HEAD_BYTES;

	for (uint32_t i = 0; i < plan->table->column_count; i++)
		names += 4 * plan->table->columns[i].quoted.size;
	return plan->compiler.server->max_allowed_packet > names ? plan->compiler.server->max_allowed_packet - names
								 : 0;
}
