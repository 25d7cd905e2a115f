/* cli/connect.c - see connect.h. */
#include "cli/connect.h"

#include <stdio.h>
#include <stdlib.h>
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
