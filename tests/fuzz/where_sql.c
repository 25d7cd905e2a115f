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

struct parser {
	struct arena *arena;
	const char *at, *end;
};

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

/* --- tokens ------------------------------------------------------------------------------------------------------- */

static void skip_blanks(struct parser *parser)
{
	while (parser->at < parser->end && *parser->at == ' ')
		parser->at++;
}

static char peek(struct parser *parser)
{
	skip_blanks(parser);
	return parser->at < parser->end ? *parser->at : '\0';
}

static bool is_letter(char byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '_';
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Takes the word, or the mark, if it comes next. */
static bool take(struct parser *parser, const char *token)
{
	size_t size = strlen(token);
	bool is_word = is_letter(*token);

	skip_blanks(parser);
	if ((size_t)(parser->end - parser->at) < size || memcmp(parser->at, token, size) != 0)
		return false;
	if (is_word && parser->at + size < parser->end && (is_letter(parser->at[size]) || is_digit(parser->at[size])))
		return false;
	parser->at += size;
	return true;
}

static void expect(struct parser *parser, const char *token)
{
	fuzz_require(take(parser, token), token);
}

static char next_byte(struct parser *parser)
{
	fuzz_require(parser->at < parser->end, "what is quoted ends");
	return *parser->at++;
}

/* `name`, in which two of the quotes are one. */
static struct bytes parse_column(struct parser *parser)
{
	char *name = arena_alloc(parser->arena, (size_t)(parser->end - parser->at) + 1);
	size_t size = 0;

	fuzz_require(name != NULL, "a small tree needs little memory");
	expect(parser, "`");
	for (;;) {
		char byte = next_byte(parser);

		if (byte == '`' && !(parser->at < parser->end && *parser->at == '`'))
			return (struct bytes){.data = name, .size = size};
		if (byte == '`')
			parser->at++;
		name[size++] = byte;
	}
}

/* What a backslash and this byte stand for; in front of % and _ the backslash stays. */
static size_t unescape(char byte, char to[2])
{
	static const char letters[] = "0bnrtZ", meanings[] = "\0\b\n\r\t\x1a";
	const char *letter = byte ? strchr(letters, byte) : NULL;

	if (byte == '%' || byte == '_') {
		to[0] = '\\';
		to[1] = byte;
		return 2;
	}
	to[0] = letter ? meanings[letter - letters] : byte;
	return 1;
}

static struct bytes parse_text(struct parser *parser)
{
	char *text = arena_alloc(parser->arena, (size_t)(parser->end - parser->at) + 1);
	size_t size = 0;

	fuzz_require(text != NULL, "a small tree needs little memory");
	expect(parser, "'");
	for (;;) {
		char byte = next_byte(parser);

		if (byte == '\\') {
			size += unescape(next_byte(parser), text + size);
			continue;
		}
		if (byte == '\'' && !(parser->at < parser->end && *parser->at == '\''))
			return (struct bytes){.data = text, .size = size};
		if (byte == '\'')
			parser->at++;
		text[size++] = byte;
	}
}

static unsigned hex_digit(char byte)
{
	const char *digits = "0123456789abcdef", *found = byte ? strchr(digits, byte) : NULL;

	fuzz_require(found != NULL, "x'…' holds hexadecimal digits");
	return (unsigned)(found - digits);
}

static struct bytes parse_hexadecimal(struct parser *parser)
{
	char *data = arena_alloc(parser->arena, (size_t)(parser->end - parser->at) + 1);
	size_t size = 0;

	fuzz_require(data != NULL, "a small tree needs little memory");
	expect(parser, "'");
	for (;;) {
		char byte = next_byte(parser);
		unsigned high;

		if (byte == '\'')
			return (struct bytes){.data = data, .size = size};
		high = hex_digit(byte);
		data[size++] = (char)(high << 4 | hex_digit(next_byte(parser)));
	}
}

static void skip_digits(struct parser *parser)
{
	const char *start = parser->at;

	while (parser->at < parser->end && is_digit(*parser->at))
		parser->at++;
	fuzz_require(parser->at > start, "a number has digits");
}

/* [-]digits[.digits][e[±]digits] */
static struct bytes parse_number(struct parser *parser)
{
	const char *start = parser->at;

	if (*parser->at == '-')
		parser->at++;
	skip_digits(parser);
	if (parser->at < parser->end && *parser->at == '.') {
		parser->at++;
		skip_digits(parser);
	}
	if (parser->at < parser->end && *parser->at == 'e') {
		parser->at++;
		if (parser->at < parser->end && (*parser->at == '-' || *parser->at == '+'))
			parser->at++;
		skip_digits(parser);
	}
	fuzz_require(parser->at == parser->end || strchr(" ,)", *parser->at), "a number ends where a number ends");
	return (struct bytes){.data = start, .size = (size_t)(parser->at - start)};
}

static struct literal parse_literal(struct parser *parser)
{
	struct literal literal;
	char first = peek(parser);

	if (first == '\'')
		return (struct literal){LITERAL_TEXT, parse_text(parser)};
	if (first == 'x') {
		parser->at++;
		return (struct literal){LITERAL_BYTES, parse_hexadecimal(parser)};
	}
	if (first == '-' || is_digit(first))
		return (struct literal){LITERAL_NUMBER, parse_number(parser)};
	expect(parser, "CAST");
	expect(parser, "(");
	literal = (struct literal){LITERAL_DOCUMENT, parse_text(parser)};
	expect(parser, "AS");
	expect(parser, "JSON");
	expect(parser, ")");
	return literal;
}

/* --- conditions --------------------------------------------------------------------------------------------------- */

static struct operand *parse_operand(struct parser *parser)
{
	struct operand *operand = allocate(parser->arena, sizeof(*operand));

	operand->literal = parse_literal(parser);
	return operand;
}

static void parse_list(struct parser *parser, struct condition *condition)
{
	struct operand **link = &condition->operands;

	condition->type = CONDITION_IN;
	expect(parser, "(");
	do {
		*link = parse_operand(parser);
		link = &(*link)->next;
	} while (take(parser, ","));
	expect(parser, ")");
}

/* CAST(`column` AS FLOAT) */
static struct bytes parse_cast(struct parser *parser)
{
	struct bytes column;

	expect(parser, "CAST");
	expect(parser, "(");
	column = parse_column(parser);
	expect(parser, "AS");
	expect(parser, "FLOAT");
	expect(parser, ")");
	return column;
}

/* A column, as it is or as a FLOAT: beyond FLT_MAX as it is. */
static struct bytes parse_single(struct parser *parser, bool *ret_as_float)
{
	struct bytes column;

	*ret_as_float = peek(parser) != '`';
	if (!*ret_as_float)
		return parse_column(parser);
	if (!take(parser, "IF"))
		return parse_cast(parser);
	expect(parser, "(");
	expect(parser, "ABS");
	expect(parser, "(");
	column = parse_column(parser);
	expect(parser, ")");
	expect(parser, "<=");
	expect(parser, "3.4028234663852886e38");
	expect(parser, ",");
	fuzz_require(bytes_equal(parse_cast(parser), column), "the column that is tested is the one that is cast");
	expect(parser, ",");
	fuzz_require(bytes_equal(parse_column(parser), column), "the column that is tested is the one that is taken");
	expect(parser, ")");
	return column;
}

/* Whether a column comes next, in any form, and not a literal: a CAST may be either. */
static bool is_single(struct parser *parser)
{
	struct parser ahead = *parser;

	if (peek(&ahead) == '`' || take(&ahead, "IF"))
		return true;
	return take(&ahead, "CAST") && take(&ahead, "(") && peek(&ahead) == '`';
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
		if (take(parser, marks[i].mark))
			break;
	}
	parse_right_side(parser, condition);
}

static struct condition *parse_documents(struct parser *parser)
{
	struct condition *condition = condition_new(parser->arena, CONDITION_COMPARE);

	expect(parser, "(");
	condition->column = parse_column(parser);
	expect(parser, ",");
	parse_right_side(parser, condition);
	expect(parser, ")");
	expect(parser, "=");
	condition->comparison = peek(parser) == '1' ? COMPARE_EQ : COMPARE_NE;
	fuzz_require(take(parser, "1") || take(parser, "0"), "documents are equal or not");
	return condition;
}

/* What stands behind a column, other than a comparison. False when it is one. */
static bool parse_test(struct parser *parser, struct condition *condition)
{
	if (take(parser, "IS")) {
		condition->negated = take(parser, "NOT");
		expect(parser, "NULL");
		return true;
	}
	condition->negated = take(parser, "NOT");
	if (take(parser, "IN")) {
		parse_list(parser, condition);
	} else if (take(parser, "LIKE")) {
		condition->type = CONDITION_LIKE;
		condition->operands = parse_operand(parser);
	} else if (take(parser, "REGEXP")) {
		condition->type = CONDITION_REGEXP;
		condition->operands = parse_operand(parser);
	} else if (take(parser, "BETWEEN")) {
		condition->type = CONDITION_BETWEEN;
		condition->operands = parse_operand(parser);
		expect(parser, "AND");
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

	if (take(parser, "JSON_EQUALS"))
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

	if (take(parser, "TRUE"))
		return condition_new(parser->arena, CONDITION_TRUE);
	if (take(parser, "FALSE"))
		return condition_new(parser->arena, CONDITION_FALSE);
	if (!take(parser, "("))
		return parse_predicate(parser);
	condition = parse_or(parser);
	expect(parser, ")");
	return condition;
}

static struct condition *parse_not(struct parser *parser)
{
	struct condition *condition;

	if (!take(parser, "NOT"))
		return parse_primary(parser);
	condition = condition_new(parser->arena, CONDITION_NOT);
	condition->first = parse_not(parser);
	return condition;
}

static struct condition *parse_and(struct parser *parser)
{
	struct condition *first = parse_not(parser), *all;

	if (!take(parser, "AND"))
		return first;
	all = condition_new(parser->arena, CONDITION_AND);
	condition_add(all, first);
	do {
		condition_add(all, parse_not(parser));
	} while (take(parser, "AND"));
	return all;
}

static struct condition *parse_or(struct parser *parser)
{
	struct condition *first = parse_and(parser), *any;

	if (!take(parser, "OR"))
		return first;
	any = condition_new(parser->arena, CONDITION_OR);
	condition_add(any, first);
	do {
		condition_add(any, parse_and(parser));
	} while (take(parser, "OR"));
	return any;
}

struct condition *sql_parse(struct arena *arena, struct bytes sql)
{
	struct parser parser = {.arena = arena, .at = sql.data, .end = sql.data + sql.size};
	struct condition *condition = parse_or(&parser);

	fuzz_require(peek(&parser) == '\0' && parser.at == parser.end, "nothing stands behind the condition");
	return condition;
}
