/* dead/take.h - takes letters off their list, those that were named or all that are there. */
#ifndef CLI_DEAD_TAKE_H
#define CLI_DEAD_TAKE_H

#include "cli/dead/store.h"

#include <stdbool.h>
#include <stdint.h>

struct finds;

struct take {
	struct store *store;
	/* Asked before anything is taken, with what was found, or NULL and how many there are in all; false: nothing
	 * is. NULL: nobody is asked. */
	bool (*confirm)(const struct finds *finds, int64_t total);
	bool push;      /* onto the queue, anew; foreign elements are left then */
	bool run_again; /* with push: also what has been run already */
	uint64_t taken;
	uint64_t vanished;          /* gone when their turn came */
	uint64_t foreign, been_run; /* left */
};

/* Takes the letters that the words name, the oldest first, and prints a line for each. Returns 0, or an exit status
 * after it has been said; what was taken until then is counted. */
int take_named(struct take *take, char **words, const char *done_word);

/* Takes all that are there now, the oldest first, and none that comes meanwhile. */
int take_all(struct take *take);

/* Says on standard error what was left, and why. Returns EXIT_NOT_OK when something was, else 0. */
int take_tell_left(const struct take *take);

#endif
