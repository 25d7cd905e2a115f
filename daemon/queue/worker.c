/* queue/worker.c - the face of queue/: opens, steps, fences and closes.
 *
 *   open --> joining --every lease held--> ready --close--> closing --settled, or in vain--> leaving --> gone
 *               ^                            |
 *               +----- fenced: new id -------+
 *
 * Callbacks only record what they heard and touch the worker; worker_step() acts, outside of all callbacks, once per
 * turn of the loop at most and every 100 ms at least: before the loop blocks, when everybody has made something of what
 * the turn has brought. So all of it is sent together, and the database is at work by then. */
#include "daemon/queue/worker.h"

#include "common/clock.h"
#include "common/crash_point.h"
#include "common/log.h"
#include "daemon/queue/state.h"
#include "daemon/queue/verdict.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLOSE_MS = 2000, TROUBLE_EVERY_MS = 1000, DROP_EVERY_MS = 2000 };

uint64_t worker_now(void)
{
	return clock_monotonic_us() / 1000;
}

struct script_call *queue_script(struct worker_queue *queue, enum script script)
{
	return script_begin(queue->worker->link, script);
}

void worker_trouble(struct worker_queue *queue, const char *what, const struct redis_reply *reply)
{
	enum verdict verdict = verdict_of(reply);
	uint64_t now_ms = worker_now();

	/* After a failover this connection leads to what is a replica now; a new one may lead to its successor. */
	if (verdict == VERDICT_WEATHER && bytes_starts(verdict_text(reply), BYTES("READONLY")) &&
	    now_ms >= queue->worker->drop_at_ms) {
		queue->worker->drop_at_ms = now_ms + DROP_EVERY_MS;
		queue->worker->drop_due = true;
	}
	/* A lost connection is logged by its link. */
	if (verdict == VERDICT_OK || verdict == VERDICT_LOST || now_ms < queue->worker->trouble_told_ms)
		return;
	queue->worker->trouble_told_ms = now_ms + TROUBLE_EVERY_MS;
	log_event(verdict == VERDICT_REFUSED ? LEVEL_ERROR : LEVEL_WARNING, "redis.trouble", log_text("doing", what),
		  log_text("queue", queue->keys.list), log_bytes("answer", verdict_text(reply)));
}

void worker_touch(struct worker *worker)
{
	if (!worker->gone)
		turns_touch(&worker->turns);
}

static void fence(struct worker *worker, const char *said_by)
{
	if (worker->fence_due || worker->closing)
		return;
	worker->fence_due = true;
	log_event(LEVEL_ERROR, "worker.fenced", log_text("worker", worker->identity.id), log_text("by", said_by),
		  log_int("in_flight", worker->holdings.count),
		  log_text("hint", "the lease was lost: everything starts over as a new worker"));
	worker_touch(worker);
}

void worker_fence(struct worker *worker, struct worker_queue *queue)
{
	fence(worker, queue->keys.list);
}

void worker_start_over(struct worker *worker)
{
	fence(worker, "the database");
}

static void on_ready(void *context)
{
	struct worker *worker = context;

	worker->checked = false;
	worker->outbox.retry_at_ms = 0;
	worker->changed_due = true;
	for (uint32_t i = 0; i < worker->queue_count; i++) {
		struct worker_queue *queue = &worker->queues[i];
		queue->membership.renew_at_ms = queue->recovery.look_at_ms = queue->recovery.call_at_ms = 0;
		queue->intake.look_at_ms = 0;
		/* Answers may have been lost: find out before the next claim. */
		queue->intake.reconcile_due = queue->membership.joined;
	}
	survey_start(worker);
	worker_touch(worker);
}

static void on_lost(void *context)
{
	struct worker *worker = context;

	worker->counts.reconnects++;
	worker->changed_due = true;
}

static void on_touched(void *context)
{
	worker_touch(context);
}

/* The pop's own callback has told all that matters about a link that pops. */
static void on_pop_link(void *context)
{
	worker_touch(context);
}

static void forget_queue(struct worker_queue *queue, uint32_t predecessors_done)
{
	struct link *pop_link = queue->intake.pop_link;

	free(queue->intake.unknown);
	ranges_free(&queue->recovery.done);
	queue->intake = (struct intake){.pop_link = pop_link};
	queue->membership = (struct membership){0};
	queue->recovery = (struct recovery){.predecessors_done = predecessors_done};
	queue->held = queue->held_alone = 0;
	queue->finished = queue->going_back = queue->given_back = queue->unanswered = (struct holding_list){0};
	queue->acknowledge_at_ms = queue->give_back_at_ms = 0;
}

static void drop_links(struct worker *worker, const char *why)
{
	link_drop(worker->link, why);
	for (uint32_t i = 0; i < worker->queue_count; i++)
		link_drop(worker->queues[i].intake.pop_link, why);
}

static int name_queue(struct worker_queue *queue)
{
	const struct worker *worker = queue->worker;

	identity_name(worker->identity.id, queue->exactly_once, queue->name);
	return queue_keys_make(&queue->keys, worker->options->queues[queue->index].key, queue->name);
}

/* Everything claimed so far belongs to others. The connections are cut first: then no answer is outstanding, and a pop
 * of the old incarnation has ended. The new one recovers the old: it may be that nobody else knows of it, when the
 * server has forgotten its workers. */
static void start_over(struct worker *worker)
{
	CRASH_POINT("fenced.before_start_over");
	drop_links(worker, "fenced");

	bool had_predecessor = worker->identity.predecessor[0] != '\0';
	int failure = identity_renew(&worker->identity);
	for (uint32_t i = 0; i < worker->queue_count && !failure; i++)
		failure = name_queue(&worker->queues[i]);
	if (failure)
		return; /* again with the next tick: fence_due stays */
	holdings_clear(&worker->holdings);
	worker->outbox = (struct outbox){0};
	worker->rows = (struct rows){0};
	for (uint32_t i = 0; i < worker->queue_count; i++)
		forget_queue(&worker->queues[i], had_predecessor ? worker->queues[i].recovery.predecessors_done : 0);
	assert(worker->asked == 0);
	worker->incarnation++;
	worker->fence_due = false;
	log_event(LEVEL_INFO, "worker.new", log_text("worker", worker->identity.id));
	worker_touch(worker);
	worker->events.fenced(worker->context);
}

static void settle_predecessor(struct worker *worker)
{
	if (!worker->identity.predecessor[0])
		return;
	for (uint32_t i = 0; i < worker->queue_count; i++)
		if (!recovery_of_predecessor_done(&worker->queues[i]))
			return;
	identity_settle(&worker->identity);
}

static void tell_ready(struct worker *worker, uint64_t now_ms)
{
	for (uint32_t i = 0; i < worker->queue_count; i++)
		if (!membership_holds(&worker->queues[i], now_ms))
			return;
	worker->ready_told = true;
	worker_touch(worker);
	worker->events.ready(worker->context);
}

static void on_turns_closed(void *context)
{
	struct worker *worker = context;
	struct worker_events events = worker->events;
	void *upstream = worker->context;

	for (uint32_t i = 0; i < worker->queue_count; i++) {
		free(worker->queues[i].intake.unknown);
		ranges_free(&worker->queues[i].recovery.done);
		queue_keys_free(&worker->queues[i].keys);
	}
	holdings_free(&worker->holdings);
	identity_close(&worker->identity);
	free(worker->queues);
	free(worker);
	events.closed(upstream);
}

static void end(struct worker *worker)
{
	worker->gone = true;
	link_close(worker->link);
	for (uint32_t i = 0; i < worker->queue_count; i++)
		link_close(worker->queues[i].intake.pop_link);
	turns_close(&worker->turns);
}

static void step_queues(struct worker *worker, uint64_t now_ms)
{
	for (uint32_t i = 0; i < worker->queue_count && !worker->leaving; i++)
		membership_step(&worker->queues[i], now_ms);
	for (uint32_t i = 0; i < worker->queue_count; i++)
		recovery_step(&worker->queues[i], now_ms);
	rows_step(worker, now_ms);
	settle_predecessor(worker);
	outbox_step(worker, now_ms);
	for (uint32_t i = 0; i < worker->queue_count; i++)
		acknowledge_step(&worker->queues[i], now_ms);
	/* In turn: the credit that is left goes to another queue first each time. */
	assert(worker->queue_count > 0);
	worker->turn = (worker->turn + 1) % worker->queue_count;
	for (uint32_t i = 0; i < worker->queue_count; i++)
		intake_step(&worker->queues[(worker->turn + i) % worker->queue_count], now_ms);
}

static void worker_step(struct worker *worker)
{
	uint64_t now_ms = worker_now();

	link_step(worker->link, now_ms);
	for (uint32_t i = 0; i < worker->queue_count; i++)
		link_step(worker->queues[i].intake.pop_link, now_ms);
	if (worker->drop_due) {
		worker->drop_due = false;
		drop_links(worker, "the server has become a replica");
	}
	if (worker->fence_due && !worker->closing)
		start_over(worker);
	if (link_ready(worker->link) && worker->checked && !worker->fence_due)
		step_queues(worker, now_ms);
	if (worker->closing) {
		if (departure_step(worker, now_ms))
			end(worker);
		return;
	}
	if (!worker->ready_told && worker->checked)
		tell_ready(worker, now_ms);
	if (worker->stopping && worker->settled != worker_settled(worker)) {
		worker->settled = !worker->settled; /* a drain waits for the end of what is not counted, too */
		worker->changed_due = true;
	}
}

/* Everything that the step had to say goes out together. */
static void on_step(void *context)
{
	struct worker *worker = context;

	worker_step(worker);
	if (worker->gone)
		return;
	link_flush(worker->link);
	for (uint32_t i = 0; i < worker->queue_count; i++)
		link_flush(worker->queues[i].intake.pop_link);
	CRASH_POINT_FLUSHED();
	if (worker->changed_due && !worker->closing)
		worker_touch(worker); /* before the loop blocks it is told */
}

/* Told here and not in the step: who is told may want to do something before the loop blocks. */
static void on_polled(void *context)
{
	struct worker *worker = context;

	if (!worker->changed_due || worker->closing)
		return;
	worker->changed_due = false;
	worker->events.changed(worker->context);
}

static int open_queue(struct worker *worker, uint32_t index)
{
	struct worker_queue *queue = &worker->queues[index];
	struct link_settings settings = {.url = &worker->options->redis.url,
					 .timeout_ms = worker->options->redis.command_timeout_ms,
					 .name = "rowd-pop"};
	struct link_events events = {.ready = on_pop_link, .lost = on_pop_link, .touched = on_touched};

	*queue = (struct worker_queue){.worker = worker,
				       .index = index,
				       .shared = worker->options->queues[index].shared,
				       .exactly_once = worker->options->queues[index].policy.exactly_once};
	int failure = name_queue(queue);
	if (!failure)
		failure = link_open(worker->loop, &settings, &events, worker, &queue->intake.pop_link);
	return failure;
}

static bool any_exactly_once(const struct options *options)
{
	for (uint32_t i = 0; i < options->queue_count; i++)
		if (options->queues[i].policy.exactly_once)
			return true;
	return false;
}

static int open_parts(struct worker *worker)
{
	const struct options *options = worker->options;
	struct link_settings settings = {
		.url = &options->redis.url, .timeout_ms = options->redis.command_timeout_ms, .name = "rowd"};
	struct link_events events = {.ready = on_ready, .lost = on_lost, .touched = on_touched};
	int failure = identity_open(&worker->identity, options->runtime_directory, any_exactly_once(options));

	if (!failure)
		failure = holdings_init(&worker->holdings, options->limits.in_flight);
	if (!failure)
		failure = link_open(worker->loop, &settings, &events, worker, &worker->link);
	worker->queues = calloc(options->queue_count, sizeof(*worker->queues));
	if (!failure && !worker->queues)
		failure = -ENOMEM;
	while (!failure && worker->queue_count < options->queue_count)
		failure = open_queue(worker, worker->queue_count++);
	return failure;
}

static void free_parts(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->queue_count; i++) {
		link_close(worker->queues[i].intake.pop_link);
		queue_keys_free(&worker->queues[i].keys);
	}
	link_close(worker->link);
	holdings_free(&worker->holdings);
	identity_close(&worker->identity);
	free(worker->queues);
	free(worker);
}

int worker_open(uv_loop_t *loop, const struct options *options, const struct worker_events *events, void *context,
		struct worker **ret_worker)
{
	static const struct turns_events turns_events = {
		.step = on_step, .polled = on_polled, .closed = on_turns_closed};
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return -ENOMEM;
	*worker = (struct worker){.loop = loop,
				  .options = options,
				  .events = *events,
				  .context = context,
				  .identity.descriptor = -1,
				  .incarnation = 1,
				  .next_number = 1};
	int failure = options->redis.url.tls ? -EPROTONOSUPPORT : open_parts(worker);
	if (failure) {
		free_parts(worker);
		return failure;
	}
	turns_open(&worker->turns, loop, &turns_events, worker);
	*ret_worker = worker;
	return 0;
}

const char *worker_id(const struct worker *worker)
{
	return worker->identity.id;
}

void worker_want(struct worker *worker, bool want)
{
	if (worker->want == want)
		return;
	worker->want = want;
	worker_touch(worker);
}

void worker_stop_claiming(struct worker *worker)
{
	worker->stopping = true;
	worker_touch(worker);
}

bool worker_settled(const struct worker *worker)
{
	const struct outbox *outbox = &worker->outbox;

	if (outbox->waiting.count + outbox->sent.count + outbox->failed.count + outbox->unburied.count > 0)
		return false;
	for (uint32_t i = 0; i < worker->queue_count; i++)
		if (!acknowledge_settled(&worker->queues[i]) || intake_expects(&worker->queues[i]) ||
		    recovery_expects(&worker->queues[i]))
			return false;
	return true;
}

struct worker_counts worker_counts(const struct worker *worker)
{
	struct worker_counts counts = worker->counts;

	counts.in_flight = worker->holdings.count;
	counts.in_flight_bytes = worker->holdings.bytes;
	counts.replies_pending = worker->outbox.waiting.count + worker->outbox.sent.count +
				 worker->outbox.failed.count + worker->outbox.unburied.count;
	counts.reply_bytes = worker->outbox.kept_bytes;
	counts.connected = link_ready(worker->link);
	for (uint32_t i = 0; i < worker->queue_count; i++)
		counts.owner_of_any |= worker->queues[i].membership.owner || worker->queues[i].shared;
	return counts;
}

void worker_close(struct worker *worker)
{
	if (worker->closing)
		return;
	worker->closing = worker->stopping = true;
	worker->close_at_ms = worker_now() + CLOSE_MS;
	worker_touch(worker);
}
