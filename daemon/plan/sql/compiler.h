/* plan/sql/compiler.h - what all that turns a command into SQL shares: where the text goes, what names mean, what went
 * wrong.
 *
 * Functions that take a compiler return 0; -EINVAL with the error set; -ENOENT with the error set when a name is not in
 * the catalog; or -ENOMEM. SQL is appended to `out`, whose own failure is looked at once, when a statement ends. */
#ifndef PLAN_COMPILER_H
#define PLAN_COMPILER_H

#include "common/arena.h"
#include "common/buffer.h"
#include "common/error.h"
#include "common/reply.h"
#include "daemon/plan/catalog.h"

enum { COMPILER_WARNINGS = 8 };

/* What rowd changed in a value that the server would have changed in silence. Those after the last that fits are
 * dropped: the first ones say what is going on. */
struct compiler_warnings {
	uint32_t count;
	struct reply_warning items[COMPILER_WARNINGS];
};

struct compiler {
	struct arena *arena;
	struct buffer *out;
	const struct table *table;
	const struct server_facts *server;
	struct error *error;
	struct compiler_warnings *warnings;          /* NULL: none are wanted */
	struct compiler_warnings *warnings_if_noted; /* those that the server's notes decide on; NULL: likewise */
};

/* Sets the error and returns -EINVAL. column may be NULL; then the error names none. */
int compiler_refuse(struct compiler *compiler, enum error_code code, const struct column *column, const char *format,
		    ...) __attribute__((format(printf, 4, 5)));

/* Looks up a column, exactly as spelled. */
int compiler_find_column(struct compiler *compiler, struct bytes name, const struct column **ret_column);

/* Looks up the columns of an array of names; NULL means all, in the catalog's order. what: the field, for errors. */
int compiler_find_columns(struct compiler *compiler, const struct value *names, const char *what,
			  const struct column *const **ret_columns, uint32_t *ret_count);

/* Notes that a value was changed on its way to `column`. */
void compiler_warn(struct compiler *compiler, const struct column *column, const char *what);

/* The same, should the server have a note for the statement: only then it is known that something was changed. */
void compiler_warn_if_noted(struct compiler *compiler, const struct column *column, const char *what);

#endif
