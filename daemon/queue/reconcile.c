/* queue/reconcile.c - what Redis holds for this worker against what the worker knows.
 *
 *   HKEYS inflight --> known: leave | number of a lost claim: fetch, hand up | else: it was finished, HDEL once more
 *
 * No claim is under way meanwhile, and answers come in order: when the list of fields arrives, memory is as old as it.
 * But for what a pop brings, on a connection of its own: its number is left alone as long as its answer is due.
 *
 * A command that is known but whose answer could not be kept, for want of memory, is handed up once more as well: its
 * effect is committed, and upstream has to make another answer. */
#include "common/crash_point.h"
#include "common/log.h"
#include "daemon/queue/state.h"
#include "daemon/queue/verdict.h"

#include <stdlib.h>

enum { RETRY_MS = 500, MEMORY_WAIT_MS = 1000, FETCH_COMMANDS = 16, FINISHED_COMMANDS = 256 };

static void fetch_next(struct worker_queue *queue);

/* due: it has to be done again, after a while. */
static void ended(struct worker_queue *queue, bool due, uint64_t wait_ms)
{
	struct intake *intake = &queue->intake;

	free(intake->unknown);
	intake->unknown = NULL;
	intake->unknown_count = intake->unknown_next = 0;
	intake->reconciling = false;
	intake->reconcile_due = due;
	if (due)
		intake->look_at_ms = worker_now() + wait_ms;
	worker_touch(queue->worker);
}

static bool was_lost(const struct intake *intake, uint64_t number)
{
	for (uint32_t i = 0; i < intake->lost_count; i++)
		if (number >= intake->lost[i].first && number - intake->lost[i].first < intake->lost[i].count)
			return true;
	return false;
}

/* Its answer will tell, or the loss of it. */
static bool is_being_popped(const struct intake *intake, uint64_t number)
{
	return intake->popping && number == intake->pop_number;
}

static void on_fetched(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;
	struct intake *intake = &queue->intake;

	if (verdict_of(reply) != VERDICT_OK) {
		worker_trouble(queue, "reconcile", reply);
		ended(queue, true, RETRY_MS);
		return;
	}
	CRASH_POINT("reconcile.fetched");
	for (uint64_t i = 0; i < reply_length(reply); i++) {
		struct bytes raw = reply_bytes_at(reply, i);
		if (raw.data && !intake_deliver(queue, &intake->unknown[intake->unknown_next], raw)) {
			ended(queue, true, MEMORY_WAIT_MS);
			return;
		}
		intake->unknown_next++;
	}
	fetch_next(queue);
}

static void fetch_next(struct worker_queue *queue)
{
	struct intake *intake = &queue->intake;
	uint32_t count = intake->unknown_count - intake->unknown_next;
	char field[HOLDING_FIELD_BYTES];

	if (count == 0) {
		log_event(intake->unknown_count > 0 ? LEVEL_INFO : LEVEL_DEBUG, "queue.reconciled",
			  log_text("queue", queue->keys.list), log_int("adopted", intake->unknown_count));
		ended(queue, false, 0);
		return;
	}
	count = count < FETCH_COMMANDS ? count : FETCH_COMMANDS;
	struct script_call *call = queue_script(queue, SCRIPT_FETCH);
	script_key(call, queue->keys.inflight);
	script_uint(call, intake_longest(queue));
	for (uint32_t i = 0; i < count; i++)
		script_argument(call, holding_field(&intake->unknown[intake->unknown_next + i], field));
	if (script_send(call, on_fetched, queue))
		ended(queue, true, RETRY_MS);
}

static void on_finished(void *context, const struct redis_reply *reply)
{
	worker_trouble(context, "acknowledge", reply);
}

/* Acknowledges what was finished before: at most so many, the rest with the next reconcile. */
static void forget_finished(struct worker_queue *queue, const struct held_field *finished, uint32_t count)
{
	char field[HOLDING_FIELD_BYTES];

	if (count == 0)
		return;
	link_begin(queue->worker->link, 2 + count);
	link_text(queue->worker->link, "HDEL");
	link_text(queue->worker->link, queue->keys.inflight);
	for (uint32_t i = 0; i < count; i++)
		link_argument(queue->worker->link, holding_field(&finished[i], field));
	if (link_commit(queue->worker->link, 0, on_finished, queue))
		queue->intake.reconcile_due = true;
}

static int compare(const void *left, const void *right)
{
	const struct held_field *a = left, *b = right;

	return (a->number > b->number) - (a->number < b->number);
}

static void on_fields(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;
	struct intake *intake = &queue->intake;
	struct held_field finished[FINISHED_COMMANDS];
	uint32_t finished_count = 0;

	if (verdict_of(reply) != VERDICT_OK) {
		worker_trouble(queue, "reconcile", reply);
		ended(queue, true, RETRY_MS);
		return;
	}
	CRASH_POINT("reconcile.answered");
	intake->unknown = calloc(reply_length(reply) + 1, sizeof(*intake->unknown));
	if (!intake->unknown) {
		ended(queue, true, MEMORY_WAIT_MS);
		return;
	}
	for (uint64_t i = 0; i < reply_length(reply); i++) {
		struct held_field found;
		if (!holding_field_parse(reply_bytes_at(reply, i), &found) || is_being_popped(intake, found.number))
			continue;
		const struct holding *holding = holdings_find(&queue->worker->holdings, found.number);
		if (holding && holding->list != &queue->unanswered)
			continue;
		if (holding || was_lost(intake, found.number))
			intake->unknown[intake->unknown_count++] = found;
		else if (finished_count < FINISHED_COMMANDS)
			finished[finished_count++] = found;
	}
	qsort(intake->unknown, intake->unknown_count, sizeof(*intake->unknown), compare);
	forget_finished(queue, finished, finished_count);
	fetch_next(queue);
}

void reconcile_start(struct worker_queue *queue)
{
	struct link *link = queue->worker->link;

	link_begin(link, 2);
	link_text(link, "HKEYS");
	link_text(link, queue->keys.inflight);
	queue->intake.reconciling = link_commit(link, 0, on_fields, queue) == 0;
	queue->intake.landed = true; /* a pop may have moved something and nobody heard */
}
