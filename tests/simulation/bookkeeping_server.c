/* tests/simulation/bookkeeping_server.c - what errands do with the rows of rowd_slots and rowd_commits. */
#include "bookkeeping_errand.h"

#include "database.h"

#include <stdio.h>
#include <string.h>

enum slot_column { WORKER, SLOT, QUEUES, CONNECTION, FENCED, BATCH, SEQUENCES };
enum commit_column { COMMIT_BATCH = 2, COMMIT_SEQUENCES = 3 }; /* the others are the same */

static bool is_of(const struct store_row *row, const struct errand *errand)
{
	return row && blob_is(row->cells[WORKER], blob_bytes(errand->worker));
}

static bool is_wanted(const struct errand *errand, const struct store_row *row)
{
	if (!is_of(row, errand))
		return false;
	for (uint32_t i = 0; i < errand->marker_count; i++)
		if (errand->markers_asked[i].slot == store_number(row, SLOT))
			return true;
	return errand->kind != RESOLVE;
}

bool errand_must_wait(struct errand *errand)
{
	const struct store_table *slots = &store_tables[STORE_SLOTS];
	uint64_t waited_us = world_now_us() - errand->since_us;
	bool waits = false;

	for (uint32_t i = 0; i < slots->count; i++) {
		const struct store_entry *entry = slots->entries[i];

		if (!entry->holder || !is_wanted(errand, entry->committed))
			continue;
		waits = true;
		if (waited_us >= errand->bookkeeping->lease_us &&
		    database_is_asleep(entry->holder->session, errand->bookkeeping->lease_us)) {
			database_kill(entry->holder->session);
			break;
		}
	}
	return waits;
}

static struct blob *join(const struct blobs *queues)
{
	char text[256] = "";

	for (uint32_t i = 0; i < queues->count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "," : "",
			 queues->items[i]->data);
	return blob_new(bytes_of(text));
}

static void enroll(const struct errand *errand, struct store_transaction *transaction)
{
	for (uint32_t slot = 0; slot < errand->markers + errand->connections; slot++) {
		struct blob *number = blob_number(slot);
		struct blob *key[] = {errand->worker, number};
		struct store_entry *entry = store_find(&store_tables[STORE_SLOTS], key);
		struct store_row *row;

		if (entry) { /* its answer was lost the last time */
			blob_unref(number);
			continue;
		}
		row = store_row_new();
		store_row_set(row, WORKER, blob_ref(errand->worker));
		store_row_set(row, SLOT, number);
		store_row_set(row, QUEUES, join(&errand->queues));
		store_row_set(row, CONNECTION, blob_number(0));
		store_row_set(row, FENCED, blob_number(0));
		store_row_set(row, BATCH, blob_number(0));
		store_row_set(row, SEQUENCES, blob_new(BYTES("")));
		entry = store_add(&store_tables[STORE_SLOTS]);
		store_hold(transaction, entry);
		store_write(transaction, entry, row);
	}
}

static void fence(struct errand *errand, struct store_transaction *transaction)
{
	const struct store_table *slots = &store_tables[STORE_SLOTS], *commits = &store_tables[STORE_COMMITS];

	for (uint32_t i = 0; i < commits->count; i++)
		if (is_of(commits->entries[i]->committed, errand))
			ranges_parse(&errand->numbers,
				     blob_bytes(commits->entries[i]->committed->cells[COMMIT_SEQUENCES]));

	for (uint32_t i = 0; i < slots->count; i++) {
		struct store_entry *entry = slots->entries[i];
		struct store_row *row;

		if (!is_of(entry->committed, errand))
			continue;
		errand->found = true;
		ranges_parse(&errand->numbers, blob_bytes(entry->committed->cells[SEQUENCES]));
		row = store_row_copy(entry->committed);
		store_row_set(row, FENCED, blob_number(1));
		store_hold(transaction, entry);
		store_write(transaction, entry, row);
	}
}

static void void_commit(const struct errand *errand, struct store_transaction *transaction,
			const struct bookkeeping_marker *marker)
{
	struct store_row *row = store_row_new();
	struct store_entry *entry = store_add(&store_tables[STORE_COMMITS]);

	store_row_set(row, WORKER, blob_ref(errand->worker));
	store_row_set(row, SLOT, blob_number(marker->slot));
	store_row_set(row, COMMIT_BATCH, blob_number(marker->batch));
	store_row_set(row, COMMIT_SEQUENCES, blob_new(BYTES("")));
	store_hold(transaction, entry);
	store_write(transaction, entry, row);
}

static void resolve_commit(const struct errand *errand, struct store_transaction *transaction,
			   struct bookkeeping_marker *marker)
{
	const struct store_table *commits = &store_tables[STORE_COMMITS];
	bool is_there = false;

	for (uint32_t i = 0; i < commits->count; i++) {
		const struct store_row *row = commits->entries[i]->committed;

		if (!is_of(row, errand) || store_number(row, SLOT) != marker->slot ||
		    store_number(row, COMMIT_BATCH) != marker->batch)
			continue;
		is_there = true;
		marker->committed = row->cells[COMMIT_SEQUENCES]->size > 0;
	}
	if (!is_there && !marker->fenced)
		void_commit(errand, transaction, marker);
}

static void resolve(struct errand *errand, struct store_transaction *transaction)
{
	const struct store_table *slots = &store_tables[STORE_SLOTS];

	for (uint32_t at = 0; at < errand->marker_count; at++) {
		struct bookkeeping_marker *marker = &errand->markers_asked[at];

		for (uint32_t i = 0; i < slots->count; i++) {
			struct store_entry *entry = slots->entries[i];
			const struct store_row *row = entry->committed;

			if (!is_of(row, errand) || store_number(row, SLOT) != marker->slot)
				continue;
			marker->found = true;
			marker->fenced = store_number(row, FENCED) != 0;
			if (marker->is_commit) {
				resolve_commit(errand, transaction, marker);
				break;
			}
			marker->committed =
				store_number(row, BATCH) == marker->batch && row->cells[SEQUENCES]->size > 0;
		}
	}
}

/* Strikes "queue" out of "a,queue,b". NULL: nothing is left. */
static struct blob *strike_out(const struct blob *queues, const struct blob *queue)
{
	char text[256] = "", copy[256];
	char *rest = NULL;

	snprintf(copy, sizeof(copy), "%s", queues->data);
	for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
		if (strcmp(word, queue->data) != 0)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", text[0] ? "," : "", word);
	return text[0] ? blob_new(bytes_of(text)) : NULL;
}

/* Of the worker: all, or those that are committed and lower than that. */
static void remove_commits(const struct errand *errand, struct store_transaction *transaction, bool all_of_them)
{
	const struct store_table *commits = &store_tables[STORE_COMMITS];

	for (uint32_t i = 0; i < commits->count; i++) {
		struct store_entry *entry = commits->entries[i];
		const struct store_row *row = entry->committed;

		if (entry->holder || !is_of(row, errand))
			continue;
		if (!all_of_them &&
		    (store_number(row, COMMIT_BATCH) >= errand->below || row->cells[COMMIT_SEQUENCES]->size == 0))
			continue;
		store_hold(transaction, entry);
		store_write(transaction, entry, NULL);
	}
}

static void dismiss(const struct errand *errand, struct store_transaction *transaction)
{
	const struct store_table *slots = &store_tables[STORE_SLOTS];

	for (uint32_t i = 0; i < slots->count; i++) {
		struct store_entry *entry = slots->entries[i];
		struct store_row *row = NULL;
		struct blob *left;

		if (!is_of(entry->committed, errand))
			continue;
		left = strike_out(entry->committed->cells[QUEUES], errand->queues.items[0]);
		if (left) {
			row = store_row_copy(entry->committed);
			store_row_set(row, QUEUES, left);
		} else {
			remove_commits(errand, transaction, true);
		}
		store_hold(transaction, entry);
		store_write(transaction, entry, row);
	}
}

static void record(const struct errand *errand, struct store_transaction *transaction)
{
	struct blob *number = blob_number(errand->markers + errand->index);
	struct blob *key[] = {errand->worker, number};
	struct store_entry *entry = store_find(&store_tables[STORE_SLOTS], key);
	struct store_row *row;

	blob_unref(number);
	if (!entry || !entry->committed)
		return;
	row = store_row_copy(entry->committed);
	store_row_set(row, CONNECTION, blob_number(errand->connection_id));
	store_hold(transaction, entry);
	store_write(transaction, entry, row);
}

void errand_execute(struct errand *errand)
{
	struct store_transaction *transaction = store_open(0);

	switch (errand->kind) {
	case ENROLL:
		enroll(errand, transaction);
		break;
	case RECORD:
		record(errand, transaction);
		break;
	case FENCE:
		fence(errand, transaction);
		break;
	case RESOLVE:
		resolve(errand, transaction);
		break;
	case DISMISS:
		dismiss(errand, transaction);
		break;
	case FORGET:
		remove_commits(errand, transaction, false);
		break;
	case PURGE: /* nobody writes into the ledger here */
		break;
	}
	store_commit(transaction);
}
