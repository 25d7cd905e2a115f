/* Unit tests of common/message.c and json_read.c. */
#include "common/message.h"

#include "common/msgpack_read.h"
#include "common/msgpack_write.h"
#include "tests/support/allocations.h"
#include "tests/support/unit.h"

#include <errno.h>

enum { LIMIT = 1 << 20 };

/* Each test has its own arena and error; the value of the last decode() lies in the arena. */
static struct arena arena;
static struct error error;
static struct value value;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 22);
	error_set(&error, ERROR_NONE, "none");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static int decode(struct bytes raw)
{
	return message_decode(&arena, raw, LIMIT, &value, &error);
}

static const struct value *member(const char *key)
{
	const struct value *found = value_find(&value, bytes_of(key));

	assert_non_null(found);
	return found;
}

static void test_codec(void **state)
{
	(void)state;
	assert_int_equal(message_codec(BYTES("{")), CODEC_JSON);
	assert_int_equal(message_codec(BYTES(" \t\r\n{}")), CODEC_JSON);
	assert_int_equal(message_codec(BYTES("\x80")), CODEC_MSGPACK);
	assert_int_equal(message_codec(BYTES("[{}]")), CODEC_MSGPACK);
	assert_int_equal(message_codec(BYTES("")), CODEC_MSGPACK);
	assert_int_equal(message_codec(BYTES("  ")), CODEC_MSGPACK);
}

static void test_every_type_from_msgpack(void **state)
{
	(void)state;
	assert_int_equal(decode(BYTES("\x8c"
				      "\xa1n\xc0"
				      "\xa1t\xc3"
				      "\xa1i\xd3\x80\x00\x00\x00\x00\x00\x00\x00"
				      "\xa1u\xcf\xff\xff\xff\xff\xff\xff\xff\xff"
				      "\xa1p\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"
				      "\xa1"
				      "f\xca\x3f\xc0\x00\x00"
				      "\xa1"
				      "d\xcb\xbf\xb9\x99\x99\x99\x99\x99\x9a"
				      "\xa1s\xa3"
				      "a\x00"
				      "b"
				      "\xa1"
				      "b\xc4\x02\xff\x00"
				      "\xa1x\xd5\x07"
				      "zz"
				      "\xa1w\xc7\x0c\xff\x00\x00\x00\x05\xff\xff\xff\xff\xff\xff\xff\xff"
				      "\xa1m\x82\x01\x90\xc4\x01k\x80")),
			 0);
	assert_int_equal(member("n")->type, VALUE_NIL);
	assert_true(member("t")->type == VALUE_BOOL && member("t")->boolean);
	assert_true(member("i")->type == VALUE_INT && member("i")->integer == INT64_MIN);
	assert_true(member("u")->type == VALUE_UINT && member("u")->unsigned_integer == UINT64_MAX);
	assert_true(member("p")->type == VALUE_INT && member("p")->integer == INT64_MAX);
	assert_true(member("f")->type == VALUE_FLOAT32 && member("f")->real == 1.5);
	assert_true(member("d")->type == VALUE_FLOAT64 && member("d")->real == -0.1);
	assert_true(member("s")->type == VALUE_STR);
	assert_bytes(value_bytes(member("s")), BYTES("a\0b"));
	assert_true(member("b")->type == VALUE_BIN);
	assert_bytes(value_bytes(member("b")), BYTES("\xff\x00"));
	assert_true(member("x")->type == VALUE_EXTENSION && member("x")->extension == 7);
	assert_text(value_bytes(member("x")), "zz");
	assert_true(member("w")->type == VALUE_TIMESTAMP && member("w")->integer == -1 && member("w")->size == 5);
	assert_true(member("m")->type == VALUE_MAP && member("m")->size == 2);
	assert_true(value_is_map(&member("m")->members[0].value));
	assert_non_null(value_find(member("m"), BYTES("k")));
	assert_null(value_find(member("m"), BYTES("\x01")));
}

static void test_all_sizes_of_timestamps(void **state)
{
	(void)state;
	static const struct {
		struct bytes raw;
		int64_t seconds;
		uint32_t nanoseconds;
	} cases[] = {
		{BYTES("\xd6\xff\xff\xff\xff\xff"), UINT32_MAX, 0},
		{BYTES("\xd7\xff\xee\x6b\x27\xff\xff\xff\xff\xff"), (1ll << 34) - 1, 999999999},
		{BYTES("\xc7\x0c\xff\x3b\x9a\xc9\xff\x80\x00\x00\x00\x00\x00\x00\x00"), INT64_MIN, 999999999},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_int_equal(decode(cases[i].raw), 0);
		assert_int_equal(value.type, VALUE_TIMESTAMP);
		assert_true(value.integer == cases[i].seconds);
		assert_int_equal(value.size, cases[i].nanoseconds);
	}
}

static void test_every_type_from_json(void **state)
{
	(void)state;
	assert_int_equal(
		decode(BYTES(" {\"n\":null, \"t\":true, \"f\":false, \"i\":-9223372036854775808,"
			     "\"u\":18446744073709551615, \"big\":18446744073709551616, \"d\":1.50, \"e\":1E+2,"
			     "\"neg\":-9223372036854775809, \"z\":-0, \"s\":\"a\\u0000\\u00e9\\ud83d\\udc08\\n\","
			     "\"b\":{\"$bin\":\"/wA=\"}, \"a\":[1,[],{}], \"m\":{\"x\":{\"y\":1}}}\n ")),
		0);
	assert_int_equal(member("n")->type, VALUE_NIL);
	assert_true(member("t")->type == VALUE_BOOL && member("t")->boolean);
	assert_true(member("f")->type == VALUE_BOOL && !member("f")->boolean);
	assert_true(member("i")->type == VALUE_INT && member("i")->integer == INT64_MIN);
	assert_true(member("u")->type == VALUE_UINT && member("u")->unsigned_integer == UINT64_MAX);
	assert_true(member("z")->type == VALUE_INT && member("z")->integer == 0);
	assert_int_equal(member("big")->type, VALUE_NUMBER);
	assert_text(value_bytes(member("big")), "18446744073709551616");
	assert_text(value_bytes(member("neg")), "-9223372036854775809");
	assert_text(value_bytes(member("d")), "1.50");
	assert_text(value_bytes(member("e")), "1E+2");
	assert_bytes(value_bytes(member("s")), BYTES("a\0\xc3\xa9\xf0\x9f\x90\x88\n"));
	assert_int_equal(member("b")->type, VALUE_BIN);
	assert_bytes(value_bytes(member("b")), BYTES("\xff\x00"));
	assert_int_equal(member("a")->size, 3);
	assert_int_equal(member("a")->items[0].integer, 1);
	assert_true(member("a")->items[1].type == VALUE_ARRAY && member("a")->items[1].size == 0);
	assert_true(member("a")->items[2].type == VALUE_MAP && member("a")->items[2].size == 0);
	assert_int_equal(value_find(value_find(member("m"), BYTES("x")), BYTES("y"))->integer, 1);
}

static void test_only_a_lone_bin_of_a_string_is_binary(void **state)
{
	(void)state;
	assert_int_equal(decode(BYTES("{\"a\":{\"$bin\":\"\"}, \"b\":{\"$bin\":5}, \"c\":{\"$bin\":\"AA\",\"x\":\"y\"},"
				      "\"d\":{\"x\":\"AA\"}, \"e\":{\"$bin\":[\"AA\"]}}")),
			 0);
	assert_true(member("a")->type == VALUE_BIN && member("a")->size == 0);
	assert_true(member("b")->type == VALUE_MAP && member("b")->size == 1);
	assert_true(member("c")->type == VALUE_MAP && member("c")->size == 2);
	assert_true(member("d")->type == VALUE_MAP);
	assert_true(member("e")->type == VALUE_MAP);
}

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
		assert_int_equal(error.code, ERROR_BAD_MESSAGE);
		if (!strstr(error.message, cases[i].word) && !strstr(error.hint, cases[i].word))
			fail_msg("case %zu: %s; %s", i, error.message, error.hint);
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

static void test_size_limit(void **state)
{
	(void)state;
	assert_int_equal(message_decode(&arena, BYTES("\x90"), 1, &value, &error), 0);
	assert_int_equal(message_decode(&arena, BYTES("\x91\x01"), 1, &value, &error), -EBADMSG);
	assert_int_equal(error.code, ERROR_TOO_LARGE);
	assert_int_equal(value.type, VALUE_ARRAY); /* whom to tell may be in it */
	assert_int_equal(message_decode(&arena, BYTES("\x97\x01\x01\x01\x01\x01\x01\x01"), 1, &value, &error),
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
			assert_non_null(strstr(error.message, "deep"));
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

static const char sample[] =
	"{\"op\":\"create\",\"id\":18446744073709551615,\"values\":[{\"a\":1.5,\"b\":{\"$bin\":\"AAEC\"},"
	"\"c\":\"x\\ny\",\"d\":[],\"e\":null,\"f\":0.1234567890123456789}],\"meta\":{\"1\":true}}";

static void test_every_prefix_is_refused(void **state)
{
	(void)state;
	struct buffer msgpack;

	buffer_init(&msgpack, LIMIT);
	assert_int_equal(message_encode_json(&arena, bytes_of(sample), &msgpack, &error), 0);
	for (size_t size = 0; size < msgpack.size; size++) {
		struct bytes prefix = exact_copy((struct bytes){msgpack.data, size});
		assert_int_equal(decode(prefix), -EBADMSG);
		free((void *)prefix.data);
	}
	for (size_t size = 0; size < sizeof(sample) - 1; size++) {
		struct bytes prefix = exact_copy((struct bytes){sample, size});
		assert_int_equal(decode(prefix), -EBADMSG);
		free((void *)prefix.data);
		arena_reset(&arena);
	}
	buffer_free(&msgpack);
}

static void test_encode_is_clean_and_render_reads(void **state)
{
	(void)state;
	struct buffer msgpack, json;

	buffer_init(&msgpack, LIMIT);
	buffer_init(&json, LIMIT);
	assert_int_equal(message_encode_json(&arena, bytes_of(sample), &msgpack, &error), 0);
	assert_int_equal(decode(buffer_bytes(&msgpack)), 0); /* passes as from the wire: nothing of ours is in it */
	assert_int_equal(message_render_json(&arena, buffer_bytes(&msgpack), &json, &error), 0);
	assert_text(buffer_bytes(&json),
		    "{\"op\":\"create\",\"id\":18446744073709551615,\"values\":[{\"a\":1.5,\"b\":{\"$bin\":\"AAEC\"},"
		    "\"c\":\"x\\ny\",\"d\":[],\"e\":null,\"f\":\"0.1234567890123456789\"}],\"meta\":{\"1\":true}}");
	buffer_reset(&json);
	assert_int_equal(message_render_json(
				 &arena,
				 BYTES("\x84\x07\xd6\xff\x00\x00\x00\x05\xc0\xd4\x03z\xc4\x01k\x01\xca\x3f\x80\x00\x00"
				       "\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"),
				 &json, &error),
			 0);
	assert_text(buffer_bytes(&json), "{\"7\":{\"$timestamp\":[5,0]},\"null\":{\"$ext\":[3,\"eg==\"]},\"k\":1,"
					 "\"1.0\":\"Infinity\"}");
	buffer_reset(&msgpack);
	assert_int_equal(message_encode_json(&arena, BYTES("[1"), &msgpack, &error), -EBADMSG);
	assert_int_equal(message_encode_json(&arena, BYTES("[1]"), &msgpack, &error), 0);
	assert_bytes(buffer_bytes(&msgpack), BYTES("\x91\x01"));
	assert_int_equal(message_render_json(&arena, BYTES("\x91"), &json, &error), -EBADMSG);
	buffer_free(&msgpack);
	buffer_free(&json);
}

static void test_from_json_meets_a_limit(void **state)
{
	(void)state;
	struct buffer msgpack;

	buffer_init(&msgpack, 8);
	assert_int_equal(message_from_json(BYTES("[\"0123456789\"]"), &msgpack, &error), -ENOMEM);
	buffer_free(&msgpack);
	buffer_init(&msgpack, LIMIT);
	assert_int_equal(message_from_json(BYTES("1.5"), &msgpack, &error), 0);
	assert_bytes(buffer_bytes(&msgpack), BYTES("\xc7\x03\xb2"
						   "1.5"));
	assert_int_equal(message_from_json(BYTES("nul"), &msgpack, &error), -EBADMSG);
	buffer_free(&msgpack);
}

static void test_long_strings_with_escapes(void **state)
{
	(void)state;
	enum { COUNT = 30000 };
	struct buffer json;

	buffer_init(&json, LIMIT);
	buffer_append_text(&json, "{\"s\":\"");
	for (int i = 0; i < COUNT; i++)
		buffer_append_text(&json, "\\n\xc3\xa9");
	buffer_append_text(&json, "\"}");
	assert_int_equal(decode(buffer_bytes(&json)), 0);
	assert_int_equal(member("s")->size, 3 * COUNT);
	buffer_free(&json);
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
	assert_int_equal(message_encode_json(&arena, bytes_of(sample), &msgpack, &error), 0);

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
	assert_int_equal(error.code, ERROR_TOO_LARGE);
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

static void test_depth_beyond_all_measure(void **state)
{
	(void)state;
	for (int maps = 0; maps <= 1; maps++) {
		assert_int_equal(decode(nested_json(1000, maps)), -EBADMSG);
		assert_text(value_bytes(member("op")), "x");
		assert_int_equal(decode(nested_json(2000, maps)), -EBADMSG);
		assert_non_null(strstr(error.message, "deep"));
		assert_int_equal(value.type, VALUE_NIL);
	}
}

static void test_type_names(void **state)
{
	(void)state;
	static const char *const names[] = {"nil", "bool", "int",       "int",       "float", "float", "float",
					    "str", "bin",  "timestamp", "extension", "array", "map"};

	for (size_t i = 0; i < LENGTH(names); i++) {
		struct value typed = {.type = (enum value_type)i};

		assert_string_equal(value_type_name(&typed), names[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_codec, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_every_type_from_msgpack, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_all_sizes_of_timestamps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_every_type_from_json, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_only_a_lone_bin_of_a_string_is_binary, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_escaped_backslashes_do_not_hide_or_make_surrogates, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_size_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_depth, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_every_prefix_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_encode_is_clean_and_render_reads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_from_json_meets_a_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_strings_with_escapes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_every_allocation_may_fail, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_arena_s_limit_is_a_fault_of_the_message, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_json_is_mistaken_for_want_of_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_depth_beyond_all_measure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_type_names, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
