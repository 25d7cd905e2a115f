/* engine/engine_state.h - what the files of the engine share. Private to them. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include "daemon/database/pool.h"
#include "daemon/engine/batch_runs.h"
#include "daemon/engine/bookkeeper.h"
#include "daemon/engine/catalog_notes.h"
#include "daemon/engine/catalog_reader.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/held_claims.h"
#include "daemon/plan/planner.h"
#include "daemon/queue/worker.h"

#include <stdbool.h>
#include <uv.h>

enum engine_state { ENGINE_STARTING, ENGINE_RUNNING, ENGINE_DRAINING, ENGINE_DRAINED, ENGINE_CLOSING };

struct engine {
	uv_loop_t *loop;
	const struct options *options;
	struct engine_events events;
	void *context;
	enum engine_state state;

	struct worker *worker;
	struct planner *planner;
	struct pool *pool;
	struct held_claims claims;
	struct batch_runs runs;
	struct bookkeeper bookkeeper;
	struct catalog_reader catalog_reader;
	struct catalog_notes catalog_notes;

	uv_prepare_t prepare; /* the pump turns after timers … */
	uv_check_t check;     /* … and after I/O */
	uv_timer_t retry_timer;
	uv_timer_t drain_timer;
	int handles_open;

	bool dirty;          /* something happened: the pump has to look */
	uint64_t claimed_us; /* when this turn's claims came; 0: none did */
	bool redis_ready;
	bool database_up;
	bool catalog_known;
	bool worker_open, pool_open, catalog_reader_open, bookkeeper_open; /* what engine_close() still waits for */
	bool drain_over;                                                   /* the drain timer struck */
};

/* engine_drain.c: with each turn of the pump while DRAINING; ends it when all is settled. */
void engine_drain_step(struct engine *engine);

/* engine_close.c */

/* Frees what makes nothing but memory; the rest was never opened, or is closed. */
void engine_free(struct engine *engine);
/* Events of the parts. */
void engine_worker_closed(void *context);
void engine_pool_closed(void *context);
void engine_bookkeeper_closed(void *context);
void engine_catalog_reader_closed(void *context);

#endif
