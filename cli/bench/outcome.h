/* cli/bench/outcome.h - tells what a drive has measured. */
#ifndef CLI_OUTCOME_H
#define CLI_OUTCOME_H

#include "cli/bench/drive.h"

/* Prints a table for people or JSON for programs, and on standard error why the figures say little, if so: most of the
 * rows were not there. No rate and no latency where nothing was done.
 *
 * Returns the exit status: EXIT_NOT_OK when all replies have an error, else 0. */
int outcome_print(const struct drive_result *result, const struct load *load, bool json);

#endif
