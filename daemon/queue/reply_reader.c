/* queue/reply_reader.c */
#include "daemon/queue/reply_reader.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
	NODES_FIRST = 16,
	NODES_KEPT = 1 << 13, /* of one answer, for the next ones */
	LINE_LONGEST_BYTES = 64 << 10,
	TEXT_LONGEST_BYTES = 1 << 30, /* Redis has no longer one than 512 MB */
};

/* The line that begins at `at`, without its end. Returns how many bytes it takes, 0 or -EPROTO. */
static ssize_t read_line(struct bytes input, size_t at, struct bytes *ret_line)
{
	const char *start = input.data + at, *end = memchr(start, '\n', input.size - at);

	if (!end)
		return input.size - at > LINE_LONGEST_BYTES ? -EPROTO : 0;
	if (end == start || end[-1] != '\r')
		return -EPROTO;
	*ret_line = (struct bytes){.data = start, .size = (size_t)(end - 1 - start)};
	return end + 1 - start;
}

/* The same for a number behind one byte that tells what it is. */
static ssize_t read_number(struct bytes input, size_t at, int64_t *ret_number)
{
	const char *start = input.data + at + 1, *end = input.data + input.size;
	bool negative = start < end && *start == '-';
	const char *digit = start + negative, *first = digit;
	uint64_t value = 0;

	for (; digit < end && *digit >= '0' && *digit <= '9' && digit - first < 20; digit++)
		value = value * 10 + (uint64_t)(*digit - '0');
	bool wrong = digit - first > 19 || value > (uint64_t)INT64_MAX + negative;
	if (wrong || (digit < end && (*digit != '\r' || digit == first)) || (digit + 1 < end && digit[1] != '\n'))
		return -EPROTO;
	if (digit + 1 >= end)
		return 0;
	*ret_number = (int64_t)(negative ? 0 - value : value);
	return digit + 2 - (input.data + at);
}

static int make_room(struct reply_reader *reader)
{
	size_t capacity = reader->capacity ? reader->capacity * 2 : NODES_FIRST;

	if (reader->known < reader->capacity)
		return 0;
	struct redis_reply *nodes = realloc(reader->nodes, capacity * sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	reader->nodes = nodes;
	reader->capacity = capacity;
	return 0;
}

/* Behind the length that was just read. Returns how many bytes the whole takes, or 0. */
static ssize_t read_text(struct bytes input, size_t from, size_t line_bytes, struct redis_reply *node,
			 size_t *ret_missing)
{
	size_t size = (size_t)node->integer, start = from + line_bytes, end = start + size + 2;

	if (end > input.size) {
		*ret_missing = end - input.size;
		return 0;
	}
	if (input.data[end - 2] != '\r' || input.data[end - 1] != '\n')
		return -EPROTO;
	node->type = REDIS_TEXT;
	node->text = (struct bytes){.data = NULL, .size = size};
	node->integer = (int64_t)start;
	return (ssize_t)(end - from);
}

/* A status or an error. */
static ssize_t read_status(struct bytes input, size_t from, struct redis_reply *node)
{
	struct bytes line;
	ssize_t taken = read_line(input, from, &line);

	if (taken > 0) {
		node->type = input.data[from] == '-' ? REDIS_ERROR : REDIS_TEXT;
		node->text = (struct bytes){.data = NULL, .size = line.size - 1};
		node->integer = (int64_t)from + 1;
	}
	return taken;
}

/* One node. Where its text begins is kept in its integer: the input may move before the answer is complete. */
static ssize_t read_node(struct reply_reader *reader, struct bytes input, struct redis_reply *node, size_t *ret_missing)
{
	char kind = input.data[reader->at];

	if (kind == '+' || kind == '-')
		return read_status(input, reader->at, node);
	if (kind != ':' && kind != '$' && kind != '*')
		return -EPROTO;
	ssize_t taken = read_number(input, reader->at, &node->integer);
	if (taken <= 0)
		return taken;
	if (kind == ':') {
		node->type = REDIS_INTEGER;
	} else if (node->integer == -1) {
		node->type = REDIS_NIL;
	} else if (node->integer < 0 || node->integer > TEXT_LONGEST_BYTES || (kind == '*' && reader->known > 0)) {
		return -EPROTO;
	} else if (kind == '*') {
		node->type = REDIS_ARRAY;
		node->count = (size_t)node->integer;
		reader->expected += node->count;
	} else {
		return read_text(input, reader->at, (size_t)taken, node, ret_missing);
	}
	return taken;
}

/* All is there, and stays where it is: now what points can be set. */
static void point(struct reply_reader *reader, struct bytes input)
{
	for (size_t i = 0; i < reader->known; i++) {
		struct redis_reply *node = &reader->nodes[i];
		if (node->type == REDIS_TEXT || node->type == REDIS_ERROR)
			node->text.data = input.data + node->integer;
		else
			node->text = (struct bytes){0};
	}
	reader->nodes[0].elements = reader->nodes + 1;
}

ssize_t reply_reader_read(struct reply_reader *reader, struct bytes input, const struct redis_reply **ret_reply,
			  size_t *ret_missing)
{
	if (reader->known == 0) {
		if (reader->capacity > NODES_KEPT)
			reply_reader_free(reader);
		reader->at = 0;
		reader->expected = 1;
	}
	while (reader->known < reader->expected) {
		*ret_missing = 1;
		if (reader->at == input.size)
			return 0;
		if (make_room(reader))
			return -ENOMEM;
		ssize_t taken = read_node(reader, input, &reader->nodes[reader->known], ret_missing);
		if (taken <= 0)
			return taken;
		reader->at += (size_t)taken;
		reader->known++;
	}
	point(reader, input);
	*ret_reply = reader->nodes;
	reader->known = 0;
	return (ssize_t)reader->at;
}

void reply_reader_free(struct reply_reader *reader)
{
	free(reader->nodes);
	*reader = (struct reply_reader){0};
}
