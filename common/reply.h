/* common/reply.h - encodes the reply of one command, in the command's codec.
 *
 * The pieces of the body (rows, value, …) arrive already encoded, written by whoever held the result. */
#ifndef COMMON_REPLY_H
#define COMMON_REPLY_H

#include "common/buffer.h"
#include "common/command.h"
#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

struct reply_field {
	struct bytes name;
	struct bytes encoded; /* one value in the command's codec */
};

struct reply_warning {
	uint32_t server_errno;
	struct bytes message;
};

/* In microseconds, from the claim on. */
struct reply_times {
	uint64_t wait, db, total;
};

enum { REPLY_FIELDS = 8 };

struct reply {
	const struct error *error; /* NULL: ok */
	struct reply_field fields[REPLY_FIELDS];
	uint32_t field_count; /* 0 when there is an error */
	/* In place of fields and warnings: what reply_encode_body() has written earlier, in the command's codec. */
	struct bytes stored;
	const struct reply_times *times; /* NULL: nobody wants to know */
	const struct reply_warning *warnings;
	uint32_t warning_count;
	uint32_t attempt; /* told from the second on; 0 and 1 are the first */
	bool recovered;   /* it was executed by a worker that died before it could answer */
	bool replayed;    /* this is the answer of an earlier command of the same id */
};

/* Appends fields and warnings, as one map: to be kept, and told again as `stored`. Failure is the buffer's. */
void reply_encode_body(enum codec codec, const struct reply *reply, struct buffer *out);

/* Appends the reply to out. Failure is the buffer's: BUFFER_TOO_LARGE when the buffer's limit was met. */
void reply_encode(const struct command *command, const struct reply *reply, struct buffer *out);

/* The same without the value of one of its fields, which is to be put in at *ret_place. */
void reply_encode_around(const struct command *command, const struct reply *reply, uint32_t field, struct buffer *out,
			 size_t *ret_place);

#endif
