/* queue/state.h - what the files of queue/ share: the worker, and each of its queues. Private to queue/.
 *
 * Each struct below belongs to the file that it is named after; the others read it, and call that file to change it. */
#ifndef QUEUE_STATE_H
#define QUEUE_STATE_H

#include "daemon/queue/holdings.h"
#include "daemon/queue/identity.h"
#include "daemon/queue/keys.h"
#include "daemon/queue/link.h"
#include "daemon/queue/script.h"
#include "daemon/queue/turns.h"
#include "daemon/queue/worker.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct membership {
	bool joined; /* is in {Q}:workers */
	bool owner;  /* may claim, as far as Redis said last */
	bool told_standby;
	bool renewing, looking, recovering; /* the answer is due */
	uint64_t sent_ms;                   /* the renewal that is under way */
	uint64_t renew_at_ms, look_at_ms;
	uint64_t until_ms;         /* the lease holds until then at least */
	uint64_t held_since_ms;    /* and has held since then without a gap */
	char dead[IDENTITY_BYTES]; /* being recovered; empty: nobody */
	bool dead_known;           /* by the file lock: its lease need not have ended */
	uint64_t recovered;        /* commands of it so far */
	bool predecessor_done;
	bool left; /* at the end */
};

struct number_range {
	uint64_t first, count;
};

/* A command that Redis holds for this worker and that it does not know. */
struct unknown {
	uint64_t number;
	uint32_t attempts;
};

enum { INTAKE_LOST_RANGES = 32 };

struct intake {
	struct link *pop_link;
	bool claiming, adopting, reconciling, popping; /* the answer is due */
	bool unblocking;                               /* the pop was asked to end */
	uint64_t unblock_until_ms;
	bool reconcile_due;
	bool landed; /* there may be something in the landing list */
	bool empty;  /* the last claim found nothing */
	bool again;  /* there may be something in {Q}:again */
	uint64_t look_at_ms;
	uint64_t claim_first, claim_bytes; /* of the claim that is under way */
	uint32_t claim_count;
	uint64_t adopt_number, pop_number; /* what is landed gets */
	struct number_range
		lost[INTAKE_LOST_RANGES]; /* numbers that were sent, no word of what became of them; sorted */
	uint32_t lost_count;
	struct unknown *unknown; /* while reconciling */
	uint32_t unknown_count, unknown_next;
};

struct queue_counters {
	uint64_t claimed, ok, errors, unheard;
};

struct worker_queue {
	struct worker *worker;
	uint32_t index; /* in options->queues */
	bool shared;
	struct queue_keys keys;
	struct membership membership;
	struct intake intake;
	uint32_t held;                               /* holdings of this queue */
	struct holding_list finished;                /* to be acknowledged */
	struct holding_list going_back;              /* to be given back, the newest first */
	struct holding_list given_back;              /* sent, not yet confirmed */
	uint32_t acknowledging;                      /* batches of acknowledgements under way */
	uint64_t acknowledge_at_ms, give_back_at_ms; /* not before, after trouble */
	struct queue_counters uncounted, counting;   /* not yet sent; sent, not yet confirmed */
	bool counting_due;
	uint64_t count_at_ms;
};

/* What may happen thousands of times per second is told once, with how often it was. */
struct seldom {
	uint64_t untold, next_ms;
};

struct outbox {
	struct holding_list waiting, sent, failed; /* each in the order of completion */
	struct holding_list unburied;              /* dead letters that Redis will not take as it is */
	uint64_t bury_at_ms;
	uint64_t sent_bytes, kept_bytes;
	uint64_t retry_at_ms;
	uint32_t failures;
	struct seldom refused, dropped; /* replies that Redis will never take; dead letters that made room */
};

struct worker {
	uv_loop_t *loop;
	const struct options *options;
	struct worker_events events;
	void *context;
	struct turns turns;
	struct link *link;
	struct identity identity;
	uint64_t incarnation, next_number;
	struct holdings holdings;
	struct outbox outbox;
	struct worker_queue *queues;
	uint32_t queue_count, turn;
	uint32_t asked; /* commands that claims under way may bring */
	uint64_t asked_bytes;
	bool want, stopping, closing, leaving, gone;
	uint64_t close_at_ms;
	bool checked, refused; /* the server was looked at; it will not do */
	bool warned_policy, warned_append;
	bool ready_told, changed_due, fence_due;
	bool settled; /* as it was told last, while stopping */
	uint64_t trouble_told_ms;
	bool drop_due;       /* the server at the other end became a replica */
	uint64_t drop_at_ms; /* not again before */
	struct worker_counts counts;
};

/* worker.c */

/* Monotonic milliseconds. */
uint64_t worker_now(void);
/* The step runs soon. Legal anywhere. */
void worker_touch(struct worker *worker);
/* The lease is lost: everything is dropped with the next step. */
void worker_fence(struct worker *worker, struct worker_queue *queue);
/* Logs an answer that should not have come; at most once per second, since it may be one of many. */
void worker_trouble(struct worker_queue *queue, const char *what, const struct redis_reply *reply);
/* Called with a holding that is acknowledged or given back. */
void worker_release(struct holding *holding);
struct script_call *queue_script(struct worker_queue *queue, enum script script);

/* membership.c: the lease, the owner, the dead. */
void membership_step(struct worker_queue *queue, uint64_t now_ms);
bool membership_may_claim(const struct worker_queue *queue, uint64_t now_ms);
bool membership_holds(const struct worker_queue *queue, uint64_t now_ms);
/* True when no answer is due. */
bool membership_quiet(const struct worker_queue *queue);
void membership_renew_soon(struct worker_queue *queue);
void membership_set_owner(struct worker_queue *queue, bool owner);
/* Sends the end of the lease; membership.left when it was taken. Returns 0 or a negative errno. */
int membership_leave(struct worker_queue *queue);

/* intake.c: claims. */
void intake_step(struct worker_queue *queue, uint64_t now_ms);
/* True when no claim, pop or adoption is under way, and nothing is left in the landing list. */
bool intake_quiet(const struct worker_queue *queue);
/* True when an answer is due that may bring commands. */
bool intake_expects(const struct worker_queue *queue);
/* How many bytes of a command are of any use: what is longer is not told whole. */
uint64_t intake_longest(const struct worker_queue *queue);
/* Hands a claimed command up. False when there was no memory: it is adopted again later. */
bool intake_deliver(struct worker_queue *queue, uint64_t number, uint32_t attempts, struct bytes raw);
/* Numbers whose claim was sent, and whose commands are not known here, are adopted with the next reconcile. */
void intake_lost(struct worker_queue *queue, uint64_t first, uint64_t count);

/* reconcile.c: what Redis holds for this worker against what the worker knows. */
void reconcile_start(struct worker_queue *queue);

/* outbox.c: replies and dead letters. */
void outbox_add(struct worker *worker, struct holding *holding);
void outbox_step(struct worker *worker, uint64_t now_ms);

/* acknowledge.c: acknowledgements, what is given back, counters. */
void acknowledge_step(struct worker_queue *queue, uint64_t now_ms);
bool acknowledge_settled(const struct worker_queue *queue);
void acknowledge_count(struct worker_queue *queue);

/* survey.c: looks at the server, once per connection; sets checked or refused. */
void survey_start(struct worker *worker);

#endif
