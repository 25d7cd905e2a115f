/* tests/queue/recovery.c - what is run again of a dead worker, what is only answered, and when it is forgotten. */
#include "tests/queue/dead.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char dead[] = "exo-0123";

static void test_done_undone_and_marked(void **state)
{
	struct harness harness;
	(void)state;

	dead_start(&harness);
	dead_hold(&harness, dead, 1, 12);
	dead_hold_field(&harness, dead, "13:2", 13);
	dead_hold_field(&harness, dead, "14:1", 14);
	dead_hold_field(&harness, dead, "15r", 15);
	dead_hold_field(&harness, dead, "16:3r", 16);
	freeReplyObject(redis_do(&harness, "LPUSH {q}:landing:%s 17", dead));
	redis_push_numbers(&harness, "q", 18, 3);
	dead_done(&harness, 13, 1);
	dead_done(&harness, 3, 2);
	dead_done(&harness, 4, 3);
	dead_done(&harness, 100, 9);
	dead_die(&harness, dead);
	harness_open(&harness);
	harness_wait_received(&harness, 20);
	assert_string_equal(harness.database.last_dead, dead);
	assert_int_equal(harness.database.inquired, 1);
	assert_received(&harness, true, (unsigned[]){3, 4, 5, 6, 13, 15, 16}, 7);
	assert_received(&harness, false, (unsigned[]){1, 2, 7, 8, 9, 10, 11, 12, 14, 17, 18, 19, 20}, 13);
	for (size_t i = 0; i < harness.received_count; i++) {
		unsigned number = received_number(&harness, i);
		unsigned before = number == 13 ? 2 : number == 14 ? 1 : number == 16 ? 3 : 0;
		assert_int_equal(harness.received[i].claim.attempts, number < 18 ? before + 1 : 0);
	}
	assert_int_equal(redis_int(&harness, "EXISTS {q}:inflight:%s {q}:landing:%s", dead, dead), 0);
	/* 14 came by itself, and is done with. */
	assert_in_range(redis_int(&harness, "HLEN {q}:inflight:%s", worker_id(harness.worker)), 19, 20);
	assert_int_equal(worker_counts(harness.worker).recovered, 17);
	harness_finish_all(&harness);
	assert_int_equal(redis_int(&harness, "HLEN {q}:inflight:%s", worker_id(harness.worker)), 0);
	harness_done(&harness);
}

static void test_nothing_moves_before_the_database_has_spoken(void **state)
{
	struct harness harness;
	(void)state;

	dead_start(&harness);
	dead_hold(&harness, dead, 1, 5);
	freeReplyObject(redis_do(&harness, "LPUSH {q}:landing:%s 6", dead));
	dead_done(&harness, 2, 1);
	dead_die(&harness, dead);
	harness_open(&harness);
	harness.database.silent = true;
	harness_wait_inquired(&harness, 1);
	assert_true(redis_int(&harness, "ZSCORE {q}:workers %s", dead) < 0);            /* its lease cannot come back */
	worker_told(harness.worker, "exo-4567", WORKER_FENCED, &harness.database.done); /* nobody has asked */
	harness_turn_ms(&harness, 700);
	assert_int_equal(redis_int(&harness, "HLEN {q}:inflight:%s", dead), 5);
	assert_int_equal(redis_int(&harness, "LLEN {q}:landing:%s", dead), 1);
	assert_int_equal(harness.received_count, 0);
	assert_int_equal(harness.database.inquired, 1);
	worker_told(harness.worker, dead, WORKER_UNREACHABLE, NULL);
	harness_wait_inquired(&harness, 2);
	worker_told(harness.worker, dead, WORKER_UNREACHABLE, NULL);
	harness_wait_inquired(&harness, 3);
	assert_int_equal(redis_int(&harness, "HLEN {q}:inflight:%s", dead), 5);
	worker_told(harness.worker, dead, WORKER_FENCED, &harness.database.done);
	harness_wait_received(&harness, 6);
	assert_received(&harness, true, (unsigned[]){2}, 1);
	assert_received(&harness, false, (unsigned[]){1, 3, 4, 5, 6}, 5);
	harness_done(&harness);
}

static bool inquired_twice_about_it(struct harness *harness)
{
	return harness->database.inquired >= 2;
}

static void test_what_a_standby_asks_holds_up_no_other_queue(void **state)
{
	struct harness harness;
	(void)state;

	dead_start(&harness);
	harness.options.queue_count = 2;
	harness.queues[1].policy.exactly_once = true;
	dead_hold(&harness, dead, 1, 5);
	dead_die(&harness, dead);
	harness_open(&harness);
	harness.database.unreachable = true;
	harness_until(&harness, inquired_twice_about_it, "asked again");
	redis_push_numbers(&harness, "q2", 7, 1);
	harness_wait_received(&harness, 1);
	assert_int_equal(harness.received[0].claim.queue_index, 1);
	harness.database.unreachable = false;
	harness_wait_received(&harness, 6);
	harness_done(&harness);
}

static bool dead_holds_nothing(struct harness *harness)
{
	return redis_int(harness, "EXISTS {q}:inflight:%s", dead) == 0;
}

static void look_at_once(struct harness *harness, const char *fraction)
{
	freeReplyObject(redis_do(harness, "ZADD {q}:workers -1%s %s", fraction, dead));
}

static void test_what_nobody_knows_stays(void **state)
{
	struct harness harness;
	(void)state;

	dead_start(&harness);
	harness.database.fate = WORKER_UNKNOWN;
	dead_hold(&harness, dead, 1, 5);
	dead_hold_field(&harness, dead, "6r", 6);
	freeReplyObject(redis_do(&harness, "LPUSH {q}:landing:%s 7", dead));
	redis_push_numbers(&harness, "q", 8, 3);
	dead_die(&harness, dead);
	harness_open(&harness);
	harness_wait_received(&harness, 5); /* the queue itself goes on */
	assert_true(harness_is_owner(&harness));
	assert_received(&harness, true, (unsigned[]){6}, 1); /* the mark says enough */
	assert_received(&harness, false, (unsigned[]){7, 8, 9, 10}, 4);
	harness_finish_all(&harness);
	assert_int_equal(redis_int(&harness, "HLEN {q}:inflight:%s", dead), 5);
	assert_true(redis_int(&harness, "ZSCORE {q}:workers %s", dead) < 0);
	/* Another dead one is recovered meanwhile. */
	uint32_t inquired = harness.database.inquired;
	harness.database.fate = WORKER_FENCED;
	dead_hold(&harness, "exo-4567", 20, 1);
	freeReplyObject(redis_do(&harness, "ZADD {q}:workers 1 exo-4567"));
	harness_wait_received(&harness, 6);
	assert_int_equal(received_number(&harness, 5), 20);
	assert_int_equal(harness.database.inquired, inquired + 1);
	harness_finish_all(&harness);
	/* Its rows come back. */
	dead_done(&harness, 4, 2);
	harness_forget_received(&harness);
	look_at_once(&harness, ".75");
	harness_wait_received(&harness, 5);
	assert_received(&harness, true, (unsigned[]){4, 5}, 2);
	assert_received(&harness, false, (unsigned[]){1, 2, 3}, 3);
	assert_true(dead_holds_nothing(&harness));
	harness_finish_all(&harness);
	harness_done(&harness);
}

static bool dead_is_forgotten(struct harness *harness)
{
	redisReply *score = redis_do(harness, "ZSCORE {q}:workers %s", dead);
	bool forgotten = score->type == REDIS_REPLY_NIL;

	freeReplyObject(score);
	return forgotten;
}

static bool has_been_asked_to_dismiss(struct harness *harness)
{
	return harness->database.dismissed >= harness->wanted;
}

static void test_rows_go_before_the_dead_is_forgotten(void **state)
{
	struct harness harness;
	(void)state;

	dead_start(&harness);
	harness_open(&harness);
	harness.database.unreachable = true;
	look_at_once(&harness, ""); /* remembered for long enough */
	harness.wanted = 1;
	harness_until(&harness, has_been_asked_to_dismiss, "a dismissal");
	assert_string_equal(harness.database.last_dismissed, dead);
	assert_string_equal(harness.database.last_queue, "q");
	harness_turn_ms(&harness, LEASE_MS);
	assert_false(dead_is_forgotten(&harness));
	harness.wanted = 2; /* again, when nobody has answered */
	harness_until(&harness, has_been_asked_to_dismiss, "another dismissal");
	worker_dismissed(harness.worker, "exo-4567", "q");
	worker_dismissed(harness.worker, dead, "q2");
	harness_turn_ms(&harness, 200);
	assert_false(dead_is_forgotten(&harness));
	worker_dismissed(harness.worker, dead, "q");
	harness_until(&harness, dead_is_forgotten, "the dead one forgotten");
	harness_done(&harness);
}

/* A pop that it had sent moves something at the last moment. */
static void test_what_lands_while_the_rows_go_is_found(void **state)
{
	struct harness harness;
	(void)state;

	dead_start(&harness);
	harness_open(&harness);
	harness.database.silent = true;
	look_at_once(&harness, "");
	harness.wanted = 1;
	harness_until(&harness, has_been_asked_to_dismiss, "a dismissal");
	freeReplyObject(redis_do(&harness, "LPUSH {q}:landing:%s 5", dead));
	worker_dismissed(harness.worker, dead, "q");
	harness_wait_received(&harness, 1);
	assert_int_equal(received_number(&harness, 0), 5);
	assert_false(dead_is_forgotten(&harness));
	harness_done(&harness);
}

static bool is_remembered(struct harness *harness)
{
	return redis_int(harness, "ZSCORE {q}:workers %s", dead) < -1000;
}

/* Emptied by others after it was seen holding something: the long time begins only now. */
static void test_remembered_from_when_it_was_seen_empty(void **state)
{
	struct harness harness;
	(void)state;

	dead_start(&harness);
	harness_open(&harness);
	look_at_once(&harness, ".5");
	harness_until(&harness, is_remembered, "remembered");
	redisReply *time = redis_do(&harness, "TIME");
	long long now = strtoll(time->element[0]->str, NULL, 10) * 1000;
	freeReplyObject(time);
	assert_true(redis_int(&harness, "ZSCORE {q}:workers %s", dead) < -(now + 8 * LEASE_MS));
	assert_int_equal(harness.database.dismissed, 0);
	harness_done(&harness);
}

/* The mode of the queue has changed between two runs; the file names the worker as it was. */
static void test_mode_changes_across_a_restart(void **state)
{
	struct harness harness;
	char directory[256], path[300];
	static const char hex[] = "0123456789abcdef0123456789abcdef";
	(void)state;

	snprintf(directory, sizeof(directory), "%s/modes", getenv("ROWD_TEST_DIRECTORY"));
	assert_int_equal(mkdir(directory, 0700), 0);
	snprintf(path, sizeof(path), "%s/worker.id", directory);
	for (int was = 0; was < 2; was++) {
		char name[64];
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		snprintf(name, sizeof(name), "%s-%s", was ? "exo" : "alo", hex);
		fprintf(file, "%s", name);
		assert_int_equal(fclose(file), 0);
		dead_start(&harness);
		harness.queues[0].policy.exactly_once = !was;
		harness.options.delivery.lease_ms = 60000; /* nobody waits for it */
		harness.options.runtime_directory = directory;
		dead_hold(&harness, name, 1, 5);
		dead_done(&harness, 2, 1);
		freeReplyObject(redis_do(&harness, "ZADD {q}:workers 99999999999999 %s", name));
		freeReplyObject(redis_do(&harness, "SET {q}:owner %s", name));
		harness_open(&harness);
		harness_wait_received(&harness, 5);
		assert_int_equal(harness.database.inquired, was);
		assert_received(&harness, true, (unsigned[]){2}, (size_t)was);
		assert_memory_equal(worker_id(harness.worker), was ? "alo-" : "exo-", 4);
		harness_finish_all(&harness);
		harness_done(&harness);
	}
}

/* What the recoverer of another mode has taken over keeps its mark. */
static void test_marks_are_heeded_whatever_the_mode(void **state)
{
	struct harness harness;
	(void)state;

	dead_start(&harness);
	harness.queues[0].policy.exactly_once = false;
	dead_hold(&harness, "alo-0123", 1, 3);
	dead_hold_field(&harness, "alo-0123", "4:1r", 4);
	dead_die(&harness, "alo-0123");
	harness_open(&harness);
	harness_wait_received(&harness, 4);
	assert_int_equal(harness.database.inquired, 0);
	assert_received(&harness, true, (unsigned[]){4}, 1);
	assert_received(&harness, false, (unsigned[]){1, 2, 3}, 3);
	harness_finish_all(&harness);
	harness_done(&harness);
}

static bool predecessor_is_dismissed(struct harness *harness)
{
	return harness->database.dismissed > 0;
}

/* A process that was killed before it had joined: nobody but its successor knows of its rows. */
static void test_predecessor_that_never_joined_leaves_no_rows(void **state)
{
	static const char name[] = "exo-00000000000000000123456789abcdef";
	struct harness harness;
	char directory[256], path[300];
	(void)state;

	snprintf(directory, sizeof(directory), "%s/never", getenv("ROWD_TEST_DIRECTORY"));
	assert_int_equal(mkdir(directory, 0700), 0);
	snprintf(path, sizeof(path), "%s/worker.id", directory);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "%s", name);
	assert_int_equal(fclose(file), 0);
	dead_start(&harness);
	harness.options.runtime_directory = directory;
	harness_open(&harness);
	harness_until(&harness, predecessor_is_dismissed, "its rows dismissed");
	assert_string_equal(harness.database.last_dismissed, name);
	harness_close(&harness);
	assert_int_equal(harness.database.dismissed, 2);
	harness_done(&harness);
}

/* No later version's field is taken for one that never ran. */
static void test_strange_fields_stay(void **state)
{
	struct harness harness;
	(void)state;

	dead_start(&harness);
	dead_hold(&harness, dead, 1, 2);
	dead_hold_field(&harness, dead, "7:2:x", 7);
	dead_done(&harness, 1, 1);
	dead_die(&harness, dead);
	redis_push_numbers(&harness, "q", 8, 1);
	harness_open(&harness);
	harness_wait_received(&harness, 3);
	assert_received(&harness, true, (unsigned[]){1}, 1);
	assert_received(&harness, false, (unsigned[]){2, 8}, 2);
	assert_int_equal(redis_int(&harness, "HLEN {q}:inflight:%s", dead), 1);
	harness_until(&harness, harness_is_owner, "the queue taken over");
	redisReply *score = redis_do(&harness, "ZSCORE {q}:workers %s", dead);
	assert_non_null(strstr(score->str, ".75")); /* an operator has to decide */
	freeReplyObject(score);
	harness_finish_all(&harness);
	harness_done(&harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_done_undone_and_marked),
		cmocka_unit_test(test_nothing_moves_before_the_database_has_spoken),
		cmocka_unit_test(test_what_a_standby_asks_holds_up_no_other_queue),
		cmocka_unit_test(test_what_nobody_knows_stays),
		cmocka_unit_test(test_rows_go_before_the_dead_is_forgotten),
		cmocka_unit_test(test_what_lands_while_the_rows_go_is_found),
		cmocka_unit_test(test_remembered_from_when_it_was_seen_empty),
		cmocka_unit_test(test_mode_changes_across_a_restart),
		cmocka_unit_test(test_marks_are_heeded_whatever_the_mode),
		cmocka_unit_test(test_predecessor_that_never_joined_leaves_no_rows),
		cmocka_unit_test(test_strange_fields_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
