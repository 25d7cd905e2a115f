/* queue/link.c
 *
 *   DOWN --due--> RESOLVING --> DOWN --addresses known--> CONNECTING --> GREETING --> READY
 *    ^                                                        |             |          |
 *    +------------- refused, late, lost: backoff -------------+-------------+----------+      any --close--> gone
 *
 * A numeric address and a socket skip RESOLVING. Callbacks of the stream only record, but for the loss of the
 * connection, which is told at once; link_step() acts. What is committed is written to the socket by link_flush(),
 * together for a turn, and in several turns when it is much. */
#include "daemon/queue/link.h"

#include "common/log.h"
#include "daemon/queue/backoff.h"
#include "daemon/queue/calls.h"
#include "daemon/queue/pipeline.h"
#include "daemon/queue/resp.h"
#include "daemon/queue/stream.h"
#include "daemon/queue/verdict.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	IDLE_PING_MS = 10000,
	WHY_BYTES = 160,
	PACE_BYTES = 20 << 10, /* per millisecond: slower than that nothing large is on its way */
};

enum link_state { LINK_DOWN, LINK_RESOLVING, LINK_CONNECTING, LINK_GREETING, LINK_READY };

struct link {
	uv_loop_t *loop;
	struct link_settings settings;
	struct link_events events;
	void *context;
	enum link_state state;
	struct stream *stream; /* NULL: none */
	bool connected;        /* while CONNECTING: the socket is */
	bool losing;           /* the callers are being told that their answers will not come */
	bool greeting_bad;     /* an answer to the greeting was an error */
	bool closed;
	uint32_t greetings; /* answers still due while GREETING */
	uint64_t client_id;
	char why[WHY_BYTES]; /* of the last failure */
	bool told_down;      /* the log knows that there is no connection */
	uint64_t deadline_ms, retry_at_ms, heard_ms;
	uint32_t failures;
	uv_getaddrinfo_t resolve;
	struct addrinfo *addresses, *address;
	struct calls calls;
	struct pipeline pipeline;
};

/* Only an assertion looks at it. */
__attribute__((unused)) static const uint32_t allowed[] = {
	[LINK_DOWN] = 1u << LINK_DOWN | 1u << LINK_RESOLVING | 1u << LINK_CONNECTING,
	[LINK_RESOLVING] = 1u << LINK_DOWN,
	[LINK_CONNECTING] = 1u << LINK_DOWN | 1u << LINK_GREETING,
	[LINK_GREETING] = 1u << LINK_DOWN | 1u << LINK_READY,
	[LINK_READY] = 1u << LINK_DOWN,
};

static void move(struct link *link, enum link_state state)
{
	assert(allowed[link->state] & 1u << state);
	link->state = state;
}

/* As old as the loop's turn, which is near enough for timeouts and saves reading the clock for each call. */
static uint64_t now(const struct link *link)
{
	return uv_now(link->loop);
}

static void touch(struct link *link)
{
	link->events.touched(link->context);
}

static void free_addresses(struct link *link)
{
	if (link->addresses)
		uv_freeaddrinfo(link->addresses);
	link->addresses = link->address = NULL;
}

static const char *peer(const struct link *link)
{
	const struct redis_url *url = link->settings.url;

	return url->unix_socket[0] ? url->unix_socket : url->host;
}

/* The one way down. The stream is closed already, and all callers told. */
static void went_down(struct link *link, const char *why)
{
	bool was_ready = link->state == LINK_READY;

	move(link, LINK_DOWN);
	link->connected = link->losing = link->greeting_bad = false;
	link->greetings = 0;
	link->client_id = 0;
	if (why != link->why)
		snprintf(link->why, sizeof(link->why), "%s", why);
	if (link->closed)
		return;
	if (!was_ready && link->address && link->address->ai_next) {
		link->address = link->address->ai_next; /* another address of the same name: no need to wait */
		link->retry_at_ms = now(link);
	} else {
		free_addresses(link);
		link->retry_at_ms = now(link) + (was_ready ? 0 : backoff_ms(link->failures++));
	}
	if (was_ready) {
		link->failures = 0;
		log_event(LEVEL_WARNING, "redis.lost", log_text("peer", peer(link)),
			  log_text("link", link->settings.name), log_text("why", link->why));
		link->events.lost(link->context);
	} else if (!link->told_down && !link->address) {
		log_event(LEVEL_WARNING, "redis.unreachable", log_text("peer", peer(link)),
			  log_text("link", link->settings.name), log_text("why", link->why));
		link->told_down = true;
	}
	touch(link);
}

/* Gives the connection up. */
static void cut(struct link *link, const char *why)
{
	link->losing = true;
	stream_close(link->stream);
	link->stream = NULL;
	while (link->calls.count > 0) {
		struct link_call call = calls_take(&link->calls);
		call.answer(call.context, NULL);
	}
	pipeline_free(&link->pipeline);
	pipeline_init(&link->pipeline);
	went_down(link, why);
}

static void on_ended(void *context, const char *why)
{
	cut(context, why);
}

static void on_writable(void *context)
{
	struct link *link = context;

	link->connected = true;
	touch(link);
}

static void on_answer(void *context, const struct redis_reply *reply)
{
	struct link *link = context;

	if (link->calls.count == 0) {
		cut(link, "an answer that nobody has asked for");
		return;
	}
	struct link_call call = calls_take(&link->calls);
	link->heard_ms = now(link);
	call.answer(call.context, reply);
	if (!pipeline_empty(&link->pipeline))
		touch(link); /* for link_flush(): that answer made more to send */
}

static void start_connecting(struct link *link)
{
	static const struct stream_events events = {.writable = on_writable, .answer = on_answer, .ended = on_ended};

	move(link, LINK_CONNECTING);
	link->connected = false;
	link->deadline_ms = now(link) + link->settings.timeout_ms;
	int failure = stream_open(link->loop, link->settings.url, link->address, &events, link, &link->stream);
	if (failure)
		went_down(link, uv_strerror(failure));
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
	struct link *link = request->data;

	if (link->closed) {
		uv_freeaddrinfo(addresses);
		free(link);
		return;
	}
	move(link, LINK_DOWN);
	if (status) {
		went_down(link, uv_strerror(status));
		return;
	}
	link->addresses = link->address = addresses;
	link->retry_at_ms = 0;
	touch(link);
}

static void start(struct link *link)
{
	const struct redis_url *url = link->settings.url;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC};
	unsigned char address[sizeof(struct in6_addr)];

	if (url->unix_socket[0] || link->address || inet_pton(AF_INET, url->host, address) == 1 ||
	    inet_pton(AF_INET6, url->host, address) == 1) {
		start_connecting(link);
		return;
	}
	link->resolve.data = link;
	move(link, LINK_RESOLVING);
	int failure = uv_getaddrinfo(link->loop, &link->resolve, on_resolved, url->host, NULL, &hints);
	if (failure)
		went_down(link, uv_strerror(failure));
}

static int commit(struct link *link, uint64_t timeout_ms, link_answer *answer, void *context)
{
	/* What is much takes its time, and what comes behind it waits. */
	uint64_t sending_ms = pipeline_unsent(&link->pipeline) / PACE_BYTES;
	struct link_call call = {
		.answer = answer, .context = context, .deadline_ms = now(link) + timeout_ms + sending_ms};
	int failure = 0;

	if (!link->stream || link->losing)
		failure = -ENOTCONN;
	else if (buffer_failed(&link->pipeline.output) || calls_add(&link->calls, call))
		failure = -ENOMEM;
	if (failure)
		pipeline_retract(&link->pipeline);
	else
		pipeline_commit(&link->pipeline);
	return failure;
}

void link_begin(struct link *link, uint32_t count)
{
	pipeline_begin(&link->pipeline, count);
}

void link_argument(struct link *link, struct bytes argument)
{
	resp_append(&link->pipeline.output, argument);
}

void link_text(struct link *link, const char *argument)
{
	link_argument(link, bytes_of(argument));
}

void link_uint(struct link *link, uint64_t argument)
{
	resp_append_uint(&link->pipeline.output, argument);
}

void link_formatted(struct link *link, struct bytes arguments)
{
	buffer_append(&link->pipeline.output, arguments);
}

int link_commit(struct link *link, uint32_t extra_ms, link_answer *answer, void *context)
{
	if (link->state != LINK_READY) {
		pipeline_retract(&link->pipeline);
		return -ENOTCONN;
	}
	return commit(link, (uint64_t)link->settings.timeout_ms + extra_ms, answer, context);
}

static void greeted(struct link *link, const struct redis_reply *reply)
{
	if (reply && verdict_of(reply) != VERDICT_OK && !link->greeting_bad) {
		struct bytes text = verdict_text(reply);
		snprintf(link->why, sizeof(link->why), "%.*s", BYTES_ARG(text));
		link->greeting_bad = true;
	}
	link->greetings--;
	touch(link);
}

static void on_greeting(void *context, const struct redis_reply *reply)
{
	greeted(context, reply);
}

/* An account that may not ask for its number, or set its name, works all the same. */
static void on_optional_greeting(void *context, const struct redis_reply *reply)
{
	(void)reply;
	greeted(context, NULL);
}

static void on_client_id(void *context, const struct redis_reply *reply)
{
	struct link *link = context;

	link->client_id = reply_uint(reply);
	greeted(link, NULL);
}

static void greet_with(struct link *link, link_answer *answer)
{
	if (commit(link, link->settings.timeout_ms, answer, link) == 0)
		link->greetings++;
	else
		link->greeting_bad = true;
}

static void greet(struct link *link)
{
	const struct redis_url *url = link->settings.url;

	move(link, LINK_GREETING);
	link->why[0] = '\0';
	if (url->password[0]) {
		link_begin(link, url->user[0] ? 3 : 2);
		link_text(link, "AUTH");
		if (url->user[0])
			link_text(link, url->user);
		link_text(link, url->password);
		greet_with(link, on_greeting);
	}
	if (url->database > 0) {
		link_begin(link, 2);
		link_text(link, "SELECT");
		link_uint(link, url->database);
		greet_with(link, on_greeting);
	}
	link_begin(link, 3);
	link_text(link, "CLIENT");
	link_text(link, "SETNAME");
	link_text(link, link->settings.name);
	greet_with(link, on_optional_greeting);
	link_begin(link, 2);
	link_text(link, "CLIENT");
	link_text(link, "ID");
	greet_with(link, on_client_id);
	link_begin(link, 1); /* a server that is loading its data says so here */
	link_text(link, "PING");
	greet_with(link, on_greeting);
}

static void become_ready(struct link *link)
{
	move(link, LINK_READY);
	link->failures = 0;
	link->told_down = false;
	free_addresses(link);
	log_event(LEVEL_INFO, "redis.connected", log_text("peer", peer(link)), log_text("link", link->settings.name),
		  log_int("database", link->settings.url->database));
	link->events.ready(link->context);
}

static void on_pong(void *context, const struct redis_reply *reply)
{
	(void)context;
	(void)reply; /* hearing it is all that matters */
}

static void watch_answers(struct link *link, uint64_t now_ms)
{
	if (link->calls.count > 0) {
		if (now_ms > calls_deadline_ms(&link->calls))
			cut(link, "no answer in time");
	} else if (now_ms > link->heard_ms + IDLE_PING_MS) {
		link_begin(link, 1);
		link_text(link, "PING");
		link_commit(link, 0, on_pong, link);
	}
}

void link_step(struct link *link, uint64_t now_ms)
{
	switch (link->state) {
	case LINK_DOWN:
		if (now_ms >= link->retry_at_ms)
			start(link);
		break;
	case LINK_RESOLVING:
		break; /* ends by itself, and cannot be hurried */
	case LINK_CONNECTING:
		if (link->connected)
			greet(link);
		else if (now_ms > link->deadline_ms)
			cut(link, "no connection in time");
		break;
	case LINK_GREETING:
		if (link->greetings == 0 && !link->greeting_bad)
			become_ready(link);
		else if (link->greetings == 0 || now_ms > link->deadline_ms)
			cut(link, link->why[0] ? link->why : "no greeting in time");
		break;
	case LINK_READY:
		watch_answers(link, now_ms);
		break;
	}
}

void link_flush(struct link *link)
{
	int failure = link->stream ? pipeline_flush(&link->pipeline, link->stream) : 0;

	if (failure)
		cut(link, uv_strerror(failure));
}

int link_open(uv_loop_t *loop, const struct link_settings *settings, const struct link_events *events, void *context,
	      struct link **ret_link)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return -ENOMEM;
	link->loop = loop;
	link->settings = *settings;
	link->events = *events;
	link->context = context;
	pipeline_init(&link->pipeline);
	*ret_link = link;
	return 0;
}

bool link_ready(const struct link *link)
{
	return link->state == LINK_READY && !link->losing;
}

uint64_t link_client_id(const struct link *link)
{
	return link->client_id;
}

void link_drop(struct link *link, const char *why)
{
	if (link->stream)
		cut(link, why);
}

void link_close(struct link *link)
{
	if (!link)
		return;
	bool resolving = link->state == LINK_RESOLVING;
	link->closed = true;
	if (link->stream)
		cut(link, "closed");
	free_addresses(link);
	calls_free(&link->calls);
	pipeline_free(&link->pipeline);
	if (resolving)
		uv_cancel((uv_req_t *)&link->resolve); /* on_resolved() frees the link, cancelled or not */
	else
		free(link);
}
