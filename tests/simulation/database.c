/* tests/simulation/database.c
 *
 * A session executes what it was sent in order. autocommit is off: a statement begins a transaction when there is none,
 * also behind one that a deadlock has ended. */
#include "database_session.h"

#include "loop.h"
#include "network.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum { LOCK_WAIT_MS = 5000 };

struct database database;

void database_begin(void)
{
	database = (struct database){.slow = 1};
}

static void forget(struct message *message)
{
	blob_unref(message->text);
	must_free(message);
}

static void drop_messages(struct session *session)
{
	while (session->first) {
		struct message *message = session->first;

		session->first = message->next;
		forget(message);
	}
	session->last = NULL;
}

uint64_t session_arrival(uint64_t *last_us)
{
	uint64_t time_us = world_now_us() + network_latency_us();

	if (time_us <= *last_us)
		time_us = *last_us + 1;
	*last_us = time_us;
	return time_us;
}

/* --- downwards --- */

static void hand_in(void *context, uint64_t argument)
{
	struct message *message = context;
	struct session *session = message->session;

	(void)argument;
	if (!session->closed && !session->down_cut)
		session->events.answered(session->context, &message->result);
	sql_result_clear(&message->result);
	must_free(message);
}

static void land_answer(void *context, uint64_t argument)
{
	struct message *message = context;

	(void)argument;
	loop_post(message->session->loop, hand_in, message, 0);
}

static void answer(struct session *session, const struct sql_result *result)
{
	struct message *message = must_alloc(sizeof(*message));

	message->session = session;
	message->result = *result;
	world_at(session_arrival(&session->down_us), land_answer, message, 0);
}

static void tell_lost(void *context, uint64_t argument)
{
	struct session *session = context;

	(void)argument;
	if (!session->closed)
		session->events.lost(session->context);
}

void session_lose_soon(void *context, uint64_t argument)
{
	struct session *session = context;

	(void)argument;
	session->down_cut = true;
	if (!session->closed)
		loop_post(session->loop, tell_lost, session, 0);
}

/* --- executing --- */

static void step(struct session *session);

static void look_again(void *context, uint64_t argument)
{
	(void)context, (void)argument;
	for (struct session *session = database.sessions; session; session = session->next)
		if (session->blocked)
			step(session);
}

void database_rows_freed(void)
{
	world_in(0, look_again, NULL, 0);
}

static void end_transaction(struct session *session, bool commit)
{
	if (!session->transaction)
		return;
	if (commit)
		store_commit(session->transaction);
	else
		store_roll_back(session->transaction);
	session->transaction = NULL;
	database_rows_freed();
}

static bool waits_in_a_circle(const struct store_transaction *transaction)
{
	const struct store_transaction *other = transaction->waits_for;

	for (uint32_t i = 0; other && i < 64; i++) {
		if (other == transaction)
			return true;
		other = other->waits_for;
	}
	return false;
}

static void finish(void *context, uint64_t argument)
{
	struct session *session = context;

	(void)argument;
	session->busy = false;
	session->idle_since_us = world_now_us();
	if (!session->ended)
		step(session);
}

static struct message *take_first(struct session *session)
{
	struct message *message = session->first;

	session->first = message->next;
	if (!session->first)
		session->last = NULL;
	return message;
}

/* The rest of a compound statement that is left in its middle. */
static void leave_compound(struct session *session, enum part part)
{
	for (; part < PART_COMMIT; part++)
		forget(take_first(session));
}

/* Whether there is an answer to the part, and what. The rest goes if it was the last that is executed. */
static bool answers_part(struct session *session, enum part part, struct sql_result *result)
{
	if (part == PART_NONE)
		return true;
	if (result->failed)
		leave_compound(session, part);
	if (part == PART_COMMIT)
		result->result.matched = 1;
	return part != PART_MARKER || result->failed;
}

/* The first statement is done, or has failed. */
static void complete(struct session *session, struct sql_result *result, uint64_t cost_us)
{
	struct message *message = take_first(session);
	enum part part = message->part;

	if (world_traces())
		trace("database: session %" PRIu64 ": %.*s%s%s", session->id, BYTES_ARG(blob_bytes(message->text)),
		      result->failed ? " -> " : "", result->failed ? result->error.message : "");
	forget(message);
	session->executed++;
	session->busy = true;
	session->blocked = false;
	/* Sent when it is done; kept in order by the time of arrival. */
	session->down_us = session->down_us > world_now_us() + cost_us ? session->down_us : world_now_us() + cost_us;
	if (session->transaction)
		session->transaction->waits_for = NULL;
	if (answers_part(session, part, result))
		answer(session, result);
	else
		sql_result_clear(result);
	world_in(cost_us, finish, session, 0);
}

/* The connection is gone with the COMMIT that was waited for. */
static void lose_commit(struct session *session)
{
	bool done = database.lose_commit == COMMIT_LOST_AND_DONE;

	trace("~ a COMMIT of session %" PRIu64 " is lost, and was %s", session->id, done ? "done" : "not done");
	database.lose_commit = COMMIT_NOT_LOST;
	session->up_cut = session->down_cut = true;
	end_transaction(session, done);
	session_end(session, 0);
	world_in(network_latency_us(), session_lose_soon, session, 0);
}

static void execute_end(struct session *session, bool commit)
{
	struct sql_result result = {0};
	bool changes = commit && session->transaction && session->transaction->effect_count > 0;
	bool fails = commit && database.commit_fails_one_in && one_in(database.commit_fails_one_in);

	if (fails) {
		sql_fail(&result, 1180, "HY000", "Got error 5 during COMMIT");
		commit = one_in(2);
	}
	if (changes && database.commits_spared > 0) {
		database.commits_spared--;
	} else if (changes && database.lose_commit != COMMIT_NOT_LOST) {
		lose_commit(session);
		return;
	} else if (changes && database.committed) {
		world_in(0, database.committed, database.committed_context, 0);
		database.committed = NULL;
	}
	end_transaction(session, commit);
	complete(session, &result, draw_between(50, 1500) * database.slow);
}

static void on_lock_timeout(void *context, uint64_t executed)
{
	struct session *session = context;
	struct sql_result result = {0};

	if (session->ended || !session->blocked || session->executed != executed)
		return;
	sql_fail(&result, 1205, "HY000", "Lock wait timeout exceeded; try restarting transaction");
	complete(session, &result, 10);
}

static void fail_deadlocked(struct session *session)
{
	struct sql_result result = {0};

	end_transaction(session, false);
	sql_fail(&result, 1213, "40001", "Deadlock found when trying to get lock; try restarting transaction");
	complete(session, &result, 10);
}

static void execute(struct session *session)
{
	struct sql_result result = {0};
	struct bytes text = blob_bytes(session->first->text);

	if (!session->transaction)
		session->transaction = store_open(session->id);
	if (database.deadlock_one_in && one_in(database.deadlock_one_in)) {
		fail_deadlocked(session);
		return;
	}
	sql_execute(session->transaction, text, &result);
	if (result.waits && waits_in_a_circle(session->transaction)) {
		fail_deadlocked(session);
	} else if (result.waits) {
		if (!session->blocked)
			world_in(LOCK_WAIT_MS * MS, on_lock_timeout, session, session->executed);
		session->blocked = true;
	} else {
		complete(session, &result, draw_between(20, 300) * database.slow);
	}
}

static void step(struct session *session)
{
	if (session->ended || session->busy || !session->first)
		return;
	if (blob_is(session->first->text, BYTES("COMMIT")))
		execute_end(session, true);
	else if (blob_is(session->first->text, BYTES("ROLLBACK")))
		execute_end(session, false);
	else
		execute(session);
}

/* --- upwards --- */

static void enqueue(struct session *session, struct message *message)
{
	message->next = NULL;
	*(session->last ? &session->last->next : &session->first) = message;
	session->last = message;
}

static void enqueue_part(struct session *session, struct bytes text, enum part part)
{
	struct message *message = must_alloc(sizeof(*message));

	message->session = session;
	message->text = blob_new(text);
	message->part = part;
	enqueue(session, message);
}

static const char compound_head[] = "BEGIN NOT ATOMIC ", compound_marker[] = "; INSERT INTO `rowd_commits` ",
		  compound_tail[] = "; COMMIT; END";

static bool is_compound(struct bytes text)
{
	return text.size > sizeof(compound_head) && memcmp(text.data, compound_head, sizeof(compound_head) - 1) == 0;
}

/* The marker is the last statement before the end. */
static void enqueue_compound(struct session *session, struct bytes text)
{
	const char *start = text.data + sizeof(compound_head) - 1;
	const char *end = text.data + text.size - (sizeof(compound_tail) - 1);
	const char *marker = end - (sizeof(compound_marker) - 1);

	assert(memcmp(end, compound_tail, sizeof(compound_tail) - 1) == 0);
	while (memcmp(marker, compound_marker, sizeof(compound_marker) - 1) != 0) {
		marker--;
		assert(marker > start);
	}
	enqueue_part(session, (struct bytes){start, (size_t)(marker - start)}, PART_FIRST);
	enqueue_part(session, (struct bytes){marker + 2, (size_t)(end - marker - 2)}, PART_MARKER);
	enqueue_part(session, BYTES("COMMIT"), PART_COMMIT);
}

static void land_statement(void *context, uint64_t argument)
{
	struct message *message = context;
	struct session *session = message->session;
	struct bytes text = blob_bytes(message->text);

	(void)argument;
	if (session->up_cut || session->ended) {
		forget(message);
		return;
	}
	if (is_compound(text)) {
		enqueue_compound(session, text);
		forget(message);
	} else {
		enqueue(session, message);
	}
	step(session);
}

struct session *session_begin(struct loop *loop, const struct session_events *events, void *context)
{
	struct session *session;

	if (database.down || loop->over)
		return NULL;
	session = world_alloc(sizeof(*session));
	session->id = ++database.last_session_id;
	session->loop = loop;
	session->events = *events;
	session->context = context;
	session->idle_since_us = world_now_us();
	session->next = database.sessions;
	database.sessions = session;
	return session;
}

uint64_t session_id(const struct session *session)
{
	return session->id;
}

void session_send(struct session *session, struct bytes text)
{
	struct message *message;

	if (session->up_cut || session->loop->over)
		return;
	message = must_alloc(sizeof(*message));
	message->session = session;
	message->text = blob_new(text);
	message->part = PART_NONE;
	world_at(session_arrival(&session->up_us), land_statement, message, 0);
}

/* The server has heard that the client is gone, or kills it: what it was at is undone. */
void session_end(void *context, uint64_t argument)
{
	struct session *session = context;

	(void)argument;
	if (session->ended)
		return;
	session->ended = session->up_cut = true;
	session->blocked = false;
	drop_messages(session);
	if (session->transaction)
		trace("database: session %" PRIu64 " is gone, its transaction undone", session->id);
	end_transaction(session, false);
}

/* Behind what was sent, and what that takes: a server notices when it reads, or writes. */
void session_end_when_idle(void *context, uint64_t argument)
{
	struct session *session = context;

	if (session->busy || session->first)
		world_in(5 * MS, session->blocked ? session_end : session_end_when_idle, session, argument);
	else
		session_end(session, 0);
}

void session_close_client(struct session *session)
{
	if (session->closed)
		return;
	session->closed = true;
	if (!session->up_cut && !session->loop->over)
		world_at(session_arrival(&session->up_us), session_end_when_idle, session, 0);
}

void database_end(void)
{
	for (struct session *session = database.sessions; session; session = session->next) {
		session->ended = true;
		drop_messages(session);
		if (session->transaction)
			store_roll_back(session->transaction);
		session->transaction = NULL;
	}
}
