/* queue/state.h - what the files of queue/ share: the worker, and each of its queues. Private to queue/.
 *
 * Each struct below belongs to the file that it is named after; the others read it, and call that file to change it. */
#ifndef QUEUE_STATE_H
#define QUEUE_STATE_H

#include "common/ranges.h"
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
	bool renewing;         /* the answer is due */
	uint64_t sent_ms;      /* the renewal that is under way */
	uint64_t join_lost_ms; /* when a join was sent that nobody knows whether it came; 0: none */
	uint64_t renew_at_ms;
	uint64_t until_ms;      /* the lease holds until then at least */
	uint64_t held_since_ms; /* and has held since then without a gap */
};

/* The end of one queue's lease. */
struct departure {
	bool declared;  /* this worker has declared itself dead, holding nothing */
	bool dismissed; /* and asks to have its rows forgotten, or has heard that they are */
	bool left;
};

enum recovery_phase {
	RECOVERY_NOBODY,
	RECOVERY_DECLARE, /* declares it dead, and gives back what surely never ran */
	RECOVERY_INQUIRE, /* waits for what the database says of it */
	RECOVERY_MOVE,    /* that is known */
	RECOVERY_UNKNOWN, /* the database does not know it */
	RECOVERY_FORGET,  /* the database has forgotten it */
};

struct recovery {
	enum recovery_phase phase;
	bool looking, calling; /* the answer is due */
	uint64_t look_at_ms, call_at_ms;
	char dead[IDENTITY_BYTES]; /* not with NOBODY */
	bool known;                /* by the file lock: its lease need not have ended */
	uint64_t commands;         /* of it so far */
	struct ranges done;        /* while MOVE: what the database says; sorted */
	bool crowded;              /* the rest has to wait for room */
	uint64_t first, bytes;     /* the claim numbers that the call under way may use */
	uint32_t count;
	uint32_t predecessors_done; /* names of the predecessor that were looked after */
};

/* What a worker has to ask of its rows in the database, and of those of others; one question of a kind at a time. */
struct rows {
	bool enrolled; /* this incarnation */
	uint64_t enroll_at_ms;
	bool inquiring, dismissing; /* the answer is due */
	char inquired[IDENTITY_BYTES], dismissed[IDENTITY_BYTES];
	uint32_t inquiry_turn;    /* index of the queue that asks first */
	uint32_t dismissed_queue; /* index */
	bool dismissal_confirmed;
	uint64_t inquire_at_ms, dismiss_until_ms;
};

enum { INTAKE_LOST_RANGES = 32 };

struct intake {
	struct link *pop_link;
	bool claiming, adopting, reconciling, popping; /* the answer is due */
	bool unblocking;                               /* the pop was asked to end */
	uint64_t unblock_until_ms;
	uint64_t pop_until_ms, lost_pop_until_ms; /* Redis may serve it until then; one whose answer was lost */
	bool reconcile_due;
	bool landed;                     /* there may be something in the landing list */
	bool empty;                      /* the last claim found nothing */
	bool again;                      /* there may be something in {Q}:again */
	bool alone_next, claiming_alone; /* one that comes by itself is next there; it is what the claim may bring */
	uint64_t look_at_ms;
	uint64_t claim_first, claim_bytes; /* of the claim that is under way */
	uint32_t claim_count;
	uint64_t adopt_number, pop_number; /* what is landed gets */
	struct number_range
		lost[INTAKE_LOST_RANGES]; /* numbers that were sent, no word of what became of them; sorted */
	uint32_t lost_count;
	struct held_field *unknown; /* while reconciling: what Redis holds for this worker and it does not know */
	uint32_t unknown_count, unknown_next;
};

struct queue_counters {
	uint64_t claimed, ok, errors, unheard;
};

struct worker_queue {
	struct worker *worker;
	uint32_t index; /* in options->queues */
	bool shared, exactly_once;
	char name[IDENTITY_BYTES]; /* this worker's, in this queue */
	struct queue_keys keys;
	struct membership membership;
	struct recovery recovery;
	struct departure departure;
	struct intake intake;
	uint32_t held;                               /* holdings of this queue */
	uint32_t held_alone;                         /* those of them that come by themselves */
	struct holding_list finished;                /* to be acknowledged */
	struct holding_list going_back;              /* to be given back, the newest first */
	struct holding_list given_back;              /* sent, not yet confirmed */
	struct holding_list unanswered;              /* committed, but there was no memory for the answer */
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
	struct rows rows;
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
struct script_call *queue_script(struct worker_queue *queue, enum script script);

/* membership.c: the lease and the owner. */
void membership_step(struct worker_queue *queue, uint64_t now_ms);
bool membership_may_claim(const struct worker_queue *queue, uint64_t now_ms);
bool membership_holds(const struct worker_queue *queue, uint64_t now_ms);
/* True when no answer is due. */
bool membership_quiet(const struct worker_queue *queue);
void membership_renew_soon(struct worker_queue *queue);
void membership_set_owner(struct worker_queue *queue, bool owner);
/* So long a worker that was recovered is remembered: a pop that it had sent while it was frozen may still move a
 * command to its landing list. */
uint64_t membership_remember_ms(const struct worker_queue *queue);
/* Hears who owns the queue. */
void membership_hear_owner(struct worker_queue *queue, struct bytes owner);

/* recovery.c: the dead. */
void recovery_step(struct worker_queue *queue, uint64_t now_ms);
/* True when no answer is due. */
bool recovery_quiet(const struct worker_queue *queue);
/* True when an answer is due that may bring commands. */
bool recovery_expects(const struct worker_queue *queue);
/* The predecessor was looked after in this queue, under each name that it may have had. */
bool recovery_of_predecessor_done(const struct worker_queue *queue);
/* What the database says of the dead worker; done only with WORKER_FENCED. */
void recovery_told(struct worker_queue *queue, enum worker_fate fate, const struct ranges *done);

/* departure.c: the end. */

/* Steps a worker that closes. True when all is done that can be done in time. */
bool departure_step(struct worker *worker, uint64_t now_ms);

/* rows.c: questions to the database. */
void rows_step(struct worker *worker, uint64_t now_ms);
/* Asks to have a worker's rows forget a queue. False when another one was asked about and is not answered yet. */
bool rows_dismiss(struct worker_queue *queue, const char *name);
/* True when that was done; once. Copies the worker's name. */
bool rows_take_dismissed(struct worker_queue *queue, char ret_name[IDENTITY_BYTES]);

/* intake.c: claims. */
void intake_step(struct worker_queue *queue, uint64_t now_ms);
/* True when no claim, pop or adoption is under way, and nothing is left in the landing list. */
bool intake_quiet(const struct worker_queue *queue);
/* True when an answer is due that may bring commands. */
bool intake_expects(const struct worker_queue *queue);
/* How many bytes of a command are of any use: what is longer is not told whole. */
uint64_t intake_longest(const struct worker_queue *queue);
/* Hands a claimed command up. False when there was no memory: it is adopted again later. */
bool intake_deliver(struct worker_queue *queue, const struct held_field *field, struct bytes raw);
/* The same for many whose numbers follow each other, of an answer that has attempts and command of each from `at` on.
 */
void intake_deliver_recovered(struct worker_queue *queue, uint64_t first, uint32_t most,
			      const struct redis_reply *reply, uint64_t at);
/* The same for one that an adoption has answered with, which may have come too late. */
void intake_deliver_adopted(struct worker_queue *queue, uint64_t number, struct bytes raw);
/* What both claim and adoption may be told instead of a command. */
void intake_turned_away(struct worker_queue *queue, struct bytes word);
/* No look for a while: for what the reply says, which is no OK. */
void intake_look_later(struct worker_queue *queue, const struct redis_reply *reply);
/* How many commands, and bytes of them, there is room for; 0: none. */
uint32_t intake_room(const struct worker_queue *queue, uint64_t *ret_bytes);
/* Numbers whose claim was sent, and whose commands are not known here, are adopted with the next reconcile. */
void intake_lost(struct worker_queue *queue, uint64_t first, uint64_t count);

/* landing.c: the pop. */
/* Blocks for the next command, no longer than the lease under which it is sent will surely last: Redis keeps serving
 * the pop of a worker that is frozen. */
void landing_pop(struct worker_queue *queue, uint64_t now_ms);
/* Ends a pop: by asking Redis, which leaves no doubt whether it has moved something, or else by cutting. */
void landing_unblock(struct worker_queue *queue, uint64_t now_ms);
/* Takes what has landed, or puts it back where it came from. */
void landing_adopt(struct worker_queue *queue, bool put_back);
/* True when a pop whose answer was lost may still move something: Redis need not have heard that its connection went.
 */
bool landing_may_fill(const struct worker_queue *queue, uint64_t now_ms);

/* reconcile.c: what Redis holds for this worker against what the worker knows. */
void reconcile_start(struct worker_queue *queue);

/* outcomes.c: commands that leave. */
/* Called with a holding that is acknowledged or given back. */
void worker_release(struct holding *holding);
/* Gives up a holding without another word: Redis keeps it, and it is adopted again. */
void worker_drop(struct holding *holding);
/* What comes by itself is over, but for its dead letter, which may have to wait long: others may be claimed. */
void worker_end_alone(struct holding *holding);

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
