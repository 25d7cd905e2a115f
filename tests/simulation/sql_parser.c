/* tests/simulation/sql_parser.c */
#include "sql_parser.h"

#include "world.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- words --- */

_Noreturn void sql_not_understood(const struct sql_parser *parser)
{
	violated(NULL, "the fake database does not understand, at \"%.20s\": %.*s", parser->at,
		 BYTES_ARG(parser->text));
}

void sql_skip_space(struct sql_parser *parser)
{
	while (parser->at < parser->end && *parser->at == ' ')
		parser->at++;
}

bool sql_take(struct sql_parser *parser, const char *word)
{
	size_t size = strlen(word);

	sql_skip_space(parser);
	if ((size_t)(parser->end - parser->at) < size || memcmp(parser->at, word, size) != 0)
		return false;
	if (isalpha((unsigned char)word[0]) && parser->at + size < parser->end &&
	    isalpha((unsigned char)parser->at[size]))
		return false;
	parser->at += size;
	return true;
}

void sql_expect(struct sql_parser *parser, const char *word)
{
	if (!sql_take(parser, word))
		sql_not_understood(parser);
}

static struct bytes name(struct sql_parser *parser)
{
	sql_expect(parser, "`");
	const char *start = parser->at;
	while (parser->at < parser->end && *parser->at != '`')
		parser->at++;
	struct bytes text = {.data = start, .size = (size_t)(parser->at - start)};
	sql_expect(parser, "`");
	return text;
}

uint32_t sql_column(struct sql_parser *parser)
{
	int at = store_find_column(parser->table, name(parser));

	if (at < 0)
		sql_not_understood(parser);
	return (uint32_t)at;
}

void sql_table(struct sql_parser *parser)
{
	parser->table = store_find_table(name(parser));
	if (!parser->table)
		sql_not_understood(parser);
}

static struct blob *hexadecimal(struct sql_parser *parser)
{
	char pair[3] = "";
	struct blob *blob;
	size_t size = 0;

	parser->at += 2;
	while (parser->at + size < parser->end && isxdigit((unsigned char)parser->at[size]))
		size++;
	blob = blob_new((struct bytes){.data = parser->at, .size = size / 2});
	for (size_t i = 0; i < size / 2; i++) {
		memcpy(pair, parser->at + 2 * i, 2);
		blob->data[i] = (char)strtoul(pair, NULL, 16);
	}
	parser->at += size;
	sql_expect(parser, "'");
	return blob;
}

struct blob *sql_literal(struct sql_parser *parser)
{
	sql_skip_space(parser);
	if (sql_take(parser, "NULL") || sql_take(parser, "DEFAULT"))
		return NULL;
	if (parser->end - parser->at > 1 && memcmp(parser->at, "x'", 2) == 0)
		return hexadecimal(parser);
	if (sql_take(parser, "'")) {
		const char *start = parser->at;
		while (parser->at < parser->end && *parser->at != '\'')
			parser->at++;
		struct blob *text = blob_new((struct bytes){.data = start, .size = (size_t)(parser->at - start)});
		sql_expect(parser, "'");
		return text;
	}
	const char *start = parser->at;
	while (parser->at < parser->end &&
	       (isdigit((unsigned char)*parser->at) || *parser->at == '-' || *parser->at == '.'))
		parser->at++;
	if (parser->at == start)
		sql_not_understood(parser);
	return blob_new((struct bytes){.data = start, .size = (size_t)(parser->at - start)});
}

/* --- what is asked for --- */

uint32_t sql_select_list(struct sql_parser *parser, struct bytes names[SQL_SELECTED_MOST])
{
	uint32_t count = 0;

	do {
		if (count == SQL_SELECTED_MOST)
			sql_not_understood(parser);
		if (sql_take(parser, "1"))
			names[count++] = (struct bytes){0};
		else
			names[count++] = name(parser);
	} while (sql_take(parser, ","));
	return count;
}

void sql_begin_rows(struct sql_result *result, uint32_t columns)
{
	result->has_rows = true;
	result->columns = columns;
}

void sql_add_row(struct sql_parser *parser, const struct store_row *row, const struct bytes *names, uint32_t count)
{
	struct sql_result *result = parser->result;

	for (uint32_t i = 0; i < count; i++) {
		int at = names[i].data ? store_find_column(parser->table, names[i]) : -1;
		struct blob *cell = at < 0 ? blob_number(1) : blob_ref(row->cells[at]);
		blobs_insert(&result->cells, result->cells.count, cell);
	}
	result->result.affected++;
}

void sql_where(struct sql_parser *parser, struct sql_condition *condition)
{
	bool in_group;

	*condition = (struct sql_condition){0};
	if (!sql_take(parser, "WHERE"))
		return;
	in_group = sql_take(parser, "(");
	do {
		condition->columns[condition->column_count++] = sql_column(parser);
		if (sql_take(parser, "IN")) {
			if (in_group) { /* of the ledger, behind the queue, of which there is one */
				blobs_clear(&condition->values);
				condition->columns[0] = condition->columns[condition->column_count - 1];
			}
			condition->is_list = true;
			sql_expect(parser, "(");
			do
				blobs_insert(&condition->values, condition->values.count, sql_literal(parser));
			while (sql_take(parser, ","));
			sql_expect(parser, ")");
			if (in_group)
				sql_expect(parser, ")");
			return;
		}
		condition->is_less[condition->column_count - 1] = sql_take(parser, "<");
		if (!condition->is_less[condition->column_count - 1])
			sql_expect(parser, "=");
		blobs_insert(&condition->values, condition->values.count, sql_literal(parser));
	} while (sql_take(parser, "AND"));
}

static bool compares(const struct sql_condition *condition, uint32_t index, const struct store_row *row)
{
	const struct blob *cell = row->cells[condition->columns[condition->is_list ? 0 : index]];
	const struct blob *value = condition->values.items[index];

	if (!cell || !value)
		return false;
	if (!condition->is_list && condition->is_less[index])
		return strtoull(cell->data, NULL, 10) < strtoull(value->data, NULL, 10);
	return blob_is(cell, blob_bytes(value));
}

bool sql_holds(const struct sql_condition *condition, const struct store_row *row)
{
	for (uint32_t i = 0; i < condition->values.count; i++) {
		bool holds = compares(condition, i, row);

		if (condition->is_list && holds)
			return true;
		if (!condition->is_list && !holds)
			return false;
	}
	return !condition->is_list;
}

bool sql_may_hold(const struct sql_condition *condition, const struct store_entry *entry)
{
	struct sql_condition key = *condition;
	uint32_t key_columns = entry->table->key_columns;

	if (!key.is_list && key.values.count > key_columns)
		key.values.count = key_columns;
	return (entry->committed && sql_holds(&key, entry->committed)) ||
	       (entry->pending && sql_holds(&key, entry->pending));
}

uint64_t sql_limit(struct sql_parser *parser)
{
	struct blob *number = sql_take(parser, "LIMIT") ? sql_literal(parser) : NULL;
	uint64_t rows = number ? strtoull(number->data, NULL, 10) : UINT64_MAX;

	blob_unref(number);
	return rows;
}
