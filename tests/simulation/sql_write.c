/* tests/simulation/sql_write.c - INSERT, UPDATE and DELETE. */
#include "commands.h"
#include "sql_parser.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEYS_MOST = 256 };

/* --- INSERT --- */

static void fail_duplicate(struct sql_parser *parser, const struct blob *key)
{
	char message[128];

	snprintf(message, sizeof(message), "Duplicate entry '%s' for key 'PRIMARY'", key->data);
	sql_fail(parser->result, 1062, "23000", message);
}

/* What the row is for: its command stands in it. */
static void note(struct sql_parser *parser, struct store_entry *entry, const struct store_row *row)
{
	int at = store_find_column(parser->table, BYTES("command"));

	if (at >= 0)
		store_note_effect(parser->transaction, entry, store_number(row, (uint32_t)at));
}

/* The foreign key of rowd_commits: the row of the marker is there, not fenced, and nobody changes it until the end. */
static bool meets_parent(struct sql_parser *parser, const struct store_row *row)
{
	enum { FENCED = 4 };
	struct store_entry *parent = store_find(&store_tables[STORE_SLOTS], row->cells);

	if (parent && !store_hold(parser->transaction, parent)) {
		parser->result->waits = true;
		return false;
	}
	if (parent && parent->pending && store_number(parent->pending, FENCED) == 0)
		return true;
	sql_fail(parser->result, 1452, "23000",
		 "Cannot add or update a child row: a foreign key constraint fails (`sim`.`rowd_commits`)");
	return false;
}

/* Takes the row over. False: it waits, or has failed. */
static bool insert(struct sql_parser *parser, struct store_row *row)
{
	struct store_entry *entry = NULL;

	if (parser->table->name == STORE_COMMITS && !meets_parent(parser, row))
		return false;
	if (row->cells[0])
		entry = store_find(parser->table, row->cells);
	else
		store_row_set(row, 0, blob_number(parser->table->next_id++));
	if (entry && !store_hold(parser->transaction, entry)) {
		parser->result->waits = true;
		return false;
	}
	if (entry && entry->pending) {
		fail_duplicate(parser, row->cells[0]);
		return false;
	}
	if (!entry) {
		entry = store_add(parser->table);
		store_hold(parser->transaction, entry);
	}
	if (parser->result->result.insert_id == 0 && parser->table->next_id > 0)
		parser->result->result.insert_id = store_number(row, 0);
	note(parser, entry, row);
	store_write(parser->transaction, entry, row);
	return true;
}

static struct store_row *values(struct sql_parser *parser, const uint32_t *columns, uint32_t count)
{
	struct store_row *row = store_row_new();

	sql_expect(parser, "(");
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0)
			sql_expect(parser, ",");
		store_row_set(row, columns[i], sql_literal(parser));
	}
	sql_expect(parser, ")");
	return row;
}

static void drop(struct store_row *row)
{
	for (uint32_t i = 0; i < STORE_COLUMNS; i++)
		blob_unref(row->cells[i]);
	must_free(row);
}

void sql_insert(struct sql_parser *parser)
{
	struct store_row *rows[KEYS_MOST];
	uint32_t columns[STORE_COLUMNS], column_count = 0, count = 0, done = 0, returned = 0;
	struct bytes names[SQL_SELECTED_MOST];

	sql_expect(parser, "INTO");
	sql_table(parser);
	sql_expect(parser, "(");
	do
		columns[column_count++] = sql_column(parser);
	while (sql_take(parser, ","));
	sql_expect(parser, ")");
	sql_expect(parser, "VALUES");
	do
		rows[count++] = values(parser, columns, column_count);
	while (sql_take(parser, ","));
	if (sql_take(parser, "RETURNING")) {
		returned = sql_select_list(parser, names);
		sql_begin_rows(parser->result, returned);
	}
	if (parser->at != parser->end)
		sql_not_understood(parser);
	while (done < count && insert(parser, rows[done])) {
		if (returned > 0)
			sql_add_row(parser, rows[done], names, returned);
		done++;
	}
	for (uint32_t i = done; i < count; i++)
		drop(rows[i]);
	parser->result->result.matched = parser->result->result.affected = done;
}

/* --- UPDATE --- */

struct assignment {
	uint32_t column;
	bool is_case; /* CASE of the first column */
	bool adds;    /* to what is in the column */
	struct blobs keys, values;
};

/* A literal, or "`column` + 1" with the column itself. */
static struct blob *assigned(struct sql_parser *parser, struct assignment *assignment)
{
	sql_skip_space(parser);
	if (parser->at == parser->end || *parser->at != '`')
		return sql_literal(parser);
	if (sql_column(parser) != assignment->column)
		sql_not_understood(parser);
	sql_expect(parser, "+");
	assignment->adds = true;
	return sql_literal(parser);
}

static uint32_t assignments(struct sql_parser *parser, struct assignment *list)
{
	uint32_t count = 0;

	do {
		struct assignment *assignment = &list[count++];

		*assignment = (struct assignment){.column = sql_column(parser)};
		sql_expect(parser, "=");
		assignment->is_case = sql_take(parser, "CASE");
		if (!assignment->is_case) {
			blobs_insert(&assignment->values, 0, assigned(parser, assignment));
			continue;
		}
		(void)sql_column(parser);
		while (sql_take(parser, "WHEN")) {
			blobs_insert(&assignment->keys, assignment->keys.count, sql_literal(parser));
			sql_expect(parser, "THEN");
			blobs_insert(&assignment->values, assignment->values.count, assigned(parser, assignment));
		}
		sql_expect(parser, "END");
	} while (sql_take(parser, ","));
	return count;
}

static struct store_row *change(const struct store_row *row, const struct assignment *list, uint32_t count)
{
	struct store_row *changed = store_row_copy(row);

	for (uint32_t i = 0; i < count; i++) {
		const struct assignment *assignment = &list[i];
		struct blob *value = assignment->is_case ? NULL : assignment->values.items[0];

		for (uint32_t at = assignment->keys.count; at-- > 0;)
			if (blob_is(row->cells[0], blob_bytes(assignment->keys.items[at])))
				value = assignment->values.items[at];
		if (assignment->adds && value)
			value = blob_number(store_number(row, assignment->column) + strtoull(value->data, NULL, 10));
		else
			value = blob_ref(value);
		store_row_set(changed, assignment->column, value);
	}
	return changed;
}

static bool update(struct sql_parser *parser, struct store_entry *entry, const struct sql_condition *condition,
		   const struct assignment *list, uint32_t count)
{
	struct store_row *row, *changed;

	if (!sql_may_hold(condition, entry))
		return true;
	if (!store_hold(parser->transaction, entry)) {
		parser->result->waits = true;
		return false;
	}
	row = store_see(parser->transaction, entry);
	if (!row || !sql_holds(condition, row))
		return true;
	changed = change(row, list, count);
	parser->result->result.matched++;
	parser->result->result.affected++;
	note(parser, entry, changed);
	store_write(parser->transaction, entry, changed);
	return true;
}

void sql_update(struct sql_parser *parser)
{
	struct assignment list[STORE_COLUMNS];
	struct sql_condition condition;
	uint32_t count;

	sql_table(parser);
	(void)sql_take(parser, "FORCE INDEX (PRIMARY)");
	sql_expect(parser, "SET");
	count = assignments(parser, list);
	sql_where(parser, &condition);
	if (parser->at != parser->end)
		sql_not_understood(parser);
	for (uint32_t i = 0; i < parser->table->count; i++)
		if (!update(parser, parser->table->entries[i], &condition, list, count))
			break;
	for (uint32_t i = 0; i < count; i++) {
		blobs_clear(&list[i].keys);
		blobs_clear(&list[i].values);
	}
	blobs_clear(&condition.values);
}

/* --- DELETE --- */

static bool delete_row(struct sql_parser *parser, struct store_entry *entry, const struct sql_condition *condition,
		       const struct bytes *names, uint32_t returned)
{
	const struct store_row *row;
	const struct command *command;

	if (!sql_may_hold(condition, entry))
		return true;
	if (!store_hold(parser->transaction, entry)) {
		parser->result->waits = true;
		return false;
	}
	row = store_see(parser->transaction, entry);
	if (!row || !sql_holds(condition, row))
		return true;
	command = command_that_deletes(store_number(row, 0));
	if (command)
		store_note_effect(parser->transaction, entry, command->id);
	parser->result->result.matched++;
	if (returned > 0)
		sql_add_row(parser, row, names, returned);
	else
		parser->result->result.affected++;
	store_write(parser->transaction, entry, NULL);
	return true;
}

void sql_delete(struct sql_parser *parser)
{
	struct bytes names[SQL_SELECTED_MOST];
	struct sql_condition condition;
	uint32_t returned = 0;

	sql_expect(parser, "FROM");
	sql_table(parser);
	(void)sql_take(parser, "FORCE INDEX (PRIMARY)");
	sql_where(parser, &condition);
	(void)sql_limit(parser);
	if (sql_take(parser, "RETURNING")) {
		returned = sql_select_list(parser, names);
		sql_begin_rows(parser->result, returned);
	}
	if (parser->at != parser->end)
		sql_not_understood(parser);
	for (uint32_t i = 0; i < parser->table->count; i++)
		if (!delete_row(parser, parser->table->entries[i], &condition, names, returned))
			break;
	blobs_clear(&condition.values);
}
