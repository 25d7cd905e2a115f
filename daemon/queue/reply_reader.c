/* queue/reply_reader.c
 *
 * hiredis asks for an object for each part of an answer. It gets a node of an array that stays; the texts are collected
 * in a buffer that stays too, and are pointed at when the answer is complete, since the buffer moves while it grows. */
#include "daemon/queue/reply_reader.h"

#include "common/buffer.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
	NODES_FIRST = 16,
	NODES_KEPT = 1 << 13,       /* what a larger answer took is given back */
	TEXT_KEPT_BYTES = 1 << 20,  /* likewise */
	INPUT_KEPT_BYTES = 1 << 20, /* likewise, by hiredis */
	ELEMENTS_MOST = 1 << 24,    /* far beyond what a claim may ask for */
};

struct reply_reader {
	redisReader *hiredis;
	struct redis_reply *nodes; /* the answer, then its elements */
	size_t capacity;
	size_t count; /* elements */
	struct buffer texts;
	bool strange; /* something that a worker never asks for */
	bool no_memory;
};

/* Where the node belongs that the task is about. NULL: it cannot be kept. */
static struct redis_reply *place_of(const redisReadTask *task)
{
	struct reply_reader *reader = task->privdata;

	if (!task->parent)
		return &reader->nodes[0];
	assert((size_t)task->idx < reader->count);
	return &reader->nodes[1 + (size_t)task->idx];
}

/* Where the text begins is kept in the integer until the answer is complete. */
static void *make_text(const redisReadTask *task, char *text, size_t size)
{
	struct reply_reader *reader = task->privdata;
	struct redis_reply *node = place_of(task);

	*node = (struct redis_reply){.type = task->type == REDIS_REPLY_ERROR ? REDIS_ERROR : REDIS_TEXT,
				     .integer = (int64_t)reader->texts.size,
				     .text.size = size};
	buffer_append(&reader->texts, (struct bytes){.data = text, .size = size});
	if (!buffer_failed(&reader->texts))
		return node;
	reader->no_memory = true;
	return NULL;
}

static void *make_integer(const redisReadTask *task, long long integer)
{
	struct redis_reply *node = place_of(task);

	*node = (struct redis_reply){.type = REDIS_INTEGER, .integer = integer};
	return node;
}

static void *make_nil(const redisReadTask *task)
{
	struct redis_reply *node = place_of(task);

	*node = (struct redis_reply){.type = REDIS_NIL};
	return node;
}

static int reserve(struct reply_reader *reader, size_t count)
{
	size_t capacity = reader->capacity;

	while (capacity < count)
		capacity *= 2;
	if (capacity == reader->capacity)
		return 0;
	struct redis_reply *nodes = realloc(reader->nodes, capacity * sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	reader->nodes = nodes;
	reader->capacity = capacity;
	return 0;
}

static void *make_array_of(const redisReadTask *task, size_t count)
{
	struct reply_reader *reader = task->privdata;

	reader->strange = task->parent || task->type != REDIS_REPLY_ARRAY || count > ELEMENTS_MOST;
	reader->no_memory = !reader->strange && reserve(reader, count + 1) < 0;
	if (reader->strange || reader->no_memory)
		return NULL;
	reader->count = count;
	reader->nodes[0] = (struct redis_reply){.type = REDIS_ARRAY, .count = count};
	return reader->nodes;
}

#if HIREDIS_MAJOR == 0
static void *make_array(const redisReadTask *task, int count)
{
	return make_array_of(task, (size_t)count);
}
#else
static void *make_array(const redisReadTask *task, size_t count)
{
	return make_array_of(task, count);
}

/* RESP3 only, which nobody has asked for. */
static void *make_double(const redisReadTask *task, double value, char *text, size_t size)
{
	struct reply_reader *reader = task->privdata;

	(void)value;
	(void)text;
	(void)size;
	reader->strange = true;
	return NULL;
}

static void *make_bool(const redisReadTask *task, int value)
{
	return make_double(task, value, NULL, 0);
}
#endif

static void keep(void *node)
{
	(void)node; /* nodes are used again */
}

static redisReplyObjectFunctions functions = {
	.createString = make_text,
	.createArray = make_array,
	.createInteger = make_integer,
	.createNil = make_nil,
	.freeObject = keep,
#if HIREDIS_MAJOR > 0
	.createDouble = make_double,
	.createBool = make_bool,
#endif
};

int reply_reader_new(struct reply_reader **ret_reader)
{
	struct reply_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	buffer_init(&reader->texts, SIZE_MAX);
	reader->capacity = NODES_FIRST;
	reader->nodes = calloc(NODES_FIRST, sizeof(*reader->nodes));
	reader->hiredis = redisReaderCreateWithFunctions(&functions);
	if (!reader->nodes || !reader->hiredis) {
		reply_reader_free(reader);
		return -ENOMEM;
	}
	reader->hiredis->privdata = reader;
	reader->hiredis->maxbuf = INPUT_KEPT_BYTES;
	*ret_reader = reader;
	return 0;
}

void reply_reader_free(struct reply_reader *reader)
{
	if (!reader)
		return;
	if (reader->hiredis)
		redisReaderFree(reader->hiredis);
	buffer_free(&reader->texts);
	free(reader->nodes);
	free(reader);
}

static int failure_of(const struct reply_reader *reader)
{
	if (reader->strange)
		return -EPROTO;
	return reader->no_memory || reader->hiredis->err == REDIS_ERR_OOM ? -ENOMEM : -EPROTO;
}

int reply_reader_feed(struct reply_reader *reader, struct bytes received)
{
	return redisReaderFeed(reader->hiredis, received.data, received.size) == REDIS_OK ? 0 : failure_of(reader);
}

/* Gives back what the answer before took beyond the usual. The texts of an answer of which a part was read stay. */
static int forget_last(struct reply_reader *reader)
{
	if (reader->hiredis->ridx >= 0)
		return 0;
	reader->count = 0;
	if (reader->texts.capacity > TEXT_KEPT_BYTES) {
		buffer_free(&reader->texts);
		buffer_init(&reader->texts, SIZE_MAX);
	}
	buffer_reset(&reader->texts);
	if (reader->capacity <= NODES_KEPT)
		return 0;
	free(reader->nodes);
	reader->capacity = NODES_FIRST;
	reader->nodes = calloc(NODES_FIRST, sizeof(*reader->nodes));
	return reader->nodes ? 0 : -ENOMEM;
}

static void point(struct reply_reader *reader)
{
	for (size_t i = 0; i <= reader->count; i++) {
		struct redis_reply *node = &reader->nodes[i];
		if (node->type == REDIS_TEXT || node->type == REDIS_ERROR)
			node->text.data = reader->texts.data + node->integer;
	}
	reader->nodes[0].elements = reader->nodes + 1;
}

int reply_reader_next(struct reply_reader *reader, const struct redis_reply **ret_reply)
{
	void *answer = NULL;

	*ret_reply = NULL;
	if (forget_last(reader) < 0)
		return -ENOMEM;
	if (redisReaderGetReply(reader->hiredis, &answer) != REDIS_OK)
		return failure_of(reader);
	if (!answer)
		return 0;
	point(reader);
	*ret_reply = reader->nodes;
	return 0;
}
