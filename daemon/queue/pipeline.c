/* queue/pipeline.c */
#include "daemon/queue/pipeline.h"

#include "daemon/queue/resp.h"
#include "daemon/queue/stream.h"

#include <assert.h>

enum {
	LIMIT_BYTES = 1 << 30,
	/* Large replies come one after the other, and each would find fresh memory: it is kept, room for one of 8 MiB
	 * that goes to two places, until so many turns in a row had little to send. */
	KEPT_BYTES = 32 << 20,
	SMALL_BYTES = 64 << 10,
	SMALL_SENDS = 100,
};

void pipeline_init(struct pipeline *pipeline)
{
	*pipeline = (struct pipeline){0};
	buffer_init(&pipeline->output, LIMIT_BYTES);
}

void pipeline_free(struct pipeline *pipeline)
{
	buffer_free(&pipeline->output);
}

void pipeline_begin(struct pipeline *pipeline, uint32_t arguments)
{
	assert(!pipeline->open);
	pipeline->open = true;
	pipeline->begun = pipeline->output.size;
	resp_append_count(&pipeline->output, arguments);
}

void pipeline_commit(struct pipeline *pipeline)
{
	assert(pipeline->open);
	pipeline->open = false;
}

void pipeline_retract(struct pipeline *pipeline)
{
	assert(pipeline->open);
	pipeline->open = false;
	pipeline->output.size = pipeline->begun;
	pipeline->output.state = BUFFER_FINE;
}

static void count_small_sends(struct pipeline *pipeline, size_t rest)
{
	if (rest > 0 || pipeline->output.size > SMALL_BYTES)
		pipeline->small_sends = 0;
	else
		pipeline->small_sends++;
}

/* Whether the memory is more than what is sent now needs. */
static bool is_oversized(const struct pipeline *pipeline)
{
	size_t capacity = pipeline->output.capacity;

	return capacity > KEPT_BYTES || (capacity > SMALL_BYTES && pipeline->small_sends >= SMALL_SENDS);
}

/* Makes room behind what is not sent yet, or gives the room back. */
static void forget_sent(struct pipeline *pipeline)
{
	struct buffer *output = &pipeline->output;
	size_t rest = output->size - pipeline->sent;

	count_small_sends(pipeline, rest);
	if (rest == 0 && is_oversized(pipeline)) {
		pipeline_free(pipeline);
		pipeline_init(pipeline);
	} else if (pipeline->sent >= rest) {
		memmove(output->data, output->data + pipeline->sent, rest);
		output->size = rest;
		pipeline->sent = 0;
	}
}

int pipeline_flush(struct pipeline *pipeline, struct stream *stream)
{
	const struct buffer *output = &pipeline->output;
	struct bytes rest = {.data = output->data + pipeline->sent, .size = output->size - pipeline->sent};

	assert(!pipeline->open);
	if (rest.size == 0)
		return 0;
	ssize_t size = stream_send(stream, rest);
	if (size < 0)
		return (int)size;
	pipeline->sent += (size_t)size;
	forget_sent(pipeline);
	return 0;
}
