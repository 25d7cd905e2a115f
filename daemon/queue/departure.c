/* queue/departure.c - the end of a worker, queue by queue.
 *
 *   closing --settled, or in vain--> leaving: holds something --------------------------------> ended: for recovery
 *                                        | holds nothing
 *                                        +-- at least once -----------------------------------> left
 *                                        +-- exactly once --> declared dead --rows forgotten--> left
 *
 * First all that is on its way, then the leases, then the connections. What Redis would not take in time stays in
 * flight, and without a lease it is recovered at once. A worker that the database has rows of declares itself dead
 * first: from then on nothing can become in flight that nobody could tell the outcome of when the rows are gone. Where
 * they are not gone in time, it is looked after as any other that was recovered. */
#include "common/crash_point.h"
#include "common/log.h"
#include "daemon/queue/state.h"
#include "daemon/queue/verdict.h"

enum { LEAVE_MS = 1000 };

static void on_left(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;
	struct bytes how = verdict_of(reply) == VERDICT_OK ? reply_text(reply) : verdict_text(reply);

	CRASH_POINT("leave.answered");
	worker_touch(queue->worker);
	queue->departure.declared = bytes_equal_text(how, "declared");
	queue->departure.left = !queue->departure.declared;
	if (queue->departure.left)
		log_event(LEVEL_DEBUG, "queue.left", log_text("queue", queue->keys.list), log_bytes("how", how));
}

/* Returns 0 or a negative errno. */
static int send_leave(struct worker_queue *queue, uint64_t remember_ms)
{
	struct script_call *call = queue_script(queue, SCRIPT_LEAVE);

	script_key(call, queue->keys.workers);
	script_key(call, queue->keys.owner);
	script_key(call, queue->keys.inflight);
	script_key(call, queue->keys.landing);
	script_text(call, queue->name);
	script_uint(call, remember_ms);
	CRASH_POINT_SENT("leave.sent");
	return script_send(call, on_left, queue);
}

static void leave(struct worker *worker, uint64_t now_ms)
{
	worker->leaving = true;
	worker->close_at_ms = now_ms + LEAVE_MS;
	worker->rows.dismissing = worker->rows.dismissal_confirmed = false; /* others are looked after by others */
	for (uint32_t i = 0; i < worker->queue_count; i++) {
		struct worker_queue *queue = &worker->queues[i];
		bool has_rows = queue->exactly_once && worker->rows.enrolled;
		acknowledge_count(queue);
		/* A pop that would not end, or whose end nobody has heard of, may still move something: then the lease
		 * ends by itself, and the worker is remembered for a while. */
		if (queue->intake.popping || landing_may_fill(queue, now_ms) ||
		    send_leave(queue, has_rows ? membership_remember_ms(queue) : 0))
			queue->departure.left = true;
	}
}

/* Asks to have the own rows forget the queue; then the worker is forgotten there. */
static void dismiss_itself(struct worker_queue *queue)
{
	struct departure *departure = &queue->departure;
	char name[IDENTITY_BYTES];

	if (!departure->dismissed)
		departure->dismissed = rows_dismiss(queue, queue->name);
	if (!departure->dismissed || !rows_take_dismissed(queue, name))
		return;
	CRASH_POINT("leave.dismissed");
	departure->declared = false;
	if (send_leave(queue, 0))
		departure->left = true;
}

bool departure_step(struct worker *worker, uint64_t now_ms)
{
	bool quiet = worker_settled(worker), left = true, late = now_ms >= worker->close_at_ms;

	for (uint32_t i = 0; i < worker->queue_count; i++) {
		struct worker_queue *queue = &worker->queues[i];
		if (worker->leaving && queue->departure.declared)
			dismiss_itself(queue);
		quiet = quiet && intake_quiet(queue) && membership_quiet(queue) && recovery_quiet(queue);
		left = left && queue->departure.left;
	}
	if (left && worker->holdings.count == 0)
		identity_forget(&worker->identity);
	if (!link_ready(worker->link) || (worker->leaving && late) || worker->fence_due || left)
		return true;
	if ((quiet || late) && !worker->leaving)
		leave(worker, now_ms);
	return false;
}
