/* cli/peek.c - `rowctl peek`: the commands that are next, without taking them. */
#include "cli/connect.h"
#include "cli/glance.h"
#include "cli/text.h"

#include "common/scan.h"
#include "common/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { PEEK_USUAL = 10, PEEK_LARGEST = 1000 };

/* An element of {Q}:again is msgpack [attempts, command]. */
enum { WRAP_DEPTH = 2, WRAP_NODES = 3 };

struct peek {
	redisContext *redis;
	const char *queue;
	bool json;
	uint64_t wanted, shown;
	struct arena arena;
	struct buffer out;
	struct writer writer;
};

/* One command that waits. */
struct waiting {
	bool again; /* given back; else as it was pushed */
	int64_t attempts;
	struct bytes command;
	struct glance glance;
};

/* What is nothing of the kind is taken for a command itself, as it is when it is claimed. */
static int unwrap(struct peek *peek, struct bytes element, struct waiting *waiting)
{
	static const struct scan_limits limits = {.depth = WRAP_DEPTH, .nodes = WRAP_NODES};
	struct scan scan;

	waiting->command = element;
	scan_message(&peek->arena, element, &limits, &scan);
	if (scan.fault == SCAN_NO_MEMORY)
		return -ENOMEM;
	if (scan.fault == SCAN_FINE && scan.value.type == VALUE_ARRAY && scan.value.size == 2 &&
	    scan.value.items[0].type == VALUE_INT && value_is_text(&scan.value.items[1])) {
		waiting->attempts = scan.value.items[0].integer;
		waiting->command = value_bytes(&scan.value.items[1]);
	}
	return 0;
}

/* ---- for people ---- */

static void print_heading(struct peek *peek)
{
	buffer_format(&peek->out, "%5s %8s %9s  %-9s %-20s %s\n", "place", "attempts", "bytes", "op", "table", "id");
}

static const char *quote_or_dash(char to[ERROR_QUOTED_BYTES], struct bytes text)
{
	return text.size > 0 ? error_quote(to, text) : "-";
}

static void print_waiting(struct peek *peek, const struct waiting *waiting)
{
	const struct value *id = value_find(&waiting->glance.value, BYTES("id"));
	char op[ERROR_QUOTED_BYTES], table[ERROR_QUOTED_BYTES], quoted[ERROR_QUOTED_BYTES], number[24] = "-";

	if (id && id->type == VALUE_INT)
		snprintf(number, sizeof(number), "%" PRId64, id->integer);
	buffer_format(&peek->out, "%5" PRIu64 " %8" PRId64 " %9zu  %-9s %-20s %s\n", peek->shown, waiting->attempts,
		      waiting->command.size, quote_or_dash(op, waiting->glance.op),
		      quote_or_dash(table, waiting->glance.table),
		      id && value_is_text(id) ? error_quote(quoted, value_bytes(id)) : number);
}

/* ---- for programs ---- */

static void write_text(struct writer *writer, const char *name, struct bytes text)
{
	writer_key(writer, bytes_of(name));
	if (text.data)
		writer_str(writer, text);
	else
		writer_nil(writer);
}

static void write_waiting(struct peek *peek, const struct waiting *waiting)
{
	struct writer *writer = &peek->writer;
	bool whole = waiting->glance.fault.code == ERROR_NONE;

	writer_map(writer, 8);
	writer_key(writer, BYTES("place"));
	writer_uint(writer, peek->shown);
	writer_key(writer, BYTES("again"));
	writer_bool(writer, waiting->again);
	writer_key(writer, BYTES("attempts"));
	writer_int(writer, waiting->attempts);
	writer_key(writer, BYTES("bytes"));
	writer_uint(writer, waiting->command.size);
	write_text(writer, "op", waiting->glance.op);
	write_text(writer, "table", waiting->glance.table);
	writer_key(writer, BYTES("command"));
	if (whole)
		writer_value(writer, &waiting->glance.value);
	else
		writer_bin(writer, waiting->command);
	writer_key(writer, BYTES("fault"));
	if (whole)
		writer_nil(writer);
	else
		writer_str(writer, bytes_of(waiting->glance.fault.message));
	writer_map_end(writer);
}

/* ---- both ---- */

static int put(struct peek *peek)
{
	fwrite(peek->out.data, 1, peek->out.size, stdout);
	bool fine = !buffer_failed(&peek->out) && !ferror(stdout);
	buffer_reset(&peek->out);
	return fine ? 0 : EX_IOERR;
}

static int show_element(struct peek *peek, struct bytes element, bool again)
{
	struct waiting waiting = {.again = again, .command = element};

	arena_reset(&peek->arena);
	if ((again && unwrap(peek, element, &waiting) < 0) ||
	    glance_read(&peek->arena, waiting.command, &waiting.glance) < 0) {
		fputs("rowctl: out of memory\n", stderr);
		return EX_OSERR;
	}
	if (peek->shown++ == 0 && !peek->json)
		print_heading(peek);
	if (peek->json)
		write_waiting(peek, &waiting);
	else
		print_waiting(peek, &waiting);
	return put(peek);
}

/* The right end of a list, where the next ones are. */
static int show_list(struct peek *peek, const char *key, bool again)
{
	char problem[REDIS_PROBLEM_BYTES], first[24];
	int status = 0;

	if (peek->shown == peek->wanted)
		return 0;
	snprintf(first, sizeof(first), "-%" PRIu64, peek->wanted - peek->shown);
	redisReply *reply = redis_command(peek->redis, 4, (const char *[]){"LRANGE", key, first, "-1"}, NULL, problem);
	if (!reply) {
		connect_tell(problem);
		return EX_UNAVAILABLE;
	}
	for (size_t i = reply->elements; i > 0 && status == 0; i--) {
		const redisReply *element = reply->element[i - 1];
		status = show_element(peek, (struct bytes){element->str, element->len}, again);
	}
	freeReplyObject(reply);
	return status;
}

static int show(struct peek *peek)
{
	char *again;

	if (asprintf(&again, "{%s}:again", peek->queue) < 0)
		return EX_OSERR;
	if (peek->json)
		writer_array(&peek->writer, 0); /* JSON needs no count */
	int status = show_list(peek, again, true);
	if (status == 0)
		status = show_list(peek, peek->queue, false);
	free(again);
	if (status != 0)
		return status;
	if (peek->json) {
		writer_array_end(&peek->writer);
		buffer_append_byte(&peek->out, '\n');
	} else if (peek->shown == 0) {
		buffer_format(&peek->out, "nothing waits in %s\n", peek->queue);
	}
	return put(peek);
}

static int peek_queue(const struct arguments *arguments)
{
	struct arguments queue = *arguments;
	struct peek peek = {.json = arguments->json, .wanted = PEEK_USUAL};
	char **words = arguments->operands;
	int status = 0;

	if (words[0] && words[1] && words[2]) {
		fputs("rowctl: peek takes a queue and how many\n", stderr);
		return EX_USAGE;
	}
	if (arguments_check_one_queue(arguments, "peek") < 0 ||
	    (words[0] && arguments_name_queue(&queue, words[0], true) < 0) ||
	    (words[0] && words[1] && arguments_read_number("how many", words[1], 1, PEEK_LARGEST, &peek.wanted) < 0))
		return EX_USAGE;
	peek.queue = queue.queues[0];
	peek.redis = connect_redis(&queue, queue.timeout_ms, &status);
	if (!peek.redis)
		return status;
	arena_init(&peek.arena, (size_t)TEXT_BYTES * 4);
	buffer_init(&peek.out, (size_t)TEXT_BYTES * 4);
	writer_init(&peek.writer, CODEC_JSON, &peek.out);
	status = show(&peek);
	arena_free(&peek.arena);
	buffer_free(&peek.out);
	redisFree(peek.redis);
	return status;
}

const struct rowctl_command peek_command = {
	.name = "peek",
	.summary = "the commands that are next in a queue, without taking them",
	.usage =
		"usage: rowctl peek [QUEUE [N]] [--redis URL] [--json]\n"
		"\n"
		"The next N commands (10) of the queue (rowd:commands), in the order in which they will be claimed:\n"
		"first those that were given back, with how many workers had died with them. What is in flight is not\n"
		"among them; see rowctl status.\n"
		"\n"
		"Exit status: 0 fine, 64 wrong usage, 69 Redis cannot be reached.\n",
	.run = peek_queue,
};
