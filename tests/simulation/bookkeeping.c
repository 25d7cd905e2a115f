/* tests/simulation/bookkeeping.c - daemon/database/bookkeeping.h over the rows of the fake store: errands on their way.
 *
 * One errand after the other, each a transaction of its own at the server. One that needs rows which another
 * transaction holds looks again every few milliseconds; after a lease it ends who sleeps on them. */
#include "bookkeeping_errand.h"

#include "daemon/database/errors.h"
#include "database.h"
#include "loop.h"
#include "network.h"
#include "world.h"

#include <inttypes.h>
#include <string.h>

enum { LOOK_EVERY_MS = 10, TRIES_SECONDS = 20 };

static struct bookkeeping *all;
static struct errand *errands; /* all that ever were */

void bookkeeping_begin(void)
{
	all = NULL;
	errands = NULL;
}

void bookkeeping_end(void)
{
	for (struct errand *errand = errands; errand; errand = errand->next_of_all) {
		blob_unref(errand->worker);
		blobs_clear(&errand->queues);
		ranges_free(&errand->numbers);
		must_free(errand->markers_asked);
	}
}

static void begin_next(struct bookkeeping *bookkeeping);

static void tell_closed(void *context, uint64_t argument)
{
	struct bookkeeping *bookkeeping = context;

	(void)argument;
	if (bookkeeping->closed)
		return;
	bookkeeping->closed = true;
	bookkeeping->on_closed(bookkeeping->context);
}

/* Now and then one of them could not be told, as by a server that refuses to write. */
static void tell_resolved(struct errand *errand, const struct sql_error *error)
{
	struct sql_error refused;
	bool whole = !error;

	for (uint32_t i = 0; i < errand->marker_count; i++) {
		errand->markers_asked[i].known =
			whole && !(database.errand_lost_one_in && one_in(database.errand_lost_one_in));
		if (!whole || errand->markers_asked[i].known)
			continue;
		sql_error_lost(&refused, 2013, "Lost connection to server during query");
		error = &refused;
	}
	errand->resolved(errand->context, errand->markers_asked, errand->marker_count, error);
}

static void tell(struct errand *errand)
{
	struct sql_error lost;
	const struct sql_error *error;

	sql_error_lost(&lost, 2013, "Lost connection to server during query");
	error = errand->failed || errand->lost ? &lost : NULL;
	if (errand->kind == FENCE)
		errand->fenced(errand->context, errand->found, error ? NULL : &errand->numbers, error);
	else if (errand->kind == RESOLVE)
		tell_resolved(errand, error);
	else if (errand->kind == PURGE || errand->kind == FORGET)
		errand->purged(errand->context, false, error);
	else
		errand->done(errand->context, error);
}

static void come_back(void *context, uint64_t argument)
{
	struct bookkeeping *bookkeeping = context;
	struct errand *errand = bookkeeping->first;

	(void)argument;
	if (bookkeeping->closed)
		return;
	bookkeeping->busy = false;
	if (bookkeeping->closing) {
		tell_closed(bookkeeping, 0);
		return;
	}
	bookkeeping->first = errand->next;
	if (!bookkeeping->first)
		bookkeeping->last = NULL;
	tell(errand);
	begin_next(bookkeeping);
}

static void come_back_soon(void *context, uint64_t argument)
{
	struct bookkeeping *bookkeeping = context;

	if (!bookkeeping->closed)
		loop_post(bookkeeping->loop, come_back, bookkeeping, argument);
}

/* What a process has asked for before it died is done all the same. */
static void arrive(void *context, uint64_t argument)
{
	struct errand *errand = context;

	if (database.down || world_now_us() - errand->since_us > TRIES_SECONDS * (uint64_t)SECOND) {
		errand->failed = true;
	} else if (errand->kind != ENROLL && errand_must_wait(errand)) {
		world_in(LOOK_EVERY_MS * MS, arrive, errand, argument);
		return;
	} else {
		errand_execute(errand);
	}
	world_in(network_latency_us(), come_back_soon, errand->bookkeeping, 0);
}

static void begin_next(struct bookkeeping *bookkeeping)
{
	struct errand *errand = bookkeeping->first;

	if (!errand || bookkeeping->busy || bookkeeping->closing)
		return;
	bookkeeping->busy = true;
	errand->since_us = world_now_us();
	errand->lost = database.errand_lost_one_in && one_in(database.errand_lost_one_in);
	world_in(3 * network_latency_us() + draw(2 * MS), arrive, errand, 0);
}

static struct errand *errand_new(struct bookkeeping *bookkeeping, enum errand_kind kind, const char *worker,
				 void *context)
{
	struct errand *errand = world_alloc(sizeof(*errand));

	errand->bookkeeping = bookkeeping;
	errand->kind = kind;
	errand->worker = blob_new(bytes_of(worker));
	errand->context = context;
	errand->next_of_all = errands;
	errands = errand;
	return errand;
}

static int send_errand(struct errand *errand)
{
	struct bookkeeping *bookkeeping = errand->bookkeeping;

	*(bookkeeping->last ? &bookkeeping->last->next : &bookkeeping->first) = errand;
	bookkeeping->last = errand;
	begin_next(bookkeeping);
	return 0;
}

int bookkeeping_open(uv_loop_t *loop, const struct database_options *options, uint32_t lease_ms,
		     struct bookkeeping **ret_bookkeeping)
{
	struct bookkeeping *bookkeeping = world_alloc(sizeof(*bookkeeping));

	(void)options;
	bookkeeping->loop = (struct loop *)(void *)loop;
	bookkeeping->lease_us = lease_ms * (uint64_t)MS;
	bookkeeping->next = all;
	all = bookkeeping;
	*ret_bookkeeping = bookkeeping;
	return 0;
}

int bookkeeping_enroll(struct bookkeeping *bookkeeping, const char *worker, const char *const *queues,
		       uint32_t queue_count, uint32_t markers, const uint64_t *connection_ids, uint32_t connections,
		       bookkeeping_done *done, void *context)
{
	struct errand *errand = errand_new(bookkeeping, ENROLL, worker, context);

	(void)connection_ids;
	for (uint32_t i = 0; i < queue_count; i++)
		blobs_insert(&errand->queues, i, blob_new(bytes_of(queues[i])));
	errand->markers = markers;
	errand->connections = connections;
	errand->done = done;
	return send_errand(errand);
}

int bookkeeping_record_connection(struct bookkeeping *bookkeeping, const char *worker, uint32_t markers, uint32_t index,
				  uint64_t connection_id, bookkeeping_done *done, void *context)
{
	struct errand *errand = errand_new(bookkeeping, RECORD, worker, context);

	errand->markers = markers;
	errand->index = index;
	errand->connection_id = connection_id;
	errand->done = done;
	return send_errand(errand);
}

int bookkeeping_fence(struct bookkeeping *bookkeeping, const char *worker, bookkeeping_fenced *done, void *context)
{
	struct errand *errand = errand_new(bookkeeping, FENCE, worker, context);

	errand->fenced = done;
	return send_errand(errand);
}

int bookkeeping_resolve(struct bookkeeping *bookkeeping, const char *worker, const struct bookkeeping_marker *markers,
			uint32_t count, bookkeeping_resolved *done, void *context)
{
	struct errand *errand = errand_new(bookkeeping, RESOLVE, worker, context);

	errand->markers_asked = must_alloc(count * sizeof(*markers));
	memcpy(errand->markers_asked, markers, count * sizeof(*markers));
	errand->marker_count = count;
	errand->resolved = done;
	return send_errand(errand);
}

int bookkeeping_dismiss(struct bookkeeping *bookkeeping, const char *worker, const char *queue, bookkeeping_done *done,
			void *context)
{
	struct errand *errand = errand_new(bookkeeping, DISMISS, worker, context);

	blobs_insert(&errand->queues, 0, blob_new(bytes_of(queue)));
	errand->done = done;
	return send_errand(errand);
}

int bookkeeping_purge(struct bookkeeping *bookkeeping, uint32_t older_than_s, bookkeeping_purged *done, void *context)
{
	struct errand *errand = errand_new(bookkeeping, PURGE, "", context);

	(void)older_than_s;
	errand->purged = done;
	return send_errand(errand);
}

int bookkeeping_forget(struct bookkeeping *bookkeeping, const char *worker, uint64_t below, bookkeeping_purged *done,
		       void *context)
{
	struct errand *errand = errand_new(bookkeeping, FORGET, worker, context);

	errand->below = below;
	errand->purged = done;
	return send_errand(errand);
}

void bookkeeping_close(struct bookkeeping *bookkeeping, void (*closed)(void *context), void *context)
{
	bookkeeping->closing = true;
	bookkeeping->on_closed = closed;
	bookkeeping->context = context;
	if (!bookkeeping->busy || bookkeeping->loop->over)
		loop_post(bookkeeping->loop, tell_closed, bookkeeping, 0);
}

void bookkeeping_abandon(struct loop *loop)
{
	for (struct bookkeeping *bookkeeping = all; bookkeeping; bookkeeping = bookkeeping->next)
		if (bookkeeping->loop == loop && bookkeeping->closing && !bookkeeping->closed)
			loop_post(loop, tell_closed, bookkeeping, 0);
}
