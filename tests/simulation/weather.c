/* tests/simulation/weather.c
 *
 * A climate is a few kinds of trouble, each with a mean pause between two of them. One seed in eight has none. */
#include "weather.h"

#include "database.h"
#include "network.h"
#include "process.h"
#include "redis.h"
#include "scenario.h"
#include "witness.h"
#include "world.h"

#include <inttypes.h>

enum { CALM_LATENCY_US = 100 };

struct trouble {
	const char *name;
	void (*strikes)(void);
	uint64_t pause_us; /* on average */
	uint32_t one_in;   /* climates */
};

static uint64_t ends_us;
static bool closed;
static uint64_t latency_us; /* of one message, on average */
static uint64_t detached_us;

uint64_t network_latency_us(void)
{
	/* Now and then one takes long. */
	return one_in(200) ? draw(40 * latency_us + 1) : draw(latency_us + 1);
}

static struct process *any(enum process_state state)
{
	struct process *chosen = NULL;
	uint32_t count = 0;

	for (uint32_t i = 0; i < scenario.processes; i++)
		if (process_state(process_at(i)) == state && one_in(++count))
			chosen = process_at(i);
	return chosen;
}

static void start_again(void *context, uint64_t proof)
{
	if (closed)
		return;
	if (process_state(context) == PROCESS_DRAINING)
		world_in(100 * MS, start_again, context, proof);
	else
		process_start(context, proof != 0);
}

static void thaw(void *context, uint64_t argument)
{
	(void)argument;
	process_thaw(context);
}

/* --- to processes --- */

static void kill_one(void)
{
	struct process *process = any(one_in(8) ? PROCESS_FROZEN : PROCESS_RUNNING);

	if (!process)
		return;
	if (process_state(process) == PROCESS_FROZEN)
		witness_troubled();
	process_kill(process, one_in(4));
	world_in(one_in(2) ? draw(500 * MS) : draw(6 * SECOND), start_again, process, !one_in(3));
}

static void freeze_one(void)
{
	struct process *process = any(PROCESS_RUNNING);

	if (!process)
		return;
	process_freeze(process);
	witness_froze();
	world_in(one_in(2) ? draw(scenario.lease_ms) * MS : draw_between(1, 4) * scenario.lease_ms * MS, thaw, process,
		 0);
}

static void end_one(void)
{
	struct process *process = any(PROCESS_RUNNING);

	if (!process)
		return;
	process_drain(process);
	world_in(draw_between(100, 8000) * MS, start_again, process, !one_in(3));
}

static void kill_draining(void)
{
	struct process *process = any(PROCESS_DRAINING);

	if (!process)
		return;
	process_kill(process, false);
	world_in(draw(2 * SECOND), start_again, process, !one_in(3));
}

/* --- to Redis --- */

static void cut_link(void)
{
	struct process *process = any(PROCESS_RUNNING);

	if (process && network_cut_one(process))
		trace("~ a connection to redis is cut");
}

static void pause_redis(void)
{
	uint64_t pause_us = one_in(3) ? draw(3 * scenario.lease_ms) * MS : draw(300 * MS);

	trace("~ redis pauses for %" PRIu64 " ms", pause_us / MS);
	redis_pause(world_now_us() + pause_us);
	witness_froze();
}

static void flush_scripts(void)
{
	trace("~ redis forgets its scripts");
	redis_flush_scripts();
}

static void empty_redis(void *context, uint64_t argument)
{
	(void)context, (void)argument;
	redis.full = false;
}

static void fill_redis(void)
{
	trace("~ redis is full");
	redis.full = true;
	world_in(draw(3 * SECOND), empty_redis, NULL, 0);
}

static void restart_redis(void)
{
	uint64_t down_us = one_in(3) ? draw(2 * scenario.lease_ms) * MS : draw(500 * MS);

	if (redis.down)
		return;
	trace("~ redis restarts");
	redis_forget_replica();
	network_cut_all();
	redis_fail_over(down_us);
	witness_froze();
}

static void fail_over(void *context, uint64_t argument)
{
	(void)context, (void)argument;
	if (redis.down || !redis.has_replica)
		return;
	trace("~ redis fails over, and forgets the last %" PRIu64 " ms", (world_now_us() - detached_us) / MS);
	witness_forgot(detached_us);
	network_cut_all();
	redis_fail_over(draw(SECOND));
}

static void detach_replica(void)
{
	if (redis.has_replica || redis.down)
		return;
	detached_us = world_now_us();
	redis_detach_replica();
	world_in(draw(500 * MS), fail_over, NULL, 0);
}

/* --- to the database --- */

static void cut_session(void)
{
	struct process *process = any(PROCESS_RUNNING);

	if (process)
		(void)database_cut_one(process);
}

static void stall_session(void)
{
	struct process *process = any(PROCESS_RUNNING);

	if (process)
		database_stall_one(process);
}

static void cut_commit(void)
{
	for (uint32_t i = 0; i < scenario.processes; i++)
		if (process_state(process_at(i)) != PROCESS_GONE && database_cut_commit(process_at(i)))
			return;
}

static void stop_database(void)
{
	uint64_t down_us = draw(2 * SECOND);

	if (database.down)
		return;
	trace("~ the database is down for %" PRIu64 " ms", down_us / MS);
	database_stop(down_us);
}

static void slow_database(void)
{
	database.slow = one_in(2) ? 1 : draw_between(2, 60);
	trace("~ the database is slower by %" PRIu64, database.slow);
}

static const struct trouble troubles[] = {
	{"kill", kill_one, 2500 * MS, 2},
	{"freeze", freeze_one, 3 * SECOND, 3},
	{"end", end_one, 4 * SECOND, 3},
	{"kill draining", kill_draining, 500 * MS, 4},
	{"cut link", cut_link, 400 * MS, 2},
	{"pause redis", pause_redis, 2 * SECOND, 4},
	{"flush scripts", flush_scripts, SECOND, 4},
	{"fill redis", fill_redis, 2 * SECOND, 5},
	{"restart redis", restart_redis, 4 * SECOND, 6},
	{"fail over", detach_replica, 4 * SECOND, 10},
	{"cut session", cut_session, 300 * MS, 3},
	{"cut commit", cut_commit, 20 * MS, 3},
	{"stall session", stall_session, 500 * MS, 4},
	{"stop database", stop_database, 4 * SECOND, 5},
	{"slow database", slow_database, SECOND, 5},
};

static void strike(void *context, uint64_t argument)
{
	const struct trouble *trouble = context;

	(void)argument;
	if (world_now_us() >= ends_us)
		return;
	if (trouble->strikes != kill_one)
		witness_troubled();
	trouble->strikes();
	world_in(draw(2 * trouble->pause_us), strike, (void *)trouble, 0);
}

void weather_begin(uint64_t until_us)
{
	ends_us = until_us;
	closed = false;
	latency_us = draw_between(20, one_in(4) ? 5000 : 400);
	if (scenario.refuses_memory)
		witness_disturbed();
	if (one_in(8))
		return;
	witness_disturbed();
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
		if (one_in(troubles[i].one_in)) {
			trace("~ in this climate: %s", troubles[i].name);
			world_in(draw(2 * troubles[i].pause_us), strike, (void *)&troubles[i], 0);
		}
	if (one_in(6))
		database.deadlock_one_in = draw_between(5, 100);
	if (one_in(6))
		database.commit_fails_one_in = draw_between(5, 50);
	if (one_in(4))
		database.errand_lost_one_in = draw_between(2, 10);
}

void weather_calm(void)
{
	latency_us = CALM_LATENCY_US;
}

void weather_end(void)
{
	trace("~ peace");
	database.slow = 1;
	database.deadlock_one_in = database.commit_fails_one_in = database.errand_lost_one_in = 0;
	redis.full = false;
	for (uint32_t i = 0; i < scenario.processes; i++) {
		process_thaw(process_at(i));
		process_start(process_at(i), !one_in(3));
	}
}

void weather_close(void)
{
	closed = true;
}
