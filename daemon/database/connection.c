/* database/connection.c
 *
 *   IDLE --run--> BUSY --over, and none follows--> IDLE
 *     |  --ping-> PINGING -pong-> IDLE
 *     |             | lost, deadline, close
 *     +--close, end of file------+--> CLOSING --both handles closed--> freed
 *
 * uv_poll watches a duplicate of the socket: the library closes its own descriptor from inside a call when it meets an
 * error, and with a duplicate the watched one cannot be closed, or its number used again, under the loop. */
#include "daemon/database/connection.h"

#include "daemon/database/call.h"
#include "daemon/database/errors.h"
#include "daemon/database/result.h"
#include "daemon/database/session.h"
#include "daemon/database/transaction.h"

#include <assert.h>
#include <errmsg.h>
#include <errno.h>
#include <fcntl.h>
#include <mysql.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Longest stretch of work at a time, when rows are there faster than they are wanted: of one connection, and of all
 * that are busy together. One turn of the loop may see two of these, for what came and for what was left to do. */
enum { SLICE_NS = 2 * 1000 * 1000, SLICES_NS = 6 * 1000 * 1000 };

/* So much the library may keep for the rows that it reads. */
enum { BLOATED_BYTES = 16 * 1024 * 1024 };

enum connection_state { CONNECTION_IDLE, CONNECTION_BUSY, CONNECTION_PINGING, CONNECTION_CLOSING };

static const bool moves[4][4] = {
	[CONNECTION_IDLE] = {[CONNECTION_BUSY] = true, [CONNECTION_PINGING] = true, [CONNECTION_CLOSING] = true},
	[CONNECTION_BUSY] = {[CONNECTION_IDLE] = true, [CONNECTION_CLOSING] = true},
	[CONNECTION_PINGING] = {[CONNECTION_IDLE] = true, [CONNECTION_CLOSING] = true},
};

struct connection {
	enum connection_state state;
	uv_loop_t *loop;
	uv_poll_t socket;
	uv_idle_t resume; /* active: there is something to do that no event of the socket will bring */
	int descriptor;   /* our duplicate */
	int watched;      /* the events that the poll handle is armed for */
	int open_handles;
	bool close_asked, deadline_passed;
	uint64_t deadline_ms; /* 0: none */
	uint64_t idle_since_ms;
	uint32_t statement_timeout_ms; /* what the session is set to, or is about to be */
	struct call call;
	struct transaction transaction;
	struct transaction follower; /* sent behind the COMMIT of `transaction` */
	bool has_follower;
	struct connection_settings settings;
	struct connection_events events;
	void *context;
	struct connection_link link;
};

static void move(struct connection *connection, enum connection_state state)
{
	bool allowed = moves[connection->state][state];

	assert(allowed);
	(void)allowed;
	connection->state = state;
}

static int events_of_wait(int wanted)
{
	int events = UV_DISCONNECT;

	if (wanted & MYSQL_WAIT_READ)
		events |= UV_READABLE;
	if (wanted & MYSQL_WAIT_WRITE)
		events |= UV_WRITABLE;
	if (wanted & MYSQL_WAIT_EXCEPT)
		events |= UV_PRIORITIZED;
	return events;
}

static int wait_of_events(int events)
{
	int ready = 0;

	if (events & UV_READABLE)
		ready |= MYSQL_WAIT_READ;
	if (events & UV_WRITABLE)
		ready |= MYSQL_WAIT_WRITE;
	if (events & UV_PRIORITIZED)
		ready |= MYSQL_WAIT_EXCEPT;
	return ready;
}

static void on_socket(uv_poll_t *socket, int status, int events);
static void on_resume(uv_idle_t *resume);

static void watch(struct connection *connection, int events)
{
	if (connection->watched == events)
		return;
	/* It can fail only for a handle that is closing or for events that do not exist. */
	uv_poll_start(&connection->socket, events, on_socket);
	connection->watched = events;
}

static void resume_soon(struct connection *connection)
{
	uv_idle_start(&connection->resume, on_resume);
}

static uint32_t answer_timeout_ms(const struct connection *connection)
{
	return connection->statement_timeout_ms + connection->settings.answer_grace_ms;
}

static void set_deadline(struct connection *connection, uint32_t timeout_ms)
{
	connection->deadline_ms = timeout_ms ? uv_now(connection->loop) + timeout_ms : 0;
}

static void on_handle_closed(struct connection *connection)
{
	if (--connection->open_handles > 0)
		return;
	close(connection->descriptor);
	connection->events.closed(connection->context, connection);
	free(connection);
}

static void on_socket_closed(uv_handle_t *handle)
{
	on_handle_closed(handle->data);
}

static void on_resume_closed(uv_handle_t *handle)
{
	on_handle_closed(handle->data);
}

/* Closes the library's side without ever waiting for the server. */
static void close_mysql(struct connection *connection, bool farewell)
{
	struct call *call = &connection->call;

	/* With a farewell the library sends COM_QUIT, which an idle socket takes at once, and under TLS would then wait
	 * for the server's own goodbye: reading is over already. */
	shutdown(connection->descriptor, farewell ? SHUT_RD : SHUT_RDWR);
	call_break(call);
	if (call->result) {
		call->result->handle = NULL; /* else freeing it reads the rest of the rows */
		mysql_free_result(call->result);
	}
	mysql_close(call->mysql);
}

/* error NULL: on our own wish, which puts the blame on no statement. */
static void give_up(struct connection *connection, const struct sql_error *error)
{
	bool busy = connection->state == CONNECTION_BUSY;
	struct sql_error closing;

	sql_error_lost(&closing, CR_SERVER_LOST, "the connection is being closed");
	if (busy)
		transaction_break(&connection->transaction, error ? error : &closing);
	if (busy && connection->has_follower)
		transaction_break(&connection->follower, &closing);
	uv_close((uv_handle_t *)&connection->socket, on_socket_closed);
	uv_close((uv_handle_t *)&connection->resume, on_resume_closed);
	close_mysql(connection, connection->state == CONNECTION_IDLE && !error);
	move(connection, CONNECTION_CLOSING);
	connection->events.gone(connection->context, connection, error);
	if (busy)
		transaction_tell_end(&connection->transaction, error != NULL);
	if (busy && connection->has_follower)
		transaction_tell_end(&connection->follower, false);
}

static void become_idle(struct connection *connection)
{
	move(connection, CONNECTION_IDLE);
	connection->deadline_ms = 0;
	connection->idle_since_ms = uv_now(connection->loop);
	watch(connection, UV_READABLE | UV_DISCONNECT);
}

static void finish_transaction(struct connection *connection)
{
	/* A copy: ended() may start the next transaction. */
	struct transaction transaction = connection->transaction;

	become_idle(connection);
	connection->events.idle(connection->context, connection,
				transaction.trouble.number ? &transaction.trouble : NULL);
	transaction_tell_end(&transaction, false);
	if (connection->state == CONNECTION_IDLE)
		connection->events.ready(connection->context, connection);
}

/* COMMIT was sent. While the server is busy with it, we prepare what it is to do next. */
static void follow(struct connection *connection)
{
	const struct transaction *transaction = &connection->transaction;
	bool others_idle = false;
	void *context;

	if (!transaction->events.follow || transaction->trouble.number || connection->close_asked ||
	    !connection->events.may_follow(connection->context, connection, &others_idle))
		return;
	context = transaction->events.follow(transaction->context, others_idle);
	if (!context)
		return;
	transaction_follow(transaction, context, &connection->follower);
	connection->has_follower = true;
}

static void take_over(struct connection *connection)
{
	struct transaction before = connection->transaction;

	connection->transaction = connection->follower;
	connection->has_follower = false;
	transaction_take_over(&connection->transaction);
	transaction_tell_end(&before, false);
}

static void finish_ping(struct connection *connection)
{
	struct sql_error error;

	if (call_failed(&connection->call)) {
		result_take_error(connection->call.mysql, connection->settings.server, &error);
		give_up(connection, &error);
		return;
	}
	connection->call.kind = CALL_NONE;
	become_idle(connection);
	connection->events.idle(connection->context, connection, NULL);
	if (connection->state == CONNECTION_IDLE)
		connection->events.ready(connection->context, connection);
}

static void wait_for_server(struct connection *connection, uint32_t timeout_ms)
{
	watch(connection, events_of_wait(connection->call.wanted));
	set_deadline(connection, timeout_ms);
}

/* The transaction whose turn it is to use the call. */
static struct transaction *stepping(struct connection *connection)
{
	if (connection->has_follower && transaction_sends_ahead(&connection->follower))
		return &connection->follower;
	return &connection->transaction;
}

static uint64_t slice_ns(const struct connection *connection)
{
	uint32_t busy = *connection->settings.busy;
	uint64_t share = SLICES_NS / (busy > 0 ? busy : 1);

	return share < SLICE_NS ? share : SLICE_NS;
}

static void step_transaction(struct connection *connection)
{
	uint64_t slice_end = uv_hrtime() + slice_ns(connection);
	struct transaction *transaction;
	struct sql_error error;

	do {
		transaction = stepping(connection);
		switch (transaction_step(transaction)) {
		case PROGRESS_ON:
			break;
		case PROGRESS_COMMITTING:
			follow(connection);
			break;
		case PROGRESS_WAIT:
			wait_for_server(connection, answer_timeout_ms(connection));
			return;
		case PROGRESS_OVER:
			if (!connection->has_follower) {
				finish_transaction(connection);
				return;
			}
			/* The replies come first: what has ended is handed on while the server works on the next. */
			take_over(connection);
			slice_end = 0;
			break;
		case PROGRESS_BROKEN:
			error = transaction->error;
			give_up(connection, &error);
			return;
		}
	} while (!connection->close_asked && uv_hrtime() < slice_end);
	/* It is not the server that keeps us waiting. */
	set_deadline(connection, answer_timeout_ms(connection));
	resume_soon(connection);
}

static void step_ping(struct connection *connection)
{
	struct call *call = &connection->call;

	if (call->kind == CALL_NONE)
		call_start(call, CALL_PING, BYTES(""));
	if (call->wanted)
		wait_for_server(connection, connection->settings.ping_timeout_ms);
	else
		finish_ping(connection);
}

static void connection_step(struct connection *connection)
{
	switch (connection->state) {
	case CONNECTION_BUSY:
		step_transaction(connection);
		break;
	case CONNECTION_PINGING:
		step_ping(connection);
		break;
	case CONNECTION_IDLE:
	case CONNECTION_CLOSING:
		break;
	}
}

static void on_resume(uv_idle_t *resume)
{
	struct connection *connection = resume->data;

	struct sql_error error;

	uv_idle_stop(resume);
	if (connection->close_asked) {
		give_up(connection, NULL);
	} else if (connection->deadline_passed) {
		sql_error_lost(&error, CR_SERVER_LOST, "the server has been silent for too long");
		give_up(connection, &error);
	} else {
		connection_step(connection);
	}
}

/* Something on an idle socket: the server has closed it, most likely with an error packet before (killed, shutting
 * down, idle for too long), or TLS had something to say. A ping finds out. */
static void look_at_idle(struct connection *connection, bool failed)
{
	struct sql_error error;
	ssize_t size;
	char byte;

	size = recv(connection->descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	if (size > 0) {
		connection_ping(connection);
		connection->events.checking(connection->context, connection);
		return;
	}
	if (size < 0 && errno == EAGAIN && !failed)
		return;
	sql_error_lost(&error, CR_SERVER_LOST, "the server closed an idle connection");
	give_up(connection, &error);
}

static void on_socket(uv_poll_t *socket, int status, int events)
{
	struct connection *connection = socket->data;
	/* After a hang-up whatever the call waits for will not block. */
	int ready = events & UV_DISCONNECT ? connection->call.wanted : wait_of_events(events);

	if (status < 0) {
		/* libuv reports POLLERR as an error and stops watching: let recv() find out why. */
		connection->watched = 0;
		ready = connection->call.wanted;
	}
	if (connection->state == CONNECTION_IDLE) {
		look_at_idle(connection, status < 0);
	} else if (connection->call.wanted & ready) {
		if (call_resume(&connection->call, connection->call.wanted & ready))
			wait_for_server(connection, connection->state == CONNECTION_PINGING
							    ? connection->settings.ping_timeout_ms
							    : answer_timeout_ms(connection));
		else
			connection_step(connection);
	}
}

int connection_open(uv_loop_t *loop, struct st_mysql *mysql, const struct connection_settings *settings,
		    const struct connection_events *events, void *context, struct connection **ret_connection)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	int r = -ENOMEM;

	if (!connection)
		goto fail;
	connection->loop = loop;
	connection->settings = *settings;
	connection->statement_timeout_ms = settings->statement_timeout_ms;
	connection->events = *events;
	connection->context = context;
	connection->call.mysql = mysql;
	connection->call.tls = mysql_get_ssl_cipher(mysql) != NULL;
	connection->idle_since_ms = uv_now(loop);
	connection->descriptor = fcntl((int)mysql_get_socket(mysql), F_DUPFD_CLOEXEC, 0);
	if (connection->descriptor < 0) {
		r = -errno;
		goto fail;
	}
	/* Makes the socket non-blocking, for both descriptors: under TLS the library itself does not. */
	r = uv_poll_init(loop, &connection->socket, connection->descriptor);
	if (r) {
		close(connection->descriptor);
		goto fail;
	}
	uv_idle_init(loop, &connection->resume);
	connection->socket.data = connection;
	connection->resume.data = connection;
	connection->open_handles = 2;
	watch(connection, UV_READABLE | UV_DISCONNECT);
	*ret_connection = connection;
	return 0;
fail:
	free(connection);
	session_close_released(mysql);
	return r;
}

void connection_run(struct connection *connection, uint32_t timeout_ms, const struct transaction_events *events,
		    void *context)
{
	const struct transaction_settings settings = {
		.server = connection->settings.server,
		.echo = connection->settings.echo,
		.packet_bytes = connection->settings.packet_bytes,
		.new_timeout_ms = timeout_ms == connection->statement_timeout_ms ? 0 : timeout_ms,
	};

	move(connection, CONNECTION_BUSY);
	connection->call.kind = CALL_NONE;
	connection->statement_timeout_ms = timeout_ms;
	transaction_begin(&connection->transaction, events, context, &connection->call, &settings);
	resume_soon(connection);
}

void connection_ping(struct connection *connection)
{
	move(connection, CONNECTION_PINGING);
	connection->call.kind = CALL_NONE;
	resume_soon(connection);
}

void connection_check_deadline(struct connection *connection, uint64_t now_ms)
{
	if (connection->state == CONNECTION_CLOSING || connection->deadline_ms == 0 || now_ms < connection->deadline_ms)
		return;
	connection->deadline_passed = true;
	resume_soon(connection);
}

bool connection_is_late(const struct connection *connection, uint64_t now_ms)
{
	return connection->state == CONNECTION_BUSY && connection->deadline_ms > 0 &&
	       transaction_awaits_statement(&connection->transaction) &&
	       now_ms + connection->settings.answer_grace_ms >= connection->deadline_ms;
}

uint32_t connection_statement_timeout_ms(const struct connection *connection)
{
	return connection->statement_timeout_ms;
}

bool connection_is_bloated(const struct connection *connection)
{
	return connection->call.mysql->net.max_packet > BLOATED_BYTES;
}

uint64_t connection_id(const struct connection *connection)
{
	return mysql_thread_id(connection->call.mysql);
}

void connection_extend_deadline(struct connection *connection, uint64_t more_ms)
{
	if (connection->deadline_ms > 0)
		connection->deadline_ms += more_ms;
}

void connection_close(struct connection *connection)
{
	if (connection->state == CONNECTION_CLOSING)
		return;
	connection->close_asked = true;
	resume_soon(connection);
}

uint64_t connection_idle_since_ms(const struct connection *connection)
{
	return connection->idle_since_ms;
}

struct connection_link *connection_link(struct connection *connection)
{
	return &connection->link;
}
