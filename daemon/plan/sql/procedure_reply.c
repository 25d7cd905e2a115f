/* plan/sql/procedure_reply.c - what is published: the answer or the error, and where it may go. */
#include "daemon/plan/sql/procedure_state.h"

#include <errno.h>
#include <stdio.h>

/* What stands around the body of a reply, the echo of `meta` and `id` aside; and how much longer these can get: six
 * bytes of JSON for a control byte. What was committed must not fail for the length of its envelope. */
enum { ENVELOPE_BYTES = 64 * 1024, ECHO_GROWTH = 8 };

/* Fresh memory costs more than what is done in it: a field of so many bytes is not copied. */
enum { LARGE_BYTES = 64 * 1024 };

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

/* One row of a table is written or not, whatever its engine. */
static bool is_of_one_row(const struct job *job)
{
	const struct job_plan *plan = job->plan;

	return job->command.operation.op == OP_CREATE ? plan->create.row_count == 1 : job->command.operation.pk != NULL;
}

/* Whether the command failed where the server could not undo it. */
static bool may_be_half_done(const struct job *job)
{
	const struct job_plan *plan = job->plan;

	if (!plan || !plan->wave || !procedure_takes_nothing_back(job))
		return false;
	return plan->has_effects || plan->table->has_triggers || !is_of_one_row(job);
}

/* Whoever reads that it failed takes it for not done. */
static void tell_half_done(const struct error *error, struct error *ret_error)
{
	const char *before = error->hint[0] ? "; " : "";

	*ret_error = *error;
	error_hint(ret_error, "%s%sthe table is not transactional: a part of the command may have taken effect",
		   error->hint, before);
}

/* silent: nothing is said but that it went well. */
static void describe(const struct job *job, const struct error *error, bool silent, const struct reply_times *times,
		     struct reply *ret_reply)
{
	bool replayed = !error && job->plan && job->plan->once.replayed;

	*ret_reply = (struct reply){.error = error, .attempt = job->attempts + 1, .recovered = job->recovered};
	if (job->command.timing)
		ret_reply->times = times;
	if (replayed) {
		ret_reply->stored = job->plan->once.stored;
		ret_reply->replayed = !job->recovered;
	} else if (!error && job->plan && !silent) {
		answer_reply(&job->plan->answer, ret_reply);
		ret_reply->warnings = job->plan->warnings.items;
		ret_reply->warning_count = job->plan->warnings.count;
	}
}

/* The field that is too large to be copied, or field_count. */
static uint32_t large_field(const struct reply *reply)
{
	uint32_t i = 0;

	while (i < reply->field_count && reply->fields[i].encoded.size < LARGE_BYTES)
		i++;
	return i;
}

/* Before the end of the command its times are not known yet: they count as the longest that there are. */
int plan_check_reply_size(struct job *job)
{
	static const struct reply_times longest = {.wait = UINT64_MAX, .db = UINT64_MAX, .total = UINT64_MAX};
	uint64_t limit = job->policy->reply_bytes;
	struct reply reply;
	struct buffer buffer;
	enum buffer_state state;
	uint32_t field;
	size_t place, left_out = 0;

	if (job->command.reply_to.size == 0 && job->command.reply_list.size == 0)
		return 0;
	if (job->plan->answer.body.size + job->raw.size * ECHO_GROWTH + ENVELOPE_BYTES <= limit)
		return 0;
	buffer_init(&buffer, limit);
	describe(job, NULL, false, &longest, &reply);
	field = large_field(&reply);
	if (field < reply.field_count) {
		reply_encode_around(&job->command, &reply, field, &buffer, &place);
		left_out = reply.fields[field].encoded.size;
	} else {
		reply_encode(&job->command, &reply, &buffer);
	}
	state = !buffer_failed(&buffer) && buffer.size + left_out > limit ? BUFFER_TOO_LARGE : buffer.state;
	buffer_free(&buffer);
	if (state == BUFFER_NO_MEMORY)
		return -ENOMEM;
	return state == BUFFER_TOO_LARGE ? -EFBIG : 0;
}

/* How many bytes of text a value of the column can be; 0: nobody knows. */
static uint64_t longest_text(const struct column *column)
{
	enum { OTHERS = 512, UTF8_CHARACTER = 4 };

	switch (column->kind) {
	case COLUMN_INTEGER:
	case COLUMN_YEAR:
	case COLUMN_BIT:
	case COLUMN_DECIMAL:
	case COLUMN_FLOAT:
	case COLUMN_DOUBLE:
	case COLUMN_UUID:
	case COLUMN_DATE:
	case COLUMN_DATETIME:
	case COLUMN_TIMESTAMP:
	case COLUMN_TIME:
		return OTHERS;
	case COLUMN_TEXT:
		return column->length_in_bytes ? column->max_length : column->max_length * UTF8_CHARACTER;
	case COLUMN_ENUM:
	case COLUMN_SET:
		return column->type.size; /* which names all members */
	case COLUMN_BINARY:
		return column->max_length;
	case COLUMN_GEOMETRY:
	case COLUMN_JSON:
		break;
	}
	return 0;
}

bool plan_row_surely_fits(const struct job *job)
{
	const struct job_plan *plan = job->plan;
	uint64_t bytes = job->raw.size * ECHO_GROWTH + ENVELOPE_BYTES;

	for (uint32_t i = 0; i < plan->column_count; i++) {
		uint64_t longest = longest_text(plan->columns[i]);

		if (longest == 0)
			return false;
		bytes += (plan->columns[i]->name.size + longest) * ECHO_GROWTH;
	}
	return bytes <= job->policy->reply_bytes;
}

static size_t longest_reply(const struct job *job)
{
	return job->policy->reply_bytes + job->policy->message_bytes * ECHO_GROWTH + ENVELOPE_BYTES;
}

/* The text of the first wave is not needed any more: its memory serves the reply. */
static struct buffer take_buffer(struct job *job)
{
	struct buffer buffer;

	if (job->plan)
		buffer_spare(&job->plan->first.sql, &job->spare_sql, SIZE_MAX);
	buffer_init_with(&buffer, &job->spare_sql, longest_reply(job));
	return buffer;
}

/* Rows stay in the memory that they were written to, and the reply is put around them. */
static struct buffer encode_around(struct job *job, const struct reply *reply, uint32_t field)
{
	struct buffer around = take_buffer(job), body = job->plan->answer.body;
	struct bytes rows = reply->fields[field].encoded, written;
	size_t place;

	reply_encode_around(&job->command, reply, field, &around, &place);
	if (buffer_failed(&around))
		return around;
	written = buffer_bytes(&around);
	job->plan->answer.body = (struct buffer){0};
	job->plan->answer.field_count = 0;
	body.limit_bytes = longest_reply(job);
	buffer_wrap(&body, (size_t)(rows.data - body.data), rows.size,
		    (struct bytes){.data = written.data, .size = place},
		    (struct bytes){.data = written.data + place, .size = written.size - place});
	buffer_free(&around);
	return body;
}

/* Whether there was memory for it, the buffer tells. */
static struct buffer encode(struct job *job, const struct reply *reply)
{
	uint32_t field = large_field(reply);
	struct buffer buffer;

	if (field < reply->field_count)
		return encode_around(job, reply, field);
	buffer = take_buffer(job);
	reply_encode(&job->command, reply, &buffer);
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
	struct error half_done;
	struct reply described;
	struct buffer buffer;
	bool allowed, silent = job->recovered && error;

	/* It is only the row that could not be read again. */
	if (silent)
		error = NULL;
	/* All but the reason's text, which is long. */
	memset(reply, 0, offsetof(struct job_reply, reason));
	reply->reason[0] = '\0';
	allowed = fill_addresses(job);
	if (error && may_be_half_done(job)) {
		tell_half_done(error, &half_done);
		error = &half_done;
	}
	if (error) {
		reply->code = error->code;
		snprintf(reply->reason, sizeof(reply->reason), "%s", error->message);
	}
	reply->dead = !allowed || (error && is_undecodable(job, error));
	if (reply->channel.size == 0 && reply->list.size == 0) {
		reply->dead = reply->dead || error;
		return 0;
	}
	describe(job, error, silent, &times, &described);
	buffer = encode(job, &described);
	if (!buffer_failed(&buffer))
		reply->encoded = buffer_bytes(&buffer);
	/* Which is not used any more while the reply stands in it. */
	buffer_spare(&buffer, &job->spare_sql, SIZE_MAX);
	return reply->encoded.data ? 0 : -ENOMEM;
}
