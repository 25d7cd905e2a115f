/* tests/fuzz/where_tree.c */
#include "tests/fuzz/where_tree.h"

#include "tests/fuzz/fuzz.h"

/* The contract's operators, and what each is. */
struct word {
	const char *name;
	enum condition_type type;
	enum comparison comparison;
	bool negated;
	enum ends ends;
};

static const struct word words[] = {
	{.name = "eq", .type = CONDITION_COMPARE, .comparison = COMPARE_EQ},
	{.name = "ne", .type = CONDITION_COMPARE, .comparison = COMPARE_NE},
	{.name = "lt", .type = CONDITION_COMPARE, .comparison = COMPARE_LT},
	{.name = "le", .type = CONDITION_COMPARE, .comparison = COMPARE_LE},
	{.name = "gt", .type = CONDITION_COMPARE, .comparison = COMPARE_GT},
	{.name = "ge", .type = CONDITION_COMPARE, .comparison = COMPARE_GE},
	{.name = "in", .type = CONDITION_IN},
	{.name = "nin", .type = CONDITION_IN, .negated = true},
	{.name = "between", .type = CONDITION_BETWEEN},
	{.name = "null", .type = CONDITION_NULL},
	{.name = "like", .type = CONDITION_LIKE},
	{.name = "nlike", .type = CONDITION_LIKE, .negated = true},
	{.name = "contains", .type = CONDITION_LIKE, .ends = ENDS_ANYWHERE},
	{.name = "starts", .type = CONDITION_LIKE, .ends = ENDS_AT_START},
	{.name = "ends", .type = CONDITION_LIKE, .ends = ENDS_AT_END},
	{.name = "regexp", .type = CONDITION_REGEXP},
};

/* --- the tree of a `where` ---------------------------------------------------------------------------------------- */

struct maker {
	struct arena *arena;
	const struct table *table;
	bool splits_lists; /* of documents */
};

static struct condition *tree_of_map(const struct maker *maker, const struct value *map);

static struct operand *operand_of(const struct maker *maker, const struct value *value)
{
	struct operand *operand = arena_alloc_array(maker->arena, 1, sizeof(*operand));

	fuzz_require(value->type != VALUE_NIL, "nil is no operand");
	/* With an else, so that either analyser sees that nothing goes on without memory. */
	if (operand)
		operand->value = value;
	else
		fuzz_fail("a small tree needs little memory");
	return operand;
}

/* {"col": name}, to a comparison; a JSON column may be compared with such a map only by another spelling of it. */
static bool names_column(const struct value *operand)
{
	return operand->type == VALUE_MAP && operand->size == 1 &&
	       bytes_equal_text(value_bytes(&operand->members[0].key), "col") &&
	       value_is_text(&operand->members[0].value);
}

static void fill_comparison(const struct maker *maker, struct condition *condition, const struct value *operand)
{
	if (operand->type == VALUE_NIL) {
		fuzz_require(condition->comparison <= COMPARE_NE, "only equality is asked of nil");
		condition->type = CONDITION_NULL;
		condition->negated = condition->comparison == COMPARE_NE;
	} else if (names_column(operand)) {
		condition->other_column = value_bytes(&operand->members[0].value);
	} else {
		condition->operands = operand_of(maker, operand);
	}
}

static void fill_list(const struct maker *maker, struct condition *condition, const struct value *operand)
{
	struct operand **link = &condition->operands;

	fuzz_require(operand->type == VALUE_ARRAY, "a list is an array");
	if (operand->size == 0 && condition->type == CONDITION_IN) {
		condition->type = condition->negated ? CONDITION_TRUE : CONDITION_FALSE;
		condition->negated = false;
	}
	for (uint32_t i = 0; i < operand->size; i++) {
		*link = operand_of(maker, &operand->items[i]);
		link = &(*link)->next;
	}
}

/* A list of conditions as one: a single one stands for itself. */
static struct condition *settle(struct condition *list)
{
	fuzz_require(list->first != NULL, "no list of conditions is empty");
	return list->first->next ? list : list->first;
}

static const struct column *find_column(const struct table *table, struct bytes name)
{
	for (uint32_t i = 0; i < table->column_count; i++) {
		if (bytes_equal(table->columns[i].name, name))
			return &table->columns[i];
	}
	fuzz_fail("an identifier is that of a column");
}

/* column = a OR column = b, or NOT of that. */
static struct condition *split_list(const struct maker *maker, const struct condition *list)
{
	struct condition *any = condition_new(maker->arena, CONDITION_OR), *none;

	for (struct operand *operand = list->operands, *next; operand; operand = next) {
		struct condition *single = condition_new(maker->arena, CONDITION_COMPARE);

		next = operand->next;
		operand->next = NULL;
		single->column = list->column;
		single->operands = operand;
		condition_add(any, single);
	}
	if (!list->negated)
		return settle(any);
	none = condition_new(maker->arena, CONDITION_NOT);
	none->first = settle(any);
	return none;
}

/* column >= low AND column <= high. */
static struct condition *split_range(const struct maker *maker, const struct condition *range)
{
	struct condition *both = condition_new(maker->arena, CONDITION_AND);
	struct operand *high = range->operands->next;

	range->operands->next = NULL;
	for (size_t i = 0; i < 2; i++) {
		struct condition *end = condition_new(maker->arena, CONDITION_COMPARE);

		end->column = range->column;
		end->comparison = i == 0 ? COMPARE_GE : COMPARE_LE;
		end->operands = i == 0 ? range->operands : high;
		condition_add(both, end);
	}
	return both;
}

static bool is_text(enum column_kind kind)
{
	return kind == COLUMN_TEXT || kind == COLUMN_ENUM || kind == COLUMN_SET;
}

static struct condition *tree_of_operator(const struct maker *maker, struct bytes column, struct bytes name,
					  const struct value *operand)
{
	struct condition *condition;
	const struct word *word = words;

	while (!bytes_equal_text(name, word->name)) {
		word++;
		fuzz_require(word < words + sizeof(words) / sizeof(*words), "an operator is of the contract");
	}
	condition = condition_new(maker->arena, word->type);
	condition->column = column;
	condition->comparison = word->comparison;
	condition->negated = word->negated;
	condition->ends = word->ends;
	if (word->type == CONDITION_COMPARE)
		fill_comparison(maker, condition, operand);
	else if (word->type == CONDITION_IN || word->type == CONDITION_BETWEEN)
		fill_list(maker, condition, operand);
	else if (word->type == CONDITION_NULL)
		condition->negated = !operand->boolean;
	else
		condition->operands = operand_of(maker, operand);
	if (condition->type == CONDITION_IN && maker->splits_lists &&
	    find_column(maker->table, column)->kind == COLUMN_JSON)
		return split_list(maker, condition);
	if (condition->type == CONDITION_BETWEEN && is_text(find_column(maker->table, column)->kind))
		return split_range(maker, condition);
	return condition;
}

static struct condition *tree_of_column(const struct maker *maker, struct bytes column, const struct value *value)
{
	struct condition *all;

	if (value->type != VALUE_MAP)
		return tree_of_operator(maker, column, BYTES("eq"), value);
	all = condition_new(maker->arena, CONDITION_AND);
	for (uint32_t i = 0; i < value->size; i++)
		condition_add(all, tree_of_operator(maker, column, value_bytes(&value->members[i].key),
						    &value->members[i].value));
	return settle(all);
}

static struct condition *tree_of_list(const struct maker *maker, enum condition_type type, const struct value *list)
{
	struct condition *condition = condition_new(maker->arena, type);

	fuzz_require(list->type == VALUE_ARRAY, "`and` and `or` take an array");
	for (uint32_t i = 0; i < list->size; i++)
		condition_add(condition, tree_of_map(maker, &list->items[i]));
	return settle(condition);
}

/* A name of dots and one of the words that combine has a dot more than the column. */
static struct bytes undot(struct bytes name)
{
	struct bytes word = name;

	while (word.size > 0 && word.data[0] == '.')
		word = (struct bytes){.data = word.data + 1, .size = word.size - 1};
	if (word.size == name.size ||
	    !(bytes_equal_text(word, "and") || bytes_equal_text(word, "or") || bytes_equal_text(word, "not")))
		return name;
	return (struct bytes){.data = name.data + 1, .size = name.size - 1};
}

static struct condition *tree_of_member(const struct maker *maker, struct bytes name, const struct value *value)
{
	struct condition *condition;

	if (bytes_equal_text(name, "and"))
		return tree_of_list(maker, CONDITION_AND, value);
	if (bytes_equal_text(name, "or"))
		return tree_of_list(maker, CONDITION_OR, value);
	if (bytes_equal_text(name, "not")) {
		condition = condition_new(maker->arena, CONDITION_NOT);
		condition->first = tree_of_map(maker, value);
		return condition;
	}
	return tree_of_column(maker, undot(name), value);
}

static struct condition *tree_of_map(const struct maker *maker, const struct value *map)
{
	struct condition *all = condition_new(maker->arena, CONDITION_AND);

	fuzz_require(map->type == VALUE_MAP, "conditions are a map");
	for (uint32_t i = 0; i < map->size; i++)
		condition_add(all, tree_of_member(maker, value_bytes(&map->members[i].key), &map->members[i].value));
	return settle(all);
}

struct condition *where_tree(struct arena *arena, const struct catalog *catalog, const struct value *where)
{
	struct maker maker = {
		.arena = arena,
		.table = catalog_table_at(catalog, 0),
		.splits_lists = catalog_server(catalog)->kind == SERVER_MARIADB,
	};

	return tree_of_map(&maker, where);
}

/* --- the comparison ----------------------------------------------------------------------------------------------- */

/* Takes from a LIKE pattern the byte that it begins with; *ret_wild: it is a wildcard. */
static char take_of_pattern(struct bytes *pattern, bool *ret_wild)
{
	char byte = pattern->data[0];
	size_t size = 1;

	*ret_wild = byte == '%' || byte == '_';
	if (byte == '\\' && pattern->size > 1) {
		byte = pattern->data[1];
		size = 2;
	}
	pattern->data += size;
	pattern->size -= size;
	return byte;
}

/* Whether the pattern is the text, with the wildcards around it that the operator asks for and no other. */
static bool pattern_means(struct bytes pattern, struct bytes text, enum ends ends)
{
	bool wild;

	if (ends == ENDS_AS_GIVEN)
		return bytes_equal(pattern, text);
	if (ends != ENDS_AT_START && (pattern.size == 0 || take_of_pattern(&pattern, &wild) != '%' || !wild))
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if (pattern.size == 0 || take_of_pattern(&pattern, &wild) != text.data[i] || wild)
			return false;
	}
	if (ends != ENDS_AT_END && (pattern.size == 0 || take_of_pattern(&pattern, &wild) != '%' || !wild))
		return false;
	return pattern.size == 0;
}

static void compare_pattern(const struct condition *parsed, const struct condition *wanted, const struct column *column)
{
	const struct literal *literal = &parsed->operands->literal;

	fuzz_require(literal->type == (column->kind == COLUMN_BINARY ? LITERAL_BYTES : LITERAL_TEXT),
		     "a pattern is a text, to a binary column bytes");
	fuzz_require(pattern_means(literal->text, value_bytes(wanted->operands->value), wanted->ends),
		     "a pattern means its text");
}

static void compare_operands(const struct condition *parsed, const struct condition *wanted,
			     const struct column *column)
{
	const struct operand *left = parsed->operands, *right = wanted->operands;

	for (; left && right; left = left->next, right = right->next)
		fuzz_require(literal_means(&left->literal, column, right->value), "a literal means its value");
	fuzz_require(!left && !right, "there are as many literals as values");
}

/* What is compared with a FLOAT is compared as one. */
static void compare_columns(const struct table *table, const struct condition *parsed, const struct column *column)
{
	const struct column *other = parsed->other_column.data ? find_column(table, parsed->other_column) : NULL;
	bool floats = other && (column->kind == COLUMN_FLOAT || other->kind == COLUMN_FLOAT);

	fuzz_require(parsed->as_float == (floats && column->kind != COLUMN_FLOAT) &&
			     parsed->other_as_float == (floats && other->kind != COLUMN_FLOAT),
		     "only what is compared with a FLOAT is made one");
}

void where_compare(const struct table *table, const struct condition *parsed, const struct condition *wanted)
{
	const struct condition *left = parsed->first, *right = wanted->first;

	fuzz_require(parsed->type == wanted->type && parsed->negated == wanted->negated, "a condition is the same");
	for (; left && right; left = left->next, right = right->next)
		where_compare(table, left, right);
	fuzz_require(!left && !right, "there are as many conditions");
	if (parsed->type <= CONDITION_FALSE)
		return;

	const struct column *column = find_column(table, parsed->column);

	fuzz_require(bytes_equal(parsed->column, wanted->column), "a condition is about the same column");
	fuzz_require(parsed->comparison == wanted->comparison || parsed->type != CONDITION_COMPARE,
		     "a comparison is the same");
	fuzz_require(bytes_equal(parsed->other_column, wanted->other_column), "it is compared with the same column");
	compare_columns(table, parsed, column);
	if (parsed->type == CONDITION_LIKE || parsed->type == CONDITION_REGEXP)
		compare_pattern(parsed, wanted, column);
	else
		compare_operands(parsed, wanted, column);
}
