/* plan/refusals.h - which unknown names were asked for in vain lately.
 *
 * A command with an unknown name waits for the next reading of the catalog, and holds others up meanwhile. For the
 * first ones that is right: a migration may just have run. A producer that repeats a slip of the pen is to cost nobody
 * anything. */
#ifndef PLAN_REFUSALS_H
#define PLAN_REFUSALS_H

#include "common/bytes.h"
#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { REFUSALS_SLOTS = 256 };

/* All zero is empty. Two names that fall into one slot take each other's place. */
struct refusals {
	struct refusal {
		uint64_t name; /* hash of the table and of what was said of it */
		uint32_t count;
		uint64_t last_us;
	} slots[REFUSALS_SLOTS];
};

/* Notes that a newly read catalog did not know the name either. error: what the command was told. */
void refusals_note(struct refusals *refusals, struct bytes table, const struct error *error, uint64_t now_us);

/* Whether the same was told several times, and lately. */
bool refusals_repeated(const struct refusals *refusals, struct bytes table, const struct error *error, uint64_t now_us);

#endif
