/* queue/intake.c - claims the commands of one queue, and says when it waits for more: see landing.c.
 *
 *   claim --some, or credit is short--> claim          adopt --> claim
 *     |  nothing            ^                            ^
 *     v                     |                            | answer lost
 *   pop: BLMOVE, adopt -----+-- nothing in time, or more waits
 *    ^  |                                                |
 *    |  +-- adopted, and nothing waits                   |
 *    +--+------------------------------------------------+
 *
 * At most one of claim, adoption and reconcile is under way at a time, which keeps deliveries in order. */
#include "common/crash_point.h"
#include "common/log.h"
#include "common/message.h"
#include "daemon/queue/state.h"
#include "daemon/queue/verdict.h"

#include <assert.h>
#include <string.h>

enum {
	LOOK_EVERY_MS = 500,
	REFUSED_WAIT_MS = 5000, /* the list is no list: an operator has to see to it */
	MEMORY_WAIT_MS = 1000,
	CLAIM_BYTES = 1 << 20, /* per call: a script stops the whole server, and each byte may decode to fifty */
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
	intake->again |= again > 0; /* there may be more than one claim takes */
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

void intake_turned_away(struct worker_queue *queue, struct bytes word)
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

void intake_deliver_adopted(struct worker_queue *queue, uint64_t number, struct bytes raw)
{
	struct held_field field = {.number = number};

	if (!is_stale(queue, number, 1) && !intake_deliver(queue, &field, raw))
		no_memory(queue, number, 1);
}

void intake_look_later(struct worker_queue *queue, const struct redis_reply *reply)
{
	queue->intake.look_at_ms =
		worker_now() + (verdict_of(reply) == VERDICT_REFUSED ? REFUSED_WAIT_MS : LOOK_EVERY_MS);
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
		intake_look_later(queue, reply);
		return;
	}
	CRASH_POINT("claim.answered");
	if (!bytes_equal_text(reply_bytes_at(reply, 0), "claimed"))
		intake_turned_away(queue, reply_bytes_at(reply, 0));
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

void intake_step(struct worker_queue *queue, uint64_t now_ms)
{
	struct intake *intake = &queue->intake;
	bool wanted = wanting(queue, now_ms);

	if (intake->popping && !wanted)
		landing_unblock(queue, now_ms);
	if (intake->claiming || intake->adopting || intake->reconciling || !membership_holds(queue, now_ms) ||
	    now_ms < intake->look_at_ms)
		return;
	/* Also without owning the queue: a call that recovers others may have been lost. */
	if (intake->reconcile_due && queue->worker->want && !queue->worker->stopping)
		reconcile_start(queue);
	else if (intake->landed && !(intake->popping && !wanted)) {
		if (!wanted || may_adopt(queue))
			landing_adopt(queue, !wanted);
	} else if (!wanted || queue->held_alone > 0 || (intake->alone_next && is_alone_elsewhere(queue)))
		return;
	else if (intake->again || (!intake->popping && !intake->empty))
		claim(queue, now_ms);
	else if (!intake->popping && may_adopt(queue))
		landing_pop(queue, now_ms);
}
