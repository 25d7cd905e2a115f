/* plan/batch_marker.c - the commit marker of a batch: the last statement of each of its waves.
 *
 * It is sent with the wave, before anybody knows what of it succeeds, and so names everything that may: for a batch
 * whose commands all succeed it costs no trip of its own. When one that it names has failed, and no further wave has
 * replaced it since, it is sent once more before COMMIT. Reads and failures are not named: they simply run again. */
#include "daemon/plan/batch_state.h"

#include "daemon/plan/retry.h"

bool batch_is_marked(const struct batch_member *member)
{
	const struct job *job = &member->task->job;

	return !member->failed && !member->settled && !job->recovered && job->policy->exactly_once &&
	       op_writes(job->command.operation.op);
}

void batch_take_marker(struct batch *batch)
{
	bool wanted = false;

	for (uint32_t i = 0; i < batch->count && !wanted; i++)
		wanted = batch_is_marked(&batch->members[i]);
	if (wanted)
		markers_take(batch->planner->markers, &batch->marker);
}

static uint32_t mark_members(struct batch *batch)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < batch->count; i++) {
		struct batch_member *member = &batch->members[i];

		member->marked = batch_is_marked(member);
		if (member->marked)
			batch->numbers[count++] = member->task->job.number;
	}
	return count;
}

static void send(struct batch *batch)
{
	uint32_t count = mark_members(batch);

	buffer_reset(&batch->marker_text);
	marker_write(&batch->marker, batch->numbers, count, &batch->marker_text);
	if (buffer_failed(&batch->marker_text)) {
		batch->trouble = TROUBLE_SQL;
		batch->culprit = BATCH_NOBODY;
		batch->error = (struct sql_error){.class = SQL_ERROR_RESOURCE, .code = ERROR_INTERNAL, .row = -1};
		return;
	}
	batch->statements[batch->wave] = (struct statement){.text = buffer_bytes(&batch->marker_text)};
	batch->slots[batch->wave++] = (struct slot){.group = BATCH_MARKER};
}

/* MariaDB leaves such a block at its first error, and the marker is one when the worker is fenced, or its rows are
 * gone, or the batch was voided: should the connection be lost before the server comes to the block, somebody may have
 * found by then that it was not committed (database/bookkeeping.h). Without a block that cannot be: COMMIT is sent when
 * the row is locked already. An UPDATE of the marker's row would need a condition before COMMIT, since it is no error
 * to find no row, and would take the server four times as long. */
static bool write_compound(struct batch *batch)
{
	struct buffer *out = &batch->compound_text;

	buffer_reset(&batch->marker_text);
	markers_write_commit(batch->planner->markers, &batch->marker, batch->numbers[0], &batch->marker_text);
	batch->statements[1] = (struct statement){.text = buffer_bytes(&batch->marker_text)};
	buffer_reset(out);
	buffer_append_text(out, "BEGIN NOT ATOMIC ");
	buffer_append(out, batch->statements[0].text);
	buffer_append_text(out, "; ");
	buffer_append(out, batch->statements[1].text);
	buffer_append_text(out, "; COMMIT; END");
	batch->statements[2] = (struct statement){.text = buffer_bytes(out)};
	return !buffer_failed(&batch->marker_text) && !buffer_failed(out);
}

bool batch_write_compound(struct batch *batch)
{
	if (write_compound(batch))
		return true;
	/* It stays two statements, of which the second was written over. */
	batch->wave--;
	send(batch);
	return false;
}

/* Whether some write has not failed; of any queue. */
static bool has_effects(const struct batch *batch)
{
	for (uint32_t i = 0; i < batch->count; i++)
		if (!batch->members[i].failed && !batch->members[i].settled &&
		    op_writes(batch->members[i].task->job.command.operation.op))
			return true;
	return false;
}

static bool names_anything(const struct batch *batch)
{
	for (uint32_t i = 0; i < batch->count; i++)
		if (batch_is_marked(&batch->members[i]))
			return true;
	return false;
}

void batch_add_marker(struct batch *batch)
{
	/* With commands that have `once` another wave follows, which keeps their answers. */
	if (batch->marker.slot == MARKER_NONE || batch->ledger == LEDGER_ASKING || batch->ledger == LEDGER_RUNNING)
		return;
	if (names_anything(batch))
		send(batch);
}

/* Whether what was sent last names just those who have not failed. */
static bool is_right(const struct batch *batch)
{
	for (uint32_t i = 0; i < batch->count; i++)
		if (batch->members[i].marked != batch_is_marked(&batch->members[i]))
			return false;
	return true;
}

void batch_settle_marker(struct batch *batch)
{
	/* What has committed itself, stays so. */
	if (batch->marker.slot == MARKER_NONE || batch->is_compound || is_right(batch))
		return;
	if (has_effects(batch))
		send(batch);
	else
		batch->discards = true;
}

void batch_marker_done(struct batch *batch, const struct statement_result *result)
{
	if (result->matched == 1 || batch->trouble != TROUBLE_NONE)
		return;
	batch->trouble = TROUBLE_FENCED;
	batch->culprit = BATCH_NOBODY;
}

bool batch_goes_on_without_books(struct batch *batch, const struct sql_error *error)
{
	if (batch->count > 1 || !procedure_takes_nothing_back(&batch->members[0].task->job) ||
	    retry_action(error->class) == RETRY_LOST)
		return false;
	batch->error = *error;
	batch->books_failed = true;
	return true;
}

/* No command is to blame for what the server says to the marker. What would be an error of a command is a table that is
 * gone or a grant that is missing: the commands wait until somebody has mended that. */
void batch_marker_failed(struct batch *batch, const struct sql_error *error)
{
	enum retry_action action = retry_action(error->class);

	if (batch->trouble != TROUBLE_NONE || batch_goes_on_without_books(batch, error))
		return;
	batch->trouble = TROUBLE_SQL;
	batch->culprit = BATCH_NOBODY;
	batch->error = *error;
	if (action != RETRY_ANSWER && action != RETRY_REREAD)
		return;
	batch->error.class = SQL_ERROR_RESOURCE;
	batch->books_failed = true;
}

void batch_end_marker(struct batch *batch, bool committed)
{
	struct markers *markers = batch->planner->markers;
	uint32_t slot = batch->marker.slot, count = 0;

	if (slot == MARKER_NONE)
		return;
	for (uint32_t i = 0; committed && i < batch->count; i++) {
		struct batch_member *member = &batch->members[i];

		if (!member->marked)
			continue;
		member->task->job.marker = slot;
		count++;
	}
	if (committed)
		markers_commit(markers, &batch->marker, count);
	else
		markers_give_back(markers, &batch->marker);
}

bool batch_marker(const struct batch *batch, struct batch_marker *ret_marker)
{
	if (batch->marker.slot == MARKER_NONE)
		return false;
	*ret_marker = (struct batch_marker){
		.worker = batch->marker.worker,
		.slot = batch->marker.slot,
		.batch = batch->marker.batch,
		.is_commit = batch->is_compound,
	};
	return true;
}

const struct sql_error *batch_books_error(const struct batch *batch)
{
	return batch->books_failed ? &batch->error : NULL;
}
