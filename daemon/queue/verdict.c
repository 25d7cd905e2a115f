/* queue/verdict.c */
#include "daemon/queue/verdict.h"

#include "daemon/queue/redis_reply.h"

/* NOAUTH and NOPERM differ on purpose: the first is a connection that lost its login (a server that was reconfigured),
 * the second an account that may not do this. */
static const char *const weather[] = {"OOM",        "MISCONF",  "READONLY",    "LOADING",  "MASTERDOWN",
				      "NOREPLICAS", "BUSY",     "CLUSTERDOWN", "TRYAGAIN", "UNBLOCKED",
				      "NOAUTH",     "NOSCRIPT", "MOVED",       "ASK",      "UNKILLABLE"};

enum verdict verdict_of(const struct redis_reply *reply)
{
	if (!reply)
		return VERDICT_LOST;
	if (reply->type != REDIS_ERROR)
		return VERDICT_OK;
	for (size_t i = 0; i < sizeof(weather) / sizeof(weather[0]); i++) {
		struct bytes code = bytes_of(weather[i]);
		if (bytes_starts(reply->text, code) &&
		    (reply->text.size == code.size || reply->text.data[code.size] == ' '))
			return VERDICT_WEATHER;
	}
	return VERDICT_REFUSED;
}

struct bytes verdict_text(const struct redis_reply *reply)
{
	return reply ? reply_text(reply) : BYTES("connection lost");
}

struct bytes reply_text(const struct redis_reply *reply)
{
	return reply ? reply->text : (struct bytes){0};
}

uint64_t reply_uint(const struct redis_reply *reply)
{
	if (!reply || reply->type != REDIS_INTEGER || reply->integer < 0)
		return 0;
	return (uint64_t)reply->integer;
}

bool reply_is_nil(const struct redis_reply *reply)
{
	return !reply || reply->type == REDIS_NIL;
}

uint64_t reply_length(const struct redis_reply *reply)
{
	return reply && reply->type == REDIS_ARRAY ? reply->count : 0;
}

struct bytes reply_bytes_at(const struct redis_reply *reply, uint64_t index)
{
	return index < reply_length(reply) ? reply_text(&reply->elements[index]) : (struct bytes){0};
}

uint64_t reply_uint_at(const struct redis_reply *reply, uint64_t index)
{
	return index < reply_length(reply) ? reply_uint(&reply->elements[index]) : 0;
}
