/* tests/fuzz/where_sql.c
 *
 *   or        = and { OR and }
 *   and       = not { AND not }
 *   not       = [NOT] primary
 *   primary   = "(" or ")" | TRUE | FALSE | predicate
 *   predicate = column ( IS [NOT] NULL | [NOT] IN "(" literal { "," literal } ")" | BETWEEN literal AND literal
 *                      | [NOT] LIKE literal | REGEXP literal )
 *             | single comparison (literal | single)
 *             | JSON_EQUALS "(" column "," (literal | column) ")" = (1 | 0)
 *   single    = column | float | IF "(" ABS "(" column ")" <= 3.4028234663852886e38 "," float "," column ")"
 *   float     = CAST "(" column AS FLOAT ")"
 *   literal   = 'text' | x'hex' | number | CAST "(" 'text' AS JSON ")" */
#include "tests/fuzz/where_sql.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/where_token.h"

static void *allocate(struct arena *arena, size_t size)
{
	void *piece = arena_alloc_array(arena, 1, size);

	fuzz_require(piece != NULL, "a small tree needs little memory");
	return piece;
}

struct condition *condition_new(struct arena *arena, enum condition_type type)
{
	struct condition *condition = allocate(arena, sizeof(*condition));

	condition->type = type;
	return condition;
}

void condition_add(struct condition *parent, struct condition *child)
{
	struct condition **link = &parent->first;

	while (*link)
		link = &(*link)->next;
	*link = child->type == parent->type ? child->first : child;
}

/* --- conditions --------------------------------------------------------------------------------------------------- */

static struct operand *parse_operand(struct parser *parser)
{
	struct operand *operand = allocate(parser->arena, sizeof(*operand));

	operand->literal = token_literal(parser);
	return operand;
}

static void parse_list(struct parser *parser, struct condition *condition)
{
	struct operand **link = &condition->operands;

	condition->type = CONDITION_IN;
	token_expect(parser, "(");
	do {
		*link = parse_operand(parser);
		link = &(*link)->next;
	} while (token_take(parser, ","));
	token_expect(parser, ")");
}

/* CAST(`column` AS FLOAT) */
static struct bytes parse_cast(struct parser *parser)
{
	struct bytes column;

	token_expect(parser, "CAST");
	token_expect(parser, "(");
	column = token_column(parser);
	token_expect(parser, "AS");
	token_expect(parser, "FLOAT");
	token_expect(parser, ")");
	return column;
}

/* A column, as it is or as a FLOAT: beyond FLT_MAX as it is. */
static struct bytes parse_single(struct parser *parser, bool *ret_as_float)
{
	struct bytes column;

	*ret_as_float = token_peek(parser) != '`';
	if (!*ret_as_float)
		return token_column(parser);
	if (!token_take(parser, "IF"))
		return parse_cast(parser);
	token_expect(parser, "(");
	token_expect(parser, "ABS");
	token_expect(parser, "(");
	column = token_column(parser);
	token_expect(parser, ")");
	token_expect(parser, "<=");
	token_expect(parser, "3.4028234663852886e38");
	token_expect(parser, ",");
	fuzz_require(bytes_equal(parse_cast(parser), column), "the column that is tested is the one that is cast");
	token_expect(parser, ",");
	fuzz_require(bytes_equal(token_column(parser), column), "the column that is tested is the one that is taken");
	token_expect(parser, ")");
	return column;
}

/* Whether a column comes next, in any form, and not a literal: a CAST may be either. */
static bool is_single(struct parser *parser)
{
	struct parser ahead = *parser;

	if (token_peek(&ahead) == '`' || token_take(&ahead, "IF"))
		return true;
	return token_take(&ahead, "CAST") && token_take(&ahead, "(") && token_peek(&ahead) == '`';
}

static void parse_right_side(struct parser *parser, struct condition *condition)
{
	if (is_single(parser))
		condition->other_column = parse_single(parser, &condition->other_as_float);
	else
		condition->operands = parse_operand(parser);
}

static void parse_comparison(struct parser *parser, struct condition *condition)
{
	static const struct {
		const char *mark;
		enum comparison comparison;
	} marks[] = {{"<>", COMPARE_NE}, {"<=", COMPARE_LE}, {">=", COMPARE_GE},
		     {"=", COMPARE_EQ},  {"<", COMPARE_LT},  {">", COMPARE_GT}};

	condition->type = CONDITION_COMPARE;
	for (size_t i = 0;; i++) {
		fuzz_require(i < sizeof(marks) / sizeof(*marks), "there is a comparison");
		condition->comparison = marks[i].comparison;
		if (token_take(parser, marks[i].mark))
			break;
	}
	parse_right_side(parser, condition);
}

static struct condition *parse_documents(struct parser *parser)
{
	struct condition *condition = condition_new(parser->arena, CONDITION_COMPARE);

	token_expect(parser, "(");
	condition->column = token_column(parser);
	token_expect(parser, ",");
	parse_right_side(parser, condition);
	token_expect(parser, ")");
	token_expect(parser, "=");
	condition->comparison = token_peek(parser) == '1' ? COMPARE_EQ : COMPARE_NE;
	fuzz_require(token_take(parser, "1") || token_take(parser, "0"), "documents are equal or not");
	return condition;
}

/* What stands behind a column, other than a comparison. False when it is one. */
static bool parse_test(struct parser *parser, struct condition *condition)
{
	if (token_take(parser, "IS")) {
		condition->negated = token_take(parser, "NOT");
		token_expect(parser, "NULL");
		return true;
	}
	condition->negated = token_take(parser, "NOT");
	if (token_take(parser, "IN")) {
		parse_list(parser, condition);
	} else if (token_take(parser, "LIKE")) {
		condition->type = CONDITION_LIKE;
		condition->operands = parse_operand(parser);
	} else if (token_take(parser, "REGEXP")) {
		condition->type = CONDITION_REGEXP;
		condition->operands = parse_operand(parser);
	} else if (token_take(parser, "BETWEEN")) {
		condition->type = CONDITION_BETWEEN;
		condition->operands = parse_operand(parser);
		token_expect(parser, "AND");
		condition->operands->next = parse_operand(parser);
	} else {
		fuzz_require(!condition->negated, "NOT stands before IN, LIKE and the like");
		return false;
	}
	return true;
}

static struct condition *parse_predicate(struct parser *parser)
{
	struct condition *condition;

	if (token_take(parser, "JSON_EQUALS"))
		return parse_documents(parser);
	condition = condition_new(parser->arena, CONDITION_NULL);
	condition->column = parse_single(parser, &condition->as_float);
	if (condition->as_float || !parse_test(parser, condition))
		parse_comparison(parser, condition);
	return condition;
}

static struct condition *parse_or(struct parser *parser);

static struct condition *parse_primary(struct parser *parser)
{
	struct condition *condition;

	if (token_take(parser, "TRUE"))
		return condition_new(parser->arena, CONDITION_TRUE);
	if (token_take(parser, "FALSE"))
		return condition_new(parser->arena, CONDITION_FALSE);
	if (!token_take(parser, "("))
		return parse_predicate(parser);
	condition = parse_or(parser);
	token_expect(parser, ")");
	return condition;
}

static struct condition *parse_not(struct parser *parser)
{
	struct condition *condition;

	if (!token_take(parser, "NOT"))
		return parse_primary(parser);
	condition = condition_new(parser->arena, CONDITION_NOT);
	condition->first = parse_not(parser);
	return condition;
}

static struct condition *parse_and(struct parser *parser)
{
	struct condition *first = parse_not(parser), *all;

	if (!token_take(parser, "AND"))
		return first;
	all = condition_new(parser->arena, CONDITION_AND);
	condition_add(all, first);
	do {
		condition_add(all, parse_not(parser));
	} while (token_take(parser, "AND"));
	return all;
}

static struct condition *parse_or(struct parser *parser)
{
	struct condition *first = parse_and(parser), *any;

	if (!token_take(parser, "OR"))
		return first;
	any = condition_new(parser->arena, CONDITION_OR);
	condition_add(any, first);
	do {
		condition_add(any, parse_and(parser));
	} while (token_take(parser, "OR"));
	return any;
}

struct condition *sql_parse(struct arena *arena, struct bytes sql)
{
	struct parser parser = {.arena = arena, .at = sql.data, .end = sql.data + sql.size};
	struct condition *condition = parse_or(&parser);

	fuzz_require(token_peek(&parser) == '\0' && parser.at == parser.end, "nothing stands behind the condition");
	return condition;
}
