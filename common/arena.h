/* common/arena.h - memory that lives and dies with one command.
 *
 * Pieces are handed out in order from a few blocks and are all given back at once. An arena has a limit, so that no
 * input makes the process grow without bound: at the limit an allocation answers NULL, as when memory has run out. */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
	char *room;                 /* what is left of the newest block */
	size_t room_bytes;          /* a multiple of the alignment */
	struct arena_block *blocks; /* newest first */
	size_t used_bytes;          /* handed out since the last reset, padding included */
	size_t limit_bytes;
	bool limit_met; /* since the last reset something was refused for the limit, not for want of memory */
};

/* Allocates nothing yet. limit_bytes bounds the sum of all pieces. */
void arena_init(struct arena *arena, size_t limit_bytes);

/* Gives back all pieces; keeps the first block for the next use, unless it is an outsized one. */
void arena_reset(struct arena *arena);

/* Gives back everything. The arena may be initialised again. Legal on a zeroed arena. */
void arena_free(struct arena *arena);

/* Returns size bytes aligned for any object, not cleared, or NULL. size 0 gives a valid, unusable address. */
void *arena_alloc(struct arena *arena, size_t size);

/* The same for count objects, cleared; NULL also when count * size overflows. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t size);

/* Copies the bytes and ends the copy with a NUL that size does not count. data is NULL when there was no memory. */
struct bytes arena_copy(struct arena *arena, struct bytes bytes);

/* Formats like sprintf into the arena. data is NULL when there was no memory. */
struct bytes arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
