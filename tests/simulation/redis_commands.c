/* tests/simulation/redis_commands.c - what each command does, as far as rowd's scripts and queue/ use it. A command or
 * a form of one that is not here is a fault of the test: it says so and ends. */
#include "redis_call.h"

#include "witness.h"
#include "world.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct bytes call_word(const struct call *call, uint32_t at)
{
	return at < call->count ? call->words[at] : (struct bytes){0};
}

long long call_number(const struct call *call, uint32_t at)
{
	char digits[32] = "";
	struct bytes text = call_word(call, at);

	if (text.size > 0)
		memcpy(digits, text.data, text.size < sizeof(digits) ? text.size : sizeof(digits) - 1);
	return strtoll(digits, NULL, 10);
}

bool call_find(const struct call *call, enum key_kind kind, struct redis_key **ret_key)
{
	*ret_key = redis_find(&redis.keys, call_word(call, 1));
	if (!*ret_key || (*ret_key)->kind == kind)
		return true;
	redis_answer_error(call->answer, REDIS_WRONG_KIND);
	return false;
}

struct redis_key *call_make(const struct call *call, enum key_kind kind)
{
	struct redis_key *key = redis_make(&redis.keys, call_word(call, 1), kind);

	if (!key)
		redis_answer_error(call->answer, REDIS_WRONG_KIND);
	return key;
}

/* --- texts and keys --- */

static void do_get(const struct call *call)
{
	struct redis_key *key;

	if (!call_find(call, KEY_TEXT, &key))
		return;
	if (key)
		redis_answer_blob(call->answer, key->items.items[0]);
	else
		redis_answer_nil(call->answer);
}

static void do_set(const struct call *call)
{
	struct redis_key *key = redis_find(&redis.keys, call_word(call, 1));

	if (key)
		redis_remove(&redis.keys, key);
	key = redis_make(&redis.keys, call_word(call, 1), KEY_TEXT);
	blobs_insert(&key->items, 0, blob_new(call_word(call, 2)));
	redis_answer_text(call->answer, BYTES("OK"));
}

static void do_del(const struct call *call)
{
	struct redis_key *key = redis_find(&redis.keys, call_word(call, 1));

	redis_answer_integer(call->answer, key != NULL);
	if (key)
		redis_remove(&redis.keys, key);
}

static void do_exists(const struct call *call)
{
	int64_t count = 0;

	for (uint32_t i = 1; i < call->count; i++)
		count += redis_find(&redis.keys, call->words[i]) != NULL;
	redis_answer_integer(call->answer, count);
}

/* Replies are read at once by the witness, who is subscribed to everything. */
static void do_pexpire(const struct call *call)
{
	redis_answer_integer(call->answer, redis_find(&redis.keys, call_word(call, 1)) != NULL);
}

static void do_publish(const struct call *call)
{
	witness_reply(call_word(call, 1), call_word(call, 2));
	redis_answer_integer(call->answer, 1);
}

/* --- the server itself --- */

static void do_time(const struct call *call)
{
	char digits[32];

	redis_answer_array(call->answer);
	snprintf(digits, sizeof(digits), "%" PRIu64, 1700000000 + world_now_us() / SECOND);
	redis_answer_text(redis_answer_add(call->answer), bytes_of(digits));
	snprintf(digits, sizeof(digits), "%" PRIu64, world_now_us() % SECOND);
	redis_answer_text(redis_answer_add(call->answer), bytes_of(digits));
}

static void do_ping(const struct call *call)
{
	redis_answer_text(call->answer, BYTES("PONG"));
}

static void do_info(const struct call *call)
{
	redis_answer_text(call->answer, BYTES("# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n"));
}

static void do_config(const struct call *call)
{
	redis_answer_array(call->answer);
	redis_answer_text(redis_answer_add(call->answer), call_word(call, 2));
	redis_answer_text(redis_answer_add(call->answer),
			  bytes_equal_text(call_word(call, 2), "appendonly") ? BYTES("yes") : BYTES("noeviction"));
}

/* --- which is which --- */

static const struct {
	const char *name;
	void (*execute)(const struct call *call);
	bool takes_memory; /* refused in a full server */
} commands[] = {
	{"CONFIG", do_config, false},   {"DEL", do_del, false},
	{"EXISTS", do_exists, false},   {"GET", do_get, false},
	{"HDEL", do_hdel, false},       {"HEXISTS", do_hexists, false},
	{"HGET", do_hget, false},       {"HINCRBY", do_hincrby, true},
	{"HKEYS", do_hkeys, false},     {"HLEN", do_hlen, false},
	{"HMGET", do_hmget, false},     {"HSET", do_hset, true},
	{"INFO", do_info, false},       {"LINDEX", do_lindex, false},
	{"LLEN", do_llen, false},       {"LMOVE", do_lmove, true},
	{"LPOP", do_lpop, false},       {"LPUSH", do_lpush, true},
	{"LRANGE", do_lrange, false},   {"LTRIM", do_ltrim, false},
	{"PEXPIRE", do_pexpire, false}, {"PING", do_ping, false},
	{"PUBLISH", do_publish, false}, {"RPOP", do_rpop, false},
	{"RPUSH", do_rpush, true},      {"SET", do_set, true},
	{"TIME", do_time, false},       {"ZADD", do_zadd, true},
	{"ZCARD", do_zcard, false},     {"ZRANGEBYSCORE", do_zrangebyscore, false},
	{"ZREM", do_zrem, false},       {"ZREVRANGEBYSCORE", do_zrevrangebyscore, false},
	{"ZSCORE", do_zscore, false},
};

void redis_execute(const struct bytes *arguments, uint32_t count, struct redis_answer *answer)
{
	const struct call call = {.words = arguments, .count = count, .answer = answer};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!bytes_equal_text(arguments[0], commands[i].name))
			continue;
		if (redis.full && commands[i].takes_memory && !redis.in_script)
			redis_answer_error(answer, "OOM command not allowed when used memory > 'maxmemory'.");
		else
			commands[i].execute(&call);
		return;
	}
	violated(NULL, "the fake Redis does not know the command %.*s", BYTES_ARG(arguments[0]));
}
