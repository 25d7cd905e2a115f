/* park.c - commands whose names the catalog does not have: who waits for a newer one, who is told at once, and what
 * they hold up meanwhile. */
#include "planner_world.h"

static struct script unknown_name(enum op op)
{
	return (struct script){.op = op, .kind = PROCEDURE_BY_KEY, .waves = 1, .table = "t", .compile_result = -ENOENT};
}

/* One catalog later than now, a while after the last one. */
static void read_catalog(uint64_t number, const struct table *table)
{
	world.now_us += 1000000;
	set_catalog(number, table);
}

static void test_unknown_table_waits_for_a_catalog(void **state)
{
	struct script heals = {
		.kind = PROCEDURE_BY_KEY, .waves = 1, .table = "new", .compile_result = -ENOENT, .heals_at = 2};
	struct script never = {.kind = PROCEDURE_BY_KEY, .waves = 1, .table = "never", .compile_result = -ENOENT};
	struct script other = write_row(1);

	(void)state;
	submit(&heals);
	submit(&never);
	submit(&other);
	assert_true(planner_wants_catalog(world.planner));
	assert_int_equal(planner_counts(world.planner).parked, 2);
	run(choose());
	assert_ptr_equal(finished(), &other);
	assert_null(choose());
	set_catalog(2, NULL);
	assert_false(planner_wants_catalog(world.planner));
	assert_ptr_equal(finished(), &never);
	assert_int_equal(never.code, ERROR_UNKNOWN_TABLE);
	run(choose());
	assert_ptr_equal(finished(), &heals);
	assert_int_equal(heals.code, ERROR_NONE);
}

static int read_table(struct script *script, struct footprint *footprint)
{
	return footprint_read(footprint, script->test);
}

static int write_table(struct script *script, struct footprint *footprint)
{
	return footprint_write(footprint, script->test, NULL);
}

static void test_parked_command_keeps_its_place(void **state)
{
	static struct table table = {.name = {"t", 1}};
	struct script parked = {
		.kind = PROCEDURE_ALONE, .waves = 1, .table = "t", .compile_result = -ENOENT, .heals_at = 2};
	struct script behind = {.kind = PROCEDURE_ALONE, .waves = 1, .footprint = read_table, .test = &table};

	(void)state;
	parked.op = OP_UPDATE;
	parked.footprint = read_table;
	parked.test = &table;
	set_catalog(1, &table); /* the table is known, a column of it is not */
	submit(&parked);
	submit(&behind);
	assert_null(choose());
	set_catalog(2, &table);
	run(choose());
	assert_ptr_equal(finished(), &parked);
	run(choose());
	assert_ptr_equal(finished(), &behind);
}

static void test_stale_catalog(void **state)
{
	struct script stale = write_row(1), other = write_row(2);
	struct sql_error error = sql_error(SQL_ERROR_STALE_CATALOG, ERROR_UNKNOWN_TABLE);

	(void)state;
	submit(&stale);
	submit(&other);
	doom(choose(), &error);
	assert_true(planner_wants_catalog(world.planner));
	run(choose());
	assert_ptr_equal(finished(), &other);
	assert_null(choose());
	set_catalog(2, NULL);
	assert_int_equal(stale.compiled, 2);
	doom(choose(), &error);
	assert_ptr_equal(finished(), &stale);
	assert_int_equal(stale.code, ERROR_UNKNOWN_TABLE);
}

static void test_stale_catalog_that_was_replaced_meanwhile(void **state)
{
	struct script stale = write_row(1);
	struct sql_error error = sql_error(SQL_ERROR_STALE_CATALOG, ERROR_UNKNOWN_TABLE);

	(void)state;
	submit(&stale);
	set_catalog(2, NULL);
	doom(choose(), &error);
	assert_false(planner_wants_catalog(world.planner));
	assert_int_equal(stale.compiled, 2);
	run(choose());
	assert_ptr_equal(finished(), &stale);
	assert_int_equal(stale.code, ERROR_NONE);
}

/* A slip of the pen, repeated: after a few times nobody waits for it, until the catalog may be read again. */
static void test_repeated_name_is_refused_at_once(void **state)
{
	struct script first = unknown_name(OP_UPDATE), again = unknown_name(OP_UPDATE), later = unknown_name(OP_UPDATE);
	uint64_t number = 2;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		submit(&first);
		assert_null(finished());
		read_catalog(number++, NULL);
		assert_ptr_equal(finished(), &first);
	}
	submit(&again);
	assert_ptr_equal(finished(), &again);
	assert_int_equal(again.code, ERROR_UNKNOWN_TABLE);
	assert_false(planner_wants_catalog(world.planner));
	world.now_us += 1000000;
	submit(&later);
	assert_null(finished());
	assert_true(planner_wants_catalog(world.planner));
}

static void test_refusals_are_forgotten(void **state)
{
	struct script script = unknown_name(OP_UPDATE);

	(void)state;
	for (uint64_t number = 2; number < 5; number++) {
		submit(&script);
		read_catalog(number, NULL);
		assert_ptr_equal(finished(), &script);
	}
	world.now_us += 60000000;
	set_catalog(5, NULL);
	submit(&script);
	assert_null(finished());
}

/* A read that may turn out to be by condition holds up no write, one by key does; neither holds up other reads. */
static void check_what_is_held(enum op op, const struct value *pk, bool write_waits)
{
	static struct table table = {.name = {"t", 1}};
	struct script parked = unknown_name(op), read = {.kind = PROCEDURE_ALONE, .waves = 1};
	struct script write = {.kind = PROCEDURE_ALONE, .waves = 1};

	parked.pk = pk;
	set_catalog(1, &table);
	read.footprint = read_table;
	read.test = &table;
	write.footprint = write_table;
	write.test = &table;
	submit(&parked);
	submit(&read);
	run(choose());
	assert_ptr_equal(finished(), &read);
	submit(&write);
	if (write_waits) {
		assert_null(choose());
	} else {
		run(choose());
		assert_ptr_equal(finished(), &write);
	}
}

static void test_unknown_column_of_a_read_holds_up_nobody(void **state)
{
	(void)state;
	check_what_is_held(OP_READ, NULL, false);
}

static void test_unknown_column_of_a_read_by_key_holds_up_writes(void **state)
{
	static const struct value key = {.type = VALUE_INT, .integer = 1};

	(void)state;
	check_what_is_held(OP_READ, &key, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unknown_table_waits_for_a_catalog),
		TEST(parked_command_keeps_its_place),
		TEST(stale_catalog),
		TEST(stale_catalog_that_was_replaced_meanwhile),
		TEST(repeated_name_is_refused_at_once),
		TEST(refusals_are_forgotten),
		TEST(unknown_column_of_a_read_holds_up_nobody),
		TEST(unknown_column_of_a_read_by_key_holds_up_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
