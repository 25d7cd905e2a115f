/* planner_property.c - random commands on random connections with random trouble, against a database that runs them
 * one after the other in the order of submission.
 *
 * What each command has found, and the tables at the end, have to be what they are when all run one by one; a command
 * whose COMMIT took effect without an answer runs once more in its place. PLANNER_SEED repeats one run. */
#include "fake_shared.h"
#include "planner_draw.h"
#include "planner_server.h"

#include "daemon/plan/planner_state.h"
#include "tests/support/unit.h"

#include <stdlib.h>

enum { RUNS = 30000, COMMANDS = 60, CONNECTIONS = 16, QUEUES = 4, FAULTS_PER_COMMAND = 4, TURNS = 200000 };

struct run {
	uint64_t seed;
	struct drawing drawing;
	bool passed;
	uint64_t now_us;
	struct planner *planner;
	struct policy policies[QUEUES];
	struct command_model models[COMMANDS];
	uint32_t count, submitted, answered;
	struct connection connections[CONNECTIONS];
	uint32_t connection_count;
	struct server server;
	uint64_t catalog_number;
	bool reading_catalog;
};

static struct run run;

static uint32_t draw(uint32_t below)
{
	return drawing_number(&run.drawing, below);
}

static void set_catalog(void)
{
	struct catalog *catalog = fake_catalog(++run.catalog_number);

	for (int i = 0; i < TABLES; i++)
		fake_catalog_add(catalog, &planner_tables[i]);
	planner_set_catalog(run.planner, catalog, run.now_us);
	catalog_unref(catalog);
}

/* --- commands --- */

static void submit(void)
{
	struct command_model *model = &run.models[run.submitted];
	struct script *script = &model->script;

	drawing_command(&run.drawing, run.models, run.submitted, run.catalog_number);
	run.server.count = ++run.submitted;
	const struct planner_command command = {
		.policy = &run.policies[draw(QUEUES)],
		.raw = script_raw(&script),
		.attempts = draw(8) == 0 ? 1 + draw(2) : 0,
		.owner = model,
	};
	assert_int_equal(planner_submit(run.planner, &command, run.now_us), 0);
}

static void collect(void)
{
	struct job *job;

	while ((job = planner_finished(run.planner))) {
		struct command_model *model = job->owner;

		assert_false(model->done);
		assert_true(!model->rolled_back || model->doom == DOOM_LOCKED || model->script.undo);
		assert_int_equal(model->script.replied, 1);
		assert_int_equal(model->script.code != ERROR_NONE, model->found == FAILED || model->doom != DOOM_NONE);
		model->done = true;
		run.answered++;
		job_free(job);
	}
}

/* --- trouble --- */

static void end(struct connection *connection, enum batch_end how, const struct sql_error *error)
{
	struct batch *batch = connection->batch;

	connection->batch = NULL;
	batch_ended(batch, how, error, run.now_us);
	collect();
}

/* No command meets so much trouble that it is given up. */
static bool may_fail(struct connection *connection)
{
	return server_may_fail(connection, run.drawing.may_lock ? 1 : FAULTS_PER_COMMAND);
}

static struct sql_error draw_trouble(struct connection *connection)
{
	static const enum sql_error_class classes[] = {SQL_ERROR_TRANSACTION, SQL_ERROR_LOCK_WAIT, SQL_ERROR_CONNECTION,
						       SQL_ERROR_READ_ONLY, SQL_ERROR_RESOURCE};
	bool stale = draw(6) == 0 && server_may_be_stale(connection);

	return (struct sql_error){
		.class = stale ? SQL_ERROR_STALE_CATALOG : classes[draw(5)], .code = ERROR_DEADLOCK, .row = -1};
}

/* A row of some size; many of them are too much for one batch. */
static void answer_row(struct connection *connection, size_t index)
{
	const char *value = "";
	const unsigned long length = draw(60);

	(void)batch_row(connection->batch, index, &value, &length, 1);
}

/* The connection went before the statement was answered. If COMMIT was sent right behind it, both may have been
 * executed all the same. */
static void lose(struct connection *connection, const struct statement *statement, const struct sql_error *trouble)
{
	bool in_doubt = batch_is_one_statement(connection->batch);

	if (in_doubt && draw(2) && server_may_repeat(connection)) {
		(void)server_execute(&run.server, connection, statement, false);
		server_commit(&run.server, connection);
	}
	end(connection, in_doubt ? BATCH_IN_DOUBT : BATCH_LOST, trouble);
}

static void answer_wave(struct connection *connection, const struct statement *statements, size_t count)
{
	const struct statement_result result = {0};
	const struct sql_error refused = {.class = SQL_ERROR_OF_COMMAND, .code = ERROR_SQL_ERROR, .row = -1};
	const struct sql_error locked = {.class = SQL_ERROR_TRANSACTION, .code = ERROR_DEADLOCK, .row = -1};
	size_t failing = draw(6) == 0 && may_fail(connection) ? draw((uint32_t)count) : count;

	for (size_t i = 0; i < count; i++) {
		if (i == failing) {
			struct sql_error trouble = draw_trouble(connection);

			batch_failed(connection->batch, i, &trouble);
			if (trouble.class == SQL_ERROR_CONNECTION) {
				lose(connection, &statements[i], &trouble);
				return;
			}
		} else if (server_is_locked(&statements[i])) {
			batch_failed(connection->batch, i, &locked);
		} else if (server_execute(&run.server, connection, &statements[i], fake_shared_rules.must_be_undone)) {
			answer_row(connection, i);
			batch_done(connection->batch, i, &result);
		} else {
			batch_failed(connection->batch, i, &refused);
		}
	}
}

/* Returns whether the connection is still there. */
static bool commit(struct connection *connection)
{
	const struct sql_error lost = {.class = draw(2) ? SQL_ERROR_CONNECTION : SQL_ERROR_TRANSACTION, .row = -1};
	bool is_lost = draw(8) == 0 && may_fail(connection);

	if (is_lost && draw(2) && server_may_repeat(connection)) {
		server_commit(&run.server, connection);
		end(connection, BATCH_IN_DOUBT, &lost);
	} else if (is_lost) {
		end(connection, draw(2) ? BATCH_LOST : BATCH_IN_DOUBT, &lost);
	} else {
		server_commit(&run.server, connection);
		for (uint32_t i = 0; i < connection->count; i++)
			connection->models[i]->rolled_back = false;
		end(connection, BATCH_COMMITTED, NULL);
	}
	return !is_lost;
}

/* --- the loop --- */

/* COMMIT is on its way, and behind it perhaps the first wave of another batch. */
static void send_commit(struct connection *connection)
{
	connection->committing = true;
	if (draw(2))
		connection->behind = planner_choose_behind(run.planner, connection->batch, run.now_us);
	if (connection->behind)
		connection->next = batch_next(connection->behind, run.now_us, &connection->statements,
					      &connection->statement_count);
}

static void go_on(struct connection *connection, enum batch_step next, const struct statement *statements, size_t count)
{
	switch (next) {
	case BATCH_SEND:
		answer_wave(connection, statements, count);
		return;
	case BATCH_ROLLBACK:
		end(connection, draw(2) ? BATCH_ROLLED_BACK : BATCH_LOST, NULL);
		return;
	case BATCH_COMMIT:
		break;
	}
	send_commit(connection);
}

/* What was sent behind the COMMIT takes effect only if that did. */
static void answer_commit(struct connection *connection)
{
	const struct sql_error lost = {.class = SQL_ERROR_CONNECTION, .row = -1};
	struct connection before = *connection;
	bool committed = commit(connection);

	connection->committing = false;
	if (!before.behind)
		return;
	server_adopt(connection, before.behind);
	server_begin(&run.server, connection);
	if (committed)
		go_on(connection, before.next, before.statements, before.statement_count);
	else
		end(connection, BATCH_DROPPED, &lost);
}

static void step(struct connection *connection)
{
	const struct statement *statements = NULL;
	size_t count = 0;
	enum batch_step next;

	if (connection->committing) {
		answer_commit(connection);
		return;
	}
	if (!connection->begun)
		server_begin(&run.server, connection);
	next = batch_next(connection->batch, run.now_us, &statements, &count);
	go_on(connection, next, statements, count);
}

static bool anything_running(void)
{
	for (uint32_t i = 0; i < run.connection_count; i++)
		if (run.connections[i].batch)
			return true;
	return false;
}

/* While nothing runs but reads by condition, which hold nobody up, and nobody has to wait for a while or for the
 * catalog, the oldest command that waits can run. */
static void check_held_up(uint64_t wake_us)
{
	struct planner_counts counts = planner_counts(run.planner);

	for (uint32_t i = 0; i < run.connection_count; i++)
		if (run.connections[i].behind || (run.connections[i].batch && !is_count(run.connections[i].models[0])))
			return;
	if (counts.waiting > 0 && counts.parked == 0 && wake_us == 0)
		fail_msg("%u commands wait for nobody", counts.waiting);
}

static void choose(struct connection *connection)
{
	uint64_t wake_us = 0;
	struct batch *batch = planner_choose(run.planner, run.now_us, &wake_us);

	if (batch) {
		server_adopt(connection, batch);
		return;
	}
	check_held_up(wake_us);
	if (anything_running() || run.submitted < run.count)
		return;
	if (wake_us > 0)
		run.now_us = wake_us;
	else
		assert_true(planner_wants_catalog(run.planner) || run.answered == run.count);
}

static void turn(void)
{
	struct connection *connection = &run.connections[draw(run.connection_count)];

	run.now_us += draw(8) == 0 ? draw(400000) : draw(1000);
	fake_shared_rules.begins_that_fail = draw(16) == 0;
	if (run.submitted < run.count && draw(2) == 0) {
		submit();
		collect();
	} else if (connection->batch) {
		step(connection);
	} else {
		choose(connection);
	}
	if (planner_wants_catalog(run.planner) && !run.reading_catalog && draw(4) == 0) {
		planner_reading_catalog(run.planner);
		run.reading_catalog = true;
	} else if (run.reading_catalog && draw(8) == 0) {
		run.reading_catalog = false;
		set_catalog();
		collect();
	}
}

/* --- at the end --- */

static void check_generated_ids(void)
{
	int last = 0;

	for (uint32_t i = 0; i < run.count; i++) {
		const struct command_model *model = &run.models[i];

		if (model->action != CREATE || model->table != MADE || model->found == FAILED ||
		    model->doom != DOOM_NONE)
			continue;
		assert_true(model->generated_id > last);
		last = model->generated_id;
	}
}

static void check_against_one_by_one(void)
{
	struct database database = {0};

	for (uint32_t i = 0; i < run.count; i++) {
		struct command_model *model = &run.models[i];
		uint32_t times = model->times;
		int found = FAILED;

		for (model->times = 0; model->times < times; model->times++)
			found = run_command(&database, model);
		/* A failure that ended its transaction. */
		if (model->rolled_back)
			found = run_command(&database, model);
		if (model->doom == DOOM_NONE && found != model->found)
			fail_msg("command %u found %d instead of %d", i, model->found, found);
	}
	assert_memory_equal(&run.server.committed, &database, sizeof(database));
}

static void set_up(uint64_t seed)
{
	const struct planner_options options = {.batch = 1 + (uint32_t)(seed % 7) * 4,
						.batch_bytes = draw(2) ? 100 : 10000,
						.version = "",
						.worker = ""};

	run.connection_count = 1 + draw(CONNECTIONS);
	run.server.models = run.models;
	run.policies[QUEUES - 1].statement_timeout_ms = 1000;
	fake_shared_rules.names_no_culprit = draw(2) == 0;
	fake_shared_rules.must_be_undone = draw(4) == 0;
	fake_shared_rules.size_limit = draw(3) == 0 ? 5 : 0;
	assert_int_equal(planner_new(&options, &run.planner), 0);
	set_catalog();
}

static void one_run(uint64_t seed)
{
	uint32_t turns = 0;

	run = (struct run){.seed = seed, .now_us = 1, .count = 5 + (uint32_t)(seed % (COMMANDS - 5))};
	drawing_begin(&run.drawing, seed);
	set_up(seed);
	while (run.answered < run.count) {
		turn();
		if (++turns > TURNS)
			fail_msg("stuck at %u of %u", run.answered, run.count);
	}
	check_against_one_by_one();
	check_generated_ids();
	planner_free(run.planner);
	assert_int_equal(fake_catalog_references(), 0);
	run.passed = true;
}

static int tell_seed(void **state)
{
	(void)state;
	if (!run.passed)
		print_error("PLANNER_SEED=%llu\n", (unsigned long long)run.seed);
	return 0;
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
	const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_any_order_is_the_queue_s_order, tell_seed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
