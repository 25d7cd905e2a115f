/* tests/simulation/sql.c */
#include "sql_parser.h"

#include "daemon/database/errors.h"

/* --- SELECT --- */

static void do_count(struct sql_parser *parser)
{
	struct sql_condition condition;
	uint64_t rows = 0;

	sql_expect(parser, "FROM");
	sql_table(parser);
	sql_where(parser, &condition);
	if (parser->at != parser->end)
		sql_not_understood(parser);
	for (uint32_t i = 0; i < parser->table->count; i++) {
		const struct store_row *row = store_see(parser->transaction, parser->table->entries[i]);

		rows += row && sql_holds(&condition, row);
	}
	blobs_clear(&condition.values);
	sql_begin_rows(parser->result, 1);
	blobs_insert(&parser->result->cells, 0, blob_number(rows));
}

static void sql_select(struct sql_parser *parser)
{
	struct bytes names[SQL_SELECTED_MOST];
	struct sql_condition condition;
	uint64_t rows_left;
	uint32_t count;
	bool for_update;

	if (sql_take(parser, "COUNT(*)")) {
		do_count(parser);
		return;
	}
	count = sql_select_list(parser, names);
	sql_begin_rows(parser->result, count);
	if (!sql_take(parser, "FROM")) {
		blobs_insert(&parser->result->cells, 0, blob_number(1));
		return;
	}
	sql_table(parser);
	(void)sql_take(parser, "FORCE INDEX (PRIMARY)");
	sql_where(parser, &condition);
	rows_left = sql_limit(parser);
	for_update = sql_take(parser, "FOR UPDATE");
	if (parser->at != parser->end)
		sql_not_understood(parser);
	for (uint32_t i = 0; i < parser->table->count; i++) {
		struct store_entry *entry = parser->table->entries[i];
		struct store_row *row;

		if (for_update && sql_may_hold(&condition, entry) && !store_hold(parser->transaction, entry)) {
			parser->result->waits = true;
			break;
		}
		row = store_see(parser->transaction, entry);
		if (!row || !sql_holds(&condition, row) || rows_left == 0)
			continue;
		sql_add_row(parser, row, names, count);
		rows_left--;
	}
	blobs_clear(&condition.values);
}

/* --- all of them --- */

void sql_fail(struct sql_result *result, uint32_t number, const char *sqlstate, const char *message)
{
	result->failed = true;
	if (number >= 2000 && number < 3000)
		sql_error_lost(&result->error, number, message);
	else
		sql_error_set(&result->error, SERVER_MARIADB, number, sqlstate, message);
}

void sql_result_clear(struct sql_result *result)
{
	blobs_clear(&result->cells);
	*result = (struct sql_result){0};
}

void sql_execute(struct store_transaction *transaction, struct bytes text, struct sql_result *result)
{
	struct sql_parser parser = {.at = text.data,
				    .end = text.data + text.size,
				    .text = text,
				    .transaction = transaction,
				    .result = result};
	struct store_mark mark = store_mark(transaction);

	transaction->waits_for = NULL;
	if (sql_take(&parser, "SELECT"))
		sql_select(&parser);
	else if (sql_take(&parser, "INSERT"))
		sql_insert(&parser);
	else if (sql_take(&parser, "UPDATE"))
		sql_update(&parser);
	else if (sql_take(&parser, "DELETE"))
		sql_delete(&parser);
	else if (!sql_take(&parser, "SET"))
		sql_not_understood(&parser);
	if (result->waits || result->failed)
		store_undo(transaction, mark);
	if (result->waits)
		sql_result_clear(result), result->waits = true;
}
