/* plan/sql/procedure_reply.c - what is published: the answer or the error, and where it may go. */
#include "daemon/plan/sql/procedure_state.h"

#include <errno.h>
#include <stdio.h>

/* What stands around the body of a reply, the echo of `meta` and `id` aside; and how much longer these can get: six
 * bytes of JSON for a control byte. What was committed must not fail for the length of its envelope. */
enum { ENVELOPE_BYTES = 64 * 1024, ECHO_GROWTH = 8 };

/* Fills in where the reply may go. Returns false when the command named a place that is not allowed. */
static bool fill_addresses(struct job *job)
{
	const struct command *command = &job->command;
	struct job_reply *reply = &job->reply;
	bool allowed = true;

	if (command->reply_to.size > 0 && policy_allows_reply(job->policy, command->reply_to))
		reply->channel = command->reply_to;
	else if (command->reply_to.size > 0)
		allowed = false;
	if (command->reply_list.size > 0 && policy_allows_reply(job->policy, command->reply_list))
		reply->list = command->reply_list;
	else if (command->reply_list.size > 0)
		allowed = false;
	reply->list_ttl_ms = command->reply_ttl_ms;
	return allowed;
}

/* The element itself was at fault, not what it asks for. */
static bool is_undecodable(const struct job *job, const struct error *error)
{
	return !job->plan && (error->code == ERROR_BAD_MESSAGE || error->code == ERROR_TOO_LARGE);
}

static void encode(struct job *job, const struct error *error, const struct reply_times *times, struct buffer *out)
{
	struct reply reply = {.error = error, .attempt = job->attempts + 1};

	if (job->command.timing)
		reply.times = times;
	if (!error && job->plan) {
		answer_reply(&job->plan->answer, &reply);
		reply.warnings = job->plan->warnings.items;
		reply.warning_count = job->plan->warnings.count;
	}
	reply_encode(&job->command, &reply, out);
}

/* Before the end of the command its times are not known yet: they count as the longest that there are. */
int plan_check_reply_size(struct job *job)
{
	static const struct reply_times longest = {.wait = UINT64_MAX, .db = UINT64_MAX, .total = UINT64_MAX};
	uint64_t limit = job->policy->reply_bytes;
	struct buffer buffer;
	enum buffer_state state;

	if (job->command.reply_to.size == 0 && job->command.reply_list.size == 0)
		return 0;
	if (job->plan->answer.body.size + job->raw.size * ECHO_GROWTH + ENVELOPE_BYTES <= limit)
		return 0;
	buffer_init(&buffer, limit);
	encode(job, NULL, &longest, &buffer);
	state = buffer.state;
	buffer_free(&buffer);
	if (state == BUFFER_NO_MEMORY)
		return -ENOMEM;
	return state == BUFFER_TOO_LARGE ? -EFBIG : 0;
}

/* The text of the first wave is not needed any more: its memory serves the reply. */
static struct buffer take_buffer(struct job *job)
{
	struct buffer buffer;

	if (job->plan)
		buffer_spare(&job->plan->first.sql, &job->spare_sql, SIZE_MAX);
	buffer_init_with(&buffer, &job->spare_sql,
			 job->policy->reply_bytes + job->policy->message_bytes * ECHO_GROWTH + ENVELOPE_BYTES);
	return buffer;
}

int procedure_reply(struct job *job, const struct error *error)
{
	const struct reply_times times = {
		.wait = job->started_us - job->submitted_us,
		.db = job->ended_us - job->started_us,
		.total = job->ended_us - job->submitted_us,
	};
	struct job_reply *reply = &job->reply;
	struct buffer buffer;
	bool allowed;

	/* All but the reason's text, which is long. */
	memset(reply, 0, offsetof(struct job_reply, reason));
	reply->reason[0] = '\0';
	allowed = fill_addresses(job);
	if (error) {
		reply->code = error->code;
		snprintf(reply->reason, sizeof(reply->reason), "%s", error->message);
	}
	reply->dead = !allowed || (error && is_undecodable(job, error));
	if (reply->channel.size == 0 && reply->list.size == 0) {
		reply->dead = reply->dead || error;
		return 0;
	}
	buffer = take_buffer(job);
	encode(job, error, &times, &buffer);
	if (!buffer_failed(&buffer))
		reply->encoded = buffer_bytes(&buffer);
	/* Which is not used any more while the reply stands in it. */
	buffer_spare(&buffer, &job->spare_sql, SIZE_MAX);
	return reply->encoded.data ? 0 : -ENOMEM;
}
