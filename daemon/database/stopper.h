/* database/stopper.h - ends a statement that runs for too long, where the server itself does not: MySQL's limit on the
 * time of statements holds for SELECT only. */
#ifndef DATABASE_STOPPER_H
#define DATABASE_STOPPER_H

#include "daemon/options.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* One at a time. */
struct stopper {
	uv_work_t work;
	const struct database_options *options;
	void (*ended)(void *context); /* once per stopper_start(), on the loop; whatever came of it */
	void *context;
	bool running;
	uint64_t connection_id;
	uint32_t limit_ms;
};

/* From a connection of its own, opened on a thread of libuv's pool: KILL QUERY, if that connection is still busy with a
 * statement older than limit_ms. Its statement then fails, and has undone itself. As the statement may end, and
 * another one begin, between the look and the KILL, that connection should not be used for long afterwards.
 * It must not be running. Returns 0 or a negative errno. */
int stopper_start(struct stopper *stopper, uv_loop_t *loop, uint64_t connection_id, uint32_t limit_ms);

#endif
