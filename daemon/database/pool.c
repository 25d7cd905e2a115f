/* database/pool.c
 *
 * A connection is in one of the lists; where it is says what it does:
 *
 *   (opener) --> idle <---> busy
 *                   \       /
 *                    > dying --> freed
 *
 * The pool as a whole is up or down. Down: no connection could be opened, or the server said that it can do no work at
 * all (disk full, read-only, account refused). A timer with growing, jittered waits then tries again. */
#include "daemon/database/pool.h"

#include "common/log.h"
#include "daemon/database/connection_list.h"
#include "daemon/database/errors.h"
#include "daemon/database/opener.h"
#include "daemon/database/session.h"
#include "daemon/database/stopper.h"

#include <errmsg.h>
#include <errno.h>
#include <mysql.h>
#include <stdlib.h>
#include <string.h>

enum {
	TICK_MS = 250,          /* how exactly deadlines, pings and lifetimes are kept */
	LATE_MS = 1000,         /* a tick that comes so late: the process was stopped, not the server */
	ANSWER_GRACE_MS = 5000, /* the server's own limit on statements comes first */
	SHORT_LIFE_MS = 1000,   /* a connection that was lost so soon counts as a failed try */
};

struct pool {
	uv_loop_t *loop;
	const struct database_options *options;
	struct pool_events events;
	void *context;
	struct opener opener;
	struct stopper stopper;
	struct connection_list idle, busy, dying;
	uv_timer_t tick;
	uv_timer_t retry; /* active: backing off */
	uint64_t last_tick_ms;
	uint32_t generation; /* connections of an older one are dropped when they fall idle */
	uint32_t failures;   /* in a row: connects, and troubles of the server */
	int open_handles;
	bool down, closing;
	struct pool_counts counts;
};

static uint32_t usable_count(const struct pool *pool)
{
	return pool->idle.count + pool->busy.count;
}

static void log_error(enum log_level level, const char *event, const struct sql_error *error)
{
	log_event(level, event, log_int("errno", error->number), log_text("sqlstate", error->sqlstate),
		  log_text("message", error->message));
}

static void on_retry(uv_timer_t *timer);

static void try_later(struct pool *pool)
{
	uint32_t wait_ms = opener_backoff_ms(pool->failures);

	pool->failures++;
	uv_timer_start(&pool->retry, on_retry, wait_ms, 0);
}

static bool is_backing_off(const struct pool *pool)
{
	return uv_is_active((const uv_handle_t *)&pool->retry) != 0;
}

static void open_one(struct pool *pool)
{
	if (pool->closing || pool->opener.running || is_backing_off(pool) ||
	    usable_count(pool) >= pool->options->connections)
		return;
	if (opener_start(&pool->opener, pool->loop) != 0)
		try_later(pool);
}

/* Something that is never to be without a connection: opens the first again. */
static void keep_one(struct pool *pool)
{
	if (usable_count(pool) == 0)
		open_one(pool);
}

static void become_down(struct pool *pool, const struct sql_error *error)
{
	pool->down = true;
	if (!pool->closing)
		pool->events.health(pool->context, true, error);
}

static void become_up(struct pool *pool)
{
	if (!pool->down)
		return;
	pool->down = false;
	if (!pool->closing)
		pool->events.health(pool->context, false, NULL);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct pool *pool = handle->data;

	if (--pool->open_handles > 0)
		return;
	pool->events.closed(pool->context);
	free(pool);
}

/* The last one out closes the timers; the pool is gone when these are. */
static void finish_closing(struct pool *pool)
{
	if (!pool->closing || pool->opener.running || pool->stopper.running || usable_count(pool) > 0 ||
	    pool->dying.count > 0)
		return;
	if (uv_is_closing((uv_handle_t *)&pool->tick))
		return;
	uv_close((uv_handle_t *)&pool->tick, on_timer_closed);
	uv_close((uv_handle_t *)&pool->retry, on_timer_closed);
}

static void drop(struct pool *pool, struct connection *connection)
{
	connection_list_put(&pool->dying, connection);
	connection_close(connection);
}

/* The server as a whole is in trouble. Connections to a node that became read-only, or of an account that was refused,
 * are of no more use; with a full disk they are. */
static void handle_trouble(struct pool *pool, const struct sql_error *trouble)
{
	log_error(LEVEL_ERROR, "database.trouble", trouble);
	if (!is_backing_off(pool))
		try_later(pool);
	if (trouble->class != SQL_ERROR_RESOURCE)
		pool_renew(pool);
	become_down(pool, trouble);
}

/* Whether it is to be dropped as soon as it is idle. */
static bool is_retired(const struct pool *pool, struct connection *connection)
{
	const struct connection_link *link = connection_link(connection);

	return pool->closing || link->generation != pool->generation || uv_now(pool->loop) >= link->retire_at_ms ||
	       connection_is_bloated(connection);
}

static bool on_may_follow(void *context, struct connection *connection, bool *ret_others_idle)
{
	struct pool *pool = context;

	if (pool->down || connection_link(connection)->list != &pool->busy || is_retired(pool, connection))
		return false;
	pool->failures = 0; /* it works, as one that falls idle does */
	*ret_others_idle = pool->idle.count > 0;
	return true;
}

static void on_idle(void *context, struct connection *connection, const struct sql_error *trouble)
{
	struct pool *pool = context;

	connection_list_put(&pool->idle, connection);
	if (trouble)
		handle_trouble(pool, trouble);
	else if (!pool->down)
		pool->failures = 0;
	if (connection_link(connection)->list == &pool->idle && is_retired(pool, connection))
		drop(pool, connection);
	keep_one(pool);
}

static void on_ready(void *context, struct connection *connection)
{
	struct pool *pool = context;

	if (connection_link(connection)->list == &pool->idle && !pool->down && !pool->closing)
		pool->events.idle(pool->context);
}

static void on_checking(void *context, struct connection *connection)
{
	struct pool *pool = context;

	/* One that is being dropped stays where it is. */
	if (connection_link(connection)->list == &pool->idle)
		connection_list_put(&pool->busy, connection);
}

static void on_gone(void *context, struct connection *connection, const struct sql_error *error)
{
	struct pool *pool = context;
	uint64_t age_ms = uv_now(pool->loop) - connection_link(connection)->opened_at_ms;

	connection_list_put(&pool->dying, connection);
	if (!error)
		return;
	pool->counts.lost++;
	log_error(LEVEL_WARNING, "database.lost", error);
	if (age_ms < SHORT_LIFE_MS && !is_backing_off(pool) && !pool->closing)
		try_later(pool);
	keep_one(pool);
}

static void on_closed(void *context, struct connection *connection)
{
	struct pool *pool = context;

	connection_list_remove(connection);
	keep_one(pool);
	finish_closing(pool);
}

static const struct connection_events connection_events = {
	.idle = on_idle,
	.ready = on_ready,
	.checking = on_checking,
	.may_follow = on_may_follow,
	.gone = on_gone,
	.closed = on_closed,
};

static void log_connected(const struct pool *pool, MYSQL *mysql, const struct server_facts *server)
{
	const char *cipher = mysql_get_ssl_cipher(mysql);
	const struct database_url *url = &pool->options->url;

	log_event(LEVEL_INFO, "database.connected",
		  log_text("peer", url->unix_socket[0] ? url->unix_socket : url->host),
		  log_int("port", url->unix_socket[0] ? 0 : url->port), log_text("database", url->database),
		  log_text("user", url->user), log_text("server", server->version_text),
		  log_int("connection", (int64_t)mysql_thread_id(mysql)), log_text("tls", cipher ? cipher : "off"));
}

/* Lifetimes differ by a quarter, so that connections opened together do not all end together. */
static uint64_t retire_time_ms(const struct pool *pool)
{
	uint64_t lifetime_ms = (uint64_t)pool->options->max_lifetime_s * 1000;

	if (lifetime_ms == 0)
		return UINT64_MAX;
	return uv_now(pool->loop) + lifetime_ms - opener_random((uint32_t)(lifetime_ms / 4 % UINT32_MAX) + 1);
}

static bool has_index(const struct connection_list *list, uint32_t index)
{
	for (struct connection *connection = list->first; connection; connection = connection_link(connection)->next)
		if (connection_link(connection)->index == index)
			return true;
	return false;
}

static uint32_t free_index(const struct pool *pool)
{
	uint32_t index = 0;

	while (has_index(&pool->idle, index) || has_index(&pool->busy, index))
		index++;
	return index;
}

static void fill_ids(const struct connection_list *list, uint64_t *ids)
{
	for (struct connection *connection = list->first; connection; connection = connection_link(connection)->next)
		ids[connection_link(connection)->index] = connection_id(connection);
}

void pool_connection_ids(const struct pool *pool, uint64_t *ret_ids)
{
	memset(ret_ids, 0, pool->options->connections * sizeof(*ret_ids));
	fill_ids(&pool->idle, ret_ids);
	fill_ids(&pool->busy, ret_ids);
}

static int add_connection(struct pool *pool, struct session *session)
{
	struct server_facts server = *session_server(session);
	struct connection_settings settings = {
		.server = server.kind,
		.echo = pool->options->echo,
		.packet_bytes = server.max_allowed_packet,
		.statement_timeout_ms = pool->options->statement_timeout_ms,
		.answer_grace_ms = ANSWER_GRACE_MS,
		.ping_timeout_ms = pool->options->connect_timeout_ms,
		.busy = &pool->busy.count,
	};
	MYSQL *mysql = session_release(session);
	struct connection *connection;
	struct connection_link *link;
	int r;

	log_connected(pool, mysql, &server);
	r = connection_open(pool->loop, mysql, &settings, &connection_events, pool, &connection);
	if (r)
		return r;
	link = connection_link(connection);
	link->generation = pool->generation;
	link->index = free_index(pool);
	link->server = server.kind;
	link->opened_at_ms = uv_now(pool->loop);
	link->retire_at_ms = retire_time_ms(pool);
	connection_list_put(&pool->idle, connection);
	if (pool->events.connected)
		pool->events.connected(pool->context, link->index, connection_id(connection));
	return 0;
}

static void handle_refusal(struct pool *pool, const struct sql_error *error)
{
	pool->counts.connect_failures++;
	log_error(LEVEL_WARNING, "database.refused", error);
	try_later(pool);
	/* One more could not be had, but others work: that is no outage. */
	if (usable_count(pool) == 0)
		become_down(pool, error);
}

static void on_opened(void *context, struct session *session, const struct sql_error *error)
{
	struct pool *pool = context;
	struct sql_error ours;

	if (pool->closing) {
		session_close(session);
		finish_closing(pool);
		return;
	}
	if (session && add_connection(pool, session) != 0) {
		sql_error_lost(&ours, CR_OUT_OF_MEMORY, "no memory or no descriptor for a connection");
		handle_refusal(pool, &ours);
		return;
	}
	if (!session) {
		handle_refusal(pool, error);
		return;
	}
	pool->counts.connects++;
	become_up(pool);
	if (pool->idle.count > 0)
		pool->events.idle(pool->context);
}

static void on_retry(uv_timer_t *timer)
{
	struct pool *pool = timer->data;

	if (usable_count(pool) == 0) {
		open_one(pool);
		return;
	}
	/* The trouble was the server's, not the connections': whether it is over only work can show. */
	become_up(pool);
	if (pool->idle.count > 0)
		pool->events.idle(pool->context);
}

static void look_after_idle(struct pool *pool, uint64_t now_ms)
{
	uint64_t ping_after_ms = (uint64_t)pool->options->idle_ping_s * 1000;
	struct connection *next;

	for (struct connection *connection = pool->idle.first; connection; connection = next) {
		next = connection_list_next(connection);
		if (now_ms >= connection_link(connection)->retire_at_ms) {
			drop(pool, connection);
		} else if (ping_after_ms > 0 && now_ms - connection_idle_since_ms(connection) >= ping_after_ms) {
			connection_list_put(&pool->busy, connection);
			connection_ping(connection);
		}
	}
	keep_one(pool);
}

static void on_stopped(void *context)
{
	finish_closing(context);
}

/* MariaDB ends its statements itself. */
static void stop_if_late(struct pool *pool, struct connection *connection, uint64_t now_ms)
{
	struct connection_link *link = connection_link(connection);

	if (link->server != SERVER_MYSQL || pool->stopper.running || !connection_is_late(connection, now_ms))
		return;
	if (stopper_start(&pool->stopper, pool->loop, connection_id(connection),
			  connection_statement_timeout_ms(connection)) == 0)
		link->generation = pool->generation - 1;
}

static void on_tick(uv_timer_t *timer)
{
	struct pool *pool = timer->data;
	uint64_t now_ms = uv_now(pool->loop);
	uint64_t elapsed_ms = now_ms - pool->last_tick_ms;

	pool->last_tick_ms = now_ms;
	for (struct connection *connection = pool->busy.first; connection;
	     connection = connection_list_next(connection)) {
		/* Timers run before sockets: after a sleep the answers are there, but were not looked at yet. */
		if (elapsed_ms > LATE_MS)
			connection_extend_deadline(connection, elapsed_ms);
		connection_check_deadline(connection, now_ms);
		stop_if_late(pool, connection, now_ms);
	}
	look_after_idle(pool, now_ms);
}

int pool_open(uv_loop_t *loop, const struct database_options *options, const struct pool_events *events, void *context,
	      struct pool **ret_pool)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	int r;

	if (!pool)
		return -ENOMEM;
	pool->loop = loop;
	pool->options = options;
	pool->events = *events;
	pool->context = context;
	pool->down = true; /* until the first connection works, which is told */
	pool->opener = (struct opener){.options = options, .opened = on_opened, .context = pool};
	pool->stopper = (struct stopper){.options = options, .ended = on_stopped, .context = pool};
	r = opener_start(&pool->opener, loop);
	if (r) {
		free(pool);
		return r;
	}
	uv_timer_init(loop, &pool->tick);
	uv_timer_init(loop, &pool->retry);
	pool->tick.data = pool;
	pool->retry.data = pool;
	pool->open_handles = 2;
	pool->last_tick_ms = uv_now(loop);
	uv_timer_start(&pool->tick, on_tick, TICK_MS, TICK_MS);
	*ret_pool = pool;
	return 0;
}

bool pool_ready(struct pool *pool)
{
	if (pool->down || pool->closing)
		return false;
	if (pool->idle.count > 0)
		return true;
	open_one(pool);
	return false;
}

int pool_run(struct pool *pool, uint32_t timeout_ms, const struct transaction_events *events, void *context)
{
	struct connection *connection = pool->idle.first;

	if (!pool_ready(pool))
		return -EAGAIN;
	connection_list_put(&pool->busy, connection);
	connection_run(connection, timeout_ms, events, context);
	return 0;
}

void pool_renew(struct pool *pool)
{
	pool->generation++;
	while (pool->idle.first)
		drop(pool, pool->idle.first);
	keep_one(pool);
}

struct pool_counts pool_counts(const struct pool *pool)
{
	struct pool_counts counts = pool->counts;

	counts.opening = pool->opener.running;
	counts.idle = pool->idle.count;
	counts.busy = pool->busy.count;
	return counts;
}

void pool_close(struct pool *pool)
{
	if (pool->closing)
		return;
	pool->closing = true;
	uv_timer_stop(&pool->tick);
	uv_timer_stop(&pool->retry);
	while (pool->idle.first)
		drop(pool, pool->idle.first);
	while (pool->busy.first)
		drop(pool, pool->busy.first);
	finish_closing(pool);
}
