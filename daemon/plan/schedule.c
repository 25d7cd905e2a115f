/* plan/schedule.c - resources in an open-addressing table, each with its lines.
 *
 *                 line of KEY_WRITE   3 -- 7 -- 8 -- 12
 *                                               ^ waiting: the first that is not granted
 *                 line of WRITE       5
 *
 * Here 5 waits for 3 and runs before 7; 7 and all behind it wait for 5. When 3 ends, the line of WRITE is looked at
 * from its `waiting` on; when 5 ends, the line of KEY_WRITE. Each entry is passed once. */
#include "daemon/plan/schedule.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

struct line {
	struct schedule_entry *first, *last;
	struct schedule_entry *waiting; /* the first that is not granted, or NULL */
	struct schedule_entry *granted; /* the last that is, or NULL: mostly the one before `waiting` */
};

struct schedule_resource {
	uint64_t id;
	uint32_t present; /* bit 1u << mode: the line is not empty */
	uint32_t waiting; /* bit 1u << mode: somebody in the line waits */
	struct schedule_resource *next_free;
	struct line lines[FOOTPRINT_MODE_COUNT];
};

struct schedule {
	struct schedule_resource **slots; /* linear probing; NULL: free */
	uint32_t capacity;                /* a power of two */
	uint32_t count;
	uint64_t seed;
	struct schedule_resource *free_resources;
	uint32_t free_count;
	struct schedule_node *first_ready, *last_ready;
};

enum { FIRST_CAPACITY = 256 };

int schedule_new(struct schedule **ret_schedule)
{
	struct schedule *schedule = calloc(1, sizeof(*schedule));

	if (!schedule)
		return -ENOMEM;
	schedule->slots = calloc(FIRST_CAPACITY, sizeof(struct schedule_resource *));
	if (!schedule->slots) {
		free(schedule);
		return -ENOMEM;
	}
	schedule->capacity = FIRST_CAPACITY;
	/* Should the kernel have nothing random (it always has, after booting), an address is still hard to guess. */
	schedule->seed = (uint64_t)(uintptr_t)schedule;
	(void)!getrandom(&schedule->seed, sizeof(schedule->seed), GRND_NONBLOCK);
	*ret_schedule = schedule;
	return 0;
}

void schedule_free(struct schedule *schedule)
{
	if (!schedule)
		return;
	for (uint32_t i = 0; i < schedule->capacity; i++)
		free(schedule->slots[i]);
	while (schedule->free_resources) {
		struct schedule_resource *resource = schedule->free_resources;

		schedule->free_resources = resource->next_free;
		free(resource);
	}
	free(schedule->slots);
	free(schedule);
}

/* --- the table --- */

/* Ids are hashes already, but of values that producers choose: without the seed somebody could look for a hundred
 * thousand keys of which each has to walk past all the others. */
static uint32_t home_of(const struct schedule *schedule, uint64_t id)
{
	unsigned __int128 product = (unsigned __int128)(id ^ schedule->seed) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(product ^ product >> 64) & (schedule->capacity - 1);
}

static uint32_t slot_of(const struct schedule *schedule, uint64_t id)
{
	uint32_t slot = home_of(schedule, id);

	while (schedule->slots[slot] && schedule->slots[slot]->id != id)
		slot = (slot + 1) & (schedule->capacity - 1);
	return slot;
}

static int grow_table(struct schedule *schedule, uint32_t capacity)
{
	struct schedule_resource **old = schedule->slots;
	uint32_t old_capacity = schedule->capacity;

	schedule->slots = calloc(capacity, sizeof(struct schedule_resource *));
	if (!schedule->slots) {
		schedule->slots = old;
		return -ENOMEM;
	}
	schedule->capacity = capacity;
	for (uint32_t i = 0; i < old_capacity; i++)
		if (old[i])
			schedule->slots[slot_of(schedule, old[i]->id)] = old[i];
	free(old);
	return 0;
}

/* Makes sure that so many resources can be added without asking for memory. */
static int reserve(struct schedule *schedule, uint32_t more)
{
	uint32_t capacity = schedule->capacity;

	while ((schedule->count + more) * 2 > capacity)
		capacity *= 2;
	if (capacity > schedule->capacity && grow_table(schedule, capacity) < 0)
		return -ENOMEM;
	while (schedule->free_count < more) {
		struct schedule_resource *resource = calloc(1, sizeof(*resource));

		if (!resource)
			return -ENOMEM;
		resource->next_free = schedule->free_resources;
		schedule->free_resources = resource;
		schedule->free_count++;
	}
	return 0;
}

static struct schedule_resource *find_or_add(struct schedule *schedule, uint64_t id)
{
	uint32_t slot = slot_of(schedule, id);
	struct schedule_resource *resource = schedule->slots[slot];

	if (resource)
		return resource;
	resource = schedule->free_resources;
	schedule->free_resources = resource->next_free;
	schedule->free_count--;
	schedule->count++;
	resource->id = id;
	schedule->slots[slot] = resource;
	return resource;
}

/* An empty resource goes back to the free list, zeroed by having become empty. What was pushed past its slot moves up.
 */
static void give_back(struct schedule *schedule, struct schedule_resource *resource)
{
	uint32_t mask = schedule->capacity - 1;
	uint32_t hole = slot_of(schedule, resource->id);

	for (uint32_t slot = (hole + 1) & mask; schedule->slots[slot]; slot = (slot + 1) & mask) {
		uint32_t home = home_of(schedule, schedule->slots[slot]->id);

		if (((slot - home) & mask) >= ((slot - hole) & mask)) {
			schedule->slots[hole] = schedule->slots[slot];
			hole = slot;
		}
	}
	schedule->slots[hole] = NULL;
	schedule->count--;
	resource->next_free = schedule->free_resources;
	schedule->free_resources = resource;
	schedule->free_count++;
}

/* --- the lines --- */

static bool grantable(const struct schedule_resource *resource, const struct schedule_entry *entry)
{
	uint32_t modes = footprint_waits_for(entry->mode) & resource->present;

	for (; modes != 0; modes &= modes - 1) {
		const struct line *line = &resource->lines[__builtin_ctz(modes)];

		if (line->first->node->sequence < entry->node->sequence)
			return false;
	}
	return true;
}

static void push_ready(struct schedule *schedule, struct schedule_node *node)
{
	/* A parked node may become ready with its old footprint, and again with the new one, before anybody looks. */
	if (node->listed)
		return;
	node->listed = true;
	node->next_ready = NULL;
	if (schedule->last_ready)
		schedule->last_ready->next_ready = node;
	else
		schedule->first_ready = node;
	schedule->last_ready = node;
}

static void grant(struct line *line, struct schedule_entry *entry)
{
	entry->granted = true;
	if (!entry->next || !line->granted || line->granted->node->sequence < entry->node->sequence)
		line->granted = entry;
}

/* The last that is granted is so no more, or goes. */
static void find_granted(struct line *line)
{
	do
		line->granted = line->granted->previous;
	while (line->granted && !line->granted->granted);
}

/* Grants what can be granted in a line, from the first that waits on. */
static void advance(struct schedule *schedule, struct schedule_resource *resource, uint32_t mode)
{
	struct line *line = &resource->lines[mode];
	struct schedule_entry *entry = line->waiting;

	for (; entry; entry = entry->next) {
		if (entry->granted)
			continue; /* it stood here before somebody was put in line in front of it */
		if (!grantable(resource, entry))
			break;
		grant(line, entry);
		if (--entry->node->waiting == 0)
			push_ready(schedule, entry->node);
	}
	line->waiting = entry;
	if (!entry)
		resource->waiting &= ~(1u << mode);
}

/* Puts the entry in its line, behind all that came before it: at the end, but for commands that were parked, which may
 * stand in it already: at `old`. */
static void link_entry(struct schedule_resource *resource, struct schedule_entry *entry, struct schedule_entry *old)
{
	struct line *line = &resource->lines[entry->mode];
	struct schedule_entry *before = old ? old : line->last;

	while (before && before->node->sequence > entry->node->sequence)
		before = before->previous;
	entry->previous = before;
	entry->next = before ? before->next : line->first;
	if (entry->previous)
		entry->previous->next = entry;
	else
		line->first = entry;
	if (entry->next)
		entry->next->previous = entry;
	else
		line->last = entry;
	resource->present |= 1u << entry->mode;

	entry->granted = false;
	if (grantable(resource, entry)) {
		grant(line, entry);
	} else if (!line->waiting || line->waiting->node->sequence > entry->node->sequence) {
		line->waiting = entry;
		resource->waiting |= 1u << entry->mode;
	}
}

/* An entry was put in line in front of others. Those it should have held up were granted before it was there; they are
 * made to wait again, as long as their node still waits for something: what is ready may be running. */
static void revoke(struct schedule_resource *resource, const struct schedule_entry *inserted)
{
	uint32_t modes = footprint_holds_up(inserted->mode) & resource->present;

	for (; modes != 0; modes &= modes - 1) {
		struct line *line = &resource->lines[__builtin_ctz(modes)];
		struct schedule_entry *entry = line->granted;

		for (; entry && entry->node->sequence > inserted->node->sequence; entry = entry->previous) {
			if (entry->granted && entry->node->waiting > 0) {
				entry->granted = false;
				entry->node->waiting++;
			}
			if (!entry->granted &&
			    (!line->waiting || line->waiting->node->sequence > entry->node->sequence))
				line->waiting = entry;
		}
		if (line->granted && !line->granted->granted)
			find_granted(line);
		if (line->waiting)
			resource->waiting |= modes & -modes;
	}
}

static void unlink_entry(struct schedule *schedule, struct schedule_entry *entry)
{
	struct schedule_resource *resource = entry->resource;
	struct line *line = &resource->lines[entry->mode];
	bool was_first = line->first == entry;

	if (line->granted == entry)
		find_granted(line);
	if (line->waiting == entry) {
		line->waiting = entry->next;
		if (!entry->next)
			resource->waiting &= ~(1u << entry->mode);
	}
	if (entry->previous)
		entry->previous->next = entry->next;
	else
		line->first = entry->next;
	if (entry->next)
		entry->next->previous = entry->previous;
	else
		line->last = entry->previous;
	if (!line->first)
		resource->present &= ~(1u << entry->mode);

	if (resource->present == 0) {
		give_back(schedule, resource);
	} else if (was_first) {
		uint32_t modes = footprint_holds_up(entry->mode) & resource->waiting;

		for (; modes != 0; modes &= modes - 1)
			advance(schedule, resource, (uint32_t)__builtin_ctz(modes));
	}
}

/* --- nodes --- */

/* The entry among a node's former ones that stands in the line of this one; NULL: none. */
static struct schedule_entry *find_old(struct schedule_entry *entries, uint32_t count,
				       const struct schedule_entry *entry)
{
	for (uint32_t i = 0; i < count; i++)
		if (entries[i].resource == entry->resource && entries[i].mode == entry->mode)
			return &entries[i];
	return NULL;
}

/* Fills entries, which has room for all of the footprint and its creates. */
static void link_footprint(struct schedule *schedule, struct schedule_node *node, struct schedule_entry *entries,
			   const struct footprint *footprint)
{
	uint32_t count = footprint->count + (footprint->creates_in ? 1 : 0), old_count = node->count;
	struct schedule_entry *old_entries = node->entries;

	node->entries = entries;
	node->count = count;
	node->waiting = 0;
	node->create = footprint->creates_in ? &entries[count - 1] : NULL;
	for (uint32_t i = 0; i < count; i++) {
		struct schedule_entry *entry = &entries[i];
		bool creates = entry == node->create;
		uint64_t id =
			creates ? footprint_creates_resource(footprint->creates_in) : footprint->entries[i].resource;

		entry->node = node;
		entry->mode = creates ? FOOTPRINT_CREATE : footprint->entries[i].mode;
		entry->resource = find_or_add(schedule, id);
		link_entry(entry->resource, entry, find_old(old_entries, old_count, entry));
		node->waiting += !entry->granted;
	}
}

static struct schedule_entry *prepare(struct schedule *schedule, struct arena *arena, const struct footprint *footprint)
{
	uint32_t count = footprint->count + (footprint->creates_in ? 1 : 0);

	if (reserve(schedule, count) < 0)
		return NULL;
	return arena_alloc(arena, count * sizeof(struct schedule_entry));
}

int schedule_add(struct schedule *schedule, struct schedule_node *node, struct arena *arena,
		 const struct footprint *footprint)
{
	struct schedule_entry *entries = prepare(schedule, arena, footprint);

	if (!entries)
		return -ENOMEM;
	link_footprint(schedule, node, entries, footprint);
	if (node->waiting == 0)
		push_ready(schedule, node);
	return 0;
}

int schedule_replace(struct schedule *schedule, struct schedule_node *node, struct arena *arena,
		     const struct footprint *footprint)
{
	struct schedule_entry *entries = prepare(schedule, arena, footprint);
	struct schedule_entry *old_entries = node->entries;
	uint32_t old_count = node->count;

	if (!entries)
		return -ENOMEM;
	/* The new entries first, so that nobody slips through in between. */
	link_footprint(schedule, node, entries, footprint);
	if (node->waiting == 0)
		push_ready(schedule, node);
	for (uint32_t i = 0; i < node->count; i++)
		revoke(entries[i].resource, &entries[i]);
	for (uint32_t i = 0; i < old_count; i++)
		unlink_entry(schedule, &old_entries[i]);
	return 0;
}

void schedule_remove(struct schedule *schedule, struct schedule_node *node)
{
	uint32_t count = node->count;

	node->count = 0;
	node->create = NULL;
	for (uint32_t i = 0; i < count; i++)
		unlink_entry(schedule, &node->entries[i]);
}

struct schedule_node *schedule_pop_ready(struct schedule *schedule)
{
	struct schedule_node *node = schedule->first_ready;

	for (; node; node = schedule->first_ready) {
		schedule->first_ready = node->next_ready;
		if (!schedule->first_ready)
			schedule->last_ready = NULL;
		node->next_ready = NULL;
		node->listed = false;
		if (node->waiting == 0)
			return node;
	}
	return NULL;
}

struct schedule_node *schedule_next_create(const struct schedule_node *node)
{
	return node->create && node->create->next ? node->create->next->node : NULL;
}

struct schedule_node *schedule_previous_create(const struct schedule_node *node)
{
	return node->create && node->create->previous ? node->create->previous->node : NULL;
}

bool schedule_first_create(const struct schedule_node *node)
{
	return !schedule_previous_create(node);
}

const struct schedule_resource *schedule_creates(const struct schedule_node *node)
{
	return node->create ? node->create->resource : NULL;
}
