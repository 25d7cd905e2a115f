/* tests/queue/claims.c - what is claimed, in which order, and what is left in Redis. */
#include "tests/queue/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_numbers(const struct harness *harness, size_t from, unsigned first, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(received_number(harness, from + i), first + i);
}

static void test_ten_thousand_in_order(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.finish = true;
	redis_push_numbers(&harness, "q", 0, 10000);
	harness_open(&harness);
	harness_wait_received(&harness, 10000);
	harness_wait_empty(&harness);
	assert_numbers(&harness, 0, 0, 10000);
	for (size_t i = 1; i < harness.received_count; i++)
		assert_true(harness.received[i].claim.number > harness.received[i - 1].claim.number);
	assert_int_equal(worker_counts(harness.worker).acknowledged, 10000);
	harness_close(&harness);
	/* Nothing is left but the counters. */
	assert_int_equal(redis_int(&harness, "DBSIZE"), 1);
	assert_int_equal(redis_int(&harness, "HGET {q}:stats claimed"), 10000);
	assert_int_equal(redis_int(&harness, "HGET {q}:stats ok"), 10000);
	harness_done(&harness);
}

/* Elements that were given back: msgpack [attempts, text], the newest first. */
static void give_back(struct harness *harness, unsigned attempts, unsigned number)
{
	char element[8] = {(char)0x92, (char)attempts, (char)0xa1, (char)('0' + number)};

	redis_int(harness, "RPUSH {q}:again %b", element, (size_t)4);
}

static void test_what_has_seen_workers_die_comes_by_itself(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.keep_alone = true;
	redis_push_numbers(&harness, "q", 6, 2);
	give_back(&harness, 1, 5);
	give_back(&harness, 3, 4);
	give_back(&harness, 2, 3);
	give_back(&harness, 1, 2);
	give_back(&harness, 1, 1);
	harness_open(&harness);
	harness_wait_received(&harness, 2);
	assert_numbers(&harness, 0, 1, 2);
	/* Those before it may still be open; behind it nothing comes. */
	harness_wait_received(&harness, 3);
	harness_turn_ms(&harness, 300);
	assert_int_equal(harness.received_count, 3);
	assert_int_equal(harness.received[2].claim.attempts, 2);
	harness_finish(&harness, 0);
	harness_finish(&harness, 1);
	harness_turn_ms(&harness, 300);
	assert_int_equal(harness.received_count, 3);
	harness_finish(&harness, 2);
	harness_wait_received(&harness, 4);
	harness_turn_ms(&harness, 300);
	assert_int_equal(harness.received_count, 4);
	harness.finish = true;
	harness_finish(&harness, 3);
	harness_wait_received(&harness, 7);
	assert_numbers(&harness, 0, 1, 7);
	harness_wait_empty(&harness);
	harness_done(&harness);
}

static bool has_received_one_more(struct harness *harness)
{
	return harness->received_count > harness->wanted_number;
}

static void assert_at_most_one_alone(const struct harness *harness)
{
	unsigned alone = 0;

	for (size_t i = 0; i < harness->received_count; i++)
		alone += !harness->received[i].finished && harness->received[i].claim.attempts >= WORKER_ALONE_FROM;
	assert_in_range(alone, 0, 1);
}

static void test_what_comes_by_itself_comes_so_from_all_queues(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.options.queue_count = 2;
	harness.keep_alone = true;
	give_back(&harness, 2, 2);
	give_back(&harness, 2, 1);
	redis_int(&harness, "RPUSH {q2}:again %b", "\x92\x02\xa1\x36", (size_t)4);
	redis_int(&harness, "RPUSH {q2}:again %b", "\x92\x01\xa1\x35", (size_t)4);
	redis_push_numbers(&harness, "q2", 7, 1);
	harness_open(&harness);
	while (harness.received_count < 5) {
		harness_until(&harness, has_received_one_more, "the next one");
		harness_turn_ms(&harness, 300);
		assert_at_most_one_alone(&harness);
		harness.wanted_number = harness.received_count;
		for (size_t i = 0; i < harness.wanted_number; i++)
			if (!harness.received[i].finished)
				harness_finish(&harness, i);
	}
	harness_wait_empty(&harness);
	harness_done(&harness);
}

static bool is_in_the_stats(struct harness *harness)
{
	return redis_int(harness, "HEXISTS {q}:stats errors") == 1;
}

/* Its dead letter waits for somebody to mend {q}:dead; it is over, and can take nobody down any more. */
static void test_what_cannot_be_buried_holds_up_nobody(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.outcome.dead = harness.outcome.failed = true;
	harness.outcome.dead_reason = "POISON";
	freeReplyObject(redis_do(&harness, "SET {q}:dead 1"));
	give_back(&harness, 2, 1);
	harness_open(&harness); /* finished at once, as are all that come by themselves */
	harness_wait_received(&harness, 1);
	harness_until(&harness, is_in_the_stats, "the first one's end");
	redis_push_numbers(&harness, "q", 2, 1);
	harness_wait_received(&harness, 2);
	assert_int_equal(redis_int(&harness, "HLEN {q}:inflight:%s", worker_id(harness.worker)), 2);
	freeReplyObject(redis_do(&harness, "DEL {q}:dead"));
	harness_finish(&harness, 1);
	harness_wait_empty(&harness);
	assert_int_equal(redis_int(&harness, "LLEN {q}:dead"), 2);
	harness_done(&harness);
}

static void test_lone_commands_through_the_landing_list(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.finish = true;
	harness_open(&harness);
	for (unsigned i = 0; i < 20; i++) {
		redis_push_numbers(&harness, "q", i, 1);
		harness_wait_received(&harness, i + 1);
		harness_wait_empty(&harness);
		assert_int_equal(received_number(&harness, i), i);
	}
	harness_done(&harness);
}

static void test_every_byte_survives(void **state)
{
	struct harness harness;
	unsigned char all[1024];
	(void)state;

	harness_init(&harness);
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)(i * 7 + i / 256);
	/* Prefixes that look like {Q}:again's elements, and an empty command. */
	static const struct bytes odd[] = {{.data = "", .size = 0},
					   {.data = "\x92\x05\xa3xyz", .size = 6},
					   {.data = "\xff\xfe\x00\n\r", .size = 5}};
	freeReplyObject(redis_do(&harness, "LPUSH q %b", all, sizeof(all)));
	for (size_t i = 0; i < 3; i++)
		freeReplyObject(redis_do(&harness, "LPUSH q %b", odd[i].data, odd[i].size));
	harness_open(&harness);
	harness_wait_received(&harness, 4);
	assert_int_equal(harness.received[0].size, sizeof(all));
	assert_memory_equal(harness.received[0].raw, all, sizeof(all));
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(harness.received[i + 1].size, odd[i].size);
		assert_memory_equal(harness.received[i + 1].raw, odd[i].data, odd[i].size);
		assert_int_equal(harness.received[i + 1].claim.attempts, 0);
	}
	harness_done(&harness);
}

static void test_again_comes_first_and_bears_anything(void **state)
{
	struct harness harness;
	static const struct {
		struct bytes element;
		uint32_t attempts;
		struct bytes command;
	} cases[] = {
		{{"\x92\x03\xa2hi", 5}, 3, {"hi", 2}},
		{{"\x92\xcc\xc8\xc4\x02\xff\x00", 7}, 200, {"\xff\x00", 2}},
		{{"\x92\xcd\x01\x00\xd9\x01x", 7}, 256, {"x", 1}},
		{{"\x92\xce\x00\x00\x00\x05\xdb\x00\x00\x00\x01y", 12}, 5, {"y", 1}},
		{{"\x92\x03\xa3hi", 5}, 0, {"\x92\x03\xa3hi", 5}},
		{{"\x92", 1}, 0, {"\x92", 1}},
		{{"\x92\xcc", 2}, 0, {"\x92\xcc", 2}},
		{{"\x92\xce\x01", 3}, 0, {"\x92\xce\x01", 3}},
		{{"plain", 5}, 0, {"plain", 5}},
	};
	(void)state;

	harness_init(&harness);
	redis_push_numbers(&harness, "q", 0, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		freeReplyObject(redis_do(&harness, "LPUSH {q}:again %b", cases[i].element.data, cases[i].element.size));
	harness_open(&harness);
	harness_wait_received(&harness, sizeof(cases) / sizeof(cases[0]) + 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(harness.received[i].claim.attempts, cases[i].attempts);
		assert_int_equal(harness.received[i].size, cases[i].command.size);
		assert_memory_equal(harness.received[i].raw, cases[i].command.data, cases[i].command.size);
	}
	assert_string_equal(harness.received[9].raw, "0");
	harness_done(&harness);
}

static void test_credit_bounds_what_is_held(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.options.limits.in_flight = 50;
	redis_push_numbers(&harness, "q", 0, 200);
	harness_open(&harness);
	harness_wait_received(&harness, 50);
	harness_turn_ms(&harness, 300);
	assert_int_equal(harness.received_count, 50);
	assert_int_equal(redis_int(&harness, "LLEN q"), 150);
	harness.finish = true;
	for (size_t i = 0; i < 50; i++)
		harness_finish(&harness, i);
	harness_wait_received(&harness, 200);
	assert_numbers(&harness, 0, 0, 200);
	harness_wait_empty(&harness);
	harness_done(&harness);
}

static void test_large_elements_come_one_at_a_time(void **state)
{
	struct harness harness;
	enum { LARGE = 3 << 20 };
	char *large = malloc(LARGE);
	(void)state;

	assert_non_null(large);
	memset(large, 'x', LARGE);
	harness_init(&harness);
	harness.options.limits.in_flight_bytes = 1 << 20; /* less than one of them */
	for (unsigned i = 0; i < 3; i++)
		freeReplyObject(redis_do(&harness, "LPUSH q %b", large, (size_t)LARGE));
	harness_open(&harness);
	for (size_t i = 0; i < 3; i++) {
		harness_wait_received(&harness, i + 1);
		assert_int_equal(harness.received[i].size, LARGE);
		harness_finish(&harness, i);
	}
	harness_wait_empty(&harness);
	harness_done(&harness);
	free(large);
}

static bool third_queue_served(struct harness *harness)
{
	for (size_t i = 0; i < harness->received_count; i++)
		if (harness->received[i].claim.queue_index == 2)
			return true;
	return false;
}

static void test_a_flooded_queue_leaves_room_for_others(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.options.queue_count = 3;
	harness.options.limits.in_flight = 64;
	harness.options.limits.batch = 16;
	redis_push_numbers(&harness, "q", 0, 20000);
	redis_push_numbers(&harness, "q2", 0, 300);
	harness.finish = true;
	harness_open(&harness);
	redis_push_numbers(&harness, "q3", 0, 1);
	harness_until(&harness, third_queue_served, "the quiet queue served");
	assert_true(harness.received_count < 10000);
	harness_wait_received(&harness, 20301);
	unsigned next[3] = {0};
	for (size_t i = 0; i < harness.received_count; i++)
		assert_int_equal(received_number(&harness, i), next[harness.received[i].claim.queue_index]++);
	harness_wait_empty(&harness);
	harness_done(&harness);
}

static void test_paused_queue_is_left_alone(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness_open(&harness);
	harness_turn_ms(&harness, 200); /* a pop is under way by now */
	freeReplyObject(redis_do(&harness, "SET {q}:paused 1"));
	redis_push_numbers(&harness, "q", 0, 5);
	harness_turn_ms(&harness, 400);
	assert_int_equal(harness.received_count, 0);
	assert_int_equal(redis_int(&harness, "LLEN q"), 5);
	freeReplyObject(redis_do(&harness, "DEL {q}:paused"));
	harness_wait_received(&harness, 5);
	assert_numbers(&harness, 0, 0, 5);
	harness_done(&harness);
}

static void test_no_memory_gives_the_commands_later(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.refuse = 3;
	redis_push_numbers(&harness, "q", 0, 50);
	harness_open(&harness);
	harness_wait_received(&harness, 50);
	assert_numbers(&harness, 0, 0, 50);
	harness_done(&harness);
}

static void test_drain_gives_back_in_order(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	redis_push_numbers(&harness, "q", 0, 300);
	freeReplyObject(redis_do(&harness, "LPUSH {q}:again %b", "\x92\x01\xa1!", (size_t)4));
	harness.options.limits.in_flight = 200;
	harness_open(&harness);
	harness_wait_received(&harness, 200);
	worker_stop_claiming(harness.worker);
	for (size_t i = 200; i-- > 0;)
		worker_give_back(harness.worker, &harness.received[i].claim);
	harness_wait_empty(&harness);
	harness_close(&harness);
	assert_int_equal(redis_int(&harness, "EXISTS {q}:workers {q}:owner"), 0);
	harness_forget_received(&harness);
	harness.options.limits.in_flight = 4096;
	harness_open(&harness);
	harness_wait_received(&harness, 301);
	assert_string_equal(harness.received[0].raw, "!");
	assert_int_equal(harness.received[0].claim.attempts, 1);
	assert_numbers(&harness, 1, 0, 300);
	assert_int_equal(harness.received[1].claim.attempts, 0);
	harness_done(&harness);
}

static bool pop_is_under_way(struct harness *harness)
{
	redisReply *reply = redis_do(harness, "INFO clients");
	bool blocked = strstr(reply->str, "blocked_clients:1") != NULL;

	freeReplyObject(reply);
	return blocked;
}

/* Commands that come one at a time, each by a pop. */
static void test_credit_bounds_the_bytes_of_what_is_popped(void **state)
{
	enum { BYTES_EACH = 10000, ROOM_FOR = 3 };
	char command[BYTES_EACH];
	struct harness harness;
	(void)state;

	memset(command, 'x', sizeof(command));
	harness_init(&harness);
	harness.options.limits.in_flight_bytes = ROOM_FOR * BYTES_EACH;
	harness_open(&harness);
	for (size_t i = 0; i < ROOM_FOR; i++) {
		harness_until(&harness, pop_is_under_way, "a blocking pop");
		freeReplyObject(redis_do(&harness, "LPUSH q %b", command, sizeof(command)));
		harness_wait_received(&harness, i + 1);
	}
	harness_turn_ms(&harness, 300);
	assert_false(pop_is_under_way(&harness));
	freeReplyObject(redis_do(&harness, "LPUSH q %b", command, sizeof(command)));
	harness_turn_ms(&harness, 300);
	assert_int_equal(harness.received_count, ROOM_FOR);
	harness.finish = true;
	harness_finish(&harness, 0);
	harness_wait_received(&harness, ROOM_FOR + 1);
	for (size_t i = 1; i < ROOM_FOR; i++)
		harness_finish(&harness, i);
	harness_wait_empty(&harness);
	harness_done(&harness);
}

/* What was given back is more than one claim takes: the rest does not wait for the pop. */
static void test_all_that_was_given_back_passes_a_pop(void **state)
{
	enum { COUNT = 1500 };
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.finish = true;
	harness_open(&harness);
	harness_until(&harness, pop_is_under_way, "a blocking pop");
	freeReplyObject(redis_do(&harness, "CONFIG RESETSTAT"));
	redis_push_numbers(&harness, "{q}:again", 0, COUNT);
	harness_wait_received(&harness, COUNT);
	assert_true(pop_is_under_way(&harness));
	redisReply *reply = redis_do(&harness, "INFO commandstats");
	assert_null(strstr(reply->str, "cmdstat_blmove")); /* it is still the first one */
	freeReplyObject(reply);
	harness_wait_empty(&harness);
	harness_done(&harness);
}

static bool pop_has_ended(struct harness *harness)
{
	return !pop_is_under_way(harness);
}

static void test_unwanted_pop_is_ended(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness_open(&harness);
	harness_until(&harness, pop_is_under_way, "a blocking pop");
	worker_want(harness.worker, false);
	harness_until(&harness, pop_has_ended, "its end");
	redis_push_numbers(&harness, "q", 0, 2);
	harness_turn_ms(&harness, 300);
	assert_int_equal(redis_int(&harness, "LLEN q"), 2);
	assert_int_equal(worker_counts(harness.worker).reconnects, 0);
	worker_want(harness.worker, true);
	harness_wait_received(&harness, 2);
	harness_done(&harness);
}

static void assert_pop_is_cut_without(const char *what)
{
	struct harness harness;

	harness_init(&harness);
	freeReplyObject(redis_do(&harness, "ACL SETUSER narrow on >secret ~* &* +@all -client|setname %s", what));
	snprintf(harness.options.redis.url.user, URL_TEXT_BYTES, "narrow");
	snprintf(harness.options.redis.url.password, URL_TEXT_BYTES, "secret");
	harness_open(&harness);
	harness_until(&harness, pop_is_under_way, "a blocking pop");
	worker_want(harness.worker, false);
	harness_until(&harness, pop_has_ended, "the pop ended");
	redis_push_numbers(&harness, "q", 0, 2);
	harness_turn_ms(&harness, 300);
	assert_int_equal(redis_int(&harness, "LLEN q"), 2);
	assert_int_equal(worker_counts(harness.worker).reconnects, 0); /* the other connection is left alone */
	worker_want(harness.worker, true);
	harness_wait_received(&harness, 2);
	harness_close(&harness);
	freeReplyObject(redis_do(&harness, "ACL DELUSER narrow"));
	harness_done(&harness);
}

static void test_unwanted_pop_is_cut_when_it_may_not_be_ended(void **state)
{
	(void)state;

	assert_pop_is_cut_without("-client|unblock");
	assert_pop_is_cut_without("-client|id"); /* nobody knows which one to end */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ten_thousand_in_order),
		cmocka_unit_test(test_what_has_seen_workers_die_comes_by_itself),
		cmocka_unit_test(test_what_comes_by_itself_comes_so_from_all_queues),
		cmocka_unit_test(test_what_cannot_be_buried_holds_up_nobody),
		cmocka_unit_test(test_lone_commands_through_the_landing_list),
		cmocka_unit_test(test_every_byte_survives),
		cmocka_unit_test(test_again_comes_first_and_bears_anything),
		cmocka_unit_test(test_credit_bounds_what_is_held),
		cmocka_unit_test(test_large_elements_come_one_at_a_time),
		cmocka_unit_test(test_a_flooded_queue_leaves_room_for_others),
		cmocka_unit_test(test_paused_queue_is_left_alone),
		cmocka_unit_test(test_no_memory_gives_the_commands_later),
		cmocka_unit_test(test_drain_gives_back_in_order),
		cmocka_unit_test(test_credit_bounds_the_bytes_of_what_is_popped),
		cmocka_unit_test(test_all_that_was_given_back_passes_a_pop),
		cmocka_unit_test(test_unwanted_pop_is_ended),
		cmocka_unit_test(test_unwanted_pop_is_cut_when_it_may_not_be_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
