/* plan/schedule.h - who has to wait for whom: footprints in the order of their arrival.
 *
 * Each resource keeps one line per mode, of the entries that are unfinished, in order of sequence. An entry is granted
 * as soon as the first in the line of every mode that it must wait for came after it; a node is ready when all its
 * entries are granted. It stays so until it is removed: whoever runs, or was returned to run again, keeps its place.
 * All this is amortised O(1) per entry, since what is granted in a line is always its beginning. Private to plan/. */
#ifndef PLAN_SCHEDULE_H
#define PLAN_SCHEDULE_H

#include "common/arena.h"
#include "daemon/plan/footprint.h"

#include <stdbool.h>
#include <stdint.h>

struct schedule;
struct schedule_resource;
struct schedule_node;

struct schedule_entry {
	struct schedule_entry *previous, *next; /* in the line of its resource and mode */
	struct schedule_resource *resource;
	struct schedule_node *node;
	enum footprint_mode mode;
	bool granted;
};

/* One command's place. Embedded in it; zeroed, but for the sequence, before it is added. */
struct schedule_node {
	uint64_t sequence;
	struct schedule_entry *entries;
	uint32_t count;
	uint32_t waiting;              /* entries that are not granted */
	struct schedule_entry *create; /* its place among the creates of its table; NULL: none */
	struct schedule_node *next_ready;
	bool listed; /* among those that schedule_pop_ready() will answer */
};

int schedule_new(struct schedule **ret_schedule);

/* Legal on NULL. Nodes that are still in it are forgotten. */
void schedule_free(struct schedule *schedule);

/* Puts the node in line, by its sequence; the entries live in the arena. A node with an empty footprint is ready at
 * once. Returns 0, or -ENOMEM with nothing changed. */
int schedule_add(struct schedule *schedule, struct schedule_node *node, struct arena *arena,
		 const struct footprint *footprint);

/* Gives the node another footprint at the same place in the order. Whoever waits for the old one waits for what it
 * meets in the new one. Returns 0, or -ENOMEM with nothing changed. */
int schedule_replace(struct schedule *schedule, struct schedule_node *node, struct arena *arena,
		     const struct footprint *footprint);

/* Takes the node out; others may become ready. Legal on a node that was never added. */
void schedule_remove(struct schedule *schedule, struct schedule_node *node);

/* The next node that became ready since the last call, or NULL. Called until NULL after each of the three above. */
struct schedule_node *schedule_pop_ready(struct schedule *schedule);

/* The node whose create comes next after this one's in the same table, or NULL. */
struct schedule_node *schedule_next_create(const struct schedule_node *node);

/* The one whose create comes before, or NULL: then no unfinished create of its table does, or it creates nothing. */
struct schedule_node *schedule_previous_create(const struct schedule_node *node);
bool schedule_first_create(const struct schedule_node *node);

/* The line that its create stands in, or NULL: it has none. */
const struct schedule_resource *schedule_creates(const struct schedule_node *node);

#endif
