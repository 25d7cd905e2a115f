/* queue/verdict.c */
#include "daemon/queue/verdict.h"

#include <hiredis/hiredis.h>

/* NOAUTH and NOPERM differ on purpose: the first is a connection that lost its login (a server that was reconfigured),
 * the second an account that may not do this. */
static const char *const weather[] = {"OOM",        "MISCONF",  "READONLY",    "LOADING",  "MASTERDOWN",
				      "NOREPLICAS", "BUSY",     "CLUSTERDOWN", "TRYAGAIN", "UNBLOCKED",
				      "NOAUTH",     "NOSCRIPT", "MOVED",       "ASK",      "UNKILLABLE"};

enum verdict verdict_of(const struct redisReply *reply)
{
	if (!reply)
		return VERDICT_LOST;
	if (reply->type != REDIS_REPLY_ERROR)
		return VERDICT_OK;

	struct bytes text = {.data = reply->str, .size = reply->len};
	for (size_t i = 0; i < sizeof(weather) / sizeof(weather[0]); i++) {
		struct bytes code = bytes_of(weather[i]);
		if (bytes_starts(text, code) && (text.size == code.size || text.data[code.size] == ' '))
			return VERDICT_WEATHER;
	}
	return VERDICT_REFUSED;
}

struct bytes verdict_text(const struct redisReply *reply)
{
	return reply ? reply_text(reply) : BYTES("connection lost");
}

struct bytes reply_text(const struct redisReply *reply)
{
	if (!reply || !reply->str)
		return (struct bytes){0};
	return (struct bytes){.data = reply->str, .size = reply->len};
}

uint64_t reply_uint(const struct redisReply *reply)
{
	if (!reply || reply->type != REDIS_REPLY_INTEGER || reply->integer < 0)
		return 0;
	return (uint64_t)reply->integer;
}

bool reply_is_nil(const struct redisReply *reply)
{
	return !reply || reply->type == REDIS_REPLY_NIL;
}

uint64_t reply_length(const struct redisReply *reply)
{
	return reply && reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
}

struct bytes reply_bytes_at(const struct redisReply *reply, uint64_t index)
{
	return index < reply_length(reply) ? reply_text(reply->element[index]) : (struct bytes){0};
}

uint64_t reply_uint_at(const struct redisReply *reply, uint64_t index)
{
	return index < reply_length(reply) ? reply_uint(reply->element[index]) : 0;
}
