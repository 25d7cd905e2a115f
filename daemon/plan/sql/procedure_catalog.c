/* plan/sql/procedure_catalog.c - ping, info, tables, describe: answered from what is known already. */
#include "daemon/plan/sql/procedure_state.h"

static void write_text_member(struct writer *writer, const char *name, struct bytes text)
{
	writer_key(writer, bytes_of(name));
	if (text.data)
		writer_str(writer, text);
	else
		writer_nil(writer);
}

static void write_uint_member(struct writer *writer, const char *name, uint64_t number)
{
	writer_key(writer, bytes_of(name));
	writer_uint(writer, number);
}

static void write_bool_member(struct writer *writer, const char *name, bool value)
{
	writer_key(writer, bytes_of(name));
	writer_bool(writer, value);
}

static void write_pong(struct job_plan *plan)
{
	writer_str(answer_begin(&plan->answer, "value"), BYTES("pong"));
	answer_end(&plan->answer);
}

static int finish_ping(struct job *job)
{
	write_pong(job->plan);
	return 0;
}

int answer_ping(struct job *job)
{
	struct job_plan *plan = job->plan;

	if (!job->command.operation.db) {
		write_pong(plan);
		return 0;
	}
	plan->kind = PROCEDURE_BY_KEY;
	plan->finish = finish_ping;
	buffer_append_text(plan_statement_begin(plan, &plan->first, ROLE_NUMBER), "SELECT 1");
	return plan_statement_end(plan, &plan->first);
}

static void write_limits(struct writer *writer, const struct policy *policy, const struct procedure_facts *facts)
{
	writer_key(writer, BYTES("limits"));
	writer_map(writer, 5);
	write_uint_member(writer, "in_flight", facts->in_flight);
	write_uint_member(writer, "message_bytes", facts->message_bytes);
	write_uint_member(writer, "batch", facts->batch);
	write_uint_member(writer, "reply_bytes", facts->reply_bytes);
	write_uint_member(writer, "max_rows", policy->max_rows);
	writer_map_end(writer);
}

static bool is_named(const struct job *job, const struct table *table)
{
	return !table->transactional && policy_allows_table(job->policy, table->name);
}

/* Where `delivery` does not hold: what the server cannot take back may be there twice after a crash. */
static void write_not_transactional(struct writer *writer, const struct job *job)
{
	const struct catalog *catalog = job->plan->catalog;
	uint32_t count = 0;

	writer_key(writer, BYTES("not_transactional"));
	for (uint32_t i = 0; i < catalog_table_count(catalog); i++)
		count += is_named(job, catalog_table_at(catalog, i));
	writer_array(writer, count);
	for (uint32_t i = 0; i < catalog_table_count(catalog); i++)
		if (is_named(job, catalog_table_at(catalog, i)))
			writer_str(writer, catalog_table_at(catalog, i)->name);
	writer_array_end(writer);
}

int answer_info(struct job *job, const struct procedure_facts *facts)
{
	const struct server_facts *server = job->plan->compiler.server;
	struct writer *writer = answer_begin(&job->plan->answer, "row");

	writer_map(writer, 8);
	write_text_member(writer, "version", bytes_of(facts->version));
	write_text_member(writer, "server", server->kind == SERVER_MARIADB ? BYTES("mariadb") : BYTES("mysql"));
	write_text_member(writer, "server_version", bytes_of(server->version_text));
	write_text_member(writer, "worker", bytes_of(facts->worker));
	write_text_member(writer, "queue", job->policy->queue);
	write_text_member(writer, "delivery", job->policy->delivery);
	write_not_transactional(writer, job);
	write_limits(writer, job->policy, facts);
	writer_map_end(writer);
	answer_end(&job->plan->answer);
	return 0;
}

int answer_tables(struct job *job)
{
	struct job_plan *plan = job->plan;

	answer_begin_array(&plan->answer, "rows");
	for (uint32_t i = 0; i < catalog_table_count(plan->catalog); i++) {
		const struct table *table = catalog_table_at(plan->catalog, i);
		const struct bytes no_engine = {0};
		struct writer *writer;

		if (!policy_allows_table(job->policy, table->name))
			continue;
		writer = answer_item(&plan->answer);
		writer_map(writer, 5);
		write_text_member(writer, "name", table->name);
		write_text_member(writer, "kind", table->is_view ? BYTES("view") : BYTES("table"));
		write_text_member(writer, "engine", table->is_view ? no_engine : table->engine);
		write_uint_member(writer, "estimated_rows", table->estimated_rows);
		write_text_member(writer, "comment", table->comment);
		writer_map_end(writer);
	}
	answer_end_array(&plan->answer);
	return 0;
}

static void write_names(struct writer *writer, const struct column *const *columns, uint32_t count)
{
	writer_array(writer, count);
	for (uint32_t i = 0; i < count; i++)
		writer_str(writer, columns[i]->name);
	writer_array_end(writer);
}

static void describe_columns(struct answer *answer, const struct table *table)
{
	answer_begin_array(answer, "columns");
	for (uint32_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];
		struct writer *writer = answer_item(answer);

		writer_map(writer, 5);
		write_text_member(writer, "name", column->name);
		write_text_member(writer, "type", column->type);
		write_bool_member(writer, "nullable", column->nullable);
		write_text_member(writer, "default", column->default_text);
		write_bool_member(writer, "generated", column->generated);
		writer_map_end(writer);
	}
	answer_end_array(answer);
}

static void describe_keys(struct answer *answer, const struct table *table)
{
	const struct key *primary = table->primary_key;

	write_names(answer_begin(answer, "primary_key"), primary ? primary->columns : NULL,
		    primary ? primary->column_count : 0);
	answer_end(answer);
	answer_begin_array(answer, "unique");
	for (uint32_t i = 0; i < table->key_count; i++) {
		const struct key *key = &table->keys[i];
		struct writer *writer;

		if (key->kind == KEY_PRIMARY)
			continue;
		writer = answer_item(answer);
		writer_map(writer, 2);
		write_text_member(writer, "name", key->name);
		writer_key(writer, BYTES("columns"));
		writer_array(writer, key->part_count);
		for (uint32_t j = 0; j < key->part_count; j++)
			writer_str(writer, key->parts[j]);
		writer_array_end(writer);
		writer_map_end(writer);
	}
	answer_end_array(answer);
}

/* NULL: it is hidden. */
static const char *action_name(enum foreign_key_action action)
{
	switch (action) {
	case FOREIGN_KEY_RESTRICT:
		break;
	case FOREIGN_KEY_CASCADE:
		return "CASCADE";
	case FOREIGN_KEY_SET_NULL:
		return "SET NULL";
	case FOREIGN_KEY_SET_DEFAULT:
		return "SET DEFAULT";
	case FOREIGN_KEY_HIDDEN:
		return NULL;
	}
	return "RESTRICT";
}

static void write_action(struct writer *writer, enum foreign_key_action action)
{
	const char *name = action_name(action);

	writer_key(writer, BYTES("on_delete"));
	if (name)
		writer_str(writer, bytes_of(name));
	else
		writer_nil(writer);
}

static void describe_foreign_key(struct writer *writer, const struct foreign_key *foreign_key)
{
	writer_map(writer, 5);
	write_text_member(writer, "name", foreign_key->name);
	writer_key(writer, BYTES("columns"));
	write_names(writer, foreign_key->columns, foreign_key->column_count);
	write_text_member(writer, "table", foreign_key->parent_name);
	writer_key(writer, BYTES("references"));
	writer_array(writer, foreign_key->column_count);
	for (uint32_t i = 0; i < foreign_key->column_count; i++)
		writer_str(writer, foreign_key->references[i]);
	writer_array_end(writer);
	write_action(writer, foreign_key->on_delete);
	writer_map_end(writer);
}

int answer_describe(struct job *job)
{
	struct answer *answer = &job->plan->answer;
	const struct table *table = job->plan->table;

	describe_columns(answer, table);
	describe_keys(answer, table);
	answer_begin_array(answer, "foreign_keys");
	/* Not those to tables that do not exist for this queue. */
	for (uint32_t i = 0; i < table->foreign_key_count; i++) {
		if (policy_allows_table(job->policy, table->foreign_keys[i]->parent_name))
			describe_foreign_key(answer_item(answer), table->foreign_keys[i]);
	}
	answer_end_array(answer);
	return 0;
}
