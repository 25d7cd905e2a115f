/* cli/bench/drive.c
 *
 *   SUBSCRIBE --> push as many as in_flight and rate let --> take replies --> … --> all answered, or none for too long
 *
 * One thread: poll() says which of the two connections has something. Pushing blocks, but never for long: Redis takes
 * what it is sent, whether or not anybody works. */
#include "cli/bench/drive.h"

#include "common/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { PUSH_AT_ONCE = 64, TELL_WITHIN_US = 100000, MICROSECONDS = 1000000 };

/* Of a command that is pushed, and of a reply with an error that is kept. */
enum { COMMAND_BYTES = 1 << 16, REPLY_BYTES = 1 << 20 };

struct run {
	const struct drive *drive;
	redisContext *push, *listen;
	struct drive_result *result;
	char *problem;
	struct buffer command;
	uint64_t *pushed_us; /* per command; 0 once it was answered */
	uint64_t first_us, tenth_us, last_us;
	uint64_t silent_since_us; /* the last reply, or the first push that has none, whichever is later */
	uint64_t unread;          /* answers to LPUSH that were not read yet */
};

static int fail(struct run *run, const char *why)
{
	snprintf(run->problem, REDIS_PROBLEM_BYTES, "%s", why);
	return -EIO;
}

static int take_push_answers(struct run *run)
{
	while (run->unread > 0) {
		redisReply *reply = NULL;

		if (redisGetReply(run->push, (void **)&reply) != REDIS_OK)
			return fail(run, run->push->errstr);
		bool refused = reply->type == REDIS_REPLY_ERROR;
		if (refused)
			fail(run, reply->str);
		freeReplyObject(reply);
		if (refused)
			return -EIO;
		run->unread--;
	}
	return 0;
}

/* When command number `number` is to be pushed. */
static uint64_t due_us(const struct run *run, uint64_t number)
{
	return run->drive->rate == 0 ? 0 : run->first_us + number * MICROSECONDS / run->drive->rate;
}

static bool is_awaited(const struct run *run)
{
	return run->result->pushed > run->result->answered;
}

static bool may_push(const struct run *run, uint64_t now_us)
{
	const struct drive_result *result = run->result;
	const struct drive *drive = run->drive;

	return result->pushed < drive->count && due_us(run, result->pushed) <= now_us &&
	       (drive->in_flight == 0 || result->pushed - result->answered < drive->in_flight);
}

static int push_one(struct run *run, uint64_t now_us)
{
	const struct drive *drive = run->drive;
	uint64_t number = run->result->pushed, due = due_us(run, number);

	if (!is_awaited(run))
		run->silent_since_us = now_us;
	run->result->pushed++;
	buffer_reset(&run->command);
	load_append(&drive->load, number, &run->command);
	if (buffer_failed(&run->command))
		return -ENOMEM;
	run->pushed_us[number] = due > 0 ? due : now_us;
	run->unread++;
	if (redisAppendCommand(run->push, "LPUSH %s %b", drive->queues[number % drive->queue_count], run->command.data,
			       run->command.size) != REDIS_OK)
		return fail(run, run->push->errstr);
	return 0;
}

static int push(struct run *run)
{
	uint64_t now_us = clock_monotonic_us();
	int result = 0;

	for (uint32_t i = 0; i < PUSH_AT_ONCE && result == 0 && may_push(run, now_us); i++)
		result = push_one(run, now_us);
	return result < 0 ? result : take_push_answers(run);
}

static void count_answer(struct drive_result *result, enum load_answer answer, struct bytes text)
{
	result->missed += answer == LOAD_MISSED;
	if (answer == LOAD_FAILED && result->failed++ == 0)
		buffer_append(&result->first_failed, text);
}

static void take_reply(struct run *run, struct bytes text)
{
	const struct drive *drive = run->drive;
	enum load_answer answer = LOAD_FAILED;
	uint64_t number = load_number(&drive->load, text, &answer);

	/* A reply may come twice: after a worker died, at least once is what is promised. */
	if (number >= run->result->pushed || run->pushed_us[number] == 0)
		return;
	run->last_us = run->silent_since_us = clock_monotonic_us();
	if (drive->in_flight > 0 || drive->rate > 0)
		histogram_add(&run->result->took, run->last_us - run->pushed_us[number]);
	run->pushed_us[number] = 0;
	count_answer(run->result, answer, text);
	if (++run->result->answered == drive->count / 10)
		run->tenth_us = run->last_us;
}

/* Everything that the connection has read so far. */
static int take_replies(struct run *run)
{
	for (;;) {
		redisReply *reply = NULL;

		if (redisGetReplyFromReader(run->listen, (void **)&reply) != REDIS_OK)
			return fail(run, run->listen->errstr);
		if (!reply)
			return 0;
		if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
		    reply->element[2]->type == REDIS_REPLY_STRING)
			take_reply(run, (struct bytes){reply->element[2]->str, reply->element[2]->len});
		freeReplyObject(reply);
	}
}

static uint64_t patience_ends_us(const struct run *run)
{
	return run->silent_since_us + (uint64_t)run->drive->patience_ms * 1000;
}

/* How long to wait for a reply before something else is to be done. */
static int wait_ms(const struct run *run)
{
	uint64_t now_us = clock_monotonic_us(), due = due_us(run, run->result->pushed);
	uint64_t until_us = run->drive->told ? now_us + TELL_WITHIN_US : UINT64_MAX;

	if (may_push(run, now_us))
		return 0;
	if (is_awaited(run) && patience_ends_us(run) < until_us)
		until_us = patience_ends_us(run);
	if (run->result->pushed < run->drive->count && due > now_us && due < until_us)
		until_us = due;
	return until_us > now_us ? (int)((until_us - now_us) / 1000) : 0;
}

static int step(struct run *run)
{
	struct pollfd socket = {.fd = run->listen->fd, .events = POLLIN};
	int ready = poll(&socket, 1, wait_ms(run));

	if (ready < 0 && errno != EINTR)
		return fail(run, strerror(errno));
	if (ready > 0)
		return redisBufferRead(run->listen) == REDIS_OK ? take_replies(run) : fail(run, run->listen->errstr);
	return is_awaited(run) && clock_monotonic_us() >= patience_ends_us(run) ? -ETIMEDOUT : 0;
}

static int subscribe(struct run *run)
{
	redisReply *reply = redisCommand(run->listen, "SUBSCRIBE %s", run->drive->load.reply_to);
	int result =
		reply && reply->type != REDIS_REPLY_ERROR ? 0 : fail(run, reply ? reply->str : run->listen->errstr);

	freeReplyObject(reply);
	return result;
}

static int run_to_the_end(struct run *run)
{
	const struct drive *drive = run->drive;
	int result = subscribe(run);

	run->first_us = clock_monotonic_us();
	while (result == 0 && run->result->answered < drive->count) {
		result = push(run);
		/* While all are pushed ahead, too: a reply counts from when it came, and Redis cuts a subscriber that
		 * leaves too many of them lying. */
		if (result == 0)
			result = step(run);
		if (drive->told)
			drive->told(drive->context, run->result->pushed, run->result->answered);
	}
	return result;
}

/* Of few commands, or where the tenth percent never came, all replies count. */
static double rate(const struct run *run)
{
	uint64_t since_us = run->tenth_us > 0 ? run->tenth_us : run->first_us;
	uint64_t before = run->tenth_us > 0 ? run->drive->count / 10 : 0;

	if (run->last_us <= since_us)
		return 0;
	return (double)(run->result->answered - before) * MICROSECONDS / (double)(run->last_us - since_us);
}

int drive_run(const struct drive *drive, redisContext *push_connection, redisContext *listen,
	      struct drive_result *ret_result, char ret_problem[REDIS_PROBLEM_BYTES])
{
	struct run run = {.drive = drive,
			  .push = push_connection,
			  .listen = listen,
			  .result = ret_result,
			  .problem = ret_problem};
	int result;

	*ret_result = (struct drive_result){0};
	buffer_init(&ret_result->first_failed, REPLY_BYTES);
	run.pushed_us = calloc(drive->count, sizeof(*run.pushed_us));
	if (!run.pushed_us)
		return -ENOMEM;
	buffer_init(&run.command, COMMAND_BYTES);
	result = run_to_the_end(&run);
	if (run.last_us > run.first_us)
		ret_result->seconds = (double)(run.last_us - run.first_us) / MICROSECONDS;
	ret_result->per_second = rate(&run);
	buffer_free(&run.command);
	free(run.pushed_us);
	return result;
}
