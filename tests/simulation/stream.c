/* tests/simulation/stream.c - daemon/queue/stream.h over the fake Redis: bytes that travel, arrive late, or not at all.
 *
 * What is flushed in one go travels together, and so do the answers to it. A connection is cut in one of many ways:
 * what is on its way is executed, or the first part of it, or none; no answer comes any more; each end hears of it at
 * once, or later, or never. */
#include "network.h"

#include "loop.h"
#include "process.h"
#include "redis.h"

#include "daemon/queue/redis_reply.h"
#include "daemon/queue/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct stream {
	struct stream *next; /* of all that ever were */
	struct loop *loop;
	struct stream_events events;
	void *context;
	struct client *client;   /* NULL: the server does not know of it yet */
	bool closed;             /* by the code under test: nothing is told it any more */
	bool up_cut, down_cut;   /* nothing gets through any more */
	uint32_t last_commands;  /* so many still do; 0: no limit */
	uint64_t up_us, down_us; /* what was sent last arrives then: nothing overtakes */
};

/* Commands, or answers, on their way together. */
struct flight {
	struct flight *next; /* of those that wait for a server that pauses */
	struct stream *stream;
	struct blob *bytes;           /* upwards: RESP */
	struct redis_answer *answers; /* downwards */
	uint32_t count, capacity;
};

static struct stream *streams;
static struct flight *boarding; /* answers of one turn of the server */
static struct flight *first_waiting, *last_waiting;
static bool loses_claim;

void network_begin(void)
{
	streams = NULL;
	boarding = first_waiting = last_waiting = NULL;
	loses_claim = false;
}

static uint64_t arrival(uint64_t *last_us)
{
	uint64_t time_us = world_now_us() + network_latency_us();

	if (time_us <= *last_us)
		time_us = *last_us + 1;
	*last_us = time_us;
	return time_us;
}

/* --- downwards --- */

static void hand_in(void *context, uint64_t argument)
{
	struct flight *flight = context;
	struct stream *stream = flight->stream;

	(void)argument;
	for (uint32_t i = 0; i < flight->count; i++) {
		if (!stream->closed && !stream->down_cut)
			stream->events.answer(stream->context, redis_answer_reply(&flight->answers[i]));
		redis_answer_clear(&flight->answers[i]);
	}
	must_free(flight->answers);
	must_free(flight);
}

static void land_answers(void *context, uint64_t argument)
{
	struct flight *flight = context;

	(void)argument;
	loop_post(flight->stream->loop, hand_in, flight, 0);
}

static void take_off(void *context, uint64_t argument)
{
	struct flight *flight = context;

	(void)argument;
	if (boarding == flight)
		boarding = NULL;
	world_at(arrival(&flight->stream->down_us), land_answers, flight, 0);
}

static void on_client_answered(void *context, struct redis_answer *answer)
{
	struct stream *stream = context;

	if (!boarding || boarding->stream != stream) {
		boarding = must_alloc(sizeof(*boarding));
		boarding->stream = stream;
		world_in(0, take_off, boarding, 0);
	}
	if (boarding->count == boarding->capacity) {
		boarding->capacity = boarding->capacity ? boarding->capacity * 2 : 8;
		boarding->answers = must_grow(boarding->answers, boarding->capacity * sizeof(struct redis_answer));
	}
	boarding->answers[boarding->count++] = *answer;
	*answer = (struct redis_answer){0};
}

static void tell_ended(void *context, uint64_t argument)
{
	struct stream *stream = context;

	(void)argument;
	if (!stream->closed)
		stream->events.ended(stream->context, "Connection reset by peer");
}

static void end_soon(void *context, uint64_t argument)
{
	struct stream *stream = context;

	(void)argument;
	if (!stream->closed)
		loop_post(stream->loop, tell_ended, stream, 0);
}

/* --- upwards --- */

/* One command in RESP. Returns where the next begins. */
static const char *read_command(const char *at, struct bytes *words, uint32_t *ret_count)
{
	char *end;
	uint32_t count = (uint32_t)strtoul(at + 1, &end, 10);

	if (count == 0 || count > CLIENT_WORDS_MOST)
		violated(NULL, "a command of %" PRIu32 " words is sent to Redis", count);
	end += 2;
	for (uint32_t i = 0; i < count; i++) {
		words[i].size = strtoul(end + 1, &end, 10);
		words[i].data = end + 2;
		end += 2 + words[i].size + 2;
	}
	*ret_count = count;
	return end;
}

void network_lose_claim(void)
{
	loses_claim = true;
}

static void server_hears(void *context, uint64_t argument);

static bool is_claim(const struct bytes *words, uint32_t count)
{
	const char *script = count > 3 && bytes_starts(words[0], BYTES("EVAL")) ? redis_script_name(words[1]) : NULL;

	return script && strcmp(script, "claim") == 0 && redis_find(&redis.keys, words[3]);
}

static void execute(struct stream *stream, const struct blob *bytes)
{
	const char *at = bytes->data;

	while (at < bytes->data + bytes->size && !stream->up_cut) {
		struct bytes words[CLIENT_WORDS_MOST];
		uint32_t count;

		at = read_command(at, words, &count);
		if (loses_claim && is_claim(words, count)) {
			trace("~ the answer to a claim is lost");
			loses_claim = false;
			stream->last_commands = 1;
			stream->down_cut = true;
			world_in(network_latency_us(), server_hears, stream, 0);
			world_in(network_latency_us(), end_soon, stream, 0);
		}
		client_execute(stream->client, words, count);
		if (stream->last_commands > 0 && --stream->last_commands == 0)
			stream->up_cut = true;
	}
}

static void disembark(struct flight *flight)
{
	struct stream *stream = flight->stream;

	if (!stream->up_cut && stream->client && !client_is_gone(stream->client))
		execute(stream, flight->bytes);
	blob_unref(flight->bytes);
	must_free(flight);
}

/* What has come while the server paused, in the order in which it has. */
static void go_on(void *context, uint64_t argument)
{
	(void)context, (void)argument;
	while (first_waiting && world_now_us() >= redis.paused_until_us) {
		struct flight *flight = first_waiting;

		first_waiting = flight->next;
		if (!first_waiting)
			last_waiting = NULL;
		disembark(flight);
	}
}

static void land_commands(void *context, uint64_t argument)
{
	struct flight *flight = context;

	(void)argument;
	if (!first_waiting && world_now_us() >= redis.paused_until_us) {
		disembark(flight);
		return;
	}
	*(last_waiting ? &last_waiting->next : &first_waiting) = flight;
	last_waiting = flight;
	world_at(redis.paused_until_us, go_on, NULL, 0);
}

static void tell_writable(void *context, uint64_t argument)
{
	struct stream *stream = context;

	(void)argument;
	if (!stream->closed)
		stream->events.writable(stream->context);
}

static void connect_client(void *context, uint64_t argument)
{
	struct stream *stream = context;

	(void)argument;
	if (stream->closed)
		return;
	if (redis.down || world_now_us() < redis.paused_until_us) {
		if (redis.down)
			end_soon(stream, 0);
		else
			world_at(redis.paused_until_us, connect_client, stream, 0);
		return;
	}
	stream->client = client_open(on_client_answered, stream);
	loop_post(stream->loop, tell_writable, stream, 0);
}

int stream_open(uv_loop_t *loop, const struct redis_url *url, const struct addrinfo *address,
		const struct stream_events *events, void *context, struct stream **ret_stream)
{
	struct loop *owner = (struct loop *)(void *)loop;
	struct stream *stream;

	(void)url, (void)address;
	if (owner->over)
		return -ENETDOWN;
	stream = world_alloc(sizeof(*stream));
	stream->loop = owner;
	stream->events = *events;
	stream->context = context;
	stream->next = streams;
	streams = stream;
	world_at(arrival(&stream->up_us), connect_client, stream, 0);
	*ret_stream = stream;
	return 0;
}

ssize_t stream_send(struct stream *stream, struct bytes bytes)
{
	struct flight *flight;

	if (stream->up_cut || stream->loop->over)
		return (ssize_t)bytes.size;
	flight = must_alloc(sizeof(*flight));
	flight->stream = stream;
	flight->bytes = blob_new(bytes);
	world_at(arrival(&stream->up_us), land_commands, flight, 0);
	return (ssize_t)bytes.size;
}

static void server_hears(void *context, uint64_t argument)
{
	struct stream *stream = context;

	(void)argument;
	stream->up_cut = true;
	if (stream->client)
		client_gone(stream->client);
}

void stream_close(struct stream *stream)
{
	if (!stream || stream->closed)
		return;
	stream->closed = true;
	if (stream->client)
		client_abandon(stream->client);
	if (!stream->up_cut && !stream->loop->over)
		world_at(arrival(&stream->up_us), server_hears, stream, 0);
}

/* --- how it is cut --- */

static void cut(struct stream *stream, uint64_t client_hears_us)
{
	/* What is on its way up still arrives, or some of it, or nothing. */
	if (one_in(3))
		stream->up_cut = true;
	else if (one_in(2))
		stream->last_commands = (uint32_t)draw_between(1, 6);
	stream->down_cut = true;
	uint64_t server_us = one_in(3) ? draw_between(SECOND, 8 * SECOND) : draw(300 * MS);
	world_in(server_us, server_hears, stream, 0);
	if (client_hears_us != UINT64_MAX)
		world_in(client_hears_us, end_soon, stream, 0);
}

bool network_cut_one(struct process *process)
{
	uint32_t count = 0;
	struct stream *chosen = NULL;

	for (struct stream *stream = streams; stream; stream = stream->next)
		if (!stream->closed && !stream->down_cut && stream->client && stream->loop == process_loop(process) &&
		    one_in(++count))
			chosen = stream;
	if (!chosen)
		return false;
	/* Without a word: found out by what is not answered. */
	cut(chosen, one_in(5) ? UINT64_MAX : draw(200 * MS));
	return true;
}

void network_cut_all(void)
{
	for (struct stream *stream = streams; stream; stream = stream->next)
		if (!stream->closed) {
			stream->up_cut = stream->down_cut = true;
			world_in(draw(50 * MS), end_soon, stream, 0);
		}
}

void network_abandon(struct process *process, bool host_is_gone)
{
	for (struct stream *stream = streams; stream; stream = stream->next) {
		if (stream->closed || stream->loop != process_loop(process))
			continue;
		stream->down_cut = true;
		if (stream->client)
			client_abandon(stream->client);
		/* The kernel of a killed process says goodbye behind what was sent; that of a host without power does
		 * not. */
		if (host_is_gone)
			world_in(draw_between(SECOND, 20 * SECOND), server_hears, stream, 0);
		else
			world_at(arrival(&stream->up_us), server_hears, stream, 0);
		loop_post(stream->loop, tell_ended, stream, 0);
	}
}
