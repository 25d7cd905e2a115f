/* database/sql_text.c - see sql_text.h. */
#include "daemon/database/sql_text.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

static void advance(struct sql_text *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		text->line += text->rest.data[i] == '\n';
	text->rest.data += size;
	text->rest.size -= size;
}

static size_t line_size(struct bytes rest)
{
	const char *end = memchr(rest.data, '\n', rest.size);

	return end ? (size_t)(end - rest.data) + 1 : rest.size;
}

/* MySQL wants a blank, a control character or the end behind the two dashes: 5--1 is arithmetic. */
static bool is_dash_comment(struct bytes rest)
{
	return rest.size >= 2 && rest.data[0] == '-' && rest.data[1] == '-' &&
	       (rest.size == 2 || (unsigned char)rest.data[2] <= ' ');
}

/* The size of a slash-star comment at the start; 0 when it is not closed. */
static size_t block_size(struct bytes rest)
{
	const char *end = rest.size >= 4 ? memmem(rest.data + 2, rest.size - 2, "*/", 2) : NULL;

	return end ? (size_t)(end - rest.data) + 2 : 0;
}

static bool is_block_comment(struct bytes rest)
{
	return rest.size >= 2 && rest.data[0] == '/' && rest.data[1] == '*';
}

/* An executable comment is SQL to the server: it belongs to the statement. */
static bool is_executable_comment(struct bytes rest)
{
	return rest.size >= 3 && (rest.data[2] == '!' || (rest.data[2] == 'M' && rest.size > 3 && rest.data[3] == '!'));
}

/* The size of what is quoted at the start, quotes included; 0 when it is not closed. Two quotes stand for one, which
 * reads as two texts side by side and comes to the same. */
static size_t quoted_size(struct bytes rest)
{
	char quote = rest.data[0];

	for (size_t i = 1; i < rest.size; i++) {
		if (rest.data[i] == '\\' && quote != '`')
			i++;
		else if (rest.data[i] == quote)
			return i + 1;
	}
	return 0;
}

enum piece { PIECE_BLANK, PIECE_TEXT, PIECE_END, PIECE_OPEN_QUOTE, PIECE_OPEN_COMMENT };

/* What the rest, which is not empty, begins with, and how long that is. */
static enum piece next_piece(struct bytes rest, size_t *ret_size)
{
	char first = rest.data[0];

	*ret_size = 1;
	if (first == ';')
		return PIECE_END;
	if (isspace((unsigned char)first))
		return PIECE_BLANK;
	if (first == '#' || is_dash_comment(rest)) {
		*ret_size = line_size(rest);
		return PIECE_BLANK;
	}
	if (is_block_comment(rest)) {
		*ret_size = block_size(rest);
		if (*ret_size == 0)
			return PIECE_OPEN_COMMENT;
		return is_executable_comment(rest) ? PIECE_TEXT : PIECE_BLANK;
	}
	if (first == '\'' || first == '"' || first == '`') {
		*ret_size = quoted_size(rest);
		return *ret_size == 0 ? PIECE_OPEN_QUOTE : PIECE_TEXT;
	}
	return PIECE_TEXT;
}

struct sql_text sql_text_start(struct bytes text)
{
	if (bytes_starts(text, BYTES("\xef\xbb\xbf")))
		text = (struct bytes){text.data + 3, text.size - 3};
	return (struct sql_text){.rest = text, .line = 1};
}

int sql_text_next(struct sql_text *text, struct sql_statement *ret_statement)
{
	const char *start = NULL, *end = NULL;
	uint32_t line = 0;

	while (text->rest.size > 0) {
		size_t size;
		enum piece piece = next_piece(text->rest, &size);
		if (piece == PIECE_OPEN_QUOTE || piece == PIECE_OPEN_COMMENT) {
			*ret_statement = (struct sql_statement){
				.text = piece == PIECE_OPEN_QUOTE ? BYTES("a quote") : BYTES("a comment"),
				.line = text->line,
			};
			return -EBADMSG;
		}
		if (piece == PIECE_TEXT) {
			if (!start) {
				start = text->rest.data;
				line = text->line;
			}
			end = text->rest.data + size;
		}
		advance(text, size);
		if (piece == PIECE_END && start)
			break;
	}
	if (!start)
		return 0;
	*ret_statement = (struct sql_statement){.text = {start, (size_t)(end - start)}, .line = line};
	return 1;
}

/* ---- the name in CREATE TABLE ---- */

/* The next word, quoted name or single mark; size 0 at the end. */
static struct bytes next_token(struct bytes *rest)
{
	size_t size;

	while (rest->size > 0 && next_piece(*rest, &size) == PIECE_BLANK)
		*rest = (struct bytes){rest->data + size, rest->size - size};
	if (rest->size == 0)
		return *rest;
	next_piece(*rest, &size);
	/* Words are read byte by byte; everything beyond ASCII may be part of a name. */
	while (size < rest->size && (isalnum((unsigned char)rest->data[0]) || strchr("_$", rest->data[0]) ||
				     (unsigned char)rest->data[0] >= 0x80)) {
		unsigned char next = (unsigned char)rest->data[size];
		if (!isalnum(next) && next != '_' && next != '$' && next < 0x80)
			break;
		size++;
	}
	struct bytes token = {rest->data, size};
	*rest = (struct bytes){rest->data + size, rest->size - size};
	return token;
}

static bool is_word(struct bytes token, const char *word)
{
	return token.size == strlen(word) && strncasecmp(token.data, word, token.size) == 0;
}

static struct bytes without_quotes(struct bytes token)
{
	if (token.size >= 2 && (token.data[0] == '`' || token.data[0] == '"'))
		return (struct bytes){token.data + 1, token.size - 2};
	return token;
}

struct bytes sql_created_table(struct bytes statement, struct bytes *ret_name)
{
	struct bytes none = {NULL, 0};
	struct bytes rest = statement;

	if (!is_word(next_token(&rest), "CREATE"))
		return none;
	struct bytes token = next_token(&rest);
	if (is_word(token, "OR")) {
		next_token(&rest); /* REPLACE */
		token = next_token(&rest);
	}
	/* A temporary table is gone with the connection that made it. */
	if (!is_word(token, "TABLE"))
		return none;
	token = next_token(&rest);
	if (is_word(token, "IF")) {
		next_token(&rest); /* NOT */
		next_token(&rest); /* EXISTS */
		token = next_token(&rest);
	}
	struct bytes name = token;
	if (rest.size > 0 && rest.data[0] == '.') {
		next_token(&rest);
		name = next_token(&rest);
	}
	if (name.size == 0)
		return none;
	*ret_name = without_quotes(name);
	return (struct bytes){token.data, (size_t)(name.data + name.size - token.data)};
}
