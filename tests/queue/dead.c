/* tests/queue/dead.c */
#include "tests/queue/dead.h"

#include <stdlib.h>

void dead_settings(struct harness *harness)
{
	harness->queues[0].policy.exactly_once = true;
	harness->options.delivery.lease_ms = LEASE_MS;
	harness->database.fate = WORKER_FENCED;
}

void dead_start(struct harness *harness)
{
	harness_init(harness);
	dead_settings(harness);
}

void dead_hold(struct harness *harness, const char *worker, unsigned first, unsigned count)
{
	void *reply = NULL;

	for (unsigned i = first; i < first + count; i++)
		redisAppendCommand(harness->redis, "HSET {q}:inflight:%s %u %u", worker, i, i);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(redisGetReply(harness->redis, &reply), REDIS_OK);
		freeReplyObject(reply);
	}
}

void dead_hold_field(struct harness *harness, const char *worker, const char *field, unsigned command)
{
	freeReplyObject(redis_do(harness, "HSET {q}:inflight:%s %s %u", worker, field, command));
}

void dead_die(struct harness *harness, const char *worker)
{
	freeReplyObject(redis_do(harness, "ZADD {q}:workers 1 %s", worker));
	freeReplyObject(redis_do(harness, "SET {q}:owner %s", worker));
}

void dead_done(struct harness *harness, uint64_t first, uint64_t count)
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

void assert_received(const struct harness *harness, bool recovered, const unsigned *numbers, size_t count)
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

void harness_finish_all(struct harness *harness)
{
	for (size_t i = 0; i < harness->received_count; i++)
		if (!harness->received[i].finished)
			harness_finish(harness, i);
	harness_wait_empty(harness);
}

bool harness_is_owner(struct harness *harness)
{
	return worker_counts(harness->worker).owner_of_any;
}

static bool has_inquired(struct harness *harness)
{
	return harness->database.inquired >= harness->wanted;
}

void harness_wait_inquired(struct harness *harness, size_t times)
{
	harness->wanted = times;
	harness_until(harness, has_inquired, "an inquiry");
}
