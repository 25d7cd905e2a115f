/* planner_large.c - commands that need more memory than one may have: answered, since trying again would never help. */
#include "planner_world.h"

#include <stdlib.h>

enum { MORE_THAN_ANY_LIMIT = 4 << 20 };

/* Takes small pieces until there are none. */
static int fill(struct script *script, struct footprint *footprint)
{
	(void)script;
	while (arena_alloc(footprint->arena, 4096))
		;
	return -ENOMEM;
}

/* Asks for one piece that could never be had. */
static int ask_for_too_much(struct script *script, struct footprint *footprint)
{
	(void)script;
	return arena_alloc(footprint->arena, MORE_THAN_ANY_LIMIT) ? 0 : -ENOMEM;
}

static void expect_too_large(struct script *script)
{
	assert_ptr_equal(finished(), script);
	assert_int_equal(script->code, ERROR_TOO_LARGE);
	assert_int_equal(script->replied, 1);
	assert_int_equal(planner_counts(world.planner).bytes, 0);
}

static void test_plan_of_many_pieces(void **state)
{
	struct script script = {.kind = PROCEDURE_BY_KEY, .waves = 1, .footprint = fill};

	(void)state;
	submit(&script);
	expect_too_large(&script);
}

static void test_plan_with_one_piece(void **state)
{
	struct script script = {.kind = PROCEDURE_BY_KEY, .waves = 1, .footprint = ask_for_too_much};

	(void)state;
	submit(&script);
	expect_too_large(&script);
}

static void test_command_that_cannot_be_held(void **state)
{
	char *table = malloc(MORE_THAN_ANY_LIMIT);
	struct script script = {.kind = PROCEDURE_BY_KEY, .waves = 1, .table = table};

	(void)state;
	assert_non_null(table);
	memset(table, 'x', MORE_THAN_ANY_LIMIT - 1);
	table[MORE_THAN_ANY_LIMIT - 1] = '\0';
	submit(&script);
	expect_too_large(&script);
	assert_int_equal(script.compiled, 0);
	free(table);
}

/* It waited for a catalog that knows its table; those behind it go on. */
static void test_plan_made_later(void **state)
{
	struct script script = {.kind = PROCEDURE_BY_KEY,
				.waves = 1,
				.footprint = fill,
				.table = "new",
				.compile_result = -ENOENT,
				.heals_at = 2};
	struct script behind = write_row(1);

	(void)state;
	submit(&script);
	submit(&behind);
	assert_int_equal(planner_counts(world.planner).parked, 1);
	set_catalog(2, NULL);
	assert_int_equal(planner_counts(world.planner).parked, 0);
	assert_ptr_equal(finished(), &script);
	assert_int_equal(script.code, ERROR_TOO_LARGE);
	run(choose());
	assert_ptr_equal(finished(), &behind);
	assert_int_equal(behind.code, ERROR_NONE);
}

/* With the new catalog it turns out to be answered from memory: a describe. */
static void test_parked_command_that_needs_no_database(void **state)
{
	struct script script = {
		.kind = PROCEDURE_ANSWERED, .table = "new", .compile_result = -ENOENT, .heals_at = 2, .entry_count = 0};

	(void)state;
	submit(&script);
	assert_null(finished());
	set_catalog(2, NULL);
	assert_ptr_equal(finished(), &script);
	assert_int_equal(script.code, ERROR_NONE);
	assert_null(choose());
}

/* Not even an error fits: a dead letter says it. */
static void test_no_memory_for_any_reply(void **state)
{
	struct script script = write_row(1);
	struct job *job;

	(void)state;
	script.replies_that_fail = 2;
	submit(&script);
	run(choose());
	job = planner_finished(world.planner);
	assert_non_null(job);
	assert_true(job->reply.dead);
	assert_int_equal(job->reply.code, ERROR_INTERNAL);
	assert_non_null(strstr(job->reply.reason, "the command itself has been executed"));
	assert_int_equal(planner_counts(world.planner).answered_error, 1);
	job_free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plan_of_many_pieces),
		TEST(plan_with_one_piece),
		TEST(command_that_cannot_be_held),
		TEST(plan_made_later),
		TEST(parked_command_that_needs_no_database),
		TEST(no_memory_for_any_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
