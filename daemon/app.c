/* app.c
 *
 *   start --> engine STARTING --ready--> RUNNING --SIGTERM, SIGINT--> draining --drained--> closing --> loop ends
 *                                           |                            |
 *                                        SIGHUP: tables again        a second signal: exit now */
#include "daemon/app.h"

#include "common/log.h"
#include "daemon/database/session.h"
#include "daemon/engine/engine.h"
#include "daemon/ops/loop_watch.h"
#include "daemon/ops/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <uv.h>

/* A thread that connects or reads the tables cannot be cancelled; when it waits for a frozen server, nobody waits for
 * it any longer than this. */
enum { STATUS_INTERVAL_MS = 2000, DRAIN_GRACE_MS = 15000, CLOSE_LIMIT_MS = 5000 };

enum { MAPPED_BYTES = 1 << 20, TRIM_BYTES = 16 << 20 };

struct app {
	uv_loop_t loop;
	struct loop_watch watch;
	const struct options *options;
	struct engine *engine; /* NULL once closed */
	uv_signal_t terminate, interrupt, hangup;
	uv_timer_t status_timer, watchdog_timer, close_timer;
	uint64_t answered; /* at the last status */
	bool ready, stopping, abandoned;
	int status; /* of the process */
};

static void on_status_timer(uv_timer_t *timer)
{
	struct app *app = timer->data;
	struct engine_counts counts = engine_counts(app->engine);
	uint64_t answered = counts.answered_ok + counts.answered_error;
	uint64_t per_second = (answered - app->answered) * 1000 / STATUS_INTERVAL_MS;

	app->answered = answered;
	(void)log_tell_dropped();
	if (!counts.redis_up || !counts.database_up)
		notify_status("waiting for %s", counts.redis_up ? "the database" : "Redis");
	else
		notify_status("%s, %" PRIu64 " commands/s, %" PRIu32 " in flight",
			      counts.owner ? "claiming" : "standing by", per_second, counts.in_flight);
}

/* It is the loop itself that says it is alive: when it hangs, nobody does. */
static void on_watchdog_timer(uv_timer_t *timer)
{
	(void)timer;
	notify_alive();
}

static void close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void app_close_handles(struct app *app)
{
	close_handle((uv_handle_t *)&app->terminate);
	close_handle((uv_handle_t *)&app->interrupt);
	close_handle((uv_handle_t *)&app->hangup);
	close_handle((uv_handle_t *)&app->status_timer);
	close_handle((uv_handle_t *)&app->watchdog_timer);
	close_handle((uv_handle_t *)&app->close_timer);
}

static void on_ready(void *context)
{
	struct app *app = context;

	app->ready = true;
	log_event(LEVEL_INFO, "rowd.ready", log_int("queues", app->options->queue_count));
	notify_ready();
}

static void on_refused(void *context, const char *reason)
{
	struct app *app = context;

	log_event(LEVEL_ERROR, "rowd.failed", log_text("reason", reason),
		  log_text("hint", "commands are to be delivered exactly once: rowd has to be able to write its tables "
				   "rowd_slots, rowd_commits and rowd_ledger (rowd check says what is missing)"));
	app->status = EX_CONFIG;
	uv_stop(&app->loop);
}

static void on_close_timer(uv_timer_t *timer)
{
	struct app *app = timer->data;

	log_event(LEVEL_WARNING, "rowd.abandoned", log_text("what", "a thread that waits for the database"));
	app->abandoned = true;
	uv_stop(&app->loop);
}

static void on_drained(void *context)
{
	struct app *app = context;

	engine_close(app->engine);
	(void)uv_timer_start(&app->close_timer, on_close_timer, CLOSE_LIMIT_MS, 0);
	(void)uv_timer_stop(&app->status_timer);
}

static void on_closed(void *context)
{
	struct app *app = context;

	app->engine = NULL;
	app_close_handles(app);
}

static void on_stop_signal(uv_signal_t *handle, int number)
{
	struct app *app = handle->data;

	if (app->stopping) {
		log_event(LEVEL_WARNING, "rowd.killed", log_int("signal", number));
		app->status = EX_TEMPFAIL;
		uv_stop(&app->loop);
		return;
	}
	app->stopping = true;
	log_event(LEVEL_INFO, "rowd.stopping", log_int("signal", number));
	notify_stopping((app->options->delivery.drain_timeout_ms + UINT64_C(1) * DRAIN_GRACE_MS) * 1000);
	engine_drain(app->engine);
}

static void on_hangup(uv_signal_t *handle, int number)
{
	struct app *app = handle->data;

	(void)number;
	notify_reloading();
	log_event(LEVEL_INFO, "rowd.reloading", log_text("what", "tables"));
	engine_reload_catalog(app->engine);
	if (app->ready)
		notify_ready();
}

static int app_start_signal(struct app *app, uv_signal_t *handle, uv_signal_cb callback, int number)
{
	int rc = uv_signal_init(&app->loop, handle);

	handle->data = app;
	return rc < 0 ? rc : uv_signal_start(handle, callback, number);
}

static int app_start_handles(struct app *app)
{
	uint64_t watchdog_ms = notify_watchdog_ms();
	int rc;

	(void)uv_timer_init(&app->loop, &app->status_timer);
	(void)uv_timer_init(&app->loop, &app->watchdog_timer);
	(void)uv_timer_init(&app->loop, &app->close_timer);
	app->status_timer.data = app->watchdog_timer.data = app->close_timer.data = app;
	(void)uv_timer_start(&app->status_timer, on_status_timer, STATUS_INTERVAL_MS, STATUS_INTERVAL_MS);
	if (watchdog_ms)
		(void)uv_timer_start(&app->watchdog_timer, on_watchdog_timer, watchdog_ms, watchdog_ms);
	rc = app_start_signal(app, &app->terminate, on_stop_signal, SIGTERM);
	if (rc == 0)
		rc = app_start_signal(app, &app->interrupt, on_stop_signal, SIGINT);
	if (rc == 0)
		rc = app_start_signal(app, &app->hangup, on_hangup, SIGHUP);
	return rc;
}

static int app_start(struct app *app)
{
	static const struct engine_events events = {
		.ready = on_ready, .refused = on_refused, .drained = on_drained, .closed = on_closed};
	/* The signals first: whoever stops a process that has just begun to start sees it end in good order. */
	int rc = app_start_handles(app);

	loop_watch_open(&app->watch, &app->loop);
	log_event(LEVEL_INFO, "rowd.started", log_text("version", ROWD_VERSION),
		  log_int("queues", app->options->queue_count));
	if (rc == 0)
		rc = session_library_open();
	if (rc == 0)
		rc = engine_open(&app->loop, app->options, &events, app, &app->engine);
	return rc;
}

static void log_stopped(const struct app *app, uint64_t longest_turn_ms)
{
	log_event(LEVEL_INFO, "rowd.stopped", log_int("status", app->status),
		  log_int("longest_turn_ms", (int64_t)longest_turn_ms));
}

/* Large pieces of memory come from the kernel, and go back to it, unless the heap has that much free. When they grow,
 * their pages are moved: the library would stop doing so at the first one that is freed, and copy from then on. It
 * would also keep more of a heap that is free by then, which it leaves to us with the first setting. */
static void set_up_memory(void)
{
#ifdef M_MMAP_THRESHOLD
	(void)mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
#endif
}

int app_run(const struct options *options)
{
	struct app app = {.options = options, .status = 0};
	int rc;

	set_up_memory();
	rc = uv_loop_init(&app.loop);
	if (rc < 0) {
		log_event(LEVEL_ERROR, "rowd.failed", log_text("reason", uv_strerror(rc)));
		return EX_OSERR;
	}
	rc = app_start(&app);
	if (rc < 0) {
		log_event(LEVEL_ERROR, "rowd.failed", log_text("reason", strerror(-rc)));
		return EX_OSERR;
	}
	(void)uv_run(&app.loop, UV_RUN_DEFAULT);
	uint64_t longest_turn_ms = loop_watch_end(&app.watch);
	/* What is open dies with the process; recovery takes what is in flight. Not exit(): its handlers would clean up
	 * under a thread that may be inside a library. */
	if (app.status != 0 || app.abandoned) {
		log_stopped(&app, longest_turn_ms);
		_exit(app.status);
	}
	loop_watch_close(&app.watch);
	rc = uv_loop_close(&app.loop);
	if (rc < 0)
		log_event(LEVEL_WARNING, "rowd.leak", log_text("reason", uv_strerror(rc)));
	session_library_close();
	log_stopped(&app, longest_turn_ms);
	return app.status;
}
