/* import/csv.h - reads CSV as a stream: RFC 4180, and what spreadsheets make of it.
 *
 * A record may span lines inside quotes. A byte order mark, CRLF and LF, and blank lines are taken as they come. Blanks
 * around a field are trimmed unless they stand inside quotes. */
#ifndef IMPORT_CSV_H
#define IMPORT_CSV_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { CSV_RECORD_BYTES = 64 << 20, CSV_FIELDS = 4096 };

struct csv_field {
	struct bytes text;
	bool quoted;
};

struct csv_reader;

/* The file stays the caller's. Returns NULL when there is no memory. */
struct csv_reader *csv_open(FILE *file);
void csv_close(struct csv_reader *reader); /* legal on NULL */

/* Reads the next record; the fields are the reader's, until the next call.
 * Returns 1; 0 at the end; -EBADMSG when the record is malformed, with csv_problem() (reading may go on); -EIO;
 * -ENOMEM. */
int csv_next(struct csv_reader *reader, const struct csv_field **ret_fields, size_t *ret_count);

/* What was wrong with the last record. */
const char *csv_problem(const struct csv_reader *reader);

/* The line, from 1, on which the last record began. */
uint64_t csv_line(const struct csv_reader *reader);

/* How much of the file has been read, in bytes. */
uint64_t csv_position(const struct csv_reader *reader);

/* Whether it stands for NULL: \N, or nothing at all unless that is to stay an empty text; never inside quotes. */
bool csv_is_null(const struct csv_field *field, bool empty_is_text);

#endif
