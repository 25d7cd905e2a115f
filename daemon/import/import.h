/* import/import.h - loads a CSV file into a table. */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include "daemon/database/session.h"
#include "daemon/plan/catalog.h"

#include <stdbool.h>
#include <stdint.h>

struct import {
	const char *table;
	const char *path;
	bool empty_is_text; /* an empty field is '' and not NULL */
};

struct import_counts {
	uint64_t loaded, rejected; /* rows */
};

/* Reads the file and inserts its rows, many per statement and a bounded number per transaction. A row that cannot be
 * stored is told on standard error with its line and the reason, and counted; all others are loaded. What a value may
 * be is decided as for commands. Draws the progress on a terminal.
 *
 * Returns 0; -ENOENT when the file cannot be opened; -EINVAL when nothing was loaded because the file's header or the
 * table is not what it should be; -EIO when the server left, the counts being what is committed; -ENOMEM. All but 0
 * have been said on standard error. */
int import_file(struct session *session, const struct catalog *catalog, const struct import *import,
		struct import_counts *ret_counts);

#endif
