/* tests/fuzz/csv.c - any bytes are records or faults; what was read and is written out again reads the same. */
#include "daemon/import/csv.h"
#include "common/buffer.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>

enum { TEXT_BYTES = 1 << 16 };

/* A stream over memory that is opened once: fopencookie's, since fmemopen's cannot be given other memory. */
struct source {
	FILE *file;
	struct bytes rest;
};

static ssize_t read_source(void *context, char *to, size_t size)
{
	struct source *source = context;

	if (size > source->rest.size)
		size = source->rest.size;
	if (size > 0)
		memcpy(to, source->rest.data, size);
	source->rest.data += size;
	source->rest.size -= size;
	return (ssize_t)size;
}

static void source_set(struct source *source, struct bytes content)
{
	if (!source->file)
		source->file = fopencookie(source, "r", (cookie_io_functions_t){.read = read_source});
	clearerr(source->file);
	__fpurge(source->file);
	source->rest = content;
}

static void write_field(struct buffer *out, const struct csv_field *field)
{
	if (!field->quoted) {
		buffer_append(out, field->text);
		return;
	}
	buffer_append_byte(out, '"');
	for (size_t i = 0; i < field->text.size; i++) {
		if (field->text.data[i] == '"')
			buffer_append_byte(out, '"');
		buffer_append_byte(out, field->text.data[i]);
	}
	buffer_append_byte(out, '"');
}

static void write_record(struct buffer *out, const struct csv_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buffer_append_byte(out, ',');
		write_field(out, &fields[i]);
	}
	buffer_append_text(out, "\r\n");
}

/* What the reader promises of each field. */
static void check_field(const struct csv_field *field)
{
	struct bytes text = field->text;

	fuzz_require(text.data != NULL, "a field has a text");
	if (field->quoted || text.size == 0)
		return;
	fuzz_require(!memchr(text.data, ',', text.size) && !memchr(text.data, '\n', text.size),
		     "a field without quotes has no separator in it");
	fuzz_require(text.data[0] != ' ' && text.data[0] != '\t' && text.data[0] != '"' &&
			     text.data[text.size - 1] != ' ' && text.data[text.size - 1] != '\t',
		     "a field without quotes is trimmed");
}

/* Reads everything; appends the good records to out. Returns how many there were. */
static uint64_t read_all(struct bytes content, struct buffer *out, uint64_t *ret_bad)
{
	static struct source source;
	const struct csv_field *fields;
	struct csv_reader *reader;
	uint64_t records = 0, line = 0;
	size_t count;
	int status;

	*ret_bad = 0;
	source_set(&source, content);
	reader = csv_open(source.file);
	if (!reader)
		return 0;
	while ((status = csv_next(reader, &fields, &count)) != 0) {
		fuzz_require(status == 1 || status == -EBADMSG, "a record is good or bad");
		fuzz_require(csv_line(reader) > line, "each record begins on a later line");
		line = csv_line(reader);
		if (status == -EBADMSG) {
			fuzz_require(csv_problem(reader)[0] != '\0', "a bad record has a reason");
			++*ret_bad;
			continue;
		}
		fuzz_require(count >= 1 && count <= CSV_FIELDS, "a record has fields");
		for (size_t i = 0; i < count; i++)
			check_field(&fields[i]);
		write_record(out, fields, count);
		records++;
	}
	fuzz_require(csv_position(reader) == content.size, "everything is read");
	csv_close(reader);
	return records;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buffer first, second;
	uint64_t records, bad;

	if (!first.limit_bytes) {
		buffer_init(&first, TEXT_BYTES);
		buffer_init(&second, TEXT_BYTES);
	}
	buffer_reset(&first);
	buffer_reset(&second);
	/* A byte order mark is taken off once: behind it one that belongs to the first field stays. */
	buffer_append_text(&first, "\xef\xbb\xbf");
	buffer_append_text(&second, "\xef\xbb\xbf");
	records = read_all(fuzz_bytes(data, size), &first, &bad);
	if (buffer_failed(&first))
		return 0;
	fuzz_require(read_all(buffer_bytes(&first), &second, &bad) == records && bad == 0,
		     "what was written out is read as the same number of records");
	fuzz_require(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)), "what was written out reads the same");
	return 0;
}
