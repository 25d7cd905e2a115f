/* commands/check_database.c - does the database answer, and which tables would commands see? */
#include "daemon/commands/findings.h"

#include "common/nearest.h"
#include "daemon/database/introspection.h"
#include "daemon/database/session.h"

#include <stdio.h>

static const char where[] = "database";

static void check_table(const struct table *table, struct findings *findings)
{
	if (table->is_view)
		return;
	if (!table->primary_key)
		finding_add(findings, FINDING_NOTE, where, "",
			    "the table %.*s has no primary key: commands cannot use `pk` on it",
			    BYTES_ARG(table->name));
	if (!table->transactional)
		finding_add(findings, FINDING_WARNING, where, "ALTER TABLE ... ENGINE = InnoDB",
			    "the table %.*s (%.*s) is not transactional: delivery is at-least-once there, and a failed "
			    "command may leave half of its rows",
			    BYTES_ARG(table->name), BYTES_ARG(table->engine));
}

static uint32_t count_visible(const struct policy *policy, const struct catalog *catalog)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < catalog_table_count(catalog); i++)
		count += policy_allows_table(policy, catalog_table_at(catalog, i)->name);
	return count;
}

/* A pattern that matches nothing is most likely a slip. */
static void check_pattern(const struct queue_options *queue, const struct bytes *pattern, const struct catalog *catalog,
			  struct findings *findings)
{
	struct policy alone = queue->policy;
	struct nearest nearest = nearest_start(*pattern);
	char hint[256] = "";

	alone.tables = pattern;
	alone.table_count = 1;
	if (count_visible(&alone, catalog) > 0)
		return;
	for (uint32_t i = 0; i < catalog_table_count(catalog); i++)
		nearest_offer(&nearest, catalog_table_at(catalog, i)->name);
	if (nearest.best.size > 0)
		snprintf(hint, sizeof(hint), "did you mean %.*s?", BYTES_ARG(nearest.best));
	finding_add(findings, FINDING_WARNING, where, hint, "the queue %s may use %.*s, but there is no such table",
		    queue->key, BYTES_ARG(*pattern));
}

static void check_queue(const struct queue_options *queue, const struct catalog *catalog, struct findings *findings)
{
	uint32_t visible = count_visible(&queue->policy, catalog);

	for (uint32_t i = 0; i < queue->policy.table_count; i++)
		check_pattern(queue, &queue->policy.tables[i], catalog, findings);
	if (visible == 0)
		finding_add(findings, FINDING_WARNING, where, "look at the grants, and at `tables` of the queue",
			    "commands of the queue %s see no table", queue->key);
	else
		finding_add(findings, FINDING_FINE, where, "", "commands of the queue %s see %u table%s", queue->key,
			    visible, visible == 1 ? "" : "s");
}

static void check_catalog(const struct options *options, struct session *session, struct findings *findings)
{
	struct catalog *catalog = NULL;
	struct sql_error error;

	if (introspection_read(session, &catalog, &error) < 0) {
		finding_add(findings, FINDING_WRONG, where, "", "information_schema: %s", error.message);
		return;
	}
	for (uint32_t i = 0; i < options->queue_count; i++)
		check_queue(&options->queues[i], catalog, findings);
	for (uint32_t i = 0; i < catalog_table_count(catalog); i++)
		check_table(catalog_table_at(catalog, i), findings);
	catalog_unref(catalog);
}

void check_database(const struct options *options, struct findings *findings)
{
	struct session *session = NULL;
	struct sql_error error;
	char url[512];

	url_mask(options->database.url_text, url, sizeof(url));
	if (session_library_open() < 0) {
		finding_add(findings, FINDING_UNREACHABLE, where, "", "the client library cannot start");
		return;
	}
	/* Opening a session also sets its character set and SQL mode: what fails then is told in the same way. */
	if (session_open(&options->database, false, &session, &error) < 0) {
		bool refused = error.class == SQL_ERROR_ACCESS;
		finding_add(findings, refused ? FINDING_WRONG : FINDING_UNREACHABLE, where,
			    refused ? "look at the account, its password and its grants"
				    : "is it running, and is DATABASE_URL right?",
			    "%s: %s (%u)", url, error.message, error.number);
	} else {
		finding_add(findings, FINDING_FINE, where, "", "%s %s",
			    session_server(session)->kind == SERVER_MARIADB ? "MariaDB" : "MySQL",
			    session_server(session)->version_text);
		check_database_settings(options, session, findings);
		check_hidden(session, findings);
		check_own_tables(options, session, findings);
		check_catalog(options, session, findings);
		session_close(session);
	}
	session_library_close();
}
