/* database/bookkeeping.c
 *
 *   IDLE --errand--> BUSY --done, none waits--> IDLE
 *    |               |  ^
 *    |               |  +-- done, the next one begins
 *    | close         | close
 *    v               v
 *   CLOSED <--done-- LEAVING
 *
 * BUSY and LEAVING have one errand on a thread of libuv's pool; those that wait stand in a list. */
#include "daemon/database/bookkeeping.h"

#include "daemon/database/bookkeeping_errand.h"
#include "daemon/database/bookkeeping_text.h"

#include <assert.h>
#include <errno.h>
#include <mysql.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUES_BYTES = 256 * 1024 }; /* the keys of as many queues as there can be, and some */

enum bookkeeping_state { IDLE, BUSY, LEAVING, CLOSED };

struct bookkeeping {
	uv_loop_t *loop;
	uv_work_t work;
	uv_idle_t closing; /* never started: its close is what `closed` is called from, later and on the loop */
	const struct database_options *options;
	uint32_t lease_ms;
	enum bookkeeping_state state;
	atomic_bool hurry;
	struct errand *running;
	struct errand *first, **end; /* they wait */
	void (*closed)(void *context);
	void *context;
};

static void move(struct bookkeeping *bookkeeping, enum bookkeeping_state to)
{
	static const unsigned allowed[] = {
		[IDLE] = 1u << BUSY | 1u << CLOSED,
		[BUSY] = 1u << IDLE | 1u << BUSY | 1u << LEAVING,
		[LEAVING] = 1u << CLOSED,
		[CLOSED] = 0,
	};

	assert(allowed[bookkeeping->state] & 1u << to);
	(void)allowed;
	bookkeeping->state = to;
}

int bookkeeping_open(uv_loop_t *loop, const struct database_options *options, uint32_t lease_ms,
		     struct bookkeeping **ret_bookkeeping)
{
	struct bookkeeping *bookkeeping = calloc(1, sizeof(*bookkeeping));

	if (!bookkeeping)
		return -ENOMEM;
	bookkeeping->loop = loop;
	bookkeeping->options = options;
	bookkeeping->lease_ms = lease_ms;
	bookkeeping->end = &bookkeeping->first;
	bookkeeping->work.data = bookkeeping;
	bookkeeping->closing.data = bookkeeping;
	atomic_init(&bookkeeping->hurry, false);
	uv_idle_init(loop, &bookkeeping->closing);
	*ret_bookkeeping = bookkeeping;
	return 0;
}

/* ---- running them ---- */

static void work_on_thread(uv_work_t *work)
{
	struct bookkeeping *bookkeeping = work->data;

	mysql_thread_init(); /* as the opener does */
	errand_do(bookkeeping->running, bookkeeping->options, bookkeeping->lease_ms, &bookkeeping->hurry);
}

static void tell(struct errand *errand)
{
	const struct sql_error *error = errand->result ? &errand->error : NULL;

	if (errand->attempt == errand_fence)
		errand->tell.fenced(errand->context, !error && errand->found, error ? NULL : &errand->done, error);
	else if (errand->attempt == errand_resolve)
		errand->tell.resolved(errand->context, errand->wanted, errand->wanted_count, error);
	else if (errand->attempt == errand_purge || errand->attempt == errand_forget)
		errand->tell.purged(errand->context, !error && errand->found, error);
	else
		errand->tell.done(errand->context, error);
}

static void finish_close(struct bookkeeping *bookkeeping);
static void back_on_loop(uv_work_t *work, int status);

static void run_next(struct bookkeeping *bookkeeping)
{
	struct errand *errand = bookkeeping->first;
	int r;

	bookkeeping->running = errand;
	if (!errand) {
		move(bookkeeping, IDLE);
		return;
	}
	bookkeeping->first = errand->next;
	if (!bookkeeping->first)
		bookkeeping->end = &bookkeeping->first;
	move(bookkeeping, BUSY);
	r = uv_queue_work(bookkeeping->loop, &bookkeeping->work, work_on_thread, back_on_loop);
	assert(r == 0); /* it only refuses to work without a function */
	(void)r;
}

static void back_on_loop(uv_work_t *work, int status)
{
	struct bookkeeping *bookkeeping = work->data;
	struct errand *errand = bookkeeping->running;

	(void)status; /* nobody cancels it */
	if (bookkeeping->state == LEAVING) {
		finish_close(bookkeeping);
		return;
	}
	run_next(bookkeeping); /* the callback may close, or add others */
	tell(errand);
	errand_free(errand);
}

/* ---- the errands ---- */

static struct errand *errand_new(const char *worker, int (*attempt)(struct errand *errand, struct errand_run *run),
				 void *context)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (!errand)
		return NULL;
	buffer_init(&errand->queues, QUEUES_BYTES);
	errand->attempt = attempt;
	errand->context = context;
	errand->worker = strdup(worker);
	if (errand->worker)
		return errand;
	errand_free(errand);
	return NULL;
}

/* Room for count connection numbers. */
static struct errand *errand_new_with_ids(const char *worker,
					  int (*attempt)(struct errand *errand, struct errand_run *run),
					  const uint64_t *connection_ids, uint32_t count, void *context)
{
	struct errand *errand = errand_new(worker, attempt, context);

	if (!errand)
		return NULL;
	errand->connections = count;
	errand->connection_ids = calloc(count + 1, sizeof(*errand->connection_ids));
	if (!errand->connection_ids) {
		errand_free(errand);
		return NULL;
	}
	if (count > 0)
		memcpy(errand->connection_ids, connection_ids, count * sizeof(*connection_ids));
	return errand;
}

/* Takes the errand over. */
static int add(struct bookkeeping *bookkeeping, struct errand *errand)
{
	assert(bookkeeping->state == IDLE || bookkeeping->state == BUSY);
	*bookkeeping->end = errand;
	bookkeeping->end = &errand->next;
	if (bookkeeping->state == IDLE)
		run_next(bookkeeping);
	return 0;
}

int bookkeeping_enroll(struct bookkeeping *bookkeeping, const char *worker, const char *const *queues,
		       uint32_t queue_count, uint32_t markers, const uint64_t *connection_ids, uint32_t connections,
		       bookkeeping_done *done, void *context)
{
	struct errand *errand = errand_new_with_ids(worker, errand_enroll, connection_ids, connections, context);

	if (!errand)
		return -ENOMEM;
	bookkeeping_write_queues(&errand->queues, queues, queue_count);
	if (buffer_failed(&errand->queues)) {
		errand_free(errand);
		return -ENOMEM;
	}
	errand->markers = markers;
	errand->tell.done = done;
	return add(bookkeeping, errand);
}

int bookkeeping_record_connection(struct bookkeeping *bookkeeping, const char *worker, uint32_t markers, uint32_t index,
				  uint64_t connection_id, bookkeeping_done *done, void *context)
{
	struct errand *errand = errand_new_with_ids(worker, errand_record, &connection_id, 1, context);

	if (!errand)
		return -ENOMEM;
	errand->markers = markers;
	errand->index = index;
	errand->tell.done = done;
	return add(bookkeeping, errand);
}

int bookkeeping_fence(struct bookkeeping *bookkeeping, const char *worker, bookkeeping_fenced *done, void *context)
{
	struct errand *errand = errand_new(worker, errand_fence, context);

	if (!errand)
		return -ENOMEM;
	errand->tell.fenced = done;
	return add(bookkeeping, errand);
}

int bookkeeping_resolve(struct bookkeeping *bookkeeping, const char *worker, const struct bookkeeping_marker *markers,
			uint32_t count, bookkeeping_resolved *done, void *context)
{
	struct errand *errand = errand_new(worker, errand_resolve, context);

	assert(count > 0);
	if (!errand)
		return -ENOMEM;
	errand->wanted = calloc(count, sizeof(*errand->wanted));
	if (!errand->wanted) {
		errand_free(errand);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++)
		errand->wanted[i] = (struct bookkeeping_marker){
			.slot = markers[i].slot, .batch = markers[i].batch, .is_commit = markers[i].is_commit};
	errand->wanted_count = count;
	errand->tell.resolved = done;
	return add(bookkeeping, errand);
}

int bookkeeping_dismiss(struct bookkeeping *bookkeeping, const char *worker, const char *queue, bookkeeping_done *done,
			void *context)
{
	struct errand *errand = errand_new(worker, errand_dismiss, context);

	if (!errand)
		return -ENOMEM;
	buffer_append(&errand->queues, (struct bytes){queue, strlen(queue) + 1});
	if (buffer_failed(&errand->queues)) {
		errand_free(errand);
		return -ENOMEM;
	}
	errand->tell.done = done;
	return add(bookkeeping, errand);
}

int bookkeeping_purge(struct bookkeeping *bookkeeping, uint32_t older_than_s, bookkeeping_purged *done, void *context)
{
	struct errand *errand = errand_new("", errand_purge, context);

	if (!errand)
		return -ENOMEM;
	errand->older_than_s = older_than_s;
	errand->tell.purged = done;
	return add(bookkeeping, errand);
}

int bookkeeping_forget(struct bookkeeping *bookkeeping, const char *worker, uint64_t below, bookkeeping_purged *done,
		       void *context)
{
	struct errand *errand = errand_new(worker, errand_forget, context);

	if (!errand)
		return -ENOMEM;
	errand->below = below;
	errand->tell.purged = done;
	return add(bookkeeping, errand);
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *handle)
{
	struct bookkeeping *bookkeeping = handle->data;

	bookkeeping->closed(bookkeeping->context);
	free(bookkeeping);
}

static void finish_close(struct bookkeeping *bookkeeping)
{
	struct errand *errand;

	move(bookkeeping, CLOSED);
	errand_free(bookkeeping->running);
	while ((errand = bookkeeping->first)) {
		bookkeeping->first = errand->next;
		errand_free(errand);
	}
	uv_close((uv_handle_t *)&bookkeeping->closing, on_closed);
}

void bookkeeping_close(struct bookkeeping *bookkeeping, void (*closed)(void *context), void *context)
{
	if (bookkeeping->state == LEAVING || bookkeeping->state == CLOSED)
		return;
	bookkeeping->closed = closed;
	bookkeeping->context = context;
	atomic_store(&bookkeeping->hurry, true);
	if (bookkeeping->state == BUSY)
		move(bookkeeping, LEAVING);
	else
		finish_close(bookkeeping);
}
