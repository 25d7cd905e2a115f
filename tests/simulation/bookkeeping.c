/* tests/simulation/bookkeeping.c - daemon/database/bookkeeping.h over the rows of the fake store.
 *
 * One errand after the other, each a transaction of its own at the server. One that needs rows which another
 * transaction holds looks again every few milliseconds; after a lease it ends who sleeps on them. */
#include "daemon/database/bookkeeping.h"

#include "daemon/database/errors.h"
#include "database.h"
#include "loop.h"
#include "network.h"
#include "world.h"

#include <inttypes.h>
#include <string.h>

enum { LOOK_EVERY_MS = 10, TRIES_SECONDS = 20 };
enum slot_column { WORKER, SLOT, QUEUES, CONNECTION, FENCED, BATCH, SEQUENCES };
enum commit_column { COMMIT_BATCH = 2, COMMIT_SEQUENCES = 3 }; /* the others are the same */

enum errand_kind { ENROLL, RECORD, FENCE, RESOLVE, DISMISS, PURGE, FORGET };

struct errand {
	struct errand *next, *next_of_all;
	struct bookkeeping *bookkeeping;
	enum errand_kind kind;
	struct blob *worker;
	struct blobs queues;
	uint32_t markers, connections, index;
	uint64_t connection_id;
	uint64_t below;                           /* forget */
	struct bookkeeping_marker *markers_asked; /* and found */
	uint32_t marker_count;
	uint64_t since_us;
	bool lost; /* its answer does not come, whatever was done */
	/* What came of it. */
	bool failed, found;
	struct ranges numbers;
	bookkeeping_done *done;
	bookkeeping_fenced *fenced;
	bookkeeping_resolved *resolved;
	bookkeeping_purged *purged;
	void *context;
};

struct bookkeeping {
	struct bookkeeping *next;
	struct loop *loop;
	uint64_t lease_us;
	struct errand *first, *last;
	bool busy, closing, closed;
	void (*on_closed)(void *context);
	void *context;
};

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

/* --- at the server --- */

static bool is_of(const struct store_row *row, const struct errand *errand)
{
	return row && blob_is(row->cells[WORKER], blob_bytes(errand->worker));
}

static bool is_wanted(const struct errand *errand, const struct store_row *row)
{
	if (!is_of(row, errand))
		return false;
	for (uint32_t i = 0; i < errand->marker_count; i++)
		if (errand->markers_asked[i].slot == store_number(row, SLOT))
			return true;
	return errand->kind != RESOLVE;
}

/* Whether one of its rows is held by somebody. After a lease who sleeps on it is ended. */
static bool must_wait(struct errand *errand)
{
	const struct store_table *slots = &store_tables[STORE_SLOTS];
	uint64_t waited_us = world_now_us() - errand->since_us;
	bool waits = false;

	for (uint32_t i = 0; i < slots->count; i++) {
		const struct store_entry *entry = slots->entries[i];

		if (!entry->holder || !is_wanted(errand, entry->committed))
			continue;
		waits = true;
		if (waited_us >= errand->bookkeeping->lease_us &&
		    database_is_asleep(entry->holder->session, errand->bookkeeping->lease_us)) {
			database_kill(entry->holder->session);
			break;
		}
	}
	return waits;
}

static struct blob *join(const struct blobs *queues)
{
	char text[256] = "";

	for (uint32_t i = 0; i < queues->count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "," : "",
			 queues->items[i]->data);
	return blob_new(bytes_of(text));
}

static void enroll(const struct errand *errand, struct store_transaction *transaction)
{
	for (uint32_t slot = 0; slot < errand->markers + errand->connections; slot++) {
		struct blob *number = blob_number(slot);
		struct blob *key[] = {errand->worker, number};
		struct store_entry *entry = store_find(&store_tables[STORE_SLOTS], key);
		struct store_row *row;

		if (entry) { /* its answer was lost the last time */
			blob_unref(number);
			continue;
		}
		row = store_row_new();
		store_row_set(row, WORKER, blob_ref(errand->worker));
		store_row_set(row, SLOT, number);
		store_row_set(row, QUEUES, join(&errand->queues));
		store_row_set(row, CONNECTION, blob_number(0));
		store_row_set(row, FENCED, blob_number(0));
		store_row_set(row, BATCH, blob_number(0));
		store_row_set(row, SEQUENCES, blob_new(BYTES("")));
		entry = store_add(&store_tables[STORE_SLOTS]);
		store_hold(transaction, entry);
		store_write(transaction, entry, row);
	}
}

static void fence(struct errand *errand, struct store_transaction *transaction)
{
	const struct store_table *slots = &store_tables[STORE_SLOTS], *commits = &store_tables[STORE_COMMITS];

	for (uint32_t i = 0; i < commits->count; i++)
		if (is_of(commits->entries[i]->committed, errand))
			ranges_parse(&errand->numbers,
				     blob_bytes(commits->entries[i]->committed->cells[COMMIT_SEQUENCES]));

	for (uint32_t i = 0; i < slots->count; i++) {
		struct store_entry *entry = slots->entries[i];
		struct store_row *row;

		if (!is_of(entry->committed, errand))
			continue;
		errand->found = true;
		ranges_parse(&errand->numbers, blob_bytes(entry->committed->cells[SEQUENCES]));
		row = store_row_copy(entry->committed);
		store_row_set(row, FENCED, blob_number(1));
		store_hold(transaction, entry);
		store_write(transaction, entry, row);
	}
}

static void void_commit(const struct errand *errand, struct store_transaction *transaction,
			const struct bookkeeping_marker *marker)
{
	struct store_row *row = store_row_new();
	struct store_entry *entry = store_add(&store_tables[STORE_COMMITS]);

	store_row_set(row, WORKER, blob_ref(errand->worker));
	store_row_set(row, SLOT, blob_number(marker->slot));
	store_row_set(row, COMMIT_BATCH, blob_number(marker->batch));
	store_row_set(row, COMMIT_SEQUENCES, blob_new(BYTES("")));
	store_hold(transaction, entry);
	store_write(transaction, entry, row);
}

static void resolve_commit(const struct errand *errand, struct store_transaction *transaction,
			   struct bookkeeping_marker *marker)
{
	const struct store_table *commits = &store_tables[STORE_COMMITS];
	bool is_there = false;

	for (uint32_t i = 0; i < commits->count; i++) {
		const struct store_row *row = commits->entries[i]->committed;

		if (!is_of(row, errand) || store_number(row, SLOT) != marker->slot ||
		    store_number(row, COMMIT_BATCH) != marker->batch)
			continue;
		is_there = true;
		marker->committed = row->cells[COMMIT_SEQUENCES]->size > 0;
	}
	if (!is_there && !marker->fenced)
		void_commit(errand, transaction, marker);
}

static void resolve(struct errand *errand, struct store_transaction *transaction)
{
	const struct store_table *slots = &store_tables[STORE_SLOTS];

	for (uint32_t at = 0; at < errand->marker_count; at++) {
		struct bookkeeping_marker *marker = &errand->markers_asked[at];

		for (uint32_t i = 0; i < slots->count; i++) {
			struct store_entry *entry = slots->entries[i];
			const struct store_row *row = entry->committed;

			if (!is_of(row, errand) || store_number(row, SLOT) != marker->slot)
				continue;
			marker->found = true;
			marker->fenced = store_number(row, FENCED) != 0;
			if (marker->is_commit) {
				resolve_commit(errand, transaction, marker);
				break;
			}
			marker->committed =
				store_number(row, BATCH) == marker->batch && row->cells[SEQUENCES]->size > 0;
		}
	}
}

/* Strikes "queue" out of "a,queue,b". NULL: nothing is left. */
static struct blob *strike_out(const struct blob *queues, const struct blob *queue)
{
	char text[256] = "", copy[256];
	char *rest = NULL;

	snprintf(copy, sizeof(copy), "%s", queues->data);
	for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
		if (strcmp(word, queue->data) != 0)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", text[0] ? "," : "", word);
	return text[0] ? blob_new(bytes_of(text)) : NULL;
}

/* Of the worker: all, or those that are committed and lower than that. */
static void remove_commits(const struct errand *errand, struct store_transaction *transaction, bool all_of_them)
{
	const struct store_table *commits = &store_tables[STORE_COMMITS];

	for (uint32_t i = 0; i < commits->count; i++) {
		struct store_entry *entry = commits->entries[i];
		const struct store_row *row = entry->committed;

		if (entry->holder || !is_of(row, errand))
			continue;
		if (!all_of_them &&
		    (store_number(row, COMMIT_BATCH) >= errand->below || row->cells[COMMIT_SEQUENCES]->size == 0))
			continue;
		store_hold(transaction, entry);
		store_write(transaction, entry, NULL);
	}
}

static void dismiss(const struct errand *errand, struct store_transaction *transaction)
{
	const struct store_table *slots = &store_tables[STORE_SLOTS];

	for (uint32_t i = 0; i < slots->count; i++) {
		struct store_entry *entry = slots->entries[i];
		struct store_row *row = NULL;
		struct blob *left;

		if (!is_of(entry->committed, errand))
			continue;
		left = strike_out(entry->committed->cells[QUEUES], errand->queues.items[0]);
		if (left) {
			row = store_row_copy(entry->committed);
			store_row_set(row, QUEUES, left);
		} else {
			remove_commits(errand, transaction, true);
		}
		store_hold(transaction, entry);
		store_write(transaction, entry, row);
	}
}

static void record(const struct errand *errand, struct store_transaction *transaction)
{
	struct blob *number = blob_number(errand->markers + errand->index);
	struct blob *key[] = {errand->worker, number};
	struct store_entry *entry = store_find(&store_tables[STORE_SLOTS], key);
	struct store_row *row;

	blob_unref(number);
	if (!entry || !entry->committed)
		return;
	row = store_row_copy(entry->committed);
	store_row_set(row, CONNECTION, blob_number(errand->connection_id));
	store_hold(transaction, entry);
	store_write(transaction, entry, row);
}

static void execute(struct errand *errand)
{
	struct store_transaction *transaction = store_open(0);

	switch (errand->kind) {
	case ENROLL:
		enroll(errand, transaction);
		break;
	case RECORD:
		record(errand, transaction);
		break;
	case FENCE:
		fence(errand, transaction);
		break;
	case RESOLVE:
		resolve(errand, transaction);
		break;
	case DISMISS:
		dismiss(errand, transaction);
		break;
	case FORGET:
		remove_commits(errand, transaction, false);
		break;
	case PURGE: /* nobody writes into the ledger here */
		break;
	}
	store_commit(transaction);
}

/* --- errands --- */

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
	} else if (errand->kind != ENROLL && must_wait(errand)) {
		world_in(LOOK_EVERY_MS * MS, arrive, errand, argument);
		return;
	} else {
		execute(errand);
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
