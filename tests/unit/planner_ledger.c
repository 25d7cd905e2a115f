/* Unit tests of plan/batch_ledger.c: when rowd_ledger is asked, what is kept in it, and what becomes of a batch. */
#include "planner_world.h"

#include <stdio.h>
#include <string.h>

enum { MARKERS = 4 };

static void begin(void)
{
	world.policies[0].exactly_once = true;
	assert_int_equal(planner_enlist(world.planner, "exo-1", MARKERS), 0);
}

static struct script write_once(uint64_t row)
{
	struct script script = write_row(row);

	script.op = OP_UPDATE;
	script.once = true;
	return script;
}

/* The next wave is: text by text, with "…" for a command's own statement, and "UPDATE" for the marker. */
static size_t expect(struct batch *batch, const char *const *texts, size_t count)
{
	const struct statement *statements;
	size_t sent = 0;

	assert_int_equal(batch_next(batch, world.now_us, &statements, &sent), BATCH_SEND);
	assert_int_equal(sent, count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(texts[i], "UPDATE") == 0)
			assert_memory_equal(statements[i].text.data, "UPDATE", strlen("UPDATE"));
		else if (strcmp(texts[i], "…") != 0)
			assert_text(statements[i].text, texts[i]);
	}
	return sent;
}
#define EXPECT(batch, ...)                                                                                             \
	expect((batch), (const char *const[]){__VA_ARGS__}, LENGTH(((const char *const[]){__VA_ARGS__})))

static void answer(struct batch *batch, size_t count)
{
	const struct statement_result result = {.matched = 1};

	for (size_t i = 0; i < count; i++)
		batch_done(batch, i, &result);
}

static int row_of_size_comes(struct batch *batch, size_t index, const struct script *script, unsigned long size)
{
	const char *values[] = {(const char *)script, NULL, NULL, NULL};
	const unsigned long lengths[] = {8, 0, 0, size};

	return batch_row(batch, index, values, lengths, 4);
}

static int row_comes(struct batch *batch, size_t index, const struct script *script)
{
	return row_of_size_comes(batch, index, script, 0);
}

/* Larger than the answers to a batch of several may be, which the world says. */
static int large_row_comes(struct batch *batch, const struct script *script)
{
	return row_of_size_comes(batch, 0, script, 2000);
}

static void end(struct batch *batch)
{
	assert_int_equal(next(batch), BATCH_COMMIT);
	batch_ended(batch, BATCH_COMMITTED, NULL, world.now_us);
}

static void test_asks_first_and_keeps_last(void **state)
{
	(void)state;
	struct script once = write_once(1), other = write_once(2), plain = write_once(3);
	struct batch *batch;

	begin();
	plain.once = false;
	submit(&once);
	submit(&other);
	submit(&plain);
	batch = choose();
	answer(batch, EXPECT(batch, "ASK 1 2"));
	/* No marker yet: another wave follows in any case. */
	answer(batch, EXPECT(batch, "…", "…", "…"));
	answer(batch, EXPECT(batch, "KEEP 1,2", "UPDATE"));
	end(batch);
	assert_int_equal(once.waves, once.wave);
}

static void test_what_has_a_row_is_not_run(void **state)
{
	(void)state;
	struct script once = write_once(1), other = write_once(2);
	struct batch *batch;

	begin();
	submit(&once);
	submit(&other);
	batch = choose();
	EXPECT(batch, "ASK 1 2");
	assert_int_equal(row_comes(batch, 0, &once), 0);
	answer(batch, 1);
	answer(batch, EXPECT(batch, "…"));
	answer(batch, EXPECT(batch, "KEEP 2", "UPDATE"));
	end(batch);
	assert_int_equal(once.wave, 0);
	assert_int_equal(other.wave, 1);
	assert_int_equal(once.code, ERROR_NONE);
}

static void test_nothing_is_committed_when_all_have_rows(void **state)
{
	(void)state;
	struct script once = write_once(1);
	struct batch *batch;

	begin();
	submit(&once);
	batch = choose();
	EXPECT(batch, "ASK 1");
	assert_int_equal(row_comes(batch, 0, &once), 0);
	answer(batch, 1);
	end(batch);
	assert_ptr_equal(finished(), &once);
	assert_int_equal(once.code, ERROR_NONE);
}

/* Together the answers are too many, and one by itself may be larger than what a batch may have. */
static void test_kept_answers_that_are_too_large_together_come_one_by_one(void **state)
{
	(void)state;
	struct script scripts[2] = {write_once(1), write_once(2)};
	struct batch *batch;

	begin();
	submit(&scripts[0]);
	submit(&scripts[1]);
	batch = choose();
	EXPECT(batch, "ASK 1 2");
	assert_int_equal(large_row_comes(batch, &scripts[0]), -EFBIG);
	answer(batch, 1);
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	for (size_t i = 0; i < LENGTH(scripts); i++) {
		batch = choose();
		assert_int_equal(batch_size(batch), 1);
		EXPECT(batch, i == 0 ? "ASK 1" : "ASK 2");
		assert_int_equal(large_row_comes(batch, &scripts[i]), 0);
		answer(batch, 1);
		end(batch);
		assert_ptr_equal(finished(), &scripts[i]);
		assert_int_equal(scripts[i].code, ERROR_NONE);
	}
}

static void test_another_command_of_the_id_is_told(void **state)
{
	(void)state;
	struct script once = write_once(1);
	struct batch *batch;

	begin();
	once.reused = true;
	submit(&once);
	batch = choose();
	EXPECT(batch, "ASK 1");
	assert_int_equal(row_comes(batch, 0, &once), 0);
	answer(batch, 1);
	end(batch);
	assert_ptr_equal(finished(), &once);
	assert_int_equal(once.code, ERROR_ID_REUSED);
	assert_int_equal(once.wave, 0);
}

static void fail_statement(struct batch *batch, size_t index)
{
	struct sql_error error = sql_error(SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION);

	batch_failed(batch, index, &error);
}

static void test_what_failed_is_asked_for_again(void **state)
{
	(void)state;
	struct script bad = write_once(1), fine = write_once(2), late = write_once(3);
	struct batch *batch;
	const struct statement_result result = {.matched = 1};

	begin();
	submit(&bad);
	submit(&fine);
	submit(&late);
	batch = choose();
	answer(batch, EXPECT(batch, "ASK 1 2 3"));
	EXPECT(batch, "…", "…", "…");
	fail_statement(batch, 0);
	batch_done(batch, 1, &result);
	fail_statement(batch, 2);
	EXPECT(batch, "KEEP 2", "ASK 1 3", "UPDATE");
	batch_done(batch, 0, &result);
	/* It was its own earlier success that it has met. */
	assert_int_equal(row_comes(batch, 1, &late), 0);
	batch_done(batch, 1, &result);
	batch_done(batch, 2, &result);
	end(batch);
	assert_int_equal(bad.code, ERROR_UNIQUE_VIOLATION);
	assert_int_equal(fine.code, ERROR_NONE);
	assert_int_equal(late.code, ERROR_NONE);
}

static void test_a_duplicate_starts_the_batch_over(void **state)
{
	(void)state;
	struct script once = write_once(1);
	struct sql_error duplicate = sql_error(SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION);
	struct batch *batch;

	begin();
	submit(&once);
	batch = choose();
	answer(batch, EXPECT(batch, "ASK 1"));
	answer(batch, EXPECT(batch, "…"));
	EXPECT(batch, "KEEP 1", "UPDATE");
	duplicate.number = 1062;
	batch_failed(batch, 0, &duplicate);
	batch_done(batch, 1, &(struct statement_result){.matched = 1});
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	assert_null(finished());
	batch = choose();
	EXPECT(batch, "ASK 1");
	assert_int_equal(row_comes(batch, 0, &once), 0);
	answer(batch, 1);
	end(batch);
	assert_ptr_equal(finished(), &once);
}

static void test_trouble_with_the_table_is_nobodys_fault(void **state)
{
	(void)state;
	struct script once = write_once(1);
	struct sql_error denied = sql_error(SQL_ERROR_OF_COMMAND, ERROR_FORBIDDEN);
	struct batch *batch;

	begin();
	submit(&once);
	batch = choose();
	EXPECT(batch, "ASK 1");
	batch_failed(batch, 0, &denied);
	assert_int_equal(batch_books_error(batch)->code, ERROR_FORBIDDEN);
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	assert_null(finished());
	assert_null(choose());
	world.now_us += FAR_US;
	assert_non_null(choose());
}

static void test_trouble_with_keeping_repeats_nothing_that_cannot_be_undone(void **state)
{
	(void)state;
	struct script once = write_once(1);
	struct sql_error denied = sql_error(SQL_ERROR_OF_COMMAND, ERROR_FORBIDDEN);
	struct batch *batch;

	begin();
	once.kind = PROCEDURE_ALONE;
	once.takes_nothing_back = true;
	submit(&once);
	batch = choose();
	answer(batch, EXPECT(batch, "ASK 1"));
	answer(batch, EXPECT(batch, "…"));
	EXPECT(batch, "KEEP 1", "UPDATE");
	batch_failed(batch, 0, &denied);
	batch_done(batch, 1, &(struct statement_result){.matched = 1});
	end(batch);
	assert_ptr_equal(finished(), &once);
	assert_int_equal(once.code, ERROR_NONE);
}

static void test_long_answers_are_kept_by_several_statements(void **state)
{
	(void)state;
	struct script scripts[3] = {write_once(1), write_once(2), write_once(3)};
	struct batch *batch;
	char first[FAKE_PACKET_BYTES + 1] = "KEEP 1";

	begin();
	scripts[0].answer_bytes = 90;
	memset(first + strlen(first), '.', 90);
	scripts[1].answer_bytes = scripts[2].answer_bytes = 10;
	for (size_t i = 0; i < LENGTH(scripts); i++)
		submit(&scripts[i]);
	batch = choose();
	answer(batch, EXPECT(batch, "ASK 1 2 3"));
	answer(batch, EXPECT(batch, "…", "…", "…"));
	answer(batch, EXPECT(batch, first, "KEEP 2..........,3..........", "UPDATE"));
	end(batch);
}

static void test_an_answer_that_fits_nowhere_is_undone(void **state)
{
	(void)state;
	struct script large = write_once(1), other = write_once(2);
	struct batch *batch;

	begin();
	large.answer_bytes = FAKE_PACKET_BYTES;
	submit(&large);
	submit(&other);
	batch = choose();
	answer(batch, EXPECT(batch, "ASK 1 2"));
	answer(batch, EXPECT(batch, "…", "…"));
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	assert_null(finished());
	batch = choose();
	answer(batch, EXPECT(batch, "ASK 1 2"));
	answer(batch, EXPECT(batch, "…"));
	answer(batch, EXPECT(batch, "KEEP 2", "ASK 1", "UPDATE"));
	end(batch);
	assert_ptr_equal(finished(), &large);
	assert_int_equal(large.code, ERROR_TOO_LARGE);
	assert_ptr_equal(finished(), &other);
	assert_int_equal(other.code, ERROR_NONE);
}

/* What it has failed at in the end may be its own success, which another worker has committed since. */
static void expect_looked_up(struct script *script)
{
	struct batch *batch = choose();

	assert_null(finished());
	EXPECT(batch, "ASK 1");
	assert_int_equal(row_comes(batch, 0, script), 0);
	answer(batch, 1);
	end(batch);
	assert_ptr_equal(finished(), script);
	assert_int_equal(script->code, ERROR_NONE);
	assert_int_equal(script->wave, 0);
}

static void test_one_that_has_to_be_undone_is_looked_up(void **state)
{
	(void)state;
	struct script once = write_once(1);
	struct batch *batch;

	begin();
	once.undo = true;
	submit(&once);
	batch = choose();
	answer(batch, EXPECT(batch, "ASK 1"));
	EXPECT(batch, "…");
	fail_statement(batch, 0);
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	expect_looked_up(&once);
}

static void test_one_that_is_unknown_to_the_server_twice_is_looked_up(void **state)
{
	(void)state;
	struct script once = write_once(1);
	struct sql_error unknown = sql_error(SQL_ERROR_STALE_CATALOG, ERROR_UNKNOWN_COLUMN);

	begin();
	submit(&once);
	for (uint64_t catalog = 2; catalog < 4; catalog++) {
		struct batch *batch = choose();

		answer(batch, EXPECT(batch, "ASK 1"));
		EXPECT(batch, "…");
		batch_failed(batch, 0, &unknown);
		assert_int_equal(next(batch), BATCH_ROLLBACK);
		batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
		set_catalog(catalog, NULL);
	}
	expect_looked_up(&once);
}

static void test_poison_is_looked_up(void **state)
{
	enum { DEATHS = 5 };
	(void)state;
	struct script once = write_once(1), never = write_once(2);
	struct batch *batch;

	begin();
	submit_as(&once, 0, DEATHS);
	expect_looked_up(&once);
	submit_as(&never, 0, DEATHS);
	batch = choose();
	answer(batch, EXPECT(batch, "ASK 2"));
	answer(batch, EXPECT(batch, "ASK 2"));
	end(batch);
	assert_ptr_equal(finished(), &never);
	assert_int_equal(never.code, ERROR_POISON);
	assert_int_equal(never.wave, 0);
}

/* The catalog may tell of larger packets than an old session takes; and for many ids, any packet may be too small. */
static void test_a_statement_that_is_too_long_takes_fewer(void **state)
{
	(void)state;
	struct script scripts[2] = {write_once(1), write_once(2)};
	struct sql_error too_long = sql_error(SQL_ERROR_OF_COMMAND, ERROR_TOO_LARGE);
	struct batch *batch;

	begin();
	submit(&scripts[0]);
	submit(&scripts[1]);
	batch = choose();
	EXPECT(batch, "ASK 1 2");
	batch_failed(batch, 0, &too_long);
	assert_null(batch_books_error(batch));
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	batch = choose();
	answer(batch, EXPECT(batch, "ASK 1"));
	answer(batch, EXPECT(batch, "…"));
	EXPECT(batch, "KEEP 1", "UPDATE");
	batch_failed(batch, 0, &too_long);
	batch_done(batch, 1, &(struct statement_result){.matched = 1});
	assert_int_equal(next(batch), BATCH_ROLLBACK);
	batch_ended(batch, BATCH_ROLLED_BACK, NULL, world.now_us);
	batch = choose();
	answer(batch, EXPECT(batch, "ASK 1"));
	answer(batch, EXPECT(batch, "ASK 1"));
	end(batch);
	assert_ptr_equal(finished(), &scripts[0]);
	assert_int_equal(scripts[0].code, ERROR_TOO_LARGE);
}

static void test_a_recovered_one_is_only_looked_up(void **state)
{
	(void)state;
	struct script once = write_once(1);
	struct script *pointer = &once;
	const struct planner_command command = {
		.policy = &world.policies[0], .raw = script_raw(&pointer), .number = 7, .recovered = true};
	struct batch *batch;

	begin();
	assert_int_equal(planner_submit(world.planner, &command, world.now_us), 0);
	batch = choose();
	answer(batch, EXPECT(batch, "ASK 7"));
	/* It is purged already: then it is read again. */
	answer(batch, EXPECT(batch, "…"));
	end(batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(asks_first_and_keeps_last),
		TEST(what_has_a_row_is_not_run),
		TEST(nothing_is_committed_when_all_have_rows),
		TEST(kept_answers_that_are_too_large_together_come_one_by_one),
		TEST(another_command_of_the_id_is_told),
		TEST(what_failed_is_asked_for_again),
		TEST(a_duplicate_starts_the_batch_over),
		TEST(trouble_with_the_table_is_nobodys_fault),
		TEST(trouble_with_keeping_repeats_nothing_that_cannot_be_undone),
		TEST(long_answers_are_kept_by_several_statements),
		TEST(an_answer_that_fits_nowhere_is_undone),
		TEST(one_that_has_to_be_undone_is_looked_up),
		TEST(one_that_is_unknown_to_the_server_twice_is_looked_up),
		TEST(poison_is_looked_up),
		TEST(a_statement_that_is_too_long_takes_fewer),
		TEST(a_recovered_one_is_only_looked_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
