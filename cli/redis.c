/* cli/redis.c - see redis.h. */
#include "cli/redis.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static redisContext *connect_to(const struct redis_url *url, uint32_t timeout_ms)
{
	struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};

	if (url->unix_socket[0])
		return redisConnectUnixWithTimeout(url->unix_socket, timeout);
	return redisConnectWithTimeout(url->host, url->port, timeout);
}

static int run(redisContext *redis, int count, const char **words, char ret_problem[REDIS_PROBLEM_BYTES])
{
	redisReply *reply = redis_command(redis, count, words, NULL, ret_problem);

	if (!reply)
		return -1;
	freeReplyObject(reply);
	return 0;
}

static int greet(redisContext *redis, const struct redis_url *url, char ret_problem[REDIS_PROBLEM_BYTES])
{
	char database[16];

	if (url->password[0] && url->user[0] &&
	    run(redis, 3, (const char *[]){"AUTH", url->user, url->password}, ret_problem) < 0)
		return -1;
	if (url->password[0] && !url->user[0] &&
	    run(redis, 2, (const char *[]){"AUTH", url->password}, ret_problem) < 0)
		return -1;
	if (url->database == 0)
		return run(redis, 1, (const char *[]){"PING"}, ret_problem);
	snprintf(database, sizeof(database), "%u", url->database);
	return run(redis, 2, (const char *[]){"SELECT", database}, ret_problem);
}

redisContext *redis_open(const struct redis_url *url, uint32_t timeout_ms, char ret_problem[REDIS_PROBLEM_BYTES])
{
	struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};

	if (url->tls) {
		snprintf(ret_problem, REDIS_PROBLEM_BYTES, "rediss:// (TLS) is not in this version");
		return NULL;
	}
	redisContext *redis = connect_to(url, timeout_ms);
	if (!redis || redis->err) {
		snprintf(ret_problem, REDIS_PROBLEM_BYTES, "%s", redis ? redis->errstr : "out of memory");
		redisFree(redis);
		return NULL;
	}
	redisSetTimeout(redis, timeout);
	if (greet(redis, url, ret_problem) < 0) {
		redisFree(redis);
		return NULL;
	}
	return redis;
}

redisReply *redis_command(redisContext *redis, int count, const char **words, const size_t *sizes,
			  char ret_problem[REDIS_PROBLEM_BYTES])
{
	redisReply *reply = redisCommandArgv(redis, count, words, sizes);

	if (!reply) {
		/* What a socket timeout looks like to hiredis. */
		bool timed_out = redis->err == REDIS_ERR_IO && strcmp(redis->errstr, strerror(EAGAIN)) == 0;
		snprintf(ret_problem, REDIS_PROBLEM_BYTES, "%s", timed_out ? "no answer in time" : redis->errstr);
		return NULL;
	}
	if (reply->type == REDIS_REPLY_ERROR) {
		snprintf(ret_problem, REDIS_PROBLEM_BYTES, "%s", reply->str);
		freeReplyObject(reply);
		return NULL;
	}
	return reply;
}
