/* queue/script.c */
#include "daemon/queue/script.h"

#include "common/buffer.h"
#include "daemon/queue/resp.h"
#include "daemon/queue/verdict.h"

#include "queue_scripts.inc" /* generated from scripts/: name, SHA1 and text of each */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { CALL_LIMIT_BYTES = 1 << 29 };

struct script_call {
	struct link *link;
	enum script script;
	uint32_t keys, arguments;
	uint32_t extra_ms;
	bool sent_whole; /* with its text: a second NOSCRIPT is a failure */
	link_answer *answer;
	void *context;
	struct buffer rest; /* the keys and arguments as they go on the wire, kept for a second sending */
	bool has_lent;
	struct bytes lent; /* an argument that is not in rest */
	size_t lent_place; /* but belongs there */
};

struct script_call *script_begin(struct link *link, enum script script)
{
	struct script_call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->link = link;
	call->script = script;
	buffer_init(&call->rest, CALL_LIMIT_BYTES);
	return call;
}

void script_key_bytes(struct script_call *call, struct bytes key)
{
	if (!call)
		return;
	resp_append(&call->rest, key);
	call->keys++;
}

void script_key(struct script_call *call, const char *key)
{
	script_key_bytes(call, bytes_of(key));
}

void script_argument(struct script_call *call, struct bytes argument)
{
	if (!call)
		return;
	resp_append(&call->rest, argument);
	call->arguments++;
}

void script_lent_argument(struct script_call *call, struct bytes argument)
{
	if (!call)
		return;
	assert(!call->has_lent);
	call->has_lent = true;
	call->lent = argument;
	call->lent_place = call->rest.size;
	call->arguments++;
}

void script_text(struct script_call *call, const char *argument)
{
	script_argument(call, bytes_of(argument));
}

void script_uint(struct script_call *call, uint64_t argument)
{
	if (!call)
		return;
	resp_append_uint(&call->rest, argument);
	call->arguments++;
}

void script_extra_ms(struct script_call *call, uint32_t extra_ms)
{
	if (call)
		call->extra_ms = extra_ms;
}

static void call_free(struct script_call *call)
{
	buffer_free(&call->rest);
	free(call);
}

static void on_answer(void *context, const struct redis_reply *reply);

static void append_rest(struct script_call *call)
{
	struct bytes rest = buffer_bytes(&call->rest);

	if (call->has_lent) {
		link_formatted(call->link, (struct bytes){.data = rest.data, .size = call->lent_place});
		link_argument(call->link, call->lent);
		rest.data += call->lent_place;
		rest.size -= call->lent_place;
	}
	link_formatted(call->link, rest);
}

static int send_call(struct script_call *call)
{
	link_begin(call->link, 3 + call->keys + call->arguments);
	if (call->sent_whole) {
		link_text(call->link, "EVAL");
		link_argument(call->link, (struct bytes){.data = (const char *)scripts[call->script].text,
							 .size = scripts[call->script].size});
	} else {
		link_text(call->link, "EVALSHA");
		link_text(call->link, scripts[call->script].sha1);
	}
	link_uint(call->link, call->keys);
	append_rest(call);
	return link_commit(call->link, call->extra_ms, on_answer, call);
}

static void on_answer(void *context, const struct redis_reply *reply)
{
	struct script_call *call = context;

	if (!call->sent_whole && verdict_of(reply) == VERDICT_WEATHER &&
	    bytes_starts(verdict_text(reply), BYTES("NOSCRIPT"))) {
		call->sent_whole = true;
		if (send_call(call) == 0)
			return;
		reply = NULL;
	}
	call->answer(call->context, reply);
	call_free(call);
}

int script_send(struct script_call *call, link_answer *answer, void *context)
{
	if (!call)
		return -ENOMEM;
	call->answer = answer;
	call->context = context;
	int failure = buffer_failed(&call->rest) ? -ENOMEM : send_call(call);
	if (failure)
		call_free(call);
	return failure;
}
