/* tests/simulation/scenario.c */
#include "scenario.h"

#include "world.h"

#include <stdio.h>

struct scenario scenario;

static char queue_names[QUEUES_MOST][8] = {"alpha", "beta", "gamma"};
static char database_url[] = "mysql://127.0.0.1/simulation", redis_url[] = "redis://127.0.0.1";
static char reply_prefix[] = "rowd:reply:";

static void fill_queue(struct queue_options *queue, uint32_t index, bool exactly_once)
{
	*queue = (struct queue_options){
		.key = queue_names[index],
		.where = queue_names[index],
		.policy = {.queue = bytes_of(queue_names[index]),
			   .reply_prefix = BYTES("rowd:reply:"),
			   .ops = UINT32_MAX,
			   .max_rows = 100,
			   .statement_timeout_ms = scenario.statement_timeout_ms,
			   .reply_bytes = 1 << 17,
			   .message_bytes = 1 << 14,
			   .exactly_once = exactly_once,
			   .delivery = exactly_once ? BYTES("exactly-once") : BYTES("at-least-once")},
	};
}

void scenario_draw(void)
{
	static const uint32_t leases[] = {1000, 1000, 1500, 2000, 3000};

	scenario = (struct scenario){
		.processes = (uint32_t)draw_between(1, 3),
		.queue_count = (uint32_t)draw_between(1, QUEUES_MOST),
		.connections = (uint32_t)draw_between(1, 3),
		.lease_ms = leases[draw(sizeof(leases) / sizeof(leases[0]))],
		.redis_timeout_ms = (uint32_t)draw_between(400, 2000),
		.statement_timeout_ms = 2000,
		.in_flight = (uint32_t)draw_between(4, 40),
		.batch = (uint32_t)draw_between(1, 12),
		.commands = (uint32_t)draw_between(10, 120),
		.busy_us = draw_between(2, 12) * SECOND,
		.refuses_memory = one_in(8),
	};
	for (uint32_t i = 0; i < scenario.queue_count; i++) {
		fill_queue(&scenario.queues[i], i, !one_in(3));
		scenario.queues[i].shared = one_in(4);
	}
}

void scenario_for_story(void)
{
	scenario = (struct scenario){
		.processes = 2,
		.queue_count = 1,
		.connections = 2,
		.lease_ms = 1000,
		.redis_timeout_ms = 1000,
		.statement_timeout_ms = 2000,
		.in_flight = 300,
		.batch = 64,
		.refuses_nth = true,
	};
	fill_queue(&scenario.queues[0], 0, true);
}

void scenario_options(struct options *ret_options, char *directory)
{
	*ret_options = (struct options){
		.database = {.url_text = database_url,
			     .connections = scenario.connections,
			     .connect_timeout_ms = 1000,
			     .statement_timeout_ms = scenario.statement_timeout_ms,
			     .idle_transaction_ms = scenario.lease_ms,
			     .idle_ping_s = 60,
			     .max_lifetime_s = 1800},
		.redis = {.url_text = redis_url, .command_timeout_ms = scenario.redis_timeout_ms},
		.limits = {.in_flight = scenario.in_flight,
			   .in_flight_bytes = 1 << 20,
			   .message_bytes = 1 << 14,
			   .batch = scenario.batch,
			   .reply_bytes = 1 << 17,
			   .dead_letters = 1000,
			   .dead_bytes = 1 << 20},
		.delivery = {.lease_ms = scenario.lease_ms, .drain_timeout_ms = 3000, .once_window_s = 3600},
		.queues = scenario.queues,
		.queue_count = scenario.queue_count,
		.reply_prefix = reply_prefix,
		.log_level = LEVEL_DEBUG,
		.runtime_directory = directory,
	};
	snprintf(ret_options->redis.url.host, sizeof(ret_options->redis.url.host), "127.0.0.1");
	snprintf(ret_options->database.url.host, sizeof(ret_options->database.url.host), "127.0.0.1");
}
