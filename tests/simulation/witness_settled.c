/* tests/simulation/witness_settled.c - whether all has come to its end. */
#include "witness.h"

#include "process.h"
#include "redis.h"
#include "store.h"
#include "witness_state.h"
#include "world.h"

#include <string.h>

static bool is_left(struct bytes name)
{
	for (uint32_t i = 0; i < scenario.queue_count; i++)
		if (bytes_equal_text(name, scenario.queues[i].key))
			return true;
	return witness_ends_with(name, ":again") || memmem(name.data, name.size, ":landing:", 9) ||
	       witness_worker_of(name).data;
}

static bool is_alive(struct bytes worker)
{
	for (uint32_t i = 0; i < PROCESSES_MOST; i++) {
		const struct process *process = process_at(i);

		if (process_state(process) != PROCESS_GONE && process_has_id(process, worker))
			return true;
	}
	return false;
}

/* Redis has forgotten that the worker has left, and the database has forgotten the worker: what it held then is for an
 * operator to decide about. */
static bool has_no_rows(struct bytes worker)
{
	const struct store_table *slots = &store_tables[STORE_SLOTS];

	if (!bytes_starts(worker, BYTES("exo-")))
		return false;
	for (uint32_t i = 0; i < slots->count; i++)
		if (slots->entries[i]->committed && blob_is(slots->entries[i]->committed->cells[0], worker))
			return false;
	return true;
}

static bool is_of_unknown(struct bytes key)
{
	struct bytes worker = witness_worker_of(key);

	return worker.data && has_no_rows(worker);
}

static bool is_held_by_unknown(const struct command *command)
{
	for (uint32_t i = 0; i < redis.keys.count; i++) {
		const struct redis_key *key = redis.keys.keys[i];

		for (uint32_t at = 0; is_of_unknown(blob_bytes(key->name)) && at < key->values.count; at++)
			if (command_of(blob_bytes(key->values.items[at])) == command)
				return true;
	}
	return false;
}

static const char *what_is_left_in_redis(void)
{
	for (uint32_t i = 0; i < redis.keys.count; i++) {
		const struct redis_key *key = redis.keys.keys[i];

		if (is_left(blob_bytes(key->name)) && !(witness.forgot && is_of_unknown(blob_bytes(key->name))))
			return key->name->data;
		if (!witness_ends_with(blob_bytes(key->name), ":workers"))
			continue;
		for (uint32_t at = 0; at < key->items.count; at++)
			if (!is_alive(blob_bytes(key->items.items[at])) &&
			    !(witness.forgot && has_no_rows(blob_bytes(key->items.items[at]))))
				return key->items.items[at]->data;
	}
	return NULL;
}

/* Of one that died between its rows and its first queue nobody has ever heard. */
static bool is_known_to_all(struct bytes worker)
{
	uint32_t joined = witness_know(witness_random_part(worker))->joined;

	for (uint32_t i = 0; i < scenario.queue_count; i++)
		if (scenario.queues[i].policy.exactly_once && !(joined & 1u << i))
			return false;
	return true;
}

static const char *what_is_left_in_database(void)
{
	const struct store_table *slots = &store_tables[STORE_SLOTS];

	for (uint32_t i = 0; i < slots->count; i++) {
		const struct store_row *row = slots->entries[i]->committed;

		if (row && !witness.forgot && !is_alive(blob_bytes(row->cells[0])) &&
		    is_known_to_all(blob_bytes(row->cells[0])))
			return row->cells[0]->data;
	}
	return NULL;
}

bool witness_is_settled(const char **ret_why, uint64_t *ret_command)
{
	const char *what;

	*ret_command = 0;
	for (uint32_t i = 0; i < commands_count(); i++) {
		const struct command *command = command_at(i);

		if (command->forgiven || witness_has_end(command) || (witness.forgot && is_held_by_unknown(command)))
			continue;
		*ret_why = command->has_reply_place ? "not answered" : "not done";
		*ret_command = command->id;
		return false;
	}
	for (uint32_t i = 0; i < PROCESSES_MOST; i++)
		if (!process_is_empty(process_at(i), &what)) {
			*ret_why = what;
			return false;
		}
	*ret_why = what_is_left_in_redis();
	if (!*ret_why)
		*ret_why = what_is_left_in_database();
	return !*ret_why;
}
