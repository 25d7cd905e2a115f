/* import/schema.c - see schema.h. */
#include "daemon/import/schema.h"

#include "common/buffer.h"
#include "daemon/database/own_tables.h"
#include "daemon/database/sql_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <strings.h>

enum { FILE_BYTES = 256 << 20 };

int schema_read(const char *path, struct schema_file *ret_file)
{
	FILE *file = fopen(path, "re");
	struct buffer content;
	int result = -EINVAL;

	if (!file) {
		fprintf(stderr, "rowd: %s: %s\n", path, strerror(errno));
		return -EINVAL;
	}
	buffer_init(&content, FILE_BYTES);
	for (;;) {
		char *room = buffer_reserve(&content, 1 << 16);
		size_t size = room ? fread(room, 1, 1 << 16, file) : 0;
		if (size == 0)
			break;
		content.size += size;
	}
	if (content.state == BUFFER_TOO_LARGE)
		fprintf(stderr, "rowd: %s: larger than %d MiB\n", path, FILE_BYTES >> 20);
	else if (content.state == BUFFER_NO_MEMORY || ferror(file))
		fprintf(stderr, "rowd: %s: cannot be read\n", path);
	else
		result = 0;
	fclose(file);
	if (result < 0)
		buffer_free(&content);
	else
		*ret_file = (struct schema_file){path, buffer_bytes(&content), content.data};
	return result;
}

void schema_free(struct schema_file *file)
{
	free(file->memory);
}

struct schema_file schema_of_rowd(void)
{
	return (struct schema_file){.path = "rowd's own tables", .text = own_tables_text()};
}

static int tell_open(const struct schema_file *file, const struct sql_statement *open)
{
	fprintf(stderr, "rowd: %s:%u: %.*s is not closed\n", file->path, open->line, BYTES_ARG(open->text));
	return -EINVAL;
}

/* How far into the statement the server saw the fault is in its own words ("at line 3"), counted from here. */
static int tell_error(const struct schema_file *file, uint32_t line, const struct sql_error *error)
{
	fprintf(stderr, "rowd: %s:%u: %s (%u)\n", file->path, line, error->message, error->number);
	return -EIO;
}

int schema_create(struct session *session, const struct schema_file *file)
{
	struct sql_text text = sql_text_start(file->text);
	struct sql_statement statement = {.line = 1};
	struct sql_error error;
	int result;

	while ((result = sql_text_next(&text, &statement)) > 0) {
		if (statement.text.size >= 9 && strncasecmp(statement.text.data, "DELIMITER", 9) == 0) {
			fprintf(stderr, "rowd: %s:%u: DELIMITER is a command of the mysql program, not SQL\n",
				file->path, statement.line);
			return -EINVAL;
		}
		if (session_query(session, statement.text, NULL, NULL, NULL, &error) < 0)
			return tell_error(file, statement.line, &error);
	}
	if (result < 0)
		return tell_open(file, &statement);
	/* A file may hold rows as well as tables. */
	if (session_query(session, BYTES("COMMIT"), NULL, NULL, NULL, &error) < 0)
		return tell_error(file, statement.line, &error);
	return 0;
}

static bool is_rowds_own(struct bytes name)
{
	return name.size >= 5 && strncasecmp(name.data, "rowd_", 5) == 0;
}

/* Calls visit for each table that the file creates, in order. Returns 0, what visit returned, or -EINVAL. */
static int each_table(const struct schema_file *file, int (*visit)(void *context, struct bytes spelled), void *context)
{
	struct sql_text text = sql_text_start(file->text);
	struct sql_statement statement;
	int result;

	while ((result = sql_text_next(&text, &statement)) > 0) {
		struct bytes name;
		struct bytes spelled = sql_created_table(statement.text, &name);
		if (spelled.size == 0 || is_rowds_own(name))
			continue;
		int stopped = visit(context, spelled);
		if (stopped < 0)
			return stopped;
	}
	return result < 0 ? tell_open(file, &statement) : 0;
}

struct listing {
	FILE *to;
	size_t count;
};

static int print_name(void *context, struct bytes spelled)
{
	struct listing *listing = context;

	fprintf(listing->to, "%s%.*s", listing->count ? ", " : "", BYTES_ARG(spelled));
	listing->count++;
	return 0;
}

size_t schema_list_tables(const struct schema_file *files, size_t count, FILE *to)
{
	struct listing listing = {.to = to};

	for (size_t i = 0; i < count; i++)
		each_table(&files[i], print_name, &listing);
	return listing.count;
}

struct names {
	struct bytes *spelled;
	size_t count;
};

static int note_name(void *context, struct bytes spelled)
{
	struct names *names = context;
	struct bytes *grown = realloc(names->spelled, (names->count + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	grown[names->count++] = spelled;
	names->spelled = grown;
	return 0;
}

static int drop(struct session *session, struct bytes spelled)
{
	struct sql_error error;
	char *text = NULL;
	int size = asprintf(&text, "DROP TABLE IF EXISTS %.*s", BYTES_ARG(spelled));

	if (size < 0)
		return -ENOMEM;
	int result = session_query(session, (struct bytes){text, (size_t)size}, NULL, NULL, NULL, &error);
	if (result < 0)
		fprintf(stderr, "rowd: DROP TABLE %.*s: %s (%u)\n", BYTES_ARG(spelled), error.message, error.number);
	free(text);
	return result;
}

int schema_drop(struct session *session, const struct schema_file *files, size_t count)
{
	struct names names = {0};
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++)
		result = each_table(&files[i], note_name, &names);
	for (size_t i = names.count; i > 0 && result == 0; i--)
		result = drop(session, names.spelled[i - 1]);
	free(names.spelled);
	return result;
}
