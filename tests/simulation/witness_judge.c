/* tests/simulation/witness_judge.c - what can only be said in the end: what became of each command, and in which order.
 */
#include "witness.h"

#include "witness_state.h"
#include "world.h"

#include <inttypes.h>
#include <string.h>

static void judge_failed(const struct command *command)
{
	if (command->oks > 0)
		violated(witness_mark(command), "#%" PRIu64 " (%s) cannot be done, and is answered with ok",
			 command->id, command_kind_name(command->kind));
	if (!command->has_reply_place && command->dead_letters == 0 && !command->forgiven)
		violated(witness_mark(command), "#%" PRIu64 " (%s) has failed, and is no dead letter", command->id,
			 command_kind_name(command->kind));
}

static void judge_peaceful(const struct command *command)
{
	if (command->claims != 1 || (command_writes(command) && command->effects != 1) || command->errors > 0 ||
	    command->dead_letters > 0)
		violated(witness_mark(command),
			 "in peace #%" PRIu64 " (%s) has %u claims, %u effects, %u errors (%s), %u dead letters",
			 command->id, command_kind_name(command->kind), command->claims, command->effects,
			 command->errors, command->error, command->dead_letters);
}

static bool ran_out_of_memory(const struct command *command)
{
	return (scenario.refuses_memory || scenario.refuses_nth) &&
	       (strcmp(command->error, "INTERNAL") == 0 || command->said_done);
}

/* It is said that there was no memory, and whether the command has been executed all the same: that has to be true. One
 * that is pushed twice may be done the other time; and one that is delivered at least once may run again after a COMMIT
 * in doubt that was done, and fail then. */
static void judge_out_of_memory(const struct command *command)
{
	bool done = command->effects > 0;

	if (!command_writes(command) || (command->kind == COMMAND_ONCE && done))
		return;
	if (done && !command->said_done && !witness_exactly_once(command))
		return;
	if (command->said_done != done)
		violated(witness_mark(command), "#%" PRIu64 " (%s) was %s, and is answered with %s, which says %s",
			 command->id, command_kind_name(command->kind), done ? "done" : "not done", command->error,
			 command->said_done ? "that it was done" : "nothing of the kind");
}

static void judge_command(const struct command *command)
{
	if (command_must_fail(command)) {
		judge_failed(command);
		return;
	}
	if (!witness.disturbed)
		judge_peaceful(command);
	if (command->forgiven || witness.forgot)
		return;
	if (ran_out_of_memory(command)) {
		judge_out_of_memory(command);
		return;
	}
	/* One that was told to have failed runs again when its worker dies before that is acknowledged. */
	if (witness_exactly_once(command) && command->errors + command->dead_letters > 0 && command->effects > 0 &&
	    command->done_at <= command->failed_at)
		violated(witness_mark(command), "#%" PRIu64 " (%s) was done, and is answered with %s", command->id,
			 command_kind_name(command->kind), command->error);
	if (command->errors > 0 && strcmp(command->error, "UNIQUE_VIOLATION") == 0 && command->effects == 0)
		violated(witness_mark(command),
			 "#%" PRIu64 " is answered with UNIQUE_VIOLATION, and nothing was in its way", command->id);
	if (command_writes(command) && command->effects == 0 && command->errors + command->dead_letters == 0)
		violated(witness_mark(command), "#%" PRIu64 " is lost", command->id);
}

static bool occurs(const struct history *history, uint32_t from, uint32_t to, uint64_t command)
{
	for (uint32_t i = from; i < to; i++)
		if (history->commands[i] == command)
			return true;
	return false;
}

/* The first times, and where there is to be no other also the last times, that the commands took effect have to be in
 * the queue's order. At least once, a later one may be acknowledged before an earlier one, which then runs again. */
static void judge_order(uint64_t item, const struct history *history, bool once)
{
	uint64_t first = 0, last = 0;

	for (uint32_t i = 0; i < history->count; i++) {
		uint64_t command = history->commands[i];

		if (command_find(command)->late)
			continue;
		if (!occurs(history, 0, i, command)) {
			if (command < first)
				violated(witness_mark(command_find(command)),
					 "row %" PRIu64 ": #%" PRIu64 " takes effect after #%" PRIu64, item, command,
					 first);
			first = command;
		}
		if (once && !occurs(history, i + 1, history->count, command)) {
			if (command < last)
				violated(witness_mark(command_find(command)),
					 "row %" PRIu64 ": #%" PRIu64 " takes effect for the last time after #%" PRIu64,
					 item, command, last);
			last = command;
		}
	}
}

static bool has_late(uint64_t item)
{
	for (uint32_t i = 0; i < commands_count(); i++)
		if (command_at(i)->item == item && command_at(i)->late)
			return true;
	return false;
}

static bool has_written_late(uint64_t id)
{
	const struct command *write = command_find(id);

	return write && write->late;
}

/* What a read has to find at least: the last write before it that was done. */
static void judge_read(const struct command *read)
{
	uint64_t expected = 0;

	for (uint64_t id = read->id; id-- > 1;) {
		const struct command *write = command_find(id);

		if (write->kind != COMMAND_SET || write->item != read->item || write->effects == 0 || write->late)
			continue;
		expected = id;
		break;
	}
	if (read->read < expected && !read->late && !has_written_late(read->read))
		violated(witness_mark(read), "#%" PRIu64 " has read what #%" PRIu64 " wrote, before #%" PRIu64,
			 read->id, read->read, expected);
	/* For whose answer there was no memory is read again, as after a second claim. */
	if (read->read != expected && read->claims == 1 && !has_late(read->item) && !scenario.refuses_memory &&
	    !scenario.refuses_nth)
		violated(witness_mark(read), "#%" PRIu64 " has read what #%" PRIu64 " wrote, and not #%" PRIu64,
			 read->id, read->read, expected);
}

static bool keeps_order(uint32_t queue)
{
	/* At least once: nobody stops a worker that was frozen, and goes on. */
	return !scenario.queues[queue].shared && !witness.forgot &&
	       (scenario.queues[queue].policy.exactly_once || !witness.froze);
}

void witness_judge(void)
{
	for (uint32_t i = 0; i < commands_count(); i++)
		judge_command(command_at(i));
	for (uint32_t item = 0; item < ITEMS_MOST; item++)
		if (item / 10 < scenario.queue_count && keeps_order(item / 10))
			judge_order(item, &witness.histories[item], scenario.queues[item / 10].policy.exactly_once);
	for (uint32_t i = 0; i < commands_count(); i++) {
		const struct command *command = command_at(i);

		if (command->kind == COMMAND_READ && command->oks > 0 && keeps_order(command->queue) &&
		    (witness_exactly_once(command) || !witness.disturbed))
			judge_read(command);
	}
}
