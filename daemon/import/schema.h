/* import/schema.h - creates tables from files of SQL, and drops them first when told to. */
#ifndef IMPORT_SCHEMA_H
#define IMPORT_SCHEMA_H

#include "common/bytes.h"
#include "daemon/database/session.h"

#include <stdio.h>

/* A file of SQL in memory. */
struct schema_file {
	const char *path;
	struct bytes text;
	char *memory;
};

/* Functions that say what went wrong, on standard error, return 0 or a negative errno: -EIO when the server refused or
 * left, -EINVAL when the file is not what it should be. */

int schema_read(const char *path, struct schema_file *ret_file);
void schema_free(struct schema_file *file); /* legal on a zeroed one */

/* rowd's own tables, as compiled in. */
struct schema_file schema_of_rowd(void);

/* Runs its statements, one after the other, and stops at the first that fails. */
int schema_create(struct session *session, const struct schema_file *file);

/* Prints the names of the tables that the files create, those of rowd left out. Returns how many. */
size_t schema_list_tables(const struct schema_file *files, size_t count, FILE *to);

/* Drops them, the last one first: so that what refers to a table goes before it. */
int schema_drop(struct session *session, const struct schema_file *files, size_t count);

#endif
