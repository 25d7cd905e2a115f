/* tests/queue/recovery.c - dead workers whose commits only the database knows: what is run again and what is only
 * answered. The dead are written into Redis by hand, or are workers whose loop is not turned any more. */
#include "tests/queue/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LEASE_MS = 1000, MANY = 4096 };

static const char dead[] = "exo-0123";

static void settings(struct harness *harness)
{
	harness->queues[0].policy.exactly_once = true;
	harness->options.delivery.lease_ms = LEASE_MS;
	harness->database.fate = WORKER_FENCED;
}

static void start(struct harness *harness)
{
	harness_init(harness);
	settings(harness);
}

/* Holds numbers first to first + count - 1 under claims of the same numbers. */
static void hold(struct harness *harness, const char *worker, unsigned first, unsigned count)
{
	void *reply = NULL;

	for (unsigned i = first; i < first + count; i++)
		redisAppendCommand(harness->redis, "HSET {q}:inflight:%s %u %u", worker, i, i);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(redisGetReply(harness->redis, &reply), REDIS_OK);
		freeReplyObject(reply);
	}
}

static void hold_field(struct harness *harness, const char *worker, const char *field, unsigned command)
{
	freeReplyObject(redis_do(harness, "HSET {q}:inflight:%s %s %u", worker, field, command));
}

/* Its lease ended long ago. */
static void die(struct harness *harness, const char *worker)
{
	freeReplyObject(redis_do(harness, "ZADD {q}:workers 1 %s", worker));
	freeReplyObject(redis_do(harness, "SET {q}:owner %s", worker));
}

static void done(struct harness *harness, uint64_t first, uint64_t count)
{
	assert_int_equal(ranges_add(&harness->database.done, first, count), 0);
}

/* Splits what was received: those to be answered only, and those to be run, in their order. */
static size_t received_of(const struct harness *harness, bool recovered, unsigned *ret_numbers)
{
	size_t count = 0;

	for (size_t i = 0; i < harness->received_count; i++)
		if (harness->received[i].claim.recovered == recovered)
			ret_numbers[count++] = received_number(harness, i);
	return count;
}

static int compare(const void *left, const void *right)
{
	const unsigned *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static void assert_received(const struct harness *harness, bool recovered, const unsigned *numbers, size_t count)
{
	unsigned *found = calloc(harness->received_count + 1, sizeof(*found));

	assert_non_null(found);
	assert_int_equal(received_of(harness, recovered, found), count);
	if (recovered)
		qsort(found, count, sizeof(*found), compare); /* nobody was promised an order */
	for (size_t i = 0; i < count; i++)
		assert_int_equal(found[i], numbers[i]);
	free(found);
}

static void finish_all(struct harness *harness)
{
	for (size_t i = 0; i < harness->received_count; i++)
		if (!harness->received[i].finished)
			harness_finish(harness, i);
	harness_wait_empty(harness);
}

static void test_done_undone_and_marked(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	hold(&harness, dead, 1, 12);
	hold_field(&harness, dead, "13:2", 13);
	hold_field(&harness, dead, "14:1", 14);
	hold_field(&harness, dead, "15r", 15);
	hold_field(&harness, dead, "16:3r", 16);
	freeReplyObject(redis_do(&harness, "LPUSH {q}:landing:%s 17", dead));
	redis_push_numbers(&harness, "q", 18, 3);
	done(&harness, 13, 1);
	done(&harness, 3, 2);
	done(&harness, 4, 3);
	done(&harness, 100, 9);
	die(&harness, dead);
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
	finish_all(&harness);
	assert_int_equal(redis_int(&harness, "HLEN {q}:inflight:%s", worker_id(harness.worker)), 0);
	harness_done(&harness);
}

static bool has_inquired(struct harness *harness)
{
	return harness->database.inquired >= harness->wanted;
}

static void wait_inquiry(struct harness *harness, size_t times)
{
	harness->wanted = times;
	harness_until(harness, has_inquired, "an inquiry");
}

static void test_nothing_moves_before_the_database_has_spoken(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	hold(&harness, dead, 1, 5);
	freeReplyObject(redis_do(&harness, "LPUSH {q}:landing:%s 6", dead));
	done(&harness, 2, 1);
	die(&harness, dead);
	harness_open(&harness);
	harness.database.silent = true;
	wait_inquiry(&harness, 1);
	assert_true(redis_int(&harness, "ZSCORE {q}:workers %s", dead) < 0);            /* its lease cannot come back */
	worker_told(harness.worker, "exo-4567", WORKER_FENCED, &harness.database.done); /* nobody has asked */
	harness_turn_ms(&harness, 700);
	assert_int_equal(redis_int(&harness, "HLEN {q}:inflight:%s", dead), 5);
	assert_int_equal(redis_int(&harness, "LLEN {q}:landing:%s", dead), 1);
	assert_int_equal(harness.received_count, 0);
	assert_int_equal(harness.database.inquired, 1);
	worker_told(harness.worker, dead, WORKER_UNREACHABLE, NULL);
	wait_inquiry(&harness, 2);
	worker_told(harness.worker, dead, WORKER_UNREACHABLE, NULL);
	wait_inquiry(&harness, 3);
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

	start(&harness);
	harness.options.queue_count = 2;
	harness.queues[1].policy.exactly_once = true;
	hold(&harness, dead, 1, 5);
	die(&harness, dead);
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

static bool is_owner(struct harness *harness)
{
	return worker_counts(harness->worker).owner_of_any;
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

	start(&harness);
	harness.database.fate = WORKER_UNKNOWN;
	hold(&harness, dead, 1, 5);
	hold_field(&harness, dead, "6r", 6);
	freeReplyObject(redis_do(&harness, "LPUSH {q}:landing:%s 7", dead));
	redis_push_numbers(&harness, "q", 8, 3);
	die(&harness, dead);
	harness_open(&harness);
	harness_wait_received(&harness, 5); /* the queue itself goes on */
	assert_true(is_owner(&harness));
	assert_received(&harness, true, (unsigned[]){6}, 1); /* the mark says enough */
	assert_received(&harness, false, (unsigned[]){7, 8, 9, 10}, 4);
	finish_all(&harness);
	assert_int_equal(redis_int(&harness, "HLEN {q}:inflight:%s", dead), 5);
	assert_true(redis_int(&harness, "ZSCORE {q}:workers %s", dead) < 0);
	/* Another dead one is recovered meanwhile. */
	uint32_t inquired = harness.database.inquired;
	harness.database.fate = WORKER_FENCED;
	hold(&harness, "exo-4567", 20, 1);
	freeReplyObject(redis_do(&harness, "ZADD {q}:workers 1 exo-4567"));
	harness_wait_received(&harness, 6);
	assert_int_equal(received_number(&harness, 5), 20);
	assert_int_equal(harness.database.inquired, inquired + 1);
	finish_all(&harness);
	/* Its rows come back. */
	done(&harness, 4, 2);
	harness_forget_received(&harness);
	look_at_once(&harness, ".75");
	harness_wait_received(&harness, 5);
	assert_received(&harness, true, (unsigned[]){4, 5}, 2);
	assert_received(&harness, false, (unsigned[]){1, 2, 3}, 3);
	assert_true(dead_holds_nothing(&harness));
	finish_all(&harness);
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

	start(&harness);
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

	start(&harness);
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

	start(&harness);
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

static void start_peer(struct harness *peer)
{
	harness_init_beside(peer);
	settings(peer);
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

	start(&first);
	hold(&first, dead, 1, 4);
	done(&first, 2, 2);
	die(&first, dead);
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
	finish_all(&second);
	harness_until(&first, is_fenced, "the thawed one fenced");
	harness_done(&first);
	harness_done(&second);
}

static void test_given_back_it_stays_in_flight(void **state)
{
	struct harness first, second;
	(void)state;

	start(&first);
	hold(&first, dead, 1, 3);
	done(&first, 2, 1);
	die(&first, dead);
	harness_open(&first);
	harness_wait_received(&first, 3);
	worker_stop_claiming(first.worker);
	for (size_t i = 3; i-- > 0;)
		worker_give_back(first.worker, &first.received[i].claim);
	harness_turn_ms(&first, 300);
	assert_true(worker_settled(first.worker));
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
	start(&harness);
	harness.options.limits.in_flight = 50;
	harness.options.limits.batch = 20;
	hold(&harness, dead, 0, MANY);
	for (unsigned i = 0; i < MANY; i += 2) /* as many ranges as there can be */
		done(&harness, i, 1);
	die(&harness, dead);
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

	start(&harness);
	harness.options.limits.in_flight = 20;
	hold(&harness, dead, 1, 100);
	done(&harness, 1, 100);
	die(&harness, dead);
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

	start(&harness);
	harness.options.limits.in_flight = 3000;
	hold(&harness, dead, 1, 2000);
	done(&harness, 501, 1000);
	die(&harness, dead);
	harness_open(&harness);
	wait_inquiry(&harness, 1);
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
	finish_all(&harness);
	harness_done(&harness);
}

/* No memory above for what was recovered: it is adopted later, and still is what it was. */
static void test_no_memory_keeps_the_mark(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	harness.refuse = 3;
	hold(&harness, dead, 1, 10);
	done(&harness, 1, 10);
	die(&harness, dead);
	harness_open(&harness);
	harness_wait_received(&harness, 10);
	assert_received(&harness, true, (unsigned[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 10);
	finish_all(&harness);
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

	start(&owner);
	harness_open(&owner);
	worker_want(owner.worker, false);
	start_peer(&standby);
	standby.refuse = 3;
	done(&owner, 1, 10);
	done(&standby, 1, 10);
	hold(&owner, dead, 1, 10);
	freeReplyObject(redis_do(&owner, "ZADD {q}:workers 1 %s", dead));
	harness_open(&standby);
	standby.other = &owner;
	harness_until(&standby, stands_by_with_all, "all adopted");
	assert_false(is_owner(&standby));
	assert_true(is_owner(&owner));
	assert_int_equal(owner.received_count, 0);
	assert_received(&standby, true, (unsigned[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 10);
	finish_all(&standby);
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

	start(&first);
	first.queues[0].shared = true;
	first.finish = true;
	harness_open(&first);
	start_peer(&second);
	second.queues[0].shared = true;
	second.finish = true;
	harness_open(&second);
	done(&first, 251, 500);
	done(&second, 251, 500);
	hold(&first, dead, 1, 1000);
	die(&first, dead);
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
		start(&harness);
		harness.queues[0].policy.exactly_once = !was;
		harness.options.delivery.lease_ms = 60000; /* nobody waits for it */
		harness.options.runtime_directory = directory;
		hold(&harness, name, 1, 5);
		done(&harness, 2, 1);
		freeReplyObject(redis_do(&harness, "ZADD {q}:workers 99999999999999 %s", name));
		freeReplyObject(redis_do(&harness, "SET {q}:owner %s", name));
		harness_open(&harness);
		harness_wait_received(&harness, 5);
		assert_int_equal(harness.database.inquired, was);
		assert_received(&harness, true, (unsigned[]){2}, (size_t)was);
		assert_memory_equal(worker_id(harness.worker), was ? "alo-" : "exo-", 4);
		finish_all(&harness);
		harness_done(&harness);
	}
}

/* What the recoverer of another mode has taken over keeps its mark. */
static void test_marks_are_heeded_whatever_the_mode(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	harness.queues[0].policy.exactly_once = false;
	hold(&harness, "alo-0123", 1, 3);
	hold_field(&harness, "alo-0123", "4:1r", 4);
	die(&harness, "alo-0123");
	harness_open(&harness);
	harness_wait_received(&harness, 4);
	assert_int_equal(harness.database.inquired, 0);
	assert_received(&harness, true, (unsigned[]){4}, 1);
	assert_received(&harness, false, (unsigned[]){1, 2, 3}, 3);
	finish_all(&harness);
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
	start(&harness);
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

	start(&harness);
	hold(&harness, dead, 1, 2);
	hold_field(&harness, dead, "7:2:x", 7);
	done(&harness, 1, 1);
	die(&harness, dead);
	redis_push_numbers(&harness, "q", 8, 1);
	harness_open(&harness);
	harness_wait_received(&harness, 3);
	assert_received(&harness, true, (unsigned[]){1}, 1);
	assert_received(&harness, false, (unsigned[]){2, 8}, 2);
	assert_int_equal(redis_int(&harness, "HLEN {q}:inflight:%s", dead), 1);
	harness_until(&harness, is_owner, "the queue taken over");
	redisReply *score = redis_do(&harness, "ZSCORE {q}:workers %s", dead);
	assert_non_null(strstr(score->str, ".75")); /* an operator has to decide */
	freeReplyObject(score);
	finish_all(&harness);
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
		cmocka_unit_test(test_whoever_recovers_the_recoverer_runs_nothing_again),
		cmocka_unit_test(test_given_back_it_stays_in_flight),
		cmocka_unit_test(test_many_in_parts_with_little_credit),
		cmocka_unit_test(test_no_more_than_there_is_room_for),
		cmocka_unit_test(test_lost_parts_are_adopted_with_their_mark),
		cmocka_unit_test(test_no_memory_keeps_the_mark),
		cmocka_unit_test(test_a_standby_adopts_what_it_has_recovered),
		cmocka_unit_test(test_two_recover_at_once),
		cmocka_unit_test(test_mode_changes_across_a_restart),
		cmocka_unit_test(test_marks_are_heeded_whatever_the_mode),
		cmocka_unit_test(test_predecessor_that_never_joined_leaves_no_rows),
		cmocka_unit_test(test_strange_fields_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
