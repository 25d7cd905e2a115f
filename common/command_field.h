/* common/command_field.h - the one table of the fields of a command: which op takes them, and how each is read. */
#ifndef COMMON_COMMAND_FIELD_H
#define COMMON_COMMAND_FIELD_H

#include "common/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a field is read, and what it takes. */
enum field_kind {
	FIELD_OP, /* resolved by the decoder itself */
	FIELD_VERSION,
	FIELD_ID,
	FIELD_ADDRESS, /* str, not empty */
	FIELD_TTL,
	FIELD_ANY,
	FIELD_TRACEPARENT,
	FIELD_TEXT,
	FIELD_BOOL,
	FIELD_COUNT_FROM_0,
	FIELD_COUNT_FROM_1,
	FIELD_KEY,     /* a scalar or a map */
	FIELD_MAP,     /* not empty */
	FIELD_WHERE,   /* a map of maps */
	FIELD_ROWS,    /* a map, or an array of maps */
	FIELD_COLUMNS, /* an array of str, not empty */
	FIELD_COLUMNS_OR_BOOL,
	FIELD_ORDER,  /* an array of str and maps */
	FIELD_FORMAT, /* "maps" or "arrays" */
};

struct field {
	struct bytes name;
	enum field_kind kind;
	bool envelope;         /* every op takes it, and it is read even when the command has failed */
	uint32_t ops;          /* that take it: bits 1u << enum op */
	uint32_t required_ops; /* that cannot do without it */
	uint32_t later_ops;    /* that take it in a later version of rowd */
	size_t offset;         /* of where it goes in struct command */
	size_t have_offset;    /* of the bool that says so; 0: it has none */
};

/* In order of the names' sizes, then their bytes. */
enum { FIELD_COUNT = 40 };
extern const struct field command_fields[FIELD_COUNT];

/* Indexes of those that some op cannot do without, so that nobody has to look through all of them. */
enum { FIELDS_REQUIRED = 3 };
extern const uint8_t command_fields_required[FIELDS_REQUIRED];

/* NULL when the contract has none of this name for the ops of this version. */
const struct field *field_find(struct bytes name);

/* Reads a value that is not nil, unless the field is pk or where, into command. False with ret_error set: BAD_MESSAGE
 * for a wrong type, BAD_VALUE for a value out of range; the field is then as if left out. */
bool field_read(const struct field *field, const struct value *value, struct command *command, struct error *ret_error);

/* "an int of 0 or more", …: for messages. */
const char *field_takes(const struct field *field);

#endif
