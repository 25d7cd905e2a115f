/* queue/membership.c - this worker among the workers of one queue: its lease, and who owns the queue.
 *
 *   not joined --lease--> held --renewed every third--> held
 *       ^                  |
 *       |                  +-- Redis says: declared dead, or unknown --> worker_fence()
 *       +-- the answer to a join was lost, a lease ago and exactly once ----> worker_fence()
 *       +-- a queue that is delivered exactly once: not before the worker's rows are in the database (rows.c) */
#include "common/crash_point.h"
#include "common/log.h"
#include "daemon/queue/state.h"
#include "daemon/queue/verdict.h"

enum { RETRY_MS = 500, REMEMBER_LEASES = 10 };

static uint64_t lease_ms(const struct worker_queue *queue)
{
	return queue->worker->options->delivery.lease_ms;
}

uint64_t membership_remember_ms(const struct worker_queue *queue)
{
	return lease_ms(queue) * REMEMBER_LEASES;
}

bool membership_holds(const struct worker_queue *queue, uint64_t now_ms)
{
	return queue->membership.joined && now_ms < queue->membership.until_ms;
}

bool membership_may_claim(const struct worker_queue *queue, uint64_t now_ms)
{
	return membership_holds(queue, now_ms) && (queue->shared || queue->membership.owner);
}

bool membership_quiet(const struct worker_queue *queue)
{
	return !queue->membership.renewing;
}

void membership_renew_soon(struct worker_queue *queue)
{
	queue->membership.renew_at_ms = 0;
	worker_touch(queue->worker);
}

void membership_set_owner(struct worker_queue *queue, bool owner)
{
	struct membership *membership = &queue->membership;

	if (queue->shared || (owner == membership->owner && (owner || membership->told_standby)))
		return;
	membership->owner = owner;
	membership->told_standby = !owner;
	log_event(LEVEL_INFO, owner ? "queue.owner" : "queue.standby", log_text("queue", queue->keys.list),
		  log_text("worker", queue->name));
	queue->intake.empty = false;
	queue->intake.look_at_ms = 0;
	worker_touch(queue->worker);
}

void membership_hear_owner(struct worker_queue *queue, struct bytes owner)
{
	membership_set_owner(queue, bytes_equal_text(owner, queue->name));
}

static void on_lease(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;
	struct membership *membership = &queue->membership;

	CRASH_POINT("lease.answered");
	membership->renewing = false;
	if (verdict_of(reply) != VERDICT_OK) {
		worker_trouble(queue, "lease", reply);
		if (!reply && !membership->joined && membership->join_lost_ms == 0)
			membership->join_lost_ms = membership->sent_ms;
		membership->renew_at_ms = worker_now() + RETRY_MS;
		return;
	}
	if (!bytes_equal_text(reply_bytes_at(reply, 0), "held")) {
		worker_fence(queue->worker, queue);
		return;
	}
	/* Also when Redis says that it had ended: its clock may have leapt, as at a failover, and then for everybody.
	 */
	if (!membership->joined || membership->sent_ms > membership->until_ms || reply_uint_at(reply, 5) > 0)
		membership->held_since_ms = membership->sent_ms;
	membership->joined = true;
	membership->until_ms = membership->sent_ms + lease_ms(queue);
	/* Answers come in order, so that here memory is exactly what Redis was when it counted. */
	if (reply_uint_at(reply, 1) > queue->held)
		queue->intake.reconcile_due = true;
	if (reply_uint_at(reply, 2) > 0)
		queue->intake.landed = true;
	if (reply_uint_at(reply, 3) > 0)
		queue->intake.again = true;
	membership_hear_owner(queue, reply_bytes_at(reply, 4));
	worker_touch(queue->worker);
}

static void renew(struct worker_queue *queue, uint64_t now_ms)
{
	struct membership *membership = &queue->membership;
	struct script_call *call = queue_script(queue, SCRIPT_LEASE);

	script_key(call, queue->keys.workers);
	script_key(call, queue->keys.owner);
	script_key(call, queue->keys.inflight);
	script_key(call, queue->keys.landing);
	script_key(call, queue->keys.again);
	script_text(call, queue->name);
	script_uint(call, lease_ms(queue));
	script_uint(call, !membership->joined);
	script_uint(call, queue->shared);
	membership->sent_ms = now_ms;
	membership->renew_at_ms = now_ms + lease_ms(queue) / 3;
	membership->renewing = script_send(call, on_lease, queue) == 0;
	CRASH_POINT_SENT("lease.sent");
}

void membership_step(struct worker_queue *queue, uint64_t now_ms)
{
	struct membership *membership = &queue->membership;

	/* Nobody may claim whose commits nobody could tell from those that failed. */
	if (queue->exactly_once && !queue->worker->rows.enrolled)
		return;
	/* Had it joined then, it may have been declared dead since, and its rows be gone: to join as if it were new
	 * would be to claim what it could never commit. */
	if (queue->exactly_once && membership->join_lost_ms > 0 && !membership->joined &&
	    now_ms - membership->join_lost_ms >= lease_ms(queue)) {
		worker_fence(queue->worker, queue);
		return;
	}
	if (!membership->renewing && now_ms >= membership->renew_at_ms)
		renew(queue, now_ms);
}
