/* planner_property.c - random commands on random connections with random trouble, against a database that runs them
 * one after the other in the order of submission.
 *
 * Each batch runs on a copy of the database as it is when its first wave is sent. What its commands find there must be
 * what they would find at their COMMIT, and what they would have found had all commands run one by one. */
#include "fake_procedure.h"

#include "daemon/plan/planner_state.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 10000, COMMANDS = 60, ROWS = 4, CONNECTIONS = 16, QUEUES = 4, FAULTS_PER_COMMAND = 4 };

/* --- three tables ---------------------------------------------------------------------------------------------- */

/* parent(id, code unique), child(id, parent_id -> parent.id), generated(id auto_increment, name text unique). */
static struct column parent_columns[] = {{.name = {"id", 2}, .position = 0}, {.name = {"code", 4}, .position = 1}};
static struct column child_columns[] = {{.name = {"id", 2}, .position = 0}, {.name = {"parent_id", 9}, .position = 1}};
static struct column generated_columns[] = {{.name = {"id", 2}, .position = 0, .auto_increment = true},
					    {.name = {"name", 4}, .position = 1, .kind = COLUMN_TEXT}};
static const struct column *parent_id[] = {&parent_columns[0]}, *parent_code[] = {&parent_columns[1]};
static const struct column *child_id[] = {&child_columns[0]}, *child_parent[] = {&child_columns[1]};
static const struct column *generated_id[] = {&generated_columns[0]}, *generated_name[] = {&generated_columns[1]};
static struct key parent_keys[] = {{.name = {"PRIMARY", 7}, .columns = parent_id, .column_count = 1, .exact = true},
				   {.name = {"code", 4}, .columns = parent_code, .column_count = 1, .exact = true}};
static struct key child_keys[] = {{.name = {"PRIMARY", 7}, .columns = child_id, .column_count = 1, .exact = true}};
static struct key generated_keys[] = {
	{.name = {"PRIMARY", 7}, .columns = generated_id, .column_count = 1, .exact = true},
	{.name = {"name", 4}, .columns = generated_name, .column_count = 1}};
static struct bytes references[] = {{"id", 2}};
static struct table parent, child;
static struct foreign_key foreign_key = {.name = {"fk", 2},
					 .child = &child,
					 .parent = &parent,
					 .columns = child_parent,
					 .references = references,
					 .column_count = 1};
static struct foreign_key *foreign_keys[] = {&foreign_key};
static struct table parent = {.name = {"parent", 6},
			      .columns = parent_columns,
			      .column_count = 2,
			      .keys = parent_keys,
			      .key_count = 2,
			      .primary_key = parent_keys,
			      .referenced_by = foreign_keys,
			      .referenced_by_count = 1};
static struct table child = {.name = {"child", 5},
			     .columns = child_columns,
			     .column_count = 2,
			     .keys = child_keys,
			     .key_count = 1,
			     .primary_key = child_keys,
			     .foreign_keys = foreign_keys,
			     .foreign_key_count = 1};
static struct table generated = {.name = {"generated", 9},
				 .columns = generated_columns,
				 .column_count = 2,
				 .keys = generated_keys,
				 .key_count = 2,
				 .primary_key = generated_keys,
				 .auto_increment = generated_columns};

/* --- commands, and a database that runs them ------------------------------------------------------------------- */

enum action {
	CREATE_PARENT,
	RECODE_PARENT,
	MOVE_PARENT,
	DELETE_PARENT,
	READ_PARENT,
	CREATE_CHILD,
	REPARENT_CHILD,
	DELETE_CHILD,
	READ_CHILD,
	DELETE_CHILDREN, /* of one parent, by condition */
	COUNT_CHILDREN,
	CREATE_GENERATED,
	DELETE_GENERATED, /* by name: a condition */
	COUNT_GENERATED,
	ACTIONS
};

enum { NO_ROW = -1, FAILED = -2 };

struct command_model {
	struct script script;
	enum action action;
	int row, value;
	bool doomed; /* fails whenever it is run */
	uint32_t faults;
	int expected; /* what it finds when all run one by one */
	int found;    /* what it has found in its batch */
	int generated_id;
	bool done;
};

struct database {
	bool parents[ROWS], children[ROWS], names[ROWS];
	int codes[ROWS], parent_of[ROWS];
};

static int children_of(struct database *database, int row, bool remove)
{
	int count = 0;

	for (int i = 0; i < ROWS; i++)
		if (database->children[i] && database->parent_of[i] == row) {
			count++;
			if (remove)
				database->children[i] = false;
		}
	return count;
}

static bool code_is_taken(const struct database *database, int code, int but)
{
	for (int i = 0; i < ROWS; i++)
		if (i != but && database->parents[i] && database->codes[i] == code)
			return true;
	return false;
}

static int run_parent(struct database *database, const struct command_model *model)
{
	bool *there = &database->parents[model->row];
	int row = model->row, value = model->value;

	if (model->action == CREATE_PARENT) {
		if (*there || code_is_taken(database, value, NO_ROW))
			return FAILED;
		*there = true;
		database->codes[row] = value;
		return 1;
	}
	if (!*there)
		return NO_ROW;
	if (model->action == READ_PARENT)
		return database->codes[row];
	if (model->action == RECODE_PARENT) {
		if (code_is_taken(database, value, row))
			return FAILED;
		database->codes[row] = value;
		return 1;
	}
	/* It moves or goes. */
	if (model->action == MOVE_PARENT && (value == row || database->parents[value]))
		return value == row ? 1 : FAILED;
	if (children_of(database, row, false) > 0) {
		if (model->action == MOVE_PARENT || foreign_key.on_delete == FOREIGN_KEY_RESTRICT)
			return FAILED;
		children_of(database, row, true);
	}
	*there = false;
	if (model->action == MOVE_PARENT) {
		database->parents[value] = true;
		database->codes[value] = database->codes[row];
	}
	return 1;
}

static int run_child(struct database *database, const struct command_model *model)
{
	bool *there = &database->children[model->row];

	switch ((int)model->action) {
	case CREATE_CHILD:
		if (*there || !database->parents[model->value])
			return FAILED;
		*there = true;
		database->parent_of[model->row] = model->value;
		return 1;
	case REPARENT_CHILD:
		if (*there && !database->parents[model->value])
			return FAILED;
		if (*there)
			database->parent_of[model->row] = model->value;
		return *there;
	case DELETE_CHILD: {
		bool was_there = *there;

		*there = false;
		return was_there;
	}
	case DELETE_CHILDREN:
		return children_of(database, model->row, true);
	default:
		return *there ? database->parent_of[model->row] : NO_ROW;
	}
}

static int run_generated(struct database *database, const struct command_model *model)
{
	bool was_there = database->names[model->row];

	if (model->action == CREATE_GENERATED && was_there)
		return FAILED;
	database->names[model->row] = model->action == CREATE_GENERATED;
	return was_there;
}

static bool is_count(const struct command_model *model)
{
	return model->action == COUNT_CHILDREN || model->action == COUNT_GENERATED;
}

static int run_command(struct database *database, const struct command_model *model)
{
	if (model->doomed || is_count(model))
		return FAILED;
	if (model->action <= READ_PARENT)
		return run_parent(database, model);
	return model->action <= COUNT_CHILDREN ? run_child(database, model) : run_generated(database, model);
}

/* What a count waits for: a write of its table, cascades included. */
static bool writes_for(const struct command_model *count, const struct command_model *model)
{
	if (model->doomed || is_count(model) || model->action == READ_PARENT || model->action == READ_CHILD)
		return false;
	if (count->action == COUNT_GENERATED)
		return model->action >= CREATE_GENERATED;
	return (model->action >= CREATE_CHILD && model->action <= DELETE_CHILDREN) ||
	       (model->action == DELETE_PARENT && foreign_key.on_delete == FOREIGN_KEY_CASCADE);
}

static const char *const digits[ROWS] = {"0", "1", "2", "3"};

static int footprint_of(struct script *script, struct footprint *footprint)
{
	const struct command_model *model = script->test;
	struct bytes row[2] = {bytes_of(digits[model->row]), bytes_of(digits[model->value])};
	struct bytes key[2] = {row[0], {0}};
	struct bytes moved[2] = {row[1], {0}};
	struct bytes second[2] = {{0}, row[1]};
	struct bytes name[2] = {{0}, {0}};
	static const bool first_changed[2] = {true, false}, second_changed[2] = {false, true};

	switch (model->action) {
	case CREATE_PARENT:
		return footprint_create(footprint, &parent, row);
	case RECODE_PARENT:
		return footprint_write_key(footprint, &parent, key, second_changed, second);
	case MOVE_PARENT:
		return footprint_write_key(footprint, &parent, key, first_changed, moved);
	case DELETE_PARENT:
		return footprint_write_key(footprint, &parent, key, NULL, NULL);
	case READ_PARENT:
		return footprint_read_key(footprint, &parent, key);
	case CREATE_CHILD:
		return footprint_create(footprint, &child, row);
	case REPARENT_CHILD:
		return footprint_write_key(footprint, &child, key, second_changed, second);
	case DELETE_CHILD:
		return footprint_write_key(footprint, &child, key, NULL, NULL);
	case READ_CHILD:
		return footprint_read_key(footprint, &child, key);
	case DELETE_CHILDREN:
		return footprint_write(footprint, &child, NULL);
	case COUNT_CHILDREN:
		return footprint_read(footprint, &child);
	case CREATE_GENERATED:
		return footprint_create(footprint, &generated, name);
	case DELETE_GENERATED:
		return footprint_write(footprint, &generated, NULL);
	case COUNT_GENERATED:
		return footprint_read(footprint, &generated);
	case ACTIONS:
		break;
	}
	return -EINVAL;
}

/* --- a run ----------------------------------------------------------------------------------------------------- */

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
		if (model->action == CREATE_GENERATED && model->found != FAILED)
			model->generated_id = ++run.next_id;
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

static void answer_wave(struct connection *connection, const struct statement *statements, size_t count)
{
	const struct statement_result result = {0};
	const struct sql_error refused = {.class = SQL_ERROR_OF_COMMAND, .code = ERROR_SQL_ERROR, .row = -1};
	size_t failing = draw(6) == 0 && may_fail(connection) ? draw((uint32_t)count) : count;

	for (size_t i = 0; i < count; i++) {
		const struct command_model *model = script_of_statement(&statements[i])->test;
		struct sql_error trouble = random_trouble();

		if (i == failing) {
			batch_failed(connection->batch, i, &trouble);
			if (trouble.class == SQL_ERROR_CONNECTION) {
				end(connection, BATCH_LOST, &trouble);
				return;
			}
		} else if (model->doomed && !model->script.fails_at_end) {
			batch_failed(connection->batch, i, &refused);
		} else {
			batch_done(connection->batch, i, &result);
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
