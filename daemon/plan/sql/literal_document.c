/* plan/sql/literal_document.c - literals for JSON columns. */
#include "daemon/plan/sql/literal.h"

#include "common/json_escape.h"
#include "common/json_read.h"
#include "common/utf8.h"
#include "common/writer.h"

#include <errno.h>
#include <math.h>

/* Where the server's own limit is below it, the server says so. */
enum { DOCUMENT_BYTES = 64 << 20 };

/* What keeps a value from being a document, or NULL: JSON knows neither NaN nor infinity, and its texts are UTF-8. */
static const char *find_fault(const struct value *value)
{
	const char *fault = NULL;

	if ((value->type == VALUE_FLOAT32 || value->type == VALUE_FLOAT64) && !isfinite(value->real))
		return "NaN and infinity are no numbers";
	if (value->type == VALUE_STR && !utf8_valid(value_bytes(value)))
		return "a text in the document is not valid UTF-8";
	for (uint32_t i = 0; value->type == VALUE_ARRAY && i < value->size && !fault; i++)
		fault = find_fault(&value->items[i]);
	for (uint32_t i = 0; value->type == VALUE_MAP && i < value->size && !fault; i++) {
		fault = find_fault(&value->members[i].key);
		if (!fault)
			fault = find_fault(&value->members[i].value);
	}
	return fault;
}

/* MariaDB takes "1." and "\x" for JSON, and nobody who reads it back would. */
static int append_given(struct compiler *compiler, const struct column *column, struct bytes text)
{
	if (!utf8_valid(text))
		return literal_refuse_encoding(compiler, column);
	if (!json_valid(text) || json_find_lone_surrogate(text) < text.size) {
		compiler_refuse(compiler, ERROR_BAD_VALUE, column, "the text is not a JSON document");
		error_hint(compiler->error, "a str is the text of a whole document: a string in it has quotes of its "
					    "own; any other value is encoded");
		return -EINVAL;
	}
	literal_append_quoted(compiler->out, text);
	return 0;
}

static int append_encoded(struct compiler *compiler, const struct column *column, const struct value *value)
{
	const char *fault = find_fault(value);
	struct buffer text;
	struct writer writer;
	int result = 0;

	if (fault)
		return compiler_refuse(compiler, ERROR_BAD_VALUE, column, "%s", fault);
	buffer_init(&text, DOCUMENT_BYTES);
	writer_init(&writer, CODEC_JSON, &text);
	writer_value(&writer, value);
	if (buffer_failed(&text))
		result = text.state == BUFFER_NO_MEMORY
				 ? -ENOMEM
				 : compiler_refuse(compiler, ERROR_TOO_LARGE, column, "the document is too large");
	else
		literal_append_quoted(compiler->out, buffer_bytes(&text));
	buffer_free(&text);
	return result;
}

/* A str is the document's text; any other value is encoded. */
int literal_append_document(struct compiler *compiler, const struct column *column, const struct value *value,
			    enum literal_use use)
{
	/* MySQL compares its JSON type with a text as if the text were a JSON string. */
	bool cast = use == LITERAL_COMPARE && compiler->server->kind == SERVER_MYSQL;
	int result;

	if (cast)
		buffer_append_text(compiler->out, "CAST(");
	if (value_is_text(value))
		result = append_given(compiler, column, value_bytes(value));
	else
		result = append_encoded(compiler, column, value);
	if (cast)
		buffer_append_text(compiler->out, " AS JSON)");
	return result;
}
