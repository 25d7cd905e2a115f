/* queue/intake.c - claims the commands of one queue.
 *
 *   claim --some, or credit is short--> claim          adopt --> claim
 *     |  nothing            ^                            ^
 *     v                     |                            | answer lost
 *   pop: BLMOVE, adopt -----+-- nothing in time, or more waits
 *    ^  |                                                |
 *    |  +-- adopted, and nothing waits                   |
 *    +--+------------------------------------------------+
 *
 * The adoption is sent behind the blocking pop, on the pop's connection: Redis runs it the moment that the pop ends,
 * and sends both answers together. So what has landed is in flight under its number, and the queue known not to be
 * paused, before anybody hears of it, and without another trip. Only where its answer was lost, the landing list is
 * looked into by an adoption of its own.
 *
 * While a pop is under way only {Q}:again may be claimed from: what the pop has moved is next in the queue's order.
 * At most one of claim, adoption and reconcile is under way at a time, which keeps deliveries in order. */
#include "common/crash_point.h"
#include "common/log.h"
#include "common/message.h"
#include "daemon/queue/state.h"
#include "daemon/queue/verdict.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	LOOK_EVERY_MS = 500,
	REFUSED_WAIT_MS = 5000, /* the list is no list: an operator has to see to it */
	MEMORY_WAIT_MS = 1000,
	CLAIM_BYTES = 1 << 20, /* per call: a script stops the whole server, and each byte may decode to fifty */
	POP_LONGEST_MS = 5000,
	POP_SHORTEST_MS = 50,
	UNBLOCK_WAIT_MS = 1000,
};

static bool wanting(const struct worker_queue *queue, uint64_t now_ms)
{
	const struct worker *worker = queue->worker;

	return worker->want && !worker->stopping && membership_may_claim(queue, now_ms);
}

bool intake_quiet(const struct worker_queue *queue)
{
	const struct intake *intake = &queue->intake;

	return !intake->claiming && !intake->adopting && !intake->reconciling && !intake->popping && !intake->landed;
}

bool intake_may_land(const struct worker_queue *queue, uint64_t now_ms)
{
	return now_ms < queue->intake.lost_pop_until_ms;
}

bool intake_expects(const struct worker_queue *queue)
{
	const struct intake *intake = &queue->intake;

	/* A pop brings what is pushed later, and is no reason to wait until it is asked to end. */
	return intake->claiming || intake->adopting || intake->reconciling ||
	       (intake->popping && queue->worker->stopping);
}

void intake_lost(struct worker_queue *queue, uint64_t first, uint64_t count)
{
	struct intake *intake = &queue->intake;
	struct number_range *ranges = intake->lost;

	intake->reconcile_due = true;
	if (intake->lost_count == INTAKE_LOST_RANGES) {
		/* One range over the two oldest. What was finished between them would run again, if Redis ever fell
		 * back to before its acknowledgement; but nothing is lost. */
		ranges[0].count = ranges[1].first + ranges[1].count - ranges[0].first;
		memmove(&ranges[1], &ranges[2], (INTAKE_LOST_RANGES - 2) * sizeof(ranges[0]));
		intake->lost_count--;
	}
	/* Sorted by number. The last ones sent are the last ones lost, but for a finished one that memory ran out on.
	 */
	uint32_t at = intake->lost_count++;
	for (; at > 0 && ranges[at - 1].first > first; at--)
		ranges[at] = ranges[at - 1];
	ranges[at] = (struct number_range){.first = first, .count = count};
}

uint64_t intake_longest(const struct worker_queue *queue)
{
	return message_largest_read(queue->worker->options->limits.message_bytes) + 1;
}

static int hand_up(const struct holding *holding, struct bytes raw)
{
	struct worker_queue *queue = holding->queue;
	struct worker *worker = queue->worker;
	struct claim claim = {.queue = queue,
			      .queue_index = queue->index,
			      .number = holding->number,
			      .attempts = holding->attempts,
			      .incarnation = worker->incarnation,
			      .recovered = holding_is_committed(holding)};

	return worker->events.claimed(worker->context, &claim, raw);
}

/* One that upstream has finished already, and that there was no memory for the answer of: it kept its place. */
static bool deliver_again(struct holding *holding, struct bytes raw)
{
	assert(holding->list == &holding->queue->unanswered);
	holding_move(holding, NULL);
	if (hand_up(holding, raw) == 0)
		return true;
	holding_move(holding, &holding->queue->unanswered);
	return false;
}

bool intake_deliver(struct worker_queue *queue, const struct held_field *field, struct bytes raw)
{
	struct worker *worker = queue->worker;
	struct holding *holding = holdings_find(&worker->holdings, field->number);

	if (holding)
		return deliver_again(holding, raw);
	holding = holdings_add(&worker->holdings, queue, field->number, field->attempts, raw.size);
	if (!holding)
		return false;
	holding->recovered = field->recovered;
	queue->held++;
	holding->alone = field->attempts >= WORKER_ALONE_FROM && !field->recovered;
	if (holding->alone) {
		queue->held_alone++;
		queue->intake.again = true; /* where it stood there may be more, and nobody looked */
	}
	if (hand_up(holding, raw)) {
		worker_drop(holding);
		return false;
	}
	worker->counts.claimed++;
	queue->uncounted.claimed++;
	return true;
}

static void no_memory(struct worker_queue *queue, uint64_t first, uint64_t count)
{
	log_event(LEVEL_WARNING, "queue.no_memory", log_text("queue", queue->keys.list),
		  log_int("commands", (int64_t)count));
	intake_lost(queue, first, count);
	queue->intake.look_at_ms = worker_now() + MEMORY_WAIT_MS;
}

static void claimed(struct worker_queue *queue, const struct redis_reply *reply)
{
	struct intake *intake = &queue->intake;
	uint64_t again = reply_uint_at(reply, 1), end = reply_length(reply), at = 2;

	intake->empty = at >= end;
	intake->alone_next = false;
	for (uint32_t i = 0; at < end && i < intake->claim_count; i++) {
		struct held_field field = {.number = intake->claim_first + i};
		if (i < again)
			field.attempts = (uint32_t)reply_uint_at(reply, at++);
		if (!intake_deliver(queue, &field, reply_bytes_at(reply, at++))) {
			no_memory(queue, intake->claim_first + i, intake->claim_count - i);
			return;
		}
	}
}

/* What both claim and adoption may be told instead of a command. */
static void turned_away(struct worker_queue *queue, struct bytes word)
{
	struct intake *intake = &queue->intake;

	if (bytes_equal_text(word, "fenced")) {
		worker_fence(queue->worker, queue);
	} else if (bytes_equal_text(word, "standby")) {
		membership_set_owner(queue, false);
	} else if (bytes_equal_text(word, "alone")) {
		intake->alone_next = intake->again = true;
	} else {
		if (bytes_equal_text(word, "late"))
			membership_renew_soon(queue);
		intake->look_at_ms = worker_now() + LOOK_EVERY_MS;
	}
}

/* An answer that comes after the lease it was asked under, from before we or Redis were frozen: the commands may be
 * somebody else's by now. The next renewal knows, and the reconcile behind it finds what is still ours. */
static bool is_stale(struct worker_queue *queue, uint64_t first, uint64_t count)
{
	if (membership_holds(queue, worker_now()))
		return false;
	membership_renew_soon(queue);
	intake_lost(queue, first, count);
	return true;
}

void intake_deliver_recovered(struct worker_queue *queue, uint64_t first, uint32_t most,
			      const struct redis_reply *reply, uint64_t at)
{
	if (is_stale(queue, first, most))
		return;
	for (uint32_t i = 0; i < most && at < reply_length(reply); i++, at += 2) {
		struct held_field field = {
			.number = first + i, .attempts = (uint32_t)reply_uint_at(reply, at), .recovered = true};
		if (!intake_deliver(queue, &field, reply_bytes_at(reply, at + 1))) {
			no_memory(queue, first + i, most - i);
			return;
		}
	}
}

static void on_claim(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;
	struct intake *intake = &queue->intake;

	intake->claiming = intake->claiming_alone = false;
	queue->worker->asked -= intake->claim_count;
	queue->worker->asked_bytes -= intake->claim_bytes;
	if (verdict_of(reply) != VERDICT_OK) {
		worker_trouble(queue, "claim", reply);
		intake_lost(queue, intake->claim_first, intake->claim_count);
		intake->look_at_ms =
			worker_now() + (verdict_of(reply) == VERDICT_REFUSED ? REFUSED_WAIT_MS : LOOK_EVERY_MS);
		return;
	}
	CRASH_POINT("claim.answered");
	if (!bytes_equal_text(reply_bytes_at(reply, 0), "claimed"))
		turned_away(queue, reply_bytes_at(reply, 0));
	else if (!is_stale(queue, intake->claim_first, intake->claim_count))
		claimed(queue, reply);
	worker_touch(queue->worker);
}

/* What claims under way may bring counts as if it were here. */
static bool has_room(const struct worker *worker)
{
	const struct limit_options *limits = &worker->options->limits;

	return (uint64_t)worker->holdings.count + worker->asked < limits->in_flight &&
	       worker->holdings.bytes + worker->asked_bytes < limits->in_flight_bytes &&
	       worker->outbox.kept_bytes < limits->in_flight_bytes;
}

uint32_t intake_room(const struct worker_queue *queue, uint64_t *ret_bytes)
{
	const struct worker *worker = queue->worker;
	const struct limit_options *limits = &worker->options->limits;

	if (!worker->want || worker->stopping || !has_room(worker))
		return 0;
	*ret_bytes = limits->in_flight_bytes - worker->holdings.bytes - worker->asked_bytes;
	return (uint32_t)(limits->in_flight - worker->holdings.count - worker->asked);
}

/* How many commands, and bytes of them, this queue may ask for now; 0: none. Queues that have something to claim share
 * the credit, so that a flooded one leaves room for the others. */
static uint32_t credit(const struct worker_queue *queue, uint64_t now_ms, uint64_t *ret_bytes)
{
	const struct worker *worker = queue->worker;
	const struct limit_options *limits = &worker->options->limits;
	uint64_t used = (uint64_t)worker->holdings.count + worker->asked;
	uint64_t used_bytes = worker->holdings.bytes + worker->asked_bytes;
	uint32_t hungry = 0;

	if (!has_room(worker))
		return 0;
	for (uint32_t i = 0; i < worker->queue_count; i++)
		hungry += !worker->queues[i].intake.empty && membership_may_claim(&worker->queues[i], now_ms);

	uint32_t share = limits->in_flight / (hungry ? hungry : 1);
	share = share ? share : 1;
	if (queue->held >= share)
		return 0;
	uint64_t most = limits->in_flight - used;
	most = most < share - queue->held ? most : share - queue->held;
	most = most < limits->batch ? most : limits->batch;
	/* Not in driblets: each call costs Redis more than the commands in it. */
	uint32_t least = (limits->batch < share ? limits->batch : share) / 2;
	if (most < least && queue->held > 0)
		return 0;
	uint64_t bytes = limits->in_flight_bytes - used_bytes;
	*ret_bytes = bytes < CLAIM_BYTES ? bytes : CLAIM_BYTES;
	return (uint32_t)most;
}

/* One command more is always welcome where there is room, or else to a queue that holds none: a flood in one queue
 * holds up no other. */
static bool may_adopt(const struct worker_queue *queue)
{
	return queue->held == 0 || has_room(queue->worker);
}

/* Also where it waits in another queue: were two of them here when one takes the worker down, both would be charged,
 * each time, until the innocent one is poison as well. */
static bool is_alone_elsewhere(const struct worker_queue *queue)
{
	const struct worker *worker = queue->worker;

	for (uint32_t i = 0; i < worker->queue_count; i++)
		if (i != queue->index && (worker->queues[i].held_alone > 0 || worker->queues[i].intake.claiming_alone))
			return true;
	return false;
}

static void claim(struct worker_queue *queue, uint64_t now_ms)
{
	struct worker *worker = queue->worker;
	struct intake *intake = &queue->intake;
	uint64_t bytes = 0;
	uint32_t count = credit(queue, now_ms, &bytes);

	if (count == 0)
		return;
	struct script_call *call = queue_script(queue, SCRIPT_CLAIM);
	script_key(call, queue->keys.list);
	script_key(call, queue->keys.again);
	script_key(call, queue->keys.inflight);
	script_key(call, queue->keys.workers);
	script_key(call, queue->keys.owner);
	script_key(call, queue->keys.paused);
	script_text(call, queue->name);
	script_uint(call, worker->next_number);
	script_uint(call, count);
	script_uint(call, bytes);
	script_uint(call, queue->shared);
	script_uint(call, intake->popping);
	script_uint(call, intake_longest(queue));
	script_uint(call, WORKER_ALONE_FROM);
	script_uint(call, intake->alone_next);
	intake->claim_first = worker->next_number;
	intake->claim_count = count;
	intake->claim_bytes = bytes;
	worker->next_number += count; /* spent, whatever comes of it */
	if (script_send(call, on_claim, queue))
		return;
	CRASH_POINT_SENT("claim.sent");
	intake->claiming = true;
	intake->claiming_alone = intake->alone_next;
	intake->again = false;
	worker->asked += count;
	worker->asked_bytes += bytes;
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
		struct held_field field = {.number = number};
		if (!is_stale(queue, number, 1) && !intake_deliver(queue, &field, reply_bytes_at(reply, 1)))
			no_memory(queue, number, 1);
	} else if (bytes_equal_text(word, "returned")) {
		intake->landed = reply_uint_at(reply, 1) > 0;
	} else if (bytes_equal_text(word, "empty")) {
		intake->landed = false;
	} else {
		turned_away(queue, word);
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

static void adopt(struct worker_queue *queue, bool put_back)
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
	queue->intake.look_at_ms =
		worker_now() + (verdict_of(reply) == VERDICT_REFUSED ? REFUSED_WAIT_MS : LOOK_EVERY_MS);
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

/* Blocks for the next command, no longer than the lease under which it is sent will surely last: Redis keeps serving
 * the pop of a worker that is frozen. */
static void pop(struct worker_queue *queue, uint64_t now_ms)
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

/* Ends a pop: by asking Redis, which leaves no doubt whether it has moved something, or else by cutting. */
static void unblock(struct worker_queue *queue, uint64_t now_ms)
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

void intake_step(struct worker_queue *queue, uint64_t now_ms)
{
	struct intake *intake = &queue->intake;
	bool wanted = wanting(queue, now_ms);

	if (intake->popping && !wanted)
		unblock(queue, now_ms);
	if (intake->claiming || intake->adopting || intake->reconciling || !membership_holds(queue, now_ms) ||
	    now_ms < intake->look_at_ms)
		return;
	/* Also without owning the queue: a call that recovers others may have been lost. */
	if (intake->reconcile_due && queue->worker->want && !queue->worker->stopping)
		reconcile_start(queue);
	else if (intake->landed && !(intake->popping && !wanted)) {
		if (!wanted || may_adopt(queue))
			adopt(queue, !wanted);
	} else if (!wanted || queue->held_alone > 0 || (intake->alone_next && is_alone_elsewhere(queue)))
		return;
	else if (intake->again || (!intake->popping && !intake->empty))
		claim(queue, now_ms);
	else if (!intake->popping && may_adopt(queue))
		pop(queue, now_ms);
}
