/* engine/catalog_notes.h - tells the operator what the tables cannot keep of what rowd promises. */
#ifndef CATALOG_NOTES_H
#define CATALOG_NOTES_H

#include "daemon/options.h"
#include "daemon/plan/catalog.h"

enum { CATALOG_NOTES_BYTES = 1024 };

/* Starts out zeroed. */
struct catalog_notes {
	char told[CATALOG_NOTES_BYTES]; /* the names that were logged last; cut when there are many */
};

/* Logs the tables that some queue may use and that are not transactional, when they are others than the last time. */
void catalog_notes_tell(struct catalog_notes *notes, const struct options *options, const struct catalog *catalog);

#endif
