/* queue/holdings.h - the commands that this worker holds: claimed, and not yet acknowledged.
 *
 * A holding's state is the list that it is on. The table finds it by its claim number. */
#ifndef QUEUE_HOLDINGS_H
#define QUEUE_HOLDINGS_H

#include "common/bytes.h"
#include "daemon/queue/worker.h"

#include <stdbool.h>
#include <stdint.h>

/* What is still to be done for a finished command. */
enum answer_step {
	ANSWER_PUBLISH = 1 << 0,
	ANSWER_PUSH = 1 << 1,
	ANSWER_BURY = 1 << 2, /* only when the others are done; acknowledges as well */
};

/* A copy of an outcome, in one piece of memory but for a large reply, which has its own. */
struct answer {
	uint32_t todo;        /* of enum answer_step */
	uint32_t outstanding; /* sent, not yet confirmed */
	uint32_t list_ttl_ms;
	bool weather;                             /* something has to be sent again */
	bool unburied;                            /* the dead letter was refused: {Q}:dead is no list */
	char reason[40];                          /* of the dead letter */
	char refusal[96];                         /* what Redis said to the reply, when it will never take it */
	struct bytes reply, channel, list, error; /* in data, the reply unless it is large */
	char *large;                              /* the memory of such a reply; NULL: none */
	char data[];
};

struct holding {
	uint64_t number;
	uint32_t attempts;
	bool recovered;  /* as its field says: its effect was committed by a worker that died */
	bool alone;      /* nothing more of its queue is claimed before it is acknowledged, or waits to be buried */
	uint32_t marker; /* of the transaction that committed it; WORKER_NO_MARKER */
	uint64_t bytes;  /* of the command */
	struct worker_queue *queue;
	struct answer *answer; /* NULL while upstream works on it */
	struct answer *memory; /* for the answer, kept from use to use; NULL: none yet */
	size_t memory_bytes;
	struct holding *next_in_bucket;
	struct holding_list *list; /* the one it is on; NULL: upstream works on it */
	struct holding *previous, *next;
};

struct holding_list {
	struct holding *first, *last;
	uint32_t count;
};

struct holdings {
	struct holding **buckets;
	uint32_t bucket_count; /* a power of two */
	uint32_t count;
	uint64_t bytes;
	struct holding *free; /* kept for the next ones, through next_in_bucket */
	uint32_t free_count;
};

/* expected: how many there will be, about. Returns 0 or -ENOMEM. */
int holdings_init(struct holdings *holdings, uint32_t expected);
/* Frees all holdings too, whatever list they are on: the lists are to be forgotten. */
void holdings_clear(struct holdings *holdings);
void holdings_free(struct holdings *holdings);

/* NULL when there was no memory. The number must be new. Without a mark and without a marker. */
struct holding *holdings_add(struct holdings *holdings, struct worker_queue *queue, uint64_t number, uint32_t attempts,
			     uint64_t bytes);
struct holding *holdings_find(const struct holdings *holdings, uint64_t number);
/* Takes it off its list and frees it with its answer. */
void holdings_remove(struct holdings *holdings, struct holding *holding);

/* Moves it to the end of a list, or with NULL to none. */
void holding_move(struct holding *holding, struct holding_list *list);
/* Moves all of from, in their order, before all of to. */
void holding_list_prepend(struct holding_list *to, struct holding_list *from);

/* True when its effect is committed, by whomever: it must not run again. */
static inline bool holding_is_committed(const struct holding *holding)
{
	return holding->recovered || holding->marker != WORKER_NO_MARKER;
}

/* What the field of the in-flight hash says of a command, so that it survives the worker: "7", "7:2" after two
 * attempts, and either with the mark of a recovered one, "7r" and "7:2r". */
struct held_field {
	uint64_t number;
	uint32_t attempts;
	bool recovered;
};

enum { HOLDING_FIELD_BYTES = 48 };
struct bytes holding_field(const struct held_field *field, char to[HOLDING_FIELD_BYTES]);
/* Of a holding. */
struct bytes holding_field_of(const struct holding *holding, char to[HOLDING_FIELD_BYTES]);
/* False when the text is no such field, to the byte as holding_field() writes it. */
bool holding_field_parse(struct bytes text, struct held_field *ret_field);

/* Sets the answer to a copy of an outcome, with a large reply's own memory. Returns 0 or -ENOMEM. Its marker is the
 * caller's to keep, who needs it even when there is no memory. forget: it has been sent. */
int holding_answer(struct holding *holding, const struct outcome *outcome);
void holding_forget_answer(struct holding *holding);

#endif
