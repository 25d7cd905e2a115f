/* plan/batch_groups.c - who shares statements with whom.
 *
 * Members that can share stand in one group, in queue order; every other is a group of its own. */
#include "daemon/plan/batch_state.h"

static struct job *job_of(const struct batch *batch, uint32_t member)
{
	return &batch->members[member].task->job;
}

/* The last group that the job could share with, or where it would be noted. */
static uint32_t *find_group(const struct batch *batch, const struct job *job)
{
	uint64_t hash = shared_hash(job);
	uint32_t slot = (uint32_t)(hash ^ hash >> 32) & batch->table_mask;

	while (batch->table[slot] != BATCH_NOBODY &&
	       !shared_match(job, job_of(batch, batch->groups[batch->table[slot]].first)))
		slot = (slot + 1) & batch->table_mask;
	return &batch->table[slot];
}

bool batch_same_table(const struct batch *batch, const struct table *a, const struct table *b)
{
	return a == b || (batch->mixed && a && b && bytes_equal(a->name, b->name));
}

static bool is_last_of_table(const struct batch *batch, uint32_t group, const struct table *table)
{
	for (uint32_t i = group + 1; table && i < batch->group_count; i++)
		if (batch_same_table(batch, batch->groups[i].ordered, table))
			return false;
	return true;
}

static bool has_room(const struct batch *batch, uint32_t group, const struct job *job)
{
	return group != BATCH_NOBODY && is_last_of_table(batch, group, procedure_footprint(job)->creates_in) &&
	       batch->groups[group].size + shared_size(job) <= shared_size_limit(job);
}

static uint32_t add_group(struct batch *batch, uint32_t leader)
{
	batch->groups[batch->group_count] = (struct batch_group){.first = leader};
	return batch->group_count++;
}

static void choose_group(struct batch *batch, uint32_t member)
{
	const struct job *job = job_of(batch, member);
	uint32_t *found = shared_hash(job) != 0 ? find_group(batch, job) : NULL;
	uint32_t group = found && has_room(batch, *found, job) ? *found : add_group(batch, member);

	if (found)
		*found = group;
	batch->members[member].group = group;
	/* With NULL in a key of text a create may come in any order; one that shares its statement need not. */
	if (!batch->groups[group].ordered)
		batch->groups[group].ordered = procedure_footprint(job)->creates_in;
	batch->groups[group].count++;
	batch->groups[group].holds_up |= shared_holds_up_creates(job);
	batch->mixed |= batch->members[member].task->catalog_number != batch->members[0].task->catalog_number;
	batch->groups[group].size += found ? shared_size(job) : 0;
}

void batch_form_groups(struct batch *batch)
{
	uint32_t first = 0;

	batch->group_count = 0;
	batch->mixed = false;
	memset(batch->table, 0xff, (batch->table_mask + 1) * sizeof(*batch->table));
	for (uint32_t i = 0; i < batch->count; i++)
		if (!batch->members[i].finished)
			choose_group(batch, i);
	for (uint32_t i = 0; i < batch->group_count; i++) {
		batch->groups[i].first = first;
		first += batch->groups[i].count;
		batch->groups[i].count = 0;
	}
	for (uint32_t i = 0; i < batch->count; i++) {
		if (batch->members[i].finished)
			continue;

		struct batch_group *group = &batch->groups[batch->members[i].group];
		uint32_t at = group->first + group->count++;

		batch->order[at] = i;
		batch->jobs[at] = job_of(batch, i);
	}
}

void batch_split_group(struct batch *batch, uint32_t index, uint32_t until, uint32_t from)
{
	struct batch_group *group = &batch->groups[index];
	struct batch_group behind = *group;

	behind.first += from;
	behind.count -= from;
	behind.state = GROUP_WAITING;
	group->count = until;
	group->state = GROUP_WAITING;
	if (behind.count == 0) {
		group->state = until > 0 ? GROUP_WAITING : GROUP_OVER;
		return;
	}
	if (until == 0) {
		*group = behind;
		return;
	}
	memmove(group + 2, group + 1, (batch->group_count - index - 1) * sizeof(*group));
	group[1] = behind;
	batch->group_count++;
}

void batch_scatter_group(struct batch *batch, uint32_t index)
{
	struct batch_group *group = &batch->groups[index];
	struct batch_group one = *group;
	uint32_t count = group->count;

	one.state = GROUP_WAITING;
	one.count = 1;
	memmove(group + count, group + 1, (batch->group_count - index - 1) * sizeof(*group));
	for (uint32_t i = 0; i < count; i++, one.first++)
		group[i] = one;
	batch->group_count += count - 1;
}
