/* tests/queue/recovery_parts.c - recoveries that come in parts, have no room, or die themselves: of the dead, and of
 * workers whose loop is not turned any more. */
#include "tests/queue/dead.h"

#include <stdlib.h>

enum { MANY = 4096 };

static const char dead[] = "exo-0123";

static void start_peer(struct harness *peer)
{
	harness_init_beside(peer);
	dead_settings(peer);
}

/* Nothing turns its loop any more, and its lease ends. */
static void freeze(struct harness *frozen, struct harness *by)
{
	freeReplyObject(redis_do(by, "ZADD {q}:workers 1 %s", worker_id(frozen->worker)));
}

static bool is_fenced(struct harness *harness)
{
	return harness->fenced > 0;
}

static void test_whoever_recovers_the_recoverer_runs_nothing_again(void **state)
{
	struct harness first, second;
	(void)state;

	dead_start(&first);
	dead_hold(&first, dead, 1, 4);
	dead_done(&first, 2, 2);
	dead_die(&first, dead);
	harness_open(&first);
	harness_wait_received(&first, 4);
	assert_received(&first, true, (unsigned[]){2, 3}, 2);
	start_peer(&second);
	freeze(&first, &second);
	harness_open(&second); /* the database says that nothing of the first was committed */
	harness_wait_received(&second, 4);
	assert_string_equal(second.database.last_dead, worker_id(first.worker));
	assert_received(&second, true, (unsigned[]){2, 3}, 2);
	assert_received(&second, false, (unsigned[]){1, 4}, 2);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(second.received[i].claim.attempts, 2);
	harness_finish_all(&second);
	harness_until(&first, is_fenced, "the thawed one fenced");
	harness_done(&first);
	harness_done(&second);
}

static bool has_settled(struct harness *harness)
{
	return worker_settled(harness->worker);
}

static void test_given_back_it_stays_in_flight(void **state)
{
	struct harness first, second;
	(void)state;

	dead_start(&first);
	dead_hold(&first, dead, 1, 3);
	dead_done(&first, 2, 1);
	dead_die(&first, dead);
	harness_open(&first);
	harness_wait_received(&first, 3);
	worker_stop_claiming(first.worker);
	for (size_t i = 3; i-- > 0;)
		worker_give_back(first.worker, &first.received[i].claim);
	harness_until(&first, has_settled, "all given back");
	harness_close(&first);
	assert_int_equal(redis_int(&first, "LLEN {q}:again"), 2);
	start_peer(&second);
	harness_open(&second);
	harness_wait_received(&second, 3);
	assert_received(&second, true, (unsigned[]){2}, 1);
	assert_received(&second, false, (unsigned[]){1, 3}, 2);
	harness_done(&second);
	harness_done(&first);
}

static void test_many_in_parts_with_little_credit(void **state)
{
	struct harness harness;
	unsigned char *times = calloc(MANY, 1);
	unsigned last = 0;
	(void)state;

	assert_non_null(times);
	dead_start(&harness);
	harness.options.limits.in_flight = 50;
	harness.options.limits.batch = 20;
	dead_hold(&harness, dead, 0, MANY);
	for (unsigned i = 0; i < MANY; i += 2) /* as many ranges as there can be */
		dead_done(&harness, i, 1);
	dead_die(&harness, dead);
	harness.finish = true;
	harness_open(&harness);
	harness_wait_received(&harness, MANY);
	for (size_t i = 0; i < MANY; i++) {
		unsigned number = received_number(&harness, i);
		times[number]++;
		assert_int_equal(harness.received[i].claim.recovered, number % 2 == 0);
		if (number % 2 == 0)
			continue;
		assert_true(number > last);
		last = number;
	}
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(times[i], 1);
	harness_wait_empty(&harness);
	free(times);
	harness_done(&harness);
}

static bool has_twenty(struct harness *harness)
{
	return harness->received_count == 20;
}

static void test_no_more_than_there_is_room_for(void **state)
{
	struct harness harness;
	(void)state;

	dead_start(&harness);
	harness.options.limits.in_flight = 20;
	dead_hold(&harness, dead, 1, 100);
	dead_done(&harness, 1, 100);
	dead_die(&harness, dead);
	harness_open(&harness);
	for (size_t i = 0; i < 5; i++) {
		harness_until(&harness, has_twenty, "as many as there is room for");
		harness_turn_ms(&harness, 300);
		assert_int_equal(harness.received_count, 20);
		assert_int_equal(redis_int(&harness, "HLEN {q}:inflight:%s", dead), 80 - 20 * i);
		for (size_t j = 0; j < 20; j++)
			harness_finish(&harness, j);
		harness_forget_received(&harness);
	}
	harness_wait_empty(&harness);
	harness_done(&harness);
}

static bool has_wanted(struct harness *harness)
{
	return harness->received_count >= harness->wanted;
}

/* Answers of the parts get lost: the connection is cut again and again. */
static void test_lost_parts_are_adopted_with_their_mark(void **state)
{
	struct harness harness;
	(void)state;

	dead_start(&harness);
	harness.options.limits.in_flight = 3000;
	dead_hold(&harness, dead, 1, 2000);
	dead_done(&harness, 501, 1000);
	dead_die(&harness, dead);
	harness_open(&harness);
	harness_wait_inquired(&harness, 1);
	for (harness.wanted = 1; harness.received_count < 2000; harness.wanted = harness.received_count + 1) {
		redis_int(&harness, "CLIENT KILL TYPE normal SKIPME yes");
		harness_until(&harness, has_wanted, "some more");
	}
	assert_int_equal(harness.received_count, 2000);
	unsigned char times[2001] = {0};
	for (size_t i = 0; i < 2000; i++) {
		unsigned number = received_number(&harness, i);
		times[number]++;
		assert_int_equal(harness.received[i].claim.recovered, number > 500 && number <= 1500);
	}
	for (unsigned i = 1; i <= 2000; i++)
		assert_int_equal(times[i], 1);
	assert_int_equal(harness.fenced, 0);
	harness_finish_all(&harness);
	harness_done(&harness);
}

/* No memory above for what was recovered: it is adopted later, and still is what it was. */
static void test_no_memory_keeps_the_mark(void **state)
{
	struct harness harness;
	(void)state;

	dead_start(&harness);
	harness.refuse = 3;
	dead_hold(&harness, dead, 1, 10);
	dead_done(&harness, 1, 10);
	dead_die(&harness, dead);
	harness_open(&harness);
	harness_wait_received(&harness, 10);
	assert_received(&harness, true, (unsigned[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 10);
	harness_finish_all(&harness);
	harness_done(&harness);
}

static bool stands_by_with_all(struct harness *harness)
{
	uv_run(&harness->other->loop, UV_RUN_NOWAIT); /* the owner's lease goes on */
	return harness->received_count == 10;
}

/* The owner lives and wants nothing. What the other one could not take at once is found without owning the queue. */
static void test_a_standby_adopts_what_it_has_recovered(void **state)
{
	struct harness owner, standby;
	(void)state;

	dead_start(&owner);
	harness_open(&owner);
	worker_want(owner.worker, false);
	start_peer(&standby);
	standby.refuse = 3;
	dead_done(&owner, 1, 10);
	dead_done(&standby, 1, 10);
	dead_hold(&owner, dead, 1, 10);
	freeReplyObject(redis_do(&owner, "ZADD {q}:workers 1 %s", dead));
	harness_open(&standby);
	standby.other = &owner;
	harness_until(&standby, stands_by_with_all, "all adopted");
	assert_false(harness_is_owner(&standby));
	assert_true(harness_is_owner(&owner));
	assert_int_equal(owner.received_count, 0);
	assert_received(&standby, true, (unsigned[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 10);
	harness_finish_all(&standby);
	harness_done(&standby);
	harness_done(&owner);
}

static bool both_have_all(struct harness *harness)
{
	struct harness *other = harness->other;

	uv_run(&other->loop, UV_RUN_NOWAIT);
	return harness->received_count + other->received_count >= harness->wanted;
}

static void test_two_recover_at_once(void **state)
{
	struct harness first, second;
	unsigned char times[1001] = {0};
	(void)state;

	dead_start(&first);
	first.queues[0].shared = true;
	first.finish = true;
	harness_open(&first);
	start_peer(&second);
	second.queues[0].shared = true;
	second.finish = true;
	harness_open(&second);
	dead_done(&first, 251, 500);
	dead_done(&second, 251, 500);
	dead_hold(&first, dead, 1, 1000);
	dead_die(&first, dead);
	first.other = &second;
	first.wanted = 1000;
	harness_until(&first, both_have_all, "all recovered");
	const struct harness *both[] = {&first, &second};
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < both[i]->received_count; j++) {
			unsigned number = received_number(both[i], j);
			times[number]++;
			assert_int_equal(both[i]->received[j].claim.recovered, number > 250 && number <= 750);
		}
	for (unsigned i = 1; i <= 1000; i++)
		assert_int_equal(times[i], 1);
	harness_wait_empty(&first);
	harness_wait_empty(&second);
	harness_done(&first);
	harness_done(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whoever_recovers_the_recoverer_runs_nothing_again),
		cmocka_unit_test(test_given_back_it_stays_in_flight),
		cmocka_unit_test(test_many_in_parts_with_little_credit),
		cmocka_unit_test(test_no_more_than_there_is_room_for),
		cmocka_unit_test(test_lost_parts_are_adopted_with_their_mark),
		cmocka_unit_test(test_no_memory_keeps_the_mark),
		cmocka_unit_test(test_a_standby_adopts_what_it_has_recovered),
		cmocka_unit_test(test_two_recover_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
