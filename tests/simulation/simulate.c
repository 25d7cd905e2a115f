/* tests/simulation/simulate.c
 *
 *   trouble, while commands are pushed --> peace: everything has to come to its end --> everybody is told to end */
#include "simulate.h"

#include "commands.h"
#include "database.h"
#include "loop.h"
#include "network.h"
#include "process.h"
#include "redis.h"
#include "scenario.h"
#include "store.h"
#include "story.h"
#include "weather.h"
#include "witness.h"
#include "world.h"

#include <inttypes.h>

enum {
	LOOK_EVERY_MS = 100,
	PEACE_SECONDS = 120, /* backoffs of 10 s, workers that are remembered for ten leases */
	ENDING_SECONDS = 20,
	STEPS_MOST = 5000000,
	STORY_SEED = 1,
};

static uint64_t steps;

static void push_one(void *context, uint64_t argument)
{
	(void)context, (void)argument;
	command_push();
}

/* Now and then many at once. */
static void plan_pushes(uint64_t start_us)
{
	uint64_t time_us = start_us, mean_us = scenario.busy_us / scenario.commands;

	for (uint32_t i = 0; i < scenario.commands; i++) {
		if (!one_in(3))
			time_us += draw(3 * mean_us);
		world_at(time_us < start_us + scenario.busy_us ? time_us : start_us + scenario.busy_us, push_one, NULL,
			 0);
	}
}

static void start_process(void *context, uint64_t argument)
{
	(void)argument;
	process_start(context, false);
}

/* The rows that commands read and set. */
static void fill_store(void)
{
	for (uint64_t queue = 0; queue < scenario.queue_count; queue++)
		for (uint64_t item = 0; item < ITEMS_PER_QUEUE; item++) {
			struct store_entry *entry = store_add(&store_tables[STORE_ITEM]);
			entry->committed = store_row_new();
			store_row_set(entry->committed, 0, blob_number(queue * 10 + item));
			store_row_set(entry->committed, 1, blob_number(0));
			store_row_set(entry->committed, 2, blob_number(0));
		}
}

void simulate_until(uint64_t time_us)
{
	while (world_next_us() <= time_us) {
		if (++steps > STEPS_MOST)
			violated(NULL, "too much happens");
		(void)world_step();
	}
	world_wait_until(time_us);
}

void simulate_rest(void)
{
	uint64_t until_us = world_now_us() + PEACE_SECONDS * (uint64_t)SECOND, command;
	const char *why = NULL;
	char about[32];

	while (!witness_is_settled(&why, &command)) {
		if (world_now_us() < until_us) {
			simulate_until(world_now_us() + LOOK_EVERY_MS * (uint64_t)MS);
			continue;
		}
		snprintf(about, sizeof(about), "#%" PRIu64, command);
		if (command > 0)
			violated(about, "after %d s of peace: %s %s", PEACE_SECONDS, about, why);
		violated(NULL, "after %d s of peace there is left: %s", PEACE_SECONDS, why);
	}
	trace("~ all is settled");
}

static void end_all(void)
{
	bool any = true;

	weather_close();
	for (uint32_t i = 0; i < scenario.processes; i++)
		process_drain(process_at(i));
	for (uint32_t i = 0; any && i < ENDING_SECONDS * 10; i++) {
		any = false;
		simulate_until(world_now_us() + LOOK_EVERY_MS * (uint64_t)MS);
		for (uint32_t at = 0; at < scenario.processes; at++)
			any |= process_state(process_at(at)) != PROCESS_GONE;
	}
	if (any)
		violated(NULL, "a process that was told to end does not");
}

static void begin(uint64_t seed, enum tracing tracing, void (*choose_scenario)(void))
{
	world_begin(seed, tracing);
	steps = 0;
	network_begin();
	redis_begin();
	store_begin();
	database_begin();
	introspection_begin();
	bookkeeping_begin();
	commands_begin();
	witness_begin();
	choose_scenario();
	processes_begin();
	fill_store();
}

static void end(void)
{
	processes_end();
	/* What is still on its way arrives, and finds nobody. */
	while (world_step())
		;
	database_end();
	bookkeeping_end();
	redis_end();
	store_end();
	commands_end();
	witness_end();
	world_end();
}

void simulate(uint64_t seed, enum tracing tracing)
{
	uint64_t start_us;

	begin(seed, tracing, scenario_draw);
	start_us = world_now_us();
	weather_begin(start_us + scenario.busy_us);
	for (uint32_t i = 0; i < scenario.processes; i++)
		world_in(draw(500 * MS), start_process, process_at(i), 0);
	plan_pushes(start_us);
	simulate_until(start_us + scenario.busy_us);
	weather_end();
	/* What was under way ends in its time: who was to be started again, started. */
	simulate_rest();
	witness_judge();
	end_all();
	if (tracing == TRACE_WHOLE)
		world_tell(stdout, NULL);
	end();
}

void simulate_story(enum tracing tracing)
{
	begin(STORY_SEED, tracing, scenario_for_story);
	weather_calm();
	witness_disturbed();
	story_tell();
	simulate_rest();
	witness_judge();
	end_all();
	if (tracing == TRACE_WHOLE)
		world_tell(stdout, NULL);
	end();
}
