/* import/csv.c - see csv.h.
 *
 *            "            other                    ,  end of line
 *   START ------> QUOTED   +---> PLAIN ---------------> the field is done
 *     |            ^ |  "                                  ^
 *     +--other-----+ |  +--> CLOSED (blanks, or "" again) -+
 */
#include "daemon/import/csv.h"

#include "common/buffer.h"

#include <errno.h>
#include <stdlib.h>

enum field_state { FIELD_START, FIELD_PLAIN, FIELD_QUOTED, FIELD_CLOSED };

/* Where a field lies in the text, which may move while it grows. */
struct span {
	size_t start, size;
	bool quoted;
};

struct csv_reader {
	FILE *file;
	struct buffer text; /* of the record, without quotes and separators */
	struct span *spans;
	struct csv_field *fields;
	size_t count;
	enum field_state state;
	bool blank_after;    /* CLOSED: a blank has been seen, so a further quote is a fault */
	const char *problem; /* NULL: none in this record */
	uint64_t line;       /* being read */
	uint64_t record_line;
	uint64_t position;
};

struct csv_reader *csv_open(FILE *file)
{
	struct csv_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->file = file;
	reader->line = 1;
	buffer_init(&reader->text, CSV_RECORD_BYTES);
	reader->spans = malloc(CSV_FIELDS * sizeof(*reader->spans)); /* a place is set before it is read */
	reader->fields = malloc(CSV_FIELDS * sizeof(*reader->fields));
	if (!reader->spans || !reader->fields) {
		csv_close(reader);
		return NULL;
	}
	return reader;
}

void csv_close(struct csv_reader *reader)
{
	if (!reader)
		return;
	buffer_free(&reader->text);
	free(reader->spans);
	free(reader->fields);
	free(reader);
}

static int next_byte(struct csv_reader *reader)
{
	int byte = getc_unlocked(reader->file);

	if (byte != EOF)
		reader->position++;
	return byte;
}

static bool next_is(struct csv_reader *reader, int wanted)
{
	int byte = getc_unlocked(reader->file);

	if (byte == wanted) {
		reader->position++;
		return true;
	}
	if (byte != EOF)
		ungetc(byte, reader->file);
	return false;
}

static void skip_byte_order_mark(struct csv_reader *reader)
{
	if (reader->position == 0 && next_is(reader, 0xef) && !(next_is(reader, 0xbb) && next_is(reader, 0xbf)))
		reader->problem = "the file is not UTF-8";
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void begin_field(struct csv_reader *reader)
{
	reader->spans[reader->count] = (struct span){.start = reader->text.size};
	reader->state = FIELD_START;
	reader->blank_after = false;
}

static void end_field(struct csv_reader *reader)
{
	struct span *span = &reader->spans[reader->count];

	span->size = reader->text.size - span->start;
	span->quoted = reader->state == FIELD_CLOSED;
	if (reader->state == FIELD_PLAIN) {
		while (span->size > 0 && is_blank(reader->text.data[span->start + span->size - 1]))
			span->size--;
	}
	reader->count++;
	if (reader->count < CSV_FIELDS) {
		begin_field(reader);
	} else {
		/* The last place is used over and over, so that the rest of the record is read past. */
		reader->count = CSV_FIELDS - 1;
		reader->problem = "too many fields";
		begin_field(reader);
	}
}

/* A byte of a field; the ends of fields and records are not for here. */
static void take_byte(struct csv_reader *reader, char byte)
{
	switch (reader->state) {
	case FIELD_START:
		if (is_blank(byte))
			return;
		reader->state = byte == '"' ? FIELD_QUOTED : FIELD_PLAIN;
		if (byte == '"')
			return;
		break;
	case FIELD_QUOTED:
		if (byte == '"') {
			reader->state = FIELD_CLOSED;
			return;
		}
		break;
	case FIELD_CLOSED:
		if (byte == '"' && !reader->blank_after) {
			reader->state = FIELD_QUOTED; /* two quotes are one */
			break;
		}
		reader->blank_after = true;
		if (!is_blank(byte))
			reader->problem = "text behind a closing quote";
		return;
	case FIELD_PLAIN:
		break;
	}
	buffer_append_byte(&reader->text, byte);
}

/* Reads up to the end of the record. Returns whether there was anything at all. */
static bool read_record(struct csv_reader *reader)
{
	bool any = false;

	for (;;) {
		int byte = next_byte(reader);
		if (byte == '\r' && reader->state != FIELD_QUOTED && next_is(reader, '\n'))
			byte = '\n';
		if (byte == '\n')
			reader->line++;
		if (byte == EOF && reader->state == FIELD_QUOTED)
			reader->problem = "a quote is not closed before the end of the file";
		if (byte == EOF || (byte == '\n' && reader->state != FIELD_QUOTED)) {
			any = any || byte == '\n';
			break;
		}
		any = true;
		if (byte == ',' && reader->state != FIELD_QUOTED)
			end_field(reader);
		else
			take_byte(reader, (char)byte);
	}
	end_field(reader);
	return any;
}

static bool is_blank_line(const struct csv_reader *reader)
{
	return reader->count == 1 && reader->spans[0].size == 0 && !reader->spans[0].quoted && !reader->problem;
}

int csv_next(struct csv_reader *reader, const struct csv_field **ret_fields, size_t *ret_count)
{
	do {
		reader->problem = NULL;
		reader->count = 0;
		buffer_reset(&reader->text);
		skip_byte_order_mark(reader);
		reader->record_line = reader->line;
		begin_field(reader);
		if (!read_record(reader))
			return ferror(reader->file) ? -EIO : 0;
	} while (is_blank_line(reader));

	if (reader->text.state == BUFFER_NO_MEMORY)
		return -ENOMEM;
	if (reader->text.state == BUFFER_TOO_LARGE)
		reader->problem = "the record is too large";
	if (reader->problem)
		return -EBADMSG;
	for (size_t i = 0; i < reader->count; i++) {
		const struct span *span = &reader->spans[i];
		reader->fields[i] = (struct csv_field){
			.text = {span->size ? reader->text.data + span->start : "", span->size},
			.quoted = span->quoted,
		};
	}
	*ret_fields = reader->fields;
	*ret_count = reader->count;
	return 1;
}

const char *csv_problem(const struct csv_reader *reader)
{
	return reader->problem;
}

uint64_t csv_line(const struct csv_reader *reader)
{
	return reader->record_line;
}

uint64_t csv_position(const struct csv_reader *reader)
{
	return reader->position;
}

bool csv_is_null(const struct csv_field *field, bool empty_is_text)
{
	if (field->quoted)
		return false;
	return field->text.size == 0 ? !empty_is_text : bytes_equal(field->text, BYTES("\\N"));
}
