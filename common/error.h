/* common/error.h - what a reply says when `ok` is false.
 *
 * The codes, their status words and whether they are retryable come from schemas/errors.json. */
#ifndef COMMON_ERROR_H
#define COMMON_ERROR_H

#include "common/bytes.h"
#include "error_codes.h" /* generated: enum error_code */

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum { ERROR_TEXT_BYTES = 384, ERROR_NAME_BYTES = 260 };

struct error {
	enum error_code code;           /* ERROR_NONE: no error */
	char message[ERROR_TEXT_BYTES]; /* for people; never another row's data, never the SQL */
	char hint[ERROR_TEXT_BYTES];    /* what to do; empty when there is nothing to say */
	char sqlstate[6];               /* empty unless the server said it */
	uint32_t server_errno;          /* 0 unless the server said it */
	int32_t at_op;                  /* index into a transaction's ops; -1: none */
	int32_t at_row;                 /* index into `values` or `rows`; -1: none */
	char at_column[ERROR_NAME_BYTES];
	char at_constraint[ERROR_NAME_BYTES];
};

/* Starts an error anew: code and message, everything else empty. A text that is too long is cut at a character's end.
 */
void error_set(struct error *error, enum error_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds what to do about it. */
void error_hint(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds the column or constraint that it is about; cut when too long. */
void error_at_column(struct error *error, struct bytes column);
void error_at_constraint(struct error *error, struct bytes constraint);

/* "BAD_MESSAGE", … */
const char *error_code_name(enum error_code code);

/* The gRPC status word, "INVALID_ARGUMENT", … */
const char *error_code_status(enum error_code code);

bool error_code_retryable(enum error_code code);

/* One sentence on what the code means. */
const char *error_code_meaning(enum error_code code);

/* Writes an external name for a message: cut to at most 64 bytes, control bytes and invalid UTF-8 as \xNN. Returns
 * `to`. Used for every piece of a command that a message or hint quotes. */
enum { ERROR_QUOTED_BYTES = 64 * 4 + 4 };
const char *error_quote(char to[ERROR_QUOTED_BYTES], struct bytes name);

#endif
