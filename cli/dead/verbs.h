/* dead/verbs.h - what `rowctl dead` can do, one verb to a file. Each says on standard error what went wrong, and
 * returns the exit status: EXIT_NOT_OK when a letter is not there, or is left for a reason that was said. */
#ifndef CLI_DEAD_VERBS_H
#define CLI_DEAD_VERBS_H

#include "cli/dead/store.h"

int dead_list(struct store *store, const struct arguments *arguments);
int dead_show(struct store *store, const struct arguments *arguments);
int dead_retry(struct store *store, const struct arguments *arguments);
int dead_drop(struct store *store, const struct arguments *arguments);

#endif
