/* planner_world.c */
#include "planner_world.h"

struct world world;

void set_catalog(uint64_t number, const struct table *table)
{
	struct catalog *catalog = fake_catalog(number);

	if (table)
		fake_catalog_add(catalog, table);
	planner_set_catalog(world.planner, catalog, world.now_us);
	catalog_unref(catalog);
}

int planner_set_up(void **state)
{
	struct planner_options options = {.batch = BATCH, .batch_bytes = 1000, .version = "1", .worker = "w"};

	(void)state;
	world = (struct world){.now_us = 1000};
	assert_int_equal(planner_new(&options, &world.planner), 0);
	set_catalog(1, NULL);
	return 0;
}

int planner_tear_down(void **state)
{
	(void)state;
	planner_free(world.planner);
	assert_int_equal(fake_catalog_references(), 0);
	return 0;
}

void submit_as(struct script *script, uint32_t queue, uint32_t attempts)
{
	const struct planner_command command = {
		.policy = &world.policies[queue],
		.raw = script_raw(&script),
		.number = ++world.number,
		.attempts = attempts,
		.owner = script,
	};

	assert_int_equal(planner_submit(world.planner, &command, world.now_us), 0);
}

void submit(struct script *script)
{
	submit_as(script, 0, 0);
}

/* A command that writes one row of a table by key, in one wave. */
struct script write_row(uint64_t row)
{
	return (struct script){.kind = PROCEDURE_BY_KEY,
			       .waves = 1,
			       .entry_count = 2,
			       .entries = {{1, FOOTPRINT_KEY_WRITE}, {1000 + row, FOOTPRINT_WRITE}}};
}

struct script read_all(void)
{
	return (struct script){.kind = PROCEDURE_ALONE, .waves = 1, .entry_count = 1, .entries = {{1, FOOTPRINT_READ}}};
}

struct batch *choose(void)
{
	uint64_t wake_us;

	return planner_choose(world.planner, world.now_us, &wake_us);
}

/* Sends the next wave; returns its size. */
size_t wave(struct batch *batch)
{
	const struct statement *statements;
	size_t count = 0;

	assert_int_equal(batch_next(batch, world.now_us, &statements, &count), BATCH_SEND);
	for (size_t i = 0; i < count; i++)
		assert_true(statements[i].text.size > 0);
	return count;
}

void answer_all(struct batch *batch, size_t from, size_t count)
{
	const struct statement_result result = {0};

	for (size_t i = from; i < count; i++)
		batch_done(batch, i, &result);
}

enum batch_step next(struct batch *batch)
{
	const struct statement *statements;
	size_t count;

	return batch_next(batch, world.now_us, &statements, &count);
}

void commit(struct batch *batch)
{
	while (next(batch) == BATCH_SEND)
		fail_msg("no more waves expected");
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
}

/* Runs a batch of single waves to its end. */
void run(struct batch *batch)
{
	size_t count = wave(batch);

	answer_all(batch, 0, count);
	commit(batch);
}

struct script *finished(void)
{
	struct job *job = planner_finished(world.planner);
	struct script *script = job ? job->owner : NULL;

	if (job) {
		assert_int_equal(job->state, JOB_DONE);
		job_free(job);
	}
	return script;
}

struct sql_error sql_error(enum sql_error_class class, enum error_code code)
{
	return (struct sql_error){.class = class, .code = code, .row = -1};
}

/* Lets the batch's first statement meet the error, and reads the wave to its end. */
void doom(struct batch *batch, const struct sql_error *error)
{
	size_t count = wave(batch);

	batch_failed(batch, 0, error);
	assert_int_equal(count > 1 ? batch_row(batch, 1, NULL, NULL, 0) : -EFBIG, -EFBIG);
	answer_all(batch, 1, count);
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, error, world.now_us);
}
