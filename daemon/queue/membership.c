/* queue/membership.c - this worker among the workers of one queue.
 *
 *   not joined --lease--> held --renewed every third--> held
 *                          |  Redis says: declared dead, or unknown --> worker_fence()
 *                          +-- beside it, every 500 ms: look -- somebody is dead --> recover, part by part --> look
 *
 * Nobody is recovered before the own lease has held for one unbroken lease: had Redis been away, everybody's lease
 * would have run out, and nobody would be dead. The one exception is the predecessor that the file lock proves dead. */
#include "common/log.h"
#include "daemon/queue/state.h"
#include "daemon/queue/verdict.h"

#include <stdio.h>

enum {
	LOOK_EVERY_MS = 500,
	RECOVER_COMMANDS = 200,
	RECOVER_BYTES = 4 << 20,
	REMEMBER_LEASES = 10, /* a pop that a frozen worker had sent may still move a command to its landing list */
};

static uint64_t lease_ms(const struct worker_queue *queue)
{
	return queue->worker->options->delivery.lease_ms;
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
	return !queue->membership.renewing && !queue->membership.looking && !queue->membership.recovering;
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
		  log_text("worker", queue->worker->identity.id));
	queue->intake.empty = false;
	queue->intake.look_at_ms = 0;
	worker_touch(queue->worker);
}

static void hear_owner(struct worker_queue *queue, struct bytes owner)
{
	membership_set_owner(queue, bytes_equal_text(owner, queue->worker->identity.id));
}

static void on_lease(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;
	struct membership *membership = &queue->membership;

	membership->renewing = false;
	if (verdict_of(reply) != VERDICT_OK) {
		worker_trouble(queue, "lease", reply);
		membership->renew_at_ms = worker_now() + LOOK_EVERY_MS;
		return;
	}
	if (!bytes_equal_text(reply_bytes_at(reply, 0), "held")) {
		worker_fence(queue->worker, queue);
		return;
	}
	if (!membership->joined || membership->sent_ms > membership->until_ms)
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
	hear_owner(queue, reply_bytes_at(reply, 4));
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
	script_text(call, queue->worker->identity.id);
	script_uint(call, lease_ms(queue));
	script_uint(call, !membership->joined);
	script_uint(call, queue->shared);
	membership->sent_ms = now_ms;
	membership->renew_at_ms = now_ms + lease_ms(queue) / 3;
	membership->renewing = script_send(call, on_lease, queue) == 0;
}

static void choose_dead(struct worker_queue *queue, struct bytes id, bool known)
{
	struct membership *membership = &queue->membership;

	membership->dead[0] = '\0';
	if (id.size > 0 && id.size < sizeof(membership->dead))
		snprintf(membership->dead, sizeof(membership->dead), "%.*s", BYTES_ARG(id));
	membership->dead_known = known;
	membership->recovered = 0;
}

static void on_look(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;

	queue->membership.looking = false;
	if (verdict_of(reply) != VERDICT_OK) {
		worker_trouble(queue, "look", reply);
		return;
	}
	hear_owner(queue, reply_bytes_at(reply, 0));
	choose_dead(queue, reply_bytes_at(reply, 1), false);
	if (queue->membership.dead[0])
		worker_touch(queue->worker);
}

static void look(struct worker_queue *queue, uint64_t now_ms)
{
	struct script_call *call = queue_script(queue, SCRIPT_LOOK);

	script_key(call, queue->keys.workers);
	script_key(call, queue->keys.owner);
	script_text(call, queue->worker->identity.id);
	script_uint(call, queue->shared);
	queue->membership.look_at_ms = now_ms + LOOK_EVERY_MS;
	queue->membership.looking = script_send(call, on_look, queue) == 0;
}

/* The dead one's commands are all given back, or it turned out not to be dead. */
static void recovery_ended(struct worker_queue *queue, struct bytes word)
{
	struct membership *membership = &queue->membership;

	if (membership->recovered > 0)
		log_event(LEVEL_WARNING, "queue.recovered", log_text("queue", queue->keys.list),
			  log_text("dead", membership->dead), log_int("commands", (int64_t)membership->recovered));
	else
		log_event(LEVEL_DEBUG, "queue.looked_after", log_text("queue", queue->keys.list),
			  log_text("dead", membership->dead), log_bytes("found", word));
	if (membership->dead_known)
		membership->predecessor_done = true;
	membership->dead[0] = '\0';
	membership->look_at_ms = 0;
	if (bytes_equal_text(word, "alive") || bytes_equal_text(word, "unfit"))
		membership->look_at_ms = worker_now() + LOOK_EVERY_MS;
}

static void on_recovered(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;
	struct membership *membership = &queue->membership;

	membership->recovering = false;
	if (verdict_of(reply) != VERDICT_OK) {
		worker_trouble(queue, "recover", reply);
		membership->look_at_ms = worker_now() + LOOK_EVERY_MS;
		return;
	}
	struct bytes word = reply_bytes_at(reply, 0);
	uint64_t moved = reply_uint_at(reply, 1);
	membership->recovered += moved;
	queue->worker->counts.recovered += moved;
	if (moved > 0)
		queue->intake.again = true;
	if (reply_length(reply) > 2)
		hear_owner(queue, reply_bytes_at(reply, 2));
	if (!bytes_equal_text(word, "more"))
		recovery_ended(queue, word);
	worker_touch(queue->worker);
}

static void recover(struct worker_queue *queue)
{
	struct membership *membership = &queue->membership;
	struct script_call *call = queue_script(queue, SCRIPT_RECOVER);
	char inflight[512], landing[512];

	snprintf(inflight, sizeof(inflight), "{%s}:inflight:%s", queue->keys.list, membership->dead);
	snprintf(landing, sizeof(landing), "{%s}:landing:%s", queue->keys.list, membership->dead);
	script_key(call, queue->keys.workers);
	script_key(call, queue->keys.owner);
	script_key(call, inflight);
	script_key(call, landing);
	script_key(call, queue->keys.again);
	script_key(call, queue->keys.stats);
	script_text(call, membership->dead);
	script_text(call, queue->worker->identity.id);
	script_uint(call, lease_ms(queue) * REMEMBER_LEASES);
	script_uint(call, queue->shared);
	script_uint(call, membership->dead_known);
	script_uint(call, RECOVER_COMMANDS);
	script_uint(call, RECOVER_BYTES);
	membership->recovering = script_send(call, on_recovered, queue) == 0;
}

void membership_step(struct worker_queue *queue, uint64_t now_ms)
{
	struct membership *membership = &queue->membership;
	const char *predecessor = queue->worker->identity.predecessor;

	if (!membership->renewing && now_ms >= membership->renew_at_ms)
		renew(queue, now_ms);
	if (queue->worker->closing) /* whom to recover is up to those who stay */
		return;
	if (!membership_holds(queue, now_ms) || membership->looking || membership->recovering)
		return;
	if (!membership->dead[0] && predecessor[0] && !membership->predecessor_done)
		choose_dead(queue, bytes_of(predecessor), true);
	bool may_recover = membership->dead_known || now_ms - membership->held_since_ms >= lease_ms(queue);
	if (membership->dead[0] && may_recover)
		recover(queue);
	else if (now_ms >= membership->look_at_ms)
		look(queue, now_ms);
}

static void on_left(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;

	queue->membership.left = true;
	log_event(LEVEL_DEBUG, "queue.left", log_text("queue", queue->keys.list),
		  log_bytes("how", verdict_of(reply) == VERDICT_OK ? reply_text(reply) : verdict_text(reply)));
	worker_touch(queue->worker);
}

int membership_leave(struct worker_queue *queue)
{
	struct script_call *call = queue_script(queue, SCRIPT_LEAVE);

	script_key(call, queue->keys.workers);
	script_key(call, queue->keys.owner);
	script_key(call, queue->keys.inflight);
	script_key(call, queue->keys.landing);
	script_text(call, queue->worker->identity.id);
	return script_send(call, on_left, queue);
}
