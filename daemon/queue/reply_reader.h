/* queue/reply_reader.h - reads answers of Redis (RESP2), in pieces as they come, without copying them.
 *
 * Arrays of arrays are not read: nothing that a worker asks is answered with one. */
#ifndef QUEUE_REPLY_READER_H
#define QUEUE_REPLY_READER_H

#include "daemon/queue/redis_reply.h"

#include <sys/types.h>

/* Zeroed is ready. */
struct reply_reader {
	struct redis_reply *nodes; /* the answer, then its elements */
	size_t capacity;
	size_t known, expected; /* nodes */
	size_t at;              /* where the next one begins */
};

/* Reads the answer that input begins with. Returns how many bytes it takes, with ret_reply valid as long as the input
 * and until the next call. 0: that was not all of it; the next call gets the same bytes, wherever they are by then,
 * with more behind them (ret_missing: at least so many), and goes on where this one ended. -EPROTO: this is no answer.
 * -ENOMEM. */
ssize_t reply_reader_read(struct reply_reader *reader, struct bytes input, const struct redis_reply **ret_reply,
			  size_t *ret_missing);

/* Gives the memory back and forgets an answer of which a part was read. */
void reply_reader_free(struct reply_reader *reader);

#endif
