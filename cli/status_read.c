/* cli/status_read.c - see status.h. */
#include "cli/status.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One command about one key of the queue: {Q}:suffix, or Q itself when suffix is NULL. The caller's to free. */
static redisReply *ask(redisContext *redis, const char *command, const char *queue, const char *suffix,
		       char ret_problem[REDIS_PROBLEM_BYTES])
{
	char *key = NULL;

	if (!suffix)
		return redis_command(redis, 2, (const char *[]){command, queue}, NULL, ret_problem);
	if (asprintf(&key, "{%s}:%s", queue, suffix) < 0) {
		snprintf(ret_problem, REDIS_PROBLEM_BYTES, "out of memory");
		return NULL;
	}
	redisReply *reply;
	if (strcmp(command, "ZRANGE") == 0)
		reply = redis_command(redis, 5, (const char *[]){command, key, "0", "-1", "WITHSCORES"}, NULL,
				      ret_problem);
	else
		reply = redis_command(redis, 2, (const char *[]){command, key}, NULL, ret_problem);
	free(key);
	return reply;
}

static int ask_number(redisContext *redis, const char *command, const char *queue, const char *suffix,
		      int64_t *ret_number, char ret_problem[REDIS_PROBLEM_BYTES])
{
	redisReply *reply = ask(redis, command, queue, suffix, ret_problem);

	if (!reply)
		return -EIO;
	*ret_number = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
	freeReplyObject(reply);
	return 0;
}

/* Leases are in the time of the Redis server. */
static int ask_time(redisContext *redis, int64_t *ret_now_ms, char ret_problem[REDIS_PROBLEM_BYTES])
{
	redisReply *reply = redis_command(redis, 1, (const char *[]){"TIME"}, NULL, ret_problem);

	if (!reply)
		return -EIO;
	*ret_now_ms = 0;
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
		*ret_now_ms = strtoll(reply->element[0]->str, NULL, 10) * 1000 +
			      strtoll(reply->element[1]->str, NULL, 10) / 1000;
	freeReplyObject(reply);
	return 0;
}

static int read_workers(redisContext *redis, struct queue_status *status, int64_t now_ms,
			char ret_problem[REDIS_PROBLEM_BYTES])
{
	redisReply *reply = ask(redis, "ZRANGE", status->key, "workers", ret_problem);

	if (!reply)
		return -EIO;
	for (size_t i = 0; i + 1 < reply->elements && status->worker_count < STATUS_WORKERS; i += 2) {
		struct worker_status *worker = &status->workers[status->worker_count++];
		double lease_end = strtod(reply->element[i + 1]->str, NULL);
		snprintf(worker->id, sizeof(worker->id), "%s", reply->element[i]->str);
		worker->fenced = lease_end < 0;
		/* As daemon/queue/scripts/recover.lua leaves one whose commits the database does not know. */
		worker->unknown = worker->fenced && -lease_end - floor(-lease_end) == 0.75;
		worker->lease_ms = worker->fenced ? 0 : (int64_t)lease_end - now_ms;
	}
	freeReplyObject(reply);
	for (uint32_t i = 0; i < status->worker_count; i++) {
		struct worker_status *worker = &status->workers[i];
		char suffix[STATUS_NAME_BYTES + 16];
		snprintf(suffix, sizeof(suffix), "inflight:%s", worker->id);
		int result = ask_number(redis, "HLEN", status->key, suffix, &worker->in_flight, ret_problem);
		snprintf(suffix, sizeof(suffix), "landing:%s", worker->id);
		if (result == 0)
			result = ask_number(redis, "LLEN", status->key, suffix, &worker->landing, ret_problem);
		if (result < 0)
			return result;
		status->in_flight += worker->in_flight + worker->landing;
	}
	return 0;
}

static int read_owner(redisContext *redis, struct queue_status *status, char ret_problem[REDIS_PROBLEM_BYTES])
{
	redisReply *reply = ask(redis, "GET", status->key, "owner", ret_problem);

	if (!reply)
		return -EIO;
	for (uint32_t i = 0; i < status->worker_count && reply->type == REDIS_REPLY_STRING; i++)
		status->workers[i].owner = strcmp(status->workers[i].id, reply->str) == 0;
	freeReplyObject(reply);
	return 0;
}

static int compare_counters(const void *a, const void *b)
{
	return strcmp(((const struct counter_status *)a)->name, ((const struct counter_status *)b)->name);
}

static int read_counters(redisContext *redis, struct queue_status *status, char ret_problem[REDIS_PROBLEM_BYTES])
{
	redisReply *reply = ask(redis, "HGETALL", status->key, "stats", ret_problem);

	if (!reply)
		return -EIO;
	for (size_t i = 0; i + 1 < reply->elements && status->counter_count < STATUS_COUNTERS; i += 2) {
		struct counter_status *counter = &status->counters[status->counter_count++];
		snprintf(counter->name, sizeof(counter->name), "%s", reply->element[i]->str);
		counter->value = strtoll(reply->element[i + 1]->str, NULL, 10);
	}
	freeReplyObject(reply);
	qsort(status->counters, status->counter_count, sizeof(*status->counters), compare_counters);
	return 0;
}

const char *status_worker_state(const struct worker_status *worker)
{
	if (worker->unknown && worker->in_flight > 0)
		return "unknown";
	if (worker->fenced)
		return "dead";
	if (worker->lease_ms < 0)
		return "expired";
	return worker->owner ? "owner" : "standby";
}

int status_read(redisContext *redis, const char *queue, struct queue_status *ret_status,
		char ret_problem[REDIS_PROBLEM_BYTES])
{
	struct queue_status *status = ret_status;
	int64_t now_ms, paused;

	*status = (struct queue_status){.key = queue};
	if (ask_number(redis, "LLEN", queue, NULL, &status->depth, ret_problem) < 0 ||
	    ask_number(redis, "LLEN", queue, "again", &status->again, ret_problem) < 0 ||
	    ask_number(redis, "LLEN", queue, "dead", &status->dead, ret_problem) < 0 ||
	    ask_number(redis, "EXISTS", queue, "paused", &paused, ret_problem) < 0 ||
	    ask_time(redis, &now_ms, ret_problem) < 0 || read_workers(redis, status, now_ms, ret_problem) < 0 ||
	    read_owner(redis, status, ret_problem) < 0 || read_counters(redis, status, ret_problem) < 0)
		return -EIO;
	status->paused = paused > 0;
	return 0;
}
