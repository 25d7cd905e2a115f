/* planner_world.h - a planner with a virtual clock, and the short words that its tests are written in. */
#ifndef UNIT_PLANNER_WORLD_H
#define UNIT_PLANNER_WORLD_H

#include "fake_procedure.h"
#include "tests/support/unit.h"

#include <errno.h>

enum { BATCH = 512 };
#define FAR_US (3600ull * 1000000) /* later than any pause */

struct world {
	struct planner *planner;
	struct policy policies[64];
	uint64_t now_us;
	uint64_t number; /* of the latest claim */
};

extern struct world world;

int planner_set_up(void **state);
int planner_tear_down(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, planner_set_up, planner_tear_down)

/* A catalog with that number, and with the table unless it is NULL. */
void set_catalog(uint64_t number, const struct table *table);

void submit(struct script *script);
void submit_as(struct script *script, uint32_t queue, uint32_t attempts);

/* A command that writes one row of a table by key, in one wave. */
struct script write_row(uint64_t row);

/* A command that reads the same table by condition. */
struct script read_all(void);

struct batch *choose(void);

/* Sends the next wave; returns its size. */
size_t wave(struct batch *batch);

void answer_all(struct batch *batch, size_t from, size_t count);
enum batch_step next(struct batch *batch);
void commit(struct batch *batch);

/* Runs a batch of single waves to its end. */
void run(struct batch *batch);

/* The script of the next finished job, which is freed; NULL: none. */
struct script *finished(void);

struct sql_error sql_error(enum sql_error_class class, enum error_code code);

/* Lets the batch's first statement meet the error, reads the wave to its end and rolls back. */
void doom(struct batch *batch, const struct sql_error *error);

#endif
