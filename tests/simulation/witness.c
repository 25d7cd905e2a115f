/* tests/simulation/witness.c - what is seen at Redis, and what was done to the world. */
#include "witness.h"

#include "witness_state.h"
#include "world.h"

#include "daemon/queue/holdings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before and behind a kill whose recovery is timed, in leases. */
enum { QUIET_LEASES = 4, RECOVERY_EXTRA_MS = 2000 };

/* What planner.c says when there was no memory for more. */
#define SAYS_DONE "the command itself has been executed"

struct witness witness;

void witness_begin(void)
{
	witness.troubled_us = 0;
	witness.serves_ghost = false;
	witness.froze = witness.forgot = witness.disturbed = witness.gave_up_drain = false;
}

void witness_end(void)
{
	for (uint32_t i = 0; i < witness.worker_count; i++) {
		blob_unref(witness.workers[i].id);
		must_free(witness.workers[i].used);
	}
	must_free(witness.workers);
	witness.workers = NULL;
	witness.worker_count = witness.worker_capacity = 0;
	for (uint32_t i = 0; i < ITEMS_MOST; i++) {
		must_free(witness.histories[i].commands);
		witness.histories[i] = (struct history){0};
	}
}

const char *witness_mark(const struct command *command)
{
	static char text[32];

	snprintf(text, sizeof(text), "#%" PRIu64, command->id);
	return text;
}

bool witness_exactly_once(const struct command *command)
{
	return scenario.queues[command->queue].policy.exactly_once;
}

/* --- what was done to the world --- */

void witness_froze(void)
{
	witness.froze = true;
}

void witness_gave_up_drain(void)
{
	witness.gave_up_drain = true;
}

void witness_landed_late(struct bytes element)
{
	struct command *command = command_of(element);

	if (!command)
		return;
	trace("#%" PRIu64 " lands with somebody who is gone", command->id);
	command->late = true;
}

void witness_serves(bool ghost)
{
	witness.serves_ghost = ghost;
}

void witness_troubled(void)
{
	witness.troubled_us = world_now_us();
}

void witness_killed(struct bytes id, bool peer)
{
	uint64_t quiet_us = QUIET_LEASES * (uint64_t)scenario.lease_ms * MS;
	struct known_worker *worker = witness_know(witness_random_part(id));

	/* Whoever was to recover the others may have been this one. */
	for (uint32_t i = 0; i < witness.worker_count; i++)
		witness.workers[i].killed_us = 0;
	worker->killed_us = peer && world_now_us() - witness.troubled_us > quiet_us ? world_now_us() : 0;
}

void witness_disturbed(void)
{
	witness.disturbed = true;
}

void witness_forgot(uint64_t since_us)
{
	witness.forgot = true;
	for (uint32_t i = 0; i < commands_count(); i++)
		if (command_at(i)->pushed_us >= since_us)
			command_at(i)->forgiven = true;
}

/* --- at Redis --- */

bool witness_ends_with(struct bytes text, const char *end)
{
	size_t size = strlen(end);

	return text.size >= size && memcmp(text.data + text.size - size, end, size) == 0;
}

static bool says(struct bytes text, const char *what)
{
	return memmem(text.data, text.size, what, strlen(what)) != NULL;
}

void witness_pushed(struct bytes key, struct bytes element)
{
	struct command *command;

	if (bytes_starts(key, BYTES("rowd:reply:"))) {
		witness_reply(key, element);
		return;
	}
	if (!witness_ends_with(key, ":dead"))
		return;
	command = command_of(element);
	if (!command)
		violated(NULL, "a dead letter of no command: %.*s", BYTES_ARG(element));
	command->dead_letters++;
	command->failed_at = command->claims;
	command->said_done |= says(element, SAYS_DONE);
	trace("#%" PRIu64 " is a dead letter", command->id);
}

static void copy_code(struct bytes reply, char *to, size_t size)
{
	const char *at = memmem(reply.data, reply.size, "\"code\":\"", 8);
	size_t length = 0;

	for (at = at ? at + 8 : ""; *at && *at != '"' && length + 1 < size; at++)
		to[length++] = *at;
	to[length] = '\0';
}

void witness_reply(struct bytes place, struct bytes reply)
{
	struct command *command = command_of(reply);
	const char *value;

	(void)place;
	if (!command)
		violated(NULL, "a reply to no command: %.*s", BYTES_ARG(reply));
	trace("#%" PRIu64 " is answered: %.*s", command->id, BYTES_ARG(reply));
	if (says(reply, "\"recovered\":true")) {
		command->recovered++;
		if (!witness_exactly_once(command))
			violated(witness_mark(command), "#%" PRIu64 " is answered as recovered, at least once",
				 command->id);
	}
	if (!says(reply, "\"ok\":true")) {
		command->errors++;
		command->failed_at = command->claims;
		copy_code(reply, command->error, sizeof(command->error));
		command->said_done = says(reply, SAYS_DONE);
		return;
	}
	command->oks++;
	if (command_writes(command) && command->effects == 0)
		violated(witness_mark(command), "#%" PRIu64 " is answered with ok and was not done", command->id);
	if (command_writes(command) && !says(reply, "\"recovered\":true") && !says(reply, "\"affected\":"))
		violated(witness_mark(command), "#%" PRIu64 " is answered with half a reply", command->id);
	value = memmem(reply.data, reply.size, "\"command\":", 10);
	if (command->kind == COMMAND_READ)
		command->read = value ? strtoull(value + 10, NULL, 10) : 0;
}

struct bytes witness_random_part(struct bytes name)
{
	return (struct bytes){.data = name.data + 4, .size = name.size - 4};
}

struct known_worker *witness_know(struct bytes id)
{
	for (uint32_t i = 0; i < witness.worker_count; i++)
		if (blob_is(witness.workers[i].id, id))
			return &witness.workers[i];
	if (witness.worker_count == witness.worker_capacity) {
		witness.worker_capacity = witness.worker_capacity ? witness.worker_capacity * 2 : 8;
		witness.workers = must_grow(witness.workers, witness.worker_capacity * sizeof(*witness.workers));
	}
	witness.workers[witness.worker_count] = (struct known_worker){.id = blob_new(id)};
	return &witness.workers[witness.worker_count++];
}

void witness_joined(struct bytes key, struct bytes worker)
{
	for (uint32_t i = 0; i < scenario.queue_count && worker.size > 4; i++)
		if (key.size > 1 && bytes_starts((struct bytes){.data = key.data + 1, .size = key.size - 1},
						 bytes_of(scenario.queues[i].key)))
			witness_know(witness_random_part(worker))->joined |= 1u << i;
}

struct bytes witness_worker_of(struct bytes key)
{
	const char *at = memmem(key.data, key.size, ":inflight:", 10);

	if (!at)
		return (struct bytes){0};
	return (struct bytes){.data = at + 10, .size = key.size - (size_t)(at + 10 - key.data)};
}

/* A command of a worker that was killed is claimed by another one. */
static void judge_recovery(const struct command *command, uint64_t killed_us)
{
	uint64_t most_us = ((uint64_t)scenario.lease_ms + RECOVERY_EXTRA_MS) * (uint64_t)MS;

	if (killed_us == 0 || witness.troubled_us > killed_us || command->late)
		return;
	if (world_now_us() - killed_us > most_us)
		violated(witness_mark(command),
			 "#%" PRIu64 " is recovered %" PRIu64 " ms after the kill, with a lease of %u ms", command->id,
			 (world_now_us() - killed_us) / MS, scenario.lease_ms);
}

void witness_in_flight(struct bytes key, struct bytes field, struct bytes raw)
{
	struct bytes id = witness_worker_of(key);
	struct known_worker *worker;
	struct command *command;
	struct held_field held;

	if (!id.data)
		return;
	command = command_of(raw);
	if (!command)
		violated(NULL, "something in flight is no command: %.*s", BYTES_ARG(raw));
	if (!holding_field_parse(field, &held))
		violated(witness_mark(command), "#%" PRIu64 " is in flight as \"%.*s\"", command->id, BYTES_ARG(field));
	trace("#%" PRIu64 " is in flight as %.*s of %.*s", command->id, BYTES_ARG(field), BYTES_ARG(id));
	worker = witness_know(witness_random_part(id));
	if (held.number >= worker->capacity) {
		uint64_t grown = 2 * held.number + 64;
		worker->used = must_grow(worker->used, grown * sizeof(bool));
		memset(worker->used + worker->capacity, 0, grown - worker->capacity);
		worker->capacity = grown;
	}
	if (worker->used[held.number])
		violated(witness_mark(command), "the claim number %" PRIu64 " of %.*s is used again, for #%" PRIu64,
			 held.number, BYTES_ARG(id), command->id);
	worker->used[held.number] = true;
	/* What a drain that is cut short leaves in flight is recovered, and comes before what it gave back, even what
	 * is older. */
	if (witness.gave_up_drain && held.attempts > 0)
		command->late = true;
	/* What somebody who is gone has put there under a number, his worker finds only when it looks. */
	if (witness.serves_ghost)
		command->late = true;
	if (command->claims++ > 0)
		judge_recovery(command, witness.workers[command->holder].killed_us);
	command->holder = (uint32_t)(worker - witness.workers);
}

bool witness_has_end(const struct command *command)
{
	if (command->has_reply_place)
		return command->oks + command->errors > 0;
	return command->dead_letters > 0 ||
	       (command_writes(command) ? command->effects > 0 : command->acknowledged > 0);
}

void witness_acknowledged(struct bytes key, struct bytes field, struct bytes raw)
{
	struct bytes id = witness_worker_of(key);
	struct command *command = command_of(raw);

	if (!id.data || !command)
		return;
	command->acknowledged++;
	trace("#%" PRIu64 " is acknowledged as %.*s", command->id, BYTES_ARG(field));
	if (!witness_has_end(command))
		violated(witness_mark(command), "#%" PRIu64 " is acknowledged, and neither done nor answered",
			 command->id);
}
