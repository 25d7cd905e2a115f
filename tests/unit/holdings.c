/* tests/unit/holdings.c - the table and the lists of what a worker holds. */
#include "daemon/queue/holdings.h"

#include "common/buffer.h"
#include "tests/support/allocations.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_found_by_number_until_removed(void **state)
{
	struct holdings holdings;
	(void)state;

	assert_int_equal(holdings_init(&holdings, 10), 0);
	for (uint64_t i = 1; i <= 1000; i++)
		assert_non_null(holdings_add(&holdings, NULL, i * 3, 0, 7));
	assert_int_equal(holdings.count, 1000);
	assert_int_equal(holdings.bytes, 7000);
	for (uint64_t i = 1; i <= 1000; i += 2)
		holdings_remove(&holdings, holdings_find(&holdings, i * 3));
	for (uint64_t i = 1; i <= 1000; i++) {
		assert_int_equal(holdings_find(&holdings, i * 3) != NULL, i % 2 == 0);
		assert_null(holdings_find(&holdings, i * 3 + 1));
	}
	holdings_clear(&holdings);
	assert_int_equal(holdings.count, 0);
	assert_int_equal(holdings.bytes, 0);
	assert_null(holdings_find(&holdings, 6));
	holdings_free(&holdings);
}

static void assert_list(const struct holding_list *list, const uint64_t *numbers, uint32_t count)
{
	const struct holding *holding = list->first, *previous = NULL;

	assert_int_equal(list->count, count);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(holding->number, numbers[i]);
		assert_ptr_equal(holding->previous, previous);
		assert_ptr_equal(holding->list, list);
		previous = holding;
		holding = holding->next;
	}
	assert_null(holding);
	assert_ptr_equal(list->last, previous);
}

static void test_lists_keep_their_order(void **state)
{
	struct holdings holdings;
	struct holding_list a = {0}, b = {0}, none = {0};
	struct holding *all[5];
	(void)state;

	assert_int_equal(holdings_init(&holdings, 10), 0);
	for (uint64_t i = 0; i < 5; i++) {
		all[i] = holdings_add(&holdings, NULL, i, 0, 0);
		holding_move(all[i], &a);
	}
	holding_move(all[2], &b);
	holding_move(all[0], &b);
	holding_move(all[4], NULL);
	assert_list(&a, (const uint64_t[]){1, 3}, 2);
	assert_list(&b, (const uint64_t[]){2, 0}, 2);
	holding_list_prepend(&a, &b);
	assert_list(&a, (const uint64_t[]){2, 0, 1, 3}, 4);
	assert_list(&b, NULL, 0);
	holding_list_prepend(&a, &none);
	holding_list_prepend(&b, &a);
	assert_list(&b, (const uint64_t[]){2, 0, 1, 3}, 4);
	holdings_remove(&holdings, all[3]);
	holdings_remove(&holdings, all[2]);
	assert_list(&b, (const uint64_t[]){0, 1}, 2);
	holdings_free(&holdings);
}

static void assert_field(struct held_field field, const char *text)
{
	char to[HOLDING_FIELD_BYTES];
	struct held_field read = {0};

	assert_true(bytes_equal_text(holding_field(&field, to), text));
	assert_true(holding_field_parse(bytes_of(text), &read));
	assert_int_equal(read.number, field.number);
	assert_int_equal(read.attempts, field.attempts);
	assert_int_equal(read.recovered, field.recovered);
}

static void test_fields(void **state)
{
	static const char *const wrong[] = {
		"",     ":",    "1:",           ":1",   "x",  "1x",    "1:2:3", "-1",
		"1:0",  "01",   "1:02",         "1:0r", "r",  "1rr",   "1:r",   "r1",
		"1r:2", "1:2x", "1:4294967296", "1r ",  " 1", "1:2:r", "1R",    "99999999999999999999"};
	struct held_field untouched = {.number = 7};
	(void)state;

	assert_field((struct held_field){.number = 17}, "17");
	assert_field((struct held_field){.number = 0}, "0");
	assert_field((struct held_field){.number = 9007199254740992, .attempts = 4294967295},
		     "9007199254740992:4294967295");
	assert_field((struct held_field){.number = 3, .recovered = true}, "3r");
	assert_field((struct held_field){.number = 3, .attempts = 2, .recovered = true}, "3:2r");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(holding_field_parse(bytes_of(wrong[i]), &untouched));
	assert_int_equal(untouched.number, 7);
}

static void test_field_of_a_holding(void **state)
{
	struct holding holding = {.number = UINT64_MAX, .attempts = UINT32_MAX, .marker = WORKER_NO_MARKER};
	char to[HOLDING_FIELD_BYTES];
	(void)state;

	assert_true(bytes_equal_text(holding_field_of(&holding, to), "18446744073709551615:4294967295"));
	assert_false(holding_is_committed(&holding));
	holding.recovered = true;
	assert_true(bytes_equal_text(holding_field_of(&holding, to), "18446744073709551615:4294967295r"));
	assert_true(holding_is_committed(&holding));
	holding.recovered = false;
	holding.marker = 0;
	assert_true(holding_is_committed(&holding));
}

static void test_answers_are_copies(void **state)
{
	char reply[] = "reply", channel[] = "channel";
	struct outcome outcome = {.reply = bytes_of(reply), .channel = bytes_of(channel), .dead = true};
	struct holding holding = {0};
	(void)state;

	assert_int_equal(holding_answer(&holding, &outcome), 0);
	reply[0] = channel[0] = 'x';
	assert_true(bytes_equal_text(holding.answer->reply, "reply"));
	assert_true(bytes_equal_text(holding.answer->channel, "channel"));
	assert_int_equal(holding.answer->todo, ANSWER_PUBLISH | ANSWER_BURY);
	holding_forget_answer(&holding);
	assert_null(holding.answer);

	/* Nothing of the last answer is in the next one, which has its memory. */
	outcome = (struct outcome){.list = BYTES("list")};
	assert_int_equal(holding_answer(&holding, &outcome), 0);
	assert_int_equal(holding.answer->todo, 0); /* no reply: nothing to push */
	assert_int_equal(holding.answer->channel.size, 0);
	free(holding.memory);
}

static void test_large_answers_are_not_kept(void **state)
{
	static const char large[8192];
	struct outcome outcome = {.reply = {.data = large, .size = sizeof(large)}, .channel = BYTES("c")};
	struct holding holding = {0};
	(void)state;

	assert_int_equal(holding_answer(&holding, &outcome), 0);
	assert_int_equal(holding.answer->reply.size, sizeof(large));
	holding_forget_answer(&holding);
	assert_null(holding.memory);
}

/* A buffer with so many bytes of content, and more memory than that. */
static struct buffer content(size_t size)
{
	struct buffer memory;

	buffer_init(&memory, 1 << 20);
	assert_non_null(buffer_reserve(&memory, size));
	memset(memory.data, 'r', size);
	memory.size = size;
	return memory;
}

static void test_a_large_reply_s_memory_is_taken(void **state)
{
	enum { LARGE = 200000 };
	struct buffer memory = content(LARGE);
	struct outcome outcome = {.reply = buffer_bytes(&memory), .memory = &memory, .channel = BYTES("c")};
	struct holdings holdings;
	struct holding *holding;
	(void)state;

	assert_int_equal(holdings_init(&holdings, 1), 0);
	holding = holdings_add(&holdings, NULL, 1, 0, 0);
	assert_int_equal(holding_answer(holding, &outcome), 0);
	assert_null(memory.data);
	assert_int_equal(holding->answer->reply.size, LARGE);
	assert_int_equal(holding->answer->reply.data[0], 'r');
	assert_int_equal(holding->answer->reply.data[LARGE - 1], 'r');
	assert_true(bytes_equal_text(holding->answer->channel, "c"));
	assert_int_equal(holding->answer->todo, ANSWER_PUBLISH);
	holding_forget_answer(holding);

	/* The next one is small: it is copied, and what it was copied from stays the caller's. */
	memory = content(10);
	outcome.reply = buffer_bytes(&memory);
	assert_int_equal(holding_answer(holding, &outcome), 0);
	assert_ptr_not_equal(holding->answer->reply.data, memory.data);
	assert_int_equal(holding->answer->reply.size, 10);
	assert_int_equal(memory.size, 10);
	assert_non_null(memory.data);
	buffer_free(&memory);
	holding_forget_answer(holding);

	/* One that is never sent is freed with its holding. */
	memory = content(LARGE);
	outcome.reply = buffer_bytes(&memory);
	assert_int_equal(holding_answer(holding, &outcome), 0);
	holdings_free(&holdings);
}

/* Without memory for the answer the reply stays the caller's; without memory to fit it, it is taken as it is. */
static void test_want_of_memory_loses_no_reply(void **state)
{
	enum { LARGE = 200000 };
	struct buffer memory = content(LARGE);
	struct outcome outcome = {.reply = buffer_bytes(&memory), .memory = &memory, .channel = BYTES("c")};
	struct holding holding = {0};
	(void)state;

	allocations_fail_at(1);
	assert_int_equal(holding_answer(&holding, &outcome), -ENOMEM);
	assert_true(allocations_end());
	assert_null(holding.answer);
	assert_ptr_equal(memory.data, outcome.reply.data);
	allocations_fail_at(2);
	assert_int_equal(holding_answer(&holding, &outcome), 0);
	assert_true(allocations_end());
	assert_ptr_equal(holding.answer->reply.data, outcome.reply.data);
	assert_int_equal(holding.answer->reply.size, LARGE);
	assert_null(memory.data);
	holding_forget_answer(&holding);
	free(holding.memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_by_number_until_removed),
		cmocka_unit_test(test_lists_keep_their_order),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_field_of_a_holding),
		cmocka_unit_test(test_answers_are_copies),
		cmocka_unit_test(test_large_answers_are_not_kept),
		cmocka_unit_test(test_a_large_reply_s_memory_is_taken),
		cmocka_unit_test(test_want_of_memory_loses_no_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
