/* plan/marker.h - commit markers: which rows of rowd_slots a batch may overwrite, and what it writes there.
 *
 *   FREE --take--> TAKEN --commit--> HELD --every command released--> FREE
 *     ^              |
 *     +--give_back---+  (not committed)
 *
 * A marker names the claims that its transaction has committed. It may be overwritten only when Redis has confirmed
 * that it forgot all of them: until then, whoever recovers this worker has to find them named. The one that rests
 * longest is taken first: of a lost connection, the server may still hold the row for a while.
 *
 * A batch that is one command may add a row to rowd_commits instead, which refers to that of its marker.
 *
 * A worker that starts over has other rows: what is given back or released of the old ones is ignored. */
#ifndef PLAN_MARKER_H
#define PLAN_MARKER_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum { MARKER_WORKER_BYTES = 64, MARKER_NONE = UINT32_MAX };

struct markers;

/* What a batch has of its marker. */
struct marker {
	char worker[MARKER_WORKER_BYTES]; /* whose row */
	uint32_t slot;                    /* MARKER_NONE: it has none */
	uint64_t batch;                   /* the number that it writes there; from 1, never used twice */
};

int markers_new(struct markers **ret_markers);
void markers_free(struct markers *markers); /* legal on NULL */

/* The worker has so many rows from now on, all of them free; 0: none. Returns 0 or -ENOMEM with none. */
int markers_begin(struct markers *markers, const char *worker, uint32_t count);

/* Whether one is free, or none is needed since the worker has no rows at all. */
bool markers_available(const struct markers *markers);

/* Whether the row is one of the worker's, and not of an earlier one. Legal without a marker. */
bool markers_own(const struct markers *markers, const struct marker *marker);

/* One has to be free. */
void markers_take(struct markers *markers, struct marker *ret_marker);

/* The batch was not committed. Legal without a marker. */
void markers_give_back(struct markers *markers, struct marker *marker);

/* The batch was committed, with so many commands that are to be released. */
void markers_commit(struct markers *markers, struct marker *marker, uint32_t commands);

/* Redis has forgotten one command of the marker. Returns whether that made it free. */
bool markers_release(struct markers *markers, uint32_t slot);

/* The statement: UPDATE of the row, unless the worker was declared dead. It has to match exactly one row. numbers: of
 * the claims; sorted by this. Without any it names 0, which no claim has: one that names nothing is void. */
void marker_write(const struct marker *marker, uint64_t *numbers, uint32_t count, struct buffer *out);

/* The statement that does the same for a batch of one command with a new row of rowd_commits: it fails when the worker
 * was declared dead, or the batch voided. number: of the claim. */
void markers_write_commit(struct markers *markers, const struct marker *marker, uint64_t number, struct buffer *out);

/* So many of those were written. */
uint64_t markers_commits(const struct markers *markers);

/* The number of the last batch; 0: there was none. */
uint64_t markers_last(const struct markers *markers);

/* Rows of rowd_commits with a lower number than this stand for nothing any more. */
uint64_t markers_lowest(const struct markers *markers);

#endif
