/* tests/queue/exactly_once.c - queues that are delivered exactly once: joining and leaving, markers, names. */
#include "tests/queue/harness.h"

#include "common/clock.h"
#include "tests/support/allocations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void start(struct harness *harness)
{
	harness_init(harness);
	harness->queues[0].policy.exactly_once = true;
	harness->outcome.reply = BYTES("r");
	harness->outcome.list = BYTES("rowd:reply:1");
	harness->outcome.list_ttl_ms = 60000;
}

static bool was_asked_to_enroll(struct harness *harness)
{
	return harness->database.enrolled >= harness->wanted;
}

static void wait_enroll(struct harness *harness, size_t times)
{
	harness->wanted = times;
	harness_until(harness, was_asked_to_enroll, "asked to enroll");
}

static void test_nothing_is_claimed_before_the_rows_are_there(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	harness.database.silent = true;
	redis_push_numbers(&harness, "q", 0, 3);
	harness_open_only(&harness);
	worker_want(harness.worker, true);
	wait_enroll(&harness, 2); /* and is asked again */
	worker_enrolled(harness.worker, "exo-somebodyelse");
	harness_turn_ms(&harness, 200);
	assert_false(harness.ready);
	assert_int_equal(redis_int(&harness, "EXISTS {q}:workers {q}:owner"), 0);
	assert_int_equal(redis_int(&harness, "LLEN q"), 3);
	worker_enrolled(harness.worker, worker_id(harness.worker));
	harness_wait_received(&harness, 3);
	assert_true(harness.ready);
	assert_memory_equal(worker_id(harness.worker), "exo-", 4);
	assert_int_equal(redis_int(&harness, "HLEN {q}:inflight:%s", worker_id(harness.worker)), 3);
	uint32_t enrolled = harness.database.enrolled;
	harness_turn_ms(&harness, 1200);
	assert_int_equal(harness.database.enrolled, enrolled);
	harness_done(&harness);
}

static bool has_received_two(struct harness *harness)
{
	return harness->received_count == 2;
}

static void test_other_queues_join_at_once_under_a_name_of_their_own(void **state)
{
	struct harness harness;
	char name[64];
	(void)state;

	start(&harness);
	harness.options.queue_count = 2;
	harness.database.silent = true;
	redis_push_numbers(&harness, "q", 0, 2);
	redis_push_numbers(&harness, "q2", 0, 2);
	harness_open_only(&harness);
	worker_want(harness.worker, true);
	harness_until(&harness, has_received_two, "the other queue served");
	assert_int_equal(harness.received[0].claim.queue_index, 1);
	snprintf(name, sizeof(name), "alo-%s", worker_id(harness.worker) + 4);
	assert_int_equal(redis_int(&harness, "HLEN {q2}:inflight:%s", name), 2);
	redisReply *owner = redis_do(&harness, "GET {q2}:owner");
	assert_string_equal(owner->str, name);
	freeReplyObject(owner);
	assert_int_equal(redis_int(&harness, "EXISTS {q}:workers"), 0);
	worker_enrolled(harness.worker, worker_id(harness.worker));
	harness_wait_received(&harness, 4);
	assert_int_equal(redis_int(&harness, "HLEN {q}:inflight:%s", worker_id(harness.worker)), 2);
	harness_done(&harness);
}

static void test_a_new_incarnation_enrolls_anew(void **state)
{
	struct harness harness;
	char before[64];
	(void)state;

	start(&harness);
	harness_open(&harness);
	snprintf(before, sizeof(before), "%s", worker_id(harness.worker));
	harness.database.silent = true;
	worker_start_over(harness.worker);
	wait_enroll(&harness, 2);
	assert_int_equal(harness.fenced, 1);
	assert_string_not_equal(before, worker_id(harness.worker));
	assert_memory_equal(worker_id(harness.worker), "exo-", 4);
	worker_enrolled(harness.worker, before); /* late */
	redis_push_numbers(&harness, "q", 0, 1);
	harness_turn_ms(&harness, 300);
	assert_int_equal(harness.received_count, 0);
	harness.database.silent = false;
	harness_wait_received(&harness, 1);
	harness_done(&harness);
}

static bool is_ready_now(struct harness *harness)
{
	return harness->ready;
}

/* Nobody knows whether the join came: if it did, the lease has ended since, and the rows may have been dismissed. */
static void test_a_join_whose_answer_was_lost_is_not_taken_up_later(void **state)
{
	struct harness harness;
	char before[64];
	(void)state;

	start(&harness);
	harness.options.delivery.lease_ms = 1000;
	harness.options.redis.command_timeout_ms = 300;
	harness.database.silent = true;
	harness_open_only(&harness);
	wait_enroll(&harness, 1);
	snprintf(before, sizeof(before), "%s", worker_id(harness.worker));
	control(&harness, "freeze");
	worker_enrolled(harness.worker, before);
	harness.database.silent = false;
	harness_turn_ms(&harness, 1500); /* the join is sent, and then the lease would have ended */
	assert_false(harness.ready);
	control(&harness, "thaw");
	harness_until(&harness, is_ready_now, "the new one ready");
	assert_string_not_equal(before, worker_id(harness.worker));
	assert_int_equal(harness.fenced, 1);
	assert_string_equal(harness.database.last_dead, "");
	harness_done(&harness);
}

/* ---- markers ---- */

static void finish_with_markers(struct harness *harness, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		harness->outcome.marker = (uint32_t)(i % HARNESS_MARKERS);
		harness_finish(harness, i);
	}
}

static void assert_released(const struct harness *harness, size_t count, uint32_t times)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(harness->released[i], times);
}

static void test_markers_are_released_once(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	redis_push_numbers(&harness, "q", 0, 20);
	harness_open(&harness);
	harness_wait_received(&harness, 20);
	finish_with_markers(&harness, 0, 8);
	harness.outcome.dead = true; /* a dead letter acknowledges by itself */
	harness.outcome.dead_reason = "POISON";
	finish_with_markers(&harness, 8, 10);
	harness.outcome.dead = false;
	harness.outcome.marker = WORKER_NO_MARKER;
	for (size_t i = 10; i < 20; i++)
		harness_finish(&harness, i);
	assert_released(&harness, 20, 0);
	harness_wait_empty(&harness);
	assert_released(&harness, 10, 1);
	for (size_t i = 10; i < HARNESS_MARKERS; i++)
		assert_int_equal(harness.released[i], 0);
	assert_int_equal(redis_int(&harness, "LLEN {q}:dead"), 2);
	harness_done(&harness);
}

static void test_no_marker_is_released_while_the_reply_is_not_taken(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	harness.outcome.list = BYTES("{q}:dead");
	harness.outcome.dead = true;
	harness.outcome.dead_reason = "POISON";
	freeReplyObject(redis_do(&harness, "SET {q}:dead 1")); /* neither reply nor letter can go there */
	redis_push_numbers(&harness, "q", 0, 1);
	harness_open(&harness);
	harness_wait_received(&harness, 1);
	finish_with_markers(&harness, 0, 1);
	harness_turn_ms(&harness, 500);
	assert_int_equal(harness.released[0], 0);
	freeReplyObject(redis_do(&harness, "DEL {q}:dead"));
	harness_wait_empty(&harness);
	assert_int_equal(harness.released[0], 1);
	harness_done(&harness);
}

static bool is_disconnected(struct harness *harness)
{
	return !worker_counts(harness->worker).connected;
}

/* The connection goes while acknowledgements are on their way. */
static void test_markers_survive_lost_acknowledgements(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	redis_push_numbers(&harness, "q", 0, HARNESS_MARKERS);
	harness_open(&harness);
	harness_wait_received(&harness, HARNESS_MARKERS);
	for (size_t i = 0; i < HARNESS_MARKERS; i += 8) {
		finish_with_markers(&harness, i, i + 8);
		uv_run(&harness.loop, UV_RUN_NOWAIT);
		uv_run(&harness.loop, UV_RUN_NOWAIT);
		redis_int(&harness, "CLIENT KILL TYPE normal SKIPME yes");
		harness_until(&harness, is_disconnected, "the loss noticed");
	}
	harness_wait_empty(&harness);
	assert_released(&harness, HARNESS_MARKERS, 1);
	assert_int_equal(redis_int(&harness, "HLEN {q}:inflight:%s", worker_id(harness.worker)), 0);
	harness_done(&harness);
}

static void finish_without_memory(struct harness *harness, size_t index)
{
	allocations_fail_at(1);
	harness_finish(harness, index);
	assert_true(allocations_end());
}

static void test_committed_without_memory_for_the_answer(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	redis_push_numbers(&harness, "q", 0, 3);
	harness_open(&harness);
	harness_wait_received(&harness, 3);
	harness.outcome.marker = 1;
	finish_without_memory(&harness, 1);
	harness.outcome.marker = WORKER_NO_MARKER;
	finish_without_memory(&harness, 2);
	harness_wait_received(&harness, 5);
	/* One is to be answered only, the other runs again. */
	assert_int_equal(received_number(&harness, 3), 1);
	assert_true(harness.received[3].claim.recovered);
	assert_int_equal(harness.received[3].claim.number, harness.received[1].claim.number);
	assert_int_equal(received_number(&harness, 4), 2);
	assert_false(harness.received[4].claim.recovered);
	assert_int_equal(worker_counts(harness.worker).in_flight, 3);
	finish_without_memory(&harness, 3); /* and once more */
	harness_wait_received(&harness, 6);
	assert_true(harness.received[5].claim.recovered);
	worker_give_back(harness.worker, &harness.received[5].claim); /* never: it would run again */
	harness_turn_ms(&harness, 200);
	assert_int_equal(redis_int(&harness, "EXISTS {q}:again"), 0);
	assert_int_equal(harness.released[1], 0);
	harness_finish(&harness, 0);
	harness_finish(&harness, 4);
	harness_finish(&harness, 5);
	harness_wait_empty(&harness);
	assert_int_equal(harness.released[1], 1);
	harness_done(&harness);
}

static bool has_started_over(struct harness *harness)
{
	return harness->fenced == 1;
}

static void test_fenced_worker_releases_nothing(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	redis_push_numbers(&harness, "q", 0, 10);
	harness_open(&harness);
	harness_wait_received(&harness, 10);
	harness.outcome.marker = 3;
	struct claim stale = harness.received[9].claim;
	for (size_t i = 0; i < 9; i++)
		harness_finish(&harness, i);
	worker_start_over(harness.worker);
	harness_until(&harness, has_started_over, "a new incarnation");
	worker_finish(harness.worker, &stale, &harness.outcome);
	harness_turn_ms(&harness, 300);
	assert_int_equal(harness.released[3], 0);
	harness_done(&harness);
}

/* ---- leaving ---- */

static bool first_is_dismissed(struct harness *harness)
{
	return harness->database.dismissed > 0;
}

static void test_rows_are_forgotten_before_the_worker(void **state)
{
	struct harness harness;
	char id[64];
	(void)state;

	start(&harness);
	harness.finish = true;
	redis_push_numbers(&harness, "q", 0, 10);
	harness_open(&harness);
	harness_wait_received(&harness, 10);
	harness_wait_empty(&harness);
	snprintf(id, sizeof(id), "%s", worker_id(harness.worker));
	harness.database.silent = true;
	worker_close(harness.worker);
	harness_until(&harness, first_is_dismissed, "the rows dismissed");
	assert_string_equal(harness.database.last_dismissed, id);
	assert_string_equal(harness.database.last_queue, "q");
	/* The queue is free already, the worker still remembered: declared dead, it can hold nothing more. */
	assert_int_equal(redis_int(&harness, "EXISTS {q}:owner"), 0);
	assert_true(redis_int(&harness, "ZSCORE {q}:workers %s", id) < 0);
	worker_dismissed(harness.worker, id, "q2"); /* something else */
	assert_true(redis_int(&harness, "ZSCORE {q}:workers %s", id) < 0);
	worker_dismissed(harness.worker, id, "q");
	harness_close(&harness);
	assert_int_equal(redis_int(&harness, "EXISTS {q}:workers"), 0);
	assert_int_equal(harness.database.dismissed, 1);
	harness_done(&harness);
}

static void test_each_queue_is_dismissed_when_leaving(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	harness.options.queue_count = 3;
	harness.queues[2].policy.exactly_once = true;
	harness_open(&harness);
	harness_close(&harness);
	assert_int_equal(harness.database.dismissed, 2);
	assert_int_equal(redis_int(&harness, "EXISTS {q}:workers {q2}:workers {q3}:workers"), 0);
	harness_done(&harness);
}

static void test_leaving_waits_for_no_database_that_is_away(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	harness_open(&harness);
	harness.database.silent = true;
	uint64_t before_us = clock_monotonic_us();
	harness_close(&harness);
	assert_in_range(clock_monotonic_us() - before_us, 0, 8000000);          /* less than a lease */
	assert_int_equal(redis_int(&harness, "ZCOUNT {q}:workers -inf (0"), 1); /* others dismiss it later */
	assert_int_equal(redis_int(&harness, "EXISTS {q}:owner"), 0);
	harness_done(&harness);
}

/* What is in doubt is never finished nor given back: it stays in flight, and the lease ends. */
static void test_what_is_in_doubt_is_left_to_recovery(void **state)
{
	struct harness harness;
	char id[64];
	(void)state;

	start(&harness);
	redis_push_numbers(&harness, "q", 0, 3);
	harness_open(&harness);
	harness_wait_received(&harness, 3);
	worker_stop_claiming(harness.worker);
	harness_finish(&harness, 0);
	worker_give_back(harness.worker, &harness.received[2].claim);
	snprintf(id, sizeof(id), "%s", worker_id(harness.worker));
	uint64_t before_us = clock_monotonic_us();
	harness_close(&harness);
	assert_in_range(clock_monotonic_us() - before_us, 0, 1500000);
	assert_int_equal(harness.database.dismissed, 0);
	assert_int_equal(redis_int(&harness, "HEXISTS {q}:inflight:%s 2", id), 1);
	assert_int_equal(redis_int(&harness, "HLEN {q}:inflight:%s", id), 1);
	assert_int_equal(redis_int(&harness, "LLEN {q}:again"), 1);
	assert_int_equal(redis_int(&harness, "ZSCORE {q}:workers %s", id), 0);
	assert_int_equal(redis_int(&harness, "ZCARD {q}:workers"), 1);
	harness_done(&harness);
}

/* It was asked to stop before it could look after its predecessor: the file still proves that one dead. */
static void test_leaving_keeps_a_predecessor_that_nobody_looked_after(void **state)
{
	static const char name[] = "exo-0123456789abcdef0123456789abcdef";
	struct harness harness;
	char directory[256], path[300], found[64] = "";
	(void)state;

	snprintf(directory, sizeof(directory), "%s/kept", getenv("ROWD_TEST_DIRECTORY"));
	assert_int_equal(mkdir(directory, 0700), 0);
	snprintf(path, sizeof(path), "%s/worker.id", directory);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "%s", name);
	assert_int_equal(fclose(file), 0);
	start(&harness);
	harness.options.runtime_directory = directory;
	harness.database.silent = true; /* so that it never joins */
	harness_open_only(&harness);
	wait_enroll(&harness, 1);
	harness_close(&harness);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(found, sizeof(found), file));
	assert_int_equal(fclose(file), 0);
	assert_string_equal(found, name);
	harness_done(&harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_claimed_before_the_rows_are_there),
		cmocka_unit_test(test_other_queues_join_at_once_under_a_name_of_their_own),
		cmocka_unit_test(test_a_new_incarnation_enrolls_anew),
		cmocka_unit_test(test_a_join_whose_answer_was_lost_is_not_taken_up_later),
		cmocka_unit_test(test_markers_are_released_once),
		cmocka_unit_test(test_no_marker_is_released_while_the_reply_is_not_taken),
		cmocka_unit_test(test_markers_survive_lost_acknowledgements),
		cmocka_unit_test(test_committed_without_memory_for_the_answer),
		cmocka_unit_test(test_fenced_worker_releases_nothing),
		cmocka_unit_test(test_rows_are_forgotten_before_the_worker),
		cmocka_unit_test(test_each_queue_is_dismissed_when_leaving),
		cmocka_unit_test(test_leaving_waits_for_no_database_that_is_away),
		cmocka_unit_test(test_what_is_in_doubt_is_left_to_recovery),
		cmocka_unit_test(test_leaving_keeps_a_predecessor_that_nobody_looked_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
