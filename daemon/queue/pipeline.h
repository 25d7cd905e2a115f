/* queue/pipeline.h - commands on their way out of one connection: those of a turn together. */
#ifndef QUEUE_PIPELINE_H
#define QUEUE_PIPELINE_H

#include "common/buffer.h"

#include <stdbool.h>

struct stream;

struct pipeline {
	struct buffer output; /* what is not sent yet, and behind it what has begun */
	size_t begun;         /* where that begins */
	bool open;            /* it has begun: to be committed or retracted before anything else */
	size_t sent;          /* how much of the output the socket has taken already */
	uint32_t small_sends; /* since there was much to send */
};

void pipeline_init(struct pipeline *pipeline);
void pipeline_free(struct pipeline *pipeline);

/* A command: begun, appended to with the functions of resp.h, then committed or retracted. Were it left as it is, the
 * answers of all that follow would be taken for those of others. */
void pipeline_begin(struct pipeline *pipeline, uint32_t arguments);
void pipeline_commit(struct pipeline *pipeline);
/* Takes back what has begun, and with it the reason why it could not be completed. */
void pipeline_retract(struct pipeline *pipeline);

static inline size_t pipeline_unsent(const struct pipeline *pipeline)
{
	return pipeline->output.size - pipeline->sent;
}

static inline bool pipeline_empty(const struct pipeline *pipeline)
{
	return pipeline->sent == pipeline->output.size;
}

/* Sends as much as stream_send() takes. Returns 0 or a negative errno. */
int pipeline_flush(struct pipeline *pipeline, struct stream *stream);

#endif
