/* cli/call.c - `rowctl call`: pushes one command and waits for its reply. */
#include "cli/arguments.h"
#include "cli/connect.h"
#include "cli/reply.h"
#include "cli/text.h"

#include "common/message.h"
#include "common/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

static int fault(const char *what)
{
	fprintf(stderr, "rowctl: %s\n", what);
	return -EINVAL;
}

/* Appends the command with a reply_list of our own, which nobody else can know; one that is nil is none. */
static int add_list(const struct value *command, const char *prefix, struct buffer *out, struct buffer *list)
{
	const struct value *none = value_find(command, BYTES("reply_list"));
	uint64_t random[2];
	struct writer writer;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return fault("there is no random number");
	buffer_format(list, "%srowctl:%016" PRIx64 "%016" PRIx64, prefix, random[0], random[1]);
	writer_init(&writer, CODEC_MSGPACK, out);
	writer_map(&writer, value_map_size(command) + (none ? 0 : 1));
	for (uint32_t i = 0; i < value_map_size(command); i++) {
		const struct member *member = &command->members[i];

		if (&member->value == none)
			continue;
		writer_key(&writer, value_bytes(&member->key));
		writer_value(&writer, &member->value);
	}
	writer_key(&writer, BYTES("reply_list"));
	writer_str(&writer, buffer_bytes(list));
	return 0;
}

/* Looks at the command and finds where its reply will be. When it names no reply_list it gets one. Returns 0, or
 * -EINVAL after it has been said. */
static int address(const struct arguments *arguments, struct bytes command, struct buffer *out, struct buffer *list)
{
	struct value value;
	struct error error;
	struct arena arena;
	int result = 0;

	arena_init(&arena, (size_t)TEXT_BYTES * 4);
	if (message_decode(&arena, command, TEXT_BYTES, &value, &error) < 0 || !value_is_map(&value)) {
		arena_free(&arena);
		return fault("a command is a JSON object without duplicate keys");
	}
	const struct value *own = value_find(&value, BYTES("reply_list"));
	if (!own || own->type == VALUE_NIL) {
		result = add_list(&value, arguments->reply_prefix, out, list);
	} else if (value_is_text(own) && own->size > 0) {
		buffer_append(list, value_bytes(own));
		buffer_append(out, command);
	} else {
		result = fault("reply_list has to be a text that is not empty");
	}
	arena_free(&arena);
	if (result == 0 && (buffer_failed(out) || buffer_failed(list)))
		return fault("the command is too large");
	return result;
}

/* Prints the reply. Returns the exit status that it stands for. */
static int print_reply(struct bytes reply)
{
	struct value value;
	struct error error;
	struct arena arena;
	int status = EX_PROTOCOL;

	if (text_print(reply, stdout) < 0)
		return status;
	arena_init(&arena, (size_t)TEXT_BYTES * 4);
	if (message_decode(&arena, reply, TEXT_BYTES, &value, &error) == 0 && value_is_map(&value)) {
		const struct value *ok = value_find(&value, BYTES("ok"));
		if (ok && ok->type == VALUE_BOOL)
			status = ok->boolean ? 0 : EXIT_NOT_OK;
	}
	arena_free(&arena);
	return status;
}

static int wait_for_reply(const struct arguments *arguments, redisContext *redis, struct bytes list)
{
	char problem[REDIS_PROBLEM_BYTES], seconds[32];

	snprintf(seconds, sizeof(seconds), "%u.%03u", arguments->timeout_ms / 1000, arguments->timeout_ms % 1000);
	const char *words[] = {"BLPOP", list.data, seconds};
	const size_t sizes[] = {5, list.size, strlen(seconds)};
	redisReply *reply = redis_command(redis, 3, words, sizes, problem);
	if (!reply) {
		fprintf(stderr, "rowctl: Redis: %s\n", problem);
		return EX_UNAVAILABLE;
	}
	int status = EXIT_NO_REPLY;
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
		status = print_reply((struct bytes){reply->element[1]->str, reply->element[1]->len});
	else
		reply_tell_silence(arguments);
	freeReplyObject(reply);
	return status;
}

static int push_and_wait(const struct arguments *arguments, struct bytes command, struct bytes list)
{
	char problem[REDIS_PROBLEM_BYTES];
	int status = EX_UNAVAILABLE;
	/* The server answers BLPOP at its timeout: the connection has to wait a little longer than that. */
	redisContext *redis = connect_redis(arguments, arguments->timeout_ms + 5000, &status);

	if (!redis)
		return status;
	const char *words[] = {"LPUSH", arguments->queues[0], command.data};
	const size_t sizes[] = {5, strlen(words[1]), command.size};
	redisReply *pushed = redis_command(redis, 3, words, sizes, problem);
	if (pushed)
		status = wait_for_reply(arguments, redis, list);
	else
		fprintf(stderr, "rowctl: Redis: %s\n", problem);
	freeReplyObject(pushed);
	redisFree(redis);
	return status;
}

static int call(const struct arguments *arguments)
{
	struct buffer json, msgpack, command, list;
	int status = EX_DATAERR;

	if (!arguments->operands[0] || arguments->operands[1]) {
		fputs("rowctl: call takes one command: rowctl call '{\"op\": \"ping\"}'\n", stderr);
		return EX_USAGE;
	}
	if (arguments_check_one_queue(arguments, "call") < 0)
		return EX_USAGE;
	buffer_init(&json, TEXT_BYTES);
	buffer_init(&msgpack, TEXT_BYTES);
	buffer_init(&command, TEXT_BYTES);
	buffer_init(&list, TEXT_BYTES);
	bool readable = true;
	if (strcmp(arguments->operands[0], "-") == 0)
		readable = text_read_all(stdin, &json) == 0;
	else
		buffer_append_text(&json, arguments->operands[0]);
	if (readable && text_encode(buffer_bytes(&json), "the command", &msgpack) == 0 &&
	    address(arguments, buffer_bytes(&msgpack), &command, &list) == 0)
		status = push_and_wait(arguments, buffer_bytes(&command), buffer_bytes(&list));
	buffer_free(&json);
	buffer_free(&msgpack);
	buffer_free(&command);
	buffer_free(&list);
	return status;
}

const struct rowctl_command call_command = {
	.name = "call",
	.summary = "push one command, wait for the reply, print it as JSON",
	.usage = "usage: rowctl call JSON | -  [--redis URL] [--queue KEY] [--reply-prefix TEXT] [--timeout SECONDS]\n"
		 "\n"
		 "Pushes one command as msgpack, waits for the reply and prints it as JSON. \"-\" reads the command\n"
		 "from standard input. A command that names a reply_list is answered there; else one is added.\n"
		 "\n"
		 "  rowctl call '{\"op\": \"read\", \"table\": \"animals\", \"pk\": 1}'\n"
		 "\n"
		 "Exit status: 0 ok, 1 the reply says ok: false, 2 no reply in time, 64 wrong usage, 65 no JSON,\n"
		 "69 Redis cannot be reached.\n",
	.run = call,
};
