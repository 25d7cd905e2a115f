/* planner.c - what runs together, what waits, and what is answered at once. */
#include "planner_world.h"

/* --- what runs together ---------------------------------------------------------------------------------------- */

static void test_batch_gathers_what_does_not_meet(void **state)
{
	struct script first = write_row(1), second = write_row(2), again = write_row(1);
	struct batch *batch;

	(void)state;
	assert_int_equal(planner_counts(world.planner).bytes, 0);
	submit(&first);
	submit(&second);
	submit(&again);
	assert_true(planner_counts(world.planner).bytes > 0);
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
	assert_int_equal(planner_counts(world.planner).bytes, 0);
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

/* What fits into small batches only neither joins a larger one nor makes it smaller. */
static void test_small_limit_in_a_large_batch(void **state)
{
	enum { COUNT = 33 };
	static struct script fresh[COUNT];
	struct script once = write_row(1);

	(void)state;
	for (uint32_t i = 0; i < COUNT - 1; i++) {
		fresh[i] = write_row(100 + i);
		submit(&fresh[i]);
	}
	submit_as(&once, 0, 1);
	fresh[COUNT - 1] = write_row(99);
	submit(&fresh[COUNT - 1]);
	for (uint32_t i = 0; i < 2; i++) {
		struct batch *batch = choose();

		assert_int_equal(batch_size(batch), i == 0 ? COUNT : 1);
		run(batch);
		assert_int_equal(once.replied, i);
	}
	assert_null(choose());
}

static void test_reply_without_memory(void **state)
{
	struct script script = write_row(1);

	(void)state;
	script.replies_that_fail = 1;
	submit(&script);
	run(choose());
	assert_ptr_equal(finished(), &script);
	assert_int_equal(script.code, ERROR_INTERNAL);
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
	planner_set_up(state);
}

/* A connection is set to one limit on the time of its statements. */
static void test_queues_of_different_timeouts_share_no_batch(void **state)
{
	struct script scripts[6];
	struct batch *batch;

	(void)state;
	world.policies[0].statement_timeout_ms = world.policies[2].statement_timeout_ms = 1000;
	world.policies[1].statement_timeout_ms = 500;
	for (uint32_t i = 0; i < 6; i++) {
		scripts[i] = write_row(i);
		submit_as(&scripts[i], i % 3, 0);
	}
	batch = choose();
	assert_int_equal(batch_size(batch), 4);
	assert_int_equal(batch_timeout_ms(batch), 1000);
	run(batch);
	batch = choose();
	assert_int_equal(batch_size(batch), 2);
	assert_int_equal(batch_timeout_ms(batch), 500);
	run(batch);
	while (finished())
		;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(batch_gathers_what_does_not_meet),
		TEST(read_by_condition_holds_nobody_up),
		TEST(alone_is_alone),
		TEST(queues_take_turns),
		TEST(shared_batches_are_fair),
		TEST(queues_of_different_timeouts_share_no_batch),
		TEST(waves),
		TEST(creates_keep_their_order),
		TEST(create_behind_a_running_create_waits),
		TEST(answered_at_once),
		TEST(attempts),
		TEST(small_limit_in_a_large_batch),
		TEST(reply_without_memory),
		TEST(withdraw_in_order),
		TEST(jobs_outlive_the_planner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
