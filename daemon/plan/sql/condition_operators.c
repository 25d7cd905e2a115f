/* plan/sql/condition_operators.c */
#include "daemon/plan/sql/condition_operators.h"

#include "daemon/plan/sql/literal.h"

#include <errno.h>

/* What the servers compare without changing a value on the way: both columns of one family. */
enum family {
	FAMILY_NUMBER,
	FAMILY_TEXT,
	FAMILY_UUID,
	FAMILY_BINARY,
	FAMILY_GEOMETRY,
	FAMILY_DATE,
	FAMILY_TIME,
	FAMILY_JSON
};

static enum family family_of(const struct column *column)
{
	switch (column->kind) {
	case COLUMN_INTEGER:
	case COLUMN_YEAR:
	case COLUMN_BIT:
	case COLUMN_DECIMAL:
	case COLUMN_FLOAT:
	case COLUMN_DOUBLE:
		return FAMILY_NUMBER;
	case COLUMN_TEXT:
	case COLUMN_ENUM:
	case COLUMN_SET:
		return FAMILY_TEXT;
	case COLUMN_UUID:
		return FAMILY_UUID;
	case COLUMN_GEOMETRY:
		return FAMILY_GEOMETRY;
	case COLUMN_DATE:
	case COLUMN_DATETIME:
	case COLUMN_TIMESTAMP:
		return FAMILY_DATE;
	case COLUMN_TIME:
		return FAMILY_TIME;
	case COLUMN_JSON:
		return FAMILY_JSON;
	case COLUMN_BINARY:
		break;
	}
	return FAMILY_BINARY;
}

static int refuse_operand(struct compiler *compiler, const struct condition_operator *operator,
			  const struct column * column, const char *wanted, const struct value *operand)
{
	compiler_refuse(compiler, ERROR_BAD_VALUE, column, "`%.*s` takes %s, not %s", BYTES_ARG(operator->name), wanted,
			value_type_name(operand));
	if (operand->type == VALUE_NIL)
		error_hint(compiler->error, "nothing compares with nil; {`null`: true} finds the rows without a value");
	return -EINVAL;
}

/* The condition makes no sense for a column of this kind. */
static int refuse_kind(struct compiler *compiler, const struct condition_operator *operator,
		       const struct column * column, const char *why, const char *hint)
{
	char type[ERROR_QUOTED_BYTES];

	compiler_refuse(compiler, ERROR_BAD_VALUE, column, "`%.*s` %s, and the column is %s", BYTES_ARG(operator->name),
			why, error_quote(type, column->type));
	error_hint(compiler->error, "%s", hint);
	return -EINVAL;
}

static int check_ordered(struct compiler *compiler, const struct condition_operator *operator,
			 const struct column * column)
{
	if (column->kind != COLUMN_JSON && column->kind != COLUMN_GEOMETRY)
		return 0;
	return refuse_kind(compiler, operator, column, "is for columns whose values have an order",
			   "use `eq`, `ne`, `in`, `nin` or `null`");
}

/* --- another column ----------------------------------------------------------------------------------------------- */

/* {"col": "other"}: the other column's name, or NULL when the operand is something else. */
static const struct value *operand_column(const struct value *operand)
{
	const struct value *name = NULL;

	if (operand->type == VALUE_MAP && operand->size == 1)
		name = value_find(operand, BYTES("col"));
	return name && value_is_text(name) ? name : NULL;
}

/* MySQL refuses to make a FLOAT of what is beyond one; that is no equal of any. */
static void append_as_float(struct buffer *out, const struct column *column)
{
	bool beyond = column->kind == COLUMN_DOUBLE || column->kind == COLUMN_DECIMAL;

	if (column->kind == COLUMN_FLOAT) {
		buffer_append(out, column->quoted);
		return;
	}
	if (beyond) {
		buffer_append_text(out, "IF(ABS(");
		buffer_append(out, column->quoted);
		buffer_append_text(out, ") <= 3.4028234663852886e38,");
	}
	buffer_append_text(out, "CAST(");
	buffer_append(out, column->quoted);
	buffer_append_text(out, " AS FLOAT)");
	if (beyond) {
		buffer_append_byte(out, ',');
		buffer_append(out, column->quoted);
		buffer_append_byte(out, ')');
	}
}

static int find_other(struct compiler *compiler, const struct column *column, struct bytes name,
		      const struct column **ret_other)
{
	char quoted[ERROR_QUOTED_BYTES], type[ERROR_QUOTED_BYTES], other_type[ERROR_QUOTED_BYTES];
	int result = compiler_find_column(compiler, name, ret_other);
	const struct column *other = *ret_other;

	if (result < 0)
		return result;
	if (family_of(column) == family_of(other) &&
	    (family_of(column) != FAMILY_UUID || bytes_equal(column->type, other->type)))
		return 0;
	compiler_refuse(compiler, ERROR_BAD_VALUE, column,
			"it is %s and cannot be compared with column `%s`, which is %s",
			error_quote(type, column->type), error_quote(quoted, other->name),
			error_quote(other_type, other->type));
	error_hint(compiler->error,
		   "compare numbers with numbers, texts with texts, dates with dates, times with times");
	return -EINVAL;
}

/* --- one value ---------------------------------------------------------------------------------------------------- */

/* MariaDB keeps documents as texts: those that differ in nothing but spaces are equal all the same, as they are to
 * MySQL's own type. */
static bool compares_documents(const struct compiler *compiler, const struct column *column)
{
	return column->kind == COLUMN_JSON && compiler->server->kind == SERVER_MARIADB &&
	       compiler->server->version >= 100700;
}

/* The other column's text, or the literal. */
static int append_operand(struct compiler *compiler, const struct column *column, const struct value *operand,
			  const struct column *other)
{
	if (!other)
		return literal_append(compiler, column, operand, LITERAL_COMPARE);
	if (column->kind == COLUMN_FLOAT)
		append_as_float(compiler->out, other);
	else
		buffer_append(compiler->out, other->quoted);
	return 0;
}

/* By itself JSON_EQUALS of NULL counts as true in a WHERE of MariaDB 10.11; what compares with it is NULL, as it ought
 * to be. */
static int append_document_equality(struct compiler *compiler, const struct column *column, const struct value *operand,
				    const struct column *other, bool equal)
{
	int result;

	buffer_append_text(compiler->out, "JSON_EQUALS(");
	buffer_append(compiler->out, column->quoted);
	buffer_append_byte(compiler->out, ',');
	result = append_operand(compiler, column, operand, other);
	buffer_append_text(compiler->out, equal ? ") = 1" : ") = 0");
	return result;
}

static int append_compared(struct compiler *compiler, const struct condition_operator *operator,
			   const struct column * column, const struct value *operand)
{
	const struct value *other_name = operand_column(operand);
	const struct column *other = NULL;
	int result = other_name ? find_other(compiler, column, value_bytes(other_name), &other) : 0;

	if (result < 0)
		return result;
	if (compares_documents(compiler, column))
		return append_document_equality(compiler, column, operand, other, !operator->negated);
	if (other && other->kind == COLUMN_FLOAT)
		append_as_float(compiler->out, column);
	else
		buffer_append(compiler->out, column->quoted);
	buffer_append_text(compiler->out, operator->sql);
	return append_operand(compiler, column, operand, other);
}

static void append_null_test(struct compiler *compiler, const struct column *column, bool is_null)
{
	buffer_append(compiler->out, column->quoted);
	buffer_append_text(compiler->out, is_null ? " IS NULL" : " IS NOT NULL");
}

int condition_append_equality(struct compiler *compiler, const struct condition_operator *operator,
			      const struct column * column, const struct value *operand)
{
	if (operand->type != VALUE_NIL)
		return append_compared(compiler, operator, column, operand);
	append_null_test(compiler, column, !operator->negated);
	return 0;
}

int condition_append_comparison(struct compiler *compiler, const struct condition_operator *operator,
				const struct column * column, const struct value *operand)
{
	int result = check_ordered(compiler, operator, column);

	if (result < 0)
		return result;
	if (operand->type == VALUE_NIL)
		return refuse_operand(compiler, operator, column, "a value", operand);
	return append_compared(compiler, operator, column, operand);
}

int condition_append_null(struct compiler *compiler, const struct condition_operator *operator,
			  const struct column * column, const struct value *operand)
{
	if (operand->type != VALUE_BOOL) {
		compiler_refuse(compiler, ERROR_BAD_VALUE, column, "`null` takes a bool, not %s",
				value_type_name(operand));
		error_hint(compiler->error, "{`null`: true} finds NULL, {`null`: false} everything else");
		return -EINVAL;
	}
	(void)operator;
	append_null_test(compiler, column, operand->boolean);
	return 0;
}

/* --- several values ----------------------------------------------------------------------------------------------- */

static int append_documents(struct compiler *compiler, const struct condition_operator *operator,
			    const struct column * column, const struct value *list)
{
	int result = 0;

	buffer_append_text(compiler->out, operator->negated ? "NOT (" : "(");
	for (uint32_t i = 0; i < list->size && result == 0; i++) {
		buffer_append_text(compiler->out, i > 0 ? " OR " : "");
		result = append_document_equality(compiler, column, &list->items[i], NULL, true);
	}
	buffer_append_byte(compiler->out, ')');
	return result;
}

static int append_values(struct compiler *compiler, const struct condition_operator *operator,
			 const struct column * column, const struct value *list)
{
	int result = 0;

	buffer_append(compiler->out, column->quoted);
	buffer_append_text(compiler->out, operator->sql);
	for (uint32_t i = 0; i < list->size && result == 0; i++) {
		buffer_append_text(compiler->out, i > 0 ? "," : "");
		result = literal_append(compiler, column, &list->items[i], LITERAL_COMPARE);
	}
	buffer_append_byte(compiler->out, ')');
	return result;
}

int condition_append_list(struct compiler *compiler, const struct condition_operator *operator,
			  const struct column * column, const struct value *operand)
{
	if (operand->type != VALUE_ARRAY)
		return refuse_operand(compiler, operator, column, "an array", operand);
	if (operand->size == 0) {
		buffer_append_text(compiler->out, operator->negated ? "TRUE" : "FALSE");
		return 0;
	}
	for (uint32_t i = 0; i < operand->size; i++) {
		if (operand->items[i].type != VALUE_NIL)
			continue;
		compiler_refuse(compiler, ERROR_BAD_VALUE, column, "`%.*s` takes no nil", BYTES_ARG(operator->name));
		error_hint(compiler->error, operator->negated ? "combine it with {`null`: false} in an `and`"
							      : "combine it with {`null`: true} in an `or`");
		return -EINVAL;
	}
	if (compares_documents(compiler, column))
		return append_documents(compiler, operator, column, operand);
	return append_values(compiler, operator, column, operand);
}

static int append_end(struct compiler *compiler, const struct column *column, const char *comparison,
		      const struct value *end)
{
	buffer_append(compiler->out, column->quoted);
	buffer_append_text(compiler->out, comparison);
	return literal_append(compiler, column, end, LITERAL_COMPARE);
}

/* A comparison with each end: MariaDB 10.11 takes BETWEEN 'A' AND 'a' for an equality, because the connection's
 * collation says that they are equal, also where an index has an order in which they are not. */
static int append_ends(struct compiler *compiler, const struct column *column, const struct value ends[2])
{
	int result;

	buffer_append_byte(compiler->out, '(');
	result = append_end(compiler, column, " >= ", &ends[0]);
	buffer_append_text(compiler->out, " AND ");
	if (result == 0)
		result = append_end(compiler, column, " <= ", &ends[1]);
	buffer_append_byte(compiler->out, ')');
	return result;
}

int condition_append_between(struct compiler *compiler, const struct condition_operator *operator,
			     const struct column * column, const struct value *operand)
{
	int result = check_ordered(compiler, operator, column);

	if (result < 0)
		return result;
	if (operand->type != VALUE_ARRAY || operand->size != 2 || operand->items[0].type == VALUE_NIL ||
	    operand->items[1].type == VALUE_NIL) {
		compiler_refuse(compiler, ERROR_BAD_VALUE, column, "`between` takes an array of two values");
		error_hint(compiler->error, "write [low, high]; for one end alone there are `ge` and `le`");
		return -EINVAL;
	}
	if (family_of(column) == FAMILY_TEXT)
		return append_ends(compiler, column, operand->items);
	buffer_append(compiler->out, column->quoted);
	buffer_append_text(compiler->out, operator->sql);
	result = literal_append(compiler, column, &operand->items[0], LITERAL_COMPARE);
	buffer_append_text(compiler->out, " AND ");
	return result < 0 ? result : literal_append(compiler, column, &operand->items[1], LITERAL_COMPARE);
}

/* --- patterns ----------------------------------------------------------------------------------------------------- */

static bool is_regexp(const struct condition_operator *operator)
{
	return bytes_equal_text(operator->name, "regexp");
}

/* The text itself as a pattern: %, _ and \ in it mean themselves. */
static int make_pattern(struct compiler *compiler, struct bytes text, enum pattern_ends ends, struct bytes *ret_pattern)
{
	char *pattern = arena_alloc(compiler->arena, 2 * text.size + 2);
	size_t size = 0;

	if (!pattern)
		return -ENOMEM;
	if (ends == PATTERN_ANYWHERE || ends == PATTERN_AT_END)
		pattern[size++] = '%';
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '%' || text.data[i] == '_' || text.data[i] == '\\')
			pattern[size++] = '\\';
		pattern[size++] = text.data[i];
	}
	if (ends == PATTERN_ANYWHERE || ends == PATTERN_AT_START)
		pattern[size++] = '%';
	*ret_pattern = (struct bytes){.data = pattern, .size = size};
	return 0;
}

static int check_pattern(struct compiler *compiler, const struct condition_operator *operator,
			 const struct column * column, const struct value *operand)
{
	enum family family = family_of(column);
	bool binary = family == FAMILY_BINARY;

	if (!value_is_text(operand))
		return refuse_operand(compiler, operator, column, "a str", operand);
	if (family != FAMILY_TEXT && family != FAMILY_UUID && family != FAMILY_JSON && !binary)
		return refuse_kind(compiler, operator, column, "is for columns of text",
				   "use `eq`, `lt`, `gt`, `between` and the like");
	/* MySQL knows no regular expressions over bytes, and MariaDB's take them for UTF-8. */
	if (binary && is_regexp(operator))
		return refuse_kind(compiler, operator, column, "is for columns of text",
				   "use `contains`, `starts`, `ends` or `like`");
	if (is_regexp(operator) && operand->size == 0) {
		compiler_refuse(compiler, ERROR_BAD_VALUE, column, "`regexp` is empty");
		error_hint(compiler->error, "it would find every text: {`null`: false} does");
		return -EINVAL;
	}
	if (!binary && literal_utf8_length(value_bytes(operand)) < 0) {
		compiler_refuse(compiler, ERROR_BAD_VALUE, column, "text that is not valid UTF-8");
		error_hint(compiler->error, "bytes are found in BINARY, VARBINARY and BLOB columns only");
		return -EINVAL;
	}
	return 0;
}

int condition_append_pattern(struct compiler *compiler, const struct condition_operator *operator,
			     const struct column * column, const struct value *operand)
{
	struct bytes pattern = value_bytes(operand);
	int result = check_pattern(compiler, operator, column, operand);

	if (result == 0 && operator->ends != PATTERN_AS_GIVEN)
		result = make_pattern(compiler, pattern, operator->ends, &pattern);
	if (result < 0)
		return result;
	buffer_append(compiler->out, column->quoted);
	buffer_append_text(compiler->out, operator->sql);
	if (family_of(column) == FAMILY_BINARY)
		literal_append_hexadecimal(compiler->out, pattern);
	else
		literal_append_quoted(compiler->out, pattern);
	return 0;
}
