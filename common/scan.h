/* common/scan.h - from untrusted msgpack to a tree of values, in one walk.
 *
 * Five bytes can claim to hold four thousand million items. The scan compares what is declared with what is there, and
 * bounds the number of nodes and the depth, before it takes any memory for them. It finds every duplicate key in time
 * linear in the message, whatever the keys are. */
#ifndef COMMON_SCAN_H
#define COMMON_SCAN_H

#include "common/arena.h"
#include "common/bytes.h"
#include "common/value.h"

#include <stdbool.h>
#include <stdint.h>

enum scan_fault {
	SCAN_FINE,
	/* The value is complete all the same and may be used, if only to find out where the error is to be sent: */
	SCAN_DUPLICATE_KEY,
	SCAN_BAD_KEY,        /* an array or a map as a key */
	SCAN_TOO_DEEP,       /* what is deeper has become nil */
	SCAN_TOO_MANY_NODES, /* and so has the array or map that goes beyond */
	SCAN_TRAILING,       /* bytes behind a complete value */
	/* It is not: */
	SCAN_CUT, /* more is declared than is there; also when there is nothing at all */
	SCAN_UNUSED_BYTE,
	SCAN_BAD_TIMESTAMP,
	SCAN_RESERVED_EXTENSION, /* the one in which our own JSON reader wraps numbers */
	SCAN_NO_MEMORY,
};

struct scan_limits {
	uint32_t depth;   /* containers within each other; at most SCAN_DEPTH_LARGEST */
	uint32_t nodes;   /* values and keys in all */
	bool own_numbers; /* MSGPACK_EXTENSION_NUMBER is allowed: the bytes are our own JSON reader's */
};

enum { SCAN_DEPTH_LARGEST = 64 };

struct scan {
	enum scan_fault fault; /* the first one of those that end the scan; without such the first one of the others */
	size_t offset;         /* of the fault: where in the message */
	struct value key;      /* the one that stands twice, with SCAN_DUPLICATE_KEY */
	uint32_t nodes;        /* what was skipped does not count */
	size_t size;           /* of the first value, in bytes; 0 when it is not complete */
	struct value value;    /* in the arena, its texts in the message; nil when it is not complete */
};

void scan_message(struct arena *arena, struct bytes message, const struct scan_limits *limits, struct scan *ret_scan);

/* Whether there is a value, fault or not. */
static inline bool scan_complete(const struct scan *scan)
{
	return scan->fault <= SCAN_TRAILING;
}

/* "it ends too early", …: the fault as part of a sentence. */
const char *scan_fault_text(enum scan_fault fault);

#endif
