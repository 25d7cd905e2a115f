/* cli/redis.h - a blocking connection to Redis, for programs without a loop: rowctl, and `rowd check`. */
#ifndef CLI_REDIS_H
#define CLI_REDIS_H

#include "common/url.h"

#include <hiredis/hiredis.h>
#include <stdint.h>

enum { REDIS_PROBLEM_BYTES = URL_PROBLEM_BYTES };

/* Connects, authenticates and selects the database. timeout_ms: for connecting, and for the answer to each command.
 * Returns the connection, the caller's to redisFree(), or NULL with what went wrong (never a password). */
redisContext *redis_open(const struct redis_url *url, uint32_t timeout_ms, char ret_problem[REDIS_PROBLEM_BYTES]);

/* One command of `count` words. Returns the reply, which is never an error and is the caller's to freeReplyObject(); or
 * NULL with the server's or the connection's words in ret_problem. */
redisReply *redis_command(redisContext *redis, int count, const char **words, const size_t *sizes,
			  char ret_problem[REDIS_PROBLEM_BYTES]);

#endif
