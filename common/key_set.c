/* common/key_set.c - open addressing at a load of at most one half. */
#include "common/key_set.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

int key_set_open(struct key_set *set, const struct member *members, uint32_t capacity)
{
	set->members = members;
	set->slots = NULL;
	if (capacity <= KEY_SET_SMALL)
		return 0;

	size_t slots = 2 * KEY_SET_SMALL;

	while (slots < 2 * (size_t)capacity)
		slots *= 2;
	set->slots = calloc(slots, sizeof(*set->slots));
	if (!set->slots)
		return -ENOMEM;
	set->slot_mask = (uint32_t)(slots - 1);

	/* Should the kernel have nothing random (it always has, after booting), an address is still hard to guess. */
	set->seed = (uint64_t)(uintptr_t)set->slots;
	(void)!getrandom(&set->seed, sizeof(set->seed), GRND_NONBLOCK);
	return 0;
}

void key_set_close(struct key_set *set)
{
	free(set->slots);
}

bool key_set_same(const struct value *a, const struct value *b)
{
	if (value_is_text(a) && value_is_text(b))
		return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_NIL:
		return true;
	case VALUE_BOOL:
		return a->boolean == b->boolean;
	case VALUE_NUMBER:
		return bytes_equal(value_bytes(a), value_bytes(b));
	case VALUE_EXTENSION:
		return a->extension == b->extension && bytes_equal(value_bytes(a), value_bytes(b));
	case VALUE_TIMESTAMP:
		return a->integer == b->integer && a->size == b->size;
	case VALUE_INT:
	case VALUE_UINT:
	case VALUE_FLOAT32:
	case VALUE_FLOAT64:
		return a->unsigned_integer == b->unsigned_integer; /* bit by bit, floats too */
	case VALUE_STR:
	case VALUE_BIN:
	case VALUE_ARRAY:
	case VALUE_MAP:
		break;
	}
	return false;
}

/* One round: a product of 128 bits, folded. Without the seed nobody can say which inputs collide. */
static uint64_t mix(uint64_t state, uint64_t word)
{
	unsigned __int128 product = (unsigned __int128)(state ^ word) * 0x9e3779b97f4a7c15u;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_bytes(uint64_t state, struct bytes bytes)
{
	uint64_t word;

	while (bytes.size >= sizeof(word)) {
		memcpy(&word, bytes.data, sizeof(word));
		state = mix(state, word);
		bytes.data += sizeof(word);
		bytes.size -= sizeof(word);
	}
	word = (uint64_t)bytes.size << 56;
	if (bytes.size > 0)
		memcpy(&word, bytes.data, bytes.size); /* at most 7 bytes: the size stays in the eighth */
	return mix(mix(state, word), state);
}

static uint64_t hash_key(uint64_t seed, const struct value *key)
{
	if (value_is_text(key) || key->type == VALUE_NUMBER || key->type == VALUE_EXTENSION)
		return hash_bytes(seed, value_bytes(key));
	if (key->type == VALUE_NIL)
		return mix(seed, 1);
	if (key->type == VALUE_BOOL)
		return mix(seed, 2 + (uint64_t)key->boolean);
	return mix(mix(seed, key->unsigned_integer), seed);
}

bool key_set_add_hashed(struct key_set *set, uint32_t index)
{
	const struct value *key = &set->members[index].key;
	uint32_t slot = (uint32_t)hash_key(set->seed, key) & set->slot_mask;

	while (set->slots[slot] > 0) {
		if (key_set_same(&set->members[set->slots[slot] - 1].key, key))
			return false;
		slot = (slot + 1) & set->slot_mask;
	}
	set->slots[slot] = index + 1;
	return true;
}
