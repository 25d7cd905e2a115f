/* tests/simulation/redis.h - a fake Redis: the commands that queue/ sends, and its real Lua scripts.
 *
 *   redis_keys.c      what it holds          redis_commands.c  what the commands do to it
 *   redis_script.c    the scripts, in Lua    redis_server.c    clients, blocking pops, outages
 *   stream.c          daemon/queue/stream.h over it */
#ifndef SIMULATION_REDIS_H
#define SIMULATION_REDIS_H

#include "redis_answer.h"
#include "redis_keys.h"

#include "common/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct client;

struct redis {
	struct redis_keys keys;
	bool full; /* at maxmemory: writes are refused, but for scripts that ask to be let through */
	bool down; /* nobody listens */
	uint64_t paused_until_us;
	bool known_scripts[32]; /* by enum script */
	bool in_script;
	struct client *clients; /* all that ever were */
	uint64_t last_client_id;
	struct redis_keys replica; /* what a failover falls back to */
	bool has_replica;
};

extern struct redis redis;

void redis_begin(void);
void redis_end(void);

/* redis_commands.c: one command. Blocking ones and those about clients are the server's. */
void redis_execute(const struct bytes *arguments, uint32_t count, struct redis_answer *answer);

/* redis_script.c: EVALSHA and EVAL. */
void redis_evaluate(const struct bytes *arguments, uint32_t count, struct redis_answer *answer);
/* Whether this is one of daemon/queue's scripts, for the trace; NULL: no. */
const char *redis_script_name(struct bytes sha1_or_text);
void redis_script_end(void);

/* --- clients (redis_server.c). What they send is executed when it arrives, what is answered arrives later. --- */

enum { CLIENT_WORDS_MOST = 1200 };

/* The connection as both ends see it. answered: with each answer in order, on its way to the client; the callee takes
 * what is in it. */
typedef void client_answered(void *context, struct redis_answer *answer);
struct client *client_open(client_answered *answered, void *context);
/* count: from 1 to CLIENT_WORDS_MOST. */
void client_execute(struct client *client, struct bytes *arguments, uint32_t count);
/* The server hears that it has gone: what blocks for it, does not any more. */
void client_gone(struct client *client);
bool client_is_gone(const struct client *client);
/* It is gone, and the server does not know. */
void client_abandon(struct client *client);

/* --- weather --- */

void redis_pause(uint64_t until_us);
void redis_flush_scripts(void);
/* What is written from now on, a failover forgets. */
void redis_detach_replica(void);
/* It is as good as the server itself again. */
void redis_forget_replica(void);
/* The connections are cut; it comes back after down_us, with what the replica has if one was detached. */
void redis_fail_over(uint64_t down_us);
/* A producer's LPUSH. */
void redis_push(struct bytes list, struct bytes element);

#endif
