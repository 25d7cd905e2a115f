/* plan/sql/shared_keys.c - whose row it is.
 *
 * A single integer is compared as one. Every other key is compared as the text that stands for it in a statement: only
 * keys whose equality is that of their texts are shared by (share.c). */
#include "daemon/plan/sql/shared_state.h"

static uint64_t hash_text(struct bytes text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < text.size; i++)
		hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001b3u;
	return hash;
}

static bool same_key(const struct shared *shared, const struct shared_slot *slot, uint64_t hash, struct bytes text)
{
	return slot->hash == hash &&
	       (shared->plan->share.is_number || bytes_equal(share_text(shared->jobs[slot->job].job->plan), text));
}

/* The slot of the key, taken or free. text: of what is no number. */
static struct shared_slot *find_slot(const struct shared *shared, uint64_t hash, struct bytes text)
{
	uint32_t at = (uint32_t)((hash * 0x9e3779b97f4a7c15u) >> 32) & shared->slot_mask;

	while (shared->slots[at].job != SHARED_NOBODY && !same_key(shared, &shared->slots[at], hash, text))
		at = (at + 1) & shared->slot_mask;
	return &shared->slots[at];
}

void shared_index_keys(struct shared *shared)
{
	memset(shared->slots, 0xff, (shared->slot_mask + 1) * sizeof(*shared->slots));
	for (uint32_t i = shared->count; i-- > 0;) {
		const struct job_plan *plan = shared->jobs[i].job->plan;
		struct bytes text = share_text(plan);
		uint64_t hash = plan->share.is_number ? plan->share.number : hash_text(text);
		struct shared_slot *slot = find_slot(shared, hash, text);

		shared->jobs[i].next_same = slot->job;
		*slot = (struct shared_slot){.hash = hash, .job = i};
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

/* "(1,'a')" of a composite key, "'a'" of a simple one: as share.c has it. */
static void write_key(struct shared *shared, const char *const *values, const unsigned long *lengths)
{
	const struct key *key = shared->plan->table->primary_key;

	buffer_reset(&shared->key);
	if (key->column_count > 1)
		buffer_append_byte(&shared->key, '(');
	for (uint32_t i = 0; i < key->column_count; i++) {
		struct bytes text = {.data = values[i], .size = values[i] ? lengths[i] : 0};

		if (key->columns[i]->kind == COLUMN_INTEGER)
			text = without_zeros(text);
		if (i > 0)
			buffer_append_byte(&shared->key, ',');
		literal_append_result(&shared->key, key->columns[i], text);
	}
	if (key->column_count > 1)
		buffer_append_byte(&shared->key, ')');
}

uint32_t shared_find(struct shared *shared, const char *const *values, const unsigned long *lengths)
{
	uint64_t number;

	if (shared->plan->share.is_number) {
		if (!share_read_number((struct bytes){.data = values[0], .size = values[0] ? lengths[0] : 0}, &number))
			return SHARED_NOBODY;
		return find_slot(shared, number, (struct bytes){0})->job;
	}
	write_key(shared, values, lengths);
	if (buffer_failed(&shared->key))
		return SHARED_NOBODY;
	return find_slot(shared, hash_text(buffer_bytes(&shared->key)), buffer_bytes(&shared->key))->job;
}
