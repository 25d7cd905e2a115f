/* queue/landing.c - waits at a queue with nothing in it: the blocking pop, which moves the next command to this
 * worker's landing list, and its adoption from there.
 *
 * The adoption is sent behind the pop, on the pop's connection: Redis runs it the moment that the pop ends, and sends
 * both answers together. So what has landed is in flight under its number, and the queue known not to be paused, before
 * anybody hears of it, and without another trip. Only where its answer was lost, the landing list is looked into by an
 * adoption of its own.
 *
 * While a pop is under way only {Q}:again may be claimed from: what the pop has moved is next in the queue's order. */
#include "common/crash_point.h"
#include "daemon/queue/state.h"
#include "daemon/queue/verdict.h"

#include <errno.h>
#include <stdio.h>

enum {
	LOOK_EVERY_MS = 500,
	POP_LONGEST_MS = 5000,
	POP_SHORTEST_MS = 50,
	UNBLOCK_WAIT_MS = 1000,
};

bool landing_may_fill(const struct worker_queue *queue, uint64_t now_ms)
{
	return now_ms < queue->intake.lost_pop_until_ms;
}

/* What became of the landing list. Without an answer it may hold something, and so may the in-flight hash. */
static void adoption_answered(struct worker_queue *queue, uint64_t number, const struct redis_reply *reply)
{
	struct intake *intake = &queue->intake;
	struct bytes word = reply_bytes_at(reply, 0);

	intake->empty = false; /* a claim has the next word */
	if (verdict_of(reply) != VERDICT_OK) {
		worker_trouble(queue, "adopt", reply);
		intake_lost(queue, number, 1);
		intake->landed = true;
		intake->look_at_ms = worker_now() + LOOK_EVERY_MS;
	} else if (bytes_equal_text(word, "adopted")) {
		intake->landed = reply_uint_at(reply, 2) > 0;
		intake->empty = reply_uint_at(reply, 3) == 0;
		intake_deliver_adopted(queue, number, reply_bytes_at(reply, 1));
	} else if (bytes_equal_text(word, "returned")) {
		intake->landed = reply_uint_at(reply, 1) > 0;
	} else if (bytes_equal_text(word, "empty")) {
		intake->landed = false;
	} else {
		intake_turned_away(queue, word);
	}
	worker_touch(queue->worker);
}

static void on_adopt(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;

	CRASH_POINT("adoption.answered");
	queue->intake.adopting = false;
	adoption_answered(queue, queue->intake.adopt_number, reply);
}

/* Returns the call, to be sent, under a number of its own. */
static struct script_call *adoption(struct worker_queue *queue, struct link *link, bool put_back, uint64_t *ret_number)
{
	struct worker *worker = queue->worker;
	struct script_call *call = script_begin(link, SCRIPT_ADOPT);

	*ret_number = worker->next_number++;
	script_key(call, queue->keys.landing);
	script_key(call, queue->keys.inflight);
	script_key(call, queue->keys.workers);
	script_key(call, queue->keys.paused);
	script_key(call, queue->keys.list);
	script_key(call, queue->keys.again);
	script_text(call, queue->name);
	script_uint(call, *ret_number);
	script_uint(call, put_back);
	script_uint(call, intake_longest(queue));
	return call;
}

void landing_adopt(struct worker_queue *queue, bool put_back)
{
	struct intake *intake = &queue->intake;
	struct script_call *call = adoption(queue, queue->worker->link, put_back, &intake->adopt_number);

	intake->adopting = script_send(call, on_adopt, queue) == 0;
}

/* Whatever it has moved, the answer behind this one tells. */
static void on_moved(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;

	if (verdict_of(reply) == VERDICT_OK)
		return;
	worker_trouble(queue, "pop", reply);
	intake_look_later(queue, reply);
}

static void on_popped(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;

	CRASH_POINT("pop.answered");
	queue->intake.popping = queue->intake.unblocking = false;
	if (verdict_of(reply) == VERDICT_LOST)
		queue->intake.lost_pop_until_ms = queue->intake.pop_until_ms;
	adoption_answered(queue, queue->intake.pop_number, reply);
}

static int send_pop(struct worker_queue *queue, uint32_t timeout_ms)
{
	struct intake *intake = &queue->intake;
	char seconds[32];

	snprintf(seconds, sizeof(seconds), "%u.%03u", timeout_ms / 1000, timeout_ms % 1000);
	link_begin(intake->pop_link, 6);
	link_text(intake->pop_link, "BLMOVE");
	link_text(intake->pop_link, queue->keys.list);
	link_text(intake->pop_link, queue->keys.landing);
	link_text(intake->pop_link, "RIGHT");
	link_text(intake->pop_link, "LEFT");
	link_text(intake->pop_link, seconds);
	return link_commit(intake->pop_link, timeout_ms, on_moved, queue);
}

void landing_pop(struct worker_queue *queue, uint64_t now_ms)
{
	struct intake *intake = &queue->intake;
	uint64_t lease_ms = queue->worker->options->delivery.lease_ms;
	uint64_t until_ms = queue->membership.until_ms - lease_ms / 10;

	if (!link_ready(intake->pop_link)) {
		intake->empty = false;
		intake->look_at_ms = now_ms + LOOK_EVERY_MS;
		return;
	}
	if (until_ms < now_ms + POP_SHORTEST_MS)
		return; /* with the next renewal */
	uint32_t timeout_ms = until_ms - now_ms < POP_LONGEST_MS ? (uint32_t)(until_ms - now_ms) : POP_LONGEST_MS;
	struct script_call *call = adoption(queue, intake->pop_link, false, &intake->pop_number);
	script_extra_ms(call, timeout_ms);
	CRASH_POINT_SENT("pop.sent");
	/* It may take as long to arrive as any answer may. */
	intake->pop_until_ms = now_ms + timeout_ms + queue->worker->options->redis.command_timeout_ms;
	bool moving = send_pop(queue, timeout_ms) == 0;
	intake->popping = script_send(call, on_popped, queue) == 0;
	if (moving == intake->popping)
		return;
	/* One without the other, for want of memory: neither, then. */
	intake->landed = true;
	link_drop(intake->pop_link, "no memory for a pop");
}

static void on_unblocked(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;

	if (verdict_of(reply) == VERDICT_REFUSED)
		queue->intake.unblock_until_ms = 0; /* then by cutting the connection */
	worker_touch(queue->worker);
}

static int send_unblock(struct worker_queue *queue)
{
	struct link *link = queue->worker->link;
	uint64_t client_id = link_client_id(queue->intake.pop_link);

	if (client_id == 0)
		return -ESRCH;
	link_begin(link, 3);
	link_text(link, "CLIENT");
	link_text(link, "UNBLOCK");
	link_uint(link, client_id);
	return link_commit(link, 0, on_unblocked, queue);
}

void landing_unblock(struct worker_queue *queue, uint64_t now_ms)
{
	struct intake *intake = &queue->intake;

	if (intake->unblocking) {
		if (now_ms >= intake->unblock_until_ms)
			link_drop(intake->pop_link, "the pop did not end");
		return;
	}
	intake->unblocking = true;
	intake->unblock_until_ms = now_ms + UNBLOCK_WAIT_MS;
	if (send_unblock(queue))
		link_drop(intake->pop_link, "the pop is not wanted any more");
}
