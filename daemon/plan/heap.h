/* plan/heap.h - whoever has the smallest key comes first. Its members embed their place in it. Private to plan/. */
#ifndef PLAN_HEAP_H
#define PLAN_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap;

/* Zeroed: in no heap. */
struct heap_place {
	struct heap *heap; /* NULL: none */
	uint64_t key;
	uint64_t tie; /* decides between equal keys */
	uint32_t index;
};

struct heap {
	struct heap_place **items;
	uint32_t count;
	uint32_t capacity;
};

/* Makes room for so many in all, so that adding never fails. Returns 0 or -ENOMEM. */
int heap_reserve(struct heap *heap, uint32_t capacity);
void heap_free(struct heap *heap);

/* The place is in no heap; there is room. */
void heap_add(struct heap *heap, struct heap_place *place, uint64_t key, uint64_t tie);

/* Takes the place out of its heap; legal when it is in none. */
void heap_remove(struct heap_place *place);

static inline struct heap_place *heap_first(const struct heap *heap)
{
	return heap->count > 0 ? heap->items[0] : NULL;
}

#endif
