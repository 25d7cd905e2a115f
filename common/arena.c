/* common/arena.c - a chain of blocks; the newest one is filled from front to back.
 *
 * A piece too large to share a block gets one of its own, put behind the newest, which goes on being filled. */
#include "common/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* One block holds a typical command with its SQL and its reply; the following ones double up to the largest size. */
enum { BLOCK_BYTES_FIRST = 4096, BLOCK_BYTES_LARGEST = 65536, ALIGNMENT = _Alignof(max_align_t) };

struct arena_block {
	struct arena_block *next; /* older */
	size_t capacity;          /* bytes in data */
	_Alignas(max_align_t) char data[];
};

void arena_init(struct arena *arena, size_t limit_bytes)
{
	*arena = (struct arena){.limit_bytes = limit_bytes};
}

static void free_blocks(struct arena_block *block)
{
	while (block) {
		struct arena_block *older = block->next;

		free(block);
		block = older;
	}
}

/* Makes a block the newest. */
static void fill_from(struct arena *arena, struct arena_block *block)
{
	arena->blocks = block;
	arena->room = block->data;
	arena->room_bytes = block->capacity;
}

void arena_reset(struct arena *arena)
{
	struct arena_block **link = &arena->blocks;

	while (*link && (*link)->next)
		link = &(*link)->next;

	struct arena_block *first = *link;

	*link = NULL;
	free_blocks(arena->blocks);
	*arena = (struct arena){.limit_bytes = arena->limit_bytes};
	if (!first)
		return;
	if (first->capacity > BLOCK_BYTES_FIRST)
		free(first);
	else
		fill_from(arena, first);
}

void arena_free(struct arena *arena)
{
	free_blocks(arena->blocks);
	*arena = (struct arena){0};
}

static struct arena_block *new_block(size_t capacity)
{
	struct arena_block *block = malloc(sizeof(*block) + capacity);

	if (block) {
		block->next = NULL;
		block->capacity = capacity;
	}
	return block;
}

/* A piece of a new block, or one that has a block of its own. Not inlined, since the usual case would have to save
 * registers for it. */
__attribute__((noinline)) static void *alloc_from_new_block(struct arena *arena, size_t size)
{
	struct arena_block *newest = arena->blocks;
	size_t capacity = newest ? newest->capacity * 2 : BLOCK_BYTES_FIRST;

	if (capacity > BLOCK_BYTES_LARGEST)
		capacity = BLOCK_BYTES_LARGEST;

	bool own = size > capacity / 4 && newest;
	struct arena_block *block = new_block(own || size > capacity ? size : capacity);

	if (!block)
		return NULL;
	arena->used_bytes += size;
	if (own) {
		block->next = newest->next;
		newest->next = block;
		return block->data;
	}
	block->next = newest;
	fill_from(arena, block);
	arena->room += size;
	arena->room_bytes -= size;
	return block->data;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t padded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	void *piece = arena->room;

	if (size > SIZE_MAX / 2 || padded > arena->limit_bytes - arena->used_bytes) {
		arena->limit_met = true;
		return NULL;
	}
	if (!piece || padded > arena->room_bytes)
		return alloc_from_new_block(arena, padded);
	arena->room += padded;
	arena->room_bytes -= padded;
	arena->used_bytes += padded;
	return piece;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;

	void *piece = arena_alloc(arena, bytes);

	if (piece)
		memset(piece, 0, bytes);
	return piece;
}

struct bytes arena_copy(struct arena *arena, struct bytes bytes)
{
	char *copy = bytes.size < SIZE_MAX ? arena_alloc(arena, bytes.size + 1) : NULL;

	if (!copy)
		return (struct bytes){0};
	if (bytes.size > 0)
		memcpy(copy, bytes.data, bytes.size);
	copy[bytes.size] = '\0';
	return (struct bytes){.data = copy, .size = bytes.size};
}

struct bytes arena_format(struct arena *arena, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);

	char *text = size >= 0 ? arena_alloc(arena, (size_t)size + 1) : NULL;

	if (!text)
		return (struct bytes){0};
	va_start(arguments, format);
	vsnprintf(text, (size_t)size + 1, format, arguments);
	va_end(arguments);
	return (struct bytes){.data = text, .size = (size_t)size};
}
