/* common/command.h - a command as a struct: which fields there are, and that each has its type.
 *
 * What the fields mean to a table (does it exist, does the value fit the column) is decided later, in plan/. */
#ifndef COMMON_COMMAND_H
#define COMMON_COMMAND_H

#include "common/arena.h"
#include "common/bytes.h"
#include "common/error.h"
#include "common/message.h"
#include "common/value.h"

#include <stdbool.h>
#include <stdint.h>

enum { COMMAND_ID_BYTES = 128, COMMAND_REPLY_TTL_MS = 60000, COMMAND_REPLY_TTL_MS_LARGEST = 3600000 };

enum op {
	OP_NONE, /* not known: only in a command whose decoding failed */
	OP_PING,
	OP_INFO,
	OP_TABLES,
	OP_DESCRIBE,
	OP_CREATE,
	OP_READ,
	OP_COUNT,
	OP_EXISTS,
	OP_UPDATE,
	OP_DELETE,
	OP_COUNT_OF_OPS
};

/* What an operation asks for: everything but the envelope, so that a transaction can hold an array of these. Values
 * that were left out, or were nil where nil means left out, are NULL or have_… is false. */
struct operation {
	enum op op;
	struct bytes table;
	const struct value *pk;        /* a key's value or a map */
	const struct value *where;     /* a map; empty: every row, which no update or delete has */
	const struct value *values;    /* a map or an array of maps */
	const struct value *set;       /* a map */
	const struct value *select;    /* an array of str, not empty */
	const struct value *order;     /* an array */
	const struct value *returning; /* a bool or an array of str, not empty */
	bool all;
	bool arrays; /* `format`: rows as arrays, behind the names of the columns */
	bool distinct;
	bool first;
	bool required;
	bool db;
	bool have_limit, have_offset, have_page;
	uint64_t limit;
	uint64_t offset;
	uint64_t page;      /* from 1 */
	uint64_t page_size; /* at least 1, if there is a page; (page - 1) * page_size fits */
};

struct command {
	enum codec codec; /* the reply has the same */
	struct value id;  /* nil, str, bin or an integer */
	struct bytes reply_to;
	struct bytes reply_list;
	uint32_t reply_ttl_ms;
	struct value meta;        /* nil: none */
	bool timing;              /* the reply tells how long it took */
	bool once;                /* its effects are to be there once for this id, whoever repeats it */
	struct bytes traceparent; /* W3C trace context, checked; empty: none */
	struct bytes op_name;     /* as sent, for the echo; data NULL when there was none, or no UTF-8 */
	struct operation operation;
};

/* Decodes one element of a queue, and checks what needs no catalog: that the op takes each field and has those it
 * needs, that each has its type and its range, and that they go together (pk or where, page with page_size, …).
 *
 * raw has to outlive the command, which points into it. limit_bytes as for message_decode.
 * Returns 0; -EBADMSG with ret_error set, and ret_command holding what the envelope's fields could be read, so that the
 * error can be answered (reply_to, reply_list, reply_ttl_ms, id, traceparent, codec, op_name; and meta, unless the
 * message as such could not be decoded); -ENOMEM. */
int command_decode(struct arena *arena, struct bytes raw, size_t limit_bytes, struct command *ret_command,
		   struct error *ret_error);

/* "create", …; "" for OP_NONE. */
const char *op_name(enum op op);

/* OP_NONE when there is none of this name in this version. */
enum op op_find(struct bytes name);

/* Whether the operation may change rows. */
bool op_writes(enum op op);

#endif
