/* commands/check_database_settings.c - what the promises rest on in the server itself.
 *
 * Not here: what every session sets for itself (database/session.c), whatever the server's own defaults, and
 * innodb_rollback_on_timeout, since a lock that is not granted ends in a ROLLBACK anyway. */
#include "daemon/commands/findings.h"

#include "common/command.h"
#include "daemon/database/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char where[] = "database";

/* Beside the pool: one each for reading the tables, for rowd's own rows, and for ending what takes too long. */
enum { CONNECTIONS_BESIDE_THE_POOL = 3 };

struct settings {
	char flush_at_commit[16], binary_log[16], sync_binary_log[16], read_only[32], engine_read_only[16];
	uint64_t connections, account_connections; /* account_connections 0: no limit of the account's own */
};

struct setting {
	const char *name;
	size_t offset, size;
};

#define PLACE(member) offsetof(struct settings, member), sizeof(((struct settings *)0)->member)

static const struct setting texts[] = {
	{"innodb_flush_log_at_trx_commit", PLACE(flush_at_commit)},
	{"log_bin", PLACE(binary_log)},
	{"sync_binlog", PLACE(sync_binary_log)},
	{"read_only", PLACE(read_only)},
	{"innodb_read_only", PLACE(engine_read_only)},
};

static int take_setting(void *context, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	struct settings *settings = context;

	(void)lengths;
	(void)count;
	if (!values[0] || !values[1])
		return 0;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcasecmp(values[0], texts[i].name) == 0)
			snprintf((char *)settings + texts[i].offset, texts[i].size, "%s", values[1]);
	if (strcasecmp(values[0], "max_connections") == 0)
		settings->connections = strtoull(values[1], NULL, 10);
	if (strcasecmp(values[0], "max_user_connections") == 0)
		settings->account_connections = strtoull(values[1], NULL, 10);
	return 0;
}

/* What is committed has to be on the disk before it is answered: else it is done, told, acknowledged, and gone. */
static void check_disk(const struct settings *settings, struct findings *findings)
{
	bool binary_log = strcasecmp(settings->binary_log, "ON") == 0;
	bool fine = true;

	if (strcmp(settings->flush_at_commit, "1") != 0) {
		fine = false;
		finding_add(findings, FINDING_WARNING, where, "set innodb_flush_log_at_trx_commit = 1",
			    "innodb_flush_log_at_trx_commit is %s: when the %s dies, commands of the last second may "
			    "be gone although they were answered",
			    settings->flush_at_commit,
			    strcmp(settings->flush_at_commit, "0") == 0 ? "server" : "machine");
	}
	if (binary_log && strcmp(settings->sync_binary_log, "1") != 0) {
		fine = false;
		finding_add(
			findings, FINDING_WARNING, where, "set sync_binlog = 1",
			"sync_binlog is %s: when the machine dies, replicas and the server itself may differ in what "
			"was answered",
			settings->sync_binary_log);
	}
	if (fine)
		finding_add(findings, FINDING_FINE, where, "", "what is committed is on the disk");
}

static bool is_on(const char *value)
{
	return value[0] != '\0' && strcasecmp(value, "OFF") != 0 && strcmp(value, "0") != 0;
}

static bool somebody_writes(const struct options *options)
{
	for (uint32_t i = 0; i < options->queue_count; i++) {
		const struct policy *policy = &options->queues[i].policy;

		for (int op = OP_NONE + 1; op < OP_COUNT_OF_OPS; op++)
			if ((policy->ops & (1u << op)) && op_writes((enum op)op))
				return true;
	}
	return false;
}

static void check_read_only(const struct options *options, const struct settings *settings, struct findings *findings)
{
	const char *name = is_on(settings->engine_read_only) ? "innodb_read_only" : "read_only";

	if (!is_on(settings->read_only) && !is_on(settings->engine_read_only))
		return;
	if (somebody_writes(options))
		finding_add(findings, FINDING_WRONG, where, "name the primary in DATABASE_URL",
			    "the server is %s: commands that write will wait until it is not", name);
	else
		finding_add(findings, FINDING_NOTE, where, "", "the server is %s", name);
}

static void check_connections(const struct options *options, const struct settings *settings, struct findings *findings)
{
	uint64_t wanted = (uint64_t)options->database.connections + CONNECTIONS_BESIDE_THE_POOL;
	bool of_account = settings->account_connections > 0 && settings->account_connections < settings->connections;
	uint64_t most = of_account ? settings->account_connections : settings->connections;

	if (wanted > most)
		finding_add(findings, FINDING_WARNING, where, "raise the limit, or lower [database] connections",
			    "%s is %llu, and rowd may want %u connections and %d beside them",
			    of_account ? "max_user_connections" : "max_connections", (unsigned long long)most,
			    options->database.connections, CONNECTIONS_BESIDE_THE_POOL);
}

void check_database_settings(const struct options *options, struct session *session, struct findings *findings)
{
	struct settings settings = {.connections = UINT64_MAX};
	struct sql_error error;

	if (session_query(session,
			  BYTES("SHOW VARIABLES WHERE Variable_name IN ('innodb_flush_log_at_trx_commit', 'log_bin', "
				"'sync_binlog', 'read_only', 'innodb_read_only', 'max_connections', "
				"'max_user_connections')"),
			  take_setting, &settings, NULL, &error) != 0) {
		finding_add(findings, FINDING_WARNING, where, "", "SHOW VARIABLES: %s", error.message);
		return;
	}
	check_disk(&settings, findings);
	check_read_only(options, &settings, findings);
	check_connections(options, &settings, findings);
}
