/* engine/catalog_notes.c */
#include "daemon/engine/catalog_notes.h"

#include "common/log.h"

#include <stdio.h>
#include <string.h>

static bool is_used(const struct options *options, const struct table *table)
{
	for (uint32_t i = 0; i < options->queue_count; i++)
		if (policy_allows_table(&options->queues[i].policy, table->name))
			return true;
	return false;
}

/* Writes "a, b". Returns how many there are, also when they do not fit. */
static uint32_t list(const struct options *options, const struct catalog *catalog, char to[CATALOG_NOTES_BYTES])
{
	size_t size = 0;
	uint32_t count = 0;

	to[0] = '\0';
	for (uint32_t i = 0; i < catalog_table_count(catalog); i++) {
		const struct table *table = catalog_table_at(catalog, i);

		if (table->transactional || !is_used(options, table))
			continue;
		if (size < CATALOG_NOTES_BYTES)
			size += (size_t)snprintf(to + size, CATALOG_NOTES_BYTES - size, "%s%.*s", count ? ", " : "",
						 BYTES_ARG(table->name));
		count++;
	}
	return count;
}

void catalog_notes_tell(struct catalog_notes *notes, const struct options *options, const struct catalog *catalog)
{
	char names[CATALOG_NOTES_BYTES];
	uint32_t count = list(options, catalog, names);

	if (strcmp(names, notes->told) == 0)
		return;
	memcpy(notes->told, names, sizeof(names));
	if (count > 0)
		log_event(LEVEL_WARNING, "catalog.not_transactional", log_int("tables", count),
			  log_text("names", names),
			  log_text("hint", "delivery is at-least-once there, and what fails may be half done: ALTER "
					   "TABLE ... ENGINE = InnoDB"));
}
