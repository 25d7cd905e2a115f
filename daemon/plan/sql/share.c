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

struct bytes share_text(const struct job_plan *plan)
{
	const struct share *share = &plan->share;

	if (share->tuple.data)
		return share->tuple;
	return (struct bytes){.data = plan->first.sql.data + share->start, .size = share->size};
}

bool share_read_number(struct bytes digits, uint64_t *ret_number)
{
	bool negative = digits.size > 0 && digits.data[0] == '-';
	uint64_t number = 0;

	for (size_t i = negative; i < digits.size; i++) {
		uint64_t digit = (uint64_t)(digits.data[i] - '0');

		if (digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, digit, &number))
			return false;
	}
	*ret_number = negative ? 0 - number : number;
	return digits.size > (size_t)negative && (!negative || number <= UINT64_C(1) << 63);
}

/* Whether the column can hold the number. No row has a key that is beyond it, and MySQL's CASE takes the largest
 * unsigned number for -1. */
static bool integer_fits(const struct column *column, bool negative, uint64_t number)
{
	uint64_t most = UINT64_MAX >> (64 - 8 * column->integer_bytes);

	if (column->is_unsigned)
		return !negative && number <= most;
	return negative ? 0 - number <= most / 2 + 1 : number <= most / 2;
}

/* A character that the column's set lacks would have the server compare all of the statement's keys in another one. */
static bool is_plain_text(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.data[i] >= 0x80)
			return false;
	return true;
}

/* Whether a row's value of the column is that of the literal exactly when it makes the same literal. ret_number: that
 * of an integer. */
static bool tells_itself(const struct column *column, struct bytes literal, uint64_t *ret_number)
{
	switch (column->kind) {
	case COLUMN_INTEGER:
		return share_read_number(literal, ret_number) &&
		       integer_fits(column, literal.data[0] == '-', *ret_number);
	case COLUMN_TEXT:
		return column->binary_collation && !column->is_fixed_length && is_plain_text(literal);
	case COLUMN_UUID:
		return literal_column_is_uuid(column);
	case COLUMN_BINARY:
		return true;
	case COLUMN_YEAR:
	case COLUMN_BIT:
	case COLUMN_DECIMAL:
	case COLUMN_FLOAT:
	case COLUMN_DOUBLE:
	case COLUMN_ENUM:
	case COLUMN_SET:
	case COLUMN_GEOMETRY:
	case COLUMN_DATE:
	case COLUMN_DATETIME:
	case COLUMN_TIMESTAMP:
	case COLUMN_TIME:
	case COLUMN_JSON:
		break;
	}
	return false;
}

static struct bytes literal_at(const struct job_plan *plan, const struct row_span *span)
{
	return (struct bytes){.data = plan->first.sql.data + span->start, .size = span->size};
}

/* ret_number: the last of its integers. */
static bool has_plain_key(const struct job_plan *plan, const struct row *row, uint64_t *ret_number)
{
	const struct key *key = plan->table->primary_key;

	if (plan->kind != PROCEDURE_BY_KEY || !key->exact || buffer_failed(&plan->first.sql))
		return false;
	for (uint32_t i = 0; i < key->column_count; i++) {
		const struct row_span *span = &row->spans[key->columns[i]->position];

		if (span->size == 0 || !tells_itself(key->columns[i], literal_at(plan, span), ret_number))
			return false;
	}
	return true;
}

/* "(1,'a')" */
static int write_tuple(struct job_plan *plan, const struct row *row)
{
	const struct key *key = plan->table->primary_key;
	size_t size = 1;
	char *to;

	for (uint32_t i = 0; i < key->column_count; i++)
		size += row->spans[key->columns[i]->position].size + 1;
	to = arena_alloc(plan->compiler.arena, size);
	if (!to)
		return -ENOMEM;
	plan->share.tuple = (struct bytes){.data = to, .size = size};
	for (uint32_t i = 0; i < key->column_count; i++) {
		struct bytes literal = literal_at(plan, &row->spans[key->columns[i]->position]);

		*to++ = i == 0 ? '(' : ',';
		memcpy(to, literal.data, literal.size);
		to += literal.size;
	}
	*to = ')';
	return 0;
}

int share_by_key(struct job_plan *plan, enum share_kind kind, const struct row *row)
{
	const struct key *key = plan->table->primary_key;
	uint64_t number = 0;

	if (!has_plain_key(plan, row, &number))
		return 0;
	plan->share = (struct share){
		.kind = kind,
		.hash = hash_of(plan, kind),
		.start = row->spans[key->columns[0]->position].start,
		.size = row->spans[key->columns[0]->position].size,
		.is_number = key->column_count == 1 && key->columns[0]->kind == COLUMN_INTEGER,
		.number = number,
	};
	return key->column_count > 1 ? write_tuple(plan, row) : 0;
}

static bool changes_key(const struct key *key, const bool *changed)
{
	for (uint32_t i = 0; i < key->column_count; i++)
		if (changed[key->columns[i]->position])
			return true;
	return false;
}

/* InnoDB hands on a NULL with the bytes of the column's default behind it, and the servers compare these too: NULL in
 * place of NULL is a change to them unless they are those of nothing. Only the server can tell, of one row. */
static bool changes_by_null(const struct share_assignment *set)
{
	return set->is_null && set->column->default_text.data;
}

int share_update(struct job_plan *plan, const struct row *key, const struct share_assignment *set, const bool *changed)
{
	const struct table *table = plan->table;
	struct share_assignment *assignments;
	uint32_t count = 0;

	for (uint32_t i = 0; i < table->column_count; i++) {
		if (changed[i] && changes_by_null(&set[i]))
			return 0;
		count += changed[i];
	}
	if (changes_key(table->primary_key, changed))
		return 0;
	assignments = arena_alloc_array(plan->compiler.arena, count, sizeof(*assignments));
	if (!assignments || share_by_key(plan, SHARE_UPDATE, key) < 0)
		return -ENOMEM;
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

/* Eight bytes at a time: a condition may be long. */
static uint64_t hash_text(uint64_t hash, struct bytes text)
{
	uint64_t word;

	for (; text.size >= sizeof(word); text.data += sizeof(word), text.size -= sizeof(word)) {
		memcpy(&word, text.data, sizeof(word));
		hash = hash_add(hash, word);
		hash ^= hash >> 32;
	}
	for (size_t i = 0; i < text.size; i++)
		hash = hash_add(hash, (unsigned char)text.data[i]);
	return hash;
}

void share_same(struct job_plan *plan)
{
	struct bytes text = {.data = plan->first.sql.data, .size = plan->first.statements[0].size};
	uint64_t hash = hash_text(hash_of(plan, SHARE_SAME), text);

	plan->share = (struct share){.kind = SHARE_SAME, .hash = hash != 0 ? hash : 1, .size = text.size};
}

/* --- who with whom ------------------------------------------------------------------------------------------------ */

uint64_t shared_hash(const struct job *job)
{
	return job->plan->share.kind == SHARE_NONE ? 0 : job->plan->share.hash;
}

static bool same_columns(const struct column *const *a, const struct column *const *b, uint32_t count)
{
	return count == 0 || a == b || memcmp(a, b, count * sizeof(*a)) == 0;
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
	if (a->share.kind == SHARE_SAME)
		return bytes_equal(share_text(a), share_text(b));
	return same_columns(a->columns, b->columns, a->column_count) && same_assignments(&a->share, &b->share) &&
	       (a->share.kind != SHARE_CREATE || same_insertion(&a->create, &b->create));
}

bool shared_holds_up_creates(const struct job *job)
{
	const struct create_state *create = &job->plan->create;

	/* Else the rows that came tell where it failed. */
	return create->row_count > 1 &&
	       (create->role == ROLE_EFFECT || job->plan->compiler.server->kind == SERVER_MYSQL);
}

enum { CASE_BYTES = 20, HEAD_BYTES = 2048 };

/* "WHEN (`a`,`b`) = (1,'y') THEN 'x' " of each column, and the key once more. */
size_t shared_size(const struct job *job)
{
	const struct job_plan *plan = job->plan;
	const struct share *share = &plan->share;
	size_t key = share_text(plan).size, names = 0;

	/* One statement is enough for them all. */
	if (share->kind == SHARE_SAME)
		return 0;
	for (uint32_t i = 0; share->tuple.data && i < plan->table->primary_key->column_count; i++)
		names += plan->table->primary_key->columns[i]->quoted.size + 1;
	for (uint32_t i = 0; i < share->assignment_count; i++)
		key += names + share_text(plan).size + share->assignments[i].size + CASE_BYTES;
	return key + 1;
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
