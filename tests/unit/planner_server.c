/* planner_server.c */
#include "planner_server.h"

#include "daemon/plan/batch_state.h"
#include "fake_shared.h"
#include "tests/support/unit.h"

#include <assert.h>

void server_adopt(struct connection *connection, struct batch *batch)
{
	*connection = (struct connection){.batch = batch, .count = batch_size(batch)};
	assert_true(connection->count <= SERVER_BATCH);
	for (uint32_t i = 0; i < connection->count; i++) {
		struct command_model *model = batch_task(batch, i)->job.owner;
		uint32_t place = i;

		for (; place > 0 && connection->models[place - 1]->index > model->index; place--)
			connection->models[place] = connection->models[place - 1];
		connection->models[place] = model;
	}
}

void server_begin(struct server *server, struct connection *connection)
{
	connection->begun = true;
	connection->work = server->committed;
	connection->executed_count = 0;
	for (uint32_t i = 0; i < connection->count; i++) {
		connection->models[i]->found = UNANSWERED;
		connection->models[i]->acted = 0;
		connection->models[i]->rolled_back = true;
	}
}

/* --- statements --- */

/* The models of a statement's jobs, in the order in which it meets them. */
static uint32_t models_of(const struct statement *statement, struct command_model *ret_models[SERVER_BATCH])
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

bool server_is_locked(const struct statement *statement)
{
	struct command_model *models[SERVER_BATCH] = {0};
	uint32_t count = models_of(statement, models);

	for (uint32_t i = 0; i < count; i++)
		if (models[i]->doom == DOOM_LOCKED && models[i]->script.restarted > models[i]->locked_from)
			return true;
	return false;
}

static bool execute_one(struct server *server, struct connection *connection, struct command_model *model)
{
	model->acted = model->script.restarted;
	model->found = execute_command(&connection->work, model);
	if (model->found == FAILED)
		return false;
	if (model->action == CREATE && model->table == MADE)
		model->generated_id = ++server->last_id;
	assert_true(connection->executed_count < SERVER_BATCH);
	connection->executed[connection->executed_count++] = model;
	return true;
}

/* One statement for all of them: it fails as a whole. */
static bool execute_group(struct server *server, struct connection *connection, struct command_model **models,
			  uint32_t count, bool partly)
{
	struct database before = connection->work;
	uint32_t executed_count = connection->executed_count;

	for (uint32_t i = 0; i < count; i++)
		models[i]->script.bad = false;
	for (uint32_t i = 0; i < count; i++) {
		if (models[i]->doom != DOOM_AT_ONCE && execute_one(server, connection, models[i]))
			continue;
		models[i]->script.bad = true;
		models[i]->found = FAILED;
		if (!partly) {
			connection->work = before;
			connection->executed_count = executed_count;
		}
		return false;
	}
	return true;
}

bool server_execute(struct server *server, struct connection *connection, const struct statement *statement,
		    bool partly)
{
	struct command_model *models[SERVER_BATCH] = {0};
	uint32_t count = models_of(statement, models);
	struct command_model *model = models[0];

	if (count > 1)
		return execute_group(server, connection, models, count, partly);
	assert(model);
	if (model->doom == DOOM_AT_ONCE || model->doom == DOOM_AT_END)
		model->found = FAILED;
	if (model->doom == DOOM_AT_ONCE)
		return false;
	if (model->doom == DOOM_AT_END || model->script.wave != model->acts_in_wave ||
	    model->acted == model->script.restarted)
		return true;
	return execute_one(server, connection, model);
}

/* --- the end --- */

bool server_may_repeat(const struct connection *connection)
{
	uint32_t words = 0;

	/* Words may refer to words behind them: the second time those are there. */
	for (uint32_t i = 0; i < connection->count; i++) {
		words += connection->models[i]->action == CREATE && connection->models[i]->table == WORD;
		if (connection->models[i]->times >= TIMES - 2)
			return false;
	}
	return words < 2;
}

bool server_may_fail(struct connection *connection, uint32_t most_faults)
{
	for (uint32_t i = 0; i < connection->count; i++)
		if (connection->models[i]->faults >= most_faults)
			return false;
	for (uint32_t i = 0; i < connection->count; i++)
		connection->models[i]->faults++;
	return true;
}

bool server_may_be_stale(struct connection *connection)
{
	for (uint32_t i = 0; i < connection->count; i++)
		if (connection->models[i]->stale)
			return false;
	for (uint32_t i = 0; i < connection->count; i++)
		connection->models[i]->stale = true;
	return true;
}

/* A count behind the command must not have been answered yet: it is to see what the command has changed. */
static void check_counts(const struct server *server, const struct command_model *model, const struct database *before,
			 const struct database *after)
{
	for (uint32_t i = (uint32_t)model->index + 1; i < server->count; i++) {
		const struct command_model *count = &server->models[i];

		if (is_count(count) && count->found != UNANSWERED &&
		    memcmp(&before->tables[count->table], &after->tables[count->table], sizeof(struct rows)) != 0)
			fail_msg("read %d was answered before write %d", count->index, model->index);
	}
}

void server_commit(struct server *server, struct connection *connection)
{
	struct database as_sent = server->committed;

	for (uint32_t i = 0; i < connection->executed_count; i++)
		(void)execute_command(&as_sent, connection->executed[i]);
	for (uint32_t i = 0; i < connection->count; i++) {
		struct command_model *model = connection->models[i];
		struct database before = server->committed;

		if (model->doom == DOOM_LOCKED)
			model->doom = DOOM_NONE; /* it came in time */
		if (run_command(&server->committed, model) != model->found)
			fail_msg("command %d did not find what is committed", model->index);
		check_counts(server, model, &before, &server->committed);
	}
	assert_memory_equal(&as_sent, &server->committed, sizeof(as_sent));
	for (uint32_t i = 0; i < connection->count; i++)
		connection->models[i]->times++;
}
