/* tests/simulation/sql_parser.h - one statement while it is read: what sql.c and sql_write.c share. */
#ifndef SIMULATION_SQL_PARSER_H
#define SIMULATION_SQL_PARSER_H

#include "sql.h"

enum { SQL_SELECTED_MOST = 16 };

struct sql_parser {
	const char *at, *end;
	struct bytes text; /* the whole statement */
	struct store_transaction *transaction;
	struct sql_result *result;
	struct store_table *table;
};

/* "`a` = 1 AND `b` = 'x'", or "`a` IN (1,2)". */
struct sql_condition {
	uint32_t column_count;
	uint32_t columns[STORE_COLUMNS];
	bool is_list;
	bool is_less[STORE_COLUMNS]; /* a column's number than the value, instead of equal */
	struct blobs values;         /* one per column; of a list: all of the one column */
};

/* --- words --- */

_Noreturn void sql_not_understood(const struct sql_parser *parser);
void sql_skip_space(struct sql_parser *parser);
/* Takes the word, whose letters are upper case, or the sign. */
bool sql_take(struct sql_parser *parser, const char *word);
void sql_expect(struct sql_parser *parser, const char *word);
uint32_t sql_column(struct sql_parser *parser);
void sql_table(struct sql_parser *parser);
/* A number or a text; NULL for NULL and DEFAULT. */
struct blob *sql_literal(struct sql_parser *parser);

/* --- what is asked for --- */

/* An empty name: no column, but 1. */
uint32_t sql_select_list(struct sql_parser *parser, struct bytes names[SQL_SELECTED_MOST]);
void sql_begin_rows(struct sql_result *result, uint32_t columns);
void sql_add_row(struct sql_parser *parser, const struct store_row *row, const struct bytes *names, uint32_t count);
/* Its values are to be cleared. */
void sql_where(struct sql_parser *parser, struct sql_condition *condition);
bool sql_holds(const struct sql_condition *condition, const struct store_row *row);
/* Whether the row may be the one meant, if all that a transaction has changed is undone or not: who looks for the rows
 * of a key waits for those who hold it. */
bool sql_may_hold(const struct sql_condition *condition, const struct store_entry *entry);
/* UINT64_MAX: there is none. */
uint64_t sql_limit(struct sql_parser *parser);

/* --- sql_write.c, behind the first word --- */

void sql_insert(struct sql_parser *parser);
void sql_update(struct sql_parser *parser);
void sql_delete(struct sql_parser *parser);

#endif
