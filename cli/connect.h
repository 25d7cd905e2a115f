/* cli/connect.h - the connection that the command line asks for. */
#ifndef CLI_CONNECT_H
#define CLI_CONNECT_H

#include "cli/arguments.h"
#include "cli/redis.h"

/* As redis_open() to --redis, or $REDIS_URL, or the local server. Returns NULL after it has been said on standard error
 * what went wrong, with the exit status in *ret_status. */
redisContext *connect_redis(const struct arguments *arguments, uint32_t timeout_ms, int *ret_status);

/* Says on standard error what Redis has refused, in its words, and what there is to be done about it. */
void connect_tell(const char *problem);

#endif
