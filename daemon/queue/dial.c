/* queue/dial.c */
#include "daemon/queue/dial.h"

#include "common/log.h"
#include "daemon/queue/uv_adapter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

enum { KEEPALIVE_S = 15 };

/* A peer that is gone without a word is noticed by the kernel, even while a long blocking pop is under way. */
static int keep_alive(int descriptor)
{
	int on = 1, idle = KEEPALIVE_S, interval = KEEPALIVE_S / 3, probes = 3;

	if (setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) ||
	    setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle)) ||
	    setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval)) ||
	    setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes)))
		return -errno;
	return 0;
}

static struct redisAsyncContext *start(const struct redis_url *url, const struct addrinfo *address)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (url->unix_socket[0])
		return redisAsyncConnectUnix(url->unix_socket);
	if (!address)
		return redisAsyncConnect(url->host, url->port);
	if (address->ai_family == AF_INET6)
		uv_ip6_name((const struct sockaddr_in6 *)(const void *)address->ai_addr, text, sizeof(text));
	else
		uv_ip4_name((const struct sockaddr_in *)(const void *)address->ai_addr, text, sizeof(text));
	return redisAsyncConnect(text, url->port);
}

struct redisAsyncContext *dial(uv_loop_t *loop, const struct redis_url *url, const struct addrinfo *address,
			       char *ret_why, size_t why_bytes)
{
	struct redisAsyncContext *redis = start(url, address);

	if (!redis) {
		snprintf(ret_why, why_bytes, "out of memory");
		return NULL;
	}
	int failure = redis->err ? 0 : uv_adapter_attach(loop, redis);
	if (redis->err || failure) {
		snprintf(ret_why, why_bytes, "%s", redis->err ? redis->errstr : uv_strerror(failure));
		redisAsyncFree(redis);
		return NULL;
	}
	failure = url->unix_socket[0] ? 0 : keep_alive(redis->c.fd);
	if (failure)
		log_event(LEVEL_DEBUG, "redis.no_keepalive", log_text("why", uv_strerror(failure)));
	return redis;
}
