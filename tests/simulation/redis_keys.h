/* tests/simulation/redis_keys.h - what a fake Redis holds: a few dozen keys, each looked for from end to end. */
#ifndef SIMULATION_REDIS_KEYS_H
#define SIMULATION_REDIS_KEYS_H

#include "blob.h"

enum key_kind { KEY_TEXT, KEY_LIST, KEY_HASH, KEY_SORTED };

struct redis_key {
	struct blob *name;
	enum key_kind kind;
	struct blobs items;  /* the text; a list from left to right; fields of a hash; members of a sorted set */
	struct blobs values; /* of a hash, beside its fields */
	double *scores;      /* of a sorted set, beside its members */
	uint32_t score_capacity;
};

struct redis_keys {
	struct redis_key **keys;
	uint32_t count, capacity;
};

/* NULL: there is none. */
struct redis_key *redis_find(const struct redis_keys *keys, struct bytes name);
/* Finds or makes it. NULL: it is of another kind. */
struct redis_key *redis_make(struct redis_keys *keys, struct bytes name, enum key_kind kind);
void redis_remove(struct redis_keys *keys, struct redis_key *key);
/* Removes it if nothing is in it any more. */
void redis_tidy(struct redis_keys *keys, struct redis_key *key);

/* Of a hash or a sorted set: the place of a field or member; -1: it is not there. */
int redis_index(const struct redis_key *key, struct bytes item);
void redis_set_field(struct redis_key *key, struct bytes field, struct bytes value);
void redis_set_score(struct redis_key *key, struct bytes member, double score);
void redis_drop_item(struct redis_key *key, uint32_t at);

void redis_copy(const struct redis_keys *from, struct redis_keys *ret_to);
void redis_clear(struct redis_keys *keys);

#endif
