/* Unit tests of common/arena.c. */
#include "common/arena.h"

#include "tests/support/allocations.h"
#include "tests/support/unit.h"

static void test_pieces_are_aligned_and_apart(void **state)
{
	(void)state;
	struct arena arena;
	char *pieces[200];

	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < LENGTH(pieces); i++) {
		size_t size = i * 7 + 1;

		pieces[i] = arena_alloc(&arena, size);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		memset(pieces[i], (int)i, size);
	}
	for (size_t i = 0; i < LENGTH(pieces); i++) {
		for (size_t at = 0; at < i * 7 + 1; at++)
			assert_int_equal((unsigned char)pieces[i][at], i);
	}
	arena_free(&arena);
}

static void test_limit(void **state)
{
	(void)state;
	struct arena arena;

	arena_init(&arena, 1000);
	assert_non_null(arena_alloc(&arena, 900));
	assert_null(arena_alloc(&arena, 200));
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc_array(&arena, SIZE_MAX / 2, 3));
	assert_non_null(arena_alloc(&arena, 64));
	assert_true(arena.limit_met);
	arena_reset(&arena);
	assert_int_equal(arena.used_bytes, 0);
	assert_false(arena.limit_met);
	assert_non_null(arena_alloc(&arena, 900));
	arena_free(&arena);

	arena_init(&arena, 1024);
	assert_non_null(arena_alloc(&arena, 1024)); /* the very limit */
	assert_false(arena.limit_met);
	assert_null(arena_alloc(&arena, 1));
	assert_true(arena.limit_met);
	arena_free(&arena);
}

static void test_reset_keeps_the_first_block_unless_outsized(void **state)
{
	(void)state;
	struct arena arena;

	arena_init(&arena, 1 << 24);
	void *first = arena_alloc(&arena, 100);
	for (int i = 0; i < 1000; i++)
		assert_non_null(arena_alloc(&arena, 1000));
	arena_reset(&arena);
	assert_ptr_equal(arena_alloc(&arena, 100), first);
	arena_free(&arena);

	arena_init(&arena, 1 << 24);
	assert_non_null(arena_alloc(&arena, 1 << 20));
	arena_reset(&arena);
	assert_null(arena.blocks);
	arena_free(&arena);
	arena_free(&arena);
}

static void test_a_large_piece_leaves_the_current_block_in_use(void **state)
{
	(void)state;
	struct arena arena;

	arena_init(&arena, 1 << 24);
	char *before = arena_alloc(&arena, 16);
	assert_non_null(arena_alloc(&arena, 1 << 20));
	assert_ptr_equal(arena_alloc(&arena, 16), before + 16);
	arena_free(&arena);
}

static void test_copies_and_formats(void **state)
{
	(void)state;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	struct bytes copy = arena_copy(&arena, BYTES("a\0b"));
	assert_bytes(copy, BYTES("a\0b"));
	assert_int_equal(copy.data[3], 0);
	assert_non_null(arena_copy(&arena, (struct bytes){0}).data);
	assert_text(arena_format(&arena, "%s-%d", "x", 42), "x-42");

	unsigned char *array = arena_alloc_array(&arena, 10, 3);
	for (int i = 0; i < 30; i++)
		assert_int_equal(array[i], 0);
	arena_free(&arena);
}

static int work(void)
{
	struct arena arena;
	int status = 0;

	arena_init(&arena, 1 << 20);
	if (!arena_copy(&arena, BYTES("text")).data || !arena_alloc(&arena, 5000) || !arena_alloc(&arena, 100000) ||
	    !arena_format(&arena, "%5000d", 1).data)
		status = -1;
	arena_free(&arena);
	return status;
}

static void test_every_allocation_may_fail(void **state)
{
	(void)state;
	uint32_t n = 1;

	for (;; n++) {
		allocations_fail_at(n);
		int status = work();
		if (!allocations_end())
			break;
		assert_int_equal(status, -1);
	}
	assert_true(n > 3);
	assert_int_equal(work(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_are_aligned_and_apart),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_reset_keeps_the_first_block_unless_outsized),
		cmocka_unit_test(test_a_large_piece_leaves_the_current_block_in_use),
		cmocka_unit_test(test_copies_and_formats),
		cmocka_unit_test(test_every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
