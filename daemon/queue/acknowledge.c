/* queue/acknowledge.c - acknowledgements, commands that are given back, and the counters of one queue.
 *
 * All of them go many at once, with whatever else is sent in the same step. An acknowledgement may be repeated: claim
 * numbers are never used twice. */
#include "common/crash_point.h"
#include "daemon/queue/state.h"
#include "daemon/queue/verdict.h"

#include <stdlib.h>

enum { ACKNOWLEDGE_COMMANDS = 512, GIVE_BACK_COMMANDS = 128, RETRY_MS = 500, COUNT_EVERY_MS = 1000 };

struct acknowledgement {
	struct worker_queue *queue;
	struct holding_list list;
};

static void release_all(struct holding_list *list)
{
	while (list->first)
		worker_release(list->first);
}

static void on_acknowledged(void *context, const struct redis_reply *reply)
{
	struct acknowledgement *batch = context;
	struct worker_queue *queue = batch->queue;

	CRASH_POINT("acknowledgement.answered");
	queue->acknowledging--;
	if (verdict_of(reply) == VERDICT_OK) {
		release_all(&batch->list);
	} else {
		worker_trouble(queue, "acknowledge", reply);
		queue->acknowledge_at_ms = reply ? worker_now() + RETRY_MS : 0;
		holding_list_prepend(&queue->finished, &batch->list);
	}
	free(batch);
	worker_touch(queue->worker);
}

/* False when it could not be sent now. */
static bool acknowledge(struct worker_queue *queue)
{
	struct link *link = queue->worker->link;
	struct acknowledgement *batch = calloc(1, sizeof(*batch));
	uint32_t count = queue->finished.count;
	char field[HOLDING_FIELD_BYTES];

	if (!batch)
		return false;
	CRASH_POINT("acknowledgement.before_sent");
	batch->queue = queue;
	count = count < ACKNOWLEDGE_COMMANDS ? count : ACKNOWLEDGE_COMMANDS;
	link_begin(link, 2 + count);
	link_text(link, "HDEL");
	link_text(link, queue->keys.inflight);
	for (uint32_t i = 0; i < count; i++) {
		struct holding *holding = queue->finished.first;
		link_argument(link, holding_field_of(holding, field));
		holding_move(holding, &batch->list);
	}
	if (link_commit(link, 0, on_acknowledged, batch)) {
		holding_list_prepend(&queue->finished, &batch->list);
		free(batch);
		return false;
	}
	queue->acknowledging++;
	CRASH_POINT_SENT("acknowledgement.sent");
	return true;
}

static void on_given_back(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;

	CRASH_POINT("give_back.answered");
	if (verdict_of(reply) == VERDICT_OK) {
		release_all(&queue->given_back);
	} else {
		worker_trouble(queue, "give_back", reply);
		queue->give_back_at_ms = reply ? worker_now() + RETRY_MS : 0;
		holding_list_prepend(&queue->going_back, &queue->given_back);
	}
	worker_touch(queue->worker);
}

/* One call at a time: the order in which they are given back is the order of the queue. */
static void give_back(struct worker_queue *queue)
{
	CRASH_POINT("give_back.before_sent");
	struct script_call *call = queue_script(queue, SCRIPT_GIVE_BACK);
	char field[HOLDING_FIELD_BYTES];

	script_key(call, queue->keys.inflight);
	script_key(call, queue->keys.again);
	while (queue->going_back.first && queue->given_back.count < GIVE_BACK_COMMANDS) {
		struct holding *holding = queue->going_back.first;
		script_argument(call, holding_field_of(holding, field));
		holding_move(holding, &queue->given_back);
	}
	CRASH_POINT_SENT("give_back.sent");
	if (script_send(call, on_given_back, queue))
		holding_list_prepend(&queue->going_back, &queue->given_back);
}

static void on_counted(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;
	struct queue_counters *back = &queue->counting;

	/* After a lost answer they may be counted twice or not at all: figures for people, not for money. */
	if (verdict_of(reply) == VERDICT_WEATHER) {
		queue->uncounted.claimed += back->claimed;
		queue->uncounted.ok += back->ok;
		queue->uncounted.errors += back->errors;
		queue->uncounted.unheard += back->unheard;
	}
	*back = (struct queue_counters){0};
	queue->counting_due = false;
	worker_touch(queue->worker);
}

static void count_one(struct script_call *call, const char *name, uint64_t amount)
{
	if (amount == 0)
		return;
	script_text(call, name);
	script_uint(call, amount);
}

void acknowledge_count(struct worker_queue *queue)
{
	const struct queue_counters *counters = &queue->uncounted;

	if (queue->counting_due || !(counters->claimed | counters->ok | counters->errors | counters->unheard))
		return;
	struct script_call *call = queue_script(queue, SCRIPT_COUNT_UP);
	script_key(call, queue->keys.stats);
	count_one(call, "claimed", counters->claimed);
	count_one(call, "ok", counters->ok);
	count_one(call, "errors", counters->errors);
	count_one(call, "unheard", counters->unheard);
	if (script_send(call, on_counted, queue))
		return;
	queue->counting_due = true;
	queue->counting = *counters;
	queue->uncounted = (struct queue_counters){0};
}

bool acknowledge_settled(const struct worker_queue *queue)
{
	return queue->finished.count == 0 && queue->acknowledging == 0 && queue->going_back.count == 0 &&
	       queue->given_back.count == 0;
}

void acknowledge_step(struct worker_queue *queue, uint64_t now_ms)
{
	while (queue->finished.count > 0 && now_ms >= queue->acknowledge_at_ms && acknowledge(queue))
		;
	if (queue->going_back.count > 0 && queue->given_back.count == 0 && now_ms >= queue->give_back_at_ms)
		give_back(queue);
	if (now_ms >= queue->count_at_ms) {
		acknowledge_count(queue);
		queue->count_at_ms = now_ms + COUNT_EVERY_MS;
	}
}
