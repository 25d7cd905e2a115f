/* queue/worker.h - this process as a worker in Redis: the face of queue/.
 *
 * It claims commands from its queues, sends replies, acknowledges, renews its lease, and recovers the commands of
 * workers that died. It knows neither what a command says nor what the database did.
 *
 *   claimed(claim) ... worker_finish(claim, outcome): reply accepted by Redis, then acknowledged */
#ifndef QUEUE_WORKER_H
#define QUEUE_WORKER_H

#include "common/bytes.h"
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
};

/* What became of a command. Texts are copied before worker_finish() returns. */
struct outcome {
	struct bytes reply;   /* empty: none */
	struct bytes channel; /* PUBLISH there; empty: no */
	struct bytes list;    /* RPUSH there, expiring after list_ttl_ms; empty: no */
	uint32_t list_ttl_ms;
	bool dead;               /* also a dead letter: the command itself is taken from the in-flight hash */
	const char *dead_reason; /* an error code's name */
	struct bytes dead_error; /* msgpack or text: what was wrong */
	bool failed;             /* counted as an error in the queue's statistics */
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

struct worker_events {
	/* A command was claimed: raw is valid during the call. Return 0 when taken; -ENOMEM puts it back. There are at
	 * most limits.in_flight of them open, and one more for each queue. */
	int (*claimed)(void *context, const struct claim *claim, struct bytes raw);
	/* The lease was lost: everything claimed so far belongs to others. Forget it; outcomes are dropped. Claims of
	 * the new incarnation follow. */
	void (*fenced)(void *context);
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

/* Claims only while this is true: the database is there, memory is there. True at first: false. */
void worker_want(struct worker *worker, bool want);

/* Tells what became of a claim. Never fails: it is held until Redis takes it. */
void worker_finish(struct worker *worker, const struct claim *claim, const struct outcome *outcome);

/* Stops claiming for good. What is open goes on. */
void worker_stop_claiming(struct worker *worker);

/* Gives a claim back to the queue, attempts not raised: called for all that will not be run, the newest first, during
 * a drain. */
void worker_give_back(struct worker *worker, const struct claim *claim);

/* True when nothing is waiting to be sent to or confirmed by Redis, and no claim is under way that could bring more. */
bool worker_settled(const struct worker *worker);

struct worker_counts worker_counts(const struct worker *worker);

/* Ends the lease (when nothing is in flight, the worker is removed from the set) and closes the connections. */
void worker_close(struct worker *worker);

#endif
