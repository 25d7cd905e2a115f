/* tests/simulation/witness_database.c - what is seen at the database: each COMMIT. */
#include "witness.h"

#include "redis.h"
#include "store.h"
#include "witness_state.h"
#include "world.h"

#include "common/ranges.h"
#include "daemon/queue/holdings.h"

#include <inttypes.h>
#include <stdio.h>

static struct redis_key *in_flight_of(uint32_t queue, struct bytes worker)
{
	char name[256];

	snprintf(name, sizeof(name), "{%s}:inflight:%.*s", scenario.queues[queue].key, BYTES_ARG(worker));
	return redis_find(&redis.keys, bytes_of(name));
}

/* Of the fields that stand for a number of the set: the command with this id; 0: any. */
static bool holds_number(const struct redis_key *key, const struct ranges *numbers, uint64_t id)
{
	for (uint32_t i = 0; key && i < key->items.count; i++) {
		const struct command *command = command_of(blob_bytes(key->values.items[i]));
		struct held_field held;

		if (holding_field_parse(blob_bytes(key->items.items[i]), &held) && !held.recovered &&
		    ranges_contain(numbers, held.number) && (id == 0 || (command && command->id == id)))
			return true;
	}
	return false;
}

static void parse_numbers(const struct blob *text, struct ranges *ret_numbers)
{
	*ret_numbers = (struct ranges){0};
	if (text && ranges_parse(ret_numbers, blob_bytes(text)))
		violated(NULL, "a marker cannot be read: %s", text->data);
}

static bool is_commit(const struct store_entry *entry)
{
	return entry->table->name == STORE_COMMITS;
}

static const struct blob *numbers_of(const struct store_entry *marker, const struct store_row *row)
{
	return row->cells[is_commit(marker) ? 3 : 6];
}

/* The row of rowd_slots that the transaction overwrites, or the one of rowd_commits that it adds; NULL: none. */
static const struct store_entry *marker_of(const struct store_transaction *transaction)
{
	for (uint32_t i = 0; i < transaction->change_count; i++) {
		const struct store_entry *entry = transaction->changes[i].entry;

		if ((entry->table->name == STORE_SLOTS || is_commit(entry)) && entry->pending != entry->committed &&
		    entry->pending)
			return entry;
	}
	return NULL;
}

/* Overwritten or removed. */
static void judge_overwriting(const struct store_entry *marker)
{
	const struct store_row *row = marker->committed;
	struct ranges numbers;
	struct bytes worker;

	if (!row || witness.forgot)
		return;
	worker = blob_bytes(row->cells[0]);
	parse_numbers(numbers_of(marker, row), &numbers);
	for (uint32_t i = 0; i < scenario.queue_count; i++)
		if (holds_number(in_flight_of(i, worker), &numbers, 0))
			violated(NULL,
				 "slot %s of %.*s is overwritten, and in flight in %s is still what it named (%s)",
				 row->cells[1]->data, BYTES_ARG(worker), scenario.queues[i].key,
				 numbers_of(marker, row)->data);
	ranges_free(&numbers);
}

static void judge_forgetting(const struct store_transaction *transaction)
{
	for (uint32_t i = 0; i < transaction->change_count; i++)
		if (is_commit(transaction->changes[i].entry) && !transaction->changes[i].entry->pending)
			judge_overwriting(transaction->changes[i].entry);
}

/* An effect that is to be once has to be named by a marker, under the number that it is in flight with. */
static void judge_marker(const struct command *command, const struct store_entry *marker)
{
	struct bytes worker;
	struct ranges numbers;

	if (!marker)
		violated(witness_mark(command), "#%" PRIu64 " is committed without a marker", command->id);
	if (!is_commit(marker) && store_number(marker->pending, 4) != 0)
		violated(witness_mark(command), "#%" PRIu64 " is committed by a worker that was declared dead",
			 command->id);
	worker = blob_bytes(marker->pending->cells[0]);
	parse_numbers(numbers_of(marker, marker->pending), &numbers);
	if (!witness.forgot && !holds_number(in_flight_of(command->queue, worker), &numbers, command->id))
		violated(witness_mark(command),
			 "#%" PRIu64 " is committed, and its marker (%s of %.*s) does not name it", command->id,
			 numbers_of(marker, marker->pending)->data, BYTES_ARG(worker));
	ranges_free(&numbers);
}

static void note_history(uint64_t item, uint64_t command)
{
	struct history *history = item < ITEMS_MOST ? &witness.histories[item] : NULL;

	if (!history)
		return;
	if (history->count == history->capacity) {
		history->capacity = history->capacity ? history->capacity * 2 : 16;
		history->commands = must_grow(history->commands, history->capacity * sizeof(uint64_t));
	}
	history->commands[history->count++] = command;
}

void witness_commit(const struct store_transaction *transaction)
{
	const struct store_entry *marker = marker_of(transaction);

	if (marker && transaction->session != 0)
		judge_overwriting(marker);
	judge_forgetting(transaction);
	for (uint32_t i = 0; i < transaction->effect_count; i++) {
		const struct store_effect *effect = &transaction->effects[i];
		struct command *command = command_find(effect->command);

		if (!command) /* a row that was there from the start */
			continue;
		trace("#%" PRIu64 " is committed by session %" PRIu64, command->id, transaction->session);
		command->effects++;
		command->done_at = command->claims;
		if (command_must_fail(command))
			violated(witness_mark(command), "#%" PRIu64 " cannot be done, and was", command->id);
		if (witness_exactly_once(command)) {
			judge_marker(command, marker);
			if (command->effects > 1 && !witness.forgot)
				violated(witness_mark(command), "#%" PRIu64 " is committed twice", command->id);
		}
		if (effect->entry->table->name == STORE_ITEM)
			note_history(command->item, command->id);
	}
}
