/* queue/verdict.h - what an answer of Redis means to whoever asked. */
#ifndef QUEUE_VERDICT_H
#define QUEUE_VERDICT_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct redis_reply;

enum verdict {
	VERDICT_OK,
	VERDICT_LOST,    /* no answer: the connection went, and nobody knows whether it was executed */
	VERDICT_WEATHER, /* not now: out of memory, failing over, loading; the same again later */
	VERDICT_REFUSED, /* not ever: wrong type, no permission */
};

/* reply NULL is VERDICT_LOST. */
enum verdict verdict_of(const struct redis_reply *reply);

/* The text of an error answer, "connection lost" for none; valid as long as the reply. */
struct bytes verdict_text(const struct redis_reply *reply);

/* Readers of a reply that never trust its shape: what is not there is empty, 0 or NULL. */
struct bytes reply_bytes_at(const struct redis_reply *reply, uint64_t index);
uint64_t reply_uint_at(const struct redis_reply *reply, uint64_t index);
uint64_t reply_length(const struct redis_reply *reply);
uint64_t reply_uint(const struct redis_reply *reply);
struct bytes reply_text(const struct redis_reply *reply);
bool reply_is_nil(const struct redis_reply *reply);

#endif
