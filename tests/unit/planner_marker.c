/* Unit tests of plan/marker.c and plan/batch_marker.c: what is committed together with a batch, and when. */
#include "daemon/plan/marker.h"

#include "planner_world.h"

#include <stdio.h>

enum { MARKERS = 2 };

static struct script write_once(uint64_t row)
{
	struct script script = write_row(row);

	script.op = OP_UPDATE;
	return script;
}

static void begin(void)
{
	world.policies[0].exactly_once = true;
	world.policies[1].exactly_once = true;
	assert_int_equal(planner_enlist(world.planner, "exo-1", MARKERS), 0);
}

/* The next wave. Its last statement is the marker, if it is one that names the numbers; "": there is none. */
static size_t wave_with(struct batch *batch, const char *numbers)
{
	const struct statement *statements;
	size_t count = 0;
	char text[256];

	assert_int_equal(batch_next(batch, world.now_us, &statements, &count), BATCH_SEND);
	if (!numbers) {
		assert_int_not_equal(statements[count - 1].text.data[0], 'U');
		return count;
	}
	struct batch_marker marker;
	assert_true(batch_marker(batch, &marker));
	snprintf(text, sizeof(text),
		 "UPDATE `rowd_slots` SET `batch` = %llu, `sequences` = '%s' WHERE `worker` = '%s' AND `slot` = %u AND "
		 "`fenced` = 0",
		 (unsigned long long)marker.batch, numbers, marker.worker, marker.slot);
	assert_text(statements[count - 1].text, text);
	return count;
}

static void answer_marker(struct batch *batch, size_t count, uint64_t matched)
{
	const struct statement_result result = {.matched = matched};

	batch_done(batch, count - 1, &result);
}

/* Runs a batch of one wave, whose marker names the numbers, up to its COMMIT. */
static void run_with(struct batch *batch, const char *numbers)
{
	size_t count = wave_with(batch, numbers);

	answer_all(batch, 0, count - 1);
	answer_marker(batch, count, 1);
	assert_int_equal(next(batch), BATCH_COMMIT);
}

static uint32_t finished_marker(void)
{
	struct job *job = planner_finished(world.planner);
	uint32_t marker;

	assert_non_null(job);
	marker = job->marker;
	job_free(job);
	return marker;
}

static void test_is_the_last_statement_of_the_wave(void **state)
{
	(void)state;
	struct script first = write_once(1), second = write_once(2), third = write_once(3);
	struct batch *batch;

	begin();
	submit(&first);
	submit(&second);
	submit(&third);
	batch = choose();
	run_with(batch, "1-3");
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
	for (int i = 0; i < 3; i++)
		assert_int_equal(finished_marker(), 0);
	assert_null(finished());
}

static void test_names_writes_of_such_queues_only(void **state)
{
	(void)state;
	struct script write = write_once(1), read = write_row(2), other = write_once(3);
	struct batch *batch;

	begin();
	read.op = OP_READ;
	submit(&read);
	submit_as(&other, 2, 0); /* at least once */
	submit(&write);
	batch = choose();
	assert_int_equal(batch_size(batch), 3);
	run_with(batch, "3");
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
	uint32_t with = 0;
	for (int i = 0; i < 3; i++)
		with += finished_marker() != MARKER_NONE;
	assert_int_equal(with, 1);
	assert_true(planner_release(world.planner, 0));
}

static void test_is_left_out_where_nothing_wants_it(void **state)
{
	(void)state;
	struct script read = write_row(1), other = write_once(2);
	struct batch_marker marker;
	struct batch *batch;

	begin();
	read.op = OP_READ;
	submit(&read);
	submit_as(&other, 2, 0);
	batch = choose();
	assert_false(batch_marker(batch, &marker));
	assert_int_equal(wave_with(batch, NULL), 2);
	answer_all(batch, 0, 2);
	commit(batch);
	assert_int_equal(finished_marker(), MARKER_NONE);
	assert_int_equal(finished_marker(), MARKER_NONE);
}

static void fail_statement(struct batch *batch, size_t index)
{
	struct sql_error error = sql_error(SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION);

	batch_failed(batch, index, &error);
}

static void test_is_sent_again_without_what_failed(void **state)
{
	(void)state;
	struct script first = write_once(1), bad = write_once(2), third = write_once(3);
	struct batch *batch;
	size_t count;

	begin();
	submit(&first);
	submit(&bad);
	submit(&third);
	batch = choose();
	count = wave_with(batch, "1-3");
	answer_all(batch, 0, 1);
	fail_statement(batch, 1);
	answer_all(batch, 2, 3);
	answer_marker(batch, count, 1);
	assert_int_equal(wave_with(batch, "1,3"), 1);
	answer_marker(batch, 1, 1);
	assert_int_equal(next(batch), BATCH_COMMIT);
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
	assert_int_equal(finished_marker(), 0);
	assert_int_equal(finished_marker(), MARKER_NONE);
	assert_int_equal(finished_marker(), 0);
}

static void test_a_wave_more_brings_it_without_what_failed(void **state)
{
	(void)state;
	struct script bad = write_once(1), long_one = write_once(2);
	struct batch *batch;
	size_t count;

	begin();
	long_one.waves = 2;
	submit(&bad);
	submit(&long_one);
	batch = choose();
	count = wave_with(batch, "1-2");
	fail_statement(batch, 0);
	answer_all(batch, 1, 2);
	answer_marker(batch, count, 1);
	assert_int_equal(wave_with(batch, "2"), 2);
	answer_all(batch, 0, 1);
	answer_marker(batch, 2, 1);
	assert_int_equal(next(batch), BATCH_COMMIT);
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
}

static void test_nothing_is_committed_when_all_failed(void **state)
{
	(void)state;
	struct script bad = write_once(1);
	struct batch *batch;
	size_t count;

	begin();
	submit(&bad);
	batch = choose();
	count = wave_with(batch, "1");
	fail_statement(batch, 0);
	answer_marker(batch, count, 1);
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	assert_ptr_equal(finished(), &bad);
	assert_int_equal(bad.code, ERROR_UNIQUE_VIOLATION);
	assert_null(choose());
}

static void test_effects_without_a_marker_are_committed_when_all_with_one_failed(void **state)
{
	(void)state;
	struct script bad = write_once(1), other = write_once(2);
	struct batch *batch;
	size_t count;

	begin();
	submit(&bad);
	submit_as(&other, 2, 0);
	batch = choose();
	count = wave_with(batch, "1");
	fail_statement(batch, 0);
	answer_all(batch, 1, 2);
	answer_marker(batch, count, 1);
	assert_int_equal(wave_with(batch, "0"), 1);
	answer_marker(batch, 1, 1);
	assert_int_equal(next(batch), BATCH_COMMIT);
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
	assert_int_equal(finished_marker(), MARKER_NONE);
	assert_int_equal(finished_marker(), MARKER_NONE);
}

/* Commits one write with a marker. */
static void write_one(struct script *script)
{
	struct batch *batch;
	char number[32];

	submit(script);
	batch = choose();
	assert_non_null(batch);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)world.number);
	run_with(batch, number);
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
}

static void test_is_not_overwritten_before_redis_has_forgotten(void **state)
{
	(void)state;
	struct script scripts[4] = {write_once(1), write_once(2), write_once(3), write_once(4)};

	begin();
	write_one(&scripts[0]);
	write_one(&scripts[1]);
	submit(&scripts[2]);
	assert_null(choose());
	assert_int_equal(finished_marker(), 0);
	assert_int_equal(finished_marker(), 1);
	assert_true(planner_release(world.planner, 1));
	struct batch *batch = choose();
	assert_non_null(batch);
	struct batch_marker marker;
	assert_true(batch_marker(batch, &marker));
	assert_int_equal(marker.slot, 1);
	assert_int_equal(marker.batch, 3);
	run_with(batch, "3");
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
}

static void test_is_free_again_when_nothing_was_committed(void **state)
{
	(void)state;
	static const enum batch_end ends[] = {BATCH_ROLLED_BACK, BATCH_LOST, BATCH_IN_DOUBT, BATCH_DROPPED};
	struct script script = write_once(1);
	struct sql_error error = sql_error(SQL_ERROR_TRANSACTION, ERROR_DEADLOCK);

	begin();
	submit(&script);
	for (size_t i = 0; i < 2 * LENGTH(ends); i++) {
		struct batch *batch = choose();

		assert_non_null(batch);
		(void)wave_with(batch, "1");
		batch_ended(batch, ends[i % LENGTH(ends)], i % LENGTH(ends) == 0 ? &error : NULL, world.now_us);
		world.now_us += FAR_US;
	}
	run_with(choose(), "1");
}

static void test_matching_nothing_means_fenced(void **state)
{
	(void)state;
	struct script script = write_once(1), later = write_once(2);
	struct batch *batch;
	size_t count;

	begin();
	submit(&script);
	batch = choose();
	count = wave_with(batch, "1");
	answer_all(batch, 0, count - 1);
	answer_marker(batch, count, 0);
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	assert_false(planner_is_fenced(world.planner));
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	assert_true(planner_is_fenced(world.planner));
	submit(&later);
	assert_null(choose());
	assert_int_equal(planner_enlist(world.planner, "exo-2", MARKERS), 0);
	assert_false(planner_is_fenced(world.planner));
	assert_non_null(choose());
}

static void test_those_of_an_earlier_worker_do_not_count(void **state)
{
	(void)state;
	struct script old = write_once(1), new = write_once(2);
	struct batch *before, *after;
	struct batch_marker marker;

	begin();
	submit(&old);
	before = choose();
	assert_int_equal(planner_enlist(world.planner, "exo-2", MARKERS), 0);
	run_with(before, "1");
	submit(&new);
	after = choose();
	assert_true(batch_marker(after, &marker));
	assert_string_equal(marker.worker, "exo-2");
	assert_int_equal(marker.slot, 0);
	batch_ended(before, BATCH_COMMITTED, NULL, world.now_us);
	run_with(after, "2");
	batch_ended(after, BATCH_COMMITTED, NULL, world.now_us);
	assert_true(planner_release(world.planner, 0));
	assert_false(planner_release(world.planner, 0));
	assert_false(planner_release(world.planner, 77));
}

static void test_that_an_earlier_worker_is_fenced_does_not_count(void **state)
{
	(void)state;
	struct script old = write_once(1), new = write_once(2);
	struct batch *batch;
	size_t count;

	begin();
	submit(&old);
	batch = choose();
	count = wave_with(batch, "1");
	assert_int_equal(planner_enlist(world.planner, "exo-2", MARKERS), 0);
	answer_all(batch, 0, count - 1);
	answer_marker(batch, count, 0);
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	planner_disown(world.planner);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	assert_false(planner_is_fenced(world.planner));
	assert_ptr_equal(finished(), &old);
	submit(&new);
	run_with(choose(), "2");
}

static void test_trouble_with_it_is_nobodys_fault(void **state)
{
	(void)state;
	struct script script = write_once(1);
	struct sql_error denied = sql_error(SQL_ERROR_OF_COMMAND, ERROR_FORBIDDEN);
	struct batch *batch;
	uint64_t wake_us;
	size_t count;

	begin();
	submit(&script);
	batch = choose();
	count = wave_with(batch, "1");
	answer_all(batch, 0, count - 1);
	assert_null(batch_books_error(batch));
	batch_failed(batch, count - 1, &denied);
	assert_int_equal(batch_books_error(batch)->code, ERROR_FORBIDDEN);
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	assert_null(finished());
	assert_null(planner_choose(world.planner, world.now_us, &wake_us));
	assert_true(wake_us > world.now_us);
	world.now_us += FAR_US;
	run_with(choose(), "1");
}

/* Where the server undoes nothing, to try again would repeat the effect, each second. */
static void test_trouble_with_it_repeats_nothing_that_cannot_be_undone(void **state)
{
	(void)state;
	struct script script = write_once(1);
	struct sql_error denied = sql_error(SQL_ERROR_OF_COMMAND, ERROR_FORBIDDEN);
	struct batch *batch;
	size_t count;

	begin();
	script.kind = PROCEDURE_ALONE;
	script.takes_nothing_back = true;
	submit(&script);
	batch = choose();
	count = wave_with(batch, "1");
	answer_all(batch, 0, count - 1);
	batch_failed(batch, count - 1, &denied);
	assert_int_equal(batch_books_error(batch)->code, ERROR_FORBIDDEN);
	assert_int_equal(next(batch), BATCH_COMMIT);
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
	assert_ptr_equal(finished(), &script);
	assert_int_equal(script.code, ERROR_NONE);
}

static void test_a_recovered_command_is_not_named(void **state)
{
	(void)state;
	struct script script = write_once(1);
	const struct planner_command command = {.policy = &world.policies[0],
						.raw = script_raw(&(struct script *){&script}),
						.number = 1,
						.recovered = true};
	struct batch *batch;
	struct batch_marker marker;

	begin();
	assert_int_equal(planner_submit(world.planner, &command, world.now_us), 0);
	batch = choose();
	assert_false(batch_marker(batch, &marker));
	run(batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_the_last_statement_of_the_wave),
		TEST(names_writes_of_such_queues_only),
		TEST(is_left_out_where_nothing_wants_it),
		TEST(is_sent_again_without_what_failed),
		TEST(a_wave_more_brings_it_without_what_failed),
		TEST(nothing_is_committed_when_all_failed),
		TEST(effects_without_a_marker_are_committed_when_all_with_one_failed),
		TEST(is_not_overwritten_before_redis_has_forgotten),
		TEST(is_free_again_when_nothing_was_committed),
		TEST(matching_nothing_means_fenced),
		TEST(those_of_an_earlier_worker_do_not_count),
		TEST(that_an_earlier_worker_is_fenced_does_not_count),
		TEST(trouble_with_it_is_nobodys_fault),
		TEST(trouble_with_it_repeats_nothing_that_cannot_be_undone),
		TEST(a_recovered_command_is_not_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
