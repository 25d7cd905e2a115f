/* tests/simulation/simulate.h - one seed from its beginning to its end, or the story. */
#ifndef SIMULATION_SIMULATE_H
#define SIMULATION_SIMULATE_H

#include "world.h"

#include <stdint.h>

/* Return when all promises were kept; else they end the process: see violated(). With TRACE_WHOLE the trace goes to
 * standard output in any case. */
void simulate(uint64_t seed, enum tracing tracing);
void simulate_story(enum tracing tracing);

/* --- for the story --- */

/* Lets happen what does until then. */
void simulate_until(uint64_t time_us);
/* Until every command has its end and nothing is held anywhere, which must not take for ever. */
void simulate_rest(void);

#endif
