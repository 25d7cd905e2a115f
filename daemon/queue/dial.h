/* queue/dial.h - starts one connection attempt: socket, keepalive, the loop's eyes on it. */
#ifndef QUEUE_DIAL_H
#define QUEUE_DIAL_H

#include "common/url.h"

#include <stddef.h>
#include <uv.h>

struct redisAsyncContext;

/* address: where to, when the URL's host had to be looked up; NULL for a numeric host and for a socket. Returns the
 * context, connecting, without callbacks; or NULL with the reason in ret_why. */
struct redisAsyncContext *dial(uv_loop_t *loop, const struct redis_url *url, const struct addrinfo *address,
			       char *ret_why, size_t why_bytes);

#endif
