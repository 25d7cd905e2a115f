/* plan/name_index.c - half of the slots stay free, so that a search ends soon. Names are the server's: whoever may
 * choose them has better ways to be slow. */
#include "daemon/plan/name_index.h"

#include <errno.h>

int name_index_init(struct name_index *index, struct arena *arena, uint32_t count)
{
	uint32_t slots = 2;

	while (slots < 2 * count)
		slots *= 2;
	index->slots = arena_alloc_array(arena, slots, sizeof(*index->slots));
	index->mask = slots - 1;
	return index->slots ? 0 : -ENOMEM;
}

/* FNV-1a. */
static uint32_t hash(struct bytes name)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < name.size; i++)
		hash = (hash ^ (unsigned char)name.data[i]) * 0x100000001b3u;
	return (uint32_t)(hash ^ hash >> 32);
}

/* The slot of the name, taken or free. */
static const struct bytes **find_slot(const struct name_index *index, struct bytes name)
{
	uint32_t slot = hash(name) & index->mask;

	while (index->slots[slot] && !bytes_equal(*index->slots[slot], name))
		slot = (slot + 1) & index->mask;
	return &index->slots[slot];
}

void name_index_add(struct name_index *index, const struct bytes *object)
{
	const struct bytes **slot = find_slot(index, *object);

	if (!*slot)
		*slot = object;
}

const struct bytes *name_index_find(const struct name_index *index, struct bytes name)
{
	return *find_slot(index, name);
}
