/* plan/job.h - one claimed command on its way from the claim to the acknowledgement.
 *
 *                    +------------- returned (deadlock, connection lost) ---------+
 *                    v                                                            |
 *   submit --> JOB_WAITING --planner_choose-> JOB_RUNNING --answered, committed--> JOB_DONE --> job_free
 *     |              ^                            |
 *     |              +------ new catalog ---- JOB_PARKED (named something that the catalog does not know)
 *     +-- answered at once: bad command, ping, info, tables, describe ----------> JOB_DONE
 *
 * A job owns an arena and two buffers; its raw bytes, its command, its SQL and its reply live there and die together,
 * but for the memory of a large reply, which may be taken from spare_sql. */
#ifndef PLAN_JOB_H
#define PLAN_JOB_H

#include "common/arena.h"
#include "common/buffer.h"
#include "common/command.h"
#include "daemon/plan/catalog.h"
#include "daemon/plan/policy.h"

#include <stdbool.h>
#include <stdint.h>

enum job_state { JOB_WAITING, JOB_PARKED, JOB_RUNNING, JOB_DONE };

/* Where the reply may go. The planner has checked the names against the queue's policy. */
struct job_reply {
	struct bytes encoded; /* at the beginning of spare_sql; empty: nobody asked for one */
	struct bytes channel; /* empty: none */
	struct bytes list;    /* empty: none */
	uint32_t list_ttl_ms;
	bool dead;            /* becomes a dead letter as well: undecodable, forbidden, or failed with nobody to tell */
	enum error_code code; /* ERROR_NONE: ok */
	char reason[ERROR_TEXT_BYTES]; /* for the dead letter and the log; empty unless code is set */
};

struct job_plan; /* private to plan/: table, literals, footprint, statements, what was answered so far */

struct job {
	/* Kept for the next job, or filled in whole before it is read: not cleared in between (plan/job_pool.c). */
	struct arena arena;
	struct buffer spare_sql, spare_body; /* memory of an earlier job, for the plan's text and answer; the first
					      * holds the reply in the end */
	struct command command;
	struct job_reply reply; /* valid when DONE */
	/* Zeroed, from here on. */
	enum job_state state;
	uint32_t attempts; /* earlier deaths of workers that held it */
	bool recovered;    /* it is committed, and nobody has heard its answer: it is only answered */
	uint64_t number;   /* of its claim: what a commit marker calls it */
	uint32_t marker;   /* when DONE: the one that was committed with it; MARKER_NONE: none */
	const struct policy *policy;
	void *owner;                                 /* the caller's: its claim */
	struct bytes raw;                            /* the command as claimed; in the arena */
	uint64_t sequence;                           /* order of arrival */
	uint64_t submitted_us, started_us, ended_us; /* clock_monotonic_us */
	uint32_t retries;                            /* deadlocks and lock waits so far */
	uint32_t connections_lost;                   /* while a statement of it ran */
	struct job_plan *plan;
	struct job *previous, *next; /* of the list that the state stands for */
};

#endif
