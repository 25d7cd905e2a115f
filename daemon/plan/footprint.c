/* plan/footprint.c - the modes, and the set. What an operation holds stands in footprint_rules.c. */
#include "daemon/plan/footprint.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define BIT(mode) (1u << FOOTPRINT_##mode)

/* The one table: for each earlier mode, the later modes that wait for it.
 *
 * READ and LOOK hold nobody up: a slow read by condition must not stop the writes behind it. Intentions do not exclude
 * each other: who they are about is decided further down the tree. CREATE leaves CREATE alone and FREE leaves FREE
 * alone, since creates of one table keep their order by other means, and removals have none. */
static const uint32_t holds_up[FOOTPRINT_MODE_COUNT] = {
	[FOOTPRINT_LOOK] = 0,
	[FOOTPRINT_KEY_READ] = BIT(CREATE) | BIT(FREE) | BIT(WRITE),
	[FOOTPRINT_KEY_WRITE] = BIT(READ) | BIT(SHARE) | BIT(CREATE) | BIT(FREE) | BIT(WRITE),
	[FOOTPRINT_READ] = 0,
	[FOOTPRINT_SHARE] = BIT(KEY_WRITE) | BIT(CREATE) | BIT(FREE) | BIT(WRITE),
	[FOOTPRINT_CREATE] = BIT(KEY_READ) | BIT(KEY_WRITE) | BIT(READ) | BIT(SHARE) | BIT(FREE) | BIT(WRITE),
	[FOOTPRINT_FREE] = BIT(KEY_READ) | BIT(KEY_WRITE) | BIT(READ) | BIT(SHARE) | BIT(CREATE) | BIT(WRITE),
	[FOOTPRINT_WRITE] = BIT(LOOK) | BIT(KEY_READ) | BIT(KEY_WRITE) | BIT(READ) | BIT(SHARE) | BIT(CREATE) |
			    BIT(FREE) | BIT(WRITE),
};

/* The same table, read by columns (a test compares them). */
static const uint32_t waits_for[FOOTPRINT_MODE_COUNT] = {
	[FOOTPRINT_LOOK] = BIT(WRITE),
	[FOOTPRINT_KEY_READ] = BIT(CREATE) | BIT(FREE) | BIT(WRITE),
	[FOOTPRINT_KEY_WRITE] = BIT(SHARE) | BIT(CREATE) | BIT(FREE) | BIT(WRITE),
	[FOOTPRINT_READ] = BIT(KEY_WRITE) | BIT(CREATE) | BIT(FREE) | BIT(WRITE),
	[FOOTPRINT_SHARE] = BIT(KEY_WRITE) | BIT(CREATE) | BIT(FREE) | BIT(WRITE),
	[FOOTPRINT_CREATE] = BIT(KEY_READ) | BIT(KEY_WRITE) | BIT(SHARE) | BIT(FREE) | BIT(WRITE),
	[FOOTPRINT_FREE] = BIT(KEY_READ) | BIT(KEY_WRITE) | BIT(SHARE) | BIT(CREATE) | BIT(WRITE),
	[FOOTPRINT_WRITE] = BIT(KEY_READ) | BIT(KEY_WRITE) | BIT(SHARE) | BIT(CREATE) | BIT(FREE) | BIT(WRITE),
};

bool footprint_conflicts(enum footprint_mode earlier, enum footprint_mode later)
{
	return (holds_up[earlier] >> later & 1) != 0;
}

uint32_t footprint_waits_for(enum footprint_mode later)
{
	return waits_for[later];
}

uint32_t footprint_holds_up(enum footprint_mode earlier)
{
	return holds_up[earlier];
}

/* Whether holding `strong` excludes all that holding `weak` would. */
static bool covers(enum footprint_mode strong, enum footprint_mode weak)
{
	return (holds_up[weak] & ~holds_up[strong]) == 0 && (waits_for[weak] & ~waits_for[strong]) == 0;
}

void footprint_init(struct footprint *footprint, struct arena *arena)
{
	*footprint = (struct footprint){.arena = arena};
}

static int grow(struct footprint *footprint)
{
	enum { FIRST_CAPACITY = 8 };
	uint32_t capacity = footprint->capacity == 0 ? FIRST_CAPACITY : footprint->capacity * 2;
	struct footprint_entry *entries = arena_alloc(footprint->arena, capacity * sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	if (footprint->count > 0)
		memcpy(entries, footprint->entries, footprint->count * sizeof(*entries));
	footprint->entries = entries;
	footprint->capacity = capacity;
	return 0;
}

int footprint_add(struct footprint *footprint, uint64_t resource, enum footprint_mode mode)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < footprint->count; i++) {
		struct footprint_entry *entry = &footprint->entries[i];

		if (entry->resource == resource && covers(entry->mode, mode))
			return 0; /* nothing weaker can stand before it: it would have been dropped */
		if (entry->resource == resource && covers(mode, entry->mode))
			continue;
		footprint->entries[kept++] = *entry;
	}
	footprint->count = kept;
	if (footprint->count == footprint->capacity) {
		int r = grow(footprint);

		if (r < 0)
			return r;
	}
	footprint->entries[footprint->count++] = (struct footprint_entry){.resource = resource, .mode = mode};
	return 0;
}
