/* tests/simulation/shortage.h - the story, once for each allocation of rowd in it, which fails. */
#ifndef SIMULATION_SHORTAGE_H
#define SIMULATION_SHORTAGE_H

#include "world.h"

#include <stdint.h>

/* With the allocations first, first + stride and so on failing, on so many processes at a time, until the story has
 * fewer than that. Prints those with which a promise was broken, or the process died, and where they were. Returns the
 * exit status. */
int shortage_run_all(uint32_t first, uint32_t stride, uint32_t jobs);

/* With that one failing, and a trace of it. */
int shortage_run_one(uint32_t n, enum tracing tracing);

#endif
