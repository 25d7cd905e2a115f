/* queue/outbox.c - sends what became of commands: replies, and dead letters.
 *
 *   waiting --> sent --accepted by Redis--> finished (acknowledge.c)
 *      ^          |  weather, connection lost
 *      +--------- failed   (all of it, in order, when nothing is outstanding any more)
 *
 * A reply that Redis will never take makes its command a dead letter. A dead letter acknowledges its command itself.
 * One that is refused is kept aside (unburied) and tried again now and then: nothing may vanish because {Q}:dead is no
 * list, and nobody else's reply waits until somebody has mended that. */
#include "common/crash_point.h"
#include "common/log.h"
#include "daemon/queue/state.h"
#include "daemon/queue/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WINDOW_COMMANDS = 4096,
	WINDOW_BYTES = 4 << 20, /* kept in memory until the socket takes it */
	RETRY_FIRST_MS = 100,
	RETRY_LAST_MS = 5000,
	TELL_EVERY_MS = 1000,
};

static void send_steps(struct holding *holding);

void outbox_add(struct worker *worker, struct holding *holding)
{
	worker->outbox.kept_bytes += holding->answer->reply.size;
	CRASH_POINT("reply.before_sent");
	holding_move(holding, &worker->outbox.waiting);
}

static void answered(struct holding *holding)
{
	struct outbox *outbox = &holding->queue->worker->outbox;

	outbox->kept_bytes -= holding->answer->reply.size;
	holding_forget_answer(holding);
	outbox->failures = 0;
}

static void failed(struct holding *holding)
{
	struct outbox *outbox = &holding->queue->worker->outbox;
	uint64_t wait_ms = RETRY_LAST_MS;

	holding->answer->weather = false;
	if (outbox->failed.count == 0) { /* once per time that things went wrong, not per reply */
		if (outbox->failures < 6 && ((uint64_t)RETRY_FIRST_MS << outbox->failures) < wait_ms)
			wait_ms = ((uint64_t)RETRY_FIRST_MS << outbox->failures);
		outbox->failures++;
		outbox->retry_at_ms = worker_now() + wait_ms;
	}
	holding_move(holding, &outbox->failed);
}

static void keep_aside(struct holding *holding)
{
	struct outbox *outbox = &holding->queue->worker->outbox;

	holding->answer->unburied = false;
	worker_end_alone(holding);
	outbox->bury_at_ms = worker_now() + RETRY_LAST_MS;
	holding_move(holding, &outbox->unburied);
}

/* Called when no answer for it is outstanding. */
static void settle(struct holding *holding)
{
	struct worker *worker = holding->queue->worker;

	worker->outbox.sent_bytes -= holding->answer->reply.size;
	worker_touch(worker);
	if (holding->answer->weather) {
		failed(holding);
	} else if (holding->answer->unburied) {
		keep_aside(holding);
	} else if (holding->answer->todo) {
		holding_move(holding, &worker->outbox.sent); /* the dead letter is left */
		worker->outbox.sent_bytes += holding->answer->reply.size;
		send_steps(holding);
	} else {
		answered(holding);
		holding_move(holding, &holding->queue->finished);
	}
}

/* How many are to be told now; 0: not yet. */
static uint64_t seldom_take(struct seldom *seldom, uint64_t now_ms)
{
	uint64_t count = seldom->untold;

	if (count == 0 || now_ms < seldom->next_ms)
		return 0;
	seldom->next_ms = now_ms + TELL_EVERY_MS;
	seldom->untold = 0;
	return count;
}

/* Tells what the last second has brought. */
static void tell(struct outbox *outbox, uint64_t now_ms)
{
	uint64_t refused = seldom_take(&outbox->refused, now_ms);
	uint64_t dropped = seldom_take(&outbox->dropped, now_ms);

	if (refused > 0)
		log_event(LEVEL_WARNING, "reply.refused", log_int("more", (int64_t)refused));
	if (dropped > 0)
		log_event(
			LEVEL_WARNING, "dead.dropped", log_int("letters", (int64_t)dropped),
			log_text("hint", "the oldest dead letters make room: see limits dead_letters and dead_bytes"));
}

/* The reply can never be sent as it is: somebody has to know what became of the command. */
static void refuse(struct holding *holding, const struct redis_reply *reply)
{
	struct answer *answer = holding->answer;
	struct bytes text = verdict_text(reply);

	struct seldom *refused = &holding->queue->worker->outbox.refused;

	refused->untold++;
	/* The first one in full; of those that follow only how many there were. */
	if (refused->untold == 1 && seldom_take(refused, worker_now()) > 0)
		log_event(LEVEL_WARNING, "reply.refused", log_text("queue", holding->queue->keys.list),
			  log_bytes("channel", answer->channel), log_bytes("list", answer->list),
			  log_bytes("why", text));
	if (answer->todo & ANSWER_BURY)
		return;
	size_t size = text.size < sizeof(answer->refusal) ? text.size : sizeof(answer->refusal);
	memcpy(answer->refusal, text.data, size);
	answer->error = (struct bytes){.data = answer->refusal, .size = size};
	snprintf(answer->reason, sizeof(answer->reason), "REPLY_REFUSED");
	answer->todo |= ANSWER_BURY;
}

static void step_answered(struct holding *holding, uint32_t step, const struct redis_reply *reply)
{
	struct answer *answer = holding->answer;
	enum verdict verdict = verdict_of(reply);

	answer->outstanding--;
	if (verdict == VERDICT_OK) {
		answer->todo &= ~step;
	} else if (verdict == VERDICT_REFUSED && step != ANSWER_BURY) {
		answer->todo &= ~step;
		refuse(holding, reply);
	} else {
		worker_trouble(holding->queue, step == ANSWER_BURY ? "bury" : "reply", reply);
		answer->unburied = verdict == VERDICT_REFUSED;
		answer->weather = !answer->unburied;
	}
	if (answer->outstanding == 0)
		settle(holding);
}

static void on_published(void *context, const struct redis_reply *reply)
{
	struct holding *holding = context;

	if (verdict_of(reply) == VERDICT_OK && reply_uint(reply) == 0) {
		holding->queue->worker->counts.replies_without_receiver++;
		holding->queue->uncounted.unheard++;
	}
	step_answered(holding, ANSWER_PUBLISH, reply);
}

static void on_pushed(void *context, const struct redis_reply *reply)
{
	CRASH_POINT("reply.answered");
	step_answered(context, ANSWER_PUSH, reply);
}

static void on_buried(void *context, const struct redis_reply *reply)
{
	struct holding *holding = context;
	struct worker_queue *queue = holding->queue;
	struct outbox *outbox = &queue->worker->outbox;

	if (verdict_of(reply) != VERDICT_OK) {
		step_answered(holding, ANSWER_BURY, reply);
		return;
	}
	queue->worker->counts.dead += reply_uint_at(reply, 0);
	outbox->dropped.untold += reply_uint_at(reply, 1);
	outbox->sent_bytes -= holding->answer->reply.size;
	answered(holding);
	worker_release(holding); /* the script has acknowledged it */
	worker_touch(queue->worker);
}

static int publish(struct holding *holding)
{
	struct link *link = holding->queue->worker->link;

	link_begin(link, 3);
	link_text(link, "PUBLISH");
	link_argument(link, holding->answer->channel);
	link_argument(link, holding->answer->reply);
	return link_commit(link, 0, on_published, holding);
}

static int push(struct holding *holding)
{
	struct script_call *call = queue_script(holding->queue, SCRIPT_REPLY);

	script_key_bytes(call, holding->answer->list);
	script_lent_argument(call, holding->answer->reply); /* which stays until all is answered */
	script_uint(call, holding->answer->list_ttl_ms);
	return script_send(call, on_pushed, holding);
}

static int bury(struct holding *holding)
{
	const struct limit_options *limits = &holding->queue->worker->options->limits;
	struct script_call *call = queue_script(holding->queue, SCRIPT_BURY);
	char field[HOLDING_FIELD_BYTES];

	script_key(call, holding->queue->keys.inflight);
	script_key(call, holding->queue->keys.dead);
	script_key(call, holding->queue->keys.stats);
	script_argument(call, holding_field_of(holding, field));
	script_text(call, holding->answer->reason);
	script_argument(call, holding->answer->error);
	script_uint(call, holding->attempts);
	script_text(call, holding->queue->name);
	script_uint(call, limits->dead_letters);
	script_uint(call, limits->dead_bytes);
	return script_send(call, on_buried, holding);
}

static void send_step(struct holding *holding, uint32_t step, int (*send)(struct holding *holding))
{
	if (!(holding->answer->todo & step))
		return;
	if (send(holding) == 0)
		holding->answer->outstanding++;
	else
		holding->answer->weather = true;
}

static void send_steps(struct holding *holding)
{
	if (holding->answer->todo & (ANSWER_PUBLISH | ANSWER_PUSH)) {
		CRASH_POINT_SENT("reply.sent");
		send_step(holding, ANSWER_PUSH, push);
		send_step(holding, ANSWER_PUBLISH, publish);
	} else {
		send_step(holding, ANSWER_BURY, bury);
	}
	if (holding->answer->outstanding == 0)
		settle(holding); /* nothing could be sent, or nothing was to be */
}

void outbox_step(struct worker *worker, uint64_t now_ms)
{
	struct outbox *outbox = &worker->outbox;

	tell(outbox, now_ms);
	if (outbox->unburied.count > 0 && now_ms >= outbox->bury_at_ms)
		holding_list_prepend(&outbox->waiting, &outbox->unburied);
	if (outbox->failed.count > 0) {
		if (outbox->sent.count > 0 || now_ms < outbox->retry_at_ms)
			return;
		holding_list_prepend(&outbox->waiting, &outbox->failed);
	}
	while (outbox->waiting.first && outbox->sent.count < WINDOW_COMMANDS && outbox->sent_bytes < WINDOW_BYTES &&
	       outbox->failed.count == 0) {
		struct holding *holding = outbox->waiting.first;
		holding_move(holding, &outbox->sent);
		outbox->sent_bytes += holding->answer->reply.size;
		send_steps(holding);
	}
}
