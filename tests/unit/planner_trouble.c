/* planner_trouble.c - errors, lost connections, catalogs that have grown old. */
#include "planner_world.h"

/* --- errors ---------------------------------------------------------------------------------------------------- */

static void test_failure_touches_no_other(void **state)
{
	struct script bad = write_row(1), good = write_row(2);
	struct sql_error error = sql_error(SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION);
	struct batch *batch;

	(void)state;
	submit(&bad);
	submit(&good);
	batch = choose();
	assert_int_equal(wave(batch), 2);
	batch_failed(batch, 0, &error);
	answer_all(batch, 1, 2);
	commit(batch);
	assert_int_equal(bad.code, ERROR_UNIQUE_VIOLATION);
	assert_int_equal(good.code, ERROR_NONE);
	assert_int_equal(good.replied, 1);
	assert_int_equal(planner_counts(world.planner).answered_error, 1);
}

static void test_undo_runs_the_others_again(void **state)
{
	struct script bad = write_row(1), good = write_row(2);
	struct batch *batch;

	(void)state;
	bad.fails_at_end = bad.undo = true;
	submit(&bad);
	submit(&good);
	batch = choose();
	answer_all(batch, 0, wave(batch));
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	assert_ptr_equal(finished(), &bad);
	assert_int_equal(bad.code, ERROR_NOT_FOUND);
	assert_null(finished());
	run(choose());
	assert_ptr_equal(finished(), &good);
	assert_int_equal(good.restarted, 2);
}

static void test_undone_create_fails_by_itself(void **state)
{
	static const struct table table = {.name = {"t", 1}};
	struct script first = {.kind = PROCEDURE_BY_KEY, .waves = 1, .creates_in = &table}, second = first;
	struct batch *batch;

	(void)state;
	second.fails_at_end = second.undo = true;
	submit(&first);
	submit(&second);
	batch = choose();
	answer_all(batch, 0, wave(batch));
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	assert_null(finished());
	batch = choose();
	assert_int_equal(batch_size(batch), 1);
	run(batch);
	assert_ptr_equal(finished(), &first);
	batch = choose();
	answer_all(batch, 0, wave(batch));
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	assert_ptr_equal(finished(), &second);
	assert_int_equal(second.code, ERROR_NOT_FOUND);
}

static void test_deadlock_runs_again_after_a_pause(void **state)
{
	struct script first = write_row(1), second = write_row(2), behind = write_row(1);
	struct sql_error error = sql_error(SQL_ERROR_TRANSACTION, ERROR_DEADLOCK);
	uint64_t wake_us;

	(void)state;
	submit(&first);
	submit(&second);
	submit(&behind);
	doom(choose(), &error);
	assert_null(planner_choose(world.planner, world.now_us, &wake_us));
	assert_in_range(wake_us, world.now_us + 2000, world.now_us + 4000);
	world.now_us = wake_us;
	run(choose());
	assert_int_equal(first.replied + second.replied, 2);
	assert_int_equal(behind.replied, 0);
	run(choose());
	assert_int_equal(behind.replied, 1);
}

static void test_deadlocks_are_halved_and_end(void **state)
{
	enum { COUNT = 64 };
	static struct script scripts[COUNT];
	struct sql_error error = sql_error(SQL_ERROR_LOCK_WAIT, ERROR_LOCK_TIMEOUT);
	uint32_t sizes[16];
	uint32_t tries = 0;

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++) {
		scripts[i] = write_row(i);
		submit(&scripts[i]);
	}
	/* The first command meets a lock that somebody else holds for ever. */
	while (scripts[0].replied == 0) {
		struct batch *batch;

		world.now_us += FAR_US;
		batch = choose();
		sizes[tries++] = batch_size(batch);
		doom(batch, &error);
	}
	assert_int_equal(scripts[0].code, ERROR_LOCK_TIMEOUT);
	assert_int_equal(tries, 8);
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(sizes[i], i < 3 ? 64 : 64 >> (i - 2));
	world.now_us += FAR_US;
	for (struct batch *batch; (batch = choose());)
		run(batch);
	for (uint32_t i = 0; i < COUNT; i++)
		assert_int_equal(scripts[i].replied, 1);
}

static void test_weather_counts_against_nobody(void **state)
{
	static const enum sql_error_class classes[] = {SQL_ERROR_READ_ONLY, SQL_ERROR_RESOURCE, SQL_ERROR_ACCESS};
	struct script script = write_row(1);

	(void)state;
	submit(&script);
	for (uint32_t i = 0; i < 30; i++) {
		struct sql_error error = sql_error(classes[i % 3], ERROR_UNAVAILABLE);

		doom(choose(), &error);
		assert_null(choose());
		world.now_us += FAR_US;
	}
	run(choose());
	assert_int_equal(script.code, ERROR_NONE);
}

static void test_answers_too_large_for_one_batch(void **state)
{
	static struct script scripts[8];
	const char *values[] = {"text"};
	const unsigned long lengths[] = {400};
	struct batch *batch;
	uint32_t batches = 0;

	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		scripts[i] = write_row(i);
		submit(&scripts[i]);
	}
	while ((batch = choose())) {
		uint32_t count = (uint32_t)wave(batch), fitted = 0;

		assert_int_equal(count, batches == 0 ? 8 : 2); /* two of 400 bytes fit into 1000 */
		while (fitted < count && batch_row(batch, fitted, values, lengths, 1) == 0)
			fitted++;
		assert_int_equal(fitted, 2);
		answer_all(batch, 0, count);
		assert_int_equal(next(batch), fitted == count ? BATCH_COMMIT : BATCH_ROLLBACK);
		batch_ended(batch, fitted == count ? BATCH_COMMITTED : BATCH_ROLLED_BACK, NULL, world.now_us);
		batches++;
	}
	assert_int_equal(batches, 5);
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(scripts[i].replied, 1);
}

static void test_one_answer_alone_may_be_larger(void **state)
{
	struct script script = write_row(1);
	const char *values[] = {"text"};
	const unsigned long lengths[] = {4000};
	struct batch *batch;

	(void)state;
	submit(&script);
	batch = choose();
	wave(batch);
	assert_int_equal(batch_row(batch, 0, values, lengths, 1), 0);
	answer_all(batch, 0, 1);
	assert_int_equal(next(batch), BATCH_COMMIT);
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
	assert_int_equal(script.replied, 1);
}

static void test_connections_lost(void **state)
{
	struct script killer = write_row(1), other = write_row(2);
	struct sql_error error = sql_error(SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE);

	(void)state;
	submit(&other);
	submit(&killer);
	for (uint32_t i = 0; i < 3; i++) {
		struct batch *batch;

		world.now_us += FAR_US;
		batch = choose();
		assert_int_equal(batch_size(batch), 2);
		wave(batch);
		answer_all(batch, 0, 1);
		if (i == 0)
			batch_failed(batch, 1, &error);               /* the caller knows whose statement it was … */
		batch_ended(batch, BATCH_LOST, &error, world.now_us); /* … or leaves it to us */
	}
	run(choose());
	assert_ptr_equal(finished(), &other);
	for (uint32_t i = 0; i < 3; i++) {
		struct batch *batch;

		world.now_us += FAR_US;
		batch = choose();
		assert_int_equal(batch_size(batch), 1);
		wave(batch);
		batch_ended(batch, BATCH_LOST, NULL, world.now_us);
	}
	assert_ptr_equal(finished(), &killer);
	assert_int_equal(killer.code, ERROR_POISON);
}

/* Whoever ends one connection after the other does not meet the same job on each of them. */
static void test_a_job_does_not_follow_the_connections_that_are_lost(void **state)
{
	struct script script = write_row(1);
	uint64_t wake_us = 0;
	struct batch *batch;

	(void)state;
	submit(&script);
	for (uint32_t i = 0; i < 2; i++) { /* the first time at once */
		batch = choose();
		wave(batch);
		batch_ended(batch, BATCH_LOST, NULL, world.now_us);
	}
	assert_null(planner_choose(world.planner, world.now_us, &wake_us));
	assert_in_range(wake_us, world.now_us + 50000, world.now_us + 100000);
	world.now_us = wake_us;
	run(choose());
	assert_ptr_equal(finished(), &script);
	assert_int_equal(script.code, ERROR_NONE);
}

/* A server that is told to shut down says so to whoever happens to be there. */
static void test_shutdown_is_nobody_s_fault(void **state)
{
	struct script script = write_row(1);
	struct sql_error error = sql_error(SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE);

	(void)state;
	error.number = 1053;
	submit(&script);
	for (uint32_t i = 0; i < 10; i++) {
		struct batch *batch = choose();

		wave(batch);
		batch_failed(batch, 0, &error);
		batch_ended(batch, BATCH_LOST, &error, world.now_us);
		assert_null(finished());
	}
	run(choose());
	assert_ptr_equal(finished(), &script);
	assert_int_equal(script.code, ERROR_NONE);
}

/* The client library gave the connection up over a row: it would do so each time. */
static void test_what_cannot_be_read_is_too_large(void **state)
{
	struct script large = write_row(1), other = write_row(2);
	struct sql_error error = sql_error(SQL_ERROR_CONNECTION, ERROR_TOO_LARGE);
	struct batch *batch;

	(void)state;
	submit(&large);
	submit(&other);
	batch = choose();
	wave(batch);
	batch_failed(batch, 0, &error);
	batch_ended(batch, BATCH_LOST, &error, world.now_us);
	assert_ptr_equal(finished(), &large);
	assert_int_equal(large.code, ERROR_TOO_LARGE);
	assert_null(finished());
	run(choose());
	assert_ptr_equal(finished(), &other);
	assert_int_equal(other.code, ERROR_NONE);
}

/* A ping asks whether the database is there: it is told, while everything else waits for it. */
static void test_ping_is_told_that_the_database_is_gone(void **state)
{
	static const enum sql_error_class classes[] = {SQL_ERROR_CONNECTION, SQL_ERROR_ACCESS, SQL_ERROR_RESOURCE};
	struct script other = write_row(1);

	(void)state;
	submit(&other);
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		struct script ping = {.op = OP_PING, .kind = PROCEDURE_BY_KEY, .waves = 1};
		struct sql_error error = sql_error(classes[i], ERROR_UNAVAILABLE);
		struct batch *batch;

		world.now_us += FAR_US;
		submit(&ping);
		batch = choose();
		answer_all(batch, 0, wave(batch) - 1);
		batch_ended(batch, BATCH_LOST, &error, world.now_us);
		assert_ptr_equal(finished(), &ping);
		assert_int_equal(ping.code, ERROR_UNAVAILABLE);
	}
	assert_int_equal(other.replied, 0);
	world.now_us += FAR_US;
	run(choose());
	assert_ptr_equal(finished(), &other);
	assert_int_equal(other.code, ERROR_NONE);
}

static void test_ping_runs_again_after_other_trouble(void **state)
{
	struct script ping = {.op = OP_PING, .kind = PROCEDURE_BY_KEY, .waves = 1}, other = write_row(1);
	struct sql_error error = sql_error(SQL_ERROR_TRANSACTION, ERROR_DEADLOCK);

	(void)state;
	submit(&other);
	submit(&ping);
	doom(choose(), &error);
	assert_int_equal(ping.replied, 0);
	world.now_us += FAR_US;
	run(choose());
	assert_int_equal(ping.replied, 1);
	assert_int_equal(ping.code, ERROR_NONE);
}

static void test_lost_between_statements_counts_against_nobody(void **state)
{
	struct script script = write_row(1);
	struct sql_error error = sql_error(SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE);

	(void)state;
	submit(&script);
	for (uint32_t i = 0; i < 20; i++) {
		struct batch *batch = choose();

		if (i % 2 == 0) {
			answer_all(batch, 0, wave(batch));
			assert_int_equal(next(batch), BATCH_COMMIT);
		}
		batch_ended(batch, i % 2 == 0 ? BATCH_IN_DOUBT : BATCH_LOST, &error, world.now_us);
	}
	run(choose());
	assert_int_equal(script.code, ERROR_NONE);
}

static void test_commit_that_always_fails_ends(void **state)
{
	struct script script = write_row(1);
	struct sql_error error = sql_error(SQL_ERROR_OF_COMMAND, ERROR_SQL_ERROR);
	uint32_t tries;

	(void)state;
	submit(&script);
	for (tries = 0; script.replied == 0; tries++) {
		struct batch *batch;

		world.now_us += FAR_US;
		batch = choose();
		answer_all(batch, 0, wave(batch));
		assert_int_equal(next(batch), BATCH_COMMIT);
		batch_ended(batch, BATCH_IN_DOUBT, &error, world.now_us);
	}
	assert_int_equal(tries, 8);
	assert_int_equal(script.code, ERROR_SQL_ERROR);
}

/* A worker that was fenced has lost its claims: another one may have gone on with later writes of the same rows. */
static void test_disowned_do_not_run_again(void **state)
{
	const struct sql_error deadlock = sql_error(SQL_ERROR_TRANSACTION, ERROR_DEADLOCK);
	struct script first = write_row(1), second = write_row(2), claimed_again = write_row(1);
	struct batch *batch;

	(void)state;
	submit(&first);
	submit(&second);
	batch = choose();
	planner_disown(world.planner);
	submit(&claimed_again);
	doom(batch, &deadlock);
	assert_int_equal(first.replied + second.replied, 2);
	world.now_us += FAR_US;
	run(choose());
	assert_int_equal(claimed_again.code, ERROR_NONE);
	assert_null(choose());
	while (finished())
		;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(failure_touches_no_other),
		TEST(undo_runs_the_others_again),
		TEST(undone_create_fails_by_itself),
		TEST(deadlock_runs_again_after_a_pause),
		TEST(deadlocks_are_halved_and_end),
		TEST(weather_counts_against_nobody),
		TEST(answers_too_large_for_one_batch),
		TEST(one_answer_alone_may_be_larger),
		TEST(connections_lost),
		TEST(a_job_does_not_follow_the_connections_that_are_lost),
		TEST(what_cannot_be_read_is_too_large),
		TEST(shutdown_is_nobody_s_fault),
		TEST(ping_is_told_that_the_database_is_gone),
		TEST(ping_runs_again_after_other_trouble),
		TEST(lost_between_statements_counts_against_nobody),
		TEST(commit_that_always_fails_ends),
		TEST(disowned_do_not_run_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
