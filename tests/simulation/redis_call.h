/* tests/simulation/redis_call.h - one command while it is executed: what the files of the fake Redis' commands share.
 */
#ifndef SIMULATION_REDIS_CALL_H
#define SIMULATION_REDIS_CALL_H

#include "redis.h"

#define REDIS_WRONG_KIND "WRONGTYPE Operation against a key holding the wrong kind of value"

struct call {
	const struct bytes *words;
	uint32_t count;
	struct redis_answer *answer;
};

/* Empty when there are fewer. */
struct bytes call_word(const struct call *call, uint32_t at);
long long call_number(const struct call *call, uint32_t at);

/* The key that the first word names, if there is one of this kind. False when the answer was given: it is of another
 * kind. */
bool call_find(const struct call *call, enum key_kind kind, struct redis_key **ret_key);
/* Makes it if need be. NULL when the answer was given. */
struct redis_key *call_make(const struct call *call, enum key_kind kind);

/* redis_lists.c */
void do_lpush(const struct call *call);
void do_rpush(const struct call *call);
void do_lpop(const struct call *call);
void do_rpop(const struct call *call);
void do_lmove(const struct call *call);
void do_lindex(const struct call *call);
void do_llen(const struct call *call);
void do_lrange(const struct call *call);
void do_ltrim(const struct call *call);

/* redis_hashes.c: hashes and sorted sets. */
void do_hset(const struct call *call);
void do_hget(const struct call *call);
void do_hmget(const struct call *call);
void do_hdel(const struct call *call);
void do_hlen(const struct call *call);
void do_hkeys(const struct call *call);
void do_hexists(const struct call *call);
void do_hincrby(const struct call *call);
void do_zscore(const struct call *call);
void do_zadd(const struct call *call);
void do_zrem(const struct call *call);
void do_zcard(const struct call *call);
void do_zrangebyscore(const struct call *call);
void do_zrevrangebyscore(const struct call *call);

#endif
