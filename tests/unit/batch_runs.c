/* Unit tests of engine/batch_runs.c, with a pool that takes whatever it is given, and the planner's world. */
#include "daemon/engine/batch_runs.h"

#include "common/log.h"
#include "planner_world.h"

#include <stdlib.h>
#include <unistd.h>

enum { CONNECTIONS = 2, PLACES = 2 * CONNECTIONS, MARKERS = 4 * CONNECTIONS };

/* --- the pool --- */

static struct {
	struct transaction_events events; /* of what was given to it last */
	void *context;
	uint32_t running;
} given;

bool pool_ready(struct pool *pool)
{
	(void)pool;
	return given.running < CONNECTIONS;
}

int pool_run(struct pool *pool, uint32_t timeout_ms, const struct transaction_events *events, void *context)
{
	(void)pool;
	(void)timeout_ms;
	given.events = *events;
	given.context = context;
	given.running++;
	return 0;
}

/* --- the world --- */

static struct batch_runs runs;

static void on_ended(void *context)
{
	(void)context;
}

static void on_books_failed(void *context, const struct sql_error *error)
{
	(void)context;
	(void)error;
}

static bool may_start(void *context)
{
	(void)context;
	return true;
}

static int set_up(void **state)
{
	static const struct batch_runs_events events = {
		.ended = on_ended, .books_failed = on_books_failed, .may_start = may_start};

	planner_set_up(state);
	given.running = 0;
	world.policies[0].exactly_once = true;
	assert_int_equal(planner_enlist(world.planner, "exo-1", MARKERS), 0);
	assert_int_equal(batch_runs_init(&runs, CONNECTIONS, &events, NULL), 0);
	runs.planner = world.planner;
	return 0;
}

static int tear_down(void **state)
{
	batch_runs_free(&runs);
	return planner_tear_down(state);
}

/* Lets the connection go between COMMIT and its answer. */
static void lose_commit(void)
{
	const struct sql_error error = sql_error(SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE);
	const struct statement_result result = {.matched = 1};
	const struct statement *statements;
	size_t count = 0;

	assert_int_equal(given.events.next(given.context, &statements, &count), TRANSACTION_SEND);
	for (size_t i = 0; i < count; i++)
		given.events.done(given.context, i, &result);
	assert_int_equal(given.events.next(given.context, &statements, &count), TRANSACTION_COMMIT);
	given.running--;
	given.events.ended(given.context, TRANSACTION_IN_DOUBT, &error);
}

static void submit_write(struct script *script, uint64_t row)
{
	*script = write_row(row);
	script->op = OP_UPDATE;
	submit(script);
}

/* Brings as many batches in doubt as there are places. */
static void fill_with_doubts(struct script scripts[PLACES])
{
	for (uint32_t i = 0; i < PLACES; i++) {
		submit_write(&scripts[i], i);
		(void)batch_runs_start(&runs);
		lose_commit();
	}
	assert_int_equal(runs.in_doubt, PLACES);
}

static void resolve_all(void)
{
	while (runs.in_doubt > 0) {
		const char *worker;
		uint32_t count;
		struct bookkeeping_marker *doubts = batch_runs_doubts(&runs, &count, &worker);

		assert_non_null(doubts);
		assert_int_equal(count, runs.in_doubt);
		doubts[0].committed = true;
		batch_runs_resolved(&runs, worker, &doubts[0]);
		free(doubts);
	}
}

static void test_when_all_places_are_in_doubt_others_wait(void **state)
{
	(void)state;
	struct script scripts[PLACES], more;

	fill_with_doubts(scripts);
	submit_write(&more, PLACES);
	(void)batch_runs_start(&runs);
	assert_int_equal(given.running, 0);
	resolve_all();
	for (uint32_t i = 0; i < PLACES; i++)
		assert_ptr_equal(finished(), &scripts[PLACES - 1 - i]);
	(void)batch_runs_start(&runs);
	assert_int_equal(given.running, 1);
	lose_commit();
	resolve_all();
}

static void test_nothing_follows_without_a_place(void **state)
{
	(void)state;
	static const struct table table = {.name = {"t", 1}};
	struct script scripts[PLACES - 1];
	struct script first = {.op = OP_CREATE, .kind = PROCEDURE_BY_KEY, .waves = 1, .creates_in = &table};
	struct script behind = first;

	for (uint32_t i = 0; i < PLACES - 1; i++) {
		submit_write(&scripts[i], i);
		(void)batch_runs_start(&runs);
		lose_commit();
	}
	submit(&first);
	(void)batch_runs_start(&runs);
	assert_int_equal(given.running, 1);
	submit(&behind);
	assert_null(given.events.follow(given.context, true));
	lose_commit();
	assert_int_equal(runs.in_doubt, PLACES);
	resolve_all();
	(void)batch_runs_start(&runs);
	assert_int_equal(given.running, 1); /* what would have followed */
	lose_commit();
	resolve_all();
}

/* --- ahead --- */

static const struct table filled = {.name = {"t", 1}};
static struct script creates[1 + BATCH];

/* One create is sent, and so many more wait. */
static void send_one_of(uint32_t count)
{
	const struct statement *statements;
	size_t sent;

	for (uint32_t i = 0; i <= count; i++)
		creates[i] =
			(struct script){.op = OP_CREATE, .kind = PROCEDURE_BY_KEY, .waves = 1, .creates_in = &filled};
	submit(&creates[0]);
	(void)batch_runs_start(&runs);
	assert_int_equal(given.events.next(given.context, &statements, &sent), TRANSACTION_SEND);
	for (uint32_t i = 1; i <= count; i++)
		submit(&creates[i]);
	(void)batch_runs_start(&runs);
	assert_int_equal(given.running, 1);
}

/* All statements are answered, and COMMIT is what comes next. */
static void answer(void *run, uint32_t statements)
{
	const struct statement_result result = {.matched = 1};
	const struct statement *others;
	size_t count;

	for (uint32_t i = 0; i < statements; i++)
		given.events.done(run, i, &result);
	assert_int_equal(given.events.next(run, &others, &count), TRANSACTION_COMMIT);
}

static void test_a_full_batch_is_written_ahead(void **state)
{
	(void)state;
	const struct statement *statements;
	void *first, *second;
	size_t count;

	send_one_of(BATCH);
	assert_int_equal(runs.running, 2);
	first = given.context;
	answer(first, 2); /* and its marker */
	second = given.events.follow(first, false);
	assert_non_null(second);
	assert_int_equal(runs.running, 2);
	assert_int_equal(given.events.next(second, &statements, &count), TRANSACTION_SEND);
	assert_int_equal(count, BATCH + 1);
	given.events.ended(first, TRANSACTION_COMMITTED, NULL);
	assert_ptr_equal(finished(), &creates[0]);
	answer(second, BATCH + 1);
	assert_null(given.events.follow(second, true));
	given.events.ended(second, TRANSACTION_COMMITTED, NULL);
	for (uint32_t i = 1; i <= BATCH; i++)
		assert_ptr_equal(finished(), &creates[i]);
	assert_int_equal(runs.running, 0);
}

static void test_fewer_are_not(void **state)
{
	(void)state;
	void *second;

	send_one_of(BATCH - 1);
	assert_int_equal(runs.running, 1);
	answer(given.context, 2);
	second = given.events.follow(given.context, true);
	assert_non_null(second);
	given.events.ended(given.context, TRANSACTION_IN_DOUBT, NULL);
	given.events.ended(second, TRANSACTION_DROPPED, NULL);
	resolve_all();
}

static void check_all_run_again(void)
{
	const struct statement *statements;
	size_t count;

	assert_int_equal(runs.running, 0);
	given.running = 0;
	(void)batch_runs_start(&runs);
	assert_int_equal(given.running, 1);
	assert_int_equal(given.events.next(given.context, &statements, &count), TRANSACTION_SEND);
	given.events.ended(given.context, TRANSACTION_LOST, NULL);
}

/* What was to come behind it is given back, and costs nobody anything. */
static void test_what_was_written_goes_when_the_one_before_fails(void **state)
{
	(void)state;
	const struct sql_error error = sql_error(SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE);

	send_one_of(BATCH);
	assert_int_equal(runs.running, 2);
	given.events.failed(given.context, 0, &error);
	given.events.ended(given.context, TRANSACTION_LOST, &error);
	assert_null(finished());
	check_all_run_again();
}

static void test_nothing_written_is_sent_by_who_was_fenced(void **state)
{
	(void)state;

	send_one_of(BATCH);
	answer(given.context, 2);
	planner_fence(world.planner);
	assert_null(given.events.follow(given.context, true));
	assert_int_equal(runs.running, 1);
	given.events.ended(given.context, TRANSACTION_LOST, NULL);
	assert_int_equal(planner_enlist(world.planner, "exo-2", MARKERS), 0);
	check_all_run_again();
}

#define RUNS_TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUNS_TEST(when_all_places_are_in_doubt_others_wait),
		RUNS_TEST(nothing_follows_without_a_place),
		RUNS_TEST(a_full_batch_is_written_ahead),
		RUNS_TEST(fewer_are_not),
		RUNS_TEST(what_was_written_goes_when_the_one_before_fails),
		RUNS_TEST(nothing_written_is_sent_by_who_was_fenced),
	};

	log_open(STDERR_FILENO, LEVEL_ERROR, LOG_FORMAT_TEXT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
