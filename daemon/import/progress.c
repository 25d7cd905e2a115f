/* import/progress.c - see progress.h. */
#include "daemon/import/progress.h"

#include "common/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { BAR_CELLS = 30, REDRAW_US = 100000 };

struct progress progress_start(const char *name, uint64_t total_bytes)
{
	return (struct progress){
		.name = name,
		.total_bytes = total_bytes,
		.started_us = clock_monotonic_us(),
		.terminal = isatty(STDERR_FILENO) == 1,
	};
}

double progress_seconds(const struct progress *progress)
{
	return (double)(clock_monotonic_us() - progress->started_us) / 1e6;
}

void progress_show(struct progress *progress, uint64_t bytes, uint64_t rows)
{
	char bar[BAR_CELLS + 1];
	uint64_t now = clock_monotonic_us();

	if (!progress->terminal || now - progress->drawn_us < REDRAW_US)
		return;
	progress->drawn_us = now;
	progress->drawn = true;
	if (progress->total_bytes == 0) {
		fprintf(stderr, "\r\033[K%s  %" PRIu64 " rows", progress->name, rows);
		return;
	}
	uint64_t done = bytes < progress->total_bytes ? bytes : progress->total_bytes;
	uint64_t cells = done * BAR_CELLS / progress->total_bytes;
	for (unsigned i = 0; i < BAR_CELLS; i++)
		bar[i] = i < cells ? '#' : '.';
	bar[BAR_CELLS] = '\0';
	fprintf(stderr, "\r\033[K%s  [%s] %3" PRIu64 " %%  %" PRIu64 " rows", progress->name, bar,
		done * 100 / progress->total_bytes, rows);
}

void progress_hide(struct progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
	progress->drawn_us = 0;
}
