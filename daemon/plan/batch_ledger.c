/* plan/batch_ledger.c - the commands of a batch that have `once`.
 *
 *   ASKING --the rows of their ids--> RUNNING --all groups over--> KEEPING --answers kept, failures asked again--> OVER
 *
 * First one SELECT of all ids: who has a row is answered from it. The others run. In the end one INSERT keeps the
 * answers of those that succeeded, in the same transaction; it decides races between workers, since whoever comes
 * second meets a duplicate, and starts over. Those that failed are asked for once more before they are told so: it may
 * have been their own earlier success, committed meanwhile, that they have met. */
#include "daemon/plan/batch_state.h"
#include "daemon/plan/retry.h"
#include "daemon/plan/sql/ledger.h"

#include <errno.h>

enum { DUPLICATE_ENTRY = 1062 };

static struct job *job_of(const struct batch *batch, uint32_t member)
{
	return &batch->members[member].task->job;
}

/* Collects the jobs with `once` that are not answered from the ledger: all, those that failed, or those that did not.
 * Returns how many. */
enum which { ALL, FAILED, SUCCEEDED };
static uint32_t collect(struct batch *batch, enum which which)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < batch->count; i++) {
		struct batch_member *member = &batch->members[i];
		struct job *job = job_of(batch, i);

		if (!ledger_wants(job) || member->settled || (which == FAILED && !member->failed) ||
		    (which == SUCCEEDED && (member->failed || job->recovered)))
			continue;
		batch->once_jobs[count++] = job;
	}
	return count;
}

void batch_begin_ledger(struct batch *batch)
{
	batch->ledger = LEDGER_OVER;
	for (uint32_t i = 0; i < batch->count; i++) {
		if (!ledger_wants(job_of(batch, i)))
			continue;
		ledger_forget(job_of(batch, i));
		batch->ledger = LEDGER_ASKING;
	}
}

/* --- what is sent --- */

/* Adds what stands in the text from there on. The text may move while it grows: its place is filled in at the end. */
static void add_statement(struct batch *batch, size_t start, enum ledger_statement statement)
{
	batch->statements[batch->wave] =
		(struct statement){.text = {.data = NULL, .size = batch->ledger_text.size - start}};
	batch->slots[batch->wave++] = (struct slot){.group = BATCH_LEDGER, .index = statement};
}

static void place_statements(struct batch *batch)
{
	const char *at = batch->ledger_text.data;

	for (uint32_t i = 0; i < batch->wave; i++) {
		if (batch->slots[i].group != BATCH_LEDGER)
			continue;
		batch->statements[i].text.data = at;
		at += batch->statements[i].text.size;
	}
}

static void fail(struct batch *batch, enum sql_error_class class)
{
	batch->trouble = TROUBLE_SQL;
	batch->culprit = BATCH_NOBODY;
	batch->error = (struct sql_error){.class = class, .code = ERROR_INTERNAL, .row = -1};
}

static void ask(struct batch *batch, uint32_t count)
{
	size_t start = batch->ledger_text.size;

	ledger_append_select(&batch->ledger_text, batch->once_jobs, count);
	add_statement(batch, start, LEDGER_SELECT);
}

/* The answer of one command alone does not fit: it is undone. */
static void refuse(struct batch *batch, struct job *job)
{
	uint32_t member = 0;

	while (job_of(batch, member) != job)
		member++;
	ledger_refuse(job);
	batch->trouble = TROUBLE_UNDO;
	batch->culprit = member;
}

static void keep(struct batch *batch, uint32_t count)
{
	struct buffer *text = &batch->ledger_text;
	size_t start = text->size;

	for (uint32_t i = 0; i < count && batch->trouble == TROUBLE_NONE; i++) {
		struct job *job = batch->once_jobs[i];
		size_t before = text->size;
		bool first = before == start;

		if (first)
			ledger_append_insert(text);
		else
			buffer_append_byte(text, ',');
		ledger_append_row(text, job);
		if (text->size - start <= ledger_statement_bytes(job))
			continue;
		if (first) {
			refuse(batch, job);
			return;
		}
		/* Into a statement of its own, then. */
		text->size = before;
		add_statement(batch, start, LEDGER_INSERT);
		start = text->size;
		i--;
	}
	if (text->size > start)
		add_statement(batch, start, LEDGER_INSERT);
}

static void end_wave(struct batch *batch)
{
	if (buffer_failed(&batch->ledger_text) && batch->trouble == TROUBLE_NONE)
		fail(batch, SQL_ERROR_RESOURCE);
	place_statements(batch);
}

void batch_ask_ledger(struct batch *batch)
{
	uint32_t count = collect(batch, ALL);

	buffer_reset(&batch->ledger_text);
	ask(batch, count);
	end_wave(batch);
	batch->ledger = LEDGER_RUNNING;
}

void batch_keep_answers(struct batch *batch)
{
	uint32_t count;

	buffer_reset(&batch->ledger_text);
	count = collect(batch, SUCCEEDED);
	if (count > 0)
		keep(batch, count);
	count = collect(batch, FAILED);
	if (count > 0 && batch->trouble == TROUBLE_NONE)
		ask(batch, count);
	end_wave(batch);
	batch->ledger = LEDGER_KEEPING;
}

/* --- what came --- */

int batch_ledger_row(struct batch *batch, const char *const *values, const unsigned long *lengths)
{
	uint32_t count = collect(batch, ALL);
	bool no_memory;

	(void)ledger_row(batch->once_jobs, count, values, lengths, &no_memory);
	if (!no_memory)
		return 0;
	fail(batch, SQL_ERROR_RESOURCE);
	return -EFBIG;
}

/* The session takes no statement of that size: one with a part of the ids, or of the answers, may fit. */
static void take_less(struct batch *batch)
{
	if (batch->count == 1) {
		refuse(batch, job_of(batch, 0));
		return;
	}
	batch->trouble = TROUBLE_SIZE;
	batch->culprit = BATCH_NOBODY;
}

void batch_ledger_failed(struct batch *batch, const struct sql_error *error)
{
	enum retry_action action = retry_action(error->class);

	if (batch->trouble != TROUBLE_NONE)
		return;
	if (error->number == DUPLICATE_ENTRY) {
		batch->trouble = TROUBLE_AGAIN;
		batch->culprit = BATCH_NOBODY;
		return;
	}
	if (error->code == ERROR_TOO_LARGE) {
		take_less(batch);
		return;
	}
	if (batch->ledger == LEDGER_KEEPING && batch_goes_on_without_books(batch, error))
		return;
	fail(batch, error->class);
	batch->error = *error;
	if (action != RETRY_ANSWER && action != RETRY_REREAD)
		return;
	batch->error.class = SQL_ERROR_RESOURCE;
	batch->books_failed = true;
}

void batch_read_ledger(struct batch *batch)
{
	for (uint32_t i = 0; i < batch->count; i++) {
		struct batch_member *member = &batch->members[i];
		struct job *job = job_of(batch, i);

		if (!ledger_wants(job) || member->settled)
			continue;
		switch (ledger_find(job)) {
		case LEDGER_NOTHING:
			continue;
		case LEDGER_REPLAYED:
			member->failed = false;
			break;
		case LEDGER_REUSED:
			member->failed = true;
			break;
		}
		member->finished = member->settled = true;
	}
	if (batch->ledger == LEDGER_KEEPING)
		batch->ledger = LEDGER_OVER;
}
