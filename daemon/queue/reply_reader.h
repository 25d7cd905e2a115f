/* queue/reply_reader.h - makes answers of Redis (RESP2) out of the bytes as they come: hiredis' reader, with nodes that
 * are used again for each answer in place of objects of their own.
 *
 * Arrays of arrays are not read: nothing that a worker asks is answered with one. */
#ifndef QUEUE_REPLY_READER_H
#define QUEUE_REPLY_READER_H

#include "daemon/queue/redis_reply.h"

struct reply_reader;

/* Returns 0 or -ENOMEM. */
int reply_reader_new(struct reply_reader **ret_reader);

/* NULL is fine. */
void reply_reader_free(struct reply_reader *reader);

/* Takes what was received, in pieces of any size. Returns 0, -ENOMEM or -EPROTO. */
int reply_reader_feed(struct reply_reader *reader, struct bytes received);

/* The next answer that is complete, valid until the next call for this reader. Returns 0 with *ret_reply NULL when
 * there is none yet, -EPROTO when that is no answer, -ENOMEM. After an error only reply_reader_free(). */
int reply_reader_next(struct reply_reader *reader, const struct redis_reply **ret_reply);

#endif
