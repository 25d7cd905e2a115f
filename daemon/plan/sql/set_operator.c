/* plan/sql/set_operator.c - which operator a column takes, and all of them but sums and products. */
#include "daemon/plan/sql/set_operator.h"

#include "common/nearest.h"
#include "daemon/plan/sql/literal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

static const struct bytes names[SET_OPERATOR_COUNT] = {
	[SET_VALUE] = {"value", 5}, [SET_INC] = {"inc", 3}, [SET_MUL] = {"mul", 3}, [SET_CONCAT] = {"concat", 6},
	[SET_MIN] = {"min", 3},     [SET_MAX] = {"max", 3}, [SET_NOW] = {"now", 3}, [SET_DEFAULT] = {"default", 7},
};

/* As a set, bit 1u << operator: what the type of a column takes beside a value and its default. */
static uint32_t operators_of_type(const struct column *column)
{
	enum { RANGE = 1u << SET_MIN | 1u << SET_MAX };

	switch (column->kind) {
	case COLUMN_INTEGER:
	case COLUMN_BIT:
	case COLUMN_DECIMAL:
	case COLUMN_FLOAT:
	case COLUMN_DOUBLE:
		return RANGE | 1u << SET_INC | 1u << SET_MUL;
	case COLUMN_YEAR:
		return RANGE | 1u << SET_INC;
	case COLUMN_DATE:
	case COLUMN_DATETIME:
	case COLUMN_TIMESTAMP:
	case COLUMN_TIME:
		return RANGE | 1u << SET_NOW;
	case COLUMN_TEXT:
		return 1u << SET_CONCAT;
	case COLUMN_BINARY: /* BINARY(n) is always full; a type that is not known has no length */
		return column->max_length > 0 && !column->is_fixed_length ? 1u << SET_CONCAT : 0;
	case COLUMN_ENUM:
	case COLUMN_SET:
	case COLUMN_UUID:
	case COLUMN_GEOMETRY:
	case COLUMN_JSON:
		break;
	}
	return 0;
}

static uint32_t operators_of(const struct column *column)
{
	/* The servers would store 0 as the default of an AUTO_INCREMENT column. */
	uint32_t always = column->auto_increment ? 0 : 1u << SET_DEFAULT;

	return operators_of_type(column) | always | 1u << SET_VALUE;
}

/* "a column of type `int(11)` takes `value`, `inc`, …" */
static void hint_operators(struct compiler *compiler, const struct column *column)
{
	char type[ERROR_QUOTED_BYTES], list[ERROR_TEXT_BYTES];
	uint32_t takes = operators_of(column);
	size_t size = 0;

	for (int i = 0; i < SET_OPERATOR_COUNT; i++)
		if (takes & 1u << i)
			size += (size_t)snprintf(list + size, sizeof(list) - size, "%s`%.*s`", size > 0 ? ", " : "",
						 BYTES_ARG(names[i]));
	error_hint(compiler->error, "a column of type `%s` takes %s", error_quote(type, column->type), list);
}

static int refuse_unknown(struct compiler *compiler, const struct column *column, struct bytes name)
{
	struct bytes meant = nearest_name(name, names, SET_OPERATOR_COUNT);
	char quoted[ERROR_QUOTED_BYTES];

	compiler_refuse(compiler, ERROR_BAD_VALUE, column, "`set` knows no operator `%s`", error_quote(quoted, name));
	if (meant.size > 0)
		error_hint(compiler->error, "did you mean `%.*s`?", BYTES_ARG(meant));
	else
		error_hint(compiler->error, "to store a map, write {`value`: {…}}");
	return -EINVAL;
}

static bool is_of_primary_key(const struct table *table, const struct column *column)
{
	const struct key *key = table->primary_key;

	for (uint32_t i = 0; key && i < key->column_count; i++)
		if (key->columns[i] == column)
			return true;
	return false;
}

static int check(struct compiler *compiler, const struct column *column, enum set_operator operation,
		 const struct value *operand)
{
	if (operation == SET_VALUE)
		return 0;
	if (is_of_primary_key(compiler->table, column)) {
		compiler_refuse(compiler, ERROR_BAD_VALUE, column,
				"a key changes to a value that is told, not by `%.*s`", BYTES_ARG(names[operation]));
		error_hint(compiler->error, "the column is in the primary key: set a plain value");
		return -EINVAL;
	}
	if (!(operators_of(column) & 1u << operation)) {
		compiler_refuse(compiler, ERROR_BAD_VALUE, column, "`%.*s` makes no sense for the column",
				BYTES_ARG(names[operation]));
		hint_operators(compiler, column);
		return -EINVAL;
	}
	if (operand->type == VALUE_NIL)
		return compiler_refuse(compiler, ERROR_BAD_VALUE, column, "`%.*s` takes no nil",
				       BYTES_ARG(names[operation]));
	if ((operation == SET_NOW || operation == SET_DEFAULT) && !(operand->type == VALUE_BOOL && operand->boolean))
		return compiler_refuse(compiler, ERROR_BAD_VALUE, column, "`%.*s` takes nothing but true",
				       BYTES_ARG(names[operation]));
	return 0;
}

int set_operator_read(struct compiler *compiler, const struct column *column, const struct value *value,
		      enum set_operator *ret_operator, const struct value **ret_operand)
{
	struct bytes name;

	*ret_operator = SET_VALUE;
	*ret_operand = value;
	if (value->type != VALUE_MAP)
		return 0;
	if (value_map_size(value) != 1) {
		compiler_refuse(compiler, ERROR_BAD_VALUE, column, "a map in `set` has exactly one member");
		error_hint(compiler->error, "to store a map, write {`value`: {…}}");
		return -EINVAL;
	}
	name = value_bytes(&value->members[0].key);
	*ret_operand = &value->members[0].value;
	for (int i = 0; i < SET_OPERATOR_COUNT; i++) {
		if (!bytes_equal(name, names[i]))
			continue;
		*ret_operator = (enum set_operator)i;
		return check(compiler, column, *ret_operator, *ret_operand);
	}
	return refuse_unknown(compiler, column, name);
}

/* "IF(`a` > 1,1,`a`)": unlike LEAST(), a comparison as in `where`, with the column's own type. */
static int append_bound(struct compiler *compiler, const struct column *column, const char *comparison,
			const struct value *operand)
{
	struct buffer *out = compiler->out;
	int result;

	buffer_append_text(out, "IF(");
	buffer_append(out, column->quoted);
	buffer_append_text(out, comparison);
	result = literal_append(compiler, column, operand, LITERAL_STORE);
	buffer_append_byte(out, ',');
	if (result == 0)
		result = literal_append(compiler, column, operand, LITERAL_STORE);
	buffer_append_byte(out, ',');
	buffer_append(out, column->quoted);
	buffer_append_byte(out, ')');
	return result;
}

/* Spaces that a text has no room for the servers cut in silence; behind them one more character is too much. */
static void append_guard(struct buffer *out, const struct column *column, struct bytes text)
{
	uint64_t length = column->length_in_bytes ? text.size : (uint64_t)literal_utf8_length(text);

	buffer_append_text(out, column->length_in_bytes ? ",IF(LENGTH(" : ",IF(CHAR_LENGTH(");
	buffer_append(out, column->quoted);
	buffer_append_text(out, ") > ");
	buffer_append_uint(out, column->max_length - length);
	buffer_append_text(out, ",'x','')");
}

static int append_concat(struct compiler *compiler, const struct column *column, const struct value *operand)
{
	struct buffer *out = compiler->out;
	struct bytes text = value_is_text(operand) ? value_bytes(operand) : (struct bytes){0};
	int result;

	buffer_append_text(out, "CONCAT(");
	buffer_append(out, column->quoted);
	buffer_append_byte(out, ',');
	result = literal_append(compiler, column, operand, LITERAL_STORE);
	if (result == 0 && column->kind == COLUMN_TEXT && !column->is_fixed_length && column->max_length > 0 &&
	    text.size > 0 && text.data[text.size - 1] == ' ')
		append_guard(out, column, text);
	buffer_append_byte(out, ')');
	return result;
}

/* The session's time zone is UTC. */
static void append_now(struct buffer *out, const struct column *column)
{
	if (column->kind == COLUMN_DATE) {
		buffer_append_text(out, "CURRENT_DATE");
		return;
	}
	buffer_append_text(out, column->kind == COLUMN_TIME ? "CURRENT_TIME(" : "CURRENT_TIMESTAMP(");
	buffer_append_uint(out, column->scale);
	buffer_append_byte(out, ')');
}

int set_operator_append(struct compiler *compiler, const struct column *column, enum set_operator operation,
			const struct value *operand)
{
	switch (operation) {
	case SET_INC:
		return set_operator_append_sum(compiler, column, operand);
	case SET_MUL:
		return set_operator_append_product(compiler, column, operand);
	case SET_CONCAT:
		return append_concat(compiler, column, operand);
	case SET_MIN:
		return append_bound(compiler, column, " > ", operand);
	case SET_MAX:
		return append_bound(compiler, column, " < ", operand);
	case SET_NOW:
		append_now(compiler->out, column);
		return 0;
	case SET_DEFAULT:
		buffer_append_text(compiler->out, "DEFAULT");
		return 0;
	case SET_VALUE:
	case SET_OPERATOR_COUNT:
		break;
	}
	assert(false);
	return -EINVAL;
}
