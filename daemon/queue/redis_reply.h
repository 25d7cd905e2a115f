/* queue/redis_reply.h - one answer of Redis. */
#ifndef QUEUE_REDIS_REPLY_H
#define QUEUE_REDIS_REPLY_H

#include "common/bytes.h"

#include <stddef.h>
#include <stdint.h>

enum redis_reply_type { REDIS_NIL, REDIS_INTEGER, REDIS_TEXT, REDIS_ERROR, REDIS_ARRAY };

/* Its texts belong to the reader. */
struct redis_reply {
	enum redis_reply_type type;
	int64_t integer;                    /* of an integer */
	struct bytes text;                  /* of a text or an error */
	const struct redis_reply *elements; /* of an array, so many; never arrays themselves */
	size_t count;
};

#endif
