/* tests/queue/faults.c - connections that go, scripts that are forgotten, a server that starts again. */
#include "tests/queue/harness.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMANDS = 5000 };

/* Everything was delivered, once, in order: all of it was the same incarnation. */
static void assert_complete(const struct harness *harness, size_t count)
{
	assert_int_equal(harness->received_count, count);
	assert_int_equal(harness->fenced, 0);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(received_number(harness, i), i);
		assert_int_equal(harness->received[i].claim.attempts, 0);
	}
}

static void test_forgotten_scripts(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.finish = true;
	harness.outcome = (struct outcome){
		.marker = WORKER_NO_MARKER, .reply = BYTES("r"), .list = BYTES("rowd:reply:1"), .list_ttl_ms = 60000};
	harness_open(&harness);
	for (unsigned i = 0; i < 10; i++) {
		freeReplyObject(redis_do(&harness, "SCRIPT FLUSH"));
		redis_push_numbers(&harness, "q", i * 100, 100);
		harness_wait_received(&harness, (i + 1) * 100);
	}
	harness_wait_empty(&harness);
	assert_complete(&harness, 1000);
	assert_int_equal(redis_int(&harness, "LLEN rowd:reply:1"), 1000);
	assert_int_equal(redis_int(&harness, "LREM rowd:reply:1 0 r"), 1000); /* whole, also when it was sent twice */
	harness_done(&harness);
}

static bool has_wanted(struct harness *harness)
{
	return harness->received_count >= harness->wanted;
}

static void test_connections_killed_in_mid_load(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.finish = true;
	harness.options.limits.batch = 20;
	harness.options.limits.in_flight = 60;
	harness.outcome = (struct outcome){
		.marker = WORKER_NO_MARKER, .reply = BYTES("r"), .list = BYTES("rowd:reply:1"), .list_ttl_ms = 60000};
	redis_push_numbers(&harness, "q", 0, COMMANDS);
	harness_open(&harness);
	for (unsigned i = 1; i <= 40; i++) {
		harness.wanted = i * 100;
		harness_until(&harness, has_wanted, "a hundred more");
		redis_int(&harness, "CLIENT KILL TYPE normal SKIPME yes");
	}
	harness_wait_received(&harness, COMMANDS);
	harness_wait_empty(&harness);
	assert_complete(&harness, COMMANDS);
	assert_in_range(worker_counts(harness.worker).reconnects, 20, 41);
	assert_true(redis_int(&harness, "LLEN rowd:reply:1") >= COMMANDS);
	harness_close(&harness);
	assert_int_equal(redis_int(&harness, "EXISTS q {q}:again {q}:workers {q}:owner {q}:dead"), 0);
	harness_done(&harness);
}

/* Replies that are not copied, neither when they are handed over nor into the script's call: each is there until Redis
 * has it, whole. */
static void test_large_replies_in_trouble(void **state)
{
	enum { MANY = 200, LARGE = 200000 };
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.finish = true;
	harness.large = LARGE;
	harness.options.limits.batch = 10;
	harness.options.limits.in_flight = 30;
	harness.outcome = (struct outcome){.marker = WORKER_NO_MARKER,
					   .list = BYTES("rowd:reply:1"),
					   .channel = BYTES("rowd:reply:c"),
					   .list_ttl_ms = 60000};
	redis_push_numbers(&harness, "q", 0, MANY);
	harness_open(&harness);
	for (unsigned i = 1; i <= 10; i++) {
		harness.wanted = i * 20;
		harness_until(&harness, has_wanted, "some more");
		freeReplyObject(redis_do(&harness, "SCRIPT FLUSH"));
		if (i % 3 == 0)
			redis_int(&harness, "CLIENT KILL TYPE normal SKIPME yes");
	}
	harness_wait_received(&harness, MANY);
	harness_wait_empty(&harness);
	assert_complete(&harness, MANY);
	long long replies = redis_int(&harness, "LLEN rowd:reply:1");
	assert_true(replies >= MANY);
	assert_int_equal(redis_int(&harness, "EVAL %s 1 rowd:reply:1 200000",
				   "return redis.call('LREM', KEYS[1], 0, string.rep('r', ARGV[1]))"),
			 replies);

	/* One that Redis will never take, and those that are still on their way when the worker is closed. */
	freeReplyObject(redis_do(&harness, "SET rowd:reply:1 text"));
	redis_push_numbers(&harness, "q", MANY, 1);
	harness_wait_received(&harness, MANY + 1);
	harness_wait_empty(&harness);
	assert_int_equal(redis_int(&harness, "LLEN {q}:dead"), 1);
	freeReplyObject(redis_do(&harness, "DEL rowd:reply:1"));
	redis_push_numbers(&harness, "q", MANY + 1, 10);
	harness_wait_received(&harness, MANY + 11);
	harness_close(&harness);
	harness_done(&harness);
}

/* Whichever way it comes: by a claim, by a pop, or looked up when there was no memory for it the first time. */
static void test_what_is_too_long_is_never_told_whole(void **state)
{
	enum { MANY = 100 };
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.options.limits.message_bytes = 0;
	harness.refuse = 1;
	redis_push_numbers(&harness, "q", 1000, MANY);
	harness_open(&harness);
	harness_wait_received(&harness, MANY);
	redis_push_numbers(&harness, "q", 1000, 1);
	harness_wait_received(&harness, MANY + 1);
	for (size_t i = 0; i < harness.received_count; i++) {
		assert_int_equal(harness.received[i].size, 1);
		harness_finish(&harness, i);
	}
	harness_wait_empty(&harness);
	harness_done(&harness);
}

static void test_answers_of_claims_are_lost(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness_open(&harness);
	/* The server executes the claim while its answer cannot leave: the connection is killed in the same breath. */
	for (unsigned i = 0; i < 20; i++) {
		redisAppendCommand(harness.redis, "MULTI");
		for (unsigned j = 0; j < 10; j++)
			redisAppendCommand(harness.redis, "LPUSH q %u", i * 10 + j);
		redisAppendCommand(harness.redis, "CLIENT KILL TYPE normal SKIPME yes");
		redisAppendCommand(harness.redis, "EXEC");
		for (unsigned j = 0; j < 13; j++) {
			void *reply = NULL;
			assert_int_equal(redisGetReply(harness.redis, &reply), REDIS_OK);
			freeReplyObject(reply);
		}
		harness.wanted = (i + 1) * 10;
		harness_until(&harness, has_wanted, "ten more");
	}
	assert_complete(&harness, 200);
	for (size_t i = 0; i < 200; i++)
		harness_finish(&harness, i);
	harness_wait_empty(&harness);
	harness_done(&harness);
}

static bool blocks(struct harness *harness)
{
	redisReply *reply = redis_do(harness, "INFO clients");
	bool blocked = strstr(reply->str, "blocked_clients:1") != NULL;

	freeReplyObject(reply);
	return blocked;
}

/* Redis serves the pop with the push, and looks at what is behind it when the commands that came with the push are
 * done: by then its connection is gone, and the command stays in the landing list. */
static void test_pops_are_lost_before_their_adoption(void **state)
{
	struct harness harness;
	void *reply = NULL;
	(void)state;

	harness_init(&harness);
	harness_open(&harness);
	for (unsigned i = 0; i < 20; i++) {
		harness_until(&harness, blocks, "a blocking pop");
		redisAppendCommand(harness.redis, "LPUSH q %u", i);
		redisAppendCommand(harness.redis, "CLIENT KILL TYPE normal SKIPME yes");
		for (int j = 0; j < 2; j++) {
			assert_int_equal(redisGetReply(harness.redis, &reply), REDIS_OK);
			freeReplyObject(reply);
		}
		harness.wanted = i + 1;
		harness_until(&harness, has_wanted, "one more");
	}
	assert_complete(&harness, 20);
	for (size_t i = 0; i < 20; i++)
		harness_finish(&harness, i);
	harness_wait_empty(&harness);
	harness_close(&harness);
	assert_int_equal(redis_int(&harness, "EXISTS q {q}:again {q}:dead"), 0);
	/* For all that the worker knows, Redis may still serve the last of them: it is not to be forgotten yet. */
	assert_int_equal(redis_int(&harness, "EXISTS {q}:workers"), 1);
	harness_done(&harness);
}

static bool is_disconnected(struct harness *harness)
{
	return !worker_counts(harness->worker).connected;
}

static void test_server_starts_again(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.outcome = (struct outcome){
		.marker = WORKER_NO_MARKER, .reply = BYTES("r"), .list = BYTES("rowd:reply:1"), .list_ttl_ms = 60000};
	redis_push_numbers(&harness, "q", 0, 200);
	harness.options.limits.in_flight = 100;
	harness_open(&harness);
	harness_wait_received(&harness, 100);
	control(&harness, "kill");
	harness_until(&harness, is_disconnected, "the loss noticed");
	for (size_t i = 0; i < 100; i++)
		harness_finish(&harness, i);
	harness.finish = true;
	harness_turn_ms(&harness, 200);
	assert_int_equal(worker_counts(harness.worker).in_flight, 100);
	control(&harness, "start");
	harness_wait_received(&harness, 200);
	harness_wait_empty(&harness);
	assert_complete(&harness, 200);
	assert_int_equal(redis_int(&harness, "LLEN rowd:reply:1"), 200);
	harness_done(&harness);
}

static void test_frozen_server_executes_late(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.options.redis.command_timeout_ms = 200;
	harness.options.limits.batch = 10;
	harness.options.limits.in_flight = 20;
	harness.finish = true;
	redis_push_numbers(&harness, "q", 0, COMMANDS);
	harness_open(&harness);
	for (unsigned i = 1; i <= 5; i++) {
		harness.wanted = i * 50;
		harness_until(&harness, has_wanted, "fifty more");
		control(&harness, "freeze"); /* in mid-load: claims are on their way */
		harness_until(&harness, is_disconnected, "the loss noticed");
		control(&harness, "thaw");
	}
	harness_wait_received(&harness, COMMANDS);
	harness_wait_empty(&harness);
	assert_int_equal(harness.fenced, 0);
	/* A claim that was executed late comes late, but each command comes once. */
	bool *seen = calloc(COMMANDS, sizeof(*seen));
	assert_non_null(seen);
	for (size_t i = 0; i < COMMANDS; i++) {
		assert_false(seen[received_number(&harness, i)]);
		seen[received_number(&harness, i)] = true;
	}
	free(seen);
	harness_done(&harness);
}

static void test_close_without_a_server(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness_open(&harness);
	redis_push_numbers(&harness, "q", 0, 10);
	harness_wait_received(&harness, 10);
	control(&harness, "kill");
	harness_until(&harness, is_disconnected, "the loss noticed");
	harness_finish(&harness, 0);
	harness_close(&harness);
	control(&harness, "start");
	harness_done(&harness);
}

static void test_close_in_every_phase_of_opening(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	redis_push_numbers(&harness, "q", 0, 10);
	for (unsigned turns = 0; turns < 24; turns++) {
		harness_open_only(&harness);
		worker_want(harness.worker, true);
		for (unsigned i = 0; i < turns; i++)
			uv_run(&harness.loop, UV_RUN_NOWAIT);
		harness_close(&harness);
	}
	harness_done(&harness);
}

/* A root file system without /etc/hosts may know no name at all. */
static const char *own_name(void)
{
	struct addrinfo *found = NULL;
	bool known = getaddrinfo("localhost", NULL, NULL, &found) == 0;

	if (known)
		freeaddrinfo(found);
	return known ? "localhost" : "127.0.0.1";
}

static void test_over_tcp_by_name_with_password(void **state)
{
	struct harness harness;
	(void)state;

	harness_init(&harness);
	harness.finish = true;
	freeReplyObject(redis_do(&harness, "ACL SETUSER rowd on >secret ~* &* +@all"));
	struct redis_url *url = &harness.options.redis.url;
	url->unix_socket[0] = '\0';
	snprintf(url->host, sizeof(url->host), "%s", own_name());
	snprintf(url->user, sizeof(url->user), "rowd");
	snprintf(url->password, sizeof(url->password), "secret");
	const char *port = getenv("ROWD_TEST_PORT");
	url->port = port ? (uint16_t)strtoul(port, NULL, 10) : 0;
	url->database = 3;
	freeReplyObject(redis_do(&harness, "SELECT 3"));
	redis_push_numbers(&harness, "q", 0, 100);
	harness_open(&harness);
	harness_wait_received(&harness, 100);
	harness_wait_empty(&harness);
	assert_complete(&harness, 100);
	freeReplyObject(redis_do(&harness, "ACL DELUSER rowd")); /* cuts its connections */
	harness_until(&harness, is_disconnected, "the loss noticed");
	harness_close(&harness);
	harness_done(&harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forgotten_scripts),
		cmocka_unit_test(test_connections_killed_in_mid_load),
		cmocka_unit_test(test_large_replies_in_trouble),
		cmocka_unit_test(test_what_is_too_long_is_never_told_whole),
		cmocka_unit_test(test_answers_of_claims_are_lost),
		cmocka_unit_test(test_pops_are_lost_before_their_adoption),
		cmocka_unit_test(test_server_starts_again),
		cmocka_unit_test(test_frozen_server_executes_late),
		cmocka_unit_test(test_close_without_a_server),
		cmocka_unit_test(test_close_in_every_phase_of_opening),
		cmocka_unit_test(test_over_tcp_by_name_with_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
