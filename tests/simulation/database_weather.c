/* tests/simulation/database_weather.c - what befalls connections and the server. */
#include "database_session.h"

#include "loop.h"
#include "network.h"
#include "process.h"

#include <inttypes.h>

static void cut(struct session *session)
{
	bool silent = one_in(6);

	trace("~ session %" PRIu64 " is cut", session->id);
	if (one_in(2))
		session->up_cut = true;
	session->down_cut = true;
	world_in(one_in(3) ? draw_between(SECOND, 6 * SECOND) : draw(200 * MS),
		 session->up_cut ? session_end : session_end_when_idle, session, 0);
	world_in(silent ? 8 * SECOND : draw(100 * MS), session_lose_soon, session, 0);
}

static bool commits(const struct session *session)
{
	for (const struct message *message = session->first; message; message = message->next)
		if (blob_is(message->text, BYTES("COMMIT")))
			return true;
	return session->busy && !session->transaction;
}

static struct session *choose(struct process *process, bool committing)
{
	struct session *chosen = NULL;
	uint32_t count = 0;

	for (struct session *session = database.sessions; session; session = session->next)
		if (!session->closed && !session->down_cut && session->loop == process_loop(process) &&
		    (!committing || commits(session)) && one_in(++count))
			chosen = session;
	return chosen;
}

static bool cut_one(struct process *process, bool committing)
{
	struct session *chosen = choose(process, committing);

	if (chosen)
		cut(chosen);
	return chosen != NULL;
}

void database_stall_one(struct process *process)
{
	struct session *chosen = choose(process, false);

	if (!chosen)
		return;
	chosen->up_us = world_now_us() + draw_between(SECOND, 40 * SECOND);
	trace("~ what session %" PRIu64 " sends stalls for %" PRIu64 " ms", chosen->id,
	      (chosen->up_us - world_now_us()) / MS);
}

bool database_cut_one(struct process *process)
{
	return cut_one(process, false);
}

bool database_cut_commit(struct process *process)
{
	return cut_one(process, true);
}

static void come_back(void *context, uint64_t argument)
{
	(void)context, (void)argument;
	database.down = false;
	trace("~ database is back");
}

void database_stop(uint64_t down_us)
{
	database.down = true;
	for (struct session *session = database.sessions; session; session = session->next) {
		if (session->ended)
			continue;
		session_end(session, 0);
		session->down_cut = true;
		world_in(draw(50 * MS), session_lose_soon, session, 0);
	}
	world_in(down_us, come_back, NULL, 0);
}

void database_abandon(struct process *process, bool host_is_gone)
{
	for (struct session *session = database.sessions; session; session = session->next) {
		if (session->closed || session->loop != process_loop(process))
			continue;
		session->closed = true;
		if (host_is_gone)
			world_in(draw_between(SECOND, 15 * SECOND), session_end_when_idle, session, 0);
		else
			world_at(session_arrival(&session->up_us), session_end_when_idle, session, 0);
	}
}

static struct session *find(uint64_t id)
{
	for (struct session *session = database.sessions; session; session = session->next)
		if (session->id == id)
			return session;
	return NULL;
}

bool database_is_asleep(uint64_t session_id, uint64_t for_us)
{
	const struct session *session = find(session_id);

	return session && !session->ended && !session->busy && !session->first &&
	       world_now_us() - session->idle_since_us >= for_us;
}

void database_kill(uint64_t session_id)
{
	struct session *session = find(session_id);

	if (!session || session->ended)
		return;
	trace("database: session %" PRIu64 " is killed", session_id);
	session_end(session, 0);
	world_in(network_latency_us(), session_lose_soon, session, 0);
}
