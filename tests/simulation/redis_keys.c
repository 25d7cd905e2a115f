/* tests/simulation/redis_keys.c */
#include "redis_keys.h"

#include "world.h"

#include <string.h>

struct redis_key *redis_find(const struct redis_keys *keys, struct bytes name)
{
	for (uint32_t i = 0; i < keys->count; i++)
		if (blob_is(keys->keys[i]->name, name))
			return keys->keys[i];
	return NULL;
}

static struct redis_key *add(struct redis_keys *keys, struct blob *name, enum key_kind kind)
{
	struct redis_key *key = must_alloc(sizeof(*key));

	key->name = name;
	key->kind = kind;
	if (keys->count == keys->capacity) {
		keys->capacity = keys->capacity ? keys->capacity * 2 : 32;
		keys->keys = must_grow(keys->keys, keys->capacity * sizeof(struct redis_key *));
	}
	keys->keys[keys->count++] = key;
	return key;
}

struct redis_key *redis_make(struct redis_keys *keys, struct bytes name, enum key_kind kind)
{
	struct redis_key *key = redis_find(keys, name);

	if (!key)
		return add(keys, blob_new(name), kind);
	return key->kind == kind ? key : NULL;
}

static void free_key(struct redis_key *key)
{
	blob_unref(key->name);
	blobs_clear(&key->items);
	blobs_clear(&key->values);
	must_free(key->scores);
	must_free(key);
}

void redis_remove(struct redis_keys *keys, struct redis_key *key)
{
	uint32_t at = 0;

	while (keys->keys[at] != key)
		at++;
	keys->keys[at] = keys->keys[--keys->count];
	free_key(key);
}

void redis_tidy(struct redis_keys *keys, struct redis_key *key)
{
	if (key && key->items.count == 0)
		redis_remove(keys, key);
}

int redis_index(const struct redis_key *key, struct bytes item)
{
	for (uint32_t i = 0; key && i < key->items.count; i++)
		if (blob_is(key->items.items[i], item))
			return (int)i;
	return -1;
}

void redis_set_field(struct redis_key *key, struct bytes field, struct bytes value)
{
	int at = redis_index(key, field);

	if (at >= 0) {
		blob_unref(key->values.items[at]);
		key->values.items[at] = blob_new(value);
		return;
	}
	blobs_insert(&key->items, key->items.count, blob_new(field));
	blobs_insert(&key->values, key->values.count, blob_new(value));
}

void redis_set_score(struct redis_key *key, struct bytes member, double score)
{
	int at = redis_index(key, member);

	if (at < 0) {
		at = (int)key->items.count;
		blobs_insert(&key->items, key->items.count, blob_new(member));
		if (key->items.count > key->score_capacity) {
			key->score_capacity = key->items.capacity;
			key->scores = must_grow(key->scores, key->score_capacity * sizeof(double));
		}
	}
	key->scores[at] = score;
}

void redis_drop_item(struct redis_key *key, uint32_t at)
{
	blob_unref(blobs_take(&key->items, at));
	if (key->kind == KEY_HASH)
		blob_unref(blobs_take(&key->values, at));
	if (key->kind == KEY_SORTED)
		memmove(&key->scores[at], &key->scores[at + 1], (key->items.count - at) * sizeof(double));
}

static void copy_blobs(const struct blobs *from, struct blobs *to)
{
	for (uint32_t i = 0; i < from->count; i++)
		blobs_insert(to, i, blob_ref(from->items[i]));
}

void redis_copy(const struct redis_keys *from, struct redis_keys *ret_to)
{
	*ret_to = (struct redis_keys){0};
	for (uint32_t i = 0; i < from->count; i++) {
		const struct redis_key *key = from->keys[i];
		struct redis_key *copy = add(ret_to, blob_ref(key->name), key->kind);

		copy_blobs(&key->items, &copy->items);
		copy_blobs(&key->values, &copy->values);
		if (key->kind != KEY_SORTED)
			continue;
		copy->score_capacity = key->items.count;
		copy->scores = must_grow(NULL, (copy->score_capacity + 1) * sizeof(double));
		memcpy(copy->scores, key->scores, key->items.count * sizeof(double));
	}
}

void redis_clear(struct redis_keys *keys)
{
	for (uint32_t i = 0; i < keys->count; i++)
		free_key(keys->keys[i]);
	must_free(keys->keys);
	*keys = (struct redis_keys){0};
}
