/* engine/catalog_reader.h - reads the tables when somebody asks for it, at most once per second. */
#ifndef CATALOG_READER_H
#define CATALOG_READER_H

#include "daemon/options.h"
#include "daemon/plan/catalog.h"

#include <stdbool.h>
#include <uv.h>

struct catalog_reader_events {
	/* The tables were read; the callee takes a reference of its own. */
	void (*read)(void *context, struct catalog *catalog);
	/* A reading failed (it is wanted again), or the pause after one is over: catalog_reader_step() may have
	 * something to do. */
	void (*changed)(void *context);
	/* catalog_reader_close() has finished. */
	void (*closed)(void *context);
};

struct catalog_reader {
	uv_loop_t *loop;
	const struct database_options *options;
	struct catalog_reader_events events;
	void *context;
	uv_timer_t pause;
	bool wanted, reading;
	bool pausing; /* the last reading was less than a second ago */
	bool read_before;
	bool refused; /* the last reading was: the account or the database is gone, whatever open connections say */
	bool closing, timer_closed;
};

/* options outlives it. A first reading is wanted from the start. */
void catalog_reader_open(struct catalog_reader *reader, uv_loop_t *loop, const struct database_options *options,
			 const struct catalog_reader_events *events, void *context);

/* The tables may have changed. */
void catalog_reader_want(struct catalog_reader *reader);

/* Begins to read if that is wanted and its time has come. Only while the database is up. Returns whether it has begun.
 */
bool catalog_reader_step(struct catalog_reader *reader);

/* `closed` follows, after a reading that is under way: it is on a thread and cannot be cancelled. */
void catalog_reader_close(struct catalog_reader *reader);

#endif
