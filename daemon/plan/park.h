/* plan/park.h - commands that wait for a newer catalog. Private to plan/. */
#ifndef PLAN_PARK_H
#define PLAN_PARK_H

#include "daemon/plan/planner_state.h"

/* Whether a job with a name that the catalog does not have is told so at once: the catalog was just read, and the name
 * has been refused again and again. */
bool planner_refuses(const struct planner *planner, const struct job *job, const struct error *error, uint64_t now_us);

/* Parks such a job: it takes its place in the order, as a read of that table or as a write by condition. The job is in
 * no list yet. Returns 0, or -ENOMEM with nothing changed. */
int planner_park(struct planner *planner, struct task *task);

/* Parks a running job whose names were in the catalog but not on the server. It keeps its place. */
void planner_park_stale(struct planner *planner, struct task *task);

/* Parks a running job that was committed without an answer: it is planned once more at once, as one that is only to be
 * answered. It keeps its place, and its marker. */
void planner_park_committed(struct planner *planner, struct task *task);

#endif
