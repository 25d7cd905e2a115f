/* plan/refusals.c */
#include "daemon/plan/refusals.h"

enum { REPEATED = 3, LATELY_US = 10000000 };

static uint64_t hash_add(uint64_t hash, struct bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001b3u; /* FNV-1a */
	return hash;
}

static uint64_t hash_of(struct bytes table, const struct error *error)
{
	return hash_add(hash_add(0xcbf29ce484222325u, table), bytes_of(error->message));
}

void refusals_note(struct refusals *refusals, struct bytes table, const struct error *error, uint64_t now_us)
{
	uint64_t name = hash_of(table, error);
	struct refusal *slot = &refusals->slots[name % REFUSALS_SLOTS];

	if (slot->name != name || now_us - slot->last_us > LATELY_US)
		*slot = (struct refusal){.name = name};
	slot->count++;
	slot->last_us = now_us;
}

bool refusals_repeated(const struct refusals *refusals, struct bytes table, const struct error *error, uint64_t now_us)
{
	uint64_t name = hash_of(table, error);
	const struct refusal *slot = &refusals->slots[name % REFUSALS_SLOTS];

	return slot->name == name && slot->count >= REPEATED && now_us - slot->last_us <= LATELY_US;
}
