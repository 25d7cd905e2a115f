/* tests/simulation/pool.c - daemon/database/pool.h over the fake server: the same states, the same order of calls, no
 * threads and no library. See daemon/database/pool.c, connection.c and transaction.c for what is imitated. */
#include "daemon/database/pool.h"

#include "daemon/database/errors.h"
#include "database.h"
#include "loop.h"
#include "network.h"
#include "world.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum { CONNECTIONS_MOST = 8, BACKOFF_MS = 200, ANSWER_GRACE_MS = 5000 };

struct running {
	bool active;
	struct transaction_events events;
	void *context;
	size_t count, answered;     /* statements of the wave */
	bool release_due, released; /* COMMIT behind a wave of reads: its answer is due; was there */
	bool ending, commits;
	bool releases_write; /* what its COMMIT is behind changes something */
	bool compound;       /* the wave commits by itself, and was not answered to the end */
};

struct connection {
	struct pool *pool;
	struct session *session; /* NULL: this place is free */
	bool busy, starting;
	struct running current, follower;
	uint64_t deadline_us; /* for the next answer */
	uint32_t timeout_ms;
};

struct pool {
	struct loop *loop;
	const struct database_options *options;
	struct pool_events events;
	void *context;
	struct connection connections[CONNECTIONS_MOST];
	bool down, opening, closing, closed;
	uint32_t failures;
	struct pool_counts counts;
};

static void open_one(struct pool *pool);

static uint32_t usable(const struct pool *pool, bool busy)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < CONNECTIONS_MOST; i++)
		count += pool->connections[i].session && pool->connections[i].busy == busy;
	return count;
}

/* --- a transaction --- */

static void give_up(struct connection *connection, const struct sql_error *error);

static void send_wave(struct connection *connection, struct running *running, const struct statement *statements,
		      size_t count, bool reads)
{
	running->count = count;
	running->answered = 0;
	running->release_due = reads;
	running->released = false;
	for (size_t i = 0; i < count; i++)
		session_send(connection->session, statements[i].text);
	if (reads)
		session_send(connection->session, BYTES("COMMIT"));
}

static void tell_end(struct running *running, enum transaction_end end, const struct sql_error *error)
{
	struct running ended = *running;

	running->active = false;
	ended.events.ended(ended.context, end, error);
}

static void finish(struct connection *connection, enum transaction_end end)
{
	struct running ended = connection->current;
	struct pool *pool = connection->pool;

	if (connection->follower.active) {
		connection->current = connection->follower;
		connection->follower = (struct running){0};
		tell_end(&ended, end, NULL);
		return;
	}
	connection->busy = false;
	connection->current.active = false;
	connection->deadline_us = 0;
	tell_end(&ended, end, NULL);
	if (connection->session && !connection->busy && !pool->down && !pool->closing)
		pool->events.idle(pool->context);
}

static void ask(struct connection *connection, struct running *running)
{
	const struct statement *statements = NULL;
	size_t count = 0;

	running->releases_write = false;
	switch (running->events.next(running->context, &statements, &count)) {
	case TRANSACTION_SEND:
		send_wave(connection, running, statements, count, false);
		break;
	case TRANSACTION_SEND_ONLY:
		/* Should the COMMIT before fail, this must not be committed. */
		running->releases_write = running == &connection->current;
		send_wave(connection, running, statements, count, running->releases_write);
		break;
	case TRANSACTION_SEND_READS:
		send_wave(connection, running, statements, count, true);
		break;
	case TRANSACTION_SEND_COMPOUND:
		assert(running == &connection->current && count == 2);
		running->compound = true;
		running->count = count;
		running->answered = 0;
		running->released = false;
		session_send(connection->session, statements[count].text);
		break;
	case TRANSACTION_COMMIT:
		if (running->released) {
			finish(connection, TRANSACTION_COMMITTED);
			return;
		}
		running->ending = running->commits = true;
		session_send(connection->session, BYTES("COMMIT"));
		break;
	case TRANSACTION_ROLLBACK:
		running->ending = true;
		session_send(connection->session, BYTES("ROLLBACK"));
		break;
	}
}

/* COMMIT is on its way: another transaction may follow it. */
static void follow(struct connection *connection)
{
	struct running *running = &connection->current;
	struct pool *pool = connection->pool;
	void *context;

	if (!running->events.follow || pool->closing || pool->down)
		return;
	context = running->events.follow(running->context, usable(pool, false) > 0);
	if (!context)
		return;
	connection->follower = (struct running){.active = true, .events = running->events, .context = context};
	ask(connection, &connection->follower);
}

static void go_on(struct connection *connection)
{
	struct running *running = &connection->current;

	connection->deadline_us = world_now_us() + ((uint64_t)connection->timeout_ms + ANSWER_GRACE_MS) * (uint64_t)MS;
	ask(connection, running);
	if (connection->busy && connection->current.commits && connection->current.ending &&
	    !connection->follower.active)
		follow(connection);
}

static void on_start(void *context, uint64_t argument)
{
	struct connection *connection = context;

	(void)argument;
	if (!connection->starting)
		return;
	connection->starting = false;
	go_on(connection);
}

static void take_rows(struct running *running, const struct sql_result *result)
{
	const char *values[STORE_COLUMNS * 2];
	unsigned long lengths[STORE_COLUMNS * 2];
	bool wanted = true;

	for (uint32_t at = 0; wanted && at < result->cells.count; at += result->columns) {
		for (uint32_t i = 0; i < result->columns; i++) {
			const struct blob *cell = result->cells.items[at + i];
			values[i] = cell ? cell->data : NULL;
			lengths[i] = cell ? cell->size : 0;
		}
		wanted =
			running->events.row(running->context, running->answered, values, lengths, result->columns) == 0;
	}
}

static void take_statement(struct running *running, const struct sql_result *result)
{
	size_t index = running->answered;

	if (result->failed) {
		/* MariaDB sends each row as it inserts it. */
		take_rows(running, result);
		running->events.failed(running->context, index, &result->error);
	} else {
		take_rows(running, result);
		running->events.done(running->context, index, &result->result);
	}
	running->answered++;
}

/* Returns false when it is in doubt what has happened. */
static bool take_part(struct running *running, const struct sql_result *result)
{
	if (running->answered > 0 && result->failed)
		return false;
	if (result->failed)
		running->count = 1;
	if (running->answered > 0)
		running->released = result->result.matched == 1;
	running->compound = running->answered == 0 && !result->failed;
	return true;
}

static void on_answered(void *context, const struct sql_result *result)
{
	struct connection *connection = context;
	struct running *running = &connection->current;

	assert(running->active);
	connection->deadline_us = world_now_us() + ((uint64_t)connection->timeout_ms + ANSWER_GRACE_MS) * (uint64_t)MS;
	if (running->ending) {
		if (result->failed)
			give_up(connection, &result->error);
		else
			finish(connection, running->commits ? TRANSACTION_COMMITTED : TRANSACTION_ROLLED_BACK);
		return;
	}
	if (running->answered == running->count) {
		if (result->failed) {
			give_up(connection, &result->error);
			return;
		}
		running->release_due = false;
		running->released = true;
		go_on(connection);
		return;
	}
	if (running->compound && !take_part(running, result)) {
		give_up(connection, &result->error);
		return;
	}
	take_statement(running, result);
	if (running->answered == running->count && !running->release_due)
		go_on(connection);
}

static void on_lost(void *context)
{
	struct sql_error error;

	sql_error_lost(&error, 2013, "Lost connection to server during query");
	give_up(context, &error);
}

/* error NULL: on our own wish, which puts the blame on no statement. */
static void give_up(struct connection *connection, const struct sql_error *error)
{
	struct pool *pool = connection->pool;
	struct running current = connection->current, follower = connection->follower;
	struct sql_error closing;

	sql_error_lost(&closing, 2013, "the connection is being closed");
	session_close_client(connection->session);
	*connection = (struct connection){.pool = pool};
	pool->counts.lost += error != NULL;
	if (!pool->closing && usable(pool, false) + usable(pool, true) == 0)
		open_one(pool);
	if (current.active) {
		bool awaits = current.answered < current.count && !current.ending;
		if (error && awaits)
			current.events.failed(current.context, current.answered, error);
		tell_end(&current,
			 current.commits || current.releases_write || current.compound ? TRANSACTION_IN_DOUBT
										       : TRANSACTION_LOST,
			 error ? error : &closing);
	}
	if (follower.active)
		tell_end(&follower, TRANSACTION_DROPPED, &closing);
}

/* --- connecting --- */

static void become(struct pool *pool, bool down, const struct sql_error *error)
{
	bool changes = pool->down != down;

	pool->down = down;
	if (!pool->closing && (changes || down))
		pool->events.health(pool->context, down, error);
}

static void retry(void *context, uint64_t argument)
{
	struct pool *pool = context;

	(void)argument;
	pool->opening = false;
	open_one(pool);
}

static void retry_soon(void *context, uint64_t argument)
{
	struct pool *pool = context;

	if (!pool->closing)
		loop_post(pool->loop, retry, pool, argument);
}

static const struct session_events session_events = {.answered = on_answered, .lost = on_lost};

static void on_opened(void *context, uint64_t argument)
{
	struct pool *pool = context;
	struct connection *connection = pool->connections;
	struct sql_error error;

	(void)argument;
	if (pool->closing)
		return;
	while (connection->session)
		connection++;
	connection->pool = pool;
	connection->session = session_begin(pool->loop, &session_events, connection);
	if (!connection->session) {
		sql_error_lost(&error, 2002, "Can't connect to server");
		pool->counts.connect_failures++;
		world_in(draw_between(BACKOFF_MS / 2,
				      (uint64_t)BACKOFF_MS << (pool->failures < 3 ? pool->failures : 3)) *
				 MS,
			 retry_soon, pool, 0);
		pool->failures++;
		if (usable(pool, false) + usable(pool, true) == 0)
			become(pool, true, &error);
		return;
	}
	pool->opening = false;
	pool->failures = 0;
	pool->counts.connects++;
	if (pool->events.connected)
		pool->events.connected(pool->context, (uint32_t)(connection - pool->connections),
				       session_id(connection->session));
	become(pool, false, NULL);
	pool->events.idle(pool->context);
}

static void connected_soon(void *context, uint64_t argument)
{
	struct pool *pool = context;

	if (!pool->closing)
		loop_post(pool->loop, on_opened, pool, argument);
}

static void open_one(struct pool *pool)
{
	if (pool->closing || pool->opening || usable(pool, false) + usable(pool, true) >= pool->options->connections)
		return;
	pool->opening = true;
	world_in(2 * network_latency_us() + draw(2 * MS), connected_soon, pool, 0);
}

/* --- deadlines --- */

static void look_at_deadlines(void *context, uint64_t argument)
{
	struct pool *pool = context;
	struct sql_error error;

	(void)argument;
	if (pool->closing)
		return;
	sql_error_lost(&error, 2013, "the server has been silent for too long");
	for (uint32_t i = 0; i < CONNECTIONS_MOST; i++)
		if (pool->connections[i].session && pool->connections[i].deadline_us &&
		    world_now_us() >= pool->connections[i].deadline_us)
			give_up(&pool->connections[i], &error);
}

static void tick(void *context, uint64_t argument)
{
	struct pool *pool = context;

	if (pool->closing)
		return;
	loop_post(pool->loop, look_at_deadlines, pool, argument);
	world_in(SECOND, tick, pool, 0);
}

/* --- the face --- */

int pool_open(uv_loop_t *loop, const struct database_options *options, const struct pool_events *events, void *context,
	      struct pool **ret_pool)
{
	struct pool *pool = world_alloc(sizeof(*pool));

	assert(options->connections <= CONNECTIONS_MOST);
	pool->loop = (struct loop *)(void *)loop;
	pool->options = options;
	pool->events = *events;
	pool->context = context;
	pool->down = true;
	open_one(pool);
	tick(pool, 0);
	*ret_pool = pool;
	return 0;
}

static struct connection *find_idle(struct pool *pool)
{
	for (uint32_t i = 0; i < CONNECTIONS_MOST; i++)
		if (pool->connections[i].session && !pool->connections[i].busy)
			return &pool->connections[i];
	return NULL;
}

bool pool_ready(struct pool *pool)
{
	if (pool->down || pool->closing)
		return false;
	if (find_idle(pool))
		return true;
	open_one(pool);
	return false;
}

int pool_run(struct pool *pool, uint32_t timeout_ms, const struct transaction_events *events, void *context)
{
	struct connection *connection = find_idle(pool);

	if (!pool_ready(pool))
		return -EAGAIN;
	connection->busy = connection->starting = true;
	connection->timeout_ms = timeout_ms;
	connection->current = (struct running){.active = true, .events = *events, .context = context};
	connection->follower = (struct running){0};
	loop_post(pool->loop, on_start, connection, 0);
	return 0;
}

void pool_renew(struct pool *pool)
{
	for (uint32_t i = 0; i < CONNECTIONS_MOST; i++)
		if (pool->connections[i].session && !pool->connections[i].busy)
			give_up(&pool->connections[i], NULL);
}

void pool_connection_ids(const struct pool *pool, uint64_t *ret_ids)
{
	for (uint32_t i = 0; i < pool->options->connections; i++)
		ret_ids[i] = pool->connections[i].session ? session_id(pool->connections[i].session) : 0;
}

struct pool_counts pool_counts(const struct pool *pool)
{
	struct pool_counts counts = pool->counts;

	counts.opening = pool->opening;
	counts.idle = usable(pool, false);
	counts.busy = usable(pool, true);
	return counts;
}

static void on_closed(void *context, uint64_t argument)
{
	struct pool *pool = context;

	(void)argument;
	for (uint32_t i = 0; i < CONNECTIONS_MOST; i++)
		if (pool->connections[i].session)
			give_up(&pool->connections[i], NULL);
	pool->events.closed(pool->context);
}

void pool_close(struct pool *pool)
{
	if (pool->closing)
		return;
	pool->closing = true;
	loop_post(pool->loop, on_closed, pool, 0);
}
