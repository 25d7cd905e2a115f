/* database/stopper.c */
#include "daemon/database/stopper.h"

#include "common/bytes.h"
#include "daemon/database/session.h"

#include <assert.h>
#include <inttypes.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROCESS_ID, PROCESS_COMMAND = 4, PROCESS_TIME = 5, PROCESS_COLUMNS = 8 };

struct look {
	const struct stopper *stopper;
	bool too_slow;
};

static int take_process(void *context, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	struct look *look = context;
	uint64_t limit_s = look->stopper->limit_ms / 1000;

	(void)lengths;
	if (count < PROCESS_COLUMNS || !values[PROCESS_ID] || !values[PROCESS_COMMAND] || !values[PROCESS_TIME])
		return 0;
	if (strtoull(values[PROCESS_ID], NULL, 10) == look->stopper->connection_id)
		look->too_slow = strcmp(values[PROCESS_COMMAND], "Query") == 0 &&
				 strtoull(values[PROCESS_TIME], NULL, 10) >= limit_s;
	return 0;
}

/* Whatever fails here, the connection's own deadline is the way out. */
static void stop_on_thread(uv_work_t *work)
{
	const struct stopper *stopper = work->data;
	struct look look = {.stopper = stopper};
	struct session *session;
	struct sql_error error;
	char text[64];

	mysql_thread_init(); /* as the opener does */
	if (session_open(stopper->options, false, &session, &error) != 0)
		return;
	snprintf(text, sizeof(text), "KILL QUERY %" PRIu64, stopper->connection_id);
	if (session_query(session, BYTES("SHOW PROCESSLIST"), take_process, &look, NULL, &error) == 0 && look.too_slow)
		session_query(session, bytes_of(text), NULL, NULL, NULL, &error);
	session_close(session);
}

static void back_on_loop(uv_work_t *work, int status)
{
	struct stopper *stopper = work->data;

	(void)status; /* nobody cancels it */
	stopper->running = false;
	stopper->ended(stopper->context);
}

int stopper_start(struct stopper *stopper, uv_loop_t *loop, uint64_t connection_id, uint32_t limit_ms)
{
	int r;

	assert(!stopper->running);
	stopper->work.data = stopper;
	stopper->connection_id = connection_id;
	stopper->limit_ms = limit_ms;
	r = uv_queue_work(loop, &stopper->work, stop_on_thread, back_on_loop);
	stopper->running = r == 0;
	return r;
}
