/* planner_hold.c - what is ready waits for a batch that runs when that makes larger statements, and not otherwise. */
#include "planner_world.h"

#include "daemon/plan/planner_state.h"

enum { TABLES = 200, WAITING = 3000, SIDE_BY_SIDE = 3, YOUNG_US = 20000 };

static struct script scripts[WAITING];

/* Rows of their own; `kinds` of them stand in as many statements. */
static void submit_kinds(uint32_t from, uint32_t count, uint32_t kinds)
{
	for (uint32_t i = from; i < from + count; i++) {
		scripts[i] = write_row(i);
		scripts[i].share = 1 + i % kinds;
		submit(&scripts[i]);
	}
}

static void drop_finished(void)
{
	while (finished())
		;
}

static void expect_held_back(uint64_t until_us)
{
	uint64_t wake_us = 0;

	assert_null(planner_choose(world.planner, world.now_us, &wake_us));
	assert_int_equal(wake_us, until_us);
}

static void test_small_statements_wait_for_one_batch(void **state)
{
	struct batch *batch;

	(void)state;
	submit_kinds(0, WAITING, TABLES);
	batch = choose();
	expect_held_back(world.now_us + YOUNG_US);
	run(batch);
	run(choose());
	drop_finished();
}

/* What comes meanwhile shares the statements of the next one. */
static void test_statements_grow_while_a_batch_runs(void **state)
{
	struct batch *batch;
	uint32_t rows = 0;

	(void)state;
	submit_kinds(0, WAITING / 2, TABLES);
	batch = choose();
	expect_held_back(world.now_us + YOUNG_US);
	submit_kinds(WAITING / 2, WAITING / 2, TABLES);
	run(batch);
	batch = choose();
	for (uint32_t i = 0; i < batch_size(batch); i++)
		rows += script_of(&batch_task(batch, i)->job)->share == script_of(&batch_task(batch, 0)->job)->share;
	assert_in_range(rows, WAITING / TABLES - 1, WAITING / TABLES);
	run(batch);
	drop_finished();
}

static void test_large_statements_wait_for_nobody(void **state)
{
	struct batch *batches[SIDE_BY_SIDE + 1];

	(void)state;
	submit_kinds(0, WAITING, 2);
	for (int i = 0; i <= SIDE_BY_SIDE; i++) {
		batches[i] = choose();
		assert_int_equal(batch_size(batches[i]), BATCH);
	}
	for (int i = 0; i <= SIDE_BY_SIDE; i++)
		run(batches[i]);
	drop_finished();
}

/* They would not keep the server busy. */
static void test_few_wait_for_nobody(void **state)
{
	struct batch *batches[SIDE_BY_SIDE];

	(void)state;
	for (uint32_t i = 0; i < SIDE_BY_SIDE; i++) {
		uint32_t count = i == 0 ? 1 : BATCH / 2 - 1;

		submit_kinds(i * BATCH, count, TABLES);
		batches[i] = choose();
		assert_int_equal(batch_size(batches[i]), count);
	}
	for (int i = 0; i < SIDE_BY_SIDE; i++)
		run(batches[i]);
	drop_finished();
}

/* They may be waiting for locks, and the server have nothing to do. */
static void test_slow_batches_hold_up_nobody(void **state)
{
	struct batch *slow, *next_one;

	(void)state;
	submit_kinds(0, WAITING, TABLES);
	slow = choose();
	world.now_us += YOUNG_US - 1;
	expect_held_back(world.now_us + 1);
	world.now_us++;
	next_one = choose();
	assert_int_equal(batch_size(next_one), BATCH);
	expect_held_back(world.now_us + YOUNG_US);
	run(next_one);
	run(slow);
	drop_finished();
}

/* It shares with nobody, so that waiting gains nothing. */
static void test_what_runs_alone_is_not_held_back(void **state)
{
	struct script alone = write_row(WAITING);
	struct batch *batch, *other;

	(void)state;
	alone.kind = PROCEDURE_ALONE;
	submit_kinds(0, WAITING, TABLES);
	batch = choose();
	submit(&alone);
	other = choose();
	assert_int_equal(batch_size(other), 1);
	assert_ptr_equal(script_of(&batch_task(other, 0)->job), &alone);
	expect_held_back(world.now_us + YOUNG_US);
	run(other);
	run(batch);
	drop_finished();
}

/* Nor does it hold up others. */
static void test_batches_of_one_statement_hold_up_nobody(void **state)
{
	struct batch *batches[SIDE_BY_SIDE], *batch;
	struct script alone[SIDE_BY_SIDE];

	(void)state;
	for (uint32_t i = 0; i < SIDE_BY_SIDE; i++) {
		alone[i] = write_row(WAITING + i);
		alone[i].kind = PROCEDURE_ALONE;
		submit(&alone[i]);
		batches[i] = choose();
	}
	submit_kinds(0, 1, TABLES);
	batch = choose();
	assert_int_equal(batch_size(batch), 1);
	run(batch);
	for (int i = 0; i < SIDE_BY_SIDE; i++)
		run(batches[i]);
	drop_finished();
}

/* It would have the few that came for the tables of the batch before. */
static void test_nothing_follows_what_others_wait_for(void **state)
{
	static struct table tables[TABLES];
	struct batch *batch;

	(void)state;
	for (uint32_t i = 0; i < WAITING; i++) {
		scripts[i] = write_row(i);
		scripts[i].share = 1 + i % TABLES;
		scripts[i].creates_in = &tables[i % TABLES];
	}
	for (uint32_t i = 0; i < WAITING / 2; i++)
		submit(&scripts[i]);
	batch = choose();
	for (uint32_t i = WAITING / 2; i < WAITING; i++)
		submit(&scripts[i]);
	answer_all(batch, 0, wave(batch));
	assert_int_equal(next(batch), BATCH_COMMIT);
	assert_null(planner_choose_behind(world.planner, batch, world.now_us));
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
	drop_finished();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(small_statements_wait_for_one_batch),
		TEST(statements_grow_while_a_batch_runs),
		TEST(large_statements_wait_for_nobody),
		TEST(few_wait_for_nobody),
		TEST(slow_batches_hold_up_nobody),
		TEST(what_runs_alone_is_not_held_back),
		TEST(batches_of_one_statement_hold_up_nobody),
		TEST(nothing_follows_what_others_wait_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
