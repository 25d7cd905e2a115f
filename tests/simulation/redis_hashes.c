/* tests/simulation/redis_hashes.c - hashes and sorted sets. */
#include "redis_call.h"

#include "witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- hashes --- */

void do_hset(const struct call *call)
{
	struct redis_key *key = call_make(call, KEY_HASH);
	int64_t added = 0;

	if (!key)
		return;
	for (uint32_t i = 2; i + 1 < call->count; i += 2) {
		added += redis_index(key, call->words[i]) < 0;
		witness_in_flight(call_word(call, 1), call->words[i], call->words[i + 1]);
		redis_set_field(key, call->words[i], call->words[i + 1]);
	}
	redis_answer_integer(call->answer, added);
}

void do_hget(const struct call *call)
{
	struct redis_key *key;

	if (!call_find(call, KEY_HASH, &key))
		return;
	int at = redis_index(key, call_word(call, 2));
	if (at >= 0)
		redis_answer_blob(call->answer, key->values.items[at]);
	else
		redis_answer_nil(call->answer);
}

void do_hmget(const struct call *call)
{
	struct redis_key *key;

	if (!call_find(call, KEY_HASH, &key))
		return;
	redis_answer_array(call->answer);
	for (uint32_t i = 2; i < call->count; i++) {
		int at = redis_index(key, call->words[i]);
		if (at >= 0)
			redis_answer_blob(redis_answer_add(call->answer), key->values.items[at]);
		else
			redis_answer_nil(redis_answer_add(call->answer));
	}
}

void do_hdel(const struct call *call)
{
	struct redis_key *key;
	int64_t count = 0;

	if (!call_find(call, KEY_HASH, &key))
		return;
	for (uint32_t i = 2; i < call->count && key; i++) {
		int at = redis_index(key, call->words[i]);
		if (at < 0)
			continue;
		struct blob *value = blob_ref(key->values.items[at]);
		redis_drop_item(key, (uint32_t)at);
		count++;
		if (!redis.in_script)
			witness_acknowledged(call_word(call, 1), call->words[i], blob_bytes(value));
		blob_unref(value);
	}
	redis_tidy(&redis.keys, key);
	redis_answer_integer(call->answer, count);
}

void do_hlen(const struct call *call)
{
	struct redis_key *key;

	if (call_find(call, KEY_HASH, &key))
		redis_answer_integer(call->answer, key ? key->items.count : 0);
}

void do_hkeys(const struct call *call)
{
	struct redis_key *key;

	if (!call_find(call, KEY_HASH, &key))
		return;
	redis_answer_array(call->answer);
	for (uint32_t i = 0; key && i < key->items.count; i++)
		redis_answer_blob(redis_answer_add(call->answer), key->items.items[i]);
}

void do_hexists(const struct call *call)
{
	struct redis_key *key;

	if (call_find(call, KEY_HASH, &key))
		redis_answer_integer(call->answer, redis_index(key, call_word(call, 2)) >= 0);
}

void do_hincrby(const struct call *call)
{
	struct redis_key *key = call_make(call, KEY_HASH);
	char digits[32];

	if (!key)
		return;
	int at = redis_index(key, call_word(call, 2));
	long long value = call_number(call, 3) + (at < 0 ? 0 : strtoll(key->values.items[at]->data, NULL, 10));
	snprintf(digits, sizeof(digits), "%lld", value);
	redis_set_field(key, call_word(call, 2), bytes_of(digits));
	redis_answer_integer(call->answer, value);
}

static double score_at(const struct call *call, uint32_t at)
{
	char digits[64] = "";
	struct bytes text = call_word(call, at);
	bool open = text.size > 0 && text.data[0] == '(';

	memcpy(digits, text.data + open, text.size - open < sizeof(digits) ? text.size - open : sizeof(digits) - 1);
	return strtod(digits, NULL);
}

/* --- sorted sets --- */

static void answer_score(struct redis_answer *answer, double score)
{
	char digits[40];

	snprintf(digits, sizeof(digits), "%.17g", score);
	redis_answer_text(answer, bytes_of(digits));
}

void do_zscore(const struct call *call)
{
	struct redis_key *key;

	if (!call_find(call, KEY_SORTED, &key))
		return;
	int at = redis_index(key, call_word(call, 2));
	if (at >= 0)
		answer_score(call->answer, key->scores[at]);
	else
		redis_answer_nil(call->answer);
}

void do_zadd(const struct call *call)
{
	struct redis_key *key = call_make(call, KEY_SORTED);

	if (!key)
		return;
	witness_joined(call_word(call, 1), call_word(call, 3));
	redis_answer_integer(call->answer, redis_index(key, call_word(call, 3)) < 0);
	redis_set_score(key, call_word(call, 3), score_at(call, 2));
}

void do_zrem(const struct call *call)
{
	struct redis_key *key;

	if (!call_find(call, KEY_SORTED, &key))
		return;
	int at = redis_index(key, call_word(call, 2));
	redis_answer_integer(call->answer, at >= 0);
	if (at >= 0)
		redis_drop_item(key, (uint32_t)at);
	redis_tidy(&redis.keys, key);
}

void do_zcard(const struct call *call)
{
	struct redis_key *key;

	if (call_find(call, KEY_SORTED, &key))
		redis_answer_integer(call->answer, key ? key->items.count : 0);
}

static bool is_open(struct bytes bound)
{
	return bound.size > 0 && bound.data[0] == '(';
}

/* By score, then by name; reversed the other way round. */
static bool comes_before(const struct redis_key *key, uint32_t a, uint32_t b, bool reversed)
{
	if (key->scores[a] == key->scores[b])
		return (strcmp(key->items.items[a]->data, key->items.items[b]->data) < 0) != reversed;
	return (key->scores[a] < key->scores[b]) != reversed;
}

/* The member that comes next after the last one; -1: none. */
static int next_member(const struct redis_key *key, int last, bool reversed)
{
	int best = -1;

	for (uint32_t i = 0; i < key->items.count; i++) {
		if (last >= 0 && ((int)i == last || !comes_before(key, (uint32_t)last, i, reversed)))
			continue;
		if (best < 0 || comes_before(key, i, (uint32_t)best, reversed))
			best = (int)i;
	}
	return best;
}

static void range_by_score(const struct call *call, uint32_t low_word, uint32_t high_word, bool reversed)
{
	struct redis_key *key;
	double low = score_at(call, low_word), high = score_at(call, high_word);
	long long skip = 0, most = INT32_MAX;

	if (!call_find(call, KEY_SORTED, &key))
		return;
	if (call->count > 6 && bytes_equal_text(call_word(call, 4), "LIMIT")) {
		skip = call_number(call, 5);
		most = call_number(call, 6);
	}
	redis_answer_array(call->answer);
	for (int at = key ? next_member(key, -1, reversed) : -1; at >= 0; at = next_member(key, at, reversed)) {
		double score = key->scores[at];
		bool above = is_open(call_word(call, low_word)) ? score > low : score >= low;
		bool below = is_open(call_word(call, high_word)) ? score < high : score <= high;
		if (!above || !below || skip-- > 0 || most-- <= 0)
			continue;
		redis_answer_blob(redis_answer_add(call->answer), key->items.items[at]);
	}
}

void do_zrangebyscore(const struct call *call)
{
	range_by_score(call, 2, 3, false);
}

void do_zrevrangebyscore(const struct call *call)
{
	range_by_score(call, 3, 2, true);
}
