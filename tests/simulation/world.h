/* tests/simulation/world.h - time, chance, what is going to happen, and what has happened.
 *
 * One simulated world per process: the fakes of the clock, of libuv and of the servers all stand in it, and none of
 * them could be handed a context through the code under test. Everything follows from the seed. */
#ifndef SIMULATION_WORLD_H
#define SIMULATION_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { MS = 1000, SECOND = 1000000 }; /* in the world's microseconds */

/* What is told of a world in which a promise was broken: nothing; the lines that have to do with it; or all. */
enum tracing { TRACE_NONE, TRACE_BRIEF, TRACE_WHOLE };

/* Empties the world. */
void world_begin(uint64_t seed, enum tracing tracing);
void world_end(void);

uint64_t world_now_us(void);
uint64_t world_seed(void);

/* --- chance --- */

uint64_t draw(uint64_t bound);                      /* from 0 to bound - 1 */
uint64_t draw_between(uint64_t low, uint64_t high); /* both included */
bool one_in(uint64_t n);
void draw_bytes(void *to, size_t size);

/* --- what is going to happen --- */

typedef void happening(void *context, uint64_t argument);

/* At time_us, or now when that is over; what is due at the same time happens in the order of these calls. */
void world_at(uint64_t time_us, happening *happens, void *context, uint64_t argument);
void world_in(uint64_t delay_us, happening *happens, void *context, uint64_t argument);

/* The next happening. False when there is none. */
bool world_step(void);

/* Nothing happens until then: the time goes on. */
void world_wait_until(uint64_t time_us);

/* When the next happening is due; UINT64_MAX: never. */
uint64_t world_next_us(void);

/* --- what has happened --- */

bool world_traces(void);
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The trace so far, oldest first. about: only lines that mention it, and those of the weather ("~"); NULL: all. */
void world_tell(FILE *to, const char *about);

/* A promise was broken. about: the mark of what it is about in the trace ("#17"), or NULL. Does not return. */
_Noreturn void violated(const char *about, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- memory of the fakes, which never runs out, whatever allocations.h makes the code under test believe --- */

void *must_alloc(size_t size); /* zeroed */
void *must_grow(void *old, size_t size);
void must_free(void *memory);

/* Kept until world_end(): for what is referred to from all sides. */
void *world_alloc(size_t size);

#endif
