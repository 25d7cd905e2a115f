/* commands/findings.h - what `rowd check` finds: said at once, counted for the exit status. */
#ifndef COMMANDS_FINDINGS_H
#define COMMANDS_FINDINGS_H

#include "daemon/options.h"

#include <stdint.h>

enum finding_level {
	FINDING_FINE,
	FINDING_NOTE,        /* worth knowing */
	FINDING_WARNING,     /* works, but promises less */
	FINDING_WRONG,       /* would not work */
	FINDING_UNREACHABLE, /* a server did not answer */
	FINDING_LEVELS
};

struct findings {
	uint32_t count[FINDING_LEVELS];
};

/* where: "redis", "database", …; hint: what to do, or "". */
void finding_add(struct findings *findings, enum finding_level level, const char *where, const char *hint,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));

struct redisContext;
struct session;

/* Each tries one server with blocking calls. */
void check_redis(const struct options *options, struct findings *findings);
void check_database(const struct options *options, struct findings *findings);

/* Part of check_redis(): is this Redis one that keeps queues? */
void check_redis_settings(struct redisContext *redis, struct findings *findings);

/* Parts of check_database(): how the server is set, what the account cannot see, and whether rowd's own tables are what
 * they have to be. */
void check_database_settings(const struct options *options, struct session *session, struct findings *findings);
void check_hidden(struct session *session, struct findings *findings);
void check_own_tables(const struct options *options, struct session *session, struct findings *findings);

#endif
