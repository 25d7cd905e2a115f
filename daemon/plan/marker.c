/* plan/marker.c */
#include "daemon/plan/marker.h"

#include "common/ranges.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum marker_state { MARKER_FREE, MARKER_TAKEN, MARKER_HELD };

struct row {
	enum marker_state state;
	uint64_t batch;    /* while it is not FREE */
	uint32_t commands; /* while HELD: not released yet */
	uint32_t next;     /* while FREE: the one that became free after it */
};

struct markers {
	char worker[MARKER_WORKER_BYTES];
	uint64_t batch; /* number of the last one */
	uint64_t commits;
	uint32_t count;
	uint32_t first_free, last_free; /* MARKER_NONE: none is */
	struct row *rows;
};

int markers_new(struct markers **ret_markers)
{
	struct markers *markers = calloc(1, sizeof(*markers));

	if (!markers)
		return -ENOMEM;
	markers->first_free = markers->last_free = MARKER_NONE;
	*ret_markers = markers;
	return 0;
}

void markers_free(struct markers *markers)
{
	if (!markers)
		return;
	free(markers->rows);
	free(markers);
}

static void make_free(struct markers *markers, uint32_t slot)
{
	markers->rows[slot] = (struct row){.state = MARKER_FREE, .next = MARKER_NONE};
	if (markers->last_free == MARKER_NONE)
		markers->first_free = slot;
	else
		markers->rows[markers->last_free].next = slot;
	markers->last_free = slot;
}

int markers_begin(struct markers *markers, const char *worker, uint32_t count)
{
	struct row *rows = count > 0 ? calloc(count, sizeof(*rows)) : NULL;

	free(markers->rows);
	markers->rows = rows;
	markers->count = rows ? count : 0;
	markers->first_free = markers->last_free = MARKER_NONE;
	snprintf(markers->worker, sizeof(markers->worker), "%s", worker);
	for (uint32_t slot = 0; slot < markers->count; slot++)
		make_free(markers, slot);
	return rows || count == 0 ? 0 : -ENOMEM;
}

bool markers_available(const struct markers *markers)
{
	return markers->count == 0 || markers->first_free != MARKER_NONE;
}

bool markers_own(const struct markers *markers, const struct marker *marker)
{
	return marker->slot < markers->count && strcmp(marker->worker, markers->worker) == 0;
}

void markers_take(struct markers *markers, struct marker *ret_marker)
{
	uint32_t slot = markers->first_free;

	assert(slot != MARKER_NONE);
	markers->first_free = markers->rows[slot].next;
	if (markers->first_free == MARKER_NONE)
		markers->last_free = MARKER_NONE;
	markers->rows[slot].state = MARKER_TAKEN;
	markers->rows[slot].batch = ++markers->batch;
	memcpy(ret_marker->worker, markers->worker, sizeof(ret_marker->worker));
	ret_marker->slot = slot;
	ret_marker->batch = markers->batch;
}

/* Forgets the batch's marker. Returns its row, or NULL when there is none, or it is of an earlier worker. */
static struct row *take_from(struct markers *markers, struct marker *marker)
{
	uint32_t slot = marker->slot;
	bool own = markers_own(markers, marker);

	marker->slot = MARKER_NONE;
	if (!own)
		return NULL;
	assert(markers->rows[slot].state == MARKER_TAKEN);
	return &markers->rows[slot];
}

void markers_give_back(struct markers *markers, struct marker *marker)
{
	uint32_t slot = marker->slot;

	if (take_from(markers, marker))
		make_free(markers, slot);
}

void markers_commit(struct markers *markers, struct marker *marker, uint32_t commands)
{
	uint32_t slot = marker->slot;
	struct row *row = take_from(markers, marker);

	if (!row)
		return;
	*row = (struct row){.state = MARKER_HELD, .batch = row->batch, .commands = commands};
	if (commands == 0)
		make_free(markers, slot);
}

bool markers_release(struct markers *markers, uint32_t slot)
{
	struct row *row = slot < markers->count ? &markers->rows[slot] : NULL;

	if (!row || row->state != MARKER_HELD || --row->commands > 0)
		return false;
	make_free(markers, slot);
	return true;
}

void marker_write(const struct marker *marker, uint64_t *numbers, uint32_t count, struct buffer *out)
{
	buffer_append_text(out, "UPDATE `rowd_slots` SET `batch` = ");
	buffer_append_uint(out, marker->batch);
	buffer_append_text(out, ", `sequences` = '");
	if (count > 0)
		ranges_write(out, numbers, count);
	else
		buffer_append_byte(out, '0');
	buffer_append_text(out, "' WHERE `worker` = '");
	buffer_append_text(out, marker->worker);
	buffer_append_text(out, "' AND `slot` = ");
	buffer_append_uint(out, marker->slot);
	buffer_append_text(out, " AND `fenced` = 0");
}

void markers_write_commit(struct markers *markers, const struct marker *marker, uint64_t number, struct buffer *out)
{
	markers->commits++;
	buffer_append_text(out, "INSERT INTO `rowd_commits` (`worker`, `slot`, `batch`, `sequences`) VALUES ('");
	buffer_append_text(out, marker->worker);
	buffer_append_text(out, "', ");
	buffer_append_uint(out, marker->slot);
	buffer_append_text(out, ", ");
	buffer_append_uint(out, marker->batch);
	buffer_append_text(out, ", '");
	buffer_append_uint(out, number);
	buffer_append_text(out, "')");
}

uint64_t markers_commits(const struct markers *markers)
{
	return markers->commits;
}

uint64_t markers_last(const struct markers *markers)
{
	return markers->batch;
}

uint64_t markers_lowest(const struct markers *markers)
{
	uint64_t lowest = markers->batch + 1;

	for (uint32_t slot = 0; slot < markers->count; slot++)
		if (markers->rows[slot].state != MARKER_FREE && markers->rows[slot].batch < lowest)
			lowest = markers->rows[slot].batch;
	return lowest;
}
