/* queue/stream.c
 *
 *   CONNECTING --writable--> OPEN --error, end--> ENDED
 *       |  refused                                  ^         any --close--> gone
 *       +-------------------------------------------+
 *
 * Readability is waited for all the time, writability only while connecting and after a send that was cut short. What
 * crosses the socket does so in receive() and stream_send(): TLS belongs there. */
#include "daemon/queue/stream.h"

#include "common/log.h"
#include "daemon/queue/reply_reader.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	KEEPALIVE_S = 15,
	RECEIVE_BYTES = 64 << 10,
	TURN_BYTES = 1 << 20, /* read at most, and sent at a time: the loop has others to serve */
};

enum stream_state { STREAM_CONNECTING, STREAM_OPEN, STREAM_ENDED, STREAM_CLOSED };

struct stream {
	uv_poll_t poll;
	int descriptor;
	enum stream_state state;
	int watched; /* UV_READABLE, UV_WRITABLE */
	struct stream_events events;
	void *context;
	struct reply_reader *reader;
};

static void move(struct stream *stream, enum stream_state state)
{
	assert(stream->state < state);
	stream->state = state;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(struct stream *stream, int events)
{
	if (stream->watched == events)
		return;
	stream->watched = events;
	uv_poll_start(&stream->poll, events, on_poll);
}

static void end(struct stream *stream, const char *why)
{
	move(stream, STREAM_ENDED);
	uv_poll_stop(&stream->poll);
	stream->events.ended(stream->context, why);
}

/* Returns how many bytes came, -EAGAIN for none, or another negative errno. */
static ssize_t receive(struct stream *stream, char *to, size_t size)
{
	for (;;) {
		ssize_t received = recv(stream->descriptor, to, size, 0);
		if (received >= 0)
			return received ? received : -ECONNRESET;
		if (errno != EINTR)
			return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	}
}

/* Hands up the answers that are complete. */
static int tell_answers(struct stream *stream)
{
	while (stream->state == STREAM_OPEN) {
		const struct redis_reply *reply;
		int failure = reply_reader_next(stream->reader, &reply);

		if (failure || !reply)
			return failure;
		stream->events.answer(stream->context, reply);
	}
	return 0;
}

static void read_answers(struct stream *stream)
{
	char received[RECEIVE_BYTES];
	size_t taken = 0;
	ssize_t size;

	do {
		size = receive(stream, received, sizeof(received));
		int failure = size < 0 ? (int)size
				       : reply_reader_feed(stream->reader,
							   (struct bytes){.data = received, .size = (size_t)size});
		if (!failure)
			failure = tell_answers(stream);
		if (stream->state != STREAM_OPEN || failure == -EAGAIN)
			return;
		if (failure) {
			end(stream, failure == -ECONNRESET ? "closed by the server"
				    : failure == -EPROTO   ? "not the answers of a Redis"
							   : strerror(-failure));
			return;
		}
		taken += (size_t)size;
	} while (size == RECEIVE_BYTES && taken < TURN_BYTES); /* less than there was room for is all that there is */
}

static void finish_connecting(struct stream *stream)
{
	int failure = 0;
	socklen_t size = sizeof(failure);

	if (getsockopt(stream->descriptor, SOL_SOCKET, SO_ERROR, &failure, &size))
		failure = errno;
	if (failure) {
		end(stream, strerror(failure));
		return;
	}
	move(stream, STREAM_OPEN);
	watch(stream, UV_READABLE);
	stream->events.writable(stream->context);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct stream *stream = poll->data;

	if (status < 0) {
		/* libuv reports POLLERR this way and has stopped watching: recv() knows what it was. */
		stream->watched = 0;
		events = UV_READABLE;
	}
	if (stream->state == STREAM_CONNECTING) {
		finish_connecting(stream);
		return;
	}
	if (events & UV_READABLE)
		read_answers(stream);
	if (stream->state != STREAM_OPEN)
		return;
	watch(stream, events & UV_WRITABLE ? UV_READABLE : stream->watched | UV_READABLE);
	if (events & UV_WRITABLE)
		stream->events.writable(stream->context);
}

ssize_t stream_send(struct stream *stream, struct bytes bytes)
{
	size_t most = bytes.size < TURN_BYTES ? bytes.size : TURN_BYTES;
	ssize_t size;

	if (stream->state != STREAM_OPEN)
		return stream->state == STREAM_CONNECTING ? 0 : -ENOTCONN;
	do
		size = send(stream->descriptor, bytes.data, most, MSG_NOSIGNAL);
	while (size < 0 && errno == EINTR);
	if (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		return -errno;
	if (size < 0)
		size = 0;
	if ((size_t)size < bytes.size)
		watch(stream, UV_READABLE | UV_WRITABLE);
	return size;
}

/* A peer that is gone without a word is noticed by the kernel, even while a long blocking pop is under way. */
static void set_options(int descriptor)
{
	int on = 1, idle = KEEPALIVE_S, interval = KEEPALIVE_S / 3, probes = 3;

	if (setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
	    setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) ||
	    setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle)) ||
	    setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval)) ||
	    setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes)))
		log_event(LEVEL_DEBUG, "redis.no_keepalive", log_text("why", strerror(errno)));
}

union peer {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
};

/* Returns the size of the address, or a negative errno. */
static int peer_of(const struct redis_url *url, const struct addrinfo *address, union peer *ret_peer)
{
	*ret_peer = (union peer){0};
	if (url->unix_socket[0]) {
		struct sockaddr_un *local = &ret_peer->local;
		local->sun_family = AF_UNIX;
		int size = snprintf(local->sun_path, sizeof(local->sun_path), "%s", url->unix_socket);
		return size < (int)sizeof(local->sun_path) ? (int)sizeof(*local) : -ENAMETOOLONG;
	}
	if (address && address->ai_addrlen <= sizeof(*ret_peer))
		memcpy(ret_peer, address->ai_addr, address->ai_addrlen);
	else if (uv_ip4_addr(url->host, url->port, &ret_peer->v4) && uv_ip6_addr(url->host, url->port, &ret_peer->v6))
		return -EINVAL;
	if (ret_peer->any.sa_family == AF_INET) {
		ret_peer->v4.sin_port = htons(url->port);
		return (int)sizeof(ret_peer->v4);
	}
	ret_peer->v6.sin6_port = htons(url->port);
	return (int)sizeof(ret_peer->v6);
}

/* Returns the descriptor of a socket that is connecting, or a negative errno. */
static int dial(const struct redis_url *url, const struct addrinfo *address)
{
	union peer peer;
	int size = peer_of(url, address, &peer);

	if (size < 0)
		return size;
	int descriptor = socket(peer.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (descriptor < 0)
		return -errno;
	if (peer.any.sa_family != AF_UNIX)
		set_options(descriptor);
	if (connect(descriptor, &peer.any, (socklen_t)size) && errno != EINPROGRESS) {
		int failure = -errno;
		close(descriptor);
		return failure;
	}
	return descriptor;
}

int stream_open(uv_loop_t *loop, const struct redis_url *url, const struct addrinfo *address,
		const struct stream_events *events, void *context, struct stream **ret_stream)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	int failure = stream ? reply_reader_new(&stream->reader) : -ENOMEM;
	int descriptor = failure ? failure : dial(url, address);

	failure = descriptor < 0 ? descriptor : uv_poll_init(loop, &stream->poll, descriptor);
	if (failure) {
		if (descriptor >= 0)
			close(descriptor);
		if (stream)
			reply_reader_free(stream->reader);
		free(stream);
		return failure;
	}
	stream->descriptor = descriptor;
	stream->events = *events;
	stream->context = context;
	stream->poll.data = stream;
	watch(stream, UV_READABLE | UV_WRITABLE);
	*ret_stream = stream;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct stream *stream = handle->data;

	reply_reader_free(stream->reader);
	free(stream);
}

/* The poll handle goes before its descriptor, which is the order that libuv needs. This may be on the stack of
 * on_poll(), so the memory stays until the close callback. */
void stream_close(struct stream *stream)
{
	if (!stream || stream->state == STREAM_CLOSED)
		return;
	move(stream, STREAM_CLOSED);
	uv_close((uv_handle_t *)&stream->poll, on_closed);
	close(stream->descriptor);
}
