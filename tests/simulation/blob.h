/* tests/simulation/blob.h - bytes that several own: values of the fake servers, and of copies of them. */
#ifndef SIMULATION_BLOB_H
#define SIMULATION_BLOB_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct blob {
	uint32_t owners;
	size_t size;
	char data[]; /* and a NUL behind them */
};

struct blob *blob_new(struct bytes bytes);
struct blob *blob_number(uint64_t number); /* its decimal digits */
struct blob *blob_ref(struct blob *blob);  /* legal on NULL, as the next one */
void blob_unref(struct blob *blob);
struct bytes blob_bytes(const struct blob *blob);
bool blob_is(const struct blob *blob, struct bytes bytes);

/* A list of blobs; zeroed it is empty. */
struct blobs {
	struct blob **items;
	uint32_t count, capacity;
};

void blobs_insert(struct blobs *blobs, uint32_t at, struct blob *blob); /* takes the reference */
struct blob *blobs_take(struct blobs *blobs, uint32_t at);              /* gives it */
void blobs_clear(struct blobs *blobs);

#endif
