/* plan/sql/literal_document.c - literals for JSON columns. */
#include "daemon/plan/sql/literal.h"

#include "common/json_escape.h"
#include "common/json_read.h"
#include "common/number.h"
#include "common/utf8.h"
#include "common/writer.h"
#include "daemon/plan/sql/decimal.h"

#include <errno.h>
#include <math.h>

/* Where the server's own limit is below it, the server says so. */
enum { DOCUMENT_BYTES = 64 << 20 };

/* So many digits a double keeps in any case. */
enum { DOUBLE_DIGITS = 15 };

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

/* Whether MySQL keeps a number of JSON: what is no integer of 64 bits becomes a double there. */
static bool number_is_kept(struct bytes number)
{
	bool has_exponent = memchr(number.data, 'e', number.size) || memchr(number.data, 'E', number.size);
	bool is_plain = !has_exponent && !memchr(number.data, '.', number.size);
	struct decimal decimal;
	uint64_t magnitude;
	double real;

	if ((number.size <= DOUBLE_DIGITS && !has_exponent) || number_to_float64(number, &real))
		return true;
	return is_plain && decimal_parse(number, &decimal) && decimal_is_integer(&decimal) &&
	       decimal_magnitude(&decimal, &magnitude) && (!decimal.negative || magnitude <= (uint64_t)INT64_MAX + 1);
}

/* json is valid. */
static bool numbers_are_kept(struct bytes json)
{
	for (size_t i = 0; i < json.size; i++) {
		size_t end = i;

		if (json.data[i] == '"') {
			for (i++; json.data[i] != '"'; i++)
				i += json.data[i] == '\\';
			continue;
		}
		while (end < json.size && memchr("+-.0123456789eE", json.data[end], 15))
			end++;
		/* The e of true and false stands alone. */
		if (end > i && json.data[i] != 'e' &&
		    !number_is_kept((struct bytes){.data = json.data + i, .size = end - i}))
			return false;
		if (end > i)
			i = end - 1;
	}
	return true;
}

/* MariaDB keeps a document's text, MySQL what it has read in it. */
static void warn_of_numbers(struct compiler *compiler, const struct column *column, struct bytes json,
			    enum literal_use use)
{
	if (use == LITERAL_STORE && compiler->server->kind == SERVER_MYSQL && !numbers_are_kept(json))
		compiler_warn(compiler, column, "a number in the document was rounded to a double, as MySQL keeps it");
}

/* MariaDB takes "1." and "\x" for JSON, and nobody who reads it back would. */
static int append_given(struct compiler *compiler, const struct column *column, struct bytes text, enum literal_use use)
{
	int result;

	if (!utf8_valid(text))
		return literal_refuse_encoding(compiler, column);
	result = json_validate(text);
	if (result == -ENOMEM)
		return result;
	if (result < 0 || json_find_lone_surrogate(text) < text.size) {
		compiler_refuse(compiler, ERROR_BAD_VALUE, column, "the text is not a JSON document");
		error_hint(compiler->error, "a str is the text of a whole document: a string in it has quotes of its "
					    "own; any other value is encoded");
		return -EINVAL;
	}
	warn_of_numbers(compiler, column, text, use);
	literal_append_quoted(compiler->out, text);
	return 0;
}

static int append_encoded(struct compiler *compiler, const struct column *column, const struct value *value,
			  enum literal_use use)
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
	if (!buffer_failed(&text)) {
		warn_of_numbers(compiler, column, buffer_bytes(&text), use);
		literal_append_quoted(compiler->out, buffer_bytes(&text));
	} else {
		result = text.state == BUFFER_NO_MEMORY
				 ? -ENOMEM
				 : compiler_refuse(compiler, ERROR_TOO_LARGE, column, "the document is too large");
	}
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
		result = append_given(compiler, column, value_bytes(value), use);
	else
		result = append_encoded(compiler, column, value, use);
	if (cast)
		buffer_append_text(compiler->out, " AS JSON)");
	return result;
}
