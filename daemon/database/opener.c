/* database/opener.c */
#include "daemon/database/opener.h"

#include "daemon/database/errors.h"
#include "daemon/database/session.h"

#include <assert.h>
#include <errmsg.h>
#include <mysql.h>
#include <sys/random.h>

static const uint32_t backoff_least_ms = 100, backoff_most_ms = 10000;

static void open_on_thread(uv_work_t *work)
{
	struct opener *opener = work->data;

	/* The library keeps something per thread; the threads of the pool live as long as the process. */
	mysql_thread_init();
	opener->result = session_open(opener->options, true, &opener->session, &opener->error);
}

static void back_on_loop(uv_work_t *work, int status)
{
	struct opener *opener = work->data;

	assert(status == 0); /* nobody cancels it */
	(void)status;
	opener->running = false;
	if (opener->result == 0) {
		opener->opened(opener->context, opener->session, NULL);
		return;
	}
	if (opener->result != -EIO)
		sql_error_lost(&opener->error, CR_OUT_OF_MEMORY, "no memory for a connection");
	opener->opened(opener->context, NULL, &opener->error);
}

int opener_start(struct opener *opener, uv_loop_t *loop)
{
	int r;

	assert(!opener->running);
	opener->work.data = opener;
	opener->session = NULL;
	r = uv_queue_work(loop, &opener->work, open_on_thread, back_on_loop);
	opener->running = r == 0;
	return r;
}

uint32_t opener_random(uint32_t bound)
{
	uint32_t number = 0;

	/* Cannot fail for so few bytes on a system that has booted; a 0 would do no harm. */
	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return 0;
	return number % bound;
}

uint32_t opener_backoff_ms(uint32_t failures)
{
	uint32_t most = failures < 7 ? backoff_least_ms << failures : backoff_most_ms;

	if (most > backoff_most_ms)
		most = backoff_most_ms;
	return backoff_least_ms + opener_random(most - backoff_least_ms + 1);
}
