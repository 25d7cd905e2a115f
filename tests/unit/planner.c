/* planner.c - the planner with scripted procedures and a virtual clock. */
#include "fake_procedure.h"
#include "tests/support/unit.h"

#include <errno.h>

enum { BATCH = 512 };
static const uint64_t FAR_US = 3600u * 1000000ull;

struct world {
	struct planner *planner;
	struct policy policies[64];
	uint64_t now_us;
};

static struct world world;

static void set_catalog(uint64_t number, const struct table *table)
{
	struct catalog *catalog = fake_catalog(number);

	if (table)
		fake_catalog_add(catalog, table);
	planner_set_catalog(world.planner, catalog, world.now_us);
	catalog_unref(catalog);
}

static int set_up(void **state)
{
	struct planner_options options = {.batch = BATCH, .version = "1", .worker = "w"};

	(void)state;
	world = (struct world){.now_us = 1000};
	assert_int_equal(planner_new(&options, &world.planner), 0);
	set_catalog(1, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	planner_free(world.planner);
	assert_int_equal(fake_catalog_references(), 0);
	return 0;
}

static void submit_as(struct script *script, uint32_t queue, uint32_t attempts)
{
	assert_int_equal(planner_submit(world.planner, &world.policies[queue], script_raw(&script), attempts, script,
					world.now_us),
			 0);
}

static void submit(struct script *script)
{
	submit_as(script, 0, 0);
}

/* A command that writes one row of a table by key, in one wave. */
static struct script write_row(uint64_t row)
{
	return (struct script){.kind = PROCEDURE_BY_KEY,
			       .waves = 1,
			       .entry_count = 2,
			       .entries = {{1, FOOTPRINT_KEY_WRITE}, {1000 + row, FOOTPRINT_WRITE}}};
}

static struct script read_all(void)
{
	return (struct script){.kind = PROCEDURE_ALONE, .waves = 1, .entry_count = 1, .entries = {{1, FOOTPRINT_READ}}};
}

static struct batch *choose(void)
{
	uint64_t wake_us;

	return planner_choose(world.planner, world.now_us, &wake_us);
}

/* Sends the next wave; returns its size. */
static size_t wave(struct batch *batch)
{
	const struct statement *statements;
	size_t count = 0;

	assert_int_equal(batch_next(batch, world.now_us, &statements, &count), BATCH_SEND);
	for (size_t i = 0; i < count; i++)
		assert_true(statements[i].text.size > 0);
	return count;
}

static void answer_all(struct batch *batch, size_t from, size_t count)
{
	const struct statement_result result = {0};

	for (size_t i = from; i < count; i++)
		batch_done(batch, i, &result);
}

static enum batch_step next(struct batch *batch)
{
	const struct statement *statements;
	size_t count;

	return batch_next(batch, world.now_us, &statements, &count);
}

static void commit(struct batch *batch)
{
	while (next(batch) == BATCH_SEND)
		fail_msg("no more waves expected");
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
}

/* Runs a batch of single waves to its end. */
static void run(struct batch *batch)
{
	size_t count = wave(batch);

	answer_all(batch, 0, count);
	commit(batch);
}

static struct script *finished(void)
{
	struct job *job = planner_finished(world.planner);
	struct script *script = job ? job->owner : NULL;

	if (job) {
		assert_int_equal(job->state, JOB_DONE);
		job_free(job);
	}
	return script;
}

static struct sql_error sql_error(enum sql_error_class class, enum error_code code)
{
	return (struct sql_error){.class = class, .code = code, .row = -1};
}

/* --- what runs together ---------------------------------------------------------------------------------------- */

static void test_batch_gathers_what_does_not_meet(void **state)
{
	struct script first = write_row(1), second = write_row(2), again = write_row(1);
	struct batch *batch;

	(void)state;
	submit(&first);
	submit(&second);
	submit(&again);
	batch = choose();
	assert_int_equal(batch_size(batch), 2);
	assert_null(choose());
	run(batch);
	assert_ptr_equal(finished(), &first);
	assert_ptr_equal(finished(), &second);
	assert_null(finished());
	batch = choose();
	assert_int_equal(batch_size(batch), 1);
	run(batch);
	assert_ptr_equal(finished(), &again);
	assert_int_equal(planner_counts(world.planner).answered_ok, 3);
}

static void test_read_by_condition_holds_nobody_up(void **state)
{
	struct script before = write_row(1), read = read_all(), after = write_row(1), other = write_row(2);
	struct batch *batch, *reader;

	(void)state;
	submit(&before);
	submit(&read);
	batch = choose();
	assert_null(choose()); /* the read waits */
	run(batch);
	reader = choose();
	assert_int_equal(wave(reader), 1);
	submit(&after);
	submit(&other);
	batch = choose(); /* the writes behind a slow read do not */
	assert_int_equal(batch_size(batch), 2);
	run(batch);
	answer_all(reader, 0, 1);
	commit(reader);
	assert_int_equal(read.replied, 1);
}

static void test_alone_is_alone(void **state)
{
	struct script alone = write_row(1), other = write_row(2);
	struct batch *first, *second;

	(void)state;
	alone.kind = PROCEDURE_ALONE;
	submit(&alone);
	submit(&other);
	first = choose();
	assert_int_equal(batch_size(first), 1);
	second = choose();
	assert_int_equal(batch_size(second), 1);
	run(second);
	assert_ptr_equal(finished(), &other);
	run(first);
	assert_ptr_equal(finished(), &alone);
}

static void test_queues_take_turns(void **state)
{
	enum { EACH = 100 };
	static struct script scripts[3][EACH];
	struct script *order[3];

	(void)state;
	for (uint32_t q = 0; q < 3; q++)
		for (uint32_t i = 0; i < EACH; i++) {
			scripts[q][i] = write_row(q * EACH + i);
			scripts[q][i].kind = PROCEDURE_ALONE;
			submit_as(&scripts[q][i], q, 0);
		}
	for (uint32_t i = 0; i < EACH; i++) {
		for (uint32_t q = 0; q < 3; q++) {
			run(choose());
			order[q] = finished();
			assert_ptr_equal(order[q], &scripts[q][i]);
		}
	}
}

static void test_shared_batches_are_fair(void **state)
{
	static struct script scripts[2][BATCH];
	uint32_t of_second = 0;

	(void)state;
	for (uint32_t q = 0; q < 2; q++)
		for (uint32_t i = 0; i < BATCH; i++) {
			scripts[q][i] = write_row(q * BATCH + i);
			submit_as(&scripts[q][i], q, 0);
		}
	run(choose());
	for (uint32_t i = 0; i < BATCH; i++)
		of_second += scripts[1][i].replied;
	assert_int_equal(of_second, BATCH / 2);
	assert_int_equal(planner_counts(world.planner).done, BATCH);
	assert_int_equal(planner_counts(world.planner).waiting, BATCH);
}

static void test_waves(void **state)
{
	struct script short_one = write_row(1), long_one = write_row(2);
	struct batch *batch;

	(void)state;
	long_one.waves = 3;
	long_one.statements = 4;
	submit(&short_one);
	submit(&long_one);
	batch = choose();
	assert_int_equal(wave(batch), 5);
	assert_int_equal(batch_row(batch, 4, NULL, NULL, 0), 0);
	assert_int_equal(long_one.rows, 1);
	answer_all(batch, 0, 5);
	assert_int_equal(wave(batch), 4);
	answer_all(batch, 0, 4);
	assert_int_equal(wave(batch), 4);
	answer_all(batch, 0, 4);
	commit(batch);
	assert_int_equal(short_one.replied + long_one.replied, 2);
}

static void test_creates_keep_their_order(void **state)
{
	static const struct table table = {.name = {"t", 1}};
	struct script creates[4];
	struct script barrier = write_row(7);
	struct batch *blocker, *batch;

	(void)state;
	/* The third create also waits for a row: the fourth may not pass it, on any connection. */
	barrier.kind = PROCEDURE_ALONE;
	submit(&barrier);
	blocker = choose();
	for (uint32_t i = 0; i < 4; i++) {
		creates[i] = (struct script){.kind = PROCEDURE_BY_KEY, .waves = 1, .creates_in = &table};
		if (i == 2) {
			creates[i].entries[0] = barrier.entries[1];
			creates[i].entry_count = 1;
		}
		submit(&creates[i]);
	}
	batch = choose();
	assert_int_equal(batch_size(batch), 2);
	assert_null(choose());
	run(batch);
	assert_null(choose());
	run(blocker);
	batch = choose();
	assert_int_equal(batch_size(batch), 2);
	assert_null(choose());
	run(batch);
	assert_int_equal(creates[2].replied + creates[3].replied, 2);
}

static void test_create_behind_a_running_create_waits(void **state)
{
	static const struct table table = {.name = {"t", 1}};
	struct script first = {.kind = PROCEDURE_BY_KEY, .waves = 1, .creates_in = &table};
	struct script second = first, other = write_row(1);
	struct batch *batch, *side;

	(void)state;
	submit(&first);
	batch = choose();
	submit(&second);
	submit(&other);
	side = choose();
	assert_int_equal(batch_size(side), 1);
	run(side);
	assert_ptr_equal(finished(), &other);
	assert_null(choose());
	run(batch);
	run(choose());
	assert_int_equal(second.replied, 1);
}

/* --- answers without a database -------------------------------------------------------------------------------- */

static void test_answered_at_once(void **state)
{
	struct script bad = {.undecodable = true}, wrong = {.compile_result = -EINVAL},
		      ping = {.kind = PROCEDURE_ANSWERED};

	(void)state;
	submit(&bad);
	submit(&wrong);
	submit(&ping);
	assert_ptr_equal(finished(), &bad);
	assert_ptr_equal(finished(), &wrong);
	assert_ptr_equal(finished(), &ping);
	assert_int_equal(bad.code, ERROR_BAD_MESSAGE);
	assert_int_equal(wrong.code, ERROR_BAD_VALUE);
	assert_int_equal(ping.code, ERROR_NONE);
	assert_null(choose());
}

static void test_attempts(void **state)
{
	enum { COUNT = 40 };
	static struct script once[COUNT];
	struct script twice = write_row(1), poison = write_row(2), fresh = write_row(3);
	struct batch *batch;

	(void)state;
	submit_as(&poison, 0, 5);
	assert_ptr_equal(finished(), &poison);
	assert_int_equal(poison.code, ERROR_POISON);
	submit_as(&twice, 0, 2);
	submit(&fresh);
	batch = choose();
	assert_int_equal(batch_size(batch), 1);
	run(batch);
	assert_int_equal(twice.replied, 1);
	run(choose());
	for (uint32_t i = 0; i < COUNT; i++) {
		once[i] = write_row(100 + i);
		submit_as(&once[i], 0, 1);
	}
	batch = choose();
	assert_int_equal(batch_size(batch), 32);
	run(batch);
	run(choose());
	assert_int_equal(once[COUNT - 1].replied, 1);
}

static void test_reply_without_memory(void **state)
{
	struct script script = write_row(1);

	(void)state;
	script.reply_fails = true;
	submit(&script);
	run(choose());
	assert_ptr_equal(finished(), &script);
	assert_int_equal(script.code, ERROR_INTERNAL);
}

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

/* Lets the batch's first statement meet the error, and reads the wave to its end. */
static void doom(struct batch *batch, const struct sql_error *error)
{
	size_t count = wave(batch);

	batch_failed(batch, 0, error);
	assert_int_equal(count > 1 ? batch_row(batch, 1, NULL, NULL, 0) : -EFBIG, -EFBIG);
	answer_all(batch, 1, count);
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, error, world.now_us);
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

static void test_connections_lost(void **state)
{
	struct script killer = write_row(1), other = write_row(2);
	struct sql_error error = sql_error(SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE);

	(void)state;
	submit(&other);
	submit(&killer);
	for (uint32_t i = 0; i < 3; i++) {
		struct batch *batch = choose();

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
		struct batch *batch = choose();

		assert_int_equal(batch_size(batch), 1);
		wave(batch);
		batch_ended(batch, BATCH_LOST, NULL, world.now_us);
	}
	assert_ptr_equal(finished(), &killer);
	assert_int_equal(killer.code, ERROR_POISON);
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

/* --- the catalog ----------------------------------------------------------------------------------------------- */

static void test_unknown_table_waits_for_a_catalog(void **state)
{
	struct script heals = {
		.kind = PROCEDURE_BY_KEY, .waves = 1, .table = "new", .compile_result = -ENOENT, .heals_at = 2};
	struct script never = {.kind = PROCEDURE_BY_KEY, .waves = 1, .table = "never", .compile_result = -ENOENT};
	struct script other = write_row(1);

	(void)state;
	submit(&heals);
	submit(&never);
	submit(&other);
	assert_true(planner_wants_catalog(world.planner));
	assert_int_equal(planner_counts(world.planner).parked, 2);
	run(choose());
	assert_ptr_equal(finished(), &other);
	assert_null(choose());
	set_catalog(2, NULL);
	assert_false(planner_wants_catalog(world.planner));
	assert_ptr_equal(finished(), &never);
	assert_int_equal(never.code, ERROR_UNKNOWN_TABLE);
	run(choose());
	assert_ptr_equal(finished(), &heals);
	assert_int_equal(heals.code, ERROR_NONE);
}

static int read_table(struct script *script, struct footprint *footprint)
{
	return footprint_read(footprint, script->test);
}

static void test_parked_command_keeps_its_place(void **state)
{
	static struct table table = {.name = {"t", 1}};
	struct script parked = {
		.kind = PROCEDURE_ALONE, .waves = 1, .table = "t", .compile_result = -ENOENT, .heals_at = 2};
	struct script behind = {.kind = PROCEDURE_ALONE, .waves = 1, .footprint = read_table, .test = &table};

	(void)state;
	parked.footprint = read_table;
	parked.test = &table;
	set_catalog(1, &table); /* the table is known, a column of it is not */
	submit(&parked);
	submit(&behind);
	assert_null(choose());
	set_catalog(2, &table);
	run(choose());
	assert_ptr_equal(finished(), &parked);
	run(choose());
	assert_ptr_equal(finished(), &behind);
}

static void test_stale_catalog(void **state)
{
	struct script stale = write_row(1), other = write_row(2);
	struct sql_error error = sql_error(SQL_ERROR_STALE_CATALOG, ERROR_UNKNOWN_TABLE);

	(void)state;
	submit(&stale);
	submit(&other);
	doom(choose(), &error);
	assert_true(planner_wants_catalog(world.planner));
	run(choose());
	assert_ptr_equal(finished(), &other);
	assert_null(choose());
	set_catalog(2, NULL);
	assert_int_equal(stale.compiled, 2);
	doom(choose(), &error);
	assert_ptr_equal(finished(), &stale);
	assert_int_equal(stale.code, ERROR_UNKNOWN_TABLE);
}

static void test_stale_catalog_that_was_replaced_meanwhile(void **state)
{
	struct script stale = write_row(1);
	struct sql_error error = sql_error(SQL_ERROR_STALE_CATALOG, ERROR_UNKNOWN_TABLE);

	(void)state;
	submit(&stale);
	set_catalog(2, NULL);
	doom(choose(), &error);
	assert_false(planner_wants_catalog(world.planner));
	assert_int_equal(stale.compiled, 2);
	run(choose());
	assert_ptr_equal(finished(), &stale);
	assert_int_equal(stale.code, ERROR_NONE);
}

/* --- drain ----------------------------------------------------------------------------------------------------- */

static void test_withdraw_in_order(void **state)
{
	struct script running = write_row(1), behind = write_row(1), ready = write_row(2), late = write_row(3);
	struct script parked = {.table = "new", .compile_result = -ENOENT};
	struct script *expected[] = {&behind, &parked, &ready};
	struct batch *batch;

	(void)state;
	submit(&running);
	batch = choose();
	submit(&behind);
	submit(&parked);
	submit(&ready);
	for (uint32_t i = 0; i < 3; i++) {
		struct job *job = planner_withdraw(world.planner);

		assert_ptr_equal(job->owner, expected[i]);
		assert_null(choose());
		job_free(job);
	}
	assert_null(planner_withdraw(world.planner));
	run(batch);
	assert_ptr_equal(finished(), &running);
	submit(&late); /* a worker that was fenced goes on as another */
	run(choose());
	assert_ptr_equal(finished(), &late);
}

static void test_jobs_outlive_the_planner(void **state)
{
	struct script ping = {.kind = PROCEDURE_ANSWERED};
	struct job *job;

	submit(&ping);
	job = planner_finished(world.planner);
	planner_free(world.planner);
	assert_int_equal(job->state, JOB_DONE);
	job_free(job);
	set_up(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(batch_gathers_what_does_not_meet),
		TEST(read_by_condition_holds_nobody_up),
		TEST(alone_is_alone),
		TEST(queues_take_turns),
		TEST(shared_batches_are_fair),
		TEST(waves),
		TEST(creates_keep_their_order),
		TEST(create_behind_a_running_create_waits),
		TEST(answered_at_once),
		TEST(attempts),
		TEST(reply_without_memory),
		TEST(failure_touches_no_other),
		TEST(undo_runs_the_others_again),
		TEST(undone_create_fails_by_itself),
		TEST(deadlock_runs_again_after_a_pause),
		TEST(deadlocks_are_halved_and_end),
		TEST(weather_counts_against_nobody),
		TEST(connections_lost),
		TEST(lost_between_statements_counts_against_nobody),
		TEST(commit_that_always_fails_ends),
		TEST(unknown_table_waits_for_a_catalog),
		TEST(parked_command_keeps_its_place),
		TEST(stale_catalog),
		TEST(stale_catalog_that_was_replaced_meanwhile),
		TEST(withdraw_in_order),
		TEST(jobs_outlive_the_planner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
