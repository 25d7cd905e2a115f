/* commands/check_hidden.c - what the account cannot see, and what is planned wrongly for that.
 *
 * MySQL shows triggers only to who has the TRIGGER privilege (MySQL 8.4 Reference Manual, "The INFORMATION_SCHEMA
 * TRIGGERS Table"); MariaDB shows them to all who may use the table. */
#include "daemon/commands/findings.h"

#include "daemon/database/session.h"

#include <stdio.h>
#include <string.h>

static const char where[] = "database";

struct grants {
	char database[256]; /* "`shop`.*" */
	bool triggers;
	bool unclear; /* a role, or rights on single tables */
};

static bool contains(struct bytes text, const char *word)
{
	return memmem(text.data, text.size, word, strlen(word)) != NULL;
}

/* "GRANT SELECT, TRIGGER ON `shop`.* TO …", or "GRANT `reader`@`%` TO …". A name may have wildcards. */
static int take_grant(void *context, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	struct grants *grants = context;
	struct bytes text = {values[0], values[0] ? lengths[0] : 0};
	const char *on = text.data ? memmem(text.data, text.size, " ON ", 4) : NULL;

	(void)count;
	if (!bytes_starts(text, BYTES("GRANT ")))
		return 0;
	struct bytes rights = {text.data, on ? (size_t)(on - text.data) : 0};
	bool has_it = contains(rights, "TRIGGER") || contains(rights, "ALL PRIVILEGES");
	if (!on)
		grants->unclear = true;
	else if (has_it &&
		 (strncmp(on, " ON *.* ", 8) == 0 || strncmp(on + 4, grants->database, strlen(grants->database)) == 0))
		grants->triggers = true;
	else
		grants->unclear |= has_it;
	return 0;
}

static int take_database(void *context, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	struct grants *grants = context;

	(void)lengths;
	(void)count;
	snprintf(grants->database, sizeof(grants->database), "`%s`.*", values[0] ? values[0] : "");
	return 0;
}

void check_hidden(struct session *session, struct findings *findings)
{
	struct grants grants = {0};
	struct sql_error error;

	if (session_server(session)->kind == SERVER_MARIADB)
		return;
	if (session_query(session, BYTES("SELECT DATABASE()"), take_database, &grants, NULL, &error) != 0 ||
	    session_query(session, BYTES("SHOW GRANTS"), take_grant, &grants, NULL, &error) != 0) {
		finding_add(findings, FINDING_WARNING, where, "", "SHOW GRANTS: %s", error.message);
		return;
	}
	if (!grants.triggers)
		finding_add(findings, grants.unclear ? FINDING_NOTE : FINDING_WARNING, where,
			    "where tables have triggers: GRANT TRIGGER on them, see grants.sql",
			    "the account has no TRIGGER privilege%s: MySQL hides triggers from it, and rowd does not "
			    "keep the order of what they write to other tables",
			    grants.unclear ? ", as far as its roles and single tables do not say otherwise" : "");
}
