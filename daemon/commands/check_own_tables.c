/* commands/check_own_tables.c - are rowd_slots, rowd_commits and rowd_ledger there, are they transactional, and may
 * this account use them? Asked with the statements that rowd sends, about no row. */
#include "daemon/commands/findings.h"

#include "daemon/database/own_tables.h"
#include "daemon/database/session.h"

#include <stdio.h>
#include <string.h>

static const char where[] = "database";

enum { SERVER_BAD_FIELD = 1054, SERVER_TABLE_DENIED = 1142, SERVER_COLUMN_DENIED = 1143 };

struct use {
	const char *verb, *sql;
};

struct own_table {
	const char *name;
	struct use uses[4];
};

#define SLOTS   "worker, slot, queues, connection_id, former_id, fenced, batch, sequences"
#define COMMITS "worker, slot, fenced, batch, sequences"
#define LEDGER  "queue, id, fingerprint, reply, at"

static const struct own_table own_tables[] = {
	{"rowd_slots",
	 {{"SELECT", "SELECT " SLOTS " FROM rowd_slots WHERE 1 = 0"},
	  {"INSERT", "INSERT INTO rowd_slots (" SLOTS ") SELECT " SLOTS " FROM rowd_slots WHERE 1 = 0"},
	  {"UPDATE", "UPDATE rowd_slots SET batch = 0, sequences = '' WHERE 1 = 0"},
	  {"DELETE", "DELETE FROM rowd_slots WHERE 1 = 0"}}},
	{"rowd_commits",
	 {{"SELECT", "SELECT " COMMITS " FROM rowd_commits WHERE 1 = 0"},
	  {"INSERT", "INSERT INTO rowd_commits (" COMMITS ") SELECT " COMMITS " FROM rowd_commits WHERE 1 = 0"},
	  {"UPDATE", "UPDATE rowd_commits SET sequences = '' WHERE 1 = 0"},
	  {"DELETE", "DELETE FROM rowd_commits WHERE 1 = 0"}}},
	{"rowd_ledger",
	 {{"SELECT", "SELECT " LEDGER " FROM rowd_ledger WHERE 1 = 0"},
	  {"INSERT", "INSERT INTO rowd_ledger (" LEDGER ") SELECT " LEDGER " FROM rowd_ledger WHERE 1 = 0"},
	  {"UPDATE", "UPDATE rowd_ledger SET reply = '' WHERE 1 = 0"},
	  {"DELETE", "DELETE FROM rowd_ledger WHERE 1 = 0"}}},
};

static bool somebody_needs_them(const struct options *options)
{
	for (uint32_t i = 0; i < options->queue_count; i++)
		if (options->queues[i].policy.exactly_once)
			return true;
	return false;
}

struct look {
	bool found, transactional;
};

static int take_engine(void *context, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	struct look *look = context;

	(void)count;
	look->found = true;
	look->transactional = values[0] && bytes_equal_text((struct bytes){values[0], lengths[0]}, "InnoDB");
	return 0;
}

static void tell_refusal(const struct own_table *table, const struct use *use, const struct sql_error *error,
			 enum finding_level level, struct findings *findings)
{
	if (error->number == SERVER_TABLE_DENIED || error->number == SERVER_COLUMN_DENIED)
		finding_add(findings, level, where, "see grants.sql for what rowd's account needs",
			    "the account may not %s %s", use->verb, table->name);
	else if (error->number == SERVER_BAD_FIELD)
		finding_add(findings, level, where,
			    "when no rowd works on this database, drop the table and run `rowd init`",
			    "%s is not as this version makes it: %s", table->name, error->message);
	else
		finding_add(findings, level, where, "", "%s %s: %s", use->verb, table->name, error->message);
}

/* Returns whether all is well with it. */
static bool check_uses(const struct own_table *table, struct session *session, enum finding_level level,
		       struct findings *findings)
{
	struct sql_error error;
	bool fine = true;

	for (size_t i = 0; i < sizeof(table->uses) / sizeof(*table->uses); i++) {
		const struct use *use = &table->uses[i];

		if (session_query(session, bytes_of(use->sql), NULL, NULL, NULL, &error) == 0)
			continue;
		tell_refusal(table, use, &error, level, findings);
		fine = false;
		if (error.class == SQL_ERROR_CONNECTION || error.class == SQL_ERROR_READ_ONLY)
			break; /* the others would say the same */
	}
	(void)session_query(session, BYTES("ROLLBACK"), NULL, NULL, NULL, &error);
	return fine;
}

/* On this one rests that nothing is committed by who was declared dead. */
static bool check_key(const struct own_table *table, struct session *session, enum finding_level level,
		      struct findings *findings)
{
	struct sql_error error;
	bool found;

	if (strcmp(table->name, "rowd_commits") != 0)
		return true;
	if (own_tables_look_for_key(session, &found, &error) != 0)
		finding_add(findings, level, where, "", "SHOW CREATE TABLE rowd_commits: %s", error.message);
	else if (!found)
		finding_add(findings, level, where,
			    "when no rowd works on this database, drop the table and run `rowd init`",
			    "rowd_commits has not its foreign key to rowd_slots");
	return found;
}

static bool check_one(const struct own_table *table, struct session *session, bool needed, struct findings *findings)
{
	enum finding_level level = needed ? FINDING_WRONG : FINDING_NOTE;
	struct look look = {0};
	struct sql_error error;
	char question[256];

	snprintf(question, sizeof(question),
		 "SELECT ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND "
		 "TABLE_NAME = '%s'",
		 table->name);
	if (session_query(session, bytes_of(question), take_engine, &look, NULL, &error) != 0) {
		finding_add(findings, level, where, "", "information_schema: %s", error.message);
		return false;
	}
	if (!look.found) {
		/* Not wrong: at its start rowd makes them. Whether the account may is hidden in its roles. */
		finding_add(findings, needed ? FINDING_WARNING : FINDING_NOTE, where,
			    "run `rowd init` with an account that may create tables",
			    "%s is not there: rowd makes it at its start, where its account may", table->name);
		return false;
	}
	if (!look.transactional) {
		finding_add(findings, level, where, "ALTER TABLE ... ENGINE = InnoDB",
			    "%s is not of InnoDB: exactly-once rests on that", table->name);
		return false;
	}
	return check_uses(table, session, level, findings) && check_key(table, session, level, findings);
}

void check_own_tables(const struct options *options, struct session *session, struct findings *findings)
{
	bool needed = somebody_needs_them(options);
	bool fine = true;

	for (size_t i = 0; i < sizeof(own_tables) / sizeof(*own_tables); i++)
		fine &= check_one(&own_tables[i], session, needed, findings);
	if (fine)
		finding_add(findings, FINDING_FINE, where, "", "rowd's own tables are there, and it may use them");
}
