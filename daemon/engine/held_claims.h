/* engine/held_claims.h - the claims that the planner holds a job for: from the worker to the planner, and back again.
 *
 * As many as may be in flight, made at the start. A claim is the owner of its job. */
#ifndef HELD_CLAIMS_H
#define HELD_CLAIMS_H

#include "daemon/plan/planner.h"
#include "daemon/queue/worker.h"

#include <stdint.h>

struct held_claim;

struct held_claims {
	struct held_claim *all, *first_free;
};

/* Returns 0 or -ENOMEM. */
int held_claims_init(struct held_claims *claims, uint32_t count);
void held_claims_free(struct held_claims *claims);

/* Hands a command that was claimed at now_us to the planner. Returns 0, or -ENOMEM with nothing taken. */
int held_claims_submit(struct held_claims *claims, struct planner *planner, const struct policy *policy,
		       const struct claim *claim, struct bytes raw, uint64_t now_us);

/* Hands outcomes of finished jobs to the worker, no more than a turn of the loop can bear. Returns whether others may
 * be left: to be called again soon, but not at once. */
bool held_claims_finish(struct held_claims *claims, struct planner *planner, struct worker *worker);

/* Gives back to the queue whatever is not on a connection. */
void held_claims_give_back(struct held_claims *claims, struct planner *planner, struct worker *worker);

/* Forgets whatever is not on a connection; what is does not run again should it be rolled back. */
void held_claims_forget(struct held_claims *claims, struct planner *planner);

#endif
