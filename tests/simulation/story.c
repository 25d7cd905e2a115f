/* tests/simulation/story.c - two workers, one queue that is delivered exactly once; one of them holds it, the other one
 * stands by. A chapter ends when all of its commands have come to their end. */
#include "story.h"

#include "commands.h"
#include "database.h"
#include "network.h"
#include "process.h"
#include "scenario.h"
#include "simulate.h"
#include "store.h"
#include "witness.h"
#include "world.h"

enum {
	LOOK_EVERY_US = 500,
	LONGEST_WAIT_S = 60,
	CROWD = 200,
	SOME = 12,
	FROZEN_LEASES = 4,
	KILLED_AFTER_COMMITS = 2,
	SET_ITEM = 0,
	ADDED_ITEM = 2,
	DELETED_FROM = 500,
	MADE_FROM = 1000,
};

static uint64_t next_deleted, next_made;

/* --- waiting --- */

static void wait_for(bool (*has_come)(void), const char *what)
{
	uint64_t until_us = world_now_us() + LONGEST_WAIT_S * (uint64_t)SECOND;

	while (!has_come()) {
		if (world_now_us() >= until_us)
			violated(NULL, "after %d s there is still no %s", LONGEST_WAIT_S, what);
		simulate_until(world_now_us() + LOOK_EVERY_US);
	}
}

static bool all_are_ready(void)
{
	for (uint32_t i = 0; i < scenario.processes; i++)
		if (!process_has_worked(process_at(i), 0))
			return false;
	return true;
}

/* Both have held their leases for so long that they recover others. */
static bool all_watch(void)
{
	for (uint32_t i = 0; i < scenario.processes; i++)
		if (!process_has_worked(process_at(i), 2 * scenario.lease_ms * (uint64_t)MS))
			return false;
	return true;
}

static struct process *owner(void)
{
	for (uint32_t i = 0; i < scenario.processes; i++)
		if (process_state(process_at(i)) == PROCESS_RUNNING && process_owns(process_at(i)))
			return process_at(i);
	return NULL;
}

static bool someone_owns(void)
{
	return owner() != NULL;
}

static struct process *the_owner(void)
{
	wait_for(someone_owns, "owner of the queue");
	return owner();
}

static bool nobody_ends(void)
{
	for (uint32_t i = 0; i < scenario.processes; i++)
		if (process_state(process_at(i)) == PROCESS_DRAINING)
			return false;
	return true;
}

static bool something_is_claimed(void)
{
	return command_at(commands_count() - 1)->claims > 0;
}

/* --- commands --- */

static uint64_t push_one(enum command_kind kind, enum reply_places places)
{
	uint64_t item = SET_ITEM;

	if (kind == COMMAND_ADD)
		item = ADDED_ITEM;
	else if (kind == COMMAND_DELETE)
		item = next_deleted++;
	else if (kind == COMMAND_MAKE)
		item = next_made++;
	return command_push_as(kind, item, places);
}

static void push_some(void)
{
	for (uint32_t i = 0; i < SOME; i++)
		(void)push_one(i % 3 == 2 ? COMMAND_SET : COMMAND_NOTE, (enum reply_places)(i % 4));
}

/* The rows that are going to be deleted. */
static void fill_store(void)
{
	for (uint64_t item = DELETED_FROM; item < DELETED_FROM + CROWD; item++) {
		struct store_entry *entry = store_add(&store_tables[STORE_ITEM]);

		entry->committed = store_row_new();
		store_row_set(entry->committed, 0, blob_number(item));
		store_row_set(entry->committed, 1, blob_number(0));
	}
}

/* --- chapters --- */

static void start_all(void)
{
	trace("~ chapter: all start");
	for (uint32_t i = 0; i < scenario.processes; i++)
		process_start(process_at(i), false);
	wait_for(all_are_ready, "worker that is ready");
	simulate_rest();
}

/* Each comes while nothing else is there: by a blocking pop. */
static void send_one_by_one(void)
{
	uint64_t once;

	trace("~ chapter: one by one");
	for (enum command_kind kind = COMMAND_NOTE; kind <= COMMAND_EXISTS; kind++) {
		(void)push_one(kind, REPLY_BOTH);
		simulate_rest();
	}
	(void)push_one(COMMAND_TAKEN, REPLY_NOWHERE);
	simulate_rest();
	once = push_one(COMMAND_ONCE, REPLY_LIST);
	simulate_rest();
	command_repeat(once);
	simulate_rest();
}

/* They are claimed together, and share statements. */
static void send_a_crowd(void)
{
	static const enum command_kind kinds[] = {COMMAND_NOTE, COMMAND_NOTE, COMMAND_SET,    COMMAND_READ,
						  COMMAND_ADD,  COMMAND_NOTE, COMMAND_DELETE, COMMAND_MAKE,
						  COMMAND_NOTE, COMMAND_READ};
	static const enum command_kind rare[] = {COMMAND_TAKEN, COMMAND_UNKNOWN, COMMAND_GARBAGE, COMMAND_PING,
						 COMMAND_FIND,  COMMAND_COUNT,   COMMAND_EXISTS,  COMMAND_ONCE};
	uint64_t once;

	trace("~ chapter: a crowd");
	for (uint32_t i = 0; i < CROWD; i++)
		(void)push_one(kinds[i % (sizeof(kinds) / sizeof(kinds[0]))], (enum reply_places)(i % 4));
	for (uint32_t i = 0; i < sizeof(rare) / sizeof(rare[0]); i++)
		(void)push_one(rare[i], i % 2 ? REPLY_LIST : REPLY_NOWHERE);
	once = push_one(COMMAND_ONCE, REPLY_LIST);
	command_repeat(once);
	simulate_rest();
}

static void lose_commits(void)
{
	trace("~ chapter: COMMITs in doubt");
	for (enum commit_loss loss = COMMIT_LOST_AND_DONE; loss <= COMMIT_LOST_AND_UNDONE; loss++) {
		/* The first of some has a batch of its own: it comes by a blocking pop. */
		database.commits_spared = 1;
		database.lose_commit = loss;
		push_some();
		simulate_rest();
		database.commits_spared = 0;
		database.lose_commit = loss;
		(void)push_one(COMMAND_NOTE, REPLY_LIST);
		simulate_rest();
	}
	database.lose_commit = COMMIT_NOT_LOST;
}

static void lose_a_claim(void)
{
	trace("~ chapter: a claim whose answer is lost");
	network_lose_claim();
	push_some();
	simulate_rest();
}

static void kill_now(void *context, uint64_t argument)
{
	(void)argument;
	process_kill(context, false);
}

/* Some of what it holds is done, and some is not. */
static void kill_one(void)
{
	struct process *process;

	trace("~ chapter: a worker dies");
	wait_for(all_watch, "worker that watches the others");
	process = the_owner();
	database.commits_spared = KILLED_AFTER_COMMITS;
	database.committed = kill_now;
	database.committed_context = process;
	for (uint32_t i = 0; i < 2 * scenario.batch; i += SOME)
		push_some();
	simulate_rest();
	database.committed = NULL;
	process_start(process, false);
	wait_for(all_watch, "worker that watches the others");
}

/* It is declared dead, and finds out. */
static void freeze_one(void)
{
	struct process *process = the_owner();

	trace("~ chapter: a worker is frozen, and declared dead");
	witness_froze();
	push_some();
	wait_for(something_is_claimed, "claim");
	process_freeze(process);
	simulate_until(world_now_us() + FROZEN_LEASES * scenario.lease_ms * (uint64_t)MS);
	process_thaw(process);
	wait_for(all_are_ready, "worker that is ready");
	simulate_rest();
}

/* It gives back what it has not begun. */
static void drain_one(void)
{
	struct process *process;

	trace("~ chapter: a worker ends");
	process = the_owner();
	for (uint32_t i = 0; i < scenario.batch; i += SOME)
		push_some();
	wait_for(something_is_claimed, "claim");
	process_drain(process);
	wait_for(nobody_ends, "end of the worker");
	simulate_rest();
	process_start(process, true);
	wait_for(all_are_ready, "worker that is ready");
}

void story_tell(void)
{
	next_deleted = DELETED_FROM;
	next_made = MADE_FROM;
	fill_store();
	start_all();
	send_one_by_one();
	send_a_crowd();
	lose_commits();
	lose_a_claim();
	kill_one();
	freeze_one();
	drain_one();
}
