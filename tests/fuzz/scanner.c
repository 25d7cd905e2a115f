/* tests/fuzz/scanner.c - the scanner and the decoder behind it, against msgpack-c.
 *
 * What the scanner calls complete, msgpack-c has to take, and the tree that we decode has to be the tree that msgpack-c
 * unpacks; what the scanner refuses, msgpack-c has to refuse. We are stricter in these points, and in no others:
 *   - a timestamp with a size or nanoseconds that it cannot have;
 *   - the extension type in which our JSON reader wraps numbers;
 *   - the limits: nodes and depth (what is deeper is nil to our decoder);
 *   - duplicate keys, keys that are arrays or maps, trailing bytes: noted, and looked for here in msgpack-c's tree. */
#include "common/message.h"
#include "common/msgpack_read.h"
#include "common/scan.h"
#include "tests/fuzz/fuzz.h"

#include <msgpack.h>
#include <stdlib.h>

enum {
	ARENA_BYTES = 1 << 23,
	ZONE_BYTES = 1 << 16,
	SIZE_LARGEST = 4096,
	KEYS_COMPARED = 64, /* larger maps are not looked through pair by pair */
	SMALL_DEPTH = 3,
	SMALL_NODES = 24,
};

struct judge {
	msgpack_object root;
	msgpack_unpack_return verdict;
	size_t size;
};

/* What the faults that do not end a scan should be, looked for in msgpack-c's tree. */
struct findings {
	bool duplicate_key, bad_key, too_deep;
	bool unsure; /* a map had too many keys to compare */
};

static bool judge_takes(const struct judge *judge)
{
	return judge->verdict == MSGPACK_UNPACK_SUCCESS || judge->verdict == MSGPACK_UNPACK_EXTRA_BYTES;
}

/* Whether msgpack-c can be asked about a message that the scanner refused. It allocates as many items as an array or a
 * map claims to have, and reads on where we stop: not behind a claim of more items than there are bytes, which cannot
 * come true, and not behind an extension that only we refuse, which is looked at here. */
static bool may_be_judged(struct bytes message, const struct scan *scan)
{
	const char *end = message.data + message.size, *at = message.data + scan->offset;
	struct value token;

	if (scan->fault == SCAN_RESERVED_EXTENSION) {
		fuzz_require(msgpack_read(&at, end, &token) == MSGPACK_TOKEN && token.type == VALUE_NUMBER,
			     "only the extension of our own is refused as reserved");
		return false;
	}
	if (scan->fault == SCAN_BAD_TIMESTAMP) {
		fuzz_require(msgpack_read(&at, end, &token) == MSGPACK_BAD_TIMESTAMP, "a bad timestamp is one");
		return false;
	}
	if (scan->fault != SCAN_CUT || msgpack_read(&at, end, &token) != MSGPACK_TOKEN)
		return true;
	fuzz_require((token.type == VALUE_ARRAY && token.size > end - at) ||
			     (token.type == VALUE_MAP && 2ll * token.size > end - at),
		     "a whole token is cut only when it claims more items than there are bytes");
	return false;
}

/* --- one tree ----------------------------------------------------------------------------------------------------- */

static bool is_text(const msgpack_object *object)
{
	return object->type == MSGPACK_OBJECT_STR || object->type == MSGPACK_OBJECT_BIN;
}

static struct bytes text_of(const msgpack_object *object)
{
	if (object->type == MSGPACK_OBJECT_STR)
		return (struct bytes){object->via.str.ptr, object->via.str.size};
	return (struct bytes){object->via.bin.ptr, object->via.bin.size};
}

static bool same_key(const msgpack_object *a, const msgpack_object *b)
{
	if (is_text(a) && is_text(b))
		return bytes_equal(text_of(a), text_of(b));
	if (a->type != b->type)
		return false;
	if (a->type == MSGPACK_OBJECT_FLOAT32 || a->type == MSGPACK_OBJECT_FLOAT64)
		return fuzz_same_real(a->via.f64, b->via.f64);
	if (a->type == MSGPACK_OBJECT_EXT && a->via.ext.type == MSGPACK_EXTENSION_TIMESTAMP) {
		/* One moment can be written in several ways. */
		msgpack_timestamp left = {0}, right = {0};

		return msgpack_object_to_timestamp(a, &left) && msgpack_object_to_timestamp(b, &right) &&
		       left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
	}
	return msgpack_object_equal(*a, *b);
}

static void look_through(const msgpack_object *object, uint32_t depth, uint32_t depth_limit, struct findings *findings);

static void look_through_map(const msgpack_object_map *map, uint32_t depth, uint32_t depth_limit,
			     struct findings *findings)
{
	findings->unsure = findings->unsure || map->size > KEYS_COMPARED;
	for (uint32_t i = 0; i < map->size; i++) {
		const msgpack_object *key = &map->ptr[i].key;

		if (key->type == MSGPACK_OBJECT_ARRAY || key->type == MSGPACK_OBJECT_MAP)
			findings->bad_key = true;
		for (uint32_t j = 0; j < i && i < KEYS_COMPARED && !findings->duplicate_key; j++)
			findings->duplicate_key = same_key(key, &map->ptr[j].key);
		look_through(&map->ptr[i].val, depth, depth_limit, findings);
	}
}

/* depth: how many containers the object is inside of. */
static void look_through(const msgpack_object *object, uint32_t depth, uint32_t depth_limit, struct findings *findings)
{
	if (object->type != MSGPACK_OBJECT_ARRAY && object->type != MSGPACK_OBJECT_MAP)
		return;
	if (depth == depth_limit) {
		findings->too_deep = true;
		return;
	}
	if (object->type == MSGPACK_OBJECT_MAP)
		look_through_map(&object->via.map, depth + 1, depth_limit, findings);
	for (uint32_t i = 0; object->type == MSGPACK_OBJECT_ARRAY && i < object->via.array.size; i++)
		look_through(&object->via.array.ptr[i], depth + 1, depth_limit, findings);
}

/* --- two trees ---------------------------------------------------------------------------------------------------- */

static bool same_extension(const struct value *ours, const msgpack_object *theirs)
{
	msgpack_timestamp moment = {0};

	if (theirs->via.ext.type != MSGPACK_EXTENSION_TIMESTAMP)
		return ours->type == VALUE_EXTENSION && ours->extension == theirs->via.ext.type &&
		       bytes_equal(value_bytes(ours), (struct bytes){theirs->via.ext.ptr, theirs->via.ext.size});
	return ours->type == VALUE_TIMESTAMP && msgpack_object_to_timestamp(theirs, &moment) &&
	       ours->integer == moment.tv_sec && ours->size == moment.tv_nsec;
}

static bool same_scalar(const struct value *ours, const msgpack_object *theirs)
{
	switch (theirs->type) {
	case MSGPACK_OBJECT_NIL:
		return ours->type == VALUE_NIL;
	case MSGPACK_OBJECT_BOOLEAN:
		return ours->type == VALUE_BOOL && ours->boolean == theirs->via.boolean;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		return ours->type == (theirs->via.u64 > INT64_MAX ? VALUE_UINT : VALUE_INT) &&
		       ours->unsigned_integer == theirs->via.u64;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		return ours->type == VALUE_INT && ours->integer == theirs->via.i64;
	case MSGPACK_OBJECT_FLOAT32:
		return ours->type == VALUE_FLOAT32 && fuzz_same_real(ours->real, theirs->via.f64);
	case MSGPACK_OBJECT_FLOAT64:
		return ours->type == VALUE_FLOAT64 && fuzz_same_real(ours->real, theirs->via.f64);
	case MSGPACK_OBJECT_STR:
		return ours->type == VALUE_STR && bytes_equal(value_bytes(ours), text_of(theirs));
	case MSGPACK_OBJECT_BIN:
		return ours->type == VALUE_BIN && bytes_equal(value_bytes(ours), text_of(theirs));
	case MSGPACK_OBJECT_EXT:
		return same_extension(ours, theirs);
	case MSGPACK_OBJECT_ARRAY:
	case MSGPACK_OBJECT_MAP:
		break;
	}
	return false;
}

static bool same_tree(const struct value *ours, const msgpack_object *theirs, uint32_t depth)
{
	if (theirs->type != MSGPACK_OBJECT_ARRAY && theirs->type != MSGPACK_OBJECT_MAP)
		return same_scalar(ours, theirs);
	if (depth == MESSAGE_DEPTH)
		return ours->type == VALUE_NIL;
	if (theirs->type == MSGPACK_OBJECT_ARRAY) {
		if (ours->type != VALUE_ARRAY || ours->size != theirs->via.array.size)
			return false;
		for (uint32_t i = 0; i < ours->size; i++) {
			if (!same_tree(&ours->items[i], &theirs->via.array.ptr[i], depth + 1))
				return false;
		}
		return true;
	}
	if (ours->type != VALUE_MAP || ours->size != theirs->via.map.size)
		return false;
	for (uint32_t i = 0; i < ours->size; i++) {
		if (!same_tree(&ours->members[i].key, &theirs->via.map.ptr[i].key, depth + 1) ||
		    !same_tree(&ours->members[i].value, &theirs->via.map.ptr[i].val, depth + 1))
			return false;
	}
	return true;
}

/* --- the checks --------------------------------------------------------------------------------------------------- */

static void check_bounds(struct bytes message, const struct scan_limits *limits, const struct scan *scan)
{
	fuzz_require(scan->nodes <= limits->nodes, "no more nodes are counted than the limit allows");
	fuzz_require(scan->offset <= message.size && scan->size <= message.size, "the scan stays within the message");
	fuzz_require(scan_complete(scan) == (scan->size > 0), "a complete value has a size, and only that");
	fuzz_require(scan_fault_text(scan->fault)[0] != '\0', "a fault has a text");
}

static void check_findings(const struct scan *scan, const struct judge *judge, uint32_t depth_limit, size_t size)
{
	struct findings found = {0};

	look_through(&judge->root, 0, depth_limit, &found);
	switch (scan->fault) {
	case SCAN_FINE:
		fuzz_require(!found.duplicate_key && !found.bad_key && !found.too_deep && scan->size == size,
			     "nothing is found in a message that is fine");
		break;
	case SCAN_DUPLICATE_KEY:
		fuzz_require(found.duplicate_key || found.unsure, "a key that is said to stand twice does");
		break;
	case SCAN_BAD_KEY:
		fuzz_require(found.bad_key, "a key that is said to be bad is an array or a map");
		break;
	case SCAN_TOO_DEEP:
		fuzz_require(found.too_deep, "what is said to be too deep is");
		break;
	case SCAN_TRAILING:
		fuzz_require(scan->size < size && scan->offset == scan->size, "trailing bytes are there");
		fuzz_require(!found.duplicate_key && !found.bad_key && !found.too_deep, "trailing bytes come last");
		break;
	case SCAN_CUT:
	case SCAN_UNUSED_BYTE:
	case SCAN_BAD_TIMESTAMP:
	case SCAN_RESERVED_EXTENSION:
	case SCAN_TOO_MANY_NODES:
	case SCAN_NO_MEMORY:
		fuzz_fail("a fault that ends the scan leaves nothing complete");
	}
}

static void check_tree(struct arena *arena, struct bytes message, const struct scan *scan, const struct judge *judge)
{
	struct value tree;
	struct error error;
	int status;

	if (message_codec(message) != CODEC_MSGPACK)
		return;
	status = message_decode(arena, message, SIZE_LARGEST, &tree, &error);
	fuzz_require((status == 0) == (scan->fault == SCAN_FINE), "what is fine is decoded, and nothing else");
	fuzz_require(same_tree(&tree, &judge->root, 0), "our tree is msgpack-c's");
}

/* With narrower limits the answer is the same, unless one of them was met. */
static void check_small_limits(struct arena *arena, struct bytes message, const struct scan *wide)
{
	static const struct scan_limits limits = {.depth = SMALL_DEPTH, .nodes = SMALL_NODES};
	struct scan scan;

	scan_message(arena, message, &limits, &scan);
	check_bounds(message, &limits, &scan);
	if (scan.fault == SCAN_TOO_MANY_NODES || scan.fault == SCAN_TOO_DEEP)
		return;
	fuzz_require(wide->fault == scan.fault && wide->size == scan.size && wide->offset == scan.offset,
		     "a limit that is not met changes nothing");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct scan_limits limits = {.depth = MESSAGE_DEPTH, .nodes = MESSAGE_NODES};
	static struct arena arena;
	static msgpack_zone *zone;
	struct bytes message = fuzz_bytes(data, size);
	struct judge judge = {.verdict = MSGPACK_UNPACK_PARSE_ERROR};
	struct scan scan;

	if (size > SIZE_LARGEST)
		return 0;
	if (!zone) {
		zone = msgpack_zone_new(ZONE_BYTES);
		arena_init(&arena, ARENA_BYTES);
	}
	arena_reset(&arena);
	scan_message(&arena, message, &limits, &scan);
	check_bounds(message, &limits, &scan);
	check_small_limits(&arena, message, &scan);
	if (!scan_complete(&scan) && !may_be_judged(message, &scan))
		return 0;

	judge.verdict = msgpack_unpack(message.data, size, &judge.size, zone, &judge.root);
	if (!scan_complete(&scan)) {
		fuzz_require(!judge_takes(&judge), "msgpack-c refuses what the scanner refuses");
	} else if (judge.verdict != MSGPACK_UNPACK_NOMEM_ERROR) { /* nested deeper than its stack of 32 */
		fuzz_require(judge_takes(&judge), "msgpack-c takes what the scanner calls complete");
		fuzz_require(judge.size == scan.size, "msgpack-c reads as far as the scanner");
		check_findings(&scan, &judge, MESSAGE_DEPTH, size);
		check_tree(&arena, message, &scan, &judge);
	}
	msgpack_zone_clear(zone);
	return 0;
}
