/* cli/glance.h - the command in an element of a queue, as far as it can be read: for people who look. Pure. */
#ifndef CLI_GLANCE_H
#define CLI_GLANCE_H

#include "common/arena.h"
#include "common/bytes.h"
#include "common/error.h"
#include "common/value.h"

struct glance {
	struct value value;     /* nil when nothing can be read */
	struct bytes op, table; /* empty when they cannot be found */
	struct error fault;     /* ERROR_NONE when it is a whole message */
};

/* Reads an element of any size, into the arena and into views of it. Returns 0, whatever it is, or -ENOMEM. */
int glance_read(struct arena *arena, struct bytes element, struct glance *ret_glance);

#endif
