/* tests/simulation/environment.c - what the code under test has of the world around it: the clocks, randomness, and a
 * log that goes into the trace. */
#include "common/clock.h"
#include "common/log.h"
#include "witness.h"
#include "world.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

uint64_t clock_monotonic_us(void)
{
	return world_now_us();
}

uint64_t clock_realtime_us(void)
{
	return 1700000000u * (uint64_t)SECOND + world_now_us();
}

ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
	(void)flags;
	draw_bytes(buffer, length);
	return (ssize_t)length;
}

void log_open(int descriptor, enum log_level level, enum log_format format)
{
	(void)descriptor, (void)level, (void)format;
}

bool log_enabled(enum log_level level)
{
	(void)level;
	return world_traces();
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields, size_t count)
{
	char line[512];
	int size = 0;

	(void)level;
	if (strcmp(event, "drain.timeout") == 0)
		witness_gave_up_drain();
	if (!world_traces())
		return;
	for (size_t i = 0; i < count && size < (int)sizeof(line) - 1; i++) {
		size_t room = sizeof(line) - (size_t)size;
		int rest =
			fields[i].type == LOG_FIELD_INT
				? snprintf(line + size, room, " %s=%lld", fields[i].key, (long long)fields[i].integer)
				: snprintf(line + size, room, " %s=%.*s", fields[i].key, BYTES_ARG(fields[i].text));
		size += rest < (int)room ? rest : (int)room - 1;
	}
	trace("  log %s%.*s", event, size, line);
}
