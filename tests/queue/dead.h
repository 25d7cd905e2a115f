/* tests/queue/dead.h - dead workers, written into Redis by hand, of a queue whose commits only the database knows. */
#ifndef TESTS_QUEUE_DEAD_H
#define TESTS_QUEUE_DEAD_H

#include "tests/queue/harness.h"

enum { LEASE_MS = 1000 };

/* Exactly once, with a short lease, and a database that fences whoever it is asked about. */
void dead_settings(struct harness *harness);
/* harness_init() with them. */
void dead_start(struct harness *harness);

/* Holds numbers first to first + count - 1 under claims of the same numbers. */
void dead_hold(struct harness *harness, const char *worker, unsigned first, unsigned count);
/* One command under that field. */
void dead_hold_field(struct harness *harness, const char *worker, const char *field, unsigned command);
/* Its lease ended long ago, and it owns the queue. */
void dead_die(struct harness *harness, const char *worker);
/* What the database will say that it has committed: claims first to first + count - 1. */
void dead_done(struct harness *harness, uint64_t first, uint64_t count);

/* What was received is these: recovered: to be answered only, sorted here; or to be run, in their order. */
void assert_received(const struct harness *harness, bool recovered, const unsigned *numbers, size_t count);
/* Answers all that was received, and waits until Redis holds nothing. */
void harness_finish_all(struct harness *harness);
/* Until the database has been asked so often about a dead one. */
void harness_wait_inquired(struct harness *harness, size_t times);
bool harness_is_owner(struct harness *harness);

#endif
