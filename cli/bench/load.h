/* cli/bench/load.h - the commands of a benchmark, one after the other, reproducible by their number. */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum load_kind {
	LOAD_CREATE, /* rows with a species, an age and a name */
	LOAD_READ,   /* by key, keys in no order */
	LOAD_MIXED,  /* 50 % read, 25 % create, 20 % update, 5 % delete; 1 % fails: creates of a key that is there */
};

struct load {
	enum load_kind kind;
	const char *const *tables; /* taken in turn; each made like schemas/tables/animals.sql */
	uint32_t table_count;
	uint64_t keys; /* the rows that are there have the keys 1 to so many */
	const char *reply_to;
	uint32_t tag; /* of all commands of this run: part of their ids */
};

/* "create", "read", "mixed". Returns false for another name. */
bool load_find(const char *name, enum load_kind *ret_kind);

/* Appends command number `number`, from 0, as msgpack; its id says tag and number. */
void load_append(const struct load *load, uint64_t number, struct buffer *out);

enum load_answer {
	LOAD_DONE,
	LOAD_MISSED, /* the row was not there */
	LOAD_FAILED, /* ok is false */
};

/* The number in a reply's id, or UINT64_MAX when it is no reply to a command of this load. */
uint64_t load_number(const struct load *load, struct bytes reply, enum load_answer *ret_answer);

#endif
