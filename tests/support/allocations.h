/* tests/support/allocations.h - makes the n-th allocation fail.
 *
 * A program linked with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc and allocations.c (in CMake:
 * rowd_unit_allocations(NAME)) tries a piece of work again and again, with each of its allocations failing once:
 *
 *   for (uint32_t n = 1;; n++) {
 *           allocations_fail_at(n);
 *           int status = work();
 *           if (!allocations_end())
 *                   break; // the work has fewer than n allocations: it went through
 *           assert_int_equal(status, -ENOMEM);
 *   }
 *
 * Only calls in our own objects are caught, not those within shared libraries. Leaks are for AddressSanitizer to find.
 *
 * An arena asks for memory once for many pieces. With rowd_unit_pieces(NAME) each piece counts as an allocation, and
 * any of them can fail.
 *
 * Where the work calls back into the test, the test says when its own allocations are not to be counted. */
#ifndef TESTS_SUPPORT_ALLOCATIONS_H
#define TESTS_SUPPORT_ALLOCATIONS_H

#include <stdbool.h>
#include <stdint.h>

/* From now on the n-th allocation (1: the next one) fails, and only that one. */
void allocations_fail_at(uint32_t n);

/* The same, with the pieces of arenas not counted. */
void allocations_fail_at_memory(uint32_t n);

/* Counts one piece, for arena_pieces.c; true: it is the one to fail. */
bool allocations_piece_is_to_fail(void);

/* No allocation fails any more. True when one did since allocations_fail_at(). */
bool allocations_end(void);

/* Between the two nothing is counted, and nothing fails. */
void allocations_pause(void);
void allocations_resume(void);

enum { ALLOCATION_FRAMES = 16 };

/* Who called whom, when an allocation was refused: return addresses, the innermost first. */
struct allocation_site {
	int count;
	void *frames[ALLOCATION_FRAMES];
};

/* Filled in from now on, whenever one is refused; may be in memory that processes share. NULL: nothing is. */
void allocations_note_site(struct allocation_site *site);

#endif
