/* Unit tests of common/message.c and json_read.c. */
#include "message_support.h"

#include <errno.h>

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

static void test_encode_is_clean_and_render_reads(void **state)
{
	(void)state;
	struct buffer msgpack, json;

	buffer_init(&msgpack, LIMIT);
	buffer_init(&json, LIMIT);
	assert_int_equal(message_encode_json(&arena, bytes_of(sample), &msgpack, &fault), 0);
	assert_int_equal(decode(buffer_bytes(&msgpack)), 0); /* passes as from the wire: nothing of ours is in it */
	assert_int_equal(message_render_json(&arena, buffer_bytes(&msgpack), &json, &fault), 0);
	assert_text(buffer_bytes(&json),
		    "{\"op\":\"create\",\"id\":18446744073709551615,\"values\":[{\"a\":1.5,\"b\":{\"$bin\":\"AAEC\"},"
		    "\"c\":\"x\\ny\",\"d\":[],\"e\":null,\"f\":\"0.1234567890123456789\"}],\"meta\":{\"1\":true}}");
	buffer_reset(&json);
	assert_int_equal(message_render_json(
				 &arena,
				 BYTES("\x84\x07\xd6\xff\x00\x00\x00\x05\xc0\xd4\x03z\xc4\x01k\x01\xca\x3f\x80\x00\x00"
				       "\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"),
				 &json, &fault),
			 0);
	assert_text(buffer_bytes(&json), "{\"7\":{\"$timestamp\":[5,0]},\"null\":{\"$ext\":[3,\"eg==\"]},\"k\":1,"
					 "\"1.0\":\"Infinity\"}");
	buffer_reset(&msgpack);
	assert_int_equal(message_encode_json(&arena, BYTES("[1"), &msgpack, &fault), -EBADMSG);
	assert_int_equal(message_encode_json(&arena, BYTES("[1]"), &msgpack, &fault), 0);
	assert_bytes(buffer_bytes(&msgpack), BYTES("\x91\x01"));
	assert_int_equal(message_render_json(&arena, BYTES("\x91"), &json, &fault), -EBADMSG);
	buffer_free(&msgpack);
	buffer_free(&json);
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
		cmocka_unit_test_setup_teardown(test_encode_is_clean_and_render_reads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_strings_with_escapes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_type_names, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
