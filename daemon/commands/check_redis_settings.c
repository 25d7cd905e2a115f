/* commands/check_redis_settings.c - is this Redis one that keeps queues? No command is lost from when Redis holds it:
 * as far as Redis was told to keep what it holds. */
#include "daemon/commands/findings.h"

#include "cli/redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char where[] = "redis";

/* Copies the value of "name:value\r\n" out of INFO's answer; "" when it is not there. */
static void info_value(const char *info, const char *name, char *to, size_t to_bytes)
{
	char start[64];

	snprintf(start, sizeof(start), "\n%s:", name);
	const char *found = strstr(info, start);
	to[0] = '\0';
	if (found) {
		found += strlen(start);
		snprintf(to, to_bytes, "%.*s", (int)strcspn(found, "\r\n"), found);
	}
}

/* Copies a setting; "" when there is no such, or the account may not ask. */
static void setting_value(redisContext *redis, const char *name, char *to, size_t to_bytes)
{
	char problem[REDIS_PROBLEM_BYTES];
	redisReply *reply = redis_command(redis, 3, (const char *[]){"CONFIG", "GET", name}, NULL, problem);

	to[0] = '\0';
	if (!reply)
		return;
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[1]->type == REDIS_REPLY_STRING)
		snprintf(to, to_bytes, "%s", reply->element[1]->str);
	freeReplyObject(reply);
}

static void check_version(const char *info, struct findings *findings)
{
	char version[32], valkey[32];

	/* Valkey says the version of Redis that it stands in for under the old name. */
	info_value(info, "redis_version", version, sizeof(version));
	info_value(info, "valkey_version", valkey, sizeof(valkey));
	if (strtol(version, NULL, 10) < 7)
		finding_add(findings, FINDING_WRONG, where, "rowd needs Redis 7.0 or later, or Valkey", "version %s",
			    version);
	else
		finding_add(findings, FINDING_FINE, where, "", "%s %s", valkey[0] ? "Valkey" : "Redis",
			    valkey[0] ? valkey : version);
}

static void check_memory(const char *info, struct findings *findings)
{
	char policy[64], maximum[32];

	info_value(info, "maxmemory_policy", policy, sizeof(policy));
	info_value(info, "maxmemory", maximum, sizeof(maximum));
	if (policy[0] && strcmp(policy, "noeviction") != 0)
		finding_add(findings, FINDING_WARNING, where, "set maxmemory-policy noeviction",
			    "maxmemory-policy is %s: a full Redis would drop queues%s", policy,
			    strcmp(maximum, "0") == 0 ? " (there is no maxmemory now)" : "");
}

/* What a producer can count on when its LPUSH was answered. */
static void check_sync(redisContext *redis, struct findings *findings)
{
	char sync[16];

	setting_value(redis, "appendfsync", sync, sizeof(sync));
	if (strcmp(sync, "always") == 0)
		finding_add(findings, FINDING_FINE, where, "", "what was pushed is on the disk");
	else if (strcmp(sync, "everysec") == 0)
		finding_add(
			findings, FINDING_NOTE, where, "appendfsync always, when that is too much; it costs speed",
			"appendfsync is everysec: when the machine dies, what was pushed in the last two seconds may "
			"be gone; when only Redis dies, nothing is");
	else if (strcmp(sync, "no") == 0)
		finding_add(findings, FINDING_WARNING, where, "set appendfsync everysec, or always",
			    "appendfsync is no: when the machine dies, what was pushed in the last half minute may be "
			    "gone");
	else
		finding_add(findings, FINDING_NOTE, where, "allow +config|get to see it",
			    "appendfsync could not be asked for");
}

static void check_persistence(redisContext *redis, const char *info, struct findings *findings)
{
	char append_only[8], last_write[8];

	info_value(info, "aof_enabled", append_only, sizeof(append_only));
	info_value(info, "aof_last_write_status", last_write, sizeof(last_write));
	if (strcmp(append_only, "1") != 0) {
		finding_add(findings, FINDING_WARNING, where, "set appendonly yes",
			    "no append-only file: a restart of Redis loses what was pushed since its last snapshot");
		return;
	}
	if (strcmp(last_write, "err") == 0)
		finding_add(findings, FINDING_WRONG, where, "look at Redis' log, and at its disk",
			    "the append-only file cannot be written: Redis takes no commands");
	check_sync(redis, findings);
}

static void check_replication(redisContext *redis, const char *info, struct findings *findings)
{
	char role[16], replicas[16], wanted[16];

	info_value(info, "role", role, sizeof(role));
	info_value(info, "connected_slaves", replicas, sizeof(replicas));
	if (strcmp(role, "slave") == 0) {
		finding_add(findings, FINDING_WRONG, where, "name the primary in REDIS_URL",
			    "this Redis is a replica: nothing can be claimed from it");
		return;
	}
	if (strtol(replicas, NULL, 10) == 0)
		return;
	setting_value(redis, "min-replicas-to-write", wanted, sizeof(wanted));
	if (strcmp(wanted, "0") == 0)
		finding_add(findings, FINDING_NOTE, where, "set min-replicas-to-write 1 to lose less",
			    "%s replica%s, and min-replicas-to-write is 0: a failover may lose what was pushed to a "
			    "primary that was cut off",
			    replicas, strcmp(replicas, "1") == 0 ? "" : "s");
}

void check_redis_settings(struct redisContext *redis, struct findings *findings)
{
	char problem[REDIS_PROBLEM_BYTES];
	redisReply *reply = redis_command(redis, 1, (const char *[]){"INFO"}, NULL, problem);

	if (!reply) {
		finding_add(findings, FINDING_WARNING, where, "allow +info to see version and persistence", "INFO: %s",
			    problem);
		return;
	}
	check_version(reply->str, findings);
	check_memory(reply->str, findings);
	check_persistence(redis, reply->str, findings);
	check_replication(redis, reply->str, findings);
	freeReplyObject(reply);
}
