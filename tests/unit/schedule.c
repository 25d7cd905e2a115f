/* schedule.c - who is ready when: by name on small examples, and against a plain model on random ones. */
#include "daemon/plan/schedule.h"

#include "tests/support/unit.h"

#include <time.h>

enum { NODES = 24, RESOURCES = 3, ROUNDS = 20000 };

struct node {
	struct schedule_node node; /* first: a pointer to one is a pointer to the other */
	struct footprint footprint;
	bool in, ready;
};

static struct arena arena;
static struct schedule *schedule;
static uint64_t sequence;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 26);
	sequence = 0;
	return schedule_new(&schedule);
}

static int tear_down(void **state)
{
	(void)state;
	schedule_free(schedule);
	arena_free(&arena);
	return 0;
}

static void note_ready(void)
{
	struct schedule_node *ready;

	while ((ready = schedule_pop_ready(schedule))) {
		struct node *node = (struct node *)ready;

		assert_true(node->in && !node->ready); /* said once */
		node->ready = true;
	}
}

static void add(struct node *node)
{
	sequence++;
	node->node = (struct schedule_node){.sequence = sequence};
	node->in = true;
	node->ready = false;
	assert_int_equal(schedule_add(schedule, &node->node, &arena, &node->footprint), 0);
	note_ready();
}

static void take_out(struct node *node)
{
	node->in = false;
	schedule_remove(schedule, &node->node);
	note_ready();
}

static void hold(struct node *node, uint64_t resource, enum footprint_mode mode)
{
	assert_int_equal(footprint_add(&node->footprint, resource, mode), 0);
}

static struct node holding(uint64_t resource, enum footprint_mode mode)
{
	struct node node = {0};

	footprint_init(&node.footprint, &arena);
	hold(&node, resource, mode);
	return node;
}

static void test_line(void **state)
{
	struct node first = holding(1, FOOTPRINT_KEY_WRITE), whole = holding(1, FOOTPRINT_WRITE);
	struct node second = holding(1, FOOTPRINT_KEY_WRITE), other = holding(2, FOOTPRINT_WRITE);
	struct node read = holding(1, FOOTPRINT_READ);

	(void)state;
	add(&first);
	add(&whole);
	add(&second);
	add(&other);
	add(&read);
	assert_true(first.ready && other.ready);
	assert_false(whole.ready || second.ready || read.ready);
	take_out(&first);
	assert_true(whole.ready);
	assert_false(second.ready);
	take_out(&whole);
	assert_true(second.ready);
	assert_false(read.ready);
	take_out(&second);
	assert_true(read.ready);
}

static void test_one_that_waits_may_leave(void **state)
{
	struct node first = holding(1, FOOTPRINT_WRITE), second = holding(1, FOOTPRINT_WRITE);
	struct node third = holding(1, FOOTPRINT_WRITE);

	(void)state;
	add(&first);
	add(&second);
	add(&third);
	take_out(&second);
	assert_false(third.ready);
	take_out(&first);
	assert_true(third.ready);
}

static void test_replaced_footprint_takes_back_what_was_granted(void **state)
{
	struct node parked = holding(1, FOOTPRINT_WRITE), behind = holding(1, FOOTPRINT_KEY_WRITE);
	struct node planned = holding(1, FOOTPRINT_KEY_WRITE), free_one = holding(1, FOOTPRINT_KEY_WRITE);

	(void)state;
	hold(&behind, 7, FOOTPRINT_WRITE);
	hold(&planned, 7, FOOTPRINT_WRITE);
	hold(&free_one, 8, FOOTPRINT_WRITE);
	add(&parked);
	add(&behind);
	add(&free_one);
	assert_int_equal(schedule_replace(schedule, &parked.node, &arena, &planned.footprint), 0);
	parked.ready = false;
	note_ready();
	assert_true(parked.ready && free_one.ready);
	assert_false(behind.ready);
	take_out(&parked);
	assert_true(behind.ready);
}

static void test_ready_twice_is_said_once(void **state)
{
	struct node first = holding(1, FOOTPRINT_WRITE), second = holding(1, FOOTPRINT_KEY_WRITE);
	struct node third = holding(1, FOOTPRINT_KEY_WRITE), planned = holding(2, FOOTPRINT_KEY_WRITE);

	(void)state;
	add(&first);
	add(&second);
	add(&third);
	/* Two are planned again before anybody looks; the first of them makes the others ready. */
	first.ready = false;
	assert_int_equal(schedule_replace(schedule, &first.node, &arena, &planned.footprint), 0);
	assert_int_equal(schedule_replace(schedule, &second.node, &arena, &planned.footprint), 0);
	note_ready();
	assert_true(first.ready && second.ready && third.ready);
}

static void test_creates_line_up(void **state)
{
	static const struct table table = {.name = {"t", 1}};
	struct node first = holding(1, FOOTPRINT_KEY_WRITE), second = holding(1, FOOTPRINT_KEY_WRITE);
	struct node other = holding(1, FOOTPRINT_KEY_WRITE);

	(void)state;
	first.footprint.creates_in = second.footprint.creates_in = &table;
	add(&first);
	add(&second);
	add(&other);
	assert_true(first.ready && second.ready && other.ready);
	assert_true(schedule_first_create(&first.node) && schedule_first_create(&other.node));
	assert_false(schedule_first_create(&second.node));
	assert_ptr_equal(schedule_next_create(&first.node), &second.node);
	assert_null(schedule_next_create(&other.node));
	take_out(&first);
	assert_true(schedule_first_create(&second.node));
}

static uint32_t draw(uint64_t *random, uint32_t below)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*random >> 33) % below;
}

/* Whether an earlier node that is in holds it up. */
static bool must_wait(const struct node *nodes, const struct node *node)
{
	for (uint32_t n = 0; n < NODES; n++) {
		const struct node *earlier = &nodes[n];

		if (!earlier->in || earlier->node.sequence >= node->node.sequence)
			continue;
		for (uint32_t i = 0; i < earlier->footprint.count; i++)
			for (uint32_t j = 0; j < node->footprint.count; j++)
				if (earlier->footprint.entries[i].resource == node->footprint.entries[j].resource &&
				    footprint_conflicts(earlier->footprint.entries[i].mode,
							node->footprint.entries[j].mode))
					return true;
	}
	return false;
}

static void test_random_against_a_model(void **state)
{
	static struct node nodes[NODES];
	uint64_t random = 7;

	(void)state;
	memset(nodes, 0, sizeof(nodes));
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct node *node = &nodes[draw(&random, NODES)];

		if (node->in) {
			take_out(node);
		} else {
			footprint_init(&node->footprint, &arena);
			for (uint32_t i = draw(&random, 4); i > 0; i--)
				hold(node, draw(&random, RESOURCES),
				     (enum footprint_mode)draw(&random, FOOTPRINT_MODE_COUNT));
			add(node);
		}
		for (uint32_t n = 0; n < NODES; n++)
			if (nodes[n].in)
				assert_int_equal(nodes[n].ready, !must_wait(nodes, &nodes[n]));
	}
}

static void test_many_resources(void **state)
{
	enum { MANY = 3000 };
	static struct node nodes[2][MANY];

	(void)state;
	/* Ids that share their low bits collide in the table; it grows, and shrinks back to nothing. */
	for (uint32_t k = 0; k < 2; k++)
		for (uint32_t i = 0; i < MANY; i++) {
			nodes[k][i] = holding((uint64_t)(i % 7) + ((uint64_t)i << 32), FOOTPRINT_WRITE);
			add(&nodes[k][i]);
		}
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t mixed = i * 1009 % MANY;

		assert_false(nodes[1][mixed].ready);
		take_out(&nodes[0][mixed]);
		assert_true(nodes[1][mixed].ready);
	}
}

/* Each past all the others would be two thousand million steps. */
static void test_ids_that_somebody_chose(void **state)
{
	enum { MANY = 60000, LONGEST_S = 2 };
	static struct node nodes[MANY];
	clock_t start = clock();

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		nodes[i] = holding((uint64_t)(i + 1) << 32, FOOTPRINT_WRITE);
		add(&nodes[i]);
	}
	for (uint32_t i = 0; i < MANY; i++)
		take_out(&nodes[i]);
	assert_true(clock() - start < LONGEST_S * CLOCKS_PER_SEC);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(line),
		TEST(one_that_waits_may_leave),
		TEST(replaced_footprint_takes_back_what_was_granted),
		TEST(ready_twice_is_said_once),
		TEST(creates_line_up),
		TEST(random_against_a_model),
		TEST(many_resources),
		TEST(ids_that_somebody_chose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
