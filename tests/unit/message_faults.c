/* Unit tests of common/message.c and json_read.c: messages that are refused, too large or too deep, and want of memory.
 */
#include "message_support.h"

#include "tests/support/allocations.h"

#include <errno.h>

/* Every one is refused; `word` is in the message or the hint; and where the value was whole, `op` can still be read. */
static void test_faults(void **state)
{
	(void)state;
	static const struct {
		struct bytes raw;
		const char *word;
		bool whole;
	} cases[] = {
		{BYTES(""), "too early", false},
		{BYTES("\x81\xa2op\xa1x!"), "byte 6", true},
		{BYTES("\x82\xa2op\xa1x\xa2op\xa1y"), "`op`", true},
		{BYTES("\x81\xa2op\xc1"), "c1", false},
		{BYTES("\x81\xa2op\xc7\x03\xb2"
		       "1.5"),
		 "reserves", false},
		{BYTES("\xdd\xff\x00\x00\x00"), "too early", false},
		{BYTES("{\"op\":\"x\"} {}"), "follows", true},
		{BYTES("{\"op\":\"x\"}\0"), "follows", true},
		{BYTES("{\"op\":\"x\",\"op\":\"y\"}"), "`op`", true},
		{BYTES("{\"op\":\"x\",\"\\u006fp\":\"y\"}"), "`op`", true},
		{BYTES("{\"op\":\"x\",\"m\":{\"k\":1,\"k\":2}}"), "`k`", true},
		{BYTES("{\"op\":\"x\""), "EOF", false},
		{BYTES("{\"op\":\"x\",}"), "JSON", false},
		{BYTES("{\"op\":01}"), "JSON", false},
		{BYTES("{\"op\":\"x\"\v}"), "control byte", false},
		{BYTES("{\f\"op\":\"x\"}"), "control byte", false},
		{BYTES("{\"op\":NaN}"), "JSON", false},
		{BYTES("{op:1}"), "JSON", false},
		{BYTES("{\"s\":\"\xff\",\"op\":\"x\"}"), "UTF-8 (byte 6)", true},
		{BYTES("{\"s\":\"\xc0\x80\",\"op\":\"x\"}"), "UTF-8", true},
		{BYTES("{\"op\":\"x\",\"s\":\"\xed\xa0\x80\"}"), "UTF-8", true},
		{BYTES("{\"op\":\"x\",\"s\":\"\xed\xa0\x80\""), "EOF", false},
		{BYTES("{\"op\":\"x\"\xff}"), "JSON", false},
		{BYTES("{\"s\":\"\\ud800\",\"op\":\"x\"}"), "surrogate", true},
		{BYTES("{\"s\":\"\\ud800x\",\"op\":\"x\"}"), "surrogate", true},
		{BYTES("{\"op\":\"x\",\"s\":\"\\ud800\\u0041\"}"), "surrogate", true},
		{BYTES("{\"op\":\"x\",\"s\":\"\\udc00\"}"), "surrogate", true},
		{BYTES("{\"op\":\"x\",\"s\":\"\\udc00\",}"), "JSON", false},
		{BYTES("{\"op\":\"a\nb\"}"), "JSON", false},
		{BYTES("{\"m\":{\"$bin\":\"?\"},\"op\":\"x\"}"), "base64", true},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct bytes raw = exact_copy(cases[i].raw);

		assert_int_equal(decode(raw), -EBADMSG);
		assert_int_equal(fault.code, ERROR_BAD_MESSAGE);
		if (!strstr(fault.message, cases[i].word) && !strstr(fault.hint, cases[i].word))
			fail_msg("case %zu: %s; %s", i, fault.message, fault.hint);
		if (cases[i].whole)
			assert_text(value_bytes(member("op")), "x");
		else
			assert_int_equal(value.type, VALUE_NIL);
		free((void *)raw.data);
	}
}

static void test_escaped_backslashes_do_not_hide_or_make_surrogates(void **state)
{
	(void)state;
	assert_int_equal(decode(BYTES("{\"s\":\"\\\\ud800\"}")), 0);
	assert_text(value_bytes(member("s")), "\\ud800");
	assert_int_equal(decode(BYTES("{\"s\":\"\\\\\\ud800\"}")), -EBADMSG);
}

static void test_every_prefix_is_refused(void **state)
{
	(void)state;
	struct buffer msgpack;

	buffer_init(&msgpack, LIMIT);
	assert_int_equal(message_encode_json(&arena, bytes_of(sample), &msgpack, &fault), 0);
	for (size_t size = 0; size < msgpack.size; size++) {
		struct bytes prefix = exact_copy((struct bytes){msgpack.data, size});
		assert_int_equal(decode(prefix), -EBADMSG);
		free((void *)prefix.data);
	}
	for (size_t size = 0; size < strlen(sample); size++) {
		struct bytes prefix = exact_copy((struct bytes){sample, size});
		assert_int_equal(decode(prefix), -EBADMSG);
		free((void *)prefix.data);
		arena_reset(&arena);
	}
	buffer_free(&msgpack);
}

static void test_size_limit(void **state)
{
	(void)state;
	assert_int_equal(message_decode(&arena, BYTES("\x90"), 1, &value, &fault), 0);
	assert_int_equal(message_decode(&arena, BYTES("\x91\x01"), 1, &value, &fault), -EBADMSG);
	assert_int_equal(fault.code, ERROR_TOO_LARGE);
	assert_int_equal(value.type, VALUE_ARRAY); /* whom to tell may be in it */
	assert_int_equal(message_decode(&arena, BYTES("\x97\x01\x01\x01\x01\x01\x01\x01"), 1, &value, &fault),
			 -EBADMSG);
	assert_int_equal(value.type, VALUE_NIL);
}

/* The text of count containers within each other, behind which `op` stands. */
static struct bytes nested_json(uint32_t count, bool maps)
{
	struct buffer text;

	buffer_init(&text, LIMIT);
	buffer_append_text(&text, "{\"deep\":");
	for (uint32_t i = 1; i < count; i++)
		buffer_append_text(&text, maps ? "{\"k\":" : "[");
	buffer_append_byte(&text, '1');
	for (uint32_t i = 1; i < count; i++)
		buffer_append_byte(&text, maps ? '}' : ']');
	buffer_append_text(&text, ",\"op\":\"x\"}");
	struct bytes copy = arena_copy(&arena, buffer_bytes(&text));
	buffer_free(&text);
	return copy;
}

static void test_depth(void **state)
{
	(void)state;
	for (int maps = 0; maps <= 1; maps++) {
		assert_int_equal(decode(nested_json(16, maps)), 0);
		for (uint32_t count = 17; count < 500; count *= 3) {
			assert_int_equal(decode(nested_json(count, maps)), -EBADMSG);
			assert_non_null(strstr(fault.message, "deep"));
			assert_text(value_bytes(member("op")), "x");
		}

		/* The same by way of msgpack. */
		struct buffer msgpack;
		struct error unused;

		buffer_init(&msgpack, LIMIT);
		buffer_append_text(&msgpack, "\x82\xa4"
					     "deep");
		for (int i = 1; i < 20; i++)
			buffer_append_text(&msgpack, maps ? "\x81\xa1k" : "\x91");
		buffer_append_text(&msgpack, "\x01\xa2op\xa1x");
		assert_int_equal(message_decode(&arena, buffer_bytes(&msgpack), LIMIT, &value, &unused), -EBADMSG);
		assert_text(value_bytes(member("op")), "x");
		buffer_free(&msgpack);
	}
}

static void test_depth_beyond_all_measure(void **state)
{
	(void)state;
	for (int maps = 0; maps <= 1; maps++) {
		assert_int_equal(decode(nested_json(1000, maps)), -EBADMSG);
		assert_text(value_bytes(member("op")), "x");
		assert_int_equal(decode(nested_json(2000, maps)), -EBADMSG);
		assert_non_null(strstr(fault.message, "deep"));
		assert_int_equal(value.type, VALUE_NIL);
	}
}

static int decode_afresh(struct bytes raw)
{
	arena_free(&arena);
	arena_init(&arena, 1 << 22);
	return decode(raw);
}

static void test_every_allocation_may_fail(void **state)
{
	(void)state;
	struct buffer msgpack;

	buffer_init(&msgpack, LIMIT);
	assert_int_equal(message_encode_json(&arena, bytes_of(sample), &msgpack, &fault), 0);

	struct bytes inputs[] = {bytes_of(sample), buffer_bytes(&msgpack)};

	for (size_t i = 0; i < LENGTH(inputs); i++) {
		uint32_t n = 1;

		for (;; n++) {
			allocations_fail_at(n);
			int status = decode_afresh(inputs[i]);
			if (!allocations_end())
				break;
			assert_int_equal(status, -ENOMEM);
			assert_int_equal(value.type, VALUE_NIL);
		}
		assert_true(n >= 2);
		assert_int_equal(value.type, VALUE_MAP);
	}
	buffer_free(&msgpack);
}

static void test_the_arena_s_limit_is_a_fault_of_the_message(void **state)
{
	(void)state;
	static char nils[3 + 10000] = "\xdc\x27\x10";

	memset(nils + 3, 0xc0, sizeof(nils) - 3);
	arena_init(&arena, 1000);
	assert_int_equal(decode((struct bytes){nils, sizeof(nils)}), -EBADMSG);
	assert_int_equal(fault.code, ERROR_TOO_LARGE);
	assert_int_equal(value.type, VALUE_NIL);
}

/* Whatever the bytes are, trying again is never the answer: an element that wants ever more memory would come back for
 * ever. Each pattern fills a whole message. */
static void test_no_json_is_mistaken_for_want_of_memory(void **state)
{
	(void)state;
	static const char *const patterns[] = {"[",     "{\"a\":", "{\"a\":[", "\\n",  "x",
					       "\"\",", "[],",     "0,",       "1e1,", "{},"};
	static const char *const starts[] = {"{\"a\":[", "{\"a\":\"", "{\"a\":"};
	struct buffer json;

	buffer_init(&json, LIMIT);
	for (size_t i = 0; i < LENGTH(patterns); i++) {
		for (size_t k = 0; k < LENGTH(starts); k++) {
			buffer_reset(&json);
			buffer_append_text(&json, starts[k]);
			while (json.size + strlen(patterns[i]) <= LIMIT)
				buffer_append_text(&json, patterns[i]);
			arena_reset(&arena);
			assert_int_equal(decode(buffer_bytes(&json)), -EBADMSG);
		}
	}
	buffer_free(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_escaped_backslashes_do_not_hide_or_make_surrogates, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_every_prefix_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_size_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_depth, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_depth_beyond_all_measure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_every_allocation_may_fail, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_arena_s_limit_is_a_fault_of_the_message, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_json_is_mistaken_for_want_of_memory, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
