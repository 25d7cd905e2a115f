/* footprint_world.h - three tables, and what commands on them hold, for the tests of footprints. */
#ifndef UNIT_FOOTPRINT_WORLD_H
#define UNIT_FOOTPRINT_WORLD_H

#include "tests/support/unit.h"

#include "daemon/plan/footprint.h"

/* parent(id auto, code integer unique, name text unique), child(id uuid-like integer, parent_id -> parent.id,
 * code integer unique, note), loner(name text primary). */
enum { PARENT_ID, PARENT_CODE, PARENT_NAME, PARENT_NOTE, PARENT_COLUMNS };
enum { CHILD_ID, CHILD_PARENT, CHILD_CODE, CHILD_NOTE, CHILD_COLUMNS };
enum { LONER_NAME, LONER_SLUG, LONER_COLUMNS };

extern struct column parent_columns[PARENT_COLUMNS], child_columns[CHILD_COLUMNS], loner_columns[LONER_COLUMNS];
extern struct table parent, child, loner;
extern struct foreign_key foreign_key; /* of the child; RESTRICT until the test says something else */
extern struct arena arena;

int footprint_set_up(void **state);
int footprint_tear_down(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, footprint_set_up, footprint_tear_down)

/* Whether the later command has to wait for the earlier one. */
bool waits(struct footprint later, struct footprint earlier);

#define assert_waits(later, earlier)  assert_true(waits(later, earlier))
#define assert_passes(later, earlier) assert_false(waits(later, earlier))
#define assert_exclude(a, b)          assert_true(waits(a, b) && waits(b, a))
#define assert_free(a, b)             assert_false(waits(a, b) || waits(b, a))

/* Commands. A value is its text, "NULL", or a null pointer: not known. Their pieces are the arena's. */
struct footprint begin(void);
struct footprint create_parent(const char *id, const char *code, const char *name);
struct footprint create_child(const char *id, const char *parent_value, const char *code);
struct footprint create_loner(const char *name);
struct footprint read_key(const struct table *table, const char *id);
struct footprint read_where(const struct table *table);
struct footprint delete_key(const struct table *table, const char *id);
struct footprint update_key(const struct table *table, const char *id, uint32_t column, const char *value);
struct footprint update_where(const struct table *table, uint32_t column);
struct footprint delete_where(const struct table *table);

#endif
