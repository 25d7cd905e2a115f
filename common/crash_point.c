/* common/crash_point.c - see crash_point.h. Compiled only with -DROWD_CRASH_POINTS=ON. */
#include "common/crash_point.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CRASH_STATUS = 137 }; /* as a shell tells of SIGKILL */

/* The bounds of the section, made by the linker. */
extern const char *const __start_crash_points[];
extern const char *const __stop_crash_points[];

static unsigned long hits; /* of the label that ROWD_CRASH names */
static bool due;           /* at the next flush */

/* Whether it is this label's turn to die. */
static bool is_turn(const char *label)
{
	const char *wanted = getenv("ROWD_CRASH");
	size_t size = strlen(label);

	if (!wanted || strncmp(wanted, label, size) != 0 || wanted[size] != ':')
		return false;
	return ++hits == strtoul(wanted + size + 1, NULL, 10);
}

void crash_point_hit(const char *label)
{
	if (is_turn(label))
		_exit(CRASH_STATUS);
}

void crash_point_sent(const char *label)
{
	due = due || is_turn(label);
}

void crash_point_flushed(void)
{
	if (due)
		_exit(CRASH_STATUS);
}

bool crash_points_asked(const char *word)
{
	if (strcmp(word, "--crash-points") != 0)
		return false;
	for (const char *const *label = __start_crash_points; label < __stop_crash_points; label++)
		puts(*label);
	return true;
}
