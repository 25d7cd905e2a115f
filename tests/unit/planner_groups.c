/* planner_groups.c - which of many ready jobs are chosen: those that share their statements with many, and in time all
 * others. */
#include "fake_shared.h"
#include "planner_world.h"

#include "daemon/plan/planner_state.h"

#include <stdio.h>

enum { TABLES = 200, WAITING = 4000, SHARE_OF_FLOOD = 1000000 };

static struct script scripts[WAITING];
static struct table tables[TABLES];
static char names[TABLES][8];

/* A row of its own, sharing with those of its number. */
static struct script sharing(uint64_t row, uint32_t share)
{
	struct script script = write_row(row);

	script.share = share;
	return script;
}

/* How many jobs of the batch share by this number. */
static uint32_t count_of_share(const struct batch *batch, uint32_t share)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < batch_size(batch); i++)
		count += script_of(&batch_task(batch, i)->job)->share == share;
	return count;
}

/* Runs everything; returns how many statements that took. */
static size_t run_everything(void)
{
	size_t statements = 0;
	struct batch *batch;

	while ((batch = choose())) {
		size_t count = wave(batch);

		statements += count;
		answer_all(batch, 0, count);
		commit(batch);
	}
	for (uint32_t i = 0; i < WAITING; i++)
		assert_non_null(finished());
	assert_null(finished());
	return statements;
}

static void test_groups_are_large(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < WAITING; i++) {
		scripts[i] = sharing(i, 1 + i % TABLES);
		submit(&scripts[i]);
	}
	/* All that wait for a table at once, but where a batch, or half of it, ends. */
	assert_in_range(run_everything(), TABLES, TABLES + 2 * (WAITING / BATCH + 1));
}

/* Of each table only the first create is ready; the others come with it. */
static void test_groups_of_creates_are_large(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < TABLES; i++) {
		int size = snprintf(names[i], sizeof(names[i]), "t%u", i);

		tables[i] = (struct table){.name = {names[i], (size_t)size}};
	}
	for (uint32_t i = 0; i < WAITING; i++) {
		scripts[i] = sharing(i, 1 + i % TABLES);
		scripts[i].creates_in = &tables[i % TABLES];
		submit(&scripts[i]);
	}
	assert_in_range(run_everything(), TABLES, TABLES + 2 * (WAITING / BATCH + 1));
}

static void test_fullest_come_before_the_old(void **state)
{
	struct batch *batch;

	(void)state;
	/* One by one they would fill the batch alone. */
	for (uint32_t i = 0; i < BATCH; i++) {
		scripts[i] = sharing(i, 1 + i);
		submit(&scripts[i]);
	}
	for (uint32_t i = BATCH; i < 2 * BATCH; i++) {
		scripts[i] = sharing(i, SHARE_OF_FLOOD);
		submit(&scripts[i]);
	}
	batch = choose();
	assert_int_equal(batch_size(batch), BATCH);
	assert_ptr_equal(script_of(&batch_task(batch, 0)->job), &scripts[0]);
	assert_int_equal(count_of_share(batch, SHARE_OF_FLOOD), BATCH / 2);
	run(batch);
}

/* However many of another kind come behind it all the time, a lone one waits for few batches. */
static void test_nobody_starves_beside_a_flood(void **state)
{
	enum { LONE = 600 };
	static struct script lone[LONE];
	uint32_t submitted = 0, replied = 0, batches = 0;

	(void)state;
	for (uint32_t i = 0; i < BATCH; i++)
		scripts[i] = sharing(i, SHARE_OF_FLOOD);
	for (; submitted < BATCH; submitted++)
		submit(&scripts[submitted]);
	for (uint32_t i = 0; i < LONE; i++) {
		lone[i] = sharing(WAITING + i, 1 + i);
		submit(&lone[i]);
	}
	for (; replied < LONE; batches++) {
		struct script *script;

		run(choose());
		while ((script = finished()))
			if (script->share == SHARE_OF_FLOOD) {
				*script = sharing(submitted++, SHARE_OF_FLOOD);
				submit(script);
			} else {
				replied++;
			}
	}
	assert_in_range(batches, 1, 1 + LONE / (BATCH / 2) + 1);
}

/* Those that share with nobody are no large group, however many they are. */
static void test_singles_count_as_one(void **state)
{
	struct batch *batch;

	(void)state;
	for (uint32_t i = 0; i < 2 * BATCH; i++) {
		scripts[i] = sharing(i, i < BATCH ? 0 : i % 2 + 1);
		submit(&scripts[i]);
	}
	scripts[2 * BATCH] = sharing(2 * BATCH, 0);
	run(choose()); /* the oldest lead, and there are enough of them */
	assert_int_equal(scripts[BATCH - 1].replied, 1);
	submit(&scripts[2 * BATCH]);
	batch = choose();
	assert_int_equal(count_of_share(batch, 0), 0);
	run(batch);
	run(choose());
	assert_int_equal(scripts[2 * BATCH].replied, 1);
}

static void test_a_flooded_queue_leaves_room(void **state)
{
	struct script few[3];
	struct batch *batch;

	(void)state;
	for (uint32_t i = 0; i < WAITING; i++) {
		scripts[i] = sharing(i, SHARE_OF_FLOOD);
		submit(&scripts[i]);
	}
	run(choose());
	for (uint32_t i = 0; i < 3; i++) {
		few[i] = sharing(WAITING + i, 1 + i);
		submit_as(&few[i], 1, 0);
	}
	batch = choose();
	assert_int_equal(batch_size(batch), BATCH);
	run(batch);
	assert_int_equal(few[0].replied + few[1].replied + few[2].replied, 3);
	while (finished())
		;
}

/* With many queues each gives a share large enough to be worth a statement, and all get their turn. */
static void test_many_queues_take_turns(void **state)
{
	enum { QUEUES = 64, EACH = 40, SHARE = 32 };
	uint32_t replied[QUEUES] = {0};
	struct script *script;

	(void)state;
	for (uint32_t i = 0; i < QUEUES * EACH; i++) {
		scripts[i] = sharing(i, 1 + i % QUEUES);
		submit_as(&scripts[i], i % QUEUES, 0);
	}
	for (uint32_t i = 0; i < QUEUES * SHARE / BATCH; i++) {
		struct batch *batch = choose();

		assert_int_equal(wave(batch), BATCH / SHARE);
		answer_all(batch, 0, BATCH / SHARE);
		commit(batch);
	}
	while ((script = finished()))
		replied[script->share - 1]++;
	for (uint32_t i = 0; i < QUEUES; i++)
		assert_int_equal(replied[i], SHARE);
}

/* Runs a batch, and submits as many that share as have been answered, each to its queue. */
static void run_under_load(uint32_t *submitted)
{
	struct script *script;

	run(choose());
	while ((script = finished()))
		if (script->kind != PROCEDURE_ALONE) {
			uint32_t queue = script->share - 1;

			*script = sharing((*submitted)++, 1 + queue);
			submit_as(script, queue, 0);
		}
}

/* Queues that fill the batches come round and round at the same places. What runs alone leads, or does not run at all:
 * it has its turn between them, and among those of its own queue. */
static void test_nobody_is_passed_over_in_each_turn(void **state)
{
	enum { QUEUES = 33, LONE = 5, MIXED = 10, EACH = 64, BATCHES = 16 };
	struct script lone = sharing(WAITING, 0), mixed = sharing(WAITING + 1, 0);
	uint32_t submitted = 0;

	(void)state;
	lone.kind = mixed.kind = PROCEDURE_ALONE;
	for (uint32_t q = 0; q < QUEUES; q++) {
		if (q == LONE)
			submit_as(&lone, q, 0);
		for (uint32_t i = 0; q != LONE && i < EACH; i++, submitted++) {
			scripts[submitted] = sharing(submitted, 1 + q);
			submit_as(&scripts[submitted], q, 0);
		}
		if (q == MIXED)
			submit_as(&mixed, q, 0);
	}
	for (uint32_t i = 0; i < BATCHES; i++)
		run_under_load(&submitted);
	assert_int_equal(lone.replied, 1);
	assert_int_equal(mixed.replied, 1);
}

/* Two queues create in one table: neither passes the other, and one batch has them all. */
static void test_creates_of_two_queues_keep_their_order(void **state)
{
	enum { COUNT = 20 };
	static const struct table table = {.name = {"t", 1}};
	struct batch *batch;

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++) {
		scripts[i] = sharing(i, 1);
		scripts[i].creates_in = &table;
		submit_as(&scripts[i], i / 2 % 2, 0);
	}
	batch = choose();
	assert_int_equal(batch_size(batch), COUNT);
	for (uint32_t i = 0; i < COUNT; i++)
		assert_ptr_equal(script_of(&batch_task(batch, i)->job), &scripts[i]);
	run(batch);
	while (finished())
		;
}

/* After a batch that was rolled back, and jobs that came meanwhile, the order is the old one. */
static void test_those_that_return_stand_at_their_place(void **state)
{
	const struct sql_error lost = sql_error(SQL_ERROR_RESOURCE, ERROR_INTERNAL);
	struct batch *batch, *other;

	(void)state;
	for (uint32_t i = 0; i < 3 * BATCH; i++) {
		scripts[i] = sharing(i, 1);
		submit(&scripts[i]);
	}
	batch = choose();
	other = choose();
	doom(other, &lost);
	doom(batch, &lost);
	world.now_us += FAR_US;
	for (uint32_t n = 0; n < 3; n++) {
		batch = choose();
		for (uint32_t i = 0; i < BATCH; i++)
			assert_ptr_equal(script_of(&batch_task(batch, i)->job), &scripts[n * BATCH + i]);
		run(batch);
	}
	while (finished())
		;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(groups_are_large),
		TEST(groups_of_creates_are_large),
		TEST(fullest_come_before_the_old),
		TEST(nobody_starves_beside_a_flood),
		TEST(singles_count_as_one),
		TEST(a_flooded_queue_leaves_room),
		TEST(many_queues_take_turns),
		TEST(nobody_is_passed_over_in_each_turn),
		TEST(creates_of_two_queues_keep_their_order),
		TEST(those_that_return_stand_at_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
