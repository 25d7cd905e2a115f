/* engine/catalog_reader.c
 *
 *   RESTING --wanted, step--> READING --answer--> PAUSING --a second later--> RESTING
 *
 * A want in READING or PAUSING is served afterwards. On a connection of its own, on a thread: information_schema can
 * take its time, and the planner goes on with the old tables. */
#include "daemon/engine/catalog_reader.h"

#include "common/log.h"
#include "daemon/database/introspection.h"

enum { PAUSE_MS = 1000 };

static void tell_if_closed(struct catalog_reader *reader)
{
	if (reader->closing && reader->timer_closed && !reader->reading)
		reader->events.closed(reader->context);
}

static void on_pause_over(uv_timer_t *timer)
{
	struct catalog_reader *reader = timer->data;

	reader->pausing = false;
	reader->events.changed(reader->context);
}

static void on_read(void *context, struct catalog *catalog, const struct sql_error *error)
{
	struct catalog_reader *reader = context;

	reader->reading = false;
	if (reader->closing) {
		catalog_unref(catalog);
		tell_if_closed(reader);
		return;
	}
	reader->pausing = true;
	(void)uv_timer_start(&reader->pause, on_pause_over, PAUSE_MS, 0);
	if (!catalog) {
		reader->wanted = true;
		reader->refused = error->class == SQL_ERROR_ACCESS;
		log_event(LEVEL_WARNING, "catalog.failed", log_int("errno", error->number),
			  log_text("message", error->message));
		reader->events.changed(reader->context);
		return;
	}
	log_event(reader->read_before ? LEVEL_DEBUG : LEVEL_INFO, "catalog.read",
		  log_int("tables", catalog_table_count(catalog)),
		  log_text("server", catalog_server(catalog)->version_text));
	reader->read_before = true;
	reader->refused = false;
	reader->events.read(reader->context, catalog);
	catalog_unref(catalog);
}

void catalog_reader_open(struct catalog_reader *reader, uv_loop_t *loop, const struct database_options *options,
			 const struct catalog_reader_events *events, void *context)
{
	*reader = (struct catalog_reader){
		.loop = loop, .options = options, .events = *events, .context = context, .wanted = true};
	(void)uv_timer_init(loop, &reader->pause); /* cannot fail */
	reader->pause.data = reader;
}

void catalog_reader_want(struct catalog_reader *reader)
{
	reader->wanted = true;
}

bool catalog_reader_step(struct catalog_reader *reader)
{
	static const struct introspection_events events = {.done = on_read};

	if (!reader->wanted || reader->reading || reader->pausing || reader->closing)
		return false;
	if (introspection_start(reader->loop, reader->options, &events, reader) != 0)
		return false;
	reader->reading = true;
	reader->wanted = false;
	return true;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct catalog_reader *reader = handle->data;

	reader->timer_closed = true;
	tell_if_closed(reader);
}

void catalog_reader_close(struct catalog_reader *reader)
{
	if (reader->closing)
		return;
	reader->closing = true;
	uv_close((uv_handle_t *)&reader->pause, on_timer_closed);
}
