/* common/scan.c - a walk over tokens; recursive, since the depth is bounded before the stack is. */
#include "common/scan.h"

#include "common/key_set.h"
#include "common/msgpack_read.h"

#include <assert.h>
#include <stdlib.h>

struct walk {
	const char *start, *at, *end;
	const struct scan_limits *limits;
	struct scan *scan;
};

/* Notes a fault that the walk survives; the first one stays. */
static void note(struct walk *walk, enum scan_fault fault, const char *where)
{
	if (walk->scan->fault != SCAN_FINE)
		return;
	walk->scan->fault = fault;
	walk->scan->offset = (size_t)(where - walk->start);
}

/* Notes one that ends it. Returns false, for the caller to pass on. */
static bool stop(struct walk *walk, enum scan_fault fault, const char *where)
{
	walk->scan->fault = fault;
	walk->scan->offset = (size_t)(where - walk->start);
	return false;
}

static uint64_t items_of(const struct value *token)
{
	if (token->type == VALUE_ARRAY)
		return token->size;
	return token->type == VALUE_MAP ? 2ull * token->size : 0;
}

/* Reads one token. Each item that it announces has at least one byte, so that a count above what remains is a lie, told
 * at once and not after as many steps. */
static bool read_token(struct walk *walk, struct value *ret_token)
{
	const char *where = walk->at;

	switch (msgpack_read(&walk->at, walk->end, ret_token)) {
	case MSGPACK_TOKEN:
		break;
	case MSGPACK_CUT:
		return stop(walk, SCAN_CUT, where);
	case MSGPACK_UNUSED_BYTE:
		return stop(walk, SCAN_UNUSED_BYTE, where);
	case MSGPACK_BAD_TIMESTAMP:
		return stop(walk, SCAN_BAD_TIMESTAMP, where);
	}
	if (ret_token->type == VALUE_NUMBER && !walk->limits->own_numbers)
		return stop(walk, SCAN_RESERVED_EXTENSION, where);
	if (items_of(ret_token) > (uint64_t)(walk->end - walk->at))
		return stop(walk, SCAN_CUT, where);
	return true;
}

/* Walks over the given number of values, however deep, without descending: for what nobody will decode. */
static bool skip(struct walk *walk, uint64_t values)
{
	while (values > 0) {
		struct value token;

		if (!read_token(walk, &token))
			return false;
		values += items_of(&token) - 1;
	}
	return true;
}

static bool scan_value(struct walk *walk, uint32_t depth);

/* Reads a key into the set of its map's keys. A container is no key, but is walked over. */
static bool scan_key(struct walk *walk, struct key_set *keys)
{
	const char *where = walk->at;
	struct value key;

	if (!read_token(walk, &key))
		return false;
	if (key.type == VALUE_ARRAY || key.type == VALUE_MAP) {
		note(walk, SCAN_BAD_KEY, where);
		return skip(walk, items_of(&key));
	}
	if (!key_set_add(keys, &key)) {
		if (walk->scan->fault == SCAN_FINE)
			walk->scan->key = key;
		note(walk, SCAN_DUPLICATE_KEY, where);
	}
	return true;
}

static bool scan_map(struct walk *walk, uint32_t members, uint32_t depth)
{
	const char *where = walk->at;
	struct key_set keys;

	if (key_set_open(&keys, members) != 0)
		return stop(walk, SCAN_NO_MEMORY, where);

	bool fine = true;

	for (uint32_t i = 0; i < members && fine; i++)
		fine = scan_key(walk, &keys) && scan_value(walk, depth);
	key_set_close(&keys);
	return fine;
}

/* depth: how many containers this value is inside of. */
static bool scan_value(struct walk *walk, uint32_t depth)
{
	const char *where = walk->at;
	struct value token;

	if (!read_token(walk, &token))
		return false;
	if (token.type != VALUE_ARRAY && token.type != VALUE_MAP)
		return true;
	if (depth == walk->limits->depth || items_of(&token) > walk->limits->nodes - walk->scan->nodes) {
		note(walk, depth == walk->limits->depth ? SCAN_TOO_DEEP : SCAN_TOO_MANY_NODES, where);
		return skip(walk, items_of(&token));
	}
	walk->scan->nodes += (uint32_t)items_of(&token);
	if (token.type == VALUE_MAP)
		return scan_map(walk, token.size, depth + 1);
	for (uint32_t i = 0; i < token.size; i++) {
		if (!scan_value(walk, depth + 1))
			return false;
	}
	return true;
}

void scan_message(struct bytes message, const struct scan_limits *limits, struct scan *ret_scan)
{
	const char *start = message.size > 0 ? message.data : "";
	struct walk walk = {
		.start = start,
		.at = start,
		.end = start + message.size,
		.limits = limits,
		.scan = ret_scan,
	};

	assert(limits->depth <= SCAN_DEPTH_LARGEST && limits->nodes > 0);
	*ret_scan = (struct scan){.nodes = 1};
	if (!scan_value(&walk, 0))
		return;
	ret_scan->size = (size_t)(walk.at - start);
	if (walk.at != walk.end)
		note(&walk, SCAN_TRAILING, walk.at);
}

const char *scan_fault_text(enum scan_fault fault)
{
	switch (fault) {
	case SCAN_FINE:
		return "nothing is wrong";
	case SCAN_DUPLICATE_KEY:
		return "a key stands twice in one map";
	case SCAN_BAD_KEY:
		return "an array or a map stands as a key";
	case SCAN_TOO_DEEP:
		return "it is nested too deeply";
	case SCAN_TRAILING:
		return "bytes follow the complete value";
	case SCAN_CUT:
		return "it ends too early: more is declared than is there";
	case SCAN_UNUSED_BYTE:
		return "the byte c1 begins nothing in msgpack";
	case SCAN_BAD_TIMESTAMP:
		return "a timestamp has a size or nanoseconds that it cannot have";
	case SCAN_RESERVED_EXTENSION:
		return "an extension type is used that msgpack reserves";
	case SCAN_TOO_MANY_NODES:
		return "it has too many values";
	case SCAN_NO_MEMORY:
		return "memory has run out";
	}
	return "unknown";
}
