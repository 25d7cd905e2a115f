/* engine/bookkeeper.c
 *
 *   (worker joins) --enroll--> ENROLLING --rows are there--> ENROLLED --fenced--> the worker starts over: enroll …
 *
 * Beside that, at any time: inquiries and dismissals, one answer for each; and one resolution at a time, of all batches
 * in doubt of one incarnation. */
#include "daemon/engine/bookkeeper.h"

#include "common/clock.h"
#include "common/log.h"
#include "daemon/plan/marker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A marker is free again when Redis has confirmed the acknowledgements of its batch. There are so many for each
 * connection that nobody waits for that: one batch that runs, one behind it, and as many that are being acknowledged.
 */
enum { MARKERS_PER_CONNECTION = 4 };

enum { SERVER_DATABASE_DENIED = 1044, SERVER_TABLE_DENIED = 1142, SERVER_NO_SUCH_TABLE = 1146, TELL_EVERY_MS = 1000 };

enum { PAUSE_MS = 250, PURGE_EVERY_MS = 10000, PURGE_ON_MS = 100, FORGET_COMMITS = 2000 };

/* A question of the worker's, until it is answered. */
struct bookkeeper_ask {
	struct bookkeeper *bookkeeper;
	struct bookkeeper_ask *next;
	char worker[MARKER_WORKER_BYTES];
	char *queue; /* of a dismissal */
};

static uint32_t marker_count(const struct bookkeeper *bookkeeper)
{
	return bookkeeper->options->database.connections * MARKERS_PER_CONNECTION;
}

static void changed(struct bookkeeper *bookkeeper)
{
	bookkeeper->events.changed(bookkeeper->context);
}

static void on_pause_over(uv_timer_t *timer)
{
	changed(timer->data);
}

static void try_later(struct bookkeeper *bookkeeper)
{
	(void)uv_timer_start(&bookkeeper->pause, on_pause_over, PAUSE_MS, 0);
}

/* A database that is away fails every question, several times per second. */
static void log_failure(struct bookkeeper *bookkeeper, const char *event, const char *worker,
			const struct sql_error *error)
{
	uint64_t now_ms = clock_monotonic_us() / 1000;

	if (now_ms - bookkeeper->failure_told_ms < TELL_EVERY_MS)
		return;
	bookkeeper->failure_told_ms = now_ms;
	log_event(LEVEL_WARNING, event, log_text("worker", worker), log_int("errno", error->number),
		  log_text("message", error->message));
}

/* --- questions ------------------------------------------------------------------------------------------------ */

static struct bookkeeper_ask *ask_new(struct bookkeeper *bookkeeper, const char *worker, const char *queue)
{
	struct bookkeeper_ask *ask = calloc(1, sizeof(*ask));

	if (!ask)
		return NULL;
	ask->queue = queue ? strdup(queue) : NULL;
	if (queue && !ask->queue) {
		free(ask);
		return NULL;
	}
	ask->bookkeeper = bookkeeper;
	snprintf(ask->worker, sizeof(ask->worker), "%s", worker);
	ask->next = bookkeeper->asks;
	bookkeeper->asks = ask;
	return ask;
}

static void ask_forget(struct bookkeeper_ask *ask)
{
	free(ask->queue);
	free(ask);
}

static void ask_free(struct bookkeeper_ask *ask)
{
	struct bookkeeper_ask **place = &ask->bookkeeper->asks;

	while (*place != ask)
		place = &(*place)->next;
	*place = ask->next;
	ask_forget(ask);
}

/* --- enrolling ------------------------------------------------------------------------------------------------ */

/* What another try would answer in the same way. An account or a database that the server refuses as a whole may be
 * mended while we wait; tables that may not be made, or are not what they should be (number 0), are not. */
static bool is_final(const struct sql_error *error)
{
	if (error->class == SQL_ERROR_ACCESS)
		return error->number == 0 || error->number == SERVER_TABLE_DENIED ||
		       error->number == SERVER_DATABASE_DENIED;
	return error->class == SQL_ERROR_OF_COMMAND || error->class == SQL_ERROR_STALE_CATALOG;
}

static void on_enrolled(void *context, const struct sql_error *error)
{
	struct bookkeeper_ask *ask = context;
	struct bookkeeper *bookkeeper = ask->bookkeeper;
	bool current = strcmp(ask->worker, worker_id(bookkeeper->worker)) == 0;

	bookkeeper->enrolling = false;
	if (error) {
		log_failure(bookkeeper, "worker.not_enrolled", ask->worker, error);
		try_later(bookkeeper);
		if (is_final(error))
			bookkeeper->events.refused(bookkeeper->context, error);
	} else if (current && bookkeeper->enrolled) {
		bookkeeper->rows_gone = false; /* no batch of that time is left */
		planner_use_commits(bookkeeper->planner, true);
	} else if (current && planner_enlist(bookkeeper->planner, ask->worker, marker_count(bookkeeper)) == 0) {
		bookkeeper->enrolled = true;
		worker_enrolled(bookkeeper->worker, ask->worker);
	}
	ask_free(ask);
	changed(bookkeeper);
}

void bookkeeper_enroll(struct bookkeeper *bookkeeper)
{
	const struct options *options = bookkeeper->options;
	uint32_t connections = options->database.connections, queue_count = 0;
	struct bookkeeper_ask *ask;
	const char **queues;
	uint64_t *ids;

	if (bookkeeper->enrolling)
		return;
	ask = ask_new(bookkeeper, worker_id(bookkeeper->worker), NULL);
	queues = calloc(options->queue_count, sizeof(*queues));
	ids = calloc(connections, sizeof(*ids));
	for (uint32_t i = 0; queues && i < options->queue_count; i++)
		if (options->queues[i].policy.exactly_once)
			queues[queue_count++] = options->queues[i].key;
	if (ids)
		pool_connection_ids(bookkeeper->pool, ids);
	if (ask && queues && ids)
		bookkeeper->enrolling =
			bookkeeping_enroll(bookkeeper->bookkeeping, ask->worker, queues, queue_count,
					   marker_count(bookkeeper), ids, connections, on_enrolled, ask) == 0;
	if (ask && !bookkeeper->enrolling)
		ask_free(ask); /* the worker asks again */
	free(queues);
	free(ids);
}

void bookkeeper_forget(struct bookkeeper *bookkeeper)
{
	bookkeeper->enrolled = bookkeeper->rows_gone = false;
	bookkeeper->starting_over = false;
	planner_use_commits(bookkeeper->planner, true);
	(void)planner_enlist(bookkeeper->planner, "", 0);
}

/* Nobody is to blame but who has to mend it: a missing grant, a table that is gone. The latter we mend ourselves. While
 * this worker lives it knows best what it has committed. Without rowd_slots nothing more is until the rows are there;
 * without rowd_commits, lone writes do as batches do. */
void bookkeeper_books_failed(struct bookkeeper *bookkeeper, const struct sql_error *error)
{
	uint64_t now_ms = clock_monotonic_us() / 1000;

	if (bookkeeper->enrolled && !bookkeeper->rows_gone && error->class == SQL_ERROR_RESOURCE &&
	    error->number == SERVER_NO_SUCH_TABLE) {
		bookkeeper->rows_gone = true;
		bookkeeper->gone_with = planner_last_batch(bookkeeper->planner);
		planner_use_commits(bookkeeper->planner, false);
	}
	if (now_ms - bookkeeper->told_ms < TELL_EVERY_MS)
		return;
	bookkeeper->told_ms = now_ms;
	log_event(
		LEVEL_ERROR, "database.own_tables_failed", log_int("errno", error->number),
		log_text("message", error->message),
		log_text("hint", "writes wait until rowd may use its tables rowd_slots, rowd_commits and rowd_ledger"));
}

static void on_recorded(void *context, const struct sql_error *error)
{
	struct bookkeeper *bookkeeper = context;

	/* Who looks for the connection does not find it, and waits for the server to end it. */
	if (error)
		log_failure(bookkeeper, "worker.not_recorded", worker_id(bookkeeper->worker), error);
}

void bookkeeper_connected(struct bookkeeper *bookkeeper, uint32_t index, uint64_t connection_id)
{
	if (bookkeeper->enrolled)
		(void)bookkeeping_record_connection(bookkeeper->bookkeeping, worker_id(bookkeeper->worker),
						    marker_count(bookkeeper), index, connection_id, on_recorded,
						    bookkeeper);
}

/* --- the dead ------------------------------------------------------------------------------------------------- */

static void on_fenced(void *context, bool found, const struct ranges *done, const struct sql_error *error)
{
	struct bookkeeper_ask *ask = context;
	struct worker *worker = ask->bookkeeper->worker;

	if (error)
		log_failure(ask->bookkeeper, "worker.not_fenced", ask->worker, error);
	/* An account that may not read the rows, since it delivers at least once, never will. */
	if (error)
		worker_told(worker, ask->worker, is_final(error) ? WORKER_UNKNOWN : WORKER_UNREACHABLE, NULL);
	else
		worker_told(worker, ask->worker, found ? WORKER_FENCED : WORKER_UNKNOWN, found ? done : NULL);
	ask_free(ask);
}

void bookkeeper_inquire(struct bookkeeper *bookkeeper, const char *dead)
{
	struct bookkeeper_ask *ask = ask_new(bookkeeper, dead, NULL);

	if (ask && bookkeeping_fence(bookkeeper->bookkeeping, dead, on_fenced, ask) == 0)
		return;
	if (ask)
		ask_free(ask);
	worker_told(bookkeeper->worker, dead, WORKER_UNREACHABLE, NULL);
}

static void on_dismissed(void *context, const struct sql_error *error)
{
	struct bookkeeper_ask *ask = context;

	/* Without an answer the worker asks again. */
	if (error)
		log_failure(ask->bookkeeper, "worker.not_dismissed", ask->worker, error);
	else
		worker_dismissed(ask->bookkeeper->worker, ask->worker, ask->queue);
	ask_free(ask);
}

void bookkeeper_dismiss(struct bookkeeper *bookkeeper, const char *id, const char *queue)
{
	struct bookkeeper_ask *ask = ask_new(bookkeeper, id, queue);

	if (ask && bookkeeping_dismiss(bookkeeper->bookkeeping, id, queue, on_dismissed, ask) != 0)
		ask_free(ask);
}

/* --- batches in doubt ----------------------------------------------------------------------------------------- */

static void start_over(struct bookkeeper *bookkeeper)
{
	if (bookkeeper->starting_over)
		return;
	bookkeeper->starting_over = true;
	/* What waits again must not be sent before the worker has started over. */
	planner_fence(bookkeeper->planner);
	worker_start_over(bookkeeper->worker);
}

static void on_resolved(void *context, const struct bookkeeping_marker *markers, uint32_t count,
			const struct sql_error *error)
{
	struct bookkeeper_ask *ask = context;
	struct bookkeeper *bookkeeper = ask->bookkeeper;
	bool current = strcmp(ask->worker, worker_id(bookkeeper->worker)) == 0;

	bookkeeper->resolving = false;
	if (error) {
		log_failure(bookkeeper, "worker.in_doubt", ask->worker, error);
		try_later(bookkeeper);
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!markers[i].known)
			continue;
		/* Whoever has declared this worker dead has taken over what is in flight; a row that is gone is one
		 * that somebody has looked after already. */
		if (current && (markers[i].fenced || !markers[i].found))
			start_over(bookkeeper);
		batch_runs_resolved(bookkeeper->runs, ask->worker, &markers[i]);
	}
	ask_free(ask);
	changed(bookkeeper);
}

static void resolve(struct bookkeeper *bookkeeper)
{
	struct bookkeeper_ask *ask;
	const char *worker = NULL;
	uint32_t count = 0;
	struct bookkeeping_marker *doubts = batch_runs_doubts(bookkeeper->runs, &count, &worker);

	if (!doubts) {
		try_later(bookkeeper);
		return;
	}
	ask = ask_new(bookkeeper, worker, NULL);
	if (ask)
		bookkeeper->resolving =
			bookkeeping_resolve(bookkeeper->bookkeeping, ask->worker, doubts, count, on_resolved, ask) == 0;
	if (ask && !bookkeeper->resolving)
		ask_free(ask);
	if (!bookkeeper->resolving)
		try_later(bookkeeper);
	free(doubts);
}

/* --- commits that stand for nothing any more ------------------------------------------------------------------ */

static void on_forgotten(void *context, bool more, const struct sql_error *error)
{
	struct bookkeeper *bookkeeper = context;

	bookkeeper->forgetting = false;
	if (error)
		log_failure(bookkeeper, "commits.not_forgotten", worker_id(bookkeeper->worker), error);
	if (more || error)
		bookkeeper->forgotten_below = 0;
}

static void forget_commits(struct bookkeeper *bookkeeper)
{
	bookkeeper->forgotten = planner_commits(bookkeeper->planner);
	bookkeeper->forgotten_below = planner_lowest_batch(bookkeeper->planner);
	bookkeeper->forgetting = bookkeeping_forget(bookkeeper->bookkeeping, worker_id(bookkeeper->worker),
						    bookkeeper->forgotten_below, on_forgotten, bookkeeper) == 0;
}

static bool has_many_commits(const struct bookkeeper *bookkeeper)
{
	return planner_commits(bookkeeper->planner) - bookkeeper->forgotten >= FORGET_COMMITS;
}

static bool may_have_commits(const struct bookkeeper *bookkeeper)
{
	return planner_commits(bookkeeper->planner) > 0 &&
	       planner_lowest_batch(bookkeeper->planner) > bookkeeper->forgotten_below;
}

void bookkeeper_step(struct bookkeeper *bookkeeper)
{
	if (bookkeeper->enrolled && !bookkeeper->forgetting && has_many_commits(bookkeeper))
		forget_commits(bookkeeper);
	if (bookkeeper->enrolled && planner_is_fenced(bookkeeper->planner))
		start_over(bookkeeper);
	/* Should this worker die before Redis has forgotten what it has committed, its old rows would have told; and
	 * fresh ones would say of a batch under way that it was not committed. */
	if (bookkeeper->rows_gone && !bookkeeper->enrolling &&
	    planner_lowest_batch(bookkeeper->planner) > bookkeeper->gone_with &&
	    !uv_is_active((const uv_handle_t *)&bookkeeper->pause))
		bookkeeper_enroll(bookkeeper);
	if (bookkeeper->runs->in_doubt > 0 && !bookkeeper->resolving &&
	    !uv_is_active((const uv_handle_t *)&bookkeeper->pause))
		resolve(bookkeeper);
}

/* --- the ledger ----------------------------------------------------------------------------------------------- */

static void on_purge_due(uv_timer_t *timer);

static void on_purged(void *context, bool more, const struct sql_error *error)
{
	struct bookkeeper *bookkeeper = context;

	bookkeeper->purging = false;
	if (error)
		log_failure(bookkeeper, "ledger.not_purged", worker_id(bookkeeper->worker), error);
	(void)uv_timer_start(&bookkeeper->purge, on_purge_due, more ? PURGE_ON_MS : PURGE_EVERY_MS, 0);
}

/* One worker does it: that which claims. */
static void on_purge_due(uv_timer_t *timer)
{
	struct bookkeeper *bookkeeper = timer->data;

	if (bookkeeper->enrolled && !bookkeeper->forgetting && may_have_commits(bookkeeper))
		forget_commits(bookkeeper);
	if (bookkeeper->enrolled && !bookkeeper->purging && worker_counts(bookkeeper->worker).owner_of_any)
		bookkeeper->purging =
			bookkeeping_purge(bookkeeper->bookkeeping, bookkeeper->options->delivery.once_window_s,
					  on_purged, bookkeeper) == 0;
	if (!bookkeeper->purging)
		(void)uv_timer_start(&bookkeeper->purge, on_purge_due, PURGE_EVERY_MS, 0);
}

/* --- opening and closing -------------------------------------------------------------------------------------- */

int bookkeeper_open(struct bookkeeper *bookkeeper, uv_loop_t *loop, const struct options *options,
		    const struct bookkeeper_events *events, void *context)
{
	bool wanted = false;
	int r;

	*bookkeeper = (struct bookkeeper){.options = options, .events = *events, .context = context};
	for (uint32_t i = 0; i < options->queue_count; i++)
		wanted |= options->queues[i].policy.exactly_once;
	/* Also without: the dead may be from a time when some queue was delivered exactly once. */
	r = bookkeeping_open(loop, &options->database, options->delivery.lease_ms, &bookkeeper->bookkeeping);
	if (r)
		return r;
	/* These cannot fail. */
	(void)uv_timer_init(loop, &bookkeeper->pause);
	(void)uv_timer_init(loop, &bookkeeper->purge);
	bookkeeper->pause.data = bookkeeper->purge.data = bookkeeper;
	if (wanted)
		(void)uv_timer_start(&bookkeeper->purge, on_purge_due, PURGE_EVERY_MS, 0);
	return 0;
}

static void part_closed(struct bookkeeper *bookkeeper)
{
	if (--bookkeeper->open_parts > 0)
		return;
	while (bookkeeper->asks) {
		struct bookkeeper_ask *ask = bookkeeper->asks;

		bookkeeper->asks = ask->next;
		ask_forget(ask);
	}
	bookkeeper->events.closed(bookkeeper->context);
}

static void on_timer_closed(uv_handle_t *handle)
{
	part_closed(handle->data);
}

static void on_bookkeeping_closed(void *context)
{
	part_closed(context);
}

void bookkeeper_close(struct bookkeeper *bookkeeper)
{
	if (bookkeeper->open_parts > 0)
		return;
	bookkeeper->open_parts = 3;
	uv_close((uv_handle_t *)&bookkeeper->pause, on_timer_closed);
	uv_close((uv_handle_t *)&bookkeeper->purge, on_timer_closed);
	bookkeeping_close(bookkeeper->bookkeeping, on_bookkeeping_closed, bookkeeper);
}
