/* arena_pieces.c - lets each piece of an arena count as an allocation, which can fail: see allocations.h. */
#include "tests/support/allocations.h"

#include "common/arena.h"

void *__real_arena_alloc(struct arena *arena, size_t size);
void *__real_arena_alloc_array(struct arena *arena, size_t count, size_t size);
struct bytes __real_arena_copy(struct arena *arena, struct bytes bytes);
void *__wrap_arena_alloc(struct arena *arena, size_t size);
void *__wrap_arena_alloc_array(struct arena *arena, size_t count, size_t size);
struct bytes __wrap_arena_copy(struct arena *arena, struct bytes bytes);

void *__wrap_arena_alloc(struct arena *arena, size_t size)
{
	return allocations_piece_is_to_fail() ? NULL : __real_arena_alloc(arena, size);
}

void *__wrap_arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
	return allocations_piece_is_to_fail() ? NULL : __real_arena_alloc_array(arena, count, size);
}

struct bytes __wrap_arena_copy(struct arena *arena, struct bytes bytes)
{
	if (allocations_piece_is_to_fail())
		return (struct bytes){0};
	return __real_arena_copy(arena, bytes);
}
