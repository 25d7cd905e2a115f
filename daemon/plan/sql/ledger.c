/* plan/sql/ledger.c */
#include "daemon/plan/sql/ledger.h"

#include "common/message.h"
#include "daemon/plan/sql/procedure_state.h"

#include <errno.h>
#include <stdio.h>

/* What an id is, in its first byte: 7 is not "7". */
enum { ID_INTEGER = 'i', ID_TEXT = 's' };

/* How an answer is encoded, in its first byte. */
enum { STORED_MSGPACK = 'm', STORED_JSON = 'j' };

enum { STATEMENT_RESERVE_BYTES = 64, LEDGER_COLUMNS = 4, LEDGER_ID_BYTES = COMMAND_ID_BYTES + 1 };

bool ledger_wants(const struct job *job)
{
	return job->command.once && job->policy->exactly_once;
}

/* The id with its type, as the table holds it. */
static struct bytes id_of(const struct job *job, char text[LEDGER_ID_BYTES])
{
	const struct value *id = &job->command.id;
	struct bytes bytes = value_bytes(id);

	if (value_is_text(id)) {
		text[0] = ID_TEXT;
		memcpy(text + 1, bytes.data, bytes.size);
		return (struct bytes){.data = text, .size = bytes.size + 1};
	}
	text[0] = ID_INTEGER;
	int size = id->type == VALUE_UINT
			   ? snprintf(text + 1, LEDGER_ID_BYTES - 1, "%llu", (unsigned long long)id->unsigned_integer)
			   : snprintf(text + 1, LEDGER_ID_BYTES - 1, "%lld", (long long)id->integer);
	return (struct bytes){.data = text, .size = (size_t)size + 1};
}

/* What cannot be promised is not taken for it. */
int ledger_compile(struct job *job)
{
	struct once *once = &job->plan->once;
	char text[LEDGER_ID_BYTES];
	uint64_t resource;

	if (job->command.once && !job->policy->exactly_once) {
		compiler_refuse(&job->plan->compiler, ERROR_FORBIDDEN, NULL,
				"the queue is delivered at least once: nothing is kept for `once`");
		error_hint(job->plan->compiler.error,
			   "leave `once` out, or set `delivery` = exactly-once for the queue");
		return -EINVAL;
	}
	if (!ledger_wants(job))
		return 0;
	once->id = arena_copy(&job->arena, id_of(job, text));
	if (!once->id.data || command_fingerprint(&job->command.operation, &job->arena, once->fingerprint) < 0)
		return -ENOMEM;
	resource = footprint_once_resource(job->policy->queue, once->id);
	return footprint_add(&job->plan->footprint, resource, FOOTPRINT_WRITE);
}

/* --- asking --- */

static bool same_queue(const struct job *a, const struct job *b)
{
	return bytes_equal(a->policy->queue, b->policy->queue);
}

/* Of each queue once, with all of its ids: a comparison of pairs would read the whole table on MariaDB. */
static bool is_first_of_queue(struct job *const *jobs, uint32_t index)
{
	for (uint32_t i = 0; i < index; i++)
		if (same_queue(jobs[i], jobs[index]))
			return false;
	return true;
}

static void append_ids(struct buffer *out, struct job *const *jobs, uint32_t count, uint32_t from)
{
	buffer_append_text(out, "(`queue` = ");
	literal_append_hexadecimal(out, jobs[from]->policy->queue);
	buffer_append_text(out, " AND `id` IN (");
	for (uint32_t i = from; i < count; i++) {
		if (!same_queue(jobs[i], jobs[from]))
			continue;
		buffer_append_text(out, i > from ? "," : "");
		literal_append_hexadecimal(out, jobs[i]->plan->once.id);
	}
	buffer_append_text(out, "))");
}

void ledger_append_select(struct buffer *out, struct job *const *jobs, uint32_t count)
{
	buffer_append_text(out, "SELECT `queue`,`id`,`fingerprint`,`reply` FROM `rowd_ledger` WHERE ");
	for (uint32_t i = 0; i < count; i++) {
		if (!is_first_of_queue(jobs, i))
			continue;
		buffer_append_text(out, i > 0 ? " OR " : "");
		append_ids(out, jobs, count, i);
	}
}

/* --- what came --- */

static struct job *job_of_row(struct job *const *jobs, uint32_t count, struct bytes queue, struct bytes id)
{
	for (uint32_t i = 0; i < count; i++)
		if (bytes_equal(jobs[i]->plan->once.id, id) && bytes_equal(jobs[i]->policy->queue, queue))
			return jobs[i];
	return NULL;
}

/* Whether it is a map such as reply_encode_body() writes. The table is rowd's own, but anybody may have written to it.
 */
static bool is_body(struct bytes body, bool is_json)
{
	if (is_json)
		return body.size >= 2 && body.data[0] == '{' && body.data[body.size - 1] == '}';
	return body.size >= 1 && ((unsigned char)body.data[0] & 0xf0) == 0x80;
}

/* An answer in another codec than the command's is written anew. What cannot be, or is larger than all that the command
 * may have, is left out: that it took effect is what matters. */
static struct bytes read_answer(struct job *job, struct bytes stored, bool *ret_no_memory)
{
	bool is_json = stored.size > 0 && stored.data[0] == STORED_JSON, wants_json = job->command.codec == CODEC_JSON;
	struct bytes body = {.data = stored.data + 1, .size = stored.size > 0 ? stored.size - 1 : 0};
	struct bytes copy = {0};
	struct buffer buffer;
	struct error error;
	bool no_memory;
	int r = 0;

	if (!is_body(body, is_json))
		return copy;
	buffer_init(&buffer, job->policy->reply_bytes * 2);
	if (is_json != wants_json) {
		r = is_json ? message_encode_json(&job->arena, body, &buffer, &error)
			    : message_render_json(&job->arena, body, &buffer, &error);
		body = buffer_bytes(&buffer);
	}
	no_memory = r == -ENOMEM || buffer.state == BUFFER_NO_MEMORY;
	if (r == 0 && !buffer_failed(&buffer)) {
		copy = arena_copy(&job->arena, body);
		no_memory = !copy.data;
	}
	*ret_no_memory |= no_memory && !job->arena.limit_met;
	buffer_free(&buffer);
	return copy.data ? copy : (struct bytes){0};
}

struct job *ledger_row(struct job *const *jobs, uint32_t count, const char *const *values, const unsigned long *lengths,
		       bool *ret_no_memory)
{
	struct bytes column[LEDGER_COLUMNS];
	struct job *job;

	*ret_no_memory = false;
	for (size_t i = 0; i < LEDGER_COLUMNS; i++)
		column[i] = (struct bytes){.data = values[i], .size = values[i] ? lengths[i] : 0};
	job = job_of_row(jobs, count, column[0], column[1]);
	if (!job)
		return NULL;

	struct once *once = &job->plan->once;

	once->found = true;
	once->is_same = column[2].size == FINGERPRINT_BYTES &&
			memcmp(column[2].data, once->fingerprint, FINGERPRINT_BYTES) == 0;
	/* What is there stays as it is: another run need not copy it again. */
	if (once->is_same && !once->is_read)
		once->stored = read_answer(job, column[3], ret_no_memory);
	once->is_read |= once->is_same && !*ret_no_memory;
	return *ret_no_memory ? NULL : job;
}

enum ledger_finding ledger_find(struct job *job)
{
	struct job_plan *plan = job->plan;

	if (!plan->once.found)
		return LEDGER_NOTHING;
	if (plan->once.is_same) {
		plan->once.replayed = true;
		return LEDGER_REPLAYED;
	}
	plan->failed = true;
	error_set(&plan->error, ERROR_ID_REUSED, "another command with `once` and this `id` has been executed");
	error_hint(&plan->error, "each command needs an `id` of its own; to repeat one, send it unchanged");
	return LEDGER_REUSED;
}

void ledger_forget(struct job *job)
{
	struct once *once = &job->plan->once;

	once->found = once->is_same = once->replayed = false;
}

/* --- keeping --- */

void ledger_append_insert(struct buffer *out)
{
	buffer_append_text(out, "INSERT INTO `rowd_ledger` (`queue`,`id`,`fingerprint`,`reply`) VALUES ");
}

static void append_answer(struct buffer *out, const struct job *job)
{
	const struct job_plan *plan = job->plan;
	struct reply reply = {.warnings = plan->warnings.items, .warning_count = plan->warnings.count};
	struct buffer body;

	answer_reply(&plan->answer, &reply);
	buffer_init(&body, plan->answer.body.size + job->raw.size + job->policy->reply_bytes);
	buffer_append_byte(&body, job->command.codec == CODEC_JSON ? STORED_JSON : STORED_MSGPACK);
	reply_encode_body(job->command.codec, &reply, &body);
	if (buffer_failed(&body))
		out->state = body.state;
	else
		literal_append_hexadecimal(out, buffer_bytes(&body));
	buffer_free(&body);
}

void ledger_append_row(struct buffer *out, const struct job *job)
{
	const struct once *once = &job->plan->once;

	buffer_append_byte(out, '(');
	literal_append_hexadecimal(out, job->policy->queue);
	buffer_append_byte(out, ',');
	literal_append_hexadecimal(out, once->id);
	buffer_append_byte(out, ',');
	literal_append_hexadecimal(out,
				   (struct bytes){.data = (const char *)once->fingerprint, .size = FINGERPRINT_BYTES});
	buffer_append_byte(out, ',');
	append_answer(out, job);
	buffer_append_byte(out, ')');
}

uint64_t ledger_statement_bytes(const struct job *job)
{
	return catalog_server(job->plan->catalog)->max_allowed_packet - STATEMENT_RESERVE_BYTES;
}

void ledger_refuse(struct job *job)
{
	struct job_plan *plan = job->plan;

	plan->failed = true;
	error_set(&plan->error, ERROR_TOO_LARGE, "the answer of a command with `once` is too large to be kept");
	error_hint(&plan->error, "have less back with `returning`, or raise the server's max_allowed_packet");
}
