/* database/introspection.h - reads the catalog from information_schema, with rowd's own account. */
#ifndef DATABASE_INTROSPECTION_H
#define DATABASE_INTROSPECTION_H

#include "daemon/database/session.h"
#include "daemon/plan/catalog.h"

#include <uv.h>

/* Reads it with blocking calls. Returns 0 with a finished catalog (one reference, the caller's), -ENOMEM, or -EIO with
 * ret_error. */
int introspection_read(struct session *session, struct catalog **ret_catalog, struct sql_error *ret_error);

/* The same on a thread, with a connection of its own. `done` is called once on the loop, if and only if start returned
 * 0; with catalog NULL error says why. Returns 0 or a negative errno. */
struct introspection_events {
	void (*done)(void *context, struct catalog *catalog, const struct sql_error *error);
};
int introspection_start(uv_loop_t *loop, const struct database_options *options,
			const struct introspection_events *events, void *context);

#endif
