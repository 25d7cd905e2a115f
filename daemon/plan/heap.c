/* plan/heap.c - a binary heap in an array. */
#include "daemon/plan/heap.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

int heap_reserve(struct heap *heap, uint32_t capacity)
{
	enum { FIRST_CAPACITY = 64 };
	uint32_t wanted = heap->capacity == 0 ? FIRST_CAPACITY : heap->capacity;
	struct heap_place **items;

	if (capacity <= heap->capacity)
		return 0;
	while (wanted < capacity)
		wanted *= 2;
	items = realloc(heap->items, wanted * sizeof(struct heap_place *));
	if (!items)
		return -ENOMEM;
	heap->items = items;
	heap->capacity = wanted;
	return 0;
}

void heap_free(struct heap *heap)
{
	free(heap->items);
	*heap = (struct heap){0};
}

static bool comes_before(const struct heap_place *a, const struct heap_place *b)
{
	return a->key < b->key || (a->key == b->key && a->tie < b->tie);
}

static void put(struct heap *heap, uint32_t index, struct heap_place *place)
{
	heap->items[index] = place;
	place->index = index;
}

static void sift_up(struct heap *heap, uint32_t index, struct heap_place *place)
{
	while (index > 0 && comes_before(place, heap->items[(index - 1) / 2])) {
		put(heap, index, heap->items[(index - 1) / 2]);
		index = (index - 1) / 2;
	}
	put(heap, index, place);
}

static void sift_down(struct heap *heap, uint32_t index, struct heap_place *place)
{
	for (;;) {
		uint32_t child = index * 2 + 1;

		if (child + 1 < heap->count && comes_before(heap->items[child + 1], heap->items[child]))
			child++;
		if (child >= heap->count || !comes_before(heap->items[child], place))
			break;
		put(heap, index, heap->items[child]);
		index = child;
	}
	put(heap, index, place);
}

void heap_add(struct heap *heap, struct heap_place *place, uint64_t key, uint64_t tie)
{
	assert(!place->heap && heap->count < heap->capacity);
	place->heap = heap;
	place->key = key;
	place->tie = tie;
	sift_up(heap, heap->count++, place);
}

void heap_remove(struct heap_place *place)
{
	struct heap *heap = place->heap;
	uint32_t index = place->index;
	struct heap_place *moved;

	if (!heap)
		return;
	place->heap = NULL;
	moved = heap->items[--heap->count];
	if (moved == place)
		return;
	if (index > 0 && comes_before(moved, heap->items[(index - 1) / 2]))
		sift_up(heap, index, moved);
	else
		sift_down(heap, index, moved);
}
