/* tests/fuzz/where_token.c */
#include "tests/fuzz/where_token.h"

#include "tests/fuzz/fuzz.h"

static void token_skip_blanks(struct parser *parser)
{
	while (parser->at < parser->end && *parser->at == ' ')
		parser->at++;
}

char token_peek(struct parser *parser)
{
	token_skip_blanks(parser);
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

bool token_take(struct parser *parser, const char *token)
{
	size_t size = strlen(token);
	bool is_word = is_letter(*token);

	token_skip_blanks(parser);
	if ((size_t)(parser->end - parser->at) < size || memcmp(parser->at, token, size) != 0)
		return false;
	if (is_word && parser->at + size < parser->end && (is_letter(parser->at[size]) || is_digit(parser->at[size])))
		return false;
	parser->at += size;
	return true;
}

void token_expect(struct parser *parser, const char *token)
{
	fuzz_require(token_take(parser, token), token);
}

static char next_byte(struct parser *parser)
{
	fuzz_require(parser->at < parser->end, "what is quoted ends");
	return *parser->at++;
}

struct bytes token_column(struct parser *parser)
{
	char *name = arena_alloc(parser->arena, (size_t)(parser->end - parser->at) + 1);
	size_t size = 0;

	fuzz_require(name != NULL, "a small tree needs little memory");
	token_expect(parser, "`");
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
	token_expect(parser, "'");
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
	token_expect(parser, "'");
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

struct literal token_literal(struct parser *parser)
{
	struct literal literal;
	char first = token_peek(parser);

	if (first == '\'')
		return (struct literal){LITERAL_TEXT, parse_text(parser)};
	if (first == 'x') {
		parser->at++;
		return (struct literal){LITERAL_BYTES, parse_hexadecimal(parser)};
	}
	if (first == '-' || is_digit(first))
		return (struct literal){LITERAL_NUMBER, parse_number(parser)};
	token_expect(parser, "CAST");
	token_expect(parser, "(");
	literal = (struct literal){LITERAL_DOCUMENT, parse_text(parser)};
	token_expect(parser, "AS");
	token_expect(parser, "JSON");
	token_expect(parser, ")");
	return literal;
}
