/* heap.c - the member with the smallest key comes first, whatever was removed from the middle. */
#include "daemon/plan/heap.h"
#include "daemon/plan/retry.h"
#include "tests/support/unit.h"

enum { PLACES = 100, TURNS = 20000, KEYS = 50 };

static struct heap_place places[PLACES];

static uint64_t smallest_key(void)
{
	uint64_t smallest = UINT64_MAX;

	for (uint32_t i = 0; i < PLACES; i++)
		if (places[i].heap && places[i].key < smallest)
			smallest = places[i].key;
	return smallest;
}

static void test_first_is_the_smallest(void **state)
{
	struct heap heap = {0};
	uint64_t random = 1;
	uint32_t count = 0;

	(void)state;
	assert_int_equal(heap_reserve(&heap, PLACES), 0);
	assert_null(heap_first(&heap));
	for (uint32_t i = 0; i < TURNS; i++) {
		struct heap_place *place = &places[retry_random(&random) % PLACES];

		if (place->heap) {
			heap_remove(place);
			count--;
		} else {
			heap_add(&heap, place, retry_random(&random) % KEYS, retry_random(&random) % KEYS);
			count++;
		}
		assert_int_equal(heap.count, count);
		if (count > 0)
			assert_int_equal(heap_first(&heap)->key, smallest_key());
	}
	for (uint64_t key = 0, tie = 0; count > 0; count--) {
		struct heap_place *first = heap_first(&heap);

		assert_true(first->key > key || (first->key == key && first->tie >= tie));
		key = first->key;
		tie = first->tie;
		heap_remove(first);
		assert_null(first->heap);
		heap_remove(first); /* it stands in none any more */
	}
	assert_null(heap_first(&heap));
	heap_free(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_is_the_smallest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
