/* tests/queue/replies.c - replies, dead letters, and what Redis may have against them. */
#include "tests/queue/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void start(struct harness *harness)
{
	harness_init(harness);
	harness->finish = true;
	harness->outcome = (struct outcome){.marker = WORKER_NO_MARKER,
					    .reply = BYTES("the \0 reply\xff"),
					    .list = BYTES("rowd:reply:1"),
					    .list_ttl_ms = 60000};
}

static void test_reply_list_expires(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	harness_open(&harness);
	redis_push_numbers(&harness, "q", 0, 3);
	harness_wait_received(&harness, 3);
	harness_wait_empty(&harness);
	assert_int_equal(redis_int(&harness, "LLEN rowd:reply:1"), 3);
	assert_in_range(redis_int(&harness, "PTTL rowd:reply:1"), 50000, 60000);
	redisReply *reply = redis_do(&harness, "LPOP rowd:reply:1");
	assert_int_equal(reply->len, 12);
	assert_memory_equal(reply->str, "the \0 reply\xff", 12);
	freeReplyObject(reply);
	harness_done(&harness);
}

static void test_publish_and_nobody_listens(void **state)
{
	struct harness harness;
	redisReply *message = NULL;
	(void)state;

	start(&harness);
	harness.outcome.channel = BYTES("rowd:reply:c");
	harness.outcome.list = (struct bytes){0};
	harness_open(&harness);
	redis_push_numbers(&harness, "q", 0, 1);
	harness_wait_received(&harness, 1);
	harness_wait_empty(&harness);
	assert_int_equal(worker_counts(harness.worker).replies_without_receiver, 1);

	redisContext *listener = redisConnectUnix(getenv("ROWD_TEST_REDIS"));
	freeReplyObject(redisCommand(listener, "SUBSCRIBE rowd:reply:c"));
	redis_push_numbers(&harness, "q", 0, 1);
	harness_wait_received(&harness, 2);
	harness_wait_empty(&harness);
	assert_int_equal(redisGetReply(listener, (void **)&message), REDIS_OK);
	assert_int_equal(message->elements, 3);
	assert_memory_equal(message->element[2]->str, "the \0 reply\xff", 12);
	freeReplyObject(message);
	redisFree(listener);
	assert_int_equal(worker_counts(harness.worker).replies_without_receiver, 1);
	harness_done(&harness);
}

/* Finds needle in a dead letter. */
static bool holds(const redisReply *letter, const char *needle, size_t size)
{
	for (size_t i = 0; i + size <= letter->len; i++)
		if (memcmp(letter->str + i, needle, size) == 0)
			return true;
	return false;
}

static void test_dead_letter_holds_the_command_to_the_byte(void **state)
{
	struct harness harness;
	char command[512];
	(void)state;

	for (size_t i = 0; i < sizeof(command); i++)
		command[i] = (char)(i * 3);
	start(&harness);
	harness.outcome = (struct outcome){.marker = WORKER_NO_MARKER,
					   .dead = true,
					   .failed = true,
					   .dead_reason = "BAD_MESSAGE",
					   .dead_error = BYTES("what was wrong")};
	freeReplyObject(redis_do(&harness, "LPUSH q %b", command, sizeof(command)));
	harness_open(&harness);
	harness_wait_received(&harness, 1);
	harness_wait_empty(&harness);
	redisReply *letter = redis_do(&harness, "LINDEX {q}:dead 0");
	assert_true(holds(letter, command, sizeof(command)));
	assert_true(holds(letter, "BAD_MESSAGE", 11));
	assert_true(holds(letter, "what was wrong", 14));
	assert_true(holds(letter, worker_id(harness.worker), strlen(worker_id(harness.worker))));
	assert_int_equal((unsigned char)letter->str[0], 0x86);
	freeReplyObject(letter);
	assert_int_equal(worker_counts(harness.worker).dead, 1);
	harness_close(&harness);
	assert_int_equal(redis_int(&harness, "HGET {q}:stats dead"), 1);
	assert_int_equal(redis_int(&harness, "HGET {q}:stats errors"), 1);
	harness_done(&harness);
}

static void test_dead_letters_are_capped(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	harness.outcome = (struct outcome){.marker = WORKER_NO_MARKER, .dead = true, .dead_reason = "POISON"};
	redis_push_numbers(&harness, "q", 0, 150);
	harness_open(&harness);
	harness_wait_received(&harness, 150);
	harness_wait_empty(&harness);
	assert_int_equal(redis_int(&harness, "LLEN {q}:dead"), 100);
	assert_int_equal(redis_int(&harness, "HGET {q}:stats dead_dropped"), 50);
	harness.options.limits.dead_bytes = 1000;
	redis_push_numbers(&harness, "q", 150, 50);
	harness_wait_received(&harness, 200);
	harness_wait_empty(&harness);
	assert_in_range(redis_int(&harness, "HGET {q}:stats dead_bytes"), 1, 1000);
	assert_in_range(redis_int(&harness, "LLEN {q}:dead"), 1, 10);
	harness_done(&harness);
}

static void test_wrong_type_makes_a_dead_letter(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	freeReplyObject(redis_do(&harness, "SET rowd:reply:1 text"));
	redis_push_numbers(&harness, "q", 7, 1);
	harness_open(&harness);
	harness_wait_received(&harness, 1);
	harness_wait_empty(&harness);
	redisReply *letter = redis_do(&harness, "LINDEX {q}:dead 0");
	assert_true(holds(letter, "REPLY_REFUSED", 13));
	assert_true(holds(letter, "WRONGTYPE", 9));
	freeReplyObject(letter);
	assert_int_equal(worker_counts(harness.worker).in_flight, 0);
	harness_done(&harness);
}

static bool has_ten_open(struct harness *harness)
{
	return worker_counts(harness->worker).replies_pending == 10;
}

static void test_full_redis_keeps_replies_and_drains(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	redis_push_numbers(&harness, "q", 0, 30);
	harness.options.limits.in_flight = 10;
	freeReplyObject(redis_do(&harness, "CONFIG SET maxmemory 1"));
	harness_open(&harness); /* joins and claims all the same */
	harness_wait_received(&harness, 10);
	harness_until(&harness, has_ten_open, "replies waiting");
	harness_turn_ms(&harness, 300);
	assert_int_equal(harness.received_count, 10); /* claiming has stopped */
	assert_int_equal(redis_int(&harness, "LLEN rowd:reply:1"), 0);
	freeReplyObject(redis_do(&harness, "CONFIG SET maxmemory 0"));
	harness_wait_received(&harness, 30);
	harness_wait_empty(&harness);
	assert_int_equal(redis_int(&harness, "LLEN rowd:reply:1"), 30);
	assert_int_equal(redis_int(&harness, "EXISTS {q}:dead"), 0);
	harness_done(&harness);
}

static bool has_kept_enough(struct harness *harness)
{
	return worker_counts(harness->worker).reply_bytes >= harness->options.limits.in_flight_bytes;
}

/* What is kept of them counts, not the small commands that made them. */
static void test_replies_that_are_not_taken_stop_the_claims(void **state)
{
	enum { REPLY_BYTES = 4096, BATCH = 8, FIT = 16, COMMANDS = 500 };
	static char reply[REPLY_BYTES];
	struct harness harness;
	(void)state;

	start(&harness);
	harness.outcome.reply = (struct bytes){.data = reply, .size = sizeof(reply)};
	harness.options.limits.in_flight_bytes = FIT * REPLY_BYTES;
	harness.options.limits.batch = BATCH;
	redis_push_numbers(&harness, "q", 0, COMMANDS);
	freeReplyObject(redis_do(&harness, "CONFIG SET maxmemory 1"));
	harness_open(&harness);
	harness_until(&harness, has_kept_enough, "replies waiting");
	harness_turn_ms(&harness, 300);
	assert_in_range(harness.received_count, FIT, FIT + BATCH);
	assert_true(redis_int(&harness, "LLEN q") >= COMMANDS - FIT - BATCH);
	freeReplyObject(redis_do(&harness, "CONFIG SET maxmemory 0"));
	harness_wait_received(&harness, COMMANDS);
	harness_wait_empty(&harness);
	assert_int_equal(redis_int(&harness, "LLEN rowd:reply:1"), COMMANDS);
	harness_done(&harness);
}

static void test_full_redis_without_replies_drains(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	harness.outcome = (struct outcome){.marker = WORKER_NO_MARKER, .dead = true, .dead_reason = "BAD_MESSAGE"};
	redis_push_numbers(&harness, "q", 0, 600);
	freeReplyObject(redis_do(&harness, "CONFIG SET maxmemory 1"));
	harness_open(&harness);
	harness_wait_received(&harness, 600);
	harness_wait_empty(&harness);
	freeReplyObject(redis_do(&harness, "CONFIG SET maxmemory 0"));
	assert_int_equal(redis_int(&harness, "LLEN {q}:dead"), 100);
	harness_done(&harness);
}

static void test_replies_keep_their_order_through_weather(void **state)
{
	struct harness harness;
	char number[16];
	(void)state;

	start(&harness);
	harness.finish = false;
	redis_push_numbers(&harness, "q", 0, 100);
	harness_open(&harness);
	harness_wait_received(&harness, 100);
	freeReplyObject(redis_do(&harness, "CONFIG SET maxmemory 1"));
	for (size_t i = 0; i < 100; i++) {
		int size = snprintf(number, sizeof(number), "%zu", i);
		harness.outcome.reply = (struct bytes){.data = number, .size = (size_t)size};
		harness_finish(&harness, i);
		if (i == 50)
			harness_turn_ms(&harness, 150);
	}
	harness_turn_ms(&harness, 150);
	freeReplyObject(redis_do(&harness, "CONFIG SET maxmemory 0"));
	harness_wait_empty(&harness);
	redisReply *list = redis_do(&harness, "LRANGE rowd:reply:1 0 -1");
	assert_int_equal(list->elements, 100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(strtoul(list->element[i]->str, NULL, 10), i);
	freeReplyObject(list);
	harness_done(&harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reply_list_expires),
		cmocka_unit_test(test_publish_and_nobody_listens),
		cmocka_unit_test(test_dead_letter_holds_the_command_to_the_byte),
		cmocka_unit_test(test_dead_letters_are_capped),
		cmocka_unit_test(test_wrong_type_makes_a_dead_letter),
		cmocka_unit_test(test_full_redis_keeps_replies_and_drains),
		cmocka_unit_test(test_replies_that_are_not_taken_stop_the_claims),
		cmocka_unit_test(test_full_redis_without_replies_drains),
		cmocka_unit_test(test_replies_keep_their_order_through_weather),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
