/* tests/queue/harness.c */
#include "tests/queue/harness.h"

#include "common/clock.h"
#include "common/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000 };

static int on_claimed(void *context, const struct claim *claim, struct bytes raw)
{
	struct harness *harness = context;

	if (harness->refuse > 0) {
		harness->refuse--;
		return -ENOMEM;
	}
	if (harness->received_count == harness->received_capacity) {
		harness->received_capacity = harness->received_capacity ? harness->received_capacity * 2 : 1024;
		harness->received = realloc(harness->received, harness->received_capacity * sizeof(*harness->received));
		assert_non_null(harness->received);
	}
	struct received *received = &harness->received[harness->received_count++];
	*received = (struct received){.claim = *claim, .raw = malloc(raw.size + 1), .size = raw.size};
	assert_non_null(received->raw);
	memcpy(received->raw, raw.data, raw.size);
	received->raw[raw.size] = '\0';
	if (harness->finish || (!harness->keep_alone && claim->attempts >= WORKER_ALONE_FROM && !claim->recovered))
		harness_finish(harness, harness->received_count - 1);
	return 0;
}

static void on_fenced(void *context)
{
	struct harness *harness = context;

	harness->fenced++;
}

static void on_changed(void *context)
{
	(void)context;
}

static void on_ready(void *context)
{
	struct harness *harness = context;

	harness->ready = true;
}

static void on_closed(void *context)
{
	struct harness *harness = context;

	harness->closed = true;
	harness->worker = NULL;
}

static void on_enroll(void *context)
{
	struct harness *harness = context;
	struct database *database = &harness->database;

	database->enrolled++;
	if (!database->silent && !database->unreachable)
		worker_enrolled(harness->worker, worker_id(harness->worker));
}

static void on_inquire(void *context, const char *dead)
{
	struct harness *harness = context;
	struct database *database = &harness->database;
	bool locked = database->locked && strcmp(dead, database->locked) == 0;

	database->inquired++;
	snprintf(database->last_dead, sizeof(database->last_dead), "%s", dead);
	if (!database->silent)
		worker_told(harness->worker, dead,
			    database->unreachable || locked ? WORKER_UNREACHABLE : database->fate, &database->done);
}

static void on_dismiss(void *context, const char *id, const char *queue)
{
	struct harness *harness = context;
	struct database *database = &harness->database;

	database->dismissed++;
	snprintf(database->last_dismissed, sizeof(database->last_dismissed), "%s", id);
	snprintf(database->last_queue, sizeof(database->last_queue), "%s", queue);
	if (!database->silent && !database->unreachable)
		worker_dismissed(harness->worker, id, queue);
}

static void on_released(void *context, uint32_t marker)
{
	struct harness *harness = context;

	assert_in_range(marker, 0, HARNESS_MARKERS - 1);
	harness->released[marker]++;
}

static redisContext *connect_beside(void)
{
	redisContext *redis = redisConnectUnix(getenv("ROWD_TEST_REDIS"));

	assert_non_null(redis);
	assert_int_equal(redis->err, 0);
	return redis;
}

void harness_init(struct harness *harness)
{
	harness_init_beside(harness);
	freeReplyObject(redis_do(harness, "FLUSHALL"));
}

void harness_init_beside(struct harness *harness)
{
	static char keys[HARNESS_QUEUES][3] = {"q", "q2", "q3"};

	*harness = (struct harness){.outcome.marker = WORKER_NO_MARKER};
	log_open(STDERR_FILENO, getenv("ROWD_TEST_VERBOSE") ? LEVEL_DEBUG : LEVEL_ERROR, LOG_FORMAT_TEXT);
	signal(SIGPIPE, SIG_IGN); /* as rowd does */
	assert_int_equal(uv_loop_init(&harness->loop), 0);
	harness->redis = connect_beside();
	harness->queues[0].key = keys[0];
	harness->queues[1].key = keys[1];
	harness->queues[2].key = keys[2];
	harness->options = (struct options){
		.redis.command_timeout_ms = 5000,
		.limits = {.in_flight = 4096,
			   .in_flight_bytes = 64 << 20,
			   .message_bytes = 1 << 20,
			   .batch = 512,
			   .reply_bytes = 8 << 20,
			   .dead_letters = 100,
			   .dead_bytes = 1 << 20},
		.delivery = {.lease_ms = 10000, .drain_timeout_ms = 20000},
		.queues = harness->queues,
		.queue_count = 1,
	};
	snprintf(harness->options.redis.url.unix_socket, URL_TEXT_BYTES, "%s", getenv("ROWD_TEST_REDIS"));
}

void harness_open_only(struct harness *harness)
{
	static const struct worker_events events = {.claimed = on_claimed,
						    .fenced = on_fenced,
						    .enroll = on_enroll,
						    .inquire = on_inquire,
						    .dismiss = on_dismiss,
						    .released = on_released,
						    .changed = on_changed,
						    .ready = on_ready,
						    .closed = on_closed};

	harness->ready = harness->closed = false;
	assert_int_equal(worker_open(&harness->loop, &harness->options, &events, harness, &harness->worker), 0);
}

static bool is_ready(struct harness *harness)
{
	return harness->ready;
}

static bool is_closed(struct harness *harness)
{
	return harness->closed;
}

static bool is_loop_empty(struct harness *harness)
{
	return !uv_loop_alive(&harness->loop);
}

void harness_open(struct harness *harness)
{
	harness_open_only(harness);
	harness_until(harness, is_ready, "ready");
	worker_want(harness->worker, true);
}

void harness_close(struct harness *harness)
{
	worker_close(harness->worker);
	harness_until(harness, is_closed, "closed");
	/* What may be left is a name that a thread still looks up: it ends by itself. */
	harness_until(harness, is_loop_empty, "an empty loop");
}

void harness_forget_received(struct harness *harness)
{
	for (size_t i = 0; i < harness->received_count; i++)
		free(harness->received[i].raw);
	harness->received_count = 0;
}

void harness_done(struct harness *harness)
{
	if (harness->worker)
		harness_close(harness);
	assert_int_equal(uv_loop_close(&harness->loop), 0);
	harness_forget_received(harness);
	free(harness->received);
	ranges_free(&harness->database.done);
	redisFree(harness->redis);
}

void harness_until(struct harness *harness, bool (*condition)(struct harness *harness), const char *what)
{
	uint64_t deadline_us = clock_monotonic_us() + PATIENCE_MS * 1000ull;

	while (!condition(harness)) {
		if (clock_monotonic_us() > deadline_us)
			fail_msg("not in time: %s", what);
		uv_run(&harness->loop, UV_RUN_ONCE); /* the worker's own timer ends it every 100 ms */
	}
}

static bool has_received(struct harness *harness)
{
	return harness->received_count >= harness->wanted;
}

void harness_wait_received(struct harness *harness, size_t count)
{
	harness->wanted = count;
	harness_until(harness, has_received, "commands received");
	assert_int_equal(harness->received_count, count);
}

static bool is_empty(struct harness *harness)
{
	return worker_counts(harness->worker).in_flight == 0 && worker_settled(harness->worker);
}

void harness_wait_empty(struct harness *harness)
{
	harness_until(harness, is_empty, "everything acknowledged");
}

void harness_turn_ms(struct harness *harness, uint64_t ms)
{
	uint64_t until_us = clock_monotonic_us() + ms * 1000;

	while (clock_monotonic_us() < until_us)
		uv_run(&harness->loop, UV_RUN_ONCE);
}

void harness_finish(struct harness *harness, size_t index)
{
	struct outcome outcome = harness->outcome;
	struct buffer memory;

	buffer_init(&memory, harness->large);
	if (harness->large > 0) {
		assert_non_null(buffer_reserve(&memory, harness->large));
		memset(memory.data, 'r', harness->large);
		memory.size = harness->large;
		outcome.reply = buffer_bytes(&memory);
		outcome.memory = &memory;
	}
	harness->received[index].finished = true;
	worker_finish(harness->worker, &harness->received[index].claim, &outcome);
	buffer_free(&memory);
}

static redisReply *do_list(struct harness *harness, const char *format, va_list arguments)
{
	redisReply *reply = redisvCommand(harness->redis, format, arguments);

	if (!reply) {
		fail_msg("%s: %s", format, harness->redis->errstr);
		abort(); /* never reached; the analyser does not know that */
	}
	if (reply->type == REDIS_REPLY_ERROR)
		fail_msg("%s: %s", format, reply->str);
	return reply;
}

redisReply *redis_do(struct harness *harness, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	redisReply *reply = do_list(harness, format, arguments);
	va_end(arguments);
	return reply;
}

long long redis_int(struct harness *harness, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	redisReply *reply = do_list(harness, format, arguments);
	va_end(arguments);
	long long number = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
	if (reply->type == REDIS_REPLY_STRING)
		number = strtoll(reply->str, NULL, 10);
	freeReplyObject(reply);
	return number;
}

void redis_push_numbers(struct harness *harness, const char *queue, unsigned first, unsigned count)
{
	void *reply = NULL;

	for (unsigned i = 0; i < count; i++)
		redisAppendCommand(harness->redis, "LPUSH %s %u", queue, first + i);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(redisGetReply(harness->redis, &reply), REDIS_OK);
		assert_int_equal(((redisReply *)reply)->type, REDIS_REPLY_INTEGER);
		freeReplyObject(reply);
	}
}

unsigned received_number(const struct harness *harness, size_t index)
{
	assert_in_range(index, 0, harness->received_count - 1);
	return (unsigned)strtoul(harness->received[index].raw, NULL, 10);
}

void control(struct harness *harness, const char *word)
{
	const char *number = getenv("ROWD_TEST_CONTROL");
	int descriptor = number ? (int)strtol(number, NULL, 10) : -1;
	char answer[8] = "";

	assert_true(dprintf(descriptor, "%s\n", word) > 0);
	assert_int_equal(read(descriptor, answer, 3), 3);
	if (strcmp(word, "start") == 0) {
		redisFree(harness->redis);
		harness->redis = connect_beside();
	}
}
