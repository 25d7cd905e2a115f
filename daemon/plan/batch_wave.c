/* plan/batch_wave.c - what is sent next, and where the answers go.
 *
 * A group of several that failed is taken apart at its place. Groups of creates whose order counts go one after the
 * other: what stands behind one that may have to run again, waits for the next wave. */
#include "daemon/plan/batch_state.h"

#include "daemon/plan/retry.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static struct job *job_of(const struct batch *batch, uint32_t member)
{
	return &batch->members[member].task->job;
}

/* --- what is sent --- */

static void add_statements(struct batch *batch, uint32_t group, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		batch->slots[batch->wave++] = (struct slot){.group = group, .index = i};
}

/* Whether what was sent last is committed before anybody looks at its answers. */
static bool commits_unseen(const struct batch *batch)
{
	return batch->is_one_statement || batch->is_compound;
}

/* Adds the next statements of a member to the wave, if it has any. */
static void step_member(struct batch *batch, uint32_t group, uint32_t index)
{
	struct batch_member *member = &batch->members[index];
	uint32_t count = 0;
	bool undo = false;

	switch (procedure_next(&member->task->job, &batch->statements[batch->wave], &count, &undo)) {
	case PROCEDURE_SEND:
		assert(count > 0 && count <= BATCH_STATEMENTS_PER_JOB);
		add_statements(batch, group, count);
		return;
	case PROCEDURE_FINISHED:
		member->finished = true;
		return;
	case PROCEDURE_FAILED:
		break;
	}
	member->finished = true;
	member->failed = true;
	if (undo && commits_unseen(batch)) {
		procedure_tell_executed(&member->task->job);
	} else if (undo) {
		batch->trouble = TROUBLE_UNDO;
		batch->culprit = index;
	}
}

static struct shared *take_shared(struct batch *batch)
{
	if (batch->shared_used == batch->shared_count && shared_new(&batch->shared[batch->shared_count]) == 0)
		batch->shared_count++;
	return batch->shared_used < batch->shared_count ? batch->shared[batch->shared_used++] : NULL;
}

/* Sends a group of several. Without the memory for it, each half may do with less. */
static void send_group(struct batch *batch, uint32_t index)
{
	struct batch_group *group = &batch->groups[index];
	uint32_t count = 0;

	group->shared = take_shared(batch);
	if (!group->shared || shared_begin(group->shared, &batch->jobs[group->first], group->count,
					   &batch->statements[batch->wave], &count) < 0) {
		for (uint32_t i = 0; i < group->count; i++)
			procedure_restart(batch->jobs[group->first + i]);
		batch_split_group(batch, index, group->count / 2, group->count / 2);
		return;
	}
	group->state = GROUP_SENT;
	add_statements(batch, index, count);
}

/* When so many of a group have failed, more will: to send the others together once more for each of them would cost
 * more than to send each by itself. */
enum { CULPRITS_TOGETHER = 8 };

static void take_out(struct batch *batch, uint32_t index, uint32_t culprit)
{
	struct batch_group *group = &batch->groups[index];
	bool last = ++group->culprits >= CULPRITS_TOGETHER;
	uint32_t behind = group->count - culprit - 1;

	step_member(batch, index, batch->order[group->first + culprit]);
	batch_split_group(batch, index, culprit, culprit + 1);
	if (last && behind > 0)
		batch_scatter_group(batch, culprit > 0 ? index + 1 : index);
}

/* What became of a group of several. */
static void resolve_group(struct batch *batch, uint32_t index)
{
	struct batch_group *group = &batch->groups[index];
	uint32_t culprit = 0;

	switch (shared_end(group->shared, &culprit)) {
	case SHARED_ANSWERED:
		for (uint32_t i = 0; i < group->count; i++)
			step_member(batch, index, batch->order[group->first + i]);
		group->state = GROUP_OVER;
		return;
	case SHARED_CULPRIT:
		take_out(batch, index, culprit);
		return;
	case SHARED_HALVES:
		batch_split_group(batch, index, group->count / 2, group->count / 2);
		return;
	case SHARED_SINGLY:
		batch_scatter_group(batch, index);
		return;
	case SHARED_UNDO:
		break;
	}
	batch->trouble = TROUBLE_SIZE;
	batch->culprit = BATCH_NOBODY;
}

/* Whether creates of its table behind it have to wait. */
static bool holds_up(const struct batch_group *group)
{
	return group->ordered && (group->count > 1 || group->holds_up) && group->state != GROUP_OVER;
}

static bool must_wait(const struct batch *batch, uint32_t index)
{
	const struct table *table = batch->groups[index].ordered;

	for (uint32_t i = batch->first_holder; table && i < index; i++)
		if (holds_up(&batch->groups[i]) && batch_same_table(batch, batch->groups[i].ordered, table))
			return true;
	return false;
}

static void step_group(struct batch *batch, uint32_t index)
{
	struct batch_group *group = &batch->groups[index];

	while (group->state == GROUP_WAITING && group->count > 1 && !must_wait(batch, index))
		send_group(batch, index);
	if (group->count > 1 || group->state == GROUP_OVER || must_wait(batch, index))
		return;
	group->state = GROUP_SENT;
	step_member(batch, index, batch->order[group->first]);
	if (batch->members[batch->order[group->first]].finished)
		group->state = GROUP_OVER;
}

static void begin(struct batch *batch)
{
	for (uint32_t i = 0; i < batch->count; i++)
		procedure_restart(job_of(batch, i));
	batch_begin_ledger(batch);
	batch->begun = true;
	batch->formed = false;
}

/* Takes the groups one step further. */
static void step_groups(struct batch *batch)
{
	if (!batch->formed)
		batch_form_groups(batch);
	batch->formed = true;
	for (uint32_t i = 0; batch->trouble == TROUBLE_NONE && i < batch->group_count; i++)
		if (batch->groups[i].state == GROUP_SENT && batch->groups[i].count > 1)
			resolve_group(batch, i);
	batch->shared_used = 0;
	batch->first_holder = BATCH_NOBODY;
	for (uint32_t i = 0; batch->trouble == TROUBLE_NONE && i < batch->group_count; i++) {
		step_group(batch, i);
		if (batch->first_holder == BATCH_NOBODY && holds_up(&batch->groups[i]))
			batch->first_holder = i;
	}
}

/* Fills the wave with what comes next, if there is anything. */
static void fill_wave(struct batch *batch)
{
	if (batch->ledger == LEDGER_ASKING) {
		batch_ask_ledger(batch);
		return;
	}
	if (batch->ledger == LEDGER_KEEPING || (batch->ledger == LEDGER_RUNNING && !batch->formed))
		batch_read_ledger(batch);
	step_groups(batch);
	if (batch->wave == 0 && batch->ledger == LEDGER_RUNNING && batch->trouble == TROUBLE_NONE)
		batch_keep_answers(batch);
	if (batch->wave > 0 && batch->trouble == TROUBLE_NONE)
		batch_add_marker(batch);
}

/* Whether nothing but the marker stands beside the one statement of the only job: see batch.h. */
static bool is_one_of_statements(const struct batch *batch, bool is_first_wave, uint32_t count)
{
	return is_first_wave && batch->count == 1 && batch->wave == count && batch->ledger == LEDGER_OVER &&
	       !job_of(batch, 0)->recovered && procedure_is_one_statement(job_of(batch, 0));
}

/* Whether COMMIT may be sent behind the wave that was written just now. Never for effects that happen once: the marker
 * and the ledger are statements of the same transaction, and what is found there decides whether it is committed. */
static bool is_one_statement(const struct batch *batch, bool is_first_wave)
{
	return batch->marker.slot == MARKER_NONE && is_one_of_statements(batch, is_first_wave, 1);
}

/* Whether the server itself can decide that. Not when it did not work before: of what fails in the middle little is
 * known. Nor behind a COMMIT that may fail. */
static bool is_compound(struct batch *batch, bool is_first_wave)
{
	return batch->marker.slot != MARKER_NONE && !batch->planner->no_commits &&
	       is_one_of_statements(batch, is_first_wave, 2) && !batch->members[0].task->again && !batch->is_behind &&
	       procedure_fits_compound(job_of(batch, 0)) && batch_write_compound(batch);
}

enum batch_step batch_next(struct batch *batch, uint64_t now_us, const struct statement **ret_statements,
			   size_t *ret_count)
{
	bool is_first_wave = !batch->begun;

	(void)now_us; /* deadlines will want it */
	assert(batch->answered == batch->wave);
	if (!batch->begun)
		begin(batch);
	batch->wave = 0;
	batch->answered = 0;
	if (batch->trouble == TROUBLE_NONE)
		fill_wave(batch);
	if (batch->wave == 0 && batch->trouble == TROUBLE_NONE)
		batch_settle_marker(batch);
	if (batch->trouble != TROUBLE_NONE || batch->discards) {
		batch->wave = 0;
		return BATCH_ROLLBACK;
	}
	batch->is_one_statement = is_one_statement(batch, is_first_wave);
	batch->is_compound = is_compound(batch, is_first_wave);
	*ret_statements = batch->statements;
	*ret_count = batch->wave;
	return batch->wave > 0 ? BATCH_SEND : BATCH_COMMIT;
}

bool batch_has_heard(struct batch *batch)
{
	if (batch->slots[0].done)
		step_member(batch, 0, 0);
	return batch->members[0].finished;
}

/* --- what is answered --- */

/* The member that a statement is told of: the group's first, when it has several. */
static uint32_t member_of(const struct batch *batch, size_t index)
{
	return batch->order[batch->groups[batch->slots[index].group].first];
}

static bool is_marker(const struct batch *batch, size_t index)
{
	return batch->slots[index].group == BATCH_MARKER;
}

static bool is_of_ledger(const struct batch *batch, size_t index)
{
	return batch->slots[index].group == BATCH_LEDGER;
}

/* A job alone has the limit of its reply; many together would hold as many times that. */
static bool take_room(struct batch *batch, const unsigned long *lengths, uint32_t count)
{
	uint64_t bytes = 0;

	if (batch->count == 1)
		return true;
	for (uint32_t i = 0; i < count; i++)
		bytes += lengths[i];
	if (bytes > batch->room)
		return false;
	batch->room -= bytes;
	return true;
}

static int too_large(struct batch *batch, uint32_t culprit)
{
	batch->trouble = TROUBLE_SIZE;
	batch->culprit = culprit;
	return -EFBIG;
}

int batch_row(struct batch *batch, size_t index, const char *const *values, const unsigned long *lengths,
	      uint32_t count)
{
	const struct batch_group *group;
	int r;

	assert(index < batch->wave && !batch->slots[index].answered && !is_marker(batch, index));
	if (batch->trouble != TROUBLE_NONE)
		return -EFBIG;
	if (is_of_ledger(batch, index))
		return take_room(batch, lengths, count) ? batch_ledger_row(batch, values, lengths)
							: too_large(batch, BATCH_NOBODY);
	group = &batch->groups[batch->slots[index].group];
	if (group->count > 1) {
		r = shared_row(group->shared, batch->slots[index].index, values, lengths, count, &batch->room);
		if (r == -EFBIG)
			return too_large(batch, BATCH_NOBODY);
	} else {
		if (!take_room(batch, lengths, count))
			return too_large(batch, member_of(batch, index));
		r = procedure_row(job_of(batch, member_of(batch, index)), batch->slots[index].index, values, lengths,
				  count);
	}
	if (r != -ESTALE)
		return r;
	if (commits_unseen(batch)) {
		procedure_refuse_row(job_of(batch, member_of(batch, index)));
		return -EFBIG;
	}
	batch->trouble = TROUBLE_SQL;
	batch->culprit = member_of(batch, index);
	batch->error = (struct sql_error){.class = SQL_ERROR_STALE_CATALOG, .code = ERROR_SQL_ERROR, .row = -1};
	return -EFBIG;
}

static void answered(struct batch *batch, size_t index)
{
	assert(index < batch->wave && !batch->slots[index].answered);
	batch->slots[index].answered = true;
	batch->answered++;
}

void batch_done(struct batch *batch, size_t index, const struct statement_result *result)
{
	const struct batch_group *group;

	answered(batch, index);
	batch->slots[index].done = true;
	if (batch->trouble != TROUBLE_NONE)
		return;
	if (is_marker(batch, index)) {
		batch_marker_done(batch, result);
		return;
	}
	if (is_of_ledger(batch, index))
		return;
	group = &batch->groups[batch->slots[index].group];
	if (group->count > 1)
		shared_done(group->shared, batch->slots[index].index, result);
	else
		procedure_done(job_of(batch, member_of(batch, index)), batch->slots[index].index, result);
}

/* The server has left the compound statement before it. */
static void leave_out_marker(struct batch *batch)
{
	batch->members[0].marked = false;
	batch->wave = 1;
}

static void tell_failed(struct batch *batch, size_t index, const struct sql_error *error)
{
	const struct batch_group *group = &batch->groups[batch->slots[index].group];

	if (group->count > 1)
		shared_failed(group->shared, batch->slots[index].index, error);
	else
		procedure_failed(job_of(batch, member_of(batch, index)), batch->slots[index].index, error);
}

void batch_failed(struct batch *batch, size_t index, const struct sql_error *error)
{
	enum retry_action action = retry_action(error->class);
	bool shared;

	answered(batch, index);
	if (is_marker(batch, index)) {
		batch_marker_failed(batch, error);
		return;
	}
	if (batch->is_compound && error->class != SQL_ERROR_CONNECTION)
		leave_out_marker(batch);
	if (is_of_ledger(batch, index)) {
		batch_ledger_failed(batch, error);
		return;
	}
	shared = batch->groups[batch->slots[index].group].count > 1;
	if (action == RETRY_LOST && retry_blames(error))
		batch_mark_lost(batch, index);
	if (batch->trouble != TROUBLE_NONE)
		return;
	if (action == RETRY_ANSWER) {
		tell_failed(batch, index, error);
		return;
	}
	batch->trouble = TROUBLE_SQL;
	/* Whose lock it was in a shared statement nobody knows: it counts against nobody until halving has found them.
	 */
	batch->culprit = action == RETRY_AGAIN && shared ? BATCH_NOBODY : member_of(batch, index);
	batch->error = *error;
}

void batch_mark_lost(struct batch *batch, size_t index)
{
	const struct batch_group *group;

	if (is_marker(batch, index) || is_of_ledger(batch, index))
		return;
	group = &batch->groups[batch->slots[index].group];
	batch->lost = true;
	for (uint32_t i = 0; i < group->count; i++)
		batch->members[batch->order[group->first + i]].lost = true;
}
