/* tests/simulation/commands.c */
#include "commands.h"

#include "redis.h"
#include "scenario.h"
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENT_BYTES = 400, MADE_FROM = 1000 };

static struct command *commands;
static uint32_t count, capacity;

void commands_begin(void)
{
	count = 0;
}

void commands_end(void)
{
	must_free(commands);
	commands = NULL;
	count = capacity = 0;
}

uint32_t commands_count(void)
{
	return count;
}

struct command *command_at(uint32_t index)
{
	return &commands[index];
}

struct command *command_find(uint64_t id)
{
	return id >= 1 && id <= count ? &commands[id - 1] : NULL;
}

struct command *command_of(struct bytes text)
{
	const char *found = memmem(text.data, text.size, "\"id\":", 5);

	return found ? command_find(strtoull(found + 5, NULL, 10)) : NULL;
}

const char *command_kind_name(enum command_kind kind)
{
	static const char *const names[] = {"note", "set", "make",   "read", "taken", "unknown", "garbage",
					    "ping", "add", "delete", "find", "count", "exists",  "once"};

	return names[kind];
}

bool command_writes(const struct command *command)
{
	return command->kind == COMMAND_NOTE || command->kind == COMMAND_SET || command->kind == COMMAND_MAKE ||
	       command->kind == COMMAND_ADD || command->kind == COMMAND_DELETE || command->kind == COMMAND_ONCE;
}

bool command_must_fail(const struct command *command)
{
	return command->kind == COMMAND_TAKEN || command->kind == COMMAND_UNKNOWN || command->kind == COMMAND_GARBAGE;
}

static enum command_kind draw_kind(void)
{
	static const enum command_kind kinds[] = {COMMAND_NOTE, COMMAND_NOTE, COMMAND_NOTE, COMMAND_SET,  COMMAND_SET,
						  COMMAND_SET,  COMMAND_SET,  COMMAND_READ, COMMAND_READ, COMMAND_MAKE};

	if (!one_in(10))
		return kinds[draw(sizeof(kinds) / sizeof(kinds[0]))];
	return (enum command_kind)draw_between(COMMAND_TAKEN, COMMAND_PING);
}

static int write_body(const struct command *command, char *to, size_t size)
{
	switch (command->kind) {
	case COMMAND_NOTE:
		return snprintf(to, size,
				"\"op\":\"create\",\"table\":\"note\",\"values\":{\"command\":%" PRIu64
				",\"item\":%" PRIu64 "}",
				command->id, command->item);
	case COMMAND_SET:
		return snprintf(to, size,
				"\"op\":\"update\",\"table\":\"item\",\"pk\":%" PRIu64 ",\"set\":{\"command\":%" PRIu64
				"}",
				command->item, command->id);
	case COMMAND_MAKE:
	case COMMAND_TAKEN:
		return snprintf(to, size,
				"\"op\":\"create\",\"table\":\"item\",\"values\":{\"id\":%" PRIu64
				",\"command\":%" PRIu64 "}",
				command->item, command->id);
	case COMMAND_READ:
		return snprintf(to, size, "\"op\":\"read\",\"table\":\"item\",\"pk\":%" PRIu64, command->item);
	case COMMAND_UNKNOWN:
		return snprintf(to, size, "\"op\":\"read\",\"table\":\"nowhere\",\"pk\":1");
	case COMMAND_GARBAGE:
		return snprintf(to, size, "\"op\":\"create\",\"table\"");
	case COMMAND_ADD:
		return snprintf(to, size,
				"\"op\":\"update\",\"table\":\"item\",\"pk\":%" PRIu64 ",\"set\":{\"command\":%" PRIu64
				",\"stock\":{\"inc\":1}}",
				command->item, command->id);
	case COMMAND_DELETE:
		return snprintf(to, size, "\"op\":\"delete\",\"table\":\"item\",\"pk\":%" PRIu64, command->item);
	case COMMAND_FIND:
	case COMMAND_COUNT:
	case COMMAND_EXISTS:
		return snprintf(to, size,
				"\"op\":\"%s\",\"table\":\"item\",\"where\":{\"id\":{\"in\":[%" PRIu64 ",%" PRIu64
				"]}}",
				command->kind == COMMAND_FIND    ? "read"
				: command->kind == COMMAND_COUNT ? "count"
								 : "exists",
				command->item, command->item + 1);
	case COMMAND_ONCE:
		return snprintf(to, size,
				"\"once\":true,\"op\":\"create\",\"table\":\"note\",\"values\":{\"command\":%" PRIu64
				",\"item\":%" PRIu64 "}",
				command->id, command->item);
	case COMMAND_PING:
		break;
	}
	return snprintf(to, size, "\"op\":\"ping\",\"db\":%s", one_in(2) ? "true" : "false");
}

static void write_command(struct command *command, enum reply_places places, char *to)
{
	int size = snprintf(to, ELEMENT_BYTES, "{\"id\":%" PRIu64 ",", command->id);
	uint32_t where = command->kind == COMMAND_GARBAGE ? REPLY_NOWHERE : (uint32_t)places;

	command->has_reply_place = where > 0;
	if (where & 1)
		size += snprintf(to + size, ELEMENT_BYTES - (size_t)size, "\"reply_list\":\"rowd:reply:list\",");
	if (where & 2)
		size += snprintf(to + size, ELEMENT_BYTES - (size_t)size, "\"reply_to\":\"rowd:reply:channel\",");
	size += write_body(command, to + size, ELEMENT_BYTES - (size_t)size);
	if (command->kind != COMMAND_GARBAGE)
		snprintf(to + size, ELEMENT_BYTES - (size_t)size, "}");
}

static struct command *add(uint32_t queue, enum command_kind kind)
{
	struct command *command;

	if (count == capacity) {
		capacity = capacity ? capacity * 2 : 128;
		commands = must_grow(commands, capacity * sizeof(*commands));
	}
	command = &commands[count++];
	*command = (struct command){
		.id = count, .queue = queue, .kind = kind, .pushed = true, .pushed_us = world_now_us()};
	return command;
}

static void push(struct command *command, const char *element)
{
	trace("#%" PRIu64 " is pushed to %s: %s", command->id, scenario.queues[command->queue].key, element);
	redis_push(bytes_of(scenario.queues[command->queue].key), bytes_of(element));
}

void command_push(void)
{
	char element[ELEMENT_BYTES];
	uint32_t queue = (uint32_t)draw(scenario.queue_count);
	struct command *command = add(queue, draw_kind());

	command->item = command->queue * 10 + draw(ITEMS_PER_QUEUE);
	if (command->kind == COMMAND_MAKE)
		command->item = MADE_FROM + command->id;
	write_command(command, (enum reply_places)draw(4), element);
	push(command, element);
}

uint64_t command_push_as(enum command_kind kind, uint64_t item, enum reply_places places)
{
	char element[ELEMENT_BYTES];
	struct command *command = add(0, kind);

	command->item = item;
	command->places = places;
	write_command(command, places, element);
	push(command, element);
	return command->id;
}

void command_repeat(uint64_t id)
{
	char element[ELEMENT_BYTES];
	struct command *command = command_find(id);

	write_command(command, command->places, element);
	push(command, element);
}

struct command *command_that_deletes(uint64_t item)
{
	for (uint32_t i = 0; i < count; i++)
		if (commands[i].kind == COMMAND_DELETE && commands[i].item == item)
			return &commands[i];
	return NULL;
}
