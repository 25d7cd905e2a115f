/* tests/simulation/blob.c */
#include "blob.h"

#include "world.h"

#include <stdio.h>
#include <string.h>

struct blob *blob_new(struct bytes bytes)
{
	struct blob *blob = must_alloc(sizeof(*blob) + bytes.size + 1);

	blob->owners = 1;
	blob->size = bytes.size;
	if (bytes.size)
		memcpy(blob->data, bytes.data, bytes.size);
	return blob;
}

struct blob *blob_number(uint64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
	return blob_new(bytes_of(digits));
}

struct blob *blob_ref(struct blob *blob)
{
	if (blob)
		blob->owners++;
	return blob;
}

void blob_unref(struct blob *blob)
{
	if (blob && --blob->owners == 0)
		must_free(blob);
}

struct bytes blob_bytes(const struct blob *blob)
{
	return (struct bytes){.data = blob->data, .size = blob->size};
}

bool blob_is(const struct blob *blob, struct bytes bytes)
{
	return blob->size == bytes.size && memcmp(blob->data, bytes.data, bytes.size) == 0;
}

void blobs_insert(struct blobs *blobs, uint32_t at, struct blob *blob)
{
	if (blobs->count == blobs->capacity) {
		blobs->capacity = blobs->capacity ? blobs->capacity * 2 : 16;
		blobs->items = must_grow(blobs->items, blobs->capacity * sizeof(struct blob *));
	}
	memmove(&blobs->items[at + 1], &blobs->items[at], (blobs->count - at) * sizeof(struct blob *));
	blobs->items[at] = blob;
	blobs->count++;
}

struct blob *blobs_take(struct blobs *blobs, uint32_t at)
{
	struct blob *blob = blobs->items[at];

	blobs->count--;
	memmove(&blobs->items[at], &blobs->items[at + 1], (blobs->count - at) * sizeof(struct blob *));
	return blob;
}

void blobs_clear(struct blobs *blobs)
{
	for (uint32_t i = 0; i < blobs->count; i++)
		blob_unref(blobs->items[i]);
	must_free(blobs->items);
	*blobs = (struct blobs){0};
}
