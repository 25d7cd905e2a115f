/* batch_compound.c - a batch whose only statement, commit marker and COMMIT are one trip. */
#include "planner_world.h"

#include "daemon/plan/planner_state.h"

static struct script lone(void)
{
	struct script script = write_row(1);

	script.op = OP_UPDATE;
	script.is_one_statement = script.fits_compound = true;
	return script;
}

static void enlist(void)
{
	world.policies[0].exactly_once = true;
	assert_int_equal(planner_enlist(world.planner, "exo-1", 2), 0);
}

static struct batch *send(struct script *script)
{
	struct batch *batch;

	submit(script);
	batch = choose();
	assert_int_equal(wave(batch), 2);
	return batch;
}

static void done_marker(struct batch *batch, uint64_t matched)
{
	const struct statement_result result = {.matched = matched, .affected = matched};

	batch_done(batch, 1, &result);
}

static uint32_t free_markers(void)
{
	struct marker marker;
	uint32_t count = 0;

	for (; markers_available(world.planner->markers); count++)
		markers_take(world.planner->markers, &marker);
	return count;
}

/* What is behind these bytes, with which the text has to begin. */
static struct bytes take(struct bytes text, const char *data, size_t size)
{
	assert_true(text.size >= size);
	assert_memory_equal(text.data, data, size);
	return (struct bytes){.data = text.data + size, .size = text.size - size};
}

static void test_says_both_and_commits(void **state)
{
	struct script script = lone();
	const struct statement *statements;
	struct batch_marker marker;
	struct batch *batch;
	size_t count;
	struct bytes text;

	(void)state;
	enlist();
	submit(&script);
	batch = choose();
	assert_int_equal(batch_next(batch, world.now_us, &statements, &count), BATCH_SEND);
	assert_int_equal(count, 2);
	assert_true(batch_is_compound(batch));
	assert_false(batch_is_one_statement(batch));
	text = take(statements[2].text, "BEGIN NOT ATOMIC ", 17);
	text = take(text, statements[0].text.data, statements[0].text.size); /* of the fake procedure: no SQL */
	text = take(text, "; ", 2);
	text = take(text, statements[1].text.data, statements[1].text.size);
	text = take(text, "; COMMIT; END", 13);
	assert_int_equal(text.size, 0);
	assert_text(statements[1].text, "INSERT INTO `rowd_commits` (`worker`, `slot`, `batch`, `sequences`) VALUES "
					"('exo-1', 0, 1, '1')");
	assert_true(batch_marker(batch, &marker));
	assert_true(marker.is_commit);
	assert_int_equal(planner_commits(world.planner), 1);
	assert_int_equal(planner_lowest_batch(world.planner), 1);
	answer_all(batch, 0, 1);
	done_marker(batch, 1);
	commit(batch);
	assert_ptr_equal(finished(), &script);
	assert_int_equal(script.code, ERROR_NONE);
	assert_int_equal(planner_lowest_batch(world.planner), 1); /* until Redis has forgotten the command */
	(void)planner_release(world.planner, 0);
	assert_int_equal(planner_lowest_batch(world.planner), 2);
	assert_int_equal(free_markers(), 2);
}

static void check_is_none(struct script *script)
{
	submit(script);
	for (struct batch *batch; (batch = choose());) {
		(void)wave(batch);
		assert_false(batch_is_compound(batch));
		batch_ended(batch, BATCH_LOST, NULL, world.now_us);
		return;
	}
	fail();
}

static void test_not_when_the_command_says_no(void **state)
{
	struct script script = lone();

	(void)state;
	enlist();
	script.fits_compound = false;
	check_is_none(&script);
}

static void test_not_of_more_statements(void **state)
{
	struct script script = lone();

	(void)state;
	enlist();
	script.is_one_statement = false;
	check_is_none(&script);
}

static void test_not_at_least_once(void **state)
{
	struct script script = lone();
	struct batch *batch;

	(void)state;
	submit(&script);
	batch = choose();
	assert_int_equal(wave(batch), 1);
	assert_false(batch_is_compound(batch));
	assert_true(batch_is_one_statement(batch));
	batch_ended(batch, BATCH_LOST, NULL, world.now_us);
}

/* Should that one's COMMIT fail, this must not be committed. */
static void test_not_behind_another(void **state)
{
	static const struct table table = {.name = {"t", 1}};
	struct script first = {.op = OP_CREATE, .kind = PROCEDURE_BY_KEY, .waves = 1, .creates_in = &table};
	struct script behind = first;
	struct batch *before, *batch;

	(void)state;
	enlist();
	behind.is_one_statement = behind.fits_compound = true;
	before = send(&first);
	submit(&behind);
	answer_all(before, 0, 1);
	done_marker(before, 1);
	assert_int_equal(next(before), BATCH_COMMIT);
	batch = planner_choose_behind(world.planner, before, world.now_us);
	assert_non_null(batch);
	assert_int_equal(wave(batch), 2);
	assert_false(batch_is_compound(batch));
	batch_ended(before, BATCH_COMMITTED, NULL, world.now_us);
	batch_ended(batch, BATCH_LOST, NULL, world.now_us);
}

/* The server has left the block: the marker names nothing, and is free again. */
static void test_a_failure_is_answered(void **state)
{
	const struct sql_error error = sql_error(SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION);
	struct script script = lone();
	struct batch *batch;

	(void)state;
	enlist();
	batch = send(&script);
	batch_failed(batch, 0, &error);
	commit(batch);
	assert_ptr_equal(finished(), &script);
	assert_int_equal(script.code, ERROR_UNIQUE_VIOLATION);
	assert_false(script.told_executed);
	assert_int_equal(free_markers(), 2);
}

/* What did not come to its end is tried again as two statements: then it is known which of them has failed. */
static void test_the_second_time_it_is_two_statements(void **state)
{
	const struct sql_error deadlock = sql_error(SQL_ERROR_TRANSACTION, ERROR_DEADLOCK);
	const struct statement *statements;
	struct script script = lone();
	struct batch_marker marker;
	struct batch *batch;
	size_t count;

	(void)state;
	enlist();
	batch = send(&script);
	assert_true(batch_is_compound(batch));
	batch_failed(batch, 0, &deadlock);
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	world.now_us += FAR_US;
	batch = choose();
	assert_int_equal(batch_next(batch, world.now_us, &statements, &count), BATCH_SEND);
	assert_int_equal(count, 2);
	assert_false(batch_is_compound(batch));
	assert_memory_equal(statements[1].text.data, "UPDATE", 6);
	assert_true(batch_marker(batch, &marker));
	assert_false(marker.is_commit);
	answer_all(batch, 0, 1);
	done_marker(batch, 1);
	commit(batch);
	assert_ptr_equal(finished(), &script);
}

static void test_a_marker_that_is_not_there_fences(void **state)
{
	struct script script = lone();
	struct batch *batch;

	(void)state;
	enlist();
	batch = send(&script);
	answer_all(batch, 0, 1);
	done_marker(batch, 0);
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	assert_true(planner_is_fenced(world.planner));
	assert_null(finished());
}

/* Committed, as somebody has found, and its row was never heard of, or not the end of the answer: it is planned once
 * more, to be answered only. */
static void test_what_was_not_told_is_answered_as_recovered(void **state)
{
	const struct sql_error lost = sql_error(SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE);
	struct script script = lone();
	struct batch_marker marker;
	struct batch *batch;

	(void)state;
	enlist();
	batch = send(&script);
	assert_true(batch_marker(batch, &marker));
	batch_failed(batch, 0, &lost);
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
	assert_int_equal(script.compiled, 2);
	assert_null(finished());
	batch = choose();
	assert_int_equal(wave(batch), 1); /* no marker: nothing is written */
	assert_false(batch_is_compound(batch));
	assert_false(batch_marker(batch, &marker));
	answer_all(batch, 0, 1);
	commit(batch);
	assert_true(script.was_recovered);
	assert_ptr_equal(finished(), &script);
	assert_int_equal(script.code, ERROR_NONE);
	assert_int_equal(free_markers(), 1); /* it names the command until Redis has forgotten that */
}

/* Its row had come. */
static void test_what_was_told_is_answered_whole(void **state)
{
	struct script script = lone();
	struct batch *batch;

	(void)state;
	enlist();
	batch = send(&script);
	answer_all(batch, 0, 1);
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
	assert_ptr_equal(finished(), &script);
	assert_int_equal(script.code, ERROR_NONE);
	assert_int_equal(script.compiled, 1);
	assert_false(script.was_recovered);
	assert_int_equal(free_markers(), 1);
}

static void test_what_was_not_committed_runs_again(void **state)
{
	const struct sql_error lost = sql_error(SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE);
	struct script script = lone();
	struct batch *batch;

	(void)state;
	enlist();
	batch = send(&script);
	batch_failed(batch, 0, &lost);
	batch_ended(batch, BATCH_IN_DOUBT, &lost, world.now_us);
	world.now_us += FAR_US;
	batch = choose();
	assert_int_equal(wave(batch), 2);
	assert_false(batch_is_compound(batch));
	answer_all(batch, 0, 1);
	done_marker(batch, 1);
	commit(batch);
	assert_ptr_equal(finished(), &script);
	assert_false(script.was_recovered);
}

/* The table was changed under it. What is committed is not run again, nor called undone; and its marker stays. */
static void test_what_is_committed_stays(void **state)
{
	const char *value = "";
	const unsigned long length = 0;
	struct script stale = lone();
	struct batch *batch;

	(void)state;
	enlist();
	stale.stale_row = stale.undo = true;
	batch = send(&stale);
	assert_int_equal(batch_row(batch, 0, &value, &length, 1), -EFBIG);
	answer_all(batch, 0, 1);
	done_marker(batch, 1);
	commit(batch);
	assert_ptr_equal(finished(), &stale);
	assert_int_equal(stale.code, ERROR_INTERNAL);
	assert_true(stale.told_executed);
	assert_int_equal(stale.restarted, 1);
	assert_int_equal(free_markers(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(says_both_and_commits),
		TEST(not_when_the_command_says_no),
		TEST(not_of_more_statements),
		TEST(not_at_least_once),
		TEST(not_behind_another),
		TEST(a_failure_is_answered),
		TEST(the_second_time_it_is_two_statements),
		TEST(a_marker_that_is_not_there_fences),
		TEST(what_was_not_told_is_answered_as_recovered),
		TEST(what_was_told_is_answered_whole),
		TEST(what_was_not_committed_runs_again),
		TEST(what_is_committed_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
