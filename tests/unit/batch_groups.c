/* batch_groups.c - who stands in a group with whom, and how a group that failed is taken apart. */
#include "fake_shared.h"
#include "planner_world.h"

#include "daemon/plan/planner_state.h"

enum { SCRIPTS = 16 };

static struct script scripts[SCRIPTS];
static struct table table = {.name = {"t", 1}}, other_table = {.name = {"u", 1}};
static const struct sql_error duplicate = {.class = SQL_ERROR_OF_COMMAND, .code = ERROR_UNIQUE_VIOLATION, .row = -1};

static int tear_down(void **state)
{
	fake_shared_rules = (struct fake_shared_rules){0};
	return planner_tear_down(state);
}

/* Rows of their own, which share by number. */
static void submit_sharing(uint32_t count, const uint32_t *shares)
{
	for (uint32_t i = 0; i < count; i++) {
		scripts[i] = write_row(i + 1);
		scripts[i].share = shares[i];
		submit(&scripts[i]);
	}
}

/* The same, as creates whose order counts. */
static void submit_creates(uint32_t count, const uint32_t *shares, const struct table *in)
{
	for (uint32_t i = 0; i < count; i++) {
		scripts[i] = write_row(i + 1);
		scripts[i].share = shares[i];
		scripts[i].creates_in = in;
		submit(&scripts[i]);
	}
}

static const struct statement *statements;

static size_t send(struct batch *batch)
{
	size_t count = 0;

	assert_int_equal(batch_next(batch, world.now_us, &statements, &count), BATCH_SEND);
	return count;
}

/* Statement `index` is that of these scripts, in this order; -1 ends them. */
static void expect_scripts(size_t index, ...)
{
	uint32_t count = 0, at = 0;
	struct job *const *jobs = group_of_statement(&statements[index], &count);
	va_list numbers;

	va_start(numbers, index);
	for (int number = va_arg(numbers, int); number >= 0; number = va_arg(numbers, int), at++) {
		const struct script *script = jobs ? NULL : script_of_statement(&statements[index]);

		if (jobs)
			assert_true(at < count);
		assert_ptr_equal(jobs ? script_of(jobs[at]) : script, &scripts[number]);
	}
	va_end(numbers);
	assert_int_equal(at, jobs ? count : 1);
}

static void done(struct batch *batch, size_t index)
{
	const struct statement_result result = {0};

	batch_done(batch, index, &result);
}

static void expect_finished(uint32_t count, uint32_t failed)
{
	uint32_t found = 0, found_failed = 0;

	for (struct script *script = finished(); script; script = finished(), found++)
		found_failed += script->code != ERROR_NONE;
	assert_int_equal(found, count);
	assert_int_equal(found_failed, failed);
}

static void test_who_shares_stands_together(void **state)
{
	struct batch *batch;

	(void)state;
	submit_sharing(5, (const uint32_t[]){1, 2, 1, 0, 2});
	batch = choose();
	assert_int_equal(send(batch), 3);
	expect_scripts(0, 0, 2, -1);
	expect_scripts(1, 1, 4, -1);
	expect_scripts(2, 3, -1);
	answer_all(batch, 0, 3);
	commit(batch);
	expect_finished(5, 0);
}

static void test_a_group_fits_into_a_statement(void **state)
{
	struct batch *batch;

	(void)state;
	fake_shared_rules.size_limit = 25;
	for (uint32_t i = 0; i < 5; i++) {
		scripts[i] = write_row(i + 1);
		scripts[i].share = 1;
		scripts[i].size = 10;
		submit(&scripts[i]);
	}
	batch = choose();
	assert_int_equal(send(batch), 3);
	expect_scripts(0, 0, 1, -1);
	expect_scripts(1, 2, 3, -1);
	expect_scripts(2, 4, -1);
	answer_all(batch, 0, 3);
	commit(batch);
	expect_finished(5, 0);
}

/* A column more, and no more: the rows keep their order. */
static void test_creates_keep_their_order(void **state)
{
	struct batch *batch;

	(void)state;
	submit_creates(6, (const uint32_t[]){1, 1, 2, 1, 1, 0}, &table);
	batch = choose();
	/* What stands behind a group waits until it is certain that it need not run again. */
	assert_int_equal(send(batch), 1);
	expect_scripts(0, 0, 1, -1);
	done(batch, 0);
	assert_int_equal(send(batch), 2);
	expect_scripts(0, 2, -1);
	expect_scripts(1, 3, 4, -1);
	answer_all(batch, 0, 2);
	assert_int_equal(send(batch), 1);
	expect_scripts(0, 5, -1);
	done(batch, 0);
	commit(batch);
	expect_finished(6, 0);
}

/* One whose order does not count stands in front of its group: what comes behind the others waits all the same. */
static void test_a_group_keeps_the_order_of_any_of_its_creates(void **state)
{
	struct batch *batch;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		scripts[i] = write_row(i + 1);
		scripts[i].share = i < 2;
		scripts[i].creates_in = i > 0 ? &table : NULL;
		submit(&scripts[i]);
	}
	batch = choose();
	assert_int_equal(send(batch), 1);
	expect_scripts(0, 0, 1, -1);
	answer_all(batch, 0, 1);
	assert_int_equal(send(batch), 1);
	expect_scripts(0, 2, -1);
	answer_all(batch, 0, 1);
	commit(batch);
	expect_finished(3, 0);
}

static void test_creates_in_other_tables_wait_for_nobody(void **state)
{
	struct batch *batch;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		scripts[i] = write_row(i + 1);
		scripts[i].share = 1 + i % 2;
		scripts[i].creates_in = i % 2 ? &table : &other_table;
		submit(&scripts[i]);
	}
	batch = choose();
	assert_int_equal(send(batch), 2);
	expect_scripts(0, 0, 2, -1);
	expect_scripts(1, 1, 3, -1);
	answer_all(batch, 0, 2);
	commit(batch);
	expect_finished(4, 0);
}

static void test_a_culprit_is_taken_out(void **state)
{
	struct batch *batch;

	(void)state;
	submit_sharing(5, (const uint32_t[]){1, 1, 1, 1, 1});
	scripts[2].bad = true;
	batch = choose();
	assert_int_equal(send(batch), 1);
	batch_failed(batch, 0, &duplicate);
	assert_int_equal(send(batch), 2);
	expect_scripts(0, 0, 1, -1);
	expect_scripts(1, 3, 4, -1);
	answer_all(batch, 0, 2);
	commit(batch);
	expect_finished(5, 1);
	assert_int_equal(scripts[2].code, ERROR_UNIQUE_VIOLATION);
}

/* Those behind the culprit go when those before it are certain. */
static void test_creates_are_taken_apart_in_order(void **state)
{
	struct batch *batch;

	(void)state;
	submit_creates(5, (const uint32_t[]){1, 1, 1, 1, 1}, &table);
	scripts[2].bad = true;
	batch = choose();
	assert_int_equal(send(batch), 1);
	batch_failed(batch, 0, &duplicate);
	assert_int_equal(send(batch), 1);
	expect_scripts(0, 0, 1, -1);
	done(batch, 0);
	assert_int_equal(send(batch), 1);
	expect_scripts(0, 3, 4, -1);
	done(batch, 0);
	commit(batch);
	expect_finished(5, 1);
}

static void test_a_culprit_at_either_end(void **state)
{
	(void)state;
	for (uint32_t bad = 0; bad < 3; bad += 2) {
		struct batch *batch;

		submit_sharing(3, (const uint32_t[]){1, 1, 1});
		scripts[bad].bad = true;
		batch = choose();
		assert_int_equal(send(batch), 1);
		batch_failed(batch, 0, &duplicate);
		assert_int_equal(send(batch), 1);
		if (bad == 0)
			expect_scripts(0, 1, 2, -1);
		else
			expect_scripts(0, 0, 1, -1);
		done(batch, 0);
		commit(batch);
		expect_finished(3, 1);
		assert_int_equal(scripts[bad].code, ERROR_UNIQUE_VIOLATION);
	}
}

/* Each of the first eight costs a statement for the others; then each goes by itself. */
static void test_many_culprits_end_the_group(void **state)
{
	enum { JOBS = 16, TOGETHER = 8 };
	uint32_t shares[JOBS];
	struct batch *batch;

	(void)state;
	for (uint32_t i = 0; i < JOBS; i++)
		shares[i] = 1;
	submit_sharing(JOBS, shares);
	for (uint32_t i = 0; i < JOBS; i++)
		scripts[i].bad = true;
	batch = choose();
	for (uint32_t i = 0; i < TOGETHER; i++) {
		assert_int_equal(send(batch), 1);
		batch_failed(batch, 0, &duplicate);
	}
	assert_int_equal(send(batch), JOBS - TOGETHER);
	for (uint32_t i = 0; i < JOBS - TOGETHER; i++)
		batch_failed(batch, i, &duplicate);
	commit(batch);
	expect_finished(JOBS, JOBS);
}

/* Nobody knows who it was: at most twice as many statements as halvings. */
static void test_halves_find_the_culprit(void **state)
{
	uint32_t sent = 0;
	struct batch *batch;

	(void)state;
	fake_shared_rules.names_no_culprit = true;
	submit_sharing(16, (const uint32_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
	scripts[5].bad = true;
	batch = choose();
	for (;;) {
		size_t count = 0;

		if (batch_next(batch, world.now_us, &statements, &count) == BATCH_COMMIT)
			break;
		sent += (uint32_t)count;
		for (size_t i = 0; i < count; i++) {
			uint32_t jobs = 0, bad = 0;
			struct job *const *group = group_of_statement(&statements[i], &jobs);

			for (uint32_t j = 0; j < jobs; j++)
				bad += script_of(group[j])->bad;
			if (bad > 0 || (!group && script_of_statement(&statements[i])->bad))
				batch_failed(batch, i, &duplicate);
			else
				done(batch, i);
		}
	}
	assert_int_equal(sent, 1 + 2 * 4);
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
	expect_finished(16, 1);
	assert_int_equal(scripts[5].code, ERROR_UNIQUE_VIOLATION);
}

static void test_without_memory_groups_are_smaller(void **state)
{
	struct batch *batch;

	(void)state;
	fake_shared_rules.begins_that_fail = 2;
	submit_sharing(4, (const uint32_t[]){1, 1, 1, 1});
	batch = choose();
	assert_int_equal(send(batch), 3);
	expect_scripts(0, 0, -1);
	expect_scripts(1, 1, -1);
	expect_scripts(2, 2, 3, -1);
	answer_all(batch, 0, 3);
	commit(batch);
	expect_finished(4, 0);
}

/* A part of it took effect: it is rolled back, and done in smaller batches. */
static void test_a_half_done_group_is_undone(void **state)
{
	struct batch *batch;

	(void)state;
	fake_shared_rules.must_be_undone = true;
	submit_sharing(4, (const uint32_t[]){1, 1, 1, 1});
	batch = choose();
	assert_int_equal(send(batch), 1);
	batch_failed(batch, 0, &duplicate);
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	assert_null(finished());
	fake_shared_rules.must_be_undone = false;
	for (uint32_t i = 0; i < 2; i++) {
		batch = choose();
		assert_int_equal(batch_size(batch), 2);
		run(batch);
	}
	expect_finished(4, 0);
}

/* The connection goes while a group's statement runs: it counts against each of them, and against nobody else. */
static void test_a_lost_group_blames_all_of_it(void **state)
{
	const struct sql_error lost = sql_error(SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE);
	struct batch *batch;

	(void)state;
	submit_sharing(3, (const uint32_t[]){1, 1, 0});
	batch = choose();
	assert_int_equal(send(batch), 2);
	batch_failed(batch, 0, &lost);
	batch_ended(batch, BATCH_LOST, &lost, world.now_us);
	batch = choose();
	for (uint32_t i = 0; i < batch_size(batch); i++) {
		const struct job *job = &batch_task(batch, i)->job;

		assert_int_equal(job->connections_lost, script_of(job)->share ? 1 : 0);
	}
	run(batch);
	expect_finished(3, 0);
}

static void test_a_deadlock_runs_all_of_it_again(void **state)
{
	const struct sql_error deadlock = sql_error(SQL_ERROR_TRANSACTION, ERROR_DEADLOCK);
	struct batch *batch;

	(void)state;
	submit_sharing(4, (const uint32_t[]){1, 1, 1, 1});
	doom(choose(), &deadlock);
	world.now_us += FAR_US;
	batch = choose();
	assert_int_equal(batch_size(batch), 4);
	run(batch);
	expect_finished(4, 0);
}

/* Whether it is among the jobs of a statement. */
static bool has(const struct statement *statement, const struct script *script)
{
	uint32_t count = 0;
	struct job *const *jobs = group_of_statement(statement, &count);

	for (uint32_t i = 0; i < count; i++)
		if (script_of(jobs[i]) == script)
			return true;
	return !jobs && script_of_statement(statement) == script;
}

static void test_whoever_shares_with_a_locked_row_is_not_given_up_for_it(void **state)
{
	enum { COUNT = 512, LOCKED = 5 };
	static struct script many[COUNT];
	const struct sql_error locked = sql_error(SQL_ERROR_LOCK_WAIT, ERROR_LOCK_TIMEOUT);

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++) {
		many[i] = write_row(i + 1);
		many[i].share = 1;
		submit(&many[i]);
	}
	for (struct batch *batch; (batch = choose()); world.now_us += FAR_US) {
		assert_int_equal(send(batch), 1);
		if (!has(statements, &many[LOCKED])) {
			answer_all(batch, 0, 1);
			commit(batch);
			continue;
		}
		batch_failed(batch, 0, &locked);
		assert_int_equal(next(batch), BATCH_ROLLBACK);
		batch_ended(batch, BATCH_ROLLED_BACK, &locked, world.now_us);
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		assert_int_equal(many[i].replied, 1);
		assert_int_equal(many[i].code, i == LOCKED ? ERROR_LOCK_TIMEOUT : ERROR_NONE);
	}
	while (finished())
		;
}

/* Groups as large as a packet are not kept for the next batch; small ones are, as long as they are few. */
static void test_groups_keep_little_memory(void **state)
{
	static const uint32_t shares[] = {1, 1, 2, 2, 3, 3};

	(void)state;
	fake_shared_rules.kept_bytes = 100 * 1024;
	submit_sharing(6, shares);
	run(choose());
	assert_int_equal(fake_shared_rules.given_back, 1);
	fake_shared_rules.kept_bytes = 1024 * 1024;
	submit_sharing(6, shares);
	run(choose());
	assert_int_equal(fake_shared_rules.given_back, 4);
	while (finished())
		;
}

#define GROUP_TEST(name) cmocka_unit_test_setup_teardown(test_##name, planner_set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GROUP_TEST(who_shares_stands_together),
		GROUP_TEST(a_group_fits_into_a_statement),
		GROUP_TEST(creates_keep_their_order),
		GROUP_TEST(a_group_keeps_the_order_of_any_of_its_creates),
		GROUP_TEST(creates_in_other_tables_wait_for_nobody),
		GROUP_TEST(a_culprit_is_taken_out),
		GROUP_TEST(creates_are_taken_apart_in_order),
		GROUP_TEST(a_culprit_at_either_end),
		GROUP_TEST(many_culprits_end_the_group),
		GROUP_TEST(halves_find_the_culprit),
		GROUP_TEST(without_memory_groups_are_smaller),
		GROUP_TEST(a_half_done_group_is_undone),
		GROUP_TEST(a_lost_group_blames_all_of_it),
		GROUP_TEST(a_deadlock_runs_all_of_it_again),
		GROUP_TEST(groups_keep_little_memory),
		GROUP_TEST(whoever_shares_with_a_locked_row_is_not_given_up_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
