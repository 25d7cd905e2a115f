/* tests/simulation/redis_lists.c */
#include "redis_call.h"

#include "witness.h"

static uint32_t list_index(const struct redis_key *key, long long index)
{
	return (uint32_t)(index < 0 ? (long long)key->items.count + index : index);
}

static void push(const struct call *call, bool left)
{
	struct redis_key *key = call_make(call, KEY_LIST);

	if (!key)
		return;
	for (uint32_t i = 2; i < call->count; i++)
		blobs_insert(&key->items, left ? 0 : key->items.count, blob_new(call->words[i]));
	redis_answer_integer(call->answer, key->items.count);
	witness_pushed(call_word(call, 1), call_word(call, 2));
}

void do_lpush(const struct call *call)
{
	push(call, true);
}

void do_rpush(const struct call *call)
{
	push(call, false);
}

static void pop(const struct call *call, bool left)
{
	struct redis_key *key;

	if (!call_find(call, KEY_LIST, &key))
		return;
	if (!key) {
		redis_answer_nil(call->answer);
		return;
	}
	struct blob *item = blobs_take(&key->items, left ? 0 : key->items.count - 1);
	redis_answer_blob(call->answer, item);
	blob_unref(item);
	redis_tidy(&redis.keys, key);
}

void do_lpop(const struct call *call)
{
	pop(call, true);
}

void do_rpop(const struct call *call)
{
	pop(call, false);
}

void do_lmove(const struct call *call)
{
	struct redis_key *from, *to;
	bool from_left = bytes_equal_text(call_word(call, 3), "LEFT"),
	     to_left = bytes_equal_text(call_word(call, 4), "LEFT");

	if (!call_find(call, KEY_LIST, &from))
		return;
	if (!from) {
		redis_answer_nil(call->answer);
		return;
	}
	to = redis_make(&redis.keys, call_word(call, 2), KEY_LIST);
	if (!to) {
		redis_answer_error(call->answer, REDIS_WRONG_KIND);
		return;
	}
	struct blob *item = blobs_take(&from->items, from_left ? 0 : from->items.count - 1);
	blobs_insert(&to->items, to_left ? 0 : to->items.count, item);
	redis_answer_blob(call->answer, item);
	redis_tidy(&redis.keys, from);
}

void do_lindex(const struct call *call)
{
	struct redis_key *key;

	if (!call_find(call, KEY_LIST, &key))
		return;
	uint32_t at = key ? list_index(key, call_number(call, 2)) : 0;
	if (key && at < key->items.count)
		redis_answer_blob(call->answer, key->items.items[at]);
	else
		redis_answer_nil(call->answer);
}

void do_llen(const struct call *call)
{
	struct redis_key *key;

	if (call_find(call, KEY_LIST, &key))
		redis_answer_integer(call->answer, key ? key->items.count : 0);
}

/* Both ends included, kept within the list. */
static void clamp(const struct call *call, const struct redis_key *key, long long *ret_start, long long *ret_end)
{
	long long count = key->items.count, start = call_number(call, 2), end = call_number(call, 3);

	start = start < 0 ? count + start : start;
	end = end < 0 ? count + end : end;
	*ret_start = start < 0 ? 0 : start;
	*ret_end = end >= count ? count - 1 : end;
}

void do_lrange(const struct call *call)
{
	struct redis_key *key;
	long long start, end;

	if (!call_find(call, KEY_LIST, &key))
		return;
	redis_answer_array(call->answer);
	if (!key)
		return;
	clamp(call, key, &start, &end);
	for (long long i = start; i <= end; i++)
		redis_answer_blob(redis_answer_add(call->answer), key->items.items[i]);
}

void do_ltrim(const struct call *call)
{
	struct redis_key *key;
	long long start, end;

	if (!call_find(call, KEY_LIST, &key))
		return;
	redis_answer_text(call->answer, BYTES("OK"));
	if (!key)
		return;
	clamp(call, key, &start, &end);
	while (key->items.count > 0 && (long long)key->items.count - 1 > end)
		blob_unref(blobs_take(&key->items, key->items.count - 1));
	for (long long i = 0; i < start && key->items.count > 0; i++)
		blob_unref(blobs_take(&key->items, 0));
	redis_tidy(&redis.keys, key);
}
