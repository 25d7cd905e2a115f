/* tests/simulation/store.h - rows, and transactions over them as READ COMMITTED has them: each sees what is committed
 * and what it has changed itself; who changes a row, or selects it for update, holds it until its end.
 *
 * Beside the rows it notes the truth: which command's effect was committed when (see witness.h). */
#ifndef SIMULATION_STORE_H
#define SIMULATION_STORE_H

#include "blob.h"

#include <stdbool.h>
#include <stdint.h>

enum { STORE_COLUMNS = 8 };

enum store_table_name { STORE_NOTE, STORE_ITEM, STORE_SLOTS, STORE_COMMITS, STORE_LEDGER, STORE_TABLES };

struct store_row {
	uint32_t owners;
	struct blob *cells[STORE_COLUMNS]; /* NULL is NULL */
};

struct store_entry {
	struct store_table *table;
	struct store_row *committed; /* NULL: not there */
	struct store_row *pending;   /* as the holder sees it; NULL: not there */
	struct store_transaction *holder;
};

struct store_table {
	enum store_table_name name;
	const char *text;
	const char *columns[STORE_COLUMNS];
	uint32_t column_count, key_columns; /* the first so many are the primary key */
	uint64_t next_id;                   /* of an AUTO_INCREMENT key; 0: it is none */
	struct store_entry **entries;
	uint32_t count, capacity;
};

/* What one statement has done for one command. */
struct store_effect {
	uint64_t command;
	struct store_entry *entry;
};

struct store_change {
	struct store_entry *entry;
	struct store_row *before; /* pending, before this change */
	bool held_before;
};

struct store_transaction {
	uint64_t session; /* connection's id */
	struct store_change *changes;
	uint32_t change_count, change_capacity;
	struct store_effect *effects;
	uint32_t effect_count, effect_capacity;
	struct store_transaction *waits_for; /* NULL: for nobody */
	uint64_t idle_since_us;
};

extern struct store_table store_tables[STORE_TABLES];

void store_begin(void);
void store_end(void);

struct store_table *store_find_table(struct bytes name);
int store_find_column(const struct store_table *table, struct bytes name); /* -1: none */

struct store_transaction *store_open(uint64_t session);
/* Both free it. */
void store_commit(struct store_transaction *transaction);
void store_roll_back(struct store_transaction *transaction);

/* A statement that fails, or has to wait, takes back what it has done since. */
struct store_mark {
	uint32_t changes, effects;
};
struct store_mark store_mark(const struct store_transaction *transaction);
void store_undo(struct store_transaction *transaction, struct store_mark mark);

/* The entry of this key, if there is or was a row; NULL: never. */
struct store_entry *store_find(struct store_table *table, struct blob *const *key);
/* The row as this transaction sees it; NULL: it does not. transaction NULL: what is committed. */
struct store_row *store_see(const struct store_transaction *transaction, const struct store_entry *entry);

/* False: another transaction has it, and transaction->waits_for says which. */
bool store_hold(struct store_transaction *transaction, struct store_entry *entry);
/* Of one that is held. row: taken over; NULL deletes. */
void store_write(struct store_transaction *transaction, struct store_entry *entry, struct store_row *row);
struct store_entry *store_add(struct store_table *table);
void store_note_effect(struct store_transaction *transaction, struct store_entry *entry, uint64_t command);

struct store_row *store_row_new(void);
struct store_row *store_row_copy(const struct store_row *row);
void store_row_set(struct store_row *row, uint32_t column, struct blob *value); /* takes the reference */
uint64_t store_number(const struct store_row *row, uint32_t column);            /* 0 for NULL */

#endif
