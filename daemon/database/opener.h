/* database/opener.h - opens one connection at a time on a thread of libuv's pool: the library resolves names and does
 * TLS handshakes with blocking calls. */
#ifndef DATABASE_OPENER_H
#define DATABASE_OPENER_H

#include "daemon/options.h"
#include "daemon/plan/catalog.h"
#include "daemon/plan/statement.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct session;

struct opener {
	uv_work_t work;
	const struct database_options *options;
	/* Called once per opener_start(), on the loop; session NULL: error says why. The session is the callee's. */
	void (*opened)(void *context, struct session *session, const struct sql_error *error);
	void *context;
	bool running;
	struct session *session; /* the thread's results */
	struct sql_error error;
	int result;
};

/* It must not be running. Returns 0 or a negative errno. */
int opener_start(struct opener *opener, uv_loop_t *loop);

/* How long to wait before try number `failures` + 1: between 100 ms and a bound that doubles from there to 10 s,
 * anywhere with equal chance, so that the clients of a server that came back do not all come at once. */
uint32_t opener_backoff_ms(uint32_t failures);

/* A number from 0 to bound - 1. */
uint32_t opener_random(uint32_t bound);

#endif
