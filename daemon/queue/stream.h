/* queue/stream.h - one connection as bytes out and answers in: a socket, and the loop's eyes on it.
 *
 * hiredis' own connections would copy what is sent twice, allocate for each call and for each part of an answer, and
 * change what they poll for several times per pipeline. What is written here goes to the socket in the same turn, and
 * hiredis reads what comes. */
#ifndef QUEUE_STREAM_H
#define QUEUE_STREAM_H

#include "common/bytes.h"
#include "common/url.h"
#include "daemon/queue/redis_reply.h"

#include <uv.h>

struct stream;

/* Called from the loop, never from within a function below. Closing is legal in each of them. */
struct stream_events {
	/* The socket takes bytes: for the first time, or again after it has not taken all of them. */
	void (*writable)(void *context);
	void (*answer)(void *context, const struct redis_reply *reply); /* valid during the call only */
	/* The connection is gone; nothing follows. The stream is still to be closed. */
	void (*ended)(void *context, const char *why);
};

/* Begins to connect. address: where to, when the URL's host had to be looked up; NULL for a numeric host and for a
 * socket. Returns 0 or a negative errno. */
int stream_open(uv_loop_t *loop, const struct redis_url *url, const struct addrinfo *address,
		const struct stream_events *events, void *context, struct stream **ret_stream);

/* Sends as much as the socket takes at once, and no more than is good for one turn of the loop. Returns how much that
 * was, or a negative errno. After less than all `writable` follows. */
ssize_t stream_send(struct stream *stream, struct bytes bytes);

/* NULL is fine. */
void stream_close(struct stream *stream);

#endif
