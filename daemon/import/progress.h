/* import/progress.h - a bar on standard error while a file is read; nothing when that is no terminal. */
#ifndef IMPORT_PROGRESS_H
#define IMPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *name;
	uint64_t total_bytes; /* 0: not known */
	uint64_t started_us, drawn_us;
	bool terminal, drawn;
};

struct progress progress_start(const char *name, uint64_t total_bytes);

/* Draws it anew, at most ten times a second. */
void progress_show(struct progress *progress, uint64_t bytes, uint64_t rows);

/* Takes it off the screen, before something else is printed there. It comes back at the next show. */
void progress_hide(struct progress *progress);

double progress_seconds(const struct progress *progress);

#endif
