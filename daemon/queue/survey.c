/* queue/survey.c - is this a Redis that a queue can live in? */
#include "common/log.h"
#include "daemon/queue/state.h"
#include "daemon/queue/verdict.h"

#include <stdlib.h>

enum { REDIS_MAJOR_NEEDED = 7 };

/* 0: not told. */
static unsigned long major_version(struct bytes info)
{
	struct bytes key = BYTES("redis_version:");

	for (size_t i = 0; i + key.size < info.size; i++) {
		struct bytes rest = {.data = info.data + i, .size = info.size - i};
		if (bytes_starts(rest, key))
			return strtoul(rest.data + key.size, NULL, 10); /* a text ends with CR LF */
	}
	return 0;
}

static void on_info(void *context, const struct redis_reply *reply)
{
	struct worker *worker = context;

	if (verdict_of(reply) == VERDICT_LOST)
		return;
	unsigned long major = verdict_of(reply) == VERDICT_OK ? major_version(reply_text(reply)) : 0;
	if (major != 0 && major < REDIS_MAJOR_NEEDED) {
		if (!worker->refused)
			log_event(LEVEL_ERROR, "redis.too_old", log_int("major", (int64_t)major),
				  log_text("hint", "rowd needs Redis 7.0 or later"));
		worker->refused = true;
		return;
	}
	worker->refused = false;
	worker->checked = true;
	worker_touch(worker);
}

static void on_policy(void *context, const struct redis_reply *reply)
{
	struct worker *worker = context;
	struct bytes policy = reply_bytes_at(reply, 1);

	if (policy.size == 0 || bytes_equal_text(policy, "noeviction") || worker->warned_policy)
		return;
	worker->warned_policy = true;
	log_event(LEVEL_WARNING, "redis.evicts", log_bytes("maxmemory_policy", policy),
		  log_text("hint",
			   "Redis may throw queues away when its memory is full: set maxmemory-policy noeviction"));
}

static void on_append(void *context, const struct redis_reply *reply)
{
	struct worker *worker = context;

	if (!bytes_equal_text(reply_bytes_at(reply, 1), "no") || worker->warned_append)
		return;
	worker->warned_append = true;
	log_event(LEVEL_WARNING, "redis.forgets", log_text("appendonly", "no"),
		  log_text("hint", "queued commands are lost when Redis restarts: set appendonly yes"));
}

static void ask(struct worker *worker, const char *words[], uint32_t count, link_answer *answer)
{
	link_begin(worker->link, count);
	for (uint32_t i = 0; i < count; i++)
		link_text(worker->link, words[i]);
	if (link_commit(worker->link, 0, answer, worker))
		log_event(LEVEL_DEBUG, "redis.not_surveyed", log_text("about", words[count - 1]));
}

void survey_start(struct worker *worker)
{
	ask(worker, (const char *[]){"INFO", "server"}, 2, on_info);
	ask(worker, (const char *[]){"CONFIG", "GET", "maxmemory-policy"}, 3, on_policy);
	ask(worker, (const char *[]){"CONFIG", "GET", "appendonly"}, 3, on_append);
}
