/* fake_ledger.c - a test double of plan/sql/ledger.h: a row of the ledger is a pointer to its script. */
#include "daemon/plan/sql/ledger.h"

#include "fake_procedure.h"

#include <inttypes.h>

bool ledger_wants(const struct job *job)
{
	return script_of(job)->once && job->policy->exactly_once;
}

int ledger_compile(struct job *job)
{
	(void)job;
	return 0;
}

void ledger_append_select(struct buffer *out, struct job *const *jobs, uint32_t count)
{
	buffer_append_text(out, "ASK");
	for (uint32_t i = 0; i < count; i++) {
		buffer_append_byte(out, ' ');
		buffer_append_uint(out, jobs[i]->number);
	}
}

struct job *ledger_row(struct job *const *jobs, uint32_t count, const char *const *values, const unsigned long *lengths,
		       bool *ret_no_memory)
{
	(void)lengths;
	*ret_no_memory = false;
	for (uint32_t i = 0; i < count; i++) {
		if (script_of(jobs[i]) != (const struct script *)(uintptr_t)values[0])
			continue;
		script_of(jobs[i])->came = true;
		return jobs[i];
	}
	return NULL;
}

enum ledger_finding ledger_find(struct job *job)
{
	struct script *script = script_of(job);

	if (!script->came)
		return LEDGER_NOTHING;
	if (!script->reused)
		return LEDGER_REPLAYED;
	fake_fail(job, ERROR_ID_REUSED);
	return LEDGER_REUSED;
}

void ledger_forget(struct job *job)
{
	script_of(job)->came = false;
}

void ledger_append_insert(struct buffer *out)
{
	buffer_append_text(out, "KEEP ");
}

void ledger_append_row(struct buffer *out, const struct job *job)
{
	buffer_append_uint(out, job->number);
	for (size_t i = 0; i < script_of(job)->answer_bytes; i++)
		buffer_append_byte(out, '.');
}

uint64_t ledger_statement_bytes(const struct job *job)
{
	(void)job;
	return FAKE_PACKET_BYTES;
}

void ledger_refuse(struct job *job)
{
	fake_fail(job, ERROR_TOO_LARGE);
}
