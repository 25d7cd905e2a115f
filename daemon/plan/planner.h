/* plan/planner.h - decides what runs next, on which terms, and what is answered. The face of plan/.
 *
 * Pure: no I/O, and no clock but the one passed in. Claims go in with planner_submit(); batches for idle connections
 * come out of planner_choose(); finished jobs come out of planner_finished(). It promises, whatever the connections
 * do: writes that can touch the same row take effect in the order of submission, a read by key sees exactly the writes
 * submitted before it on its row, other reads at least those on their tables; one job's failure touches no other. */
#ifndef PLAN_PLANNER_H
#define PLAN_PLANNER_H

#include "daemon/plan/batch.h"
#include "daemon/plan/catalog.h"
#include "daemon/plan/job.h"
#include "daemon/plan/policy.h"

#include <stdbool.h>
#include <stdint.h>

struct planner;

struct planner_options {
	uint32_t batch;                    /* at most so many commands in one transaction; at least 1 */
	uint64_t batch_bytes;              /* a shared transaction whose answers are larger is done in parts */
	const char *version;               /* rowd's, for `info` */
	const char *worker;                /* the worker's id, for `info`; may change between calls: read at use */
	uint32_t in_flight, message_bytes; /* for `info`'s limits */
	uint64_t reply_bytes;
};

int planner_new(const struct planner_options *options, struct planner **ret_planner);

/* Frees it with all its jobs, whatever their state: whoever held their claims keeps them. No batch may be running. */
void planner_free(struct planner *planner);

/* Takes a reference. Jobs that are parked are looked at once more: some at once, the others in planner_unpark(). The
 * first catalog must come before any submit. */
void planner_set_catalog(struct planner *planner, struct catalog *catalog, uint64_t now_us);

/* The next catalog is being read from now on. A job that is parked meanwhile is looked at with it, too; but if that
 * does not have what the job names, which may have been made since, the job waits for one that is read later. */
void planner_reading_catalog(struct planner *planner);

/* Looks at the next few parked jobs that have not seen the current catalog: they wait, or are answered. The others hold
 * their places meanwhile. Returns whether there are more: to be called again soon, but not at once. */
bool planner_unpark(struct planner *planner, uint64_t now_us);

/* A job named something that the catalog does not know, or the server said so: the caller reads the catalog again, at
 * most once per second, and sets it. False from then on until the next such job. */
bool planner_wants_catalog(const struct planner *planner);

struct planner_command {
	const struct policy *policy;
	struct bytes raw;  /* copied */
	uint64_t number;   /* of its claim */
	uint32_t attempts; /* deaths of workers that held it before */
	bool recovered;    /* one of them has committed it: it is not run, only answered */
	void *owner;       /* the caller's */
};

/* Takes a command: decodes, plans and queues it. A fault of the command is not a fault of the call: the job then comes
 * out of planner_finished() with its error.
 * Returns 0, or -ENOMEM with nothing taken. */
int planner_submit(struct planner *planner, const struct planner_command *command, uint64_t now_us);

/* The worker, new or begun anew, has so many commit markers (rows of rowd_slots): while it has any, the writes of
 * queues with exactly_once are committed together with one, and nothing is chosen when none is free. 0: none; such
 * writes must not be submitted then. Returns 0, or -ENOMEM with none. */
int planner_enlist(struct planner *planner, const char *worker, uint32_t markers);

/* Redis has forgotten a command that was finished with this marker. Returns whether that has made one free, so that
 * there may be something to choose. */
bool planner_release(struct planner *planner, uint32_t marker);

/* Somebody has declared the worker dead: nothing more of it is chosen until the next planner_enlist(). */
void planner_fence(struct planner *planner);

/* The batches that were to note their commit in rowd_commits, so far; and the number below which those rows stand for
 * nothing any more. */
uint64_t planner_commits(const struct planner *planner);
uint64_t planner_lowest_batch(const struct planner *planner);

/* The number of the last batch that was given a marker. */
uint64_t planner_last_batch(const struct planner *planner);

/* Whether the table of those is there; it is taken to be. */
void planner_use_commits(struct planner *planner, bool use);

/* A commit marker has met nothing: somebody has declared the worker dead, and nothing of it can be committed any more.
 * True until the next planner_enlist(). */
bool planner_is_fenced(const struct planner *planner);

/* The next batch for an idle connection, or NULL when nothing is ready, or what is had better wait for a batch
 * that runs. *ret_wake_us is then the time at which to ask again, should nothing happen before; 0: never. The batch is
 * the planner's; it ends with batch_ended(). */
struct batch *planner_choose(struct planner *planner, uint64_t now_us, uint64_t *ret_wake_us);

/* A batch for the connection on which COMMIT of another one, `before`, is on its way: its first wave may be sent before
 * that is answered; the rest, and everything else, comes after `before` has ended. It has the creates that wait for
 * nothing but those in `before`: what is ready can run elsewhere, or is held back, and so is this. If that is not
 * committed the connection must be given up, and this one ends BATCH_DROPPED after it. Its statements have the same
 * limit on their time. NULL: nothing. */
struct batch *planner_choose_behind(struct planner *planner, const struct batch *before, uint64_t now_us);

/* The same while `before` still runs, to have its statements ready when COMMIT is sent; only where so much waits that
 * the batch would not be larger later. It may end BATCH_DROPPED without having been sent, and does so before `before`
 * ends, if that ends in any other way. */
struct batch *planner_choose_ahead(struct planner *planner, const struct batch *before, uint64_t now_us);

/* The next finished job, in order of completion, or NULL. It is the caller's from then on: job_free(). */
struct job *planner_finished(struct planner *planner);
void job_free(struct job *job);

struct planner_counts {
	uint32_t waiting, parked, running, done;
	uint64_t bytes; /* what the jobs took when they came in: their commands as sent, decoded and planned */
	uint64_t answered_ok, answered_error; /* since the start */
};
struct planner_counts planner_counts(const struct planner *planner);

/* Whoever held the claims has lost them: jobs that are running end with their batch, and do not wait for another one,
 * which could come after later writes of whoever claims them now. What they are answered is of no use to anybody. */
void planner_disown(struct planner *planner);

/* Takes out all jobs that are not running, in order of submission, one per call: for a drain. NULL when none is left.
 * The caller frees it. Once begun, it is to be called until NULL: planner_choose() answers NULL until then. */
struct job *planner_withdraw(struct planner *planner);

#endif
