/* common/crash_point.h - places where a test lets the process die. Nothing in a build without -DROWD_CRASH_POINTS=ON.
 *
 * With it, ROWD_CRASH=LABEL:N in the environment ends the process, with 137 and without another instruction, when it
 * comes to that label for the N-th time. `rowd --crash-points` lists the labels; tests/faults crashes at each of them.
 * A label is ROOM.MOMENT in small letters and underscores, and stands in one place only. */
#ifndef COMMON_CRASH_POINT_H
#define COMMON_CRASH_POINT_H

#include <stdbool.h>

#ifdef ROWD_CRASH_POINTS

/* Here and now. */
#define CRASH_POINT(label)                                                                                             \
	do {                                                                                                           \
		CRASH_POINT_LIST(label)                                                                                \
		crash_point_hit(label);                                                                                \
	} while (0)

/* When what was written to Redis up to here has left the process: at the next CRASH_POINT_FLUSHED(). */
#define CRASH_POINT_SENT(label)                                                                                        \
	do {                                                                                                           \
		CRASH_POINT_LIST(label)                                                                                \
		crash_point_sent(label);                                                                               \
	} while (0)

#define CRASH_POINT_FLUSHED() crash_point_flushed()

/* The linker collects them, so that nobody has to keep a list. */
#define CRASH_POINT_LIST(label)                                                                                        \
	__attribute__((section("crash_points"), used)) static const char *const listed_label = label;

void crash_point_hit(const char *label);
void crash_point_sent(const char *label);
void crash_point_flushed(void);

/* Prints the labels when the word asks for that, and returns true then. */
bool crash_points_asked(const char *word);

#else

#define CRASH_POINT(label)      ((void)0)
#define CRASH_POINT_SENT(label) ((void)0)
#define CRASH_POINT_FLUSHED()   ((void)0)

static inline bool crash_points_asked(const char *word)
{
	(void)word;
	return false;
}

#endif
#endif
