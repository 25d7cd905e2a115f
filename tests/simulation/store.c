/* tests/simulation/store.c */
#include "store.h"

#include "witness.h"
#include "world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct store_table store_tables[STORE_TABLES];

static const struct store_table empty_tables[STORE_TABLES] = {
	[STORE_NOTE] = {.name = STORE_NOTE,
			.text = "note",
			.columns = {"id", "command", "item"},
			.column_count = 3,
			.key_columns = 1,
			.next_id = 1},
	[STORE_ITEM] = {.name = STORE_ITEM,
			.text = "item",
			.columns = {"id", "command", "stock"},
			.column_count = 3,
			.key_columns = 1},
	[STORE_SLOTS] = {.name = STORE_SLOTS,
			 .text = "rowd_slots",
			 .columns = {"worker", "slot", "queues", "connection_id", "fenced", "batch", "sequences"},
			 .column_count = 7,
			 .key_columns = 2},
	[STORE_COMMITS] = {.name = STORE_COMMITS,
			   .text = "rowd_commits",
			   .columns = {"worker", "slot", "batch", "sequences"},
			   .column_count = 4,
			   .key_columns = 3},
	[STORE_LEDGER] = {.name = STORE_LEDGER,
			  .text = "rowd_ledger",
			  .columns = {"queue", "id", "fingerprint", "reply"},
			  .column_count = 4,
			  .key_columns = 2},
};

/* --- rows --- */

struct store_row *store_row_new(void)
{
	struct store_row *row = must_alloc(sizeof(*row));

	row->owners = 1;
	return row;
}

struct store_row *store_row_copy(const struct store_row *row)
{
	struct store_row *copy = store_row_new();

	for (uint32_t i = 0; i < STORE_COLUMNS; i++)
		copy->cells[i] = blob_ref(row->cells[i]);
	return copy;
}

static struct store_row *row_ref(struct store_row *row)
{
	if (row)
		row->owners++;
	return row;
}

static void row_unref(struct store_row *row)
{
	if (!row || --row->owners > 0)
		return;
	for (uint32_t i = 0; i < STORE_COLUMNS; i++)
		blob_unref(row->cells[i]);
	must_free(row);
}

void store_row_set(struct store_row *row, uint32_t column, struct blob *value)
{
	blob_unref(row->cells[column]);
	row->cells[column] = value;
}

uint64_t store_number(const struct store_row *row, uint32_t column)
{
	return row->cells[column] ? strtoull(row->cells[column]->data, NULL, 10) : 0;
}

/* --- tables --- */

void store_begin(void)
{
	memcpy(store_tables, empty_tables, sizeof(store_tables));
}

void store_end(void)
{
	for (uint32_t i = 0; i < STORE_TABLES; i++) {
		struct store_table *table = &store_tables[i];

		for (uint32_t at = 0; at < table->count; at++) {
			row_unref(table->entries[at]->committed);
			row_unref(table->entries[at]->pending);
			must_free(table->entries[at]);
		}
		must_free(table->entries);
	}
	memcpy(store_tables, empty_tables, sizeof(store_tables));
}

struct store_table *store_find_table(struct bytes name)
{
	for (uint32_t i = 0; i < STORE_TABLES; i++)
		if (bytes_equal_text(name, store_tables[i].text))
			return &store_tables[i];
	return NULL;
}

int store_find_column(const struct store_table *table, struct bytes name)
{
	for (uint32_t i = 0; i < table->column_count; i++)
		if (bytes_equal_text(name, table->columns[i]))
			return (int)i;
	return -1;
}

static bool has_key(const struct store_row *row, struct blob *const *key, uint32_t columns)
{
	for (uint32_t i = 0; row && i < columns; i++)
		if (!blob_is(row->cells[i], blob_bytes(key[i])))
			return false;
	return row != NULL;
}

struct store_entry *store_find(struct store_table *table, struct blob *const *key)
{
	for (uint32_t i = 0; i < table->count; i++) {
		struct store_entry *entry = table->entries[i];

		if (has_key(entry->committed, key, table->key_columns) ||
		    (entry->holder && has_key(entry->pending, key, table->key_columns)))
			return entry;
	}
	return NULL;
}

struct store_entry *store_add(struct store_table *table)
{
	struct store_entry *entry = must_alloc(sizeof(*entry));

	entry->table = table;
	if (table->count == table->capacity) {
		table->capacity = table->capacity ? table->capacity * 2 : 32;
		table->entries = must_grow(table->entries, table->capacity * sizeof(struct store_entry *));
	}
	table->entries[table->count++] = entry;
	return entry;
}

struct store_row *store_see(const struct store_transaction *transaction, const struct store_entry *entry)
{
	return transaction && entry->holder == transaction ? entry->pending : entry->committed;
}

/* --- transactions --- */

struct store_transaction *store_open(uint64_t session)
{
	struct store_transaction *transaction = must_alloc(sizeof(*transaction));

	transaction->session = session;
	transaction->idle_since_us = world_now_us();
	return transaction;
}

static void note_change(struct store_transaction *transaction, struct store_entry *entry)
{
	if (transaction->change_count == transaction->change_capacity) {
		transaction->change_capacity = transaction->change_capacity ? transaction->change_capacity * 2 : 16;
		transaction->changes =
			must_grow(transaction->changes, transaction->change_capacity * sizeof(*transaction->changes));
	}
	transaction->changes[transaction->change_count++] = (struct store_change){
		.entry = entry, .before = row_ref(entry->pending), .held_before = entry->holder == transaction};
}

bool store_hold(struct store_transaction *transaction, struct store_entry *entry)
{
	if (entry->holder == transaction)
		return true;
	if (entry->holder) {
		transaction->waits_for = entry->holder;
		return false;
	}
	note_change(transaction, entry);
	entry->holder = transaction;
	entry->pending = row_ref(entry->committed);
	return true;
}

void store_write(struct store_transaction *transaction, struct store_entry *entry, struct store_row *row)
{
	assert(entry->holder == transaction);
	note_change(transaction, entry);
	row_unref(entry->pending);
	entry->pending = row;
}

void store_note_effect(struct store_transaction *transaction, struct store_entry *entry, uint64_t command)
{
	if (transaction->effect_count == transaction->effect_capacity) {
		transaction->effect_capacity = transaction->effect_capacity ? transaction->effect_capacity * 2 : 16;
		transaction->effects =
			must_grow(transaction->effects, transaction->effect_capacity * sizeof(*transaction->effects));
	}
	transaction->effects[transaction->effect_count++] = (struct store_effect){.command = command, .entry = entry};
}

struct store_mark store_mark(const struct store_transaction *transaction)
{
	return (struct store_mark){.changes = transaction->change_count, .effects = transaction->effect_count};
}

void store_undo(struct store_transaction *transaction, struct store_mark mark)
{
	while (transaction->change_count > mark.changes) {
		struct store_change *change = &transaction->changes[--transaction->change_count];

		row_unref(change->entry->pending);
		change->entry->pending = change->before;
		if (!change->held_before) {
			change->entry->holder = NULL;
			row_unref(change->entry->pending);
			change->entry->pending = NULL;
		}
	}
	transaction->effect_count = mark.effects;
}

static void free_transaction(struct store_transaction *transaction)
{
	must_free(transaction->changes);
	must_free(transaction->effects);
	must_free(transaction);
}

void store_commit(struct store_transaction *transaction)
{
	witness_commit(transaction);
	for (uint32_t i = 0; i < transaction->change_count; i++) {
		struct store_entry *entry = transaction->changes[i].entry;

		row_unref(transaction->changes[i].before);
		if (entry->holder != transaction)
			continue;
		row_unref(entry->committed);
		entry->committed = entry->pending;
		entry->pending = NULL;
		entry->holder = NULL;
	}
	free_transaction(transaction);
}

void store_roll_back(struct store_transaction *transaction)
{
	store_undo(transaction, (struct store_mark){0});
	free_transaction(transaction);
}
