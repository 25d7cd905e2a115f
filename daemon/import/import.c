/* import/import.c - see import.h.
 *
 *   CSV --row--> (literal, literal, …) --chunk--> INSERT … VALUES many --> COMMIT
 *                                                    | refused
 *                                                    +--> by halves, down to the row at fault
 *
 * Values go through the same code as those of commands, so that both agree on what a column takes. */
#include "daemon/import/import.h"

#include "common/arena.h"
#include "common/nearest.h"
#include "daemon/import/csv.h"
#include "daemon/import/progress.h"
#include "daemon/plan/sql/compiler.h"
#include "daemon/plan/sql/literal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A chunk is one statement and one transaction: large enough that round trips and flushes do not count, small enough
 * that a lost one is soon repeated. */
enum { CHUNK_ROWS = 1000, CHUNK_BYTES = 512 << 10, ROW_BYTES = 64 << 20, TRANSACTION_TRIES = 5 };

struct row {
	uint64_t line;
	size_t start, size; /* in the chunk's text */
	bool rejected;
};

struct importer {
	const struct import *import;
	struct session *session;
	const struct table *table;
	const struct server_facts *server;
	const struct column **columns; /* of the header, in its order */
	size_t column_count;
	size_t statement_limit; /* bytes that the server takes */
	struct csv_reader *csv;
	struct progress progress;
	struct arena arena;
	struct buffer values; /* the chunk's rows, as they stand in VALUES */
	struct row rows[CHUNK_ROWS];
	size_t row_count;
	struct buffer statement;
	struct import_counts counts;
};

/* column: "" when it is about the whole row. */
static void reject(struct importer *importer, uint64_t line, const char *column, const char *reason)
{
	progress_hide(&importer->progress);
	fprintf(stderr, "%s:%" PRIu64 ": %s%s%s\n", importer->import->path, line, column, *column ? ": " : "", reason);
	importer->counts.rejected++;
}

/* ---- from the chunk to the server ---- */

static void build_insert(struct importer *importer, size_t first, size_t count)
{
	struct buffer *out = &importer->statement;
	const char *separator = "";

	buffer_reset(out);
	buffer_append_text(out, "INSERT INTO ");
	buffer_append(out, importer->table->quoted);
	for (size_t i = 0; i < importer->column_count; i++) {
		buffer_append_text(out, i ? "," : "(");
		buffer_append(out, importer->columns[i]->quoted);
	}
	buffer_append_text(out, ")VALUES");
	for (size_t i = first; i < first + count; i++) {
		const struct row *row = &importer->rows[i];
		if (row->rejected)
			continue;
		buffer_append_text(out, separator);
		buffer_append(out, (struct bytes){importer->values.data + row->start, row->size});
		separator = ",";
	}
}

/* Inserts a range of rows, by halves where one of them is at fault. Returns 0; -EAGAIN when the transaction has to be
 * run again; -EIO; -ENOMEM. */
static int insert_range(struct importer *importer, size_t first, size_t count)
{
	struct sql_error error;

	while (count > 0 && importer->rows[first].rejected) {
		first++;
		count--;
	}
	if (count == 0)
		return 0;
	build_insert(importer, first, count);
	if (buffer_failed(&importer->statement))
		return -ENOMEM;
	if (session_query(importer->session, buffer_bytes(&importer->statement), NULL, NULL, NULL, &error) == 0)
		return 0;
	if (error.class == SQL_ERROR_TRANSACTION || error.class == SQL_ERROR_LOCK_WAIT)
		return -EAGAIN;
	if (error.class != SQL_ERROR_OF_COMMAND) {
		progress_hide(&importer->progress);
		fprintf(stderr, "rowd: %s: %s (%u)\n", importer->import->path, error.message, error.number);
		return -EIO;
	}
	if (count == 1) {
		importer->rows[first].rejected = true;
		reject(importer, importer->rows[first].line, "", error.message);
		return 0;
	}
	int result = insert_range(importer, first, count / 2);
	return result < 0 ? result : insert_range(importer, first + count / 2, count - count / 2);
}

static int end_transaction(struct importer *importer, struct bytes how)
{
	struct sql_error error;

	if (session_query(importer->session, how, NULL, NULL, NULL, &error) == 0)
		return 0;
	progress_hide(&importer->progress);
	fprintf(stderr, "rowd: %s: %.*s: %s (%u)\n", importer->import->path, BYTES_ARG(how), error.message,
		error.number);
	return -EIO;
}

static int flush_chunk(struct importer *importer)
{
	int result = -EAGAIN;

	for (int try = 0; try < TRANSACTION_TRIES && result == -EAGAIN; try++) {
		result = insert_range(importer, 0, importer->row_count);
		if (result == -EAGAIN && end_transaction(importer, BYTES("ROLLBACK")) < 0)
			return -EIO;
	}
	if (result == -EAGAIN) {
		fprintf(stderr, "rowd: %s: locked by others, %d times in a row\n", importer->import->path,
			TRANSACTION_TRIES);
		return -EIO;
	}
	if (result < 0 || (result = end_transaction(importer, BYTES("COMMIT"))) < 0)
		return result;
	for (size_t i = 0; i < importer->row_count; i++)
		importer->counts.loaded += !importer->rows[i].rejected;
	importer->row_count = 0;
	buffer_reset(&importer->values);
	progress_show(&importer->progress, csv_position(importer->csv), importer->counts.loaded);
	return 0;
}

/* ---- from the file to the chunk ---- */

/* Appends one row to the chunk's text. Returns 0, -EINVAL with the error, or -ENOMEM. */
static int append_row(struct importer *importer, const struct csv_field *fields, struct error *error)
{
	struct compiler compiler = {
		.arena = &importer->arena,
		.out = &importer->values,
		.table = importer->table,
		.server = importer->server,
		.error = error,
	};

	for (size_t i = 0; i < importer->column_count; i++) {
		struct value value = {.type = VALUE_NIL};
		if (!csv_is_null(&fields[i], importer->import->empty_is_text))
			value = (struct value){
				.type = VALUE_STR, .size = (uint32_t)fields[i].text.size, .data = fields[i].text.data};
		buffer_append_byte(&importer->values, i ? ',' : '(');
		int result = literal_append(&compiler, importer->columns[i], &value, LITERAL_STORE);
		if (result < 0)
			return result;
	}
	buffer_append_byte(&importer->values, ')');
	return buffer_failed(&importer->values) ? -ENOMEM : 0;
}

/* Takes one record into the chunk, or rejects it. Returns 0 or a negative errno that ends the import. */
static int take_record(struct importer *importer, const struct csv_field *fields, size_t count)
{
	size_t start = importer->values.size;
	uint64_t line = csv_line(importer->csv);
	struct error error;

	if (count != importer->column_count) {
		char reason[80];
		snprintf(reason, sizeof(reason), "%zu fields, but the header has %zu", count, importer->column_count);
		reject(importer, line, "", reason);
		return 0;
	}
	arena_reset(&importer->arena);
	int result = append_row(importer, fields, &error);
	size_t size = importer->values.size - start;
	bool too_large = result == 0 && size > importer->statement_limit;
	if (result == -EINVAL || too_large) {
		reject(importer, line, too_large ? "" : error.at_column,
		       too_large ? "larger than the server's max_allowed_packet" : error.message);
		importer->values.size = start;
		return 0;
	}
	if (result < 0)
		return result;
	importer->rows[importer->row_count++] = (struct row){.line = line, .start = start, .size = size};
	return 0;
}

static int read_rows(struct importer *importer)
{
	const struct csv_field *fields;
	size_t count;
	int result;

	while ((result = csv_next(importer->csv, &fields, &count)) != 0) {
		if (result == -EBADMSG) {
			reject(importer, csv_line(importer->csv), "", csv_problem(importer->csv));
			continue;
		}
		if (result < 0)
			return result;
		/* A row may be as large as a statement may be: before it joins others there has to be room. */
		if (importer->row_count == CHUNK_ROWS || importer->values.size > CHUNK_BYTES) {
			result = flush_chunk(importer);
			if (result < 0)
				return result;
		}
		result = take_record(importer, fields, count);
		if (result < 0)
			return result;
	}
	return importer->row_count > 0 ? flush_chunk(importer) : 0;
}

/* ---- the header ---- */

static int find_header_column(struct importer *importer, struct bytes name, const struct column **ret_column)
{
	const struct table *table = importer->table;
	struct nearest nearest = nearest_start(name);
	const struct column *column = table_find_column(table, name);

	for (size_t i = 0; i < importer->column_count; i++) {
		if (column && importer->columns[i] == column) {
			fprintf(stderr, "rowd: %s: the column '%.*s' stands twice in the header\n",
				importer->import->path, BYTES_ARG(name));
			return -EINVAL;
		}
	}
	if (column && column->generated) {
		fprintf(stderr, "rowd: %s: the server computes the column '%.*s' itself\n", importer->import->path,
			BYTES_ARG(name));
		return -EINVAL;
	}
	if (column) {
		*ret_column = column;
		return 0;
	}
	for (uint32_t i = 0; i < table->column_count; i++)
		nearest_offer(&nearest, table->columns[i].name);
	fprintf(stderr, "rowd: %s: the table %s has no column '%.*s'", importer->import->path, importer->import->table,
		BYTES_ARG(name));
	if (nearest.best.size > 0)
		fprintf(stderr, "; did you mean %.*s?", BYTES_ARG(nearest.best));
	fputc('\n', stderr);
	return -EINVAL;
}

static int read_header(struct importer *importer)
{
	const struct csv_field *fields;
	size_t count;
	int result = csv_next(importer->csv, &fields, &count);

	if (result == 0 || result == -EBADMSG) {
		fprintf(stderr, "rowd: %s: %s\n", importer->import->path,
			result == 0 ? "empty: it has no header line" : csv_problem(importer->csv));
		return -EINVAL;
	}
	if (result < 0)
		return result;
	importer->columns = calloc(count, sizeof(const struct column *));
	if (!importer->columns)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		result = find_header_column(importer, fields[i].text, &importer->columns[i]);
		if (result < 0)
			return result;
		importer->column_count++;
	}
	return 0;
}

/* ---- the whole ---- */

static uint64_t size_of_file(FILE *file)
{
	struct stat status;

	return fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
}

static int import_from(struct importer *importer, FILE *file)
{
	int result;

	importer->csv = csv_open(file);
	if (!importer->csv)
		return -ENOMEM;
	importer->progress = progress_start(importer->import->table, size_of_file(file));
	result = read_header(importer);
	if (result == 0)
		result = read_rows(importer);
	progress_hide(&importer->progress);
	if (result == 0) {
		double seconds = progress_seconds(&importer->progress);
		printf("%s: %" PRIu64 " rows loaded, %" PRIu64 " rejected, in %.1f s", importer->import->table,
		       importer->counts.loaded, importer->counts.rejected, seconds);
		if (importer->counts.loaded >= 1000)
			printf(" (%.0f rows/s)", (double)importer->counts.loaded / seconds);
		putchar('\n');
	}
	return result;
}

static struct importer *importer_new(struct session *session, const struct import *import, const struct table *table)
{
	struct importer *importer = calloc(1, sizeof(*importer));

	if (!importer)
		return NULL;
	importer->import = import;
	importer->session = session;
	importer->table = table;
	importer->server = session_server(session);
	/* A chunk is at most CHUNK_BYTES and one row: with the INSERT around it, it has to fit. */
	uint64_t packet = importer->server->max_allowed_packet;
	importer->statement_limit = packet > 2 * CHUNK_BYTES ? packet - CHUNK_BYTES - (64 << 10) : CHUNK_BYTES;
	arena_init(&importer->arena, ROW_BYTES);
	buffer_init(&importer->values, (size_t)CHUNK_BYTES + 3 * (size_t)ROW_BYTES);
	buffer_init(&importer->statement, (size_t)CHUNK_BYTES + 4 * (size_t)ROW_BYTES);
	return importer;
}

static void importer_free(struct importer *importer)
{
	csv_close(importer->csv);
	arena_free(&importer->arena);
	buffer_free(&importer->values);
	buffer_free(&importer->statement);
	free(importer->columns);
	free(importer);
}

static const struct table *find_table(const struct catalog *catalog, const struct import *import)
{
	const struct table *table = catalog_find(catalog, bytes_of(import->table));
	struct nearest nearest = nearest_start(bytes_of(import->table));

	if (table)
		return table;
	for (uint32_t i = 0; i < catalog_table_count(catalog); i++)
		nearest_offer(&nearest, catalog_table_at(catalog, i)->name);
	fprintf(stderr, "rowd: there is no table '%s'", import->table);
	if (nearest.best.size > 0)
		fprintf(stderr, "; did you mean %.*s?", BYTES_ARG(nearest.best));
	fputc('\n', stderr);
	return NULL;
}

int import_file(struct session *session, const struct catalog *catalog, const struct import *import,
		struct import_counts *ret_counts)
{
	const struct table *table = find_table(catalog, import);

	*ret_counts = (struct import_counts){0};
	if (!table)
		return -EINVAL;
	FILE *file = fopen(import->path, "re");
	if (!file) {
		fprintf(stderr, "rowd: %s: %s\n", import->path, strerror(errno));
		return -ENOENT;
	}
	struct importer *importer = importer_new(session, import, table);
	int result = importer ? import_from(importer, file) : -ENOMEM;
	if (importer) {
		*ret_counts = importer->counts;
		importer_free(importer);
	}
	if (result == -ENOMEM)
		fprintf(stderr, "rowd: %s: out of memory\n", import->path);
	fclose(file);
	return result;
}
