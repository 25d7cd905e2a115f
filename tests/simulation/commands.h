/* tests/simulation/commands.h - the commands that producers push, and the truth about each: what became of it, as the
 * servers saw it. */
#ifndef SIMULATION_COMMANDS_H
#define SIMULATION_COMMANDS_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum command_kind {
	COMMAND_NOTE,    /* creates a row with a generated key */
	COMMAND_SET,     /* updates a row by key */
	COMMAND_MAKE,    /* creates a row with a key of its own */
	COMMAND_READ,    /* reads a row by key */
	COMMAND_TAKEN,   /* creates a row whose key is taken: fails */
	COMMAND_UNKNOWN, /* names a table that is not there: fails */
	COMMAND_GARBAGE, /* is no command */
	COMMAND_PING,
	/* Of the story alone. */
	COMMAND_ADD,    /* updates a row by key, with what it held before */
	COMMAND_DELETE, /* deletes a row by key that no other command deletes */
	COMMAND_FIND,   /* reads rows by a condition */
	COMMAND_COUNT,
	COMMAND_EXISTS,
	COMMAND_ONCE /* creates a row with a generated key, once */
};

/* Where a command is to be answered. */
enum reply_places { REPLY_NOWHERE, REPLY_LIST, REPLY_CHANNEL, REPLY_BOTH };

struct command {
	uint64_t id; /* from 1; also its place among all that were pushed */
	uint32_t queue;
	enum command_kind kind;
	uint64_t item;            /* of SET and READ: the row's key */
	enum reply_places places; /* of one that was not drawn */
	bool has_reply_place;
	bool pushed;
	bool forgiven; /* a failover may have forgotten it */
	bool late;     /* known to come too late for its order: see witness.c */
	uint64_t pushed_us;
	/* What was seen. */
	uint32_t claims;
	uint32_t holder; /* of the claims: a number of witness.c's */
	uint32_t effects;
	uint32_t oks, errors, recovered, dead_letters;
	uint32_t failed_at,
		done_at; /* the claim that it was last told to have failed with, and that it was done with */
	uint32_t acknowledged;
	uint64_t read; /* what the READ was told */
	char error[40];
	bool said_done; /* that error, of what has taken effect all the same */
};

void commands_begin(void);
void commands_end(void);

/* Draws one and pushes it. */
void command_push(void);
/* The same for one that is not drawn; its id. item: a row's key, where the kind has one. */
uint64_t command_push_as(enum command_kind kind, uint64_t item, enum reply_places places);
/* A producer pushes it again, as it was. */
void command_repeat(uint64_t id);
uint32_t commands_count(void);
struct command *command_at(uint32_t index);

/* NULL: there is none of that id. */
struct command *command_find(uint64_t id);
/* Which one is meant by an element, a dead letter or a reply: the first "id" in it. NULL: none. */
struct command *command_of(struct bytes text);

/* The one that deletes this row; NULL: none does. */
struct command *command_that_deletes(uint64_t item);

const char *command_kind_name(enum command_kind kind);
bool command_writes(const struct command *command);
/* What it asks for cannot be done. */
bool command_must_fail(const struct command *command);

#endif
