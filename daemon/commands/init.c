/* commands/init.c - `rowd init`: rowd's own tables, those of DDL files, and rows from CSV files. */
#include "daemon/commands/command.h"

#include "daemon/database/introspection.h"
#include "daemon/import/import.h"
#include "daemon/import/schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* What the command line asked for. */
struct request {
	const struct options *options;
	struct schema_file *files;
	size_t file_count;
	struct import *imports;
	size_t import_count;
	bool drop, yes;
};

/* ---- the command line ---- */

static int add_import(struct request *request, char *text, bool empty_is_text)
{
	char *equals = strchr(text, '=');

	if (!equals || equals == text || equals[1] == '\0')
		return command_usage_error("--import wants TABLE=FILE.csv, not '%s'", text);
	*equals = '\0';
	request->imports[request->import_count++] =
		(struct import){.table = text, .path = equals + 1, .empty_is_text = empty_is_text};
	return 0;
}

static int read_words(struct request *request, const struct invocation *invocation)
{
	bool empty_is_text = command_has_flag(invocation, "--empty-string");

	request->drop = command_has_flag(invocation, "--drop");
	request->yes = command_has_flag(invocation, "--yes");
	for (char **word = invocation->words; *word; word++) {
		int status = 0;
		if (command_flag_value(*word, "--import="))
			status = add_import(request, *word + strlen("--import="), empty_is_text);
		else if (strncmp(*word, "--", 2) != 0)
			status = schema_read(*word, &request->files[request->file_count++]) < 0 ? EX_NOINPUT : 0;
		if (status != 0)
			return status;
	}
	if (request->drop && request->file_count == 0)
		return command_usage_error("--drop drops the tables of FILE.sql, and there is none");
	return 0;
}

/* ---- the steps ---- */

static int confirm_drop(const struct request *request)
{
	char answer[16];

	if (request->yes)
		return 0;
	if (!isatty(STDIN_FILENO))
		return command_usage_error("--drop needs --yes when standard input is no terminal");
	printf("These tables of %s, with all of their rows, will be dropped: ",
	       request->options->database.url.database);
	size_t count = schema_list_tables(request->files, request->file_count, stdout);
	if (count == 0) {
		puts("none");
		return 0;
	}
	fprintf(stdout, "\nType yes to go on: ");
	fflush(stdout);
	if (fgets(answer, sizeof(answer), stdin) && strcmp(answer, "yes\n") == 0)
		return 0;
	fputs("rowd: nothing was done\n", stderr);
	return EXIT_FAILURE;
}

static int create_tables(const struct request *request, struct session *session)
{
	struct schema_file own = schema_of_rowd();
	int result = schema_create(session, &own);

	if (result == 0 && request->drop)
		result = schema_drop(session, request->files, request->file_count);
	for (size_t i = 0; i < request->file_count && result == 0; i++)
		result = schema_create(session, &request->files[i]);
	return result;
}

/* Returns an exit status. */
static int load_rows(const struct request *request, struct session *session)
{
	struct catalog *catalog = NULL;
	struct sql_error error;
	int status = 0;

	if (request->import_count == 0)
		return 0;
	if (introspection_read(session, &catalog, &error) < 0) {
		fprintf(stderr, "rowd: information_schema: %s\n", error.message);
		return EX_UNAVAILABLE;
	}
	for (size_t i = 0; i < request->import_count && status != EX_UNAVAILABLE; i++) {
		struct import_counts counts;
		int result = import_file(session, catalog, &request->imports[i], &counts);
		if (result == -EIO)
			status = EX_UNAVAILABLE;
		else if (result == -ENOENT)
			status = EX_NOINPUT;
		else if (result < 0 || counts.rejected > 0)
			status = EXIT_FAILURE;
	}
	catalog_unref(catalog);
	return status;
}

static int work(const struct request *request)
{
	struct session *session = NULL;
	struct sql_error error;

	if (session_open(&request->options->database, false, &session, &error) < 0) {
		fprintf(stderr, "rowd: the database: %s (%u)\n", error.message, error.number);
		return EX_UNAVAILABLE;
	}
	int status = create_tables(request, session) < 0 ? EXIT_FAILURE : load_rows(request, session);
	session_close(session);
	return status;
}

static void request_free(struct request *request)
{
	for (size_t i = 0; i < request->file_count; i++)
		schema_free(&request->files[i]);
	free(request->files);
	free(request->imports);
}

static int run(const struct invocation *invocation)
{
	struct request request = {0};
	size_t words = 0;
	int status = 0;

	while (invocation->words[words])
		words++;
	request.files = calloc(words + 1, sizeof(*request.files));
	request.imports = calloc(words + 1, sizeof(*request.imports));
	if (!request.files || !request.imports) {
		request_free(&request);
		return EX_OSERR;
	}
	status = read_words(&request, invocation);
	struct options *options = status == 0 ? command_load_options(invocation, &status) : NULL;
	request.options = options;
	if (options && request.drop)
		status = confirm_drop(&request);
	if (options && status == 0) {
		session_library_open();
		status = work(&request);
		session_library_close();
	}
	options_free(options);
	request_free(&request);
	return status;
}

static const char *const flags[] = {"--drop", "--yes", "--empty-string", "--import=", NULL};

const struct subcommand init_subcommand = {
	.name = "init",
	.summary = "create rowd's own tables, those of DDL files, and load CSV files",
	.usage = "usage: rowd init [FILE.sql ...] [--drop] [--yes] [--import TABLE=FILE.csv ...] [--empty-string]\n"
		 "                 [-c FILE] [--env-file FILE] [--section-key=value ...]\n"
		 "\n"
		 "Creates rowd's own tables, runs the statements of the SQL files, and loads the CSV files.\n"
		 "\n"
		 "  --drop               first drop the tables that the SQL files create, with all of their rows\n"
		 "                       (never rowd's own); asks before it does\n"
		 "  --yes                do not ask\n"
		 "  --import TABLE=FILE  load a CSV file: RFC 4180, with a header line that names the columns\n"
		 "  --empty-string       an empty field is an empty text; without this it is NULL, as \\N always is\n"
		 "\n"
		 "Rows that cannot be stored are listed by line and reason; all others are loaded.\n"
		 "\n"
		 "Exit status: 0 done, 1 the server refused a statement or a row was rejected, 64 wrong usage,\n"
		 "66 a file cannot be read, 69 the database cannot be reached, 78 bad configuration.\n",
	.flags = flags,
	.run = run,
};
