/* cli/pause.c - `rowctl pause` and `rowctl resume`: whether anybody may claim from a queue. */
#include "cli/arguments.h"
#include "cli/connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { SCRIPT_PAUSE, SCRIPT_COUNT };

#include "pause_scripts.inc" /* generated from scripts/ */

/* Returns 0 or an exit status, with whether anything has changed. */
static int change(redisContext *redis, const char *key, bool pause, bool *ret_changed)
{
	const char *text = (const char *)scripts[SCRIPT_PAUSE].text;
	const size_t sizes[] = {4, scripts[SCRIPT_PAUSE].size, 1, strlen(key)};
	char problem[REDIS_PROBLEM_BYTES];
	redisReply *reply;

	if (pause)
		reply = redis_command(redis, 4, (const char *[]){"EVAL", text, "1", key}, sizes, problem);
	else
		reply = redis_command(redis, 2, (const char *[]){"DEL", key}, NULL, problem);
	if (!reply) {
		connect_tell(problem);
		return EX_UNAVAILABLE;
	}
	*ret_changed = reply->integer > 0;
	freeReplyObject(reply);
	return 0;
}

/* A slip in the name would else look like a queue that is paused. */
static void tell_unserved(redisContext *redis, const char *queue)
{
	char problem[REDIS_PROBLEM_BYTES], *key;

	if (asprintf(&key, "{%s}:workers", queue) < 0)
		return;
	redisReply *reply = redis_command(redis, 2, (const char *[]){"EXISTS", key}, NULL, problem);
	if (reply && reply->integer == 0)
		fprintf(stderr, "rowctl: no rowd has ever served %s: is that its name?\n", queue);
	freeReplyObject(reply);
	free(key);
}

static int change_one(redisContext *redis, const char *queue, bool pause)
{
	bool changed = false;
	char *key;

	if (asprintf(&key, "{%s}:paused", queue) < 0)
		return EX_OSERR;
	int status = change(redis, key, pause, &changed);
	free(key);
	if (status != 0)
		return status;
	if (pause)
		printf("%s %s: nobody claims from it until rowctl resume; what is in flight ends\n", queue,
		       changed ? "is paused" : "was paused already");
	else
		printf("%s %s\n", queue, changed ? "goes on" : "was not paused");
	tell_unserved(redis, queue);
	return 0;
}

static int change_all(const struct arguments *arguments, bool pause)
{
	struct arguments queues = *arguments;
	int status = 0;

	if (!arguments->operands[0]) {
		fprintf(stderr, "rowctl: %s takes the name of a queue, or several\n", pause ? "pause" : "resume");
		return EX_USAGE;
	}
	for (size_t i = 0; arguments->operands[i]; i++) {
		if (arguments_name_queue(&queues, arguments->operands[i], i == 0) < 0)
			return EX_USAGE;
	}
	redisContext *redis = connect_redis(&queues, queues.timeout_ms, &status);
	for (uint32_t i = 0; i < queues.queue_count && status == 0; i++)
		status = change_one(redis, queues.queues[i], pause);
	redisFree(redis);
	return status;
}

static int pause_queues(const struct arguments *arguments)
{
	return change_all(arguments, true);
}

static int resume_queues(const struct arguments *arguments)
{
	return change_all(arguments, false);
}

const struct rowctl_command pause_command = {
	.name = "pause",
	.summary = "let nobody claim from a queue",
	.usage =
		"usage: rowctl pause QUEUE ... [--redis URL]\n"
		"\n"
		"From now on no rowd claims from the queue, until rowctl resume. Commands may be pushed and wait; what\n"
		"is in flight ends and is answered. A restart of rowd or Redis changes nothing about it.\n"
		"\n"
		"Exit status: 0 it is paused, now or already; 64 wrong usage, 69 Redis cannot be reached.\n",
	.run = pause_queues,
};

const struct rowctl_command resume_command = {
	.name = "resume",
	.summary = "let a paused queue go on",
	.usage = "usage: rowctl resume QUEUE ... [--redis URL]\n"
		 "\n"
		 "Exit status: 0 it goes on, or was not paused; 64 wrong usage, 69 Redis cannot be reached.\n",
	.run = resume_queues,
};
