/* planner_memory.c - the planner with the n-th allocation failing, for every n: no command is lost, none is answered
 * twice, nothing leaks (the sanitizers look on). And: in steady state a command costs no allocation at all. */
#include "fake_procedure.h"
#include "tests/support/allocations.h"
#include "tests/support/unit.h"

#include <errno.h>

enum { COMMANDS = 90, CATALOGS = 8 };

static const struct table table = {.name = {"t", 1}};
static struct policy policies[3];
static struct script scripts[COMMANDS];
static struct catalog *catalogs[CATALOGS];

struct life {
	struct planner *planner;
	uint64_t now_us;
	uint32_t catalog; /* the next one */
	uint32_t answered;
};

static struct script make(uint32_t i)
{
	struct script script = {.kind = i % 5 == 0 ? PROCEDURE_ALONE : PROCEDURE_BY_KEY, .waves = 1 + i % 2};

	script.entry_count = 2;
	script.entries[0] = (struct footprint_entry){1, FOOTPRINT_KEY_WRITE};
	script.entries[1] = (struct footprint_entry){100 + i / 3, FOOTPRINT_WRITE};
	script.creates_in = i % 4 == 0 ? &table : NULL;
	script.undecodable = i % 11 == 10;
	if (i % 13 == 7) {
		script.compile_result = -ENOENT;
		script.heals_at = i % 2 == 0 ? 2 : 0;
		script.table = i % 3 == 0 ? "t" : "later";
	}
	return script;
}

static void next_catalog(struct life *life)
{
	assert_true(life->catalog < CATALOGS);
	planner_set_catalog(life->planner, catalogs[life->catalog++], life->now_us);
}

/* As the worker does: what was not taken comes again. */
static void submit(struct life *life, uint32_t i)
{
	struct script *script = &scripts[i];
	const struct planner_command command = {
		.policy = &policies[i % 3], .raw = script_raw(&script), .owner = script};
	int r;

	do
		r = planner_submit(life->planner, &command, life->now_us);
	while (r == -ENOMEM);
	assert_int_equal(r, 0);
}

static void collect(struct life *life)
{
	struct job *job;

	while ((job = planner_finished(life->planner))) {
		const struct script *script = job->owner;

		assert_int_equal(script->replied, 1);
		life->answered++;
		job_free(job);
	}
}

static void run(struct life *life, struct batch *batch)
{
	const struct statement_result result = {0};
	const struct statement *statements;
	size_t count;

	while (batch_next(batch, life->now_us, &statements, &count) == BATCH_SEND)
		for (size_t i = 0; i < count; i++)
			batch_done(batch, i, &result);
	batch_ended(batch, BATCH_COMMITTED, NULL, life->now_us);
}

static void run_all(struct life *life)
{
	uint64_t wake_us;
	struct batch *batch;

	for (uint32_t turns = 0; planner_counts(life->planner).waiting + planner_counts(life->planner).parked > 0;
	     turns++) {
		assert_in_range(turns, 0, 100);
		while ((batch = planner_choose(life->planner, life->now_us, &wake_us)))
			run(life, batch);
		life->now_us += 1000000;
		if (planner_wants_catalog(life->planner))
			next_catalog(life);
		collect(life);
	}
	collect(life);
}

static void live(void)
{
	const struct planner_options options = {.batch = 16, .version = "", .worker = ""};
	struct life life = {.now_us = 1};
	int r;

	r = planner_new(&options, &life.planner);
	if (r < 0) {
		assert_int_equal(r, -ENOMEM);
		return;
	}
	next_catalog(&life);
	for (uint32_t i = 0; i < COMMANDS; i++)
		scripts[i] = make(i);
	for (uint32_t i = 0; i < COMMANDS; i++)
		submit(&life, i);
	run_all(&life);
	assert_int_equal(life.answered, COMMANDS);
	planner_free(life.planner);
}

static void test_every_allocation_fails_once(void **state)
{
	uint32_t n = 0;

	(void)state;
	for (uint32_t i = 0; i < CATALOGS; i++) {
		catalogs[i] = fake_catalog(i + 1);
		fake_catalog_add(catalogs[i], &table);
	}
	do {
		allocations_fail_at(++n);
		live();
	} while (allocations_end());
	assert_in_range(n, 100, 10000);
	for (uint32_t i = 0; i < CATALOGS; i++)
		catalog_unref(catalogs[i]);
	assert_int_equal(fake_catalog_references(), 0);
}

static void test_steady_state_allocates_nothing(void **state)
{
	const struct planner_options options = {.batch = 16, .version = "", .worker = ""};
	struct life life = {.now_us = 1};

	(void)state;
	catalogs[0] = fake_catalog(1);
	assert_int_equal(planner_new(&options, &life.planner), 0);
	next_catalog(&life);
	for (uint32_t round = 0; round < 3; round++) {
		if (round == 2)
			allocations_fail_at_memory(1);
		for (uint32_t i = 0; i < COMMANDS; i++) {
			scripts[i] = make(i);
			scripts[i].compile_result = 0;
		}
		for (uint32_t i = 0; i < COMMANDS; i++)
			submit(&life, i);
		run_all(&life);
	}
	assert_false(allocations_end());
	assert_int_equal(life.answered, 3 * COMMANDS);
	planner_free(life.planner);
	catalog_unref(catalogs[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation_fails_once),
		cmocka_unit_test(test_steady_state_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
