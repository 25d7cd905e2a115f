/* queue/worker.h - this process as a worker in Redis: the face of queue/.
 *
 * It claims commands from its queues, sends replies, acknowledges, renews its lease, and recovers the commands of
 * workers that died. It knows neither what a command says nor what the database did.
 *
 *   claimed(claim) ... worker_finish(claim, outcome): reply accepted by Redis, then acknowledged */
#ifndef QUEUE_WORKER_H
#define QUEUE_WORKER_H

#include "common/bytes.h"
#include "common/ranges.h"
#include "daemon/options.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct worker;
struct worker_queue; /* one of the worker's queues */

struct claim {
	struct worker_queue *queue;
	uint32_t queue_index; /* in options->queues */
	uint64_t number;      /* the worker's own; never reused */
	uint32_t attempts;    /* deaths of workers that held it before */
	uint64_t incarnation; /* the worker's, at the claim: outcomes of an earlier one are dropped */
	bool recovered;       /* its effect was committed by a worker that died: it is not to be run, only answered */
};

/* A command that has seen so many workers die is claimed by itself, and nothing more of its queue before it is
 * acknowledged, nor such a one of another queue: whoever waits beside it would be charged for the next death as well.
 */
enum { WORKER_ALONE_FROM = 2 };

/* No commit marker stands for the command. */
enum { WORKER_NO_MARKER = UINT32_MAX };

struct buffer;

/* What became of a command. Texts are copied before worker_finish() returns, or taken with their memory. */
struct outcome {
	struct bytes reply;    /* empty: none */
	struct buffer *memory; /* that the reply is the beginning of, to be taken or left; NULL: not to be taken */
	struct bytes channel;  /* PUBLISH there; empty: no */
	struct bytes list;     /* RPUSH there, expiring after list_ttl_ms; empty: no */
	uint32_t list_ttl_ms;
	bool dead;               /* also a dead letter: the command itself is taken from the in-flight hash */
	const char *dead_reason; /* an error code's name */
	struct bytes dead_error; /* msgpack or text: what was wrong */
	bool failed;             /* counted as an error in the queue's statistics */
	uint32_t marker;         /* of the transaction that committed it, for released(); or WORKER_NO_MARKER */
};

/* What the database says of a dead worker's commit markers. */
enum worker_fate {
	WORKER_FENCED,      /* nothing of it can commit any more, and what it has committed is known */
	WORKER_UNKNOWN,     /* there are no markers of it: what it has committed nobody knows */
	WORKER_UNREACHABLE, /* the database could not be asked: later */
};

struct worker_counts {
	uint32_t in_flight; /* claimed, not yet acknowledged */
	uint64_t in_flight_bytes;
	uint32_t replies_pending;
	uint64_t reply_bytes;                                        /* of those */
	uint64_t claimed, acknowledged, recovered, dead, reconnects; /* since the start */
	uint64_t replies_without_receiver;
	bool connected, owner_of_any;
};

/* enroll, inquire, dismiss and released may be NULL when no queue is delivered exactly once. Of a dead worker from when
 * one was is then nobody asked: it is unknown to the database, and never forgotten. */
struct worker_events {
	/* A command was claimed: raw is valid during the call. Return 0 when taken; -ENOMEM puts it back. There are at
	 * most limits.in_flight of them open, and one more for each queue. */
	int (*claimed)(void *context, const struct claim *claim, struct bytes raw);
	/* The lease was lost: everything claimed so far belongs to others. Forget it; outcomes are dropped. Claims of
	 * the new incarnation follow. */
	void (*fenced)(void *context);
	/* With a queue that is delivered exactly once: the worker of this incarnation has joined none of these queues
	 * yet, and does not before its rows are in the database: worker_enrolled(). Asked again now and then. */
	void (*enroll)(void *context);
	/* A dead worker held commands of a queue that is delivered exactly once, and no lease of it will be renewed any
	 * more: which were committed? worker_told() is the answer. Asked again when that was WORKER_UNREACHABLE. */
	void (*inquire)(void *context, const char *dead);
	/* Nothing is in flight any more for a worker of this id in this queue: its rows may forget the queue, and go
	 * when that was the last one. worker_dismissed() is the answer; without it, it is asked again. The id may be
	 * this worker's own, after worker_close(). */
	void (*dismiss)(void *context, const char *id, const char *queue);
	/* Redis has confirmed the acknowledgement of a command that was finished with this marker. Once for each. Not
	 * after fenced() for those from before. */
	void (*released)(void *context, uint32_t marker);
	/* Replies were acknowledged or the connection came or went: look at the counts again. */
	void (*changed)(void *context);
	/* First time that Redis is connected, checked and the lease held. */
	void (*ready)(void *context);
	/* worker_close() has finished; the worker is gone. */
	void (*closed)(void *context);
};

/* options outlives the worker. Starts connecting. Returns 0 or a negative errno. */
int worker_open(uv_loop_t *loop, const struct options *options, const struct worker_events *events, void *context,
		struct worker **ret_worker);

/* The worker's id: random, new for each incarnation, beginning with its delivery mode. */
const char *worker_id(const struct worker *worker);

/* The answers to enroll(), inquire() and dismiss(); of another worker or queue than was asked for last, they are
 * ignored. done: valid during the call; only with WORKER_FENCED. */
void worker_enrolled(struct worker *worker, const char *id);
void worker_told(struct worker *worker, const char *dead, enum worker_fate fate, const struct ranges *done);
void worker_dismissed(struct worker *worker, const char *id, const char *queue);

/* The database says that this worker was declared dead: everything starts over as a new worker; fenced() follows. */
void worker_start_over(struct worker *worker);

/* Claims only while this is true: the database is there, memory is there. True at first: false. */
void worker_want(struct worker *worker, bool want);

/* Tells what became of a claim. Never fails: it is held until Redis takes it. */
void worker_finish(struct worker *worker, const struct claim *claim, const struct outcome *outcome);

/* Stops claiming for good. What is open goes on. */
void worker_stop_claiming(struct worker *worker);

/* Gives a claim back to the queue, attempts not raised: called for all that will not be run, the newest first, during
 * a drain. One that was recovered stays in flight, for recovery: its effect is committed. */
void worker_give_back(struct worker *worker, const struct claim *claim);

/* True when nothing is waiting to be sent to or confirmed by Redis, and no claim is under way that could bring more. */
bool worker_settled(const struct worker *worker);

struct worker_counts worker_counts(const struct worker *worker);

/* Ends the lease (when nothing is in flight, the worker is removed from the set) and closes the connections. With a
 * queue that is delivered exactly once dismiss() may follow, for the worker's own rows. */
void worker_close(struct worker *worker);

#endif
