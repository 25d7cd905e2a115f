/* queue/uv_adapter.h - lets libuv drive one hiredis context.
 *
 * hiredis brings an adapter of its own, but the one of 0.14 ignores poll errors: a refused or reset connection would
 * never be reported. This one serves 0.14 and 1.x alike. */
#ifndef QUEUE_UV_ADAPTER_H
#define QUEUE_UV_ADAPTER_H

#include <uv.h>

struct redisAsyncContext;

/* Installs the hooks. From here on hiredis owns the adapter: it goes with the context. Returns 0, or a negative errno
 * with nothing installed. */
int uv_adapter_attach(uv_loop_t *loop, struct redisAsyncContext *redis);

#endif
