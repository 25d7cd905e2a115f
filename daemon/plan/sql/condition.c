/* plan/sql/condition.c */
#include "daemon/plan/sql/condition.h"

#include "common/nearest.h"
#include "daemon/plan/sql/literal.h"

#include <errno.h>

enum pattern_ends { PATTERN_AS_GIVEN, PATTERN_ANYWHERE, PATTERN_AT_START, PATTERN_AT_END };

/* One operator: how it is written, and what its operand is. */
struct condition_operator {
	struct bytes name;
	int (*append)(struct compiler *compiler, const struct condition_operator *operator,
		      const struct column * column, const struct value *operand);
	const char *sql;
	enum pattern_ends ends;
};

static int append_map(struct compiler *compiler, const struct value *map, uint32_t depth);

static int refuse_operand(struct compiler *compiler, const struct condition_operator *operator,
			  const struct column * column, const char *wanted, const struct value *operand)
{
	return compiler_refuse(compiler, ERROR_BAD_VALUE, column, "`%.*s` takes %s, not %s", BYTES_ARG(operator->name),
			       wanted, value_type_name(operand));
}

/* {"col": "other"}: the other column, or NULL when the operand is something else. */
static const struct value *operand_column(const struct value *operand)
{
	const struct value *name = NULL;

	if (operand->type == VALUE_MAP && operand->size == 1)
		name = value_find(operand, BYTES("col"));
	return name && value_is_text(name) ? name : NULL;
}

static int append_comparison(struct compiler *compiler, const struct condition_operator *operator,
			     const struct column * column, const struct value *operand)
{
	const struct value *other_name = operand_column(operand);
	const struct column *other;
	int result;

	buffer_append(compiler->out, column->quoted);
	buffer_append_text(compiler->out, operator->sql);
	if (!other_name)
		return literal_append(compiler, column, operand, LITERAL_COMPARE);
	result = compiler_find_column(compiler, value_bytes(other_name), &other);
	if (result == 0)
		buffer_append(compiler->out, other->quoted);
	return result;
}

static void append_null_test(struct compiler *compiler, const struct column *column, bool is_null)
{
	buffer_append(compiler->out, column->quoted);
	buffer_append_text(compiler->out, is_null ? " IS NULL" : " IS NOT NULL");
}

static int append_equality(struct compiler *compiler, const struct condition_operator *operator,
			   const struct column * column, const struct value *operand)
{
	if (operand->type != VALUE_NIL)
		return append_comparison(compiler, operator, column, operand);
	append_null_test(compiler, column, operator->sql[1] == '=');
	return 0;
}

static int append_order_comparison(struct compiler *compiler, const struct condition_operator *operator,
				   const struct column * column, const struct value *operand)
{
	if (operand->type == VALUE_NIL)
		return refuse_operand(compiler, operator, column, "a value", operand);
	return append_comparison(compiler, operator, column, operand);
}

static int append_list(struct compiler *compiler, const struct condition_operator *operator,
		       const struct column * column, const struct value *operand)
{
	bool negated = operator->sql[1] == 'N';

	if (operand->type != VALUE_ARRAY)
		return refuse_operand(compiler, operator, column, "an array", operand);
	if (operand->size == 0) {
		buffer_append_text(compiler->out, negated ? "TRUE" : "FALSE");
		return 0;
	}
	buffer_append(compiler->out, column->quoted);
	buffer_append_text(compiler->out, operator->sql);
	for (uint32_t i = 0; i < operand->size; i++) {
		int result;

		if (operand->items[i].type == VALUE_NIL) {
			compiler_refuse(compiler, ERROR_BAD_VALUE, column, "`%.*s` takes no nil",
					BYTES_ARG(operator->name));
			error_hint(compiler->error, "combine it with {`null`: true} in an `or`");
			return -EINVAL;
		}
		if (i > 0)
			buffer_append_byte(compiler->out, ',');
		result = literal_append(compiler, column, &operand->items[i], LITERAL_COMPARE);
		if (result < 0)
			return result;
	}
	buffer_append_byte(compiler->out, ')');
	return 0;
}

static int append_between(struct compiler *compiler, const struct condition_operator *operator,
			  const struct column * column, const struct value *operand)
{
	int result;

	if (operand->type != VALUE_ARRAY || operand->size != 2 || operand->items[0].type == VALUE_NIL ||
	    operand->items[1].type == VALUE_NIL)
		return compiler_refuse(compiler, ERROR_BAD_VALUE, column, "`%.*s` takes an array of two values",
				       BYTES_ARG(operator->name));
	buffer_append(compiler->out, column->quoted);
	buffer_append_text(compiler->out, operator->sql);
	result = literal_append(compiler, column, &operand->items[0], LITERAL_COMPARE);
	if (result < 0)
		return result;
	buffer_append_text(compiler->out, " AND ");
	return literal_append(compiler, column, &operand->items[1], LITERAL_COMPARE);
}

static int append_null(struct compiler *compiler, const struct condition_operator *operator,
		       const struct column * column, const struct value *operand)
{
	if (operand->type != VALUE_BOOL)
		return refuse_operand(compiler, operator, column, "a bool", operand);
	append_null_test(compiler, column, operand->boolean);
	return 0;
}

static bool column_is_textual(const struct column *column)
{
	return column->kind == COLUMN_TEXT || column->kind == COLUMN_ENUM || column->kind == COLUMN_SET ||
	       column->kind == COLUMN_UUID || column->kind == COLUMN_JSON;
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

static int append_pattern(struct compiler *compiler, const struct condition_operator *operator,
			  const struct column * column, const struct value *operand)
{
	struct bytes pattern;
	int result;

	if (!value_is_text(operand))
		return refuse_operand(compiler, operator, column, "a str", operand);
	if (!column_is_textual(column) && column->kind != COLUMN_BINARY)
		return compiler_refuse(compiler, ERROR_BAD_VALUE, column, "`%.*s` is for columns of text",
				       BYTES_ARG(operator->name));
	pattern = value_bytes(operand);
	if (column->kind != COLUMN_BINARY && literal_utf8_length(pattern) < 0)
		return compiler_refuse(compiler, ERROR_BAD_VALUE, column, "text that is not valid UTF-8");
	if (operator->ends != PATTERN_AS_GIVEN) {
		result = make_pattern(compiler, pattern, operator->ends, &pattern);
		if (result < 0)
			return result;
	}
	buffer_append(compiler->out, column->quoted);
	buffer_append_text(compiler->out, operator->sql);
	if (column->kind == COLUMN_BINARY)
		literal_append_hexadecimal(compiler->out, pattern);
	else
		literal_append_quoted(compiler->out, pattern);
	return 0;
}

static const struct condition_operator operators[] = {
	{{"eq", 2}, append_equality, " = ", 0},
	{{"ne", 2}, append_equality, " <> ", 0},
	{{"lt", 2}, append_order_comparison, " < ", 0},
	{{"le", 2}, append_order_comparison, " <= ", 0},
	{{"gt", 2}, append_order_comparison, " > ", 0},
	{{"ge", 2}, append_order_comparison, " >= ", 0},
	{{"in", 2}, append_list, " IN (", 0},
	{{"nin", 3}, append_list, " NOT IN (", 0},
	{{"between", 7}, append_between, " BETWEEN ", 0},
	{{"null", 4}, append_null, "", 0},
	{{"like", 4}, append_pattern, " LIKE ", PATTERN_AS_GIVEN},
	{{"nlike", 5}, append_pattern, " NOT LIKE ", PATTERN_AS_GIVEN},
	{{"contains", 8}, append_pattern, " LIKE ", PATTERN_ANYWHERE},
	{{"starts", 6}, append_pattern, " LIKE ", PATTERN_AT_START},
	{{"ends", 4}, append_pattern, " LIKE ", PATTERN_AT_END},
	{{"regexp", 6}, append_pattern, " REGEXP ", PATTERN_AS_GIVEN},
};

enum { OPERATOR_COUNT = sizeof(operators) / sizeof(operators[0]) };

static const struct condition_operator *find_operator(struct bytes name)
{
	for (size_t i = 0; i < OPERATOR_COUNT; i++)
		if (bytes_equal(operators[i].name, name))
			return &operators[i];
	return NULL;
}

static int refuse_operator(struct compiler *compiler, const struct column *column, struct bytes name)
{
	struct nearest nearest = nearest_start(name);
	char quoted[ERROR_QUOTED_BYTES];

	for (size_t i = 0; i < OPERATOR_COUNT; i++)
		nearest_offer(&nearest, operators[i].name);
	compiler_refuse(compiler, ERROR_BAD_VALUE, column, "there is no condition `%s`", error_quote(quoted, name));
	if (nearest.best.size > 0)
		error_hint(compiler->error, "did you mean `%.*s`?", BYTES_ARG(nearest.best));
	return -EINVAL;
}

static int append_operators(struct compiler *compiler, const struct column *column, const struct value *map)
{
	if (value_map_size(map) == 0) {
		compiler_refuse(compiler, ERROR_BAD_VALUE, column, "an empty condition");
		error_hint(compiler->error, "an empty map or array says nothing; write {`in`: []} for never");
		return -EINVAL;
	}
	for (uint32_t i = 0; i < map->size; i++) {
		struct bytes name = value_bytes(&map->members[i].key);
		const struct condition_operator *operator= find_operator(name);
		int result;

		if (!operator)
			return refuse_operator(compiler, column, name);
		if (i > 0)
			buffer_append_text(compiler->out, " AND ");
		result = operator->append(compiler, operator, column, &map->members[i].value);
		if (result < 0)
			return result;
	}
	return 0;
}

static int append_column(struct compiler *compiler, struct bytes name, const struct value *value)
{
	const struct column *column;
	int result = compiler_find_column(compiler, name, &column);

	if (result < 0)
		return result;
	if (value_is_map(value))
		return append_operators(compiler, column, value);
	if (value->type == VALUE_ARRAY) {
		compiler_refuse(compiler, ERROR_BAD_VALUE, column, "an array is not a condition");
		error_hint(compiler->error, "write {`in`: […]}");
		return -EINVAL;
	}
	return append_equality(compiler, &operators[0], column, value);
}

/* Each alternative in brackets: AND binds tighter than OR, but nobody should have to know. */
static int append_alternatives(struct compiler *compiler, const struct value *list, const char *word, uint32_t depth)
{
	if (list->type != VALUE_ARRAY || list->size == 0)
		return compiler_refuse(compiler, ERROR_BAD_VALUE, NULL, "`%s` takes a non-empty array of maps", word);
	buffer_append_byte(compiler->out, '(');
	for (uint32_t i = 0; i < list->size; i++) {
		int result;

		if (i > 0)
			buffer_append_text(compiler->out, word[0] == 'a' ? " AND " : " OR ");
		buffer_append_byte(compiler->out, '(');
		result = append_map(compiler, &list->items[i], depth + 1);
		if (result < 0)
			return result;
		buffer_append_byte(compiler->out, ')');
	}
	buffer_append_byte(compiler->out, ')');
	return 0;
}

static int append_negation(struct compiler *compiler, const struct value *map, uint32_t depth)
{
	int result;

	buffer_append_text(compiler->out, "NOT (");
	result = append_map(compiler, map, depth + 1);
	buffer_append_byte(compiler->out, ')');
	return result;
}

static bool is_word(struct bytes name)
{
	return bytes_equal(name, BYTES("and")) || bytes_equal(name, BYTES("or")) || bytes_equal(name, BYTES("not"));
}

static int append_member(struct compiler *compiler, struct bytes name, const struct value *value, uint32_t depth)
{
	if (bytes_equal(name, BYTES("and")))
		return append_alternatives(compiler, value, "and", depth);
	if (bytes_equal(name, BYTES("or")))
		return append_alternatives(compiler, value, "or", depth);
	if (bytes_equal(name, BYTES("not")))
		return append_negation(compiler, value, depth);
	if (name.size > 1 && name.data[0] == '.') {
		struct bytes undotted = {.data = name.data + 1, .size = name.size - 1};

		if (is_word(undotted))
			name = undotted;
	}
	return append_column(compiler, name, value);
}

static int append_map(struct compiler *compiler, const struct value *map, uint32_t depth)
{
	if (depth > CONDITION_DEPTH)
		return compiler_refuse(compiler, ERROR_BAD_VALUE, NULL,
				       "`where` nests deeper than %d levels of and, or, not", CONDITION_DEPTH);
	if (!value_is_map(map))
		return compiler_refuse(compiler, ERROR_BAD_VALUE, NULL, "a condition is a map, not %s",
				       value_type_name(map));
	if (value_map_size(map) == 0)
		return compiler_refuse(compiler, ERROR_BAD_VALUE, NULL, "an empty map among and, or, not");
	for (uint32_t i = 0; i < map->size; i++) {
		const struct member *member = &map->members[i];
		int result;

		if (i > 0)
			buffer_append_text(compiler->out, " AND ");
		result = append_member(compiler, value_bytes(&member->key), &member->value, depth);
		if (result < 0)
			return result;
	}
	return 0;
}

int condition_append(struct compiler *compiler, const struct value *where)
{
	return append_map(compiler, where, 0);
}
