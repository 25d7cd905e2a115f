/* plan/refusals.c */
#include "daemon/plan/refusals.h"

#include "daemon/plan/footprint_rules.h"

enum { REPEATED = 3, LATELY_US = 10000000 };

static uint64_t hash_of(struct bytes table, const struct error *error)
{
	return footprint_hash(footprint_hash(0, table), bytes_of(error->message));
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
