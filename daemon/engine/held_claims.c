/* engine/held_claims.c */
#include "daemon/engine/held_claims.h"

#include "common/log.h"
#include "daemon/plan/marker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* So much is handed over in one turn of the loop: it is copied into what is sent, and most of it before. */
enum { FINISHED_BYTES = 4 << 20 };

static_assert((uint32_t)MARKER_NONE == (uint32_t)WORKER_NO_MARKER, "a marker's number goes through as it is");

struct held_claim {
	struct claim claim;
	struct held_claim *next_free;
};

static void put_back(struct held_claims *claims, struct held_claim *held)
{
	held->next_free = claims->first_free;
	claims->first_free = held;
}

int held_claims_init(struct held_claims *claims, uint32_t count)
{
	*claims = (struct held_claims){.all = calloc(count, sizeof(*claims->all))};
	if (!claims->all)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		put_back(claims, &claims->all[i]);
	return 0;
}

void held_claims_free(struct held_claims *claims)
{
	free(claims->all);
	*claims = (struct held_claims){0};
}

int held_claims_submit(struct held_claims *claims, struct planner *planner, const struct policy *policy,
		       const struct claim *claim, struct bytes raw, uint64_t now_us)
{
	struct held_claim *held = claims->first_free;
	const struct planner_command command = {
		.policy = policy,
		.raw = raw,
		.number = claim->number,
		.attempts = claim->attempts,
		.recovered = claim->recovered,
		.owner = held,
	};
	int rc;

	if (!held) /* jobs of an earlier incarnation are still on connections */
		return -ENOMEM;
	rc = planner_submit(planner, &command, now_us);
	if (rc < 0)
		return rc;
	claims->first_free = held->next_free;
	held->claim = *claim;
	return 0;
}

/* The job is over: so is the hold on its claim. */
static void release(struct held_claims *claims, struct job *job)
{
	put_back(claims, job->owner);
	job_free(job);
}

static const struct claim *claim_of(const struct job *job)
{
	const struct held_claim *held = job->owner;

	return &held->claim;
}

/* The line by which a trace finds its command. No id: it may be a value of a row. */
static void log_command(const struct job *job)
{
	if (!log_enabled(LEVEL_DEBUG))
		return;
	log_event(LEVEL_DEBUG, "command.done", log_bytes("queue", job->policy->queue),
		  log_bytes("op", job->command.op_name),
		  log_text("outcome", job->reply.code == ERROR_NONE ? "ok" : error_code_name(job->reply.code)),
		  log_int("us", (int64_t)(job->ended_us - job->submitted_us)),
		  log_bytes("traceparent", job->command.traceparent));
}

bool held_claims_finish(struct held_claims *claims, struct planner *planner, struct worker *worker)
{
	uint64_t bytes = 0;
	struct job *job;

	while (bytes < FINISHED_BYTES && (job = planner_finished(planner))) {
		const struct job_reply *reply = &job->reply;
		const struct outcome outcome = {
			.reply = reply->encoded,
			.memory = &job->spare_sql,
			.channel = reply->channel,
			.list = reply->list,
			.list_ttl_ms = reply->list_ttl_ms,
			.dead = reply->dead,
			.dead_reason = reply->code == ERROR_NONE ? "" : error_code_name(reply->code),
			.dead_error = bytes_of(reply->reason),
			.failed = reply->code != ERROR_NONE,
			.marker = job->marker,
		};

		bytes += reply->encoded.size;
		log_command(job);
		worker_finish(worker, claim_of(job), &outcome);
		release(claims, job);
	}
	return bytes >= FINISHED_BYTES;
}

void held_claims_give_back(struct held_claims *claims, struct planner *planner, struct worker *worker)
{
	struct job *newest = NULL, *job;

	/* The queue's order wants the newest first. */
	while ((job = planner_withdraw(planner))) {
		job->next = newest;
		newest = job;
	}
	while ((job = newest)) {
		newest = job->next;
		/* What is committed stays in flight, for recovery. */
		if (job->marker == MARKER_NONE)
			worker_give_back(worker, claim_of(job));
		release(claims, job);
	}
}

void held_claims_forget(struct held_claims *claims, struct planner *planner)
{
	struct job *job;

	planner_disown(planner);
	while ((job = planner_withdraw(planner)))
		release(claims, job);
}
