/* cli/push.c - `rowctl push`: pushes commands and does not wait for replies. */
#include "cli/arguments.h"
#include "cli/connect.h"
#include "cli/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* Commands on their way whose answer has not been read. More would only fill the sockets' buffers. */
enum { PIPELINE = 512, PIPELINE_BYTES = 4 << 20 };

struct pusher {
	const struct arguments *arguments;
	redisContext *redis;
	struct buffer msgpack;
	uint32_t unanswered;
	size_t unanswered_bytes;
	uint64_t pushed, refused;
};

/* Reads the answers of all that was sent. Returns 0, or -EIO after it has been said. */
static int drain(struct pusher *pusher)
{
	pusher->unanswered_bytes = 0;
	for (; pusher->unanswered > 0; pusher->unanswered--) {
		redisReply *reply = NULL;
		if (redisGetReply(pusher->redis, (void **)&reply) != REDIS_OK) {
			fprintf(stderr, "rowctl: Redis: %s\n", pusher->redis->errstr);
			return -EIO;
		}
		bool refused = reply->type == REDIS_REPLY_ERROR;
		if (refused)
			fprintf(stderr, "rowctl: Redis: %s\n", reply->str);
		else
			pusher->pushed++;
		freeReplyObject(reply);
		if (refused)
			return -EIO;
	}
	return 0;
}

/* Returns 0; -EBADMSG when it is no JSON, -EIO; both have been said. */
static int push_one(struct pusher *pusher, struct bytes json, const char *where)
{
	buffer_reset(&pusher->msgpack);
	if (text_encode(json, where, &pusher->msgpack) < 0) {
		pusher->refused++;
		return -EBADMSG;
	}
	const char *words[] = {"LPUSH", pusher->arguments->queues[0], pusher->msgpack.data};
	const size_t sizes[] = {5, strlen(words[1]), pusher->msgpack.size};
	if (redisAppendCommandArgv(pusher->redis, 3, words, sizes) != REDIS_OK) {
		fprintf(stderr, "rowctl: Redis: %s\n", pusher->redis->errstr);
		return -EIO;
	}
	pusher->unanswered++;
	pusher->unanswered_bytes += pusher->msgpack.size;
	return pusher->unanswered == PIPELINE || pusher->unanswered_bytes >= PIPELINE_BYTES ? drain(pusher) : 0;
}

static bool is_blank(const char *line)
{
	return line[strspn(line, " \t\r\n")] == '\0';
}

/* A line that is no JSON is told with its number; the others are pushed. */
static int push_lines(struct pusher *pusher)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t size;
	int result = 0;

	for (uint64_t number = 1; result != -EIO && (size = getline(&line, &capacity, stdin)) >= 0; number++) {
		char where[40];
		snprintf(where, sizeof(where), "line %" PRIu64, number);
		if (!is_blank(line))
			result = push_one(pusher, (struct bytes){line, (size_t)size}, where);
	}
	free(line);
	return result == -EIO ? -EIO : 0;
}

static int push_operands(struct pusher *pusher)
{
	int result = 0;

	for (size_t i = 0; result != -EIO && pusher->arguments->operands[i]; i++) {
		char where[40];
		snprintf(where, sizeof(where), "command %zu", i + 1);
		result = push_one(pusher, bytes_of(pusher->arguments->operands[i]), where);
	}
	return result == -EIO ? -EIO : 0;
}

static int push(const struct arguments *arguments)
{
	struct pusher pusher = {.arguments = arguments};
	int status = 0;

	if (!arguments->operands[0]) {
		fputs("rowctl: push takes commands, or - for standard input\n", stderr);
		return EX_USAGE;
	}
	if (arguments_check_one_queue(arguments, "push") < 0)
		return EX_USAGE;
	pusher.redis = connect_redis(arguments, arguments->timeout_ms, &status);
	if (!pusher.redis)
		return status;
	buffer_init(&pusher.msgpack, TEXT_BYTES);
	bool lines = strcmp(arguments->operands[0], "-") == 0 && !arguments->operands[1];
	int result = lines ? push_lines(&pusher) : push_operands(&pusher);
	if (result == 0)
		result = drain(&pusher);
	printf("%" PRIu64 " pushed\n", pusher.pushed);
	buffer_free(&pusher.msgpack);
	redisFree(pusher.redis);
	if (result < 0)
		return EX_UNAVAILABLE;
	return pusher.refused > 0 ? EX_DATAERR : 0;
}

const struct rowctl_command push_command = {
	.name = "push",
	.summary = "push commands and do not wait",
	.usage = "usage: rowctl push JSON ... | -  [--redis URL] [--queue KEY]\n"
		 "\n"
		 "Pushes commands as msgpack, in the order given, and prints how many were taken. \"-\" reads one\n"
		 "JSON per line from standard input. What is no JSON is told and left out.\n"
		 "\n"
		 "Exit status: 0 all pushed, 64 wrong usage, 65 some are no JSON, 69 Redis cannot be reached.\n",
	.run = push,
};
