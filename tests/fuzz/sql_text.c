/* tests/fuzz/sql_text.c - any text is statements in order, or a quote or comment that is not closed; each statement
 * stays one when it is read alone. */
#include "daemon/database/sql_text.h"
#include "common/buffer.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

enum { TEXT_BYTES = 1 << 16 };

static bool lies_within(struct bytes inner, struct bytes outer)
{
	return inner.data >= outer.data && inner.data + inner.size <= outer.data + outer.size;
}

static void check_created_table(struct bytes statement)
{
	struct bytes name = {0};
	struct bytes whole = sql_created_table(statement, &name);

	if (whole.size == 0)
		return;
	fuzz_require(lies_within(whole, statement) && lies_within(name, whole), "a table's name lies in its statement");
}

/* With its semicolon behind it: "a--" alone would end in a comment. */
static void check_alone(struct bytes statement)
{
	static struct buffer text;
	struct sql_statement again;
	struct sql_text reader = {.line = 1}; /* a byte order mark is one only in front of everything */

	if (!text.limit_bytes)
		buffer_init(&text, TEXT_BYTES);
	buffer_reset(&text);
	buffer_append(&text, statement);
	buffer_append_byte(&text, ';');
	if (buffer_failed(&text))
		return;
	reader.rest = buffer_bytes(&text);
	fuzz_require(sql_text_next(&reader, &again) == 1, "a statement alone is one");
	fuzz_require(bytes_equal(again.text, statement), "a statement alone is the same");
	fuzz_require(sql_text_next(&reader, &again) == 0, "a statement alone is only one");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes whole = fuzz_bytes(data, size);
	struct sql_text text = sql_text_start(whole);
	struct sql_statement statement;
	const char *end = whole.data;
	uint32_t line = 1;
	int status;

	while ((status = sql_text_next(&text, &statement)) == 1) {
		fuzz_require(statement.text.size > 0 && lies_within(statement.text, whole), "a statement is there");
		fuzz_require(statement.text.data >= end, "statements come in order and do not overlap");
		fuzz_require(statement.line >= line && statement.line <= text.line, "lines rise");
		end = statement.text.data + statement.text.size;
		line = statement.line;
		check_alone(statement.text);
		check_created_table(statement.text);
	}
	if (status != 0) {
		fuzz_require(status == -EBADMSG && statement.text.size > 0 && statement.line >= line,
			     "what is not closed has a line");
		return 0;
	}
	fuzz_require(text.rest.size == 0, "everything is read");
	return 0;
}
