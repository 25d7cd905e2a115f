/* tests/queue/guards.c - whom a worker recovers, when, and under which keys: what others have written, clocks, and
 * names of any length. */
#include "tests/queue/harness.h"

#include "common/clock.h"

#include <stdlib.h>
#include <string.h>

enum { LEASE_MS = 1000 };

static const char dead[] = "alo-0123";

static void start(struct harness *harness)
{
	harness_init(harness);
	harness->options.delivery.lease_ms = LEASE_MS;
}

static void test_a_queue_with_a_long_name_is_recovered(void **state)
{
	struct harness harness;
	static char key[1000];
	(void)state;

	memset(key, 'k', sizeof(key) - 1);
	start(&harness);
	harness.queues[0].key = key;
	freeReplyObject(redis_do(&harness, "HSET {%s}:inflight:%s 1 7", key, dead));
	freeReplyObject(redis_do(&harness, "LPUSH {%s}:landing:%s 8", key, dead));
	freeReplyObject(redis_do(&harness, "ZADD {%s}:workers 1 %s", key, dead));
	freeReplyObject(redis_do(&harness, "SET {%s}:owner %s", key, dead));
	harness_open(&harness);
	harness_wait_received(&harness, 2);
	assert_int_equal(received_number(&harness, 0), 7);
	assert_int_equal(received_number(&harness, 1), 8);
	harness_done(&harness);
}

static bool is_owner(struct harness *harness)
{
	return worker_counts(harness->worker).owner_of_any;
}

static bool nothing_is_held(struct harness *harness)
{
	return redis_int(harness, "EXISTS {q}:inflight:%s", dead) == 0;
}

/* Nobody can be recovered by a name that no worker can have, and nobody who can be waits behind it. */
static void test_names_that_no_worker_can_have(void **state)
{
	struct harness harness;
	char longest[200];
	(void)state;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	start(&harness);
	freeReplyObject(
		redis_do(&harness, "ZADD {q}:workers 1 %s 2 %b 3 %b", longest, "a\0b", (size_t)3, "", (size_t)0));
	freeReplyObject(redis_do(&harness, "ZADD {q}:workers -5 %s-", longest));
	freeReplyObject(redis_do(&harness, "ZADD {q}:workers 4 %s", dead));
	freeReplyObject(redis_do(&harness, "HSET {q}:inflight:%s 1 7", dead));
	freeReplyObject(redis_do(&harness, "SET {q}:owner %s", longest));
	harness_open(&harness);
	harness_until(&harness, is_owner, "the queue taken from nobody");
	harness_until(&harness, nothing_is_held, "the dead one recovered");
	harness_wait_received(&harness, 1);
	assert_int_equal(received_number(&harness, 0), 7);
	harness_done(&harness);
}

static bool has_renewed(struct harness *harness)
{
	redisReply *score = redis_do(harness, "ZSCORE {q}:workers %s", worker_id(harness->worker));
	bool renewed = score->type == REDIS_REPLY_STRING && strtod(score->str, NULL) > 1;

	freeReplyObject(score);
	return renewed;
}

static bool is_declared_dead(struct harness *harness)
{
	return redis_int(harness, "ZCOUNT {q}:workers -inf (0") == 1;
}

/* The clock of the server has leapt, as at a failover to one that is ahead: everybody's lease has ended, and nobody is
 * dead. */
static void test_nobody_is_dead_whose_lease_ended_with_everybodys(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	harness_open(&harness);
	harness_turn_ms(&harness, LEASE_MS + LEASE_MS / 2); /* so that it might recover others */
	uint64_t since_us = clock_monotonic_us();
	freeReplyObject(redis_do(&harness, "ZADD {q}:workers 1 %s 1 %s", worker_id(harness.worker), dead));
	harness_until(&harness, has_renewed, "the own lease renewed");
	harness_until(&harness, is_declared_dead, "the other one dead after all");
	assert_true(clock_monotonic_us() - since_us >=
		    LEASE_MS * 1000ull); /* it could have renewed its own meanwhile */
	harness_done(&harness);
}

/* Two queues ask for two dead ones, and of the first nothing can be told. */
static void test_whoever_cannot_be_told_of_keeps_back_no_other(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	harness.options.queue_count = 2;
	harness.queues[0].policy.exactly_once = harness.queues[1].policy.exactly_once = true;
	harness.database.fate = WORKER_FENCED;
	harness.database.locked = "exo-1";
	freeReplyObject(redis_do(&harness, "HSET {q}:inflight:exo-1 1 1"));
	freeReplyObject(redis_do(&harness, "ZADD {q}:workers 1 exo-1"));
	freeReplyObject(redis_do(&harness, "HSET {q2}:inflight:exo-2 1 2"));
	freeReplyObject(redis_do(&harness, "ZADD {q2}:workers 1 exo-2"));
	harness_open(&harness);
	harness_wait_received(&harness, 1);
	assert_int_equal(received_number(&harness, 0), 2);
	harness.database.locked = NULL;
	harness_wait_received(&harness, 2);
	assert_int_equal(received_number(&harness, 1), 1);
	harness_done(&harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_queue_with_a_long_name_is_recovered),
		cmocka_unit_test(test_names_that_no_worker_can_have),
		cmocka_unit_test(test_nobody_is_dead_whose_lease_ended_with_everybodys),
		cmocka_unit_test(test_whoever_cannot_be_told_of_keeps_back_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
