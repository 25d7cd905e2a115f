/* tests/simulation/introspection.c - daemon/database/introspection.h: the same two tables, whenever they are asked for.
 */
#include "daemon/database/introspection.h"

#include "daemon/database/errors.h"
#include "database.h"
#include "loop.h"
#include "network.h"
#include "world.h"

#include <string.h>

struct reading {
	struct reading *next;
	struct loop *loop;
	bool told;
	struct introspection_events events;
	void *context;
};

static struct reading *readings;

static int add_column(struct catalog *catalog, const char *table, const char *name, const char *extra)
{
	const struct catalog_column_row row = {.table = bytes_of(table),
					       .name = bytes_of(name),
					       .data_type = BYTES("bigint"),
					       .column_type = BYTES("bigint(20)"),
					       .nullable = strcmp(name, "stock") == 0,
					       .extra = bytes_of(extra),
					       .precision = 19};

	return catalog_add_column(catalog, &row);
}

static int add_table(struct catalog *catalog, const char *table)
{
	return catalog_add_table(catalog, bytes_of(table), false, BYTES("InnoDB"), 0, BYTES(""));
}

static int add_key(struct catalog *catalog, const char *table)
{
	return catalog_add_key_column(catalog, bytes_of(table), BYTES("PRIMARY"), BYTES("id"), false);
}

/* NULL: there was no memory. */
static struct catalog *make_catalog(void)
{
	const struct server_facts server = {.kind = SERVER_MARIADB,
					    .version = 101119,
					    .version_text = "10.11.19-MariaDB",
					    .max_allowed_packet = 1 << 20,
					    .auto_increment_increment = 1};
	struct catalog *catalog;

	if (catalog_new(&server, &catalog))
		return NULL;
	if (add_table(catalog, "note") == 0 && add_table(catalog, "item") == 0 &&
	    add_column(catalog, "note", "id", "auto_increment") == 0 &&
	    add_column(catalog, "note", "command", "") == 0 && add_column(catalog, "note", "item", "") == 0 &&
	    add_column(catalog, "item", "id", "") == 0 && add_column(catalog, "item", "command", "") == 0 &&
	    add_column(catalog, "item", "stock", "") == 0 && add_key(catalog, "note") == 0 &&
	    add_key(catalog, "item") == 0 && catalog_finish(catalog) == 0)
		return catalog;
	catalog_unref(catalog);
	return NULL;
}

static void tell(void *context, uint64_t argument)
{
	struct reading *reading = context;
	struct catalog *catalog = NULL;
	struct sql_error error;

	(void)argument;
	if (reading->told)
		return;
	reading->told = true;
	if (!database.down && !reading->loop->over)
		catalog = make_catalog();
	sql_error_lost(&error, 2002, "Can't connect to server");
	reading->events.done(reading->context, catalog, catalog ? NULL : &error);
}

static void read_soon(void *context, uint64_t argument)
{
	struct reading *reading = context;

	if (!reading->loop->over)
		loop_post(reading->loop, tell, reading, argument);
}

int introspection_start(uv_loop_t *loop, const struct database_options *options,
			const struct introspection_events *events, void *context)
{
	struct reading *reading = world_alloc(sizeof(*reading));

	(void)options;
	reading->loop = (struct loop *)(void *)loop;
	reading->events = *events;
	reading->context = context;
	reading->next = readings;
	readings = reading;
	world_in(2 * network_latency_us() + draw(5 * MS), read_soon, reading, 0);
	return 0;
}

void introspection_begin(void)
{
	readings = NULL;
}

void introspection_abandon(struct loop *loop)
{
	for (struct reading *reading = readings; reading; reading = reading->next)
		if (reading->loop == loop && !reading->told)
			loop_post(loop, tell, reading, 0);
}
