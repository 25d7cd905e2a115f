/* queue/recovery.c - looks after the other workers of one queue, and recovers what the dead have held.
 *
 *   NOBODY --look: somebody is dead--> DECLARE --alive, recovered, forgotten--------------------------> NOBODY
 *                                        | held exactly once                                             ^
 *                                        v                                                               |
 *                                     INQUIRE --fenced--> MOVE, part by part --recovered-----------------+
 *                                     ^  |  |                                                            |
 *                  database away -----+--+  +--no rows--> UNKNOWN --all that can be told is moved--------+
 *
 *   DECLARE --remembered for long, still empty--> NOBODY ... rows.c: the database has forgotten it --> FORGET -->
 * NOBODY
 *
 * Nobody is recovered before the own lease has held for one unbroken lease: had Redis been away, everybody's lease
 * would have run out, and nobody would be dead. The one exception is the predecessor that the file lock proves dead.
 *
 * Commands that have taken effect come under numbers of this worker's own and are handed up as recovered; the numbers
 * are spent when they are sent, and adopted by the next reconcile when the answer is lost. */
#include "common/crash_point.h"
#include "common/log.h"
#include "daemon/queue/state.h"
#include "daemon/queue/verdict.h"

#include <assert.h>
#include <stdio.h>

enum {
	LOOK_EVERY_MS = 500,
	RECOVER_COMMANDS = 200,
	RECOVER_BYTES = 4 << 20,
	UNKNOWN_AGAIN_MS = 60000, /* its rows may come back with a restored database */
	ANSWER_HEAD = 4,          /* of recover.lua; commands follow */
};

/* Only an assertion looks at it. */
__attribute__((unused)) static const uint32_t allowed[] = {
	[RECOVERY_NOBODY] = 1u << RECOVERY_DECLARE | 1u << RECOVERY_FORGET,
	[RECOVERY_DECLARE] = 1u << RECOVERY_NOBODY | 1u << RECOVERY_INQUIRE,
	[RECOVERY_INQUIRE] = 1u << RECOVERY_MOVE | 1u << RECOVERY_UNKNOWN,
	[RECOVERY_MOVE] = 1u << RECOVERY_NOBODY,
	[RECOVERY_UNKNOWN] = 1u << RECOVERY_NOBODY,
	[RECOVERY_FORGET] = 1u << RECOVERY_NOBODY | 1u << RECOVERY_INQUIRE,
};

static void move(struct recovery *recovery, enum recovery_phase phase)
{
	assert(allowed[recovery->phase] & 1u << phase);
	recovery->phase = phase;
}

bool recovery_quiet(const struct worker_queue *queue)
{
	return !queue->recovery.looking && !queue->recovery.calling;
}

bool recovery_expects(const struct worker_queue *queue)
{
	return queue->recovery.calling && queue->recovery.count > 0;
}

/* One that was exactly-once somewhere goes by two names: the queue may have been delivered otherwise then. */
static uint32_t predecessor_names(const struct identity *identity)
{
	return identity_is_exactly_once(identity->predecessor) ? 2 : 1;
}

bool recovery_of_predecessor_done(const struct worker_queue *queue)
{
	return queue->recovery.predecessors_done >= predecessor_names(&queue->worker->identity);
}

static void begin(struct worker_queue *queue, enum recovery_phase phase, bool known)
{
	struct recovery *recovery = &queue->recovery;

	move(recovery, phase);
	recovery->known = known;
	recovery->commands = 0;
	recovery->crowded = false;
	recovery->call_at_ms = 0;
	worker_touch(queue->worker);
}

static void begin_with_predecessor(struct worker_queue *queue)
{
	struct recovery *recovery = &queue->recovery;
	const char *predecessor = queue->worker->identity.predecessor;
	bool exactly_once = identity_is_exactly_once(predecessor) && recovery->predecessors_done == 0;

	identity_name(predecessor, exactly_once, recovery->dead);
	begin(queue, RECOVERY_DECLARE, true);
}

static void on_look(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;
	struct recovery *recovery = &queue->recovery;
	struct bytes dead = reply_bytes_at(reply, 1);

	recovery->looking = false;
	if (verdict_of(reply) != VERDICT_OK) {
		worker_trouble(queue, "look", reply);
		return;
	}
	membership_hear_owner(queue, reply_bytes_at(reply, 0));
	if (dead.size == 0 || dead.size >= sizeof(recovery->dead) || recovery->phase != RECOVERY_NOBODY)
		return;
	snprintf(recovery->dead, sizeof(recovery->dead), "%.*s", BYTES_ARG(dead));
	begin(queue, RECOVERY_DECLARE, false);
}

static void look(struct worker_queue *queue, uint64_t now_ms)
{
	struct script_call *call = queue_script(queue, SCRIPT_LOOK);

	script_key(call, queue->keys.workers);
	script_key(call, queue->keys.owner);
	script_text(call, queue->name);
	script_uint(call, queue->shared);
	script_uint(call, IDENTITY_BYTES - 1);
	queue->recovery.look_at_ms = now_ms + LOOK_EVERY_MS;
	queue->recovery.looking = script_send(call, on_look, queue) == 0;
}

static void tell_end(const struct worker_queue *queue, struct bytes word, uint64_t left)
{
	const struct recovery *recovery = &queue->recovery;

	if (recovery->commands > 0)
		log_event(LEVEL_WARNING, "queue.recovered", log_text("queue", queue->keys.list),
			  log_text("dead", recovery->dead), log_int("commands", (int64_t)recovery->commands));
	else
		log_event(LEVEL_DEBUG, "queue.looked_after", log_text("queue", queue->keys.list),
			  log_text("dead", recovery->dead), log_bytes("found", word));
	if (bytes_equal_text(word, "unknown"))
		log_event(LEVEL_ERROR, "queue.unknown_worker", log_text("queue", queue->keys.list),
			  log_text("dead", recovery->dead), log_int("in_flight", (int64_t)left),
			  log_text("hint", "the database has no rows of this worker: nobody knows which of its "
					   "commands have taken effect. Nothing of it is run again; restore the "
					   "database that it worked on, or decide: rowctl release"));
}

/* All that could be done for the dead one is done, or it turned out not to be dead. */
static void end(struct worker_queue *queue, struct bytes word, uint64_t left)
{
	struct recovery *recovery = &queue->recovery;

	CRASH_POINT("recovery.ended");
	tell_end(queue, word, left);
	/* Refused, it is asked again when it is looked at again. */
	if (bytes_equal_text(word, "dismiss"))
		(void)rows_dismiss(queue, recovery->dead);
	if (recovery->known && !bytes_equal_text(word, "unfit"))
		recovery->predecessors_done++;
	move(recovery, RECOVERY_NOBODY);
	ranges_free(&recovery->done);
	recovery->look_at_ms = 0;
	if (bytes_equal_text(word, "alive") || bytes_equal_text(word, "unfit"))
		recovery->look_at_ms = worker_now() + LOOK_EVERY_MS;
}

static void inquire(struct worker_queue *queue)
{
	struct rows *rows = &queue->worker->rows;

	CRASH_POINT("recovery.declared");
	move(&queue->recovery, RECOVERY_INQUIRE);
	if (!rows->inquiring)
		rows->inquire_at_ms = 0;
}

void recovery_told(struct worker_queue *queue, enum worker_fate fate, const struct ranges *done)
{
	struct recovery *recovery = &queue->recovery;

	CRASH_POINT("recovery.told");
	if (fate == WORKER_UNKNOWN) {
		move(recovery, RECOVERY_UNKNOWN);
	} else if (fate == WORKER_FENCED) {
		ranges_free(&recovery->done);
		if (ranges_add_all(&recovery->done, done) == 0) {
			ranges_settle(&recovery->done);
			move(recovery, RECOVERY_MOVE);
		}
	}
	worker_touch(queue->worker);
}

static void hear_part(struct worker_queue *queue, const struct redis_reply *reply)
{
	struct recovery *recovery = &queue->recovery;
	struct bytes word = reply_bytes_at(reply, 0);
	uint64_t moved = reply_uint_at(reply, 1);
	bool filled = recovery->count > 0 && reply_length(reply) == ANSWER_HEAD + 2 * (uint64_t)recovery->count;

	recovery->commands += moved;
	queue->worker->counts.recovered += moved;
	if (moved > 0)
		queue->intake.again = true;
	if (reply_length(reply) > 2)
		membership_hear_owner(queue, reply_bytes_at(reply, 2));
	if (bytes_equal_text(word, "inquire"))
		inquire(queue);
	else if (bytes_equal_text(word, "more"))
		recovery->crowded = moved == 0 || filled;
	else
		end(queue, word, reply_uint_at(reply, 3));
}

static void on_part(void *context, const struct redis_reply *reply)
{
	struct worker_queue *queue = context;
	struct recovery *recovery = &queue->recovery;
	uint64_t first = recovery->first;
	uint32_t count = recovery->count;

	CRASH_POINT("recovery.answered");
	recovery->calling = false;
	queue->worker->asked -= count;
	queue->worker->asked_bytes -= recovery->bytes;
	worker_touch(queue->worker);
	if (verdict_of(reply) != VERDICT_OK) {
		worker_trouble(queue, "recover", reply);
		if (count > 0)
			intake_lost(queue, first, count);
		recovery->call_at_ms = reply ? worker_now() + LOOK_EVERY_MS : 0;
		return;
	}
	hear_part(queue, reply);
	if (reply_length(reply) > ANSWER_HEAD)
		intake_deliver_recovered(queue, first, count, reply, ANSWER_HEAD);
	CRASH_POINT("recovery.delivered");
}

static const char *what_is_known(const struct recovery *recovery)
{
	switch (recovery->phase) {
	case RECOVERY_MOVE:
		return "done";
	case RECOVERY_UNKNOWN:
		return "unknown";
	case RECOVERY_FORGET:
		return "dismissed";
	case RECOVERY_NOBODY:
	case RECOVERY_DECLARE:
	case RECOVERY_INQUIRE:
		break;
	}
	return "nothing";
}

static void call_keys(const struct worker_queue *queue, const struct queue_keys *of_dead, struct script_call *call)
{
	script_key(call, queue->keys.workers);
	script_key(call, queue->keys.owner);
	script_key(call, of_dead->inflight);
	script_key(call, of_dead->landing);
	script_key(call, queue->keys.again);
	script_key(call, queue->keys.stats);
	script_key(call, queue->keys.inflight);
}

/* Spends so many numbers, for commands that have taken effect. */
static void call_numbers(struct worker_queue *queue, struct script_call *call)
{
	struct worker *worker = queue->worker;
	struct recovery *recovery = &queue->recovery;

	recovery->bytes = 0;
	recovery->count = intake_room(queue, &recovery->bytes);
	if (recovery->count > RECOVER_COMMANDS)
		recovery->count = RECOVER_COMMANDS;
	if (recovery->bytes > RECOVER_BYTES)
		recovery->bytes = RECOVER_BYTES;
	recovery->first = worker->next_number;
	worker->next_number += recovery->count;
	script_uint(call, recovery->first);
	script_uint(call, recovery->count);
	script_uint(call, recovery->bytes);
	script_uint(call, intake_longest(queue));
	for (uint32_t i = 0; recovery->phase == RECOVERY_MOVE && i < recovery->done.count; i++) {
		script_uint(call, recovery->done.ranges[i].first);
		script_uint(call, recovery->done.ranges[i].first + (recovery->done.ranges[i].count - 1));
	}
}

static void recover(struct worker_queue *queue)
{
	struct recovery *recovery = &queue->recovery;
	uint64_t lease_ms = queue->worker->options->delivery.lease_ms;
	struct queue_keys of_dead = {0};

	if (queue_keys_make(&of_dead, queue->keys.list, recovery->dead))
		return; /* for want of memory: with the next step */
	CRASH_POINT("recovery.before_sent");
	struct script_call *call = queue_script(queue, SCRIPT_RECOVER);
	call_keys(queue, &of_dead, call);
	queue_keys_free(&of_dead);
	script_text(call, recovery->dead);
	script_text(call, queue->name);
	script_uint(call, membership_remember_ms(queue));
	script_uint(call, recovery->phase == RECOVERY_UNKNOWN ? UNKNOWN_AGAIN_MS : lease_ms);
	script_uint(call, queue->shared);
	script_uint(call, recovery->known);
	script_uint(call, RECOVER_COMMANDS);
	script_uint(call, RECOVER_BYTES);
	script_text(call, what_is_known(recovery));
	call_numbers(queue, call);
	if (script_send(call, on_part, queue))
		return;
	recovery->calling = true;
	queue->worker->asked += recovery->count;
	queue->worker->asked_bytes += recovery->bytes;
	CRASH_POINT_SENT("recovery.sent");
}

/* Not in driblets: each call costs Redis more than the commands in it. Less than what a claim would wait for, so that
 * claims do not take all the room away. */
static bool has_room(const struct worker_queue *queue)
{
	const struct limit_options *limits = &queue->worker->options->limits;
	uint32_t least = limits->in_flight / queue->worker->queue_count;
	uint64_t bytes;

	least = (limits->batch < least ? limits->batch : least) / 4;
	least = least < RECOVER_COMMANDS ? least : RECOVER_COMMANDS;
	return intake_room(queue, &bytes) >= (least ? least : 1);
}

static bool may_recover(const struct worker_queue *queue, uint64_t now_ms)
{
	const struct recovery *recovery = &queue->recovery;
	uint64_t lease_ms = queue->worker->options->delivery.lease_ms;

	if (recovery->phase == RECOVERY_INQUIRE || now_ms < recovery->call_at_ms)
		return false;
	if (!recovery->known && now_ms - queue->membership.held_since_ms < lease_ms)
		return false;
	return !recovery->crowded || has_room(queue);
}

void recovery_step(struct worker_queue *queue, uint64_t now_ms)
{
	struct recovery *recovery = &queue->recovery;
	const struct worker *worker = queue->worker;

	/* Whom to recover is up to those who stay. */
	if (worker->stopping || !membership_holds(queue, now_ms) || recovery->looking || recovery->calling)
		return;
	if (recovery->phase == RECOVERY_NOBODY && worker->identity.predecessor[0] &&
	    !recovery_of_predecessor_done(queue) && now_ms >= recovery->look_at_ms)
		begin_with_predecessor(queue);
	else if (recovery->phase == RECOVERY_NOBODY && rows_take_dismissed(queue, recovery->dead))
		begin(queue, RECOVERY_FORGET, false);
	if (recovery->phase != RECOVERY_NOBODY && may_recover(queue, now_ms))
		recover(queue);
	else if (now_ms >= recovery->look_at_ms)
		look(queue, now_ms);
}
