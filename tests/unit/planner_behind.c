/* planner_behind.c - a batch that is sent behind the COMMIT of another one, on its connection. */
#include "planner_world.h"

static const struct table table = {.name = {"t", 1}};

static struct script create(void)
{
	return (struct script){.kind = PROCEDURE_BY_KEY, .waves = 1, .creates_in = &table};
}

static struct batch *choose_behind(const struct batch *before)
{
	return planner_choose_behind(world.planner, before, world.now_us);
}

/* Runs the batch until COMMIT would be sent. */
static void bring_to_commit(struct batch *batch)
{
	answer_all(batch, 0, wave(batch));
	assert_int_equal(next(batch), BATCH_COMMIT);
}

static void end_committed(struct batch *batch)
{
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
}

/* Creates of two kinds in turn, and those of another table. */
static void test_takes_all_that_waits_for_the_batch(void **state)
{
	enum { COUNT = 40 };
	static const struct table other_table = {.name = {"u", 1}};
	struct script scripts[COUNT];
	struct batch *batch, *behind;

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++) {
		scripts[i] = create();
		scripts[i].share = 1 + i % 2;
		if (i % 4 == 3)
			scripts[i].creates_in = &other_table;
	}
	for (uint32_t i = 0; i < 4; i++)
		submit(&scripts[i]);
	batch = choose();
	assert_int_equal(batch_size(batch), 4);
	for (uint32_t i = 4; i < COUNT; i++)
		submit(&scripts[i]);
	behind = choose_behind(batch);
	assert_int_equal(batch_size(behind), COUNT - 4);
	batch_ended(batch, BATCH_IN_DOUBT, NULL, world.now_us);
	batch_ended(behind, BATCH_DROPPED, NULL, world.now_us);
}

static void test_takes_nothing_else(void **state)
{
	struct script first = create(), second = create(), other = write_row(1);
	struct batch *batch, *behind;

	(void)state;
	submit(&first);
	batch = choose();
	bring_to_commit(batch);
	submit(&other);
	assert_null(choose_behind(batch));
	submit(&second);
	behind = choose_behind(batch);
	assert_int_equal(batch_size(behind), 1);
	run(choose());
	assert_ptr_equal(finished(), &other);
	end_committed(batch);
	run(behind);
	assert_ptr_equal(finished(), &first);
	assert_ptr_equal(finished(), &second);
}

/* A third batch behind the second: the create in it waits for those of both. */
static void test_one_behind_the_other(void **state)
{
	struct script scripts[4] = {create(), create(), create(), create()};
	struct batch *batch;

	(void)state;
	submit(&scripts[0]);
	batch = choose();
	for (uint32_t i = 1; i < 4; i++) {
		struct batch *behind;

		bring_to_commit(batch);
		submit(&scripts[i]);
		behind = choose_behind(batch);
		assert_int_equal(batch_size(behind), 1);
		end_committed(batch);
		assert_ptr_equal(finished(), &scripts[i - 1]);
		batch = behind;
	}
	run(batch);
	assert_ptr_equal(finished(), &scripts[3]);
}

/* Nobody knows whether the first took effect; the second did not. They run again one behind the other. */
static void test_in_doubt_keeps_the_order(void **state)
{
	const struct sql_error lost = sql_error(SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE);
	struct script first = create(), second = create();
	struct batch *batch, *behind;

	(void)state;
	submit(&first);
	batch = choose();
	bring_to_commit(batch);
	submit(&second);
	behind = choose_behind(batch);
	assert_int_equal(wave(behind), 1);
	batch_ended(batch, BATCH_IN_DOUBT, &lost, world.now_us);
	batch_ended(behind, BATCH_DROPPED, &lost, world.now_us);
	assert_null(finished());
	batch = choose();
	assert_int_equal(batch_size(batch), 2);
	assert_int_equal(wave(batch), 2);
	answer_all(batch, 0, 2);
	commit(batch);
	assert_ptr_equal(finished(), &first);
	assert_ptr_equal(finished(), &second);
}

/* However often that happens to it, a command runs in company, and is no poison. */
static void test_dropped_blames_nobody(void **state)
{
	const struct sql_error lost = sql_error(SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE);
	struct script script = write_row(1), other = write_row(2);
	struct batch *batch;

	(void)state;
	submit(&script);
	for (uint32_t i = 0; i < 10; i++) {
		batch = choose();
		assert_int_equal(wave(batch), 1);
		batch_ended(batch, BATCH_DROPPED, &lost, world.now_us);
		assert_null(finished());
	}
	submit(&other);
	batch = choose();
	assert_int_equal(batch_size(batch), 2);
	run(batch);
	assert_int_equal(script.code, ERROR_NONE);
}

/* The connection has to fall idle for what runs alone, or it would never have its turn. */
static void test_nothing_overtakes_what_runs_alone(void **state)
{
	struct script first = write_row(1), alone = write_row(2), last = write_row(3);
	struct batch *batch;

	(void)state;
	alone.kind = PROCEDURE_ALONE;
	submit(&first);
	batch = choose();
	bring_to_commit(batch);
	submit(&alone);
	submit(&last);
	assert_null(choose_behind(batch));
	end_committed(batch);
	run(choose());
	assert_ptr_equal(finished(), &first);
	assert_ptr_equal(finished(), &alone);
	run(choose());
	assert_ptr_equal(finished(), &last);
}

static void test_another_limit_on_time_does_not_follow(void **state)
{
	struct script first = create(), second = create();
	struct batch *batch;

	(void)state;
	world.policies[1].statement_timeout_ms = 1000;
	submit(&first);
	batch = choose();
	bring_to_commit(batch);
	submit_as(&second, 1, 0);
	assert_null(choose_behind(batch));
	end_committed(batch);
	run(choose());
	assert_int_equal(second.replied, 1);
}

static void test_nothing_follows_while_jobs_are_withdrawn(void **state)
{
	struct script first = create(), second = create(), third = create();
	struct batch *batch;
	struct job *job;

	(void)state;
	submit(&first);
	batch = choose();
	bring_to_commit(batch);
	submit(&second);
	submit(&third);
	job = planner_withdraw(world.planner);
	assert_ptr_equal(job->owner, &second);
	job_free(job);
	assert_null(choose_behind(batch));
	end_committed(batch);
	job = planner_withdraw(world.planner);
	assert_ptr_equal(job->owner, &third);
	job_free(job);
	assert_null(planner_withdraw(world.planner));
}

static void test_only_reads(void **state)
{
	struct script read = write_row(1), same = write_row(2), again = write_row(1), update = write_row(3);
	struct batch *batch;

	(void)state;
	read.op = same.op = again.op = OP_READ;
	update.op = OP_UPDATE;
	submit(&read);
	submit(&same);
	batch = choose();
	assert_int_equal(batch_size(batch), 2);
	assert_true(batch_only_reads(batch));
	run(batch);
	submit(&again);
	submit(&update);
	batch = choose();
	assert_int_equal(batch_size(batch), 2);
	assert_false(batch_only_reads(batch));
	run(batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(takes_all_that_waits_for_the_batch),
		TEST(takes_nothing_else),
		TEST(one_behind_the_other),
		TEST(in_doubt_keeps_the_order),
		TEST(dropped_blames_nobody),
		TEST(nothing_overtakes_what_runs_alone),
		TEST(another_limit_on_time_does_not_follow),
		TEST(nothing_follows_while_jobs_are_withdrawn),
		TEST(only_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
