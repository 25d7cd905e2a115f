/* common/key_set.h - tells whether a key stands twice in one map, in constant time per key whatever the keys are.
 *
 * Small maps, which nearly all are, are compared pair by pair on the stack; large ones are hashed, with a seed that the
 * sender cannot know, so that no choice of keys makes it slow. */
#ifndef COMMON_KEY_SET_H
#define COMMON_KEY_SET_H

#include "common/value.h"

#include <stdbool.h>
#include <stdint.h>

enum { KEY_SET_SMALL = 16 };

struct key_set {
	const struct member *members; /* whose keys it is about */
	uint32_t *slots;              /* 1 + index of a member, 0: free; NULL: keys are compared pair by pair */
	uint32_t slot_mask;
	uint64_t seed;
};

/* For the keys of at most capacity members, which may be filled in later. Returns 0 or -ENOMEM, with nothing to close
 * then. */
int key_set_open(struct key_set *set, const struct member *members, uint32_t capacity);

void key_set_close(struct key_set *set);

/* For key_set_add(): whether two keys are equal; the same for a large map. */
bool key_set_same(const struct value *a, const struct value *b);
bool key_set_add_hashed(struct key_set *set, uint32_t index);

/* Adds the key of the member, to be called for one after the other from index 0 on. Returns false when the key of an
 * earlier one is equal. STR and BIN are equal by their bytes; 1 and 1.0 are not. Arrays and maps equal nothing. */
static inline bool key_set_add(struct key_set *set, uint32_t index)
{
	const struct value *key = &set->members[index].key;

	if (set->slots)
		return key_set_add_hashed(set, index);
	for (uint32_t i = 0; i < index; i++) {
		const struct value *earlier = &set->members[i].key;

		/* Of what has no size it is 0. */
		if (earlier->size == key->size && key_set_same(earlier, key))
			return false;
	}
	return true;
}

#endif
