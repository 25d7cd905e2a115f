/* commands/check_redis.c - does Redis answer, and may this account do a worker's work? */
#include "daemon/commands/findings.h"

#include "cli/redis.h"

#include <stdio.h>
#include <string.h>

static const char where[] = "redis";

/* ---- what the account may do ---- */

/* A command that a worker sends, with the keys that stand for the queue's own. */
struct right {
	const char *command;
	const char *arguments[4]; /* %Q: the queue's key, %P: a name behind its reply prefix; NULL-ended */
};

static const struct right rights[] = {
	{"BLMOVE", {"%Q", "{%Q}:landing:check", "RIGHT", "LEFT"}},
	{"LMOVE", {"{%Q}:landing:check", "%Q", "LEFT", "RIGHT"}},
	{"LINDEX", {"{%Q}:landing:check", "0"}},
	{"RPOP", {"{%Q}:landing:check"}},
	{"LLEN", {"%Q"}},
	{"LRANGE", {"%Q", "0", "0"}},
	{"LTRIM", {"%Q", "0", "0"}},
	{"RPUSH", {"{%Q}:again", "x"}},
	{"LPOP", {"{%Q}:again"}},
	{"HSET", {"{%Q}:inflight:check", "1", "x"}},
	{"HGET", {"{%Q}:inflight:check", "1"}},
	{"HDEL", {"{%Q}:inflight:check", "1"}},
	{"HLEN", {"{%Q}:inflight:check"}},
	{"HKEYS", {"{%Q}:inflight:check"}},
	{"ZADD", {"{%Q}:workers", "1", "check"}},
	{"ZREM", {"{%Q}:workers", "check"}},
	{"ZSCORE", {"{%Q}:workers", "check"}},
	{"ZRANGEBYSCORE", {"{%Q}:workers", "0", "1"}},
	{"SET", {"{%Q}:owner", "check"}},
	{"GET", {"{%Q}:owner"}},
	{"DEL", {"{%Q}:owner"}},
	{"EXISTS", {"{%Q}:paused"}},
	{"LPUSH", {"{%Q}:dead", "x"}},
	{"HINCRBY", {"{%Q}:stats", "dead", "1"}},
	{"TIME", {NULL}},
	{"EVALSHA", {"x", "1", "%Q"}},
	{"PUBLISH", {"%P", "x"}},
	{"RPUSH", {"%P", "x"}},
	{"PEXPIRE", {"%P", "1"}},
};

static void expand(const char *pattern, const struct queue_options *queue, char *to, size_t to_bytes)
{
	const char *mark = strchr(pattern, '%');

	if (!mark)
		snprintf(to, to_bytes, "%s", pattern);
	else if (mark[1] == 'P')
		snprintf(to, to_bytes, "%.*scheck", BYTES_ARG(queue->policy.reply_prefix));
	else
		snprintf(to, to_bytes, "%.*s%s%s", (int)(mark - pattern), pattern, queue->key, mark + 2);
}

/* Asks whether the account may, without doing it. Returns false when it may not; true also when Redis cannot tell. */
static bool may(redisContext *redis, const struct queue_options *queue, const struct right *right)
{
	const char *words[4 + 4] = {"EVAL", "return redis.acl_check_cmd(unpack(ARGV)) and 1 or 0", "0", right->command};
	char expanded[4][1024];
	char problem[REDIS_PROBLEM_BYTES];
	int count = 4;

	for (size_t i = 0; i < 4 && right->arguments[i]; i++) {
		expand(right->arguments[i], queue, expanded[i], sizeof(expanded[i]));
		words[count++] = expanded[i];
	}
	redisReply *reply = redis_command(redis, count, words, NULL, problem);
	if (!reply)
		return true;
	bool allowed = reply->type != REDIS_REPLY_INTEGER || reply->integer == 1;
	freeReplyObject(reply);
	return allowed;
}

static void check_rights(redisContext *redis, const struct queue_options *queue, struct findings *findings)
{
	char problem[REDIS_PROBLEM_BYTES];
	redisReply *reply = redis_command(redis, 3, (const char *[]){"EVAL", "return 1", "0"}, NULL, problem);
	bool fine = true;

	if (!reply) {
		finding_add(findings, FINDING_WRONG, where, "see redis.acl for the rights of a worker", "EVAL: %s",
			    problem);
		return;
	}
	freeReplyObject(reply);
	for (size_t i = 0; i < sizeof(rights) / sizeof(*rights); i++) {
		char key[1024];
		if (may(redis, queue, &rights[i]))
			continue;
		fine = false;
		expand(rights[i].arguments[0] ? rights[i].arguments[0] : "", queue, key, sizeof(key));
		finding_add(findings, FINDING_WRONG, where, "see redis.acl for the rights of a worker",
			    "the account may not %s%s%s", rights[i].command, key[0] ? " " : "", key);
	}
	if (fine)
		finding_add(findings, FINDING_FINE, where, "", "the account may serve the queue %s", queue->key);
}

/* A key of another kind under a queue's name would fail at the first claim. */
static void check_kind(redisContext *redis, const struct queue_options *queue, struct findings *findings)
{
	char problem[REDIS_PROBLEM_BYTES];
	redisReply *reply = redis_command(redis, 2, (const char *[]){"LLEN", queue->key}, NULL, problem);

	if (!reply) {
		finding_add(findings, FINDING_WRONG, where, "", "LLEN %s: %s", queue->key, problem);
		return;
	}
	finding_add(findings, FINDING_NOTE, where, "", "%lld commands wait in %s", reply->integer, queue->key);
	freeReplyObject(reply);
}

/* Redis answered, and said no. */
static bool is_refusal(const char *problem)
{
	static const char *const codes[] = {"ERR ", "NOAUTH ", "NOPERM ", "WRONGPASS "};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		if (strncmp(problem, codes[i], strlen(codes[i])) == 0)
			return true;
	}
	return false;
}

void check_redis(const struct options *options, struct findings *findings)
{
	char problem[REDIS_PROBLEM_BYTES];
	char url[URL_TEXT_BYTES];
	redisContext *redis = redis_open(&options->redis.url, options->redis.command_timeout_ms, problem);

	url_mask(options->redis.url_text, url, sizeof(url));
	if (!redis && is_refusal(problem)) {
		finding_add(findings, FINDING_WRONG, where, "look at the user and password of REDIS_URL", "%s: %s", url,
			    problem);
		return;
	}
	if (!redis) {
		finding_add(findings, FINDING_UNREACHABLE, where, "is it running, and is REDIS_URL right?", "%s: %s",
			    url, problem);
		return;
	}
	check_redis_settings(redis, findings);
	for (uint32_t i = 0; i < options->queue_count; i++) {
		check_rights(redis, &options->queues[i], findings);
		check_kind(redis, &options->queues[i], findings);
	}
	redisFree(redis);
}
