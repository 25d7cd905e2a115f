/* common/scan.c - a walk over tokens; recursive, since the depth is bounded before the stack is. */
#include "common/scan.h"

#include "common/key_set.h"
#include "common/msgpack_read.h"

#include <assert.h>

struct walk {
	struct arena *arena;
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

/* Each item that a token announces has at least one byte, so that a count above what remains is a lie, told
 * at once and not after as many steps. */
static bool read_other_token(struct walk *walk, struct value *ret_token)
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

static inline bool read_token(struct walk *walk, struct value *ret_token)
{
	return msgpack_read_short_text(&walk->at, walk->end, ret_token) || read_other_token(walk, ret_token);
}

/* Walks over the given number of values, however deep, without descending: for what is left out. */
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

static bool scan_items(struct walk *walk, uint32_t depth, const char *where, struct value *value);

/* depth: how many containers this value is inside of. */
static inline bool scan_value(struct walk *walk, uint32_t depth, struct value *ret_value)
{
	const char *where = walk->at;

	if (!read_token(walk, ret_value))
		return false;
	if (ret_value->type != VALUE_ARRAY && ret_value->type != VALUE_MAP)
		return true;
	return scan_items(walk, depth, where, ret_value);
}

/* A container is no key, but is read like any value. */
static bool scan_key(struct walk *walk, uint32_t depth, struct key_set *keys, struct member *members, uint32_t index)
{
	const char *where = walk->at;
	struct value *key = &members[index].key;

	if (!read_token(walk, key))
		return false;
	if (key->type == VALUE_ARRAY || key->type == VALUE_MAP) {
		note(walk, SCAN_BAD_KEY, where);
		return scan_items(walk, depth, where, key);
	}
	if (!key_set_add(keys, index)) {
		if (walk->scan->fault == SCAN_FINE)
			walk->scan->key = *key;
		note(walk, SCAN_DUPLICATE_KEY, where);
	}
	return true;
}

static bool scan_map(struct walk *walk, uint32_t depth, struct value *map)
{
	struct member *members = arena_alloc(walk->arena, map->size * sizeof(*members));
	struct key_set keys;
	bool fine = true;

	if (!members || key_set_open(&keys, members, map->size) != 0)
		return stop(walk, SCAN_NO_MEMORY, walk->at);
	for (uint32_t i = 0; i < map->size && fine; i++)
		fine = scan_key(walk, depth, &keys, members, i) && scan_value(walk, depth, &members[i].value);
	key_set_close(&keys);
	map->members = members;
	return fine;
}

static bool scan_array(struct walk *walk, uint32_t depth, struct value *array)
{
	struct value *items = arena_alloc(walk->arena, array->size * sizeof(*items));

	if (!items)
		return stop(walk, SCAN_NO_MEMORY, walk->at);
	for (uint32_t i = 0; i < array->size; i++) {
		if (!scan_value(walk, depth, &items[i]))
			return false;
	}
	array->items = items;
	return true;
}

/* Reads what the head of an array or a map, which stands at `where`, has announced. depth: how many containers this one
 * is inside of. */
static bool scan_items(struct walk *walk, uint32_t depth, const char *where, struct value *value)
{
	uint64_t items = items_of(value);

	if (depth == walk->limits->depth || items > walk->limits->nodes - walk->scan->nodes) {
		note(walk, depth == walk->limits->depth ? SCAN_TOO_DEEP : SCAN_TOO_MANY_NODES, where);
		*value = (struct value){.type = VALUE_NIL};
		return skip(walk, items);
	}
	walk->scan->nodes += (uint32_t)items;
	if (value->type == VALUE_MAP)
		return scan_map(walk, depth + 1, value);
	return scan_array(walk, depth + 1, value);
}

void scan_message(struct arena *arena, struct bytes message, const struct scan_limits *limits, struct scan *ret_scan)
{
	const char *start = message.size > 0 ? message.data : "";
	struct walk walk = {
		.arena = arena,
		.start = start,
		.at = start,
		.end = start + message.size,
		.limits = limits,
		.scan = ret_scan,
	};

	assert(limits->depth <= SCAN_DEPTH_LARGEST && limits->nodes > 0);
	*ret_scan = (struct scan){.nodes = 1};
	if (!scan_value(&walk, 0, &ret_scan->value)) {
		ret_scan->value = (struct value){.type = VALUE_NIL};
		return;
	}
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
