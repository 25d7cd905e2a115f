/* planner_property.c - random commands on random connections with random trouble, against a database that runs them
 * one after the other in the order of submission.
 *
 * Each batch runs on a copy of the database as it is when its first wave is sent. What its commands find there must be
 * what they would find at their COMMIT, and what they would have found had all commands run one by one. */
#include "fake_shared.h"
#include "planner_model.h"

#include "daemon/plan/planner_state.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 10000, COMMANDS = 60, CONNECTIONS = 16, QUEUES = 4, FAULTS_PER_COMMAND = 4 };

struct connection {
	struct batch *batch;
	struct command_model *models[COMMANDS]; /* in the order of the batch, each once */
	uint32_t count;
	bool begun;
};

struct run {
	uint64_t random;
	uint64_t now_us;
	struct planner *planner;
	struct policy policies[QUEUES];
	struct command_model models[COMMANDS];
	uint32_t count, submitted, answered;
	struct connection connections[CONNECTIONS];
	uint32_t connection_count;
	struct database committed, serial;
	uint64_t catalog_number;
	int next_id;
};

static struct run run;

static uint32_t draw(uint32_t below)
{
	run.random = run.random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(run.random >> 33) % below;
}

static void set_catalog(void)
{
	struct catalog *catalog = fake_catalog(++run.catalog_number);

	fake_catalog_add(catalog, &parent);
	fake_catalog_add(catalog, &child);
	fake_catalog_add(catalog, &generated);
	planner_set_catalog(run.planner, catalog, run.now_us);
	catalog_unref(catalog);
}

/* What is known of a command before its names are. */
static void set_operation(struct command_model *model)
{
	static const struct value key = {.type = VALUE_INT};
	bool reads = model->action == READ_PARENT || model->action == READ_CHILD;

	model->script.op = is_count(model) ? OP_COUNT : reads ? OP_READ : OP_UPDATE;
	model->script.pk = reads ? &key : NULL;
}

/* Some commands of one kind, by key and of one statement, share it. */
static void offer_for_sharing(struct command_model *model)
{
	if (model->script.kind != PROCEDURE_BY_KEY || model->script.waves > 1 || model->script.statements > 1)
		return;
	model->script.share = draw(3) == 0 ? 0 : (uint32_t)model->action + 1;
	model->script.bad = model->doomed && !model->script.fails_at_end;
}

static void make_command(struct command_model *model)
{
	static const char *const tables[] = {"parent", "child", "generated"};
	bool by_condition;

	*model = (struct command_model){.action = (enum action)draw(ACTIONS),
					.row = (int)draw(ROWS),
					.value = (int)draw(ROWS),
					.doomed = draw(12) == 0};
	by_condition = model->action == DELETE_CHILDREN || model->action == DELETE_GENERATED || is_count(model);
	model->script = (struct script){.kind = by_condition ? PROCEDURE_ALONE : PROCEDURE_BY_KEY,
					.waves = 1 + draw(3),
					.statements = 1 + draw(2),
					.footprint = footprint_of,
					.fails_at_end = model->doomed && draw(2) == 0,
					.test = model};
	model->script.undo = model->script.fails_at_end && draw(2) == 0;
	model->script.table = tables[model->action <= READ_PARENT ? 0 : model->action <= COUNT_CHILDREN ? 1 : 2];
	set_operation(model);
	offer_for_sharing(model);
	if (draw(20) == 0) {
		model->script.compile_result = -ENOENT;
		model->script.heals_at = run.catalog_number + 1;
	}
}

static void submit(void)
{
	struct command_model *model = &run.models[run.submitted++];
	struct script *script = &model->script;

	make_command(model);
	model->expected = run_command(&run.serial, model);
	assert_int_equal(planner_submit(run.planner, &run.policies[draw(QUEUES)], script_raw(&script),
					draw(8) == 0 ? 1 + draw(2) : 0, model, run.now_us),
			 0);
}

static void collect(void)
{
	struct job *job;

	while ((job = planner_finished(run.planner))) {
		struct command_model *model = job->owner;

		assert_false(model->done);
		assert_int_equal(model->script.replied, 1);
		assert_int_equal(model->script.code != ERROR_NONE, model->doomed);
		model->done = true;
		run.answered++;
		job_free(job);
	}
}

/* Runs the batch on a copy of what is committed. */
static void begin(struct connection *connection)
{
	struct database copy = run.committed;

	for (uint32_t i = 0; i < connection->count; i++) {
		struct command_model *model = connection->models[i];

		for (struct command_model *earlier = run.models; is_count(model) && earlier < model; earlier++)
			assert_true(!writes_for(model, earlier) || earlier->done);
		model->found = run_command(&copy, model);
	}
}

static void check_commit(struct connection *connection)
{
	for (uint32_t i = 0; i < connection->count; i++) {
		struct command_model *model = connection->models[i];
		int found = run_command(&run.committed, model);

		assert_int_equal(found, model->found);
		assert_int_equal(found, model->expected);
	}
}

static void end(struct connection *connection, enum batch_end how, const struct sql_error *error)
{
	batch_ended(connection->batch, how, error, run.now_us);
	connection->batch = NULL;
	collect();
}

/* One of the batch's commands may meet so much trouble without being given up. */
static bool may_fail(struct connection *connection)
{
	for (uint32_t i = 0; i < connection->count; i++)
		if (connection->models[i]->faults >= FAULTS_PER_COMMAND)
			return false;
	for (uint32_t i = 0; i < connection->count; i++)
		connection->models[i]->faults++;
	return true;
}

static struct sql_error random_trouble(void)
{
	static const enum sql_error_class classes[] = {SQL_ERROR_TRANSACTION, SQL_ERROR_LOCK_WAIT, SQL_ERROR_CONNECTION,
						       SQL_ERROR_READ_ONLY, SQL_ERROR_RESOURCE};

	return (struct sql_error){.class = classes[draw(5)], .code = ERROR_DEADLOCK, .row = -1};
}

/* The jobs of a statement. */
static uint32_t jobs_of(const struct statement *statement, struct command_model *ret_models[COMMANDS])
{
	uint32_t count = 0;
	struct job *const *jobs = group_of_statement(statement, &count);

	for (uint32_t i = 0; jobs && i < count; i++)
		ret_models[i] = jobs[i]->owner;
	if (jobs)
		return count;
	ret_models[0] = script_of_statement(statement)->test;
	return 1;
}

/* The server executes a statement. Returns whether it succeeds. */
static bool execute(const struct statement *statement)
{
	struct command_model *models[COMMANDS];
	uint32_t count = jobs_of(statement, models);

	for (uint32_t i = 0; i < count; i++)
		if (models[i]->doomed && !models[i]->script.fails_at_end)
			return false;
	for (uint32_t i = 0; i < count; i++)
		if (models[i]->action == CREATE_GENERATED && models[i]->script.wave == 1)
			models[i]->generated_id = ++run.next_id;
	return true;
}

static void answer_wave(struct connection *connection, const struct statement *statements, size_t count)
{
	const struct statement_result result = {0};
	const struct sql_error refused = {.class = SQL_ERROR_OF_COMMAND, .code = ERROR_SQL_ERROR, .row = -1};
	size_t failing = draw(6) == 0 && may_fail(connection) ? draw((uint32_t)count) : count;

	for (size_t i = 0; i < count; i++) {
		struct sql_error trouble = random_trouble();

		if (i == failing) {
			batch_failed(connection->batch, i, &trouble);
			if (trouble.class == SQL_ERROR_CONNECTION) {
				end(connection, BATCH_LOST, &trouble);
				return;
			}
		} else if (execute(&statements[i])) {
			batch_done(connection->batch, i, &result);
		} else {
			batch_failed(connection->batch, i, &refused);
		}
	}
}

static void step(struct connection *connection)
{
	const struct sql_error lost = {.class = draw(2) ? SQL_ERROR_CONNECTION : SQL_ERROR_TRANSACTION, .row = -1};
	const struct statement *statements;
	size_t count;

	if (!connection->begun) {
		begin(connection);
		connection->begun = true;
	}
	switch (batch_next(connection->batch, run.now_us, &statements, &count)) {
	case BATCH_SEND:
		answer_wave(connection, statements, count);
		return;
	case BATCH_ROLLBACK:
		end(connection, draw(2) ? BATCH_ROLLED_BACK : BATCH_LOST, NULL);
		return;
	case BATCH_COMMIT:
		break;
	}
	if (draw(8) == 0 && may_fail(connection)) {
		end(connection, draw(2) ? BATCH_LOST : BATCH_IN_DOUBT, &lost);
		return;
	}
	check_commit(connection);
	end(connection, BATCH_COMMITTED, NULL);
}

static void adopt(struct connection *connection, struct batch *batch)
{
	*connection = (struct connection){.batch = batch, .count = batch_size(batch)};
	for (uint32_t i = 0; i < connection->count; i++)
		connection->models[i] = batch_task(batch, i)->job.owner;
}

static bool choose(struct connection *connection, uint64_t *wake_us)
{
	struct batch *batch = planner_choose(run.planner, run.now_us, wake_us);

	if (batch)
		adopt(connection, batch);
	return batch != NULL;
}

static bool anything_running(void)
{
	for (uint32_t i = 0; i < run.connection_count; i++)
		if (run.connections[i].batch)
			return true;
	return false;
}

static void turn(void)
{
	struct connection *connection = &run.connections[draw(run.connection_count)];
	uint64_t wake_us = 0;

	if (run.submitted < run.count && draw(2) == 0) {
		submit();
		collect();
	} else if (connection->batch) {
		step(connection);
	} else if (!choose(connection, &wake_us) && !anything_running() && run.submitted == run.count) {
		if (wake_us > 0)
			run.now_us = wake_us;
		else
			assert_true(planner_wants_catalog(run.planner) || run.answered == run.count);
	}
	if (planner_wants_catalog(run.planner) && draw(10) == 0) {
		set_catalog();
		collect();
	}
}

static void check_generated_ids(void)
{
	int last = 0;

	for (uint32_t i = 0; i < run.count; i++) {
		struct command_model *model = &run.models[i];

		if (model->action != CREATE_GENERATED || model->found == FAILED)
			continue;
		assert_true(model->generated_id > last);
		last = model->generated_id;
	}
}

static void one_run(uint64_t seed)
{
	struct planner_options options = {.batch = 1 + (uint32_t)(seed % 7) * 4, .version = "", .worker = ""};
	uint32_t turns = 0;

	run = (struct run){.random = seed * 2 + 1, .now_us = 1, .count = 5 + (uint32_t)(seed % (COMMANDS - 5))};
	run.connection_count = 1 + draw(CONNECTIONS);
	fake_shared_rules.names_no_culprit = draw(2) == 0;
	foreign_key.on_delete = draw(2) ? FOREIGN_KEY_CASCADE : FOREIGN_KEY_RESTRICT;
	assert_int_equal(planner_new(&options, &run.planner), 0);
	set_catalog();
	while (run.answered < run.count) {
		turn();
		if (++turns > 200000)
			fail_msg("seed %llu: stuck at %u of %u", (unsigned long long)seed, run.answered, run.count);
	}
	assert_memory_equal(&run.committed.parents, &run.serial.parents, sizeof(run.serial.parents));
	assert_memory_equal(&run.committed.children, &run.serial.children, sizeof(run.serial.children));
	assert_memory_equal(&run.committed.names, &run.serial.names, sizeof(run.serial.names));
	check_generated_ids();
	planner_free(run.planner);
	assert_int_equal(fake_catalog_references(), 0);
}

static void test_any_order_is_the_queue_s_order(void **state)
{
	const char *seed = getenv("PLANNER_SEED");

	(void)state;
	for (uint64_t i = 1; !seed && i <= RUNS; i++)
		one_run(i);
	if (seed)
		one_run(strtoull(seed, NULL, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_order_is_the_queue_s_order)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
