/* plan/park.c */
#include "daemon/plan/park.h"

#include <assert.h>
#include <errno.h>

/* The catalog is not read again before it is so old (engine/catalog_reader.c). */
enum { CATALOG_FRESH_US = 1000000 };

/* To plan a job again takes some 10 us, or several times that with many rows. */
enum { UNPARKED_AT_A_TIME = 64 };

bool planner_refuses(const struct planner *planner, const struct job *job, const struct error *error, uint64_t now_us)
{
	return now_us - planner->catalog_us < CATALOG_FRESH_US &&
	       refusals_repeated(&planner->refusals, job->command.operation.table, error, now_us);
}

/* Holds all that a command on the table could hold, whatever it turns out to be: a delete, or an update of everything,
 * which reads the parents too. */
static int hold_all(struct footprint *footprint, const struct table *table)
{
	bool *changed = arena_alloc_array(footprint->arena, table->column_count, sizeof(*changed));
	int r;

	if (!changed)
		return -ENOMEM;
	for (uint32_t i = 0; i < table->column_count; i++)
		changed[i] = true;
	r = footprint_write(footprint, table, NULL);
	return r < 0 ? r : footprint_write(footprint, table, changed);
}

/* A read by key waits for the writes before it and holds up those behind it, whatever its key is; any other read holds
 * up nobody. */
static int hold_as_read(struct footprint *footprint, const struct table *table, bool by_key)
{
	struct bytes *unknown;

	if (!by_key)
		return footprint_read(footprint, table);
	unknown = arena_alloc_array(footprint->arena, table->column_count, sizeof(*unknown));
	return unknown ? footprint_read_key(footprint, table, unknown) : -ENOMEM;
}

/* What the job could hold, as far as the catalog knows; in the job's arena. */
static int hold(const struct planner *planner, struct job *job, struct footprint *footprint)
{
	const struct operation *operation = &job->command.operation;
	const struct table *table = catalog_find(planner->catalog, operation->table);

	footprint_init(footprint, &job->arena);
	if (!table)
		return footprint_unknown_table(footprint, operation->table);
	return op_writes(operation->op) ? hold_all(footprint, table)
					: hold_as_read(footprint, table, operation->pk != NULL);
}

int planner_park(struct planner *planner, struct task *task)
{
	struct job *job = &task->job;
	struct footprint footprint;
	int r = hold(planner, job, &footprint);

	if (r == 0)
		r = schedule_add(planner->schedule, &task->node, &job->arena, &footprint);
	if (r < 0)
		return r;
	task->queue->live++;
	task->late = planner->reading_catalog;
	job->state = JOB_PARKED;
	job_list_append(&planner->parked, job);
	planner->wants_catalog = true;
	planner_settle(planner);
	return 0;
}

void planner_park_stale(struct planner *planner, struct task *task)
{
	/* It may have been compiled with a catalog that has been replaced since: then the current one is newer. */
	bool replaced = task->catalog_number != planner->catalog_number;

	assert(task->job.state == JOB_RUNNING && !task->reread);
	task->late = replaced || planner->reading_catalog;
	task->reread = !task->late;
	planner_move(planner, task, JOB_PARKED);
	if (!replaced)
		planner->wants_catalog = true;
}

void planner_park_committed(struct planner *planner, struct task *task)
{
	task->job.recovered = true;
	task->catalog_number = 0; /* older than any */
	planner_move(planner, task, JOB_PARKED);
}

/* Its old footprint may have stood before a create which its new one does not stand before. */
static int replace(struct planner *planner, struct task *task, const struct footprint *footprint)
{
	struct schedule_node *next_create = schedule_next_create(&task->node);
	int r = schedule_replace(planner->schedule, &task->node, &task->job.arena, footprint);

	if (next_create)
		planner_consider(planner, task_of_node(next_create));
	return r;
}

/* Plans the job anew, at its old place in the order. Returns 0, -ENOMEM, or another negative errno with the error. */
static int plan_again(struct planner *planner, struct task *task, uint64_t now_us, struct error *error)
{
	struct job *job = &task->job;
	struct procedure_facts facts = planner_facts(planner, now_us);
	int r;

	procedure_free(job);
	r = procedure_compile(job, planner->catalog, &facts, error);
	if (r == 0 && procedure_kind(job) != PROCEDURE_ANSWERED)
		r = replace(planner, task, procedure_footprint(job));
	if (r == -ENOMEM && planner_arena_is_full(job)) {
		planner_error_too_large(error);
		r = -EINVAL;
	}
	return r;
}

/* It is looked at with the next catalog. */
static void stay_parked(struct planner *planner, struct task *task)
{
	job_list_remove(&planner->stale, &task->job);
	task->catalog_number = planner->catalog_number;
	task->late = planner->reading_catalog;
	job_list_append(&planner->parked, &task->job);
	planner->wants_catalog = true;
}

/* The catalog, which may be older than what the job is about, does not have what it names: it holds what it could hold
 * with this one, and stays. Returns 0, or a negative errno when there is no memory for that. */
static int wait_for_later(struct planner *planner, struct task *task)
{
	struct footprint footprint;
	int r = hold(planner, &task->job, &footprint);

	if (r == 0)
		r = replace(planner, task, &footprint);
	if (r == 0)
		stay_parked(planner, task);
	return r;
}

static void unpark(struct planner *planner, struct task *task, uint64_t now_us)
{
	struct error error;
	int r = plan_again(planner, task, now_us, &error);

	if (r == -ENOMEM) {
		stay_parked(planner, task);
		return;
	}
	if (r == -ENOENT && task->late && wait_for_later(planner, task) == 0)
		return;
	task->late = false;
	if (r == -ENOENT)
		refusals_note(&planner->refusals, task->job.command.operation.table, &error, now_us);
	if (r < 0 && procedure_stand_by(&task->job, planner->catalog, &error))
		r = replace(planner, task, procedure_footprint(&task->job));
	if (r < 0)
		planner_finish(planner, task, &error, now_us);
	else if (procedure_kind(&task->job) == PROCEDURE_ANSWERED)
		planner_finish(planner, task, NULL, now_us);
	else
		planner_move(planner, task, JOB_WAITING);
	task->catalog_number = planner->catalog_number;
}

bool planner_unpark(struct planner *planner, uint64_t now_us)
{
	for (uint32_t i = 0; i < UNPARKED_AT_A_TIME && planner->stale.first; i++)
		unpark(planner, task_of(planner->stale.first), now_us);
	planner_settle(planner);
	return planner->stale.first != NULL;
}
