/* batch_one_statement.c - a batch whose COMMIT may be sent right behind its only statement. */
#include "planner_world.h"

#include "daemon/plan/planner_state.h"

static struct script lone(void)
{
	struct script script = write_row(1);

	script.is_one_statement = true;
	return script;
}

static void test_of_one_command(void **state)
{
	struct script script = lone();
	struct batch *batch;

	(void)state;
	submit(&script);
	batch = choose();
	assert_false(batch_is_one_statement(batch));
	assert_int_equal(wave(batch), 1);
	assert_true(batch_is_one_statement(batch));
	answer_all(batch, 0, 1);
	assert_int_equal(next(batch), BATCH_COMMIT);
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
	assert_ptr_equal(finished(), &script);
	assert_int_equal(script.code, ERROR_NONE);
}

/* The second could fail in a way that undoes the first. */
static void test_not_of_two(void **state)
{
	struct script scripts[] = {lone(), lone()};
	struct batch *batch;

	(void)state;
	scripts[1].entries[1].resource++;
	submit(&scripts[0]);
	submit(&scripts[1]);
	batch = choose();
	assert_int_equal(wave(batch), 2);
	assert_false(batch_is_one_statement(batch));
	answer_all(batch, 0, 2);
	commit(batch);
	assert_non_null(finished());
	assert_non_null(finished());
}

static void test_not_when_the_command_says_no(void **state)
{
	struct script script = write_row(1);
	struct batch *batch;

	(void)state;
	submit(&script);
	batch = choose();
	assert_int_equal(wave(batch), 1);
	assert_false(batch_is_one_statement(batch));
	answer_all(batch, 0, 1);
	commit(batch);
	assert_ptr_equal(finished(), &script);
}

/* It has its marker in the same transaction, whose answer may be that another worker has its commands by now. */
static void test_not_with_a_commit_marker(void **state)
{
	struct script script = lone();
	struct batch *batch;

	(void)state;
	script.op = OP_UPDATE;
	world.policies[0].exactly_once = true;
	assert_int_equal(planner_enlist(world.planner, "exo-1", 1), 0);
	submit(&script);
	batch = choose();
	assert_int_equal(wave(batch), 2);
	assert_false(batch_is_one_statement(batch));
	batch_ended(batch, BATCH_LOST, NULL, world.now_us);
}

/* What comes behind is in another transaction, which is committed when all of it is answered. */
static void test_not_in_a_later_wave(void **state)
{
	struct script script = lone();
	struct batch *batch;

	(void)state;
	script.waves = 2;
	submit(&script);
	batch = choose();
	answer_all(batch, 0, wave(batch));
	assert_int_equal(wave(batch), 1);
	assert_false(batch_is_one_statement(batch));
	answer_all(batch, 0, 1);
	commit(batch);
	assert_ptr_equal(finished(), &script);
}

static void test_a_failure_is_answered(void **state)
{
	const struct sql_error error = sql_error(SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION);
	struct script script = lone();
	struct batch *batch;

	(void)state;
	submit(&script);
	batch = choose();
	assert_int_equal(wave(batch), 1);
	batch_failed(batch, 0, &error);
	commit(batch);
	assert_ptr_equal(finished(), &script);
	assert_int_equal(script.code, ERROR_UNIQUE_VIOLATION);
	assert_false(script.told_executed);
}

/* It has undone itself, and the COMMIT behind it did nothing: it runs again. */
static void test_a_deadlock_runs_again(void **state)
{
	const struct sql_error deadlock = sql_error(SQL_ERROR_TRANSACTION, ERROR_DEADLOCK);
	struct script script = lone();

	(void)state;
	submit(&script);
	doom(choose(), &deadlock);
	assert_null(finished());
	world.now_us += FAR_US;
	run(choose());
	assert_ptr_equal(finished(), &script);
	assert_int_equal(script.restarted, 2);
}

/* The table was changed under it. What is committed is not run again, nor called undone. */
static void test_what_is_committed_stays(void **state)
{
	const char *value = "";
	const unsigned long length = 0;
	struct script stale = lone(), failed = lone();
	struct batch *batch;

	(void)state;
	stale.stale_row = stale.undo = true;
	submit(&stale);
	batch = choose();
	assert_int_equal(wave(batch), 1);
	assert_int_equal(batch_row(batch, 0, &value, &length, 1), -EFBIG);
	answer_all(batch, 0, 1);
	commit(batch);
	failed.fails_at_end = failed.undo = true;
	submit(&failed);
	run(choose());
	assert_ptr_equal(finished(), &stale);
	assert_ptr_equal(finished(), &failed);
	assert_null(finished());
	assert_int_equal(stale.code, ERROR_INTERNAL);
	assert_int_equal(failed.code, ERROR_INTERNAL);
	assert_true(stale.told_executed && failed.told_executed);
	assert_int_equal(stale.restarted + failed.restarted, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_one_command),
		TEST(not_of_two),
		TEST(not_when_the_command_says_no),
		TEST(not_with_a_commit_marker),
		TEST(not_in_a_later_wave),
		TEST(a_failure_is_answered),
		TEST(a_deadlock_runs_again),
		TEST(what_is_committed_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
