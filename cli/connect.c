/* cli/connect.c - see connect.h. */
#include "cli/connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

redisContext *connect_redis(const struct arguments *arguments, uint32_t timeout_ms, int *ret_status)
{
	const char *variable = getenv("REDIS_URL");
	const char *text = arguments->redis;
	char problem[REDIS_PROBLEM_BYTES];
	struct redis_url url;

	if (!text)
		text = variable && *variable ? variable : "redis://127.0.0.1:6379/0";
	if (url_parse_redis(text, &url, problem) < 0) {
		fprintf(stderr, "rowctl: the Redis URL: %s\n", problem);
		*ret_status = EX_USAGE;
		return NULL;
	}
	redisContext *redis = redis_open(&url, timeout_ms, problem);
	if (!redis) {
		fprintf(stderr, "rowctl: Redis: %s\n", problem);
		*ret_status = EX_UNAVAILABLE;
	}
	return redis;
}

void connect_tell(const char *problem)
{
	fprintf(stderr, "rowctl: Redis: %s\n", problem);
	if (strstr(problem, "NOPERM") || strstr(problem, "ACL failure"))
		fputs("rowctl: this account may not do that; systemd/redis.acl has an operator who may\n", stderr);
	else if (strstr(problem, "READONLY"))
		fputs("rowctl: this Redis is a replica: name its master with --redis\n", stderr);
	else if (strstr(problem, "WRONGTYPE"))
		fputs("rowctl: somebody has put something else there; look with redis-cli TYPE, and move it out of the "
		      "way with redis-cli RENAME\n",
		      stderr);
}
