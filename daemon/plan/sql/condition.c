/* plan/sql/condition.c - the tree of conditions: which holds for which column, and how they are combined. */
#include "daemon/plan/sql/condition.h"

#include "common/nearest.h"
#include "daemon/plan/sql/condition_operators.h"

#include <errno.h>

static int append_map(struct compiler *compiler, const struct value *map, uint32_t depth);

/* Of two that are equally near the first is offered: whoever writes "gte" means `ge`, and "neq" `ne`. */
static const struct condition_operator operators[] = {
	{{"ne", 2}, condition_append_equality, " <> ", true, 0},
	{{"eq", 2}, condition_append_equality, " = ", false, 0},
	{{"le", 2}, condition_append_comparison, " <= ", false, 0},
	{{"lt", 2}, condition_append_comparison, " < ", false, 0},
	{{"ge", 2}, condition_append_comparison, " >= ", false, 0},
	{{"gt", 2}, condition_append_comparison, " > ", false, 0},
	{{"in", 2}, condition_append_list, " IN (", false, 0},
	{{"nin", 3}, condition_append_list, " NOT IN (", true, 0},
	{{"between", 7}, condition_append_between, " BETWEEN ", false, 0},
	{{"null", 4}, condition_append_null, "", false, 0},
	{{"like", 4}, condition_append_pattern, " LIKE ", false, PATTERN_AS_GIVEN},
	{{"nlike", 5}, condition_append_pattern, " NOT LIKE ", true, PATTERN_AS_GIVEN},
	{{"contains", 8}, condition_append_pattern, " LIKE ", false, PATTERN_ANYWHERE},
	{{"starts", 6}, condition_append_pattern, " LIKE ", false, PATTERN_AT_START},
	{{"ends", 4}, condition_append_pattern, " LIKE ", false, PATTERN_AT_END},
	{{"regexp", 6}, condition_append_pattern, " REGEXP ", false, PATTERN_AS_GIVEN},
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
	if (bytes_equal_text(name, "col"))
		error_hint(compiler->error, "write {`eq`: {`col`: \"other\"}}");
	else if (column->kind == COLUMN_JSON)
		error_hint(compiler->error, "to compare with a document, write {`eq`: {…}}");
	else if (nearest.best.size > 0)
		error_hint(compiler->error, "did you mean `%.*s`?", BYTES_ARG(nearest.best));
	else
		error_hint(compiler->error, "there are eq, ne, lt, le, gt, ge, in, nin, between, null, like, nlike, "
					    "contains, starts, ends, regexp");
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
		error_hint(compiler->error, column->kind == COLUMN_JSON
						    ? "to compare with a document, write {`eq`: […]}"
						    : "write {`in`: […]}");
		return -EINVAL;
	}
	return condition_append_equality(compiler, find_operator(BYTES("eq")), column, value);
}

/* --- and, or, not ------------------------------------------------------------------------------------------------- */

/* What follows a connective is not what it takes. A column of that name may have been meant. */
static int refuse_connective(struct compiler *compiler, struct bytes word, const char *takes)
{
	const struct column *column = table_find_column(compiler->table, word);

	compiler_refuse(compiler, ERROR_BAD_VALUE, NULL, "`%.*s` takes %s", BYTES_ARG(word), takes);
	if (column)
		error_hint(compiler->error, "the column of this name is written `.%.*s`", BYTES_ARG(word));
	else
		error_hint(compiler->error,
			   "an empty one says neither all nor none: leave it out, or write a condition");
	return -EINVAL;
}

/* Each alternative in brackets: AND binds tighter than OR, but nobody should have to know. */
static int append_alternatives(struct compiler *compiler, struct bytes word, const struct value *list, uint32_t depth)
{
	if (list->type != VALUE_ARRAY || list->size == 0)
		return refuse_connective(compiler, word, "an array of conditions that is not empty");
	buffer_append_byte(compiler->out, '(');
	for (uint32_t i = 0; i < list->size; i++) {
		int result;

		if (!value_is_map(&list->items[i]) || value_map_size(&list->items[i]) == 0)
			return refuse_connective(compiler, word, "an array of maps, none of them empty");
		if (i > 0)
			buffer_append_text(compiler->out, bytes_equal_text(word, "and") ? " AND " : " OR ");
		buffer_append_byte(compiler->out, '(');
		result = append_map(compiler, &list->items[i], depth + 1);
		if (result < 0)
			return result;
		buffer_append_byte(compiler->out, ')');
	}
	buffer_append_byte(compiler->out, ')');
	return 0;
}

static int append_negation(struct compiler *compiler, struct bytes word, const struct value *map, uint32_t depth)
{
	int result;

	if (!value_is_map(map) || value_map_size(map) == 0)
		return refuse_connective(compiler, word, "a map of conditions that is not empty");
	buffer_append_text(compiler->out, "NOT (");
	result = append_map(compiler, map, depth + 1);
	buffer_append_byte(compiler->out, ')');
	return result;
}

static bool is_connective(struct bytes name)
{
	return bytes_equal_text(name, "and") || bytes_equal_text(name, "or") || bytes_equal_text(name, "not");
}

/* A column with the name of a connective is written with a dot in front. One that really is called ".or" keeps its
 * name where there is no "or", and has a dot more where there is. */
static struct bytes undot(const struct table *table, struct bytes name)
{
	struct bytes undotted = name, word = name;

	if (name.size < 2 || name.data[0] != '.')
		return name;
	undotted.data++;
	undotted.size--;
	while (word.size > 0 && word.data[0] == '.') {
		word.data++;
		word.size--;
	}
	if (!is_connective(word))
		return name;
	return table_find_column(table, undotted) || !table_find_column(table, name) ? undotted : name;
}

static int append_member(struct compiler *compiler, struct bytes name, const struct value *value, uint32_t depth)
{
	if (bytes_equal_text(name, "not"))
		return append_negation(compiler, name, value, depth);
	if (is_connective(name))
		return append_alternatives(compiler, name, value, depth);
	return append_column(compiler, undot(compiler->table, name), value);
}

static int append_map(struct compiler *compiler, const struct value *map, uint32_t depth)
{
	if (depth > CONDITION_DEPTH) {
		compiler_refuse(compiler, ERROR_BAD_VALUE, NULL, "`where` nests deeper than %d levels of and, or, not",
				CONDITION_DEPTH);
		error_hint(compiler->error, "conditions in one map hold all together and need no `and`");
		return -EINVAL;
	}
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

/* Returns how many there are; ret_column is that of the last one. */
static uint32_t find_regexps(const struct table *table, const struct value *map, const struct column **ret_column)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < value_map_size(map); i++) {
		struct bytes name = value_bytes(&map->members[i].key);
		const struct value *value = &map->members[i].value;

		if (!is_connective(name) && value->type == VALUE_MAP && value_find(value, BYTES("regexp"))) {
			*ret_column = table_find_column(table, undot(table, name));
			found++;
		} else if (is_connective(name)) {
			found += find_regexps(table, value, ret_column);
			for (uint32_t j = 0; value->type == VALUE_ARRAY && j < value->size; j++)
				found += find_regexps(table, &value->items[j], ret_column);
		}
	}
	return found;
}

const struct column *condition_regexp_column(const struct table *table, const struct value *where)
{
	const struct column *column = NULL;

	return where && find_regexps(table, where, &column) == 1 ? column : NULL;
}
