/* commands/tables.c - `rowd tables`: what a command could name, as rowd sees it. */
#include "daemon/commands/command.h"

#include "common/writer.h"
#include "daemon/database/introspection.h"
#include "daemon/database/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

enum { JSON_BYTES = 256 << 20 };

/* Whether any of the queues may use it. */
static bool is_visible(const struct options *options, const struct table *table)
{
	for (uint32_t i = 0; i < options->queue_count; i++) {
		if (policy_allows_table(&options->queues[i].policy, table->name))
			return true;
	}
	return false;
}

static bool is_in_key(const struct key *key, const struct column *column)
{
	for (uint32_t i = 0; key && i < key->column_count; i++) {
		if (key->columns[i] == column)
			return true;
	}
	return false;
}

static void print_table(const struct table *table)
{
	printf("%.*s  (%s, about %" PRIu64 " rows)\n", BYTES_ARG(table->name), table->is_view ? "view" : "table",
	       table->estimated_rows);
	for (uint32_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];
		printf("    %-24.*s %.*s%s%s%s\n", BYTES_ARG(column->name), BYTES_ARG(column->type),
		       column->nullable ? "" : ", not null", column->generated ? ", generated" : "",
		       is_in_key(table->primary_key, column) ? ", primary key" : "");
	}
}

static void write_column(struct writer *writer, const struct table *table, const struct column *column)
{
	writer_map(writer, 5);
	writer_key(writer, BYTES("name"));
	writer_str(writer, column->name);
	writer_key(writer, BYTES("type"));
	writer_str(writer, column->type);
	writer_key(writer, BYTES("nullable"));
	writer_bool(writer, column->nullable);
	writer_key(writer, BYTES("generated"));
	writer_bool(writer, column->generated);
	writer_key(writer, BYTES("primary_key"));
	writer_bool(writer, is_in_key(table->primary_key, column));
	writer_map_end(writer);
}

static void write_table(struct writer *writer, const struct table *table)
{
	writer_map(writer, 4);
	writer_key(writer, BYTES("name"));
	writer_str(writer, table->name);
	writer_key(writer, BYTES("kind"));
	writer_str(writer, table->is_view ? BYTES("view") : BYTES("table"));
	writer_key(writer, BYTES("estimated_rows"));
	writer_uint(writer, table->estimated_rows);
	writer_key(writer, BYTES("columns"));
	writer_array(writer, table->column_count);
	for (uint32_t i = 0; i < table->column_count; i++)
		write_column(writer, table, &table->columns[i]);
	writer_array_end(writer);
	writer_map_end(writer);
}

static uint32_t count_visible(const struct options *options, const struct catalog *catalog)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < catalog_table_count(catalog); i++)
		count += is_visible(options, catalog_table_at(catalog, i));
	return count;
}

static int print_json(const struct options *options, const struct catalog *catalog)
{
	struct buffer out;
	struct writer writer;
	int status = 0;

	buffer_init(&out, JSON_BYTES);
	writer_init(&writer, CODEC_JSON, &out);
	writer_array(&writer, count_visible(options, catalog));
	for (uint32_t i = 0; i < catalog_table_count(catalog); i++) {
		if (is_visible(options, catalog_table_at(catalog, i)))
			write_table(&writer, catalog_table_at(catalog, i));
	}
	writer_array_end(&writer);
	if (buffer_failed(&out))
		status = EX_OSERR;
	else
		printf("%.*s\n", BYTES_ARG(buffer_bytes(&out)));
	buffer_free(&out);
	return status;
}

static int print_catalog(const struct options *options, const struct catalog *catalog, bool json)
{
	if (json)
		return print_json(options, catalog);
	for (uint32_t i = 0; i < catalog_table_count(catalog); i++) {
		if (is_visible(options, catalog_table_at(catalog, i)))
			print_table(catalog_table_at(catalog, i));
	}
	return 0;
}

static int read_and_print(const struct options *options, bool json)
{
	struct session *session = NULL;
	struct catalog *catalog = NULL;
	struct sql_error error;
	int status = EX_UNAVAILABLE;

	if (session_open(&options->database, false, &session, &error) < 0 ||
	    introspection_read(session, &catalog, &error) < 0) {
		fprintf(stderr, "rowd: the database: %s\n", error.message);
	} else {
		status = print_catalog(options, catalog, json);
	}
	catalog_unref(catalog);
	if (session)
		session_close(session);
	return status;
}

static int run(const struct invocation *invocation)
{
	bool json = command_has_flag(invocation, "--json");
	int status = 0;

	if (invocation->words[json ? 1 : 0])
		return command_usage_error("tables takes no operands");
	struct options *options = command_load_options(invocation, &status);
	if (!options)
		return status;
	session_library_open();
	status = read_and_print(options, json);
	session_library_close();
	options_free(options);
	return status;
}

static const char *const flags[] = {"--json", NULL};

const struct subcommand tables_subcommand = {
	.name = "tables",
	.summary = "list what a command could name: tables, views, columns",
	.usage = "usage: rowd tables [--json] [-c FILE] [--env-file FILE] [--section-key=value ...]\n"
		 "\n"
		 "Lists the tables and views that commands of any queue could name, as rowd sees them with its own\n"
		 "account. The numbers of rows are the server's estimates.\n",
	.flags = flags,
	.run = run,
};
