/* tests/simulation/redis_server.c - clients of the fake Redis, blocking pops, and its outages. */
#include "redis.h"

#include "witness.h"
#include "world.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct redis redis;

struct waiting_call {
	struct blobs words;
	struct waiting_call *next;
};

struct client {
	struct client *next; /* of all that ever were */
	uint64_t id;
	client_answered *answered;
	void *context;
	bool gone, abandoned;
	struct blob *pop_from, *pop_to; /* while it blocks */
	uint64_t pops;                  /* so many times it has blocked: tells one timeout from another */
	uint64_t blocked_order;
	struct waiting_call *first, *last; /* what came behind the pop */
	bool resuming;
};

static uint64_t blocked_count;

void redis_begin(void)
{
	memset(&redis, 0, sizeof(redis));
}

static void drop_calls(struct client *client)
{
	while (client->first) {
		struct waiting_call *call = client->first;

		client->first = call->next;
		blobs_clear(&call->words);
		must_free(call);
	}
	client->last = NULL;
}

static void end_pop(struct client *client)
{
	blob_unref(client->pop_from);
	blob_unref(client->pop_to);
	client->pop_from = client->pop_to = NULL;
}

void redis_end(void)
{
	for (struct client *client = redis.clients; client; client = client->next)
		client_gone(client);
	redis_clear(&redis.keys);
	redis_clear(&redis.replica);
}

struct client *client_open(client_answered *answered, void *context)
{
	struct client *client = world_alloc(sizeof(*client));

	client->id = ++redis.last_client_id;
	client->answered = answered;
	client->context = context;
	client->next = redis.clients;
	redis.clients = client;
	return client;
}

void client_gone(struct client *client)
{
	client->gone = true;
	drop_calls(client);
	end_pop(client);
}

void client_abandon(struct client *client)
{
	client->abandoned = true;
}

bool client_is_gone(const struct client *client)
{
	return client->gone;
}

static void tell(struct client *client, struct redis_answer *answer)
{
	if (!client->gone)
		client->answered(client->context, answer);
	redis_answer_clear(answer);
}

/* --- blocking pops --- */

static void resume(void *context, uint64_t argument);

/* What came behind the pop is executed when the server has seen to its other clients. */
static void unblock(struct client *client, struct redis_answer *answer)
{
	end_pop(client);
	tell(client, answer);
	if (client->first && !client->resuming) {
		client->resuming = true;
		world_in(draw(50), resume, client, 0);
	}
}

static void on_pop_timeout(void *context, uint64_t pops)
{
	struct client *client = context;
	struct redis_answer answer = {0};

	if (client->gone || !client->pop_from || client->pops != pops)
		return;
	redis_answer_nil(&answer);
	unblock(client, &answer);
}

/* The client that blocks longest for a list that has something. */
static struct client *next_served(void)
{
	struct client *first = NULL;

	for (struct client *client = redis.clients; client; client = client->next)
		if (client->pop_from && redis_find(&redis.keys, blob_bytes(client->pop_from)) &&
		    (!first || client->blocked_order < first->blocked_order))
			first = client;
	return first;
}

static void move_for(struct bytes from, struct bytes to, struct redis_answer *answer)
{
	const struct bytes words[] = {BYTES("LMOVE"), from, to, BYTES("RIGHT"), BYTES("LEFT")};
	bool full = redis.full;

	redis.full = false; /* it was let in before */
	redis_execute(words, 5, answer);
	redis.full = full;
}

static void serve_blocked(void)
{
	struct client *client;

	while ((client = next_served())) {
		struct redis_answer answer = {0};

		move_for(blob_bytes(client->pop_from), blob_bytes(client->pop_to), &answer);
		if (client->abandoned)
			witness_landed_late(answer.reply.text);
		if (world_traces())
			trace("redis: the pop of client %" PRIu64 " moves %.*s", client->id,
			      BYTES_ARG(answer.reply.text));
		unblock(client, &answer);
	}
}

static void do_blmove(struct client *client, const struct bytes *words)
{
	struct redis_answer answer = {0};
	uint64_t timeout_us = (uint64_t)(strtod(words[5].data, NULL) * SECOND);

	if (redis.full) {
		redis_answer_error(&answer, "OOM command not allowed when used memory > 'maxmemory'.");
		tell(client, &answer);
		return;
	}
	client->pop_from = blob_new(words[1]);
	client->pop_to = blob_new(words[2]);
	client->blocked_order = ++blocked_count;
	client->pops++;
	world_in(timeout_us, on_pop_timeout, client, client->pops);
}

static struct client *find_client(uint64_t id)
{
	for (struct client *client = redis.clients; client; client = client->next)
		if (client->id == id && !client->gone)
			return client;
	return NULL;
}

static void do_client(struct client *client, const struct bytes *words, uint32_t count, struct redis_answer *answer)
{
	struct redis_answer nil = {0};
	struct client *other;

	if (bytes_equal_text(words[1], "ID")) {
		redis_answer_integer(answer, (int64_t)client->id);
		return;
	}
	if (!bytes_equal_text(words[1], "UNBLOCK")) {
		redis_answer_text(answer, BYTES("OK"));
		return;
	}
	other = count > 2 ? find_client(strtoull(words[2].data, NULL, 10)) : NULL;
	redis_answer_integer(answer, other && other->pop_from);
	if (!other || !other->pop_from)
		return;
	redis_answer_nil(&nil);
	unblock(other, &nil);
}

/* --- executing --- */

static void trace_call(const struct client *client, const struct bytes *words, uint32_t count)
{
	char line[400];
	int size = 0;

	for (uint32_t i = 0; i < count && size < (int)sizeof(line) - 80; i++) {
		const char *name = i == 1 && bytes_starts(words[0], BYTES("EVAL")) ? redis_script_name(words[1]) : NULL;

		size += name ? snprintf(line + size, 80, " %s", name)
			     : snprintf(line + size, 80, " %.*s", words[i].size < 70 ? (int)words[i].size : 70,
					words[i].data);
	}
	trace("redis: client %" PRIu64 ":%.*s", client->id, size, line);
}

static void run(struct client *client, const struct bytes *words, uint32_t count)
{
	struct redis_answer answer = {0};

	if (world_traces())
		trace_call(client, words, count);
	witness_serves(client->abandoned);
	if (bytes_equal_text(words[0], "BLMOVE")) {
		do_blmove(client, words);
		serve_blocked();
		return;
	}
	if (bytes_equal_text(words[0], "CLIENT"))
		do_client(client, words, count, &answer);
	else if (bytes_starts(words[0], BYTES("EVAL")))
		redis_evaluate(words, count, &answer);
	else
		redis_execute(words, count, &answer);
	witness_serves(false);
	tell(client, &answer);
	serve_blocked();
}

static void run_call(struct client *client, const struct waiting_call *call)
{
	struct bytes words[CLIENT_WORDS_MOST];

	assert(call->words.count > 0 && call->words.count <= CLIENT_WORDS_MOST);
	for (uint32_t i = 0; i < call->words.count; i++)
		words[i] = blob_bytes(call->words.items[i]);
	run(client, words, call->words.count);
}

static void resume(void *context, uint64_t argument)
{
	struct client *client = context;

	(void)argument;
	client->resuming = false;
	while (client->first && !client->gone && !client->pop_from) {
		struct waiting_call *call = client->first;

		client->first = call->next;
		if (!client->first)
			client->last = NULL;
		run_call(client, call);
		blobs_clear(&call->words);
		must_free(call);
	}
}

void client_execute(struct client *client, struct bytes *arguments, uint32_t count)
{
	struct waiting_call *call;

	if (client->gone)
		return;
	call = must_alloc(sizeof(*call));
	for (uint32_t i = 0; i < count; i++)
		blobs_insert(&call->words, i, blob_new(arguments[i]));
	*(client->last ? &client->last->next : &client->first) = call;
	client->last = call;
	if (!client->pop_from && !client->resuming)
		resume(client, 0);
}

/* --- weather, and producers --- */

void redis_pause(uint64_t until_us)
{
	if (until_us > redis.paused_until_us)
		redis.paused_until_us = until_us;
}

void redis_flush_scripts(void)
{
	memset(redis.known_scripts, 0, sizeof(redis.known_scripts));
}

void redis_detach_replica(void)
{
	redis_clear(&redis.replica);
	redis_copy(&redis.keys, &redis.replica);
	redis.has_replica = true;
}

void redis_forget_replica(void)
{
	redis_clear(&redis.replica);
	redis.has_replica = false;
}

static void come_back(void *context, uint64_t argument)
{
	(void)context, (void)argument;
	redis.down = false;
	trace("~ redis is back");
}

void redis_fail_over(uint64_t down_us)
{
	redis.down = true;
	redis_flush_scripts();
	if (redis.has_replica) {
		redis_clear(&redis.keys);
		redis.keys = redis.replica;
		redis.replica = (struct redis_keys){0};
		redis.has_replica = false;
	}
	for (struct client *client = redis.clients; client; client = client->next)
		if (!client->gone)
			client_gone(client);
	world_in(down_us, come_back, NULL, 0);
}

void redis_push(struct bytes list, struct bytes element)
{
	const struct bytes words[] = {BYTES("LPUSH"), list, element};
	struct redis_answer answer = {0};
	bool full = redis.full;

	redis.full = false;
	redis_execute(words, 3, &answer);
	redis.full = full;
	redis_answer_clear(&answer);
	serve_blocked();
}
