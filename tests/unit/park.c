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

/* What is parked while a catalog is being read may be about something that was made since. */
static void test_parked_while_a_catalog_is_read(void **state)
{
	struct script soon = {
		.kind = PROCEDURE_BY_KEY, .waves = 1, .table = "soon", .compile_result = -ENOENT, .heals_at = 2};
	struct script later = {
		.kind = PROCEDURE_BY_KEY, .waves = 1, .table = "later", .compile_result = -ENOENT, .heals_at = 3};
	struct script never = {.kind = PROCEDURE_BY_KEY, .waves = 1, .table = "never", .compile_result = -ENOENT};

	(void)state;
	planner_reading_catalog(world.planner);
	submit(&soon);
	submit(&later);
	submit(&never);
	read_catalog(2, NULL);
	assert_true(planner_wants_catalog(world.planner));
	run(choose());
	assert_ptr_equal(finished(), &soon);
	assert_null(finished());
	assert_int_equal(planner_counts(world.planner).parked, 2);
	planner_reading_catalog(world.planner);
	read_catalog(3, NULL);
	assert_false(planner_wants_catalog(world.planner));
	assert_ptr_equal(finished(), &never);
	assert_int_equal(never.code, ERROR_UNKNOWN_TABLE);
	run(choose());
	assert_ptr_equal(finished(), &later);
	assert_int_equal(later.code, ERROR_NONE);
}

/* One that stays parked keeps its place, whatever the table is known as by now. */
static void test_parked_for_later_keeps_its_place(void **state)
{
	static struct table table = {.name = {"t", 1}};
	struct script parked = {
		.kind = PROCEDURE_ALONE, .waves = 1, .table = "t", .compile_result = -ENOENT, .heals_at = 3};
	struct script behind = {.kind = PROCEDURE_ALONE, .waves = 1, .footprint = read_table, .test = &table};

	(void)state;
	parked.op = OP_UPDATE;
	parked.footprint = read_table;
	parked.test = &table;
	planner_reading_catalog(world.planner);
	submit(&parked);
	read_catalog(2, &table);
	submit(&behind);
	assert_null(choose());
	planner_reading_catalog(world.planner);
	read_catalog(3, &table);
	run(choose());
	assert_ptr_equal(finished(), &parked);
	run(choose());
	assert_ptr_equal(finished(), &behind);
}

/* The server does not know a name either that a catalog has which was read too early. */
static void test_stale_while_a_catalog_is_read(void **state)
{
	struct script stale = write_row(1);
	struct sql_error error = sql_error(SQL_ERROR_STALE_CATALOG, ERROR_UNKNOWN_TABLE);

	(void)state;
	submit(&stale);
	planner_reading_catalog(world.planner);
	doom(choose(), &error);
	for (uint64_t number = 2; number <= 3; number++) {
		assert_null(finished());
		read_catalog(number, NULL);
		doom(choose(), &error);
	}
	assert_ptr_equal(finished(), &stale);
	assert_int_equal(stale.code, ERROR_UNKNOWN_TABLE);
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

enum { MANY = 1000 };

static struct script many[MANY];

static int write_its_row(struct script *script, struct footprint *footprint)
{
	int r = footprint_add(footprint, 1, FOOTPRINT_KEY_WRITE);

	return r < 0 ? r : footprint_add(footprint, 1000 + (uint64_t)(script - many) % (MANY / 2), FOOTPRINT_WRITE);
}

/* Each row is written by two of them. */
static void park_many(uint64_t heals_at)
{
	for (uint32_t i = 0; i < MANY; i++) {
		many[i] = unknown_name(OP_UPDATE);
		many[i].heals_at = heals_at;
		many[i].footprint = write_its_row;
		submit(&many[i]);
	}
	assert_int_equal(planner_counts(world.planner).parked, MANY);
}

static void test_many_are_looked_at_a_few_at_a_time(void **state)
{
	uint32_t before = MANY, turns = 0, next = 0;
	struct script *script;
	bool more;

	(void)state;
	park_many(2);
	set_catalog(2, NULL);
	do {
		struct batch *batch;

		assert_true(before - planner_counts(world.planner).parked < MANY / 5);
		before = planner_counts(world.planner).parked;
		more = planner_unpark(world.planner, world.now_us);
		/* Those that are still parked hold their places: whatever runs, it is in order. */
		batch = choose();
		if (batch)
			run(batch);
		while ((script = finished()))
			assert_ptr_equal(script, &many[next++]);
		turns++;
	} while (more);
	while (next < MANY) {
		run(choose());
		while ((script = finished()))
			assert_ptr_equal(script, &many[next++]);
	}
	assert_in_range(turns, 5, MANY);
	assert_int_equal(many[0].compiled, 2);
	assert_int_equal(many[MANY - 1].compiled, 2);
}

static void test_a_newer_catalog_in_the_middle(void **state)
{
	uint32_t healed = 0;

	(void)state;
	park_many(3);
	set_catalog(2, NULL); /* the first few are answered, that the name is not known */
	assert_in_range(planner_counts(world.planner).parked, MANY / 2, MANY - 1);
	set_catalog(3, NULL);
	while (planner_unpark(world.planner, world.now_us))
		;
	assert_int_equal(planner_counts(world.planner).parked, 0);
	assert_int_equal(planner_counts(world.planner).waiting + planner_counts(world.planner).done, MANY);
	for (struct batch *batch = choose(); batch; batch = choose())
		run(batch);
	for (struct script *script = finished(); script; script = finished())
		healed += script->code == ERROR_NONE;
	assert_in_range(healed, MANY / 2, MANY - 1);
}

static void test_withdrawn_in_the_middle(void **state)
{
	struct job *job;
	uint32_t next;

	(void)state;
	park_many(2);
	set_catalog(2, NULL);
	for (next = 0; (job = planner_withdraw(world.planner)); next++) {
		assert_ptr_equal(job->owner, &many[next]);
		job_free(job);
	}
	assert_int_equal(next, MANY);
	assert_false(planner_unpark(world.planner, world.now_us));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unknown_table_waits_for_a_catalog),
		TEST(parked_command_keeps_its_place),
		TEST(stale_catalog),
		TEST(stale_catalog_that_was_replaced_meanwhile),
		TEST(parked_while_a_catalog_is_read),
		TEST(parked_for_later_keeps_its_place),
		TEST(stale_while_a_catalog_is_read),
		TEST(repeated_name_is_refused_at_once),
		TEST(refusals_are_forgotten),
		TEST(unknown_column_of_a_read_holds_up_nobody),
		TEST(unknown_column_of_a_read_by_key_holds_up_writes),
		TEST(many_are_looked_at_a_few_at_a_time),
		TEST(a_newer_catalog_in_the_middle),
		TEST(withdrawn_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
