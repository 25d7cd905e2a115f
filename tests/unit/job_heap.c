/* job_heap.c - the task with the smallest key comes first, whatever was removed from the middle. */
#include "daemon/plan/job_pool.h"
#include "daemon/plan/retry.h"
#include "tests/support/unit.h"

enum { TASKS = 100, TURNS = 20000, KEYS = 50 };

static struct task tasks[TASKS];

static uint64_t smallest_key(void)
{
	uint64_t smallest = UINT64_MAX;

	for (uint32_t i = 0; i < TASKS; i++)
		if (tasks[i].heap && tasks[i].heap_key < smallest)
			smallest = tasks[i].heap_key;
	return smallest;
}

static void test_first_is_the_smallest(void **state)
{
	struct job_heap heap = {0};
	uint64_t random = 1;
	uint32_t count = 0;

	(void)state;
	assert_int_equal(job_heap_reserve(&heap, TASKS), 0);
	assert_null(job_heap_first(&heap));
	for (uint32_t i = 0; i < TURNS; i++) {
		struct task *task = &tasks[retry_random(&random) % TASKS];

		if (task->heap) {
			job_heap_remove(task);
			count--;
		} else {
			job_heap_add(&heap, task, retry_random(&random) % KEYS);
			count++;
		}
		assert_int_equal(heap.count, count);
		if (count > 0)
			assert_int_equal(job_heap_first(&heap)->heap_key, smallest_key());
	}
	for (uint64_t before = 0; count > 0; count--) {
		struct task *first = job_heap_first(&heap);

		assert_true(first->heap_key >= before);
		before = first->heap_key;
		job_heap_remove(first);
		assert_null(first->heap);
		job_heap_remove(first); /* it stands in none any more */
	}
	assert_null(job_heap_first(&heap));
	job_heap_free(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_is_the_smallest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
