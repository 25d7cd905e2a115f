/* queue/uv_adapter.c
 *
 * The hooks only say what hiredis wants to wait for; the poll handle is touched when that differs from what it waits
 * for already, since hiredis repeats itself with every command. */
#include "daemon/queue/uv_adapter.h"

#include <errno.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdlib.h>

struct uv_adapter {
	uv_poll_t poll;
	struct redisAsyncContext *redis;
	int wanted;  /* UV_READABLE, UV_WRITABLE */
	int watched; /* what the poll handle was started with */
	bool closing;
};

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(struct uv_adapter *adapter)
{
	if (adapter->closing || adapter->wanted == adapter->watched)
		return;
	if (adapter->wanted)
		uv_poll_start(&adapter->poll, adapter->wanted, on_poll);
	else
		uv_poll_stop(&adapter->poll);
	adapter->watched = adapter->wanted;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct uv_adapter *adapter = poll->data;

	if (status < 0) {
		/* libuv reports POLLERR this way and has stopped watching: read() and write() know what it was. */
		adapter->watched = 0;
		events = UV_READABLE | UV_WRITABLE;
	}
	if (events & UV_READABLE)
		redisAsyncHandleRead(adapter->redis);
	if ((events & UV_WRITABLE) && !adapter->closing)
		redisAsyncHandleWrite(adapter->redis);
	watch(adapter);
}

static void add_read(void *data)
{
	struct uv_adapter *adapter = data;

	adapter->wanted |= UV_READABLE;
	watch(adapter);
}

static void remove_read(void *data)
{
	struct uv_adapter *adapter = data;

	adapter->wanted &= ~UV_READABLE;
	watch(adapter);
}

static void add_write(void *data)
{
	struct uv_adapter *adapter = data;

	adapter->wanted |= UV_WRITABLE;
	watch(adapter);
}

static void remove_write(void *data)
{
	struct uv_adapter *adapter = data;

	adapter->wanted &= ~UV_WRITABLE;
	watch(adapter);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* hiredis calls this before it closes the socket, which is the order that libuv needs. It may be on the stack of
 * on_poll(), so the memory stays until the close callback. */
static void cleanup(void *data)
{
	struct uv_adapter *adapter = data;

	if (adapter->closing)
		return;
	adapter->closing = true;
	uv_close((uv_handle_t *)&adapter->poll, on_closed);
}

int uv_adapter_attach(uv_loop_t *loop, struct redisAsyncContext *redis)
{
	struct uv_adapter *adapter = calloc(1, sizeof(*adapter));

	if (!adapter)
		return -ENOMEM;
	int failure = uv_poll_init(loop, &adapter->poll, redis->c.fd);
	if (failure) {
		free(adapter);
		return failure;
	}
	adapter->poll.data = adapter;
	adapter->redis = redis;
	redis->ev.data = adapter;
	redis->ev.addRead = add_read;
	redis->ev.delRead = remove_read;
	redis->ev.addWrite = add_write;
	redis->ev.delWrite = remove_write;
	redis->ev.cleanup = cleanup;
	return 0;
}
