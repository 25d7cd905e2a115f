/* tests/fuzz/where_token.h - words, names and literals of SQL, read by the rules of MySQL's manual. */
#ifndef FUZZ_WHERE_TOKEN_H
#define FUZZ_WHERE_TOKEN_H

#include "tests/fuzz/where_sql.h"

struct parser {
	struct arena *arena;
	const char *at, *end;
};

/* The next byte that is no blank; 0 at the end. */
char token_peek(struct parser *parser);

/* Takes the word, or the mark, if it comes next. expect: it is a finding if it does not. */
bool token_take(struct parser *parser, const char *token);
void token_expect(struct parser *parser, const char *token);

/* `name`, in which two of the quotes are one. */
struct bytes token_column(struct parser *parser);

/* 'text', x'hex', a number, or CAST('text' AS JSON). */
struct literal token_literal(struct parser *parser);

#endif
