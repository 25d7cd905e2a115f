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
	uint32_t count;
	uint32_t capacity;
	struct value *keys; /* `small`, or memory that the slots share */
	uint32_t *slots;    /* 1 + index in keys, 0: free; NULL: keys are compared pair by pair */
	uint32_t slot_mask;
	uint64_t seed;
	struct value small[KEY_SET_SMALL];
};

/* For at most capacity keys. Returns 0 or -ENOMEM, with nothing to close then. */
int key_set_open(struct key_set *set, uint32_t capacity);

void key_set_close(struct key_set *set);

/* Adds a scalar key, or returns false when an equal one is there. STR and BIN are equal by their bytes; 1 and 1.0 are
 * not. Texts are not copied. */
bool key_set_add(struct key_set *set, const struct value *key);

#endif
