/* Unit tests of common/command.c: commands that are refused, and what can still be read of them. */
#include "command_support.h"

#include <errno.h>
#include <stdio.h>

/* Each is refused with this code; the hint has the word in it. */
static void test_faults(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum error_code code;
		const char *hint;
	} cases[] = {
		{"{}", ERROR_MISSING_FIELD, "`op`"},
		{"{'op':null}", ERROR_MISSING_FIELD, "`op`"},
		{"{'op':5}", ERROR_BAD_MESSAGE, "`op`"},
		{"{'op':'raed'}", ERROR_UNKNOWN_OP, "`read`"},
		{"{'op':'READ','table':'t'}", ERROR_UNKNOWN_OP, "`read`"},
		{"{'op':'frobnicate'}", ERROR_UNKNOWN_OP, ""},
		{"{'op':'sql','text':'x'}", ERROR_UNKNOWN_OP, "not in this version"},
		{"{'op':'tx','ops':[]}", ERROR_UNKNOWN_OP, "not in this version"},
		{"{'op':'aggregate'}", ERROR_UNKNOWN_OP, "not in this version"},
		{"{'op':'ping','v':2}", ERROR_BAD_MESSAGE, "`v`"},
		{"{'op':'ping','v':'1'}", ERROR_BAD_MESSAGE, "`v`"},
		{"{'op':'ping','id':''}", ERROR_BAD_VALUE, "`id`"},
		{"{'op':'ping','id':1.5}", ERROR_BAD_MESSAGE, "`id`"},
		{"{'op':'ping','id':[]}", ERROR_BAD_MESSAGE, "`id`"},
		{"{'op':'ping','reply_to':5}", ERROR_BAD_MESSAGE, "`reply_to`"},
		{"{'op':'ping','reply_to':''}", ERROR_BAD_VALUE, "`reply_to`"},
		{"{'op':'ping','reply_ttl_ms':0}", ERROR_BAD_VALUE, "`reply_ttl_ms`"},
		{"{'op':'ping','reply_ttl_ms':3600001}", ERROR_BAD_VALUE, "`reply_ttl_ms`"},
		{"{'op':'ping','reply_ttl_ms':18446744073709551615}", ERROR_BAD_VALUE, "`reply_ttl_ms`"},
		{"{'op':'ping','reply_ttl_ms':'5'}", ERROR_BAD_MESSAGE, "`reply_ttl_ms`"},
		{"{'op':'ping','traceparent':'x'}", ERROR_BAD_VALUE, "`traceparent`"},
		{"{'op':'ping','traceparent':1}", ERROR_BAD_MESSAGE, "`traceparent`"},
		{"{'op':'ping','once':true,'id':1}", ERROR_BAD_VALUE, "`once` is for writes"},
		{"{'op':'delete','table':'t','pk':1,'once':true}", ERROR_BAD_VALUE, "`id`"},
		{"{'op':'delete','table':'t','pk':1,'once':1,'id':1}", ERROR_BAD_MESSAGE, "`once`"},
		{"{'op':'ping','lane':1}", ERROR_UNKNOWN_FIELD, "not in this version"},
		{"{'op':'ping','not_before':1}", ERROR_UNKNOWN_FIELD, "not in this version"},
		{"{'op':'ping','deadline':1}", ERROR_UNKNOWN_FIELD, "not in this version"},
		{"{'op':'ping','timeout_ms':1}", ERROR_UNKNOWN_FIELD, "not in this version"},
		{"{'op':'ping','dry_run':false}", ERROR_UNKNOWN_FIELD, "not in this version"},
		{"{'op':'ping','timing':1}", ERROR_BAD_MESSAGE, "`timing`"},
		{"{'op':'ping','table':'t'}", ERROR_UNKNOWN_FIELD, "`table` is a field of describe"},
		{"{'op':'ping','bogus':null}", ERROR_UNKNOWN_FIELD, "`bogus`"},
		{"{'op':'read','table':'t','limt':1}", ERROR_UNKNOWN_FIELD, "`limit`"},
		{"{'op':'read','table':'t','distinct':1}", ERROR_BAD_MESSAGE, "`distinct`"},
		{"{'op':'read','table':'t','after':'x'}", ERROR_UNKNOWN_FIELD, "not in this version"},
		{"{'op':'read','table':'t','with':{}}", ERROR_UNKNOWN_FIELD, "not in this version"},
		{"{'op':'read','table':'t','format':'array'}", ERROR_BAD_VALUE, "\"maps\" or \"arrays\""},
		{"{'op':'read','table':'t','format':true}", ERROR_BAD_MESSAGE, "\"maps\" or \"arrays\""},
		{"{'op':'count','table':'t','format':'arrays'}", ERROR_UNKNOWN_FIELD, "a field of read"},
		{"{'op':'read','table':'t','stream':5}", ERROR_UNKNOWN_FIELD, "not in this version"},
		{"{'op':'create','table':'t','values':{},'on_conflict':'ignore'}", ERROR_UNKNOWN_FIELD,
		 "not in this version"},
		{"{'op':'update','table':'t','pk':1,'set':{'a':1},'if':{}}", ERROR_UNKNOWN_FIELD,
		 "not in this version"},
		{"{'op':'update','table':'t','rows':[]}", ERROR_UNKNOWN_FIELD, "not in this version"},
		{"{'op':'update','table':'t','all':true,'set':{'a':1},'limit':1}", ERROR_UNKNOWN_FIELD,
		 "not in this version"},
		{"{'op':'delete','table':'t','all':true,'max_affected':1}", ERROR_UNKNOWN_FIELD, "not in this version"},
		{"{'op':'delete','table':'t','all':true,'set':{'a':1}}", ERROR_UNKNOWN_FIELD, "`set`"},
		{"{'op':'count','table':'t','pk':1}", ERROR_UNKNOWN_FIELD, "`pk`"},
		{"{'op':'read'}", ERROR_MISSING_FIELD, "`table`"},
		{"{'op':'read','table':null}", ERROR_MISSING_FIELD, "`table`"},
		{"{'op':'read','table':5}", ERROR_BAD_MESSAGE, "`table`"},
		{"{'op':'read','table':'t','pk':null}", ERROR_BAD_VALUE, "`pk`"},
		{"{'op':'read','table':'t','where':null}", ERROR_BAD_VALUE, "`where`"},
		{"{'op':'read','table':'t','pk':[1]}", ERROR_BAD_MESSAGE, "`pk`"},
		{"{'op':'read','table':'t','where':5}", ERROR_BAD_MESSAGE, "`where`"},
		{"{'op':'read','table':'t','where':[1]}", ERROR_BAD_MESSAGE, "`where`"},
		{"{'op':'read','table':'t','pk':1,'where':{'a':1}}", ERROR_BAD_VALUE, "`pk`"},
		{"{'op':'read','table':'t','pk':1,'where':{}}", ERROR_BAD_VALUE, "empty"},
		{"{'op':'exists','table':'t','pk':1,'where':[]}", ERROR_BAD_VALUE, "empty"},
		{"{'op':'update','table':'t','pk':1,'where':{},'set':{'a':1}}", ERROR_BAD_VALUE, "only one"},
		{"{'op':'delete','table':'t','all':true,'where':{}}", ERROR_BAD_VALUE, "only one"},
		{"{'op':'read','table':'t','pk':1,'order':['a']}", ERROR_BAD_VALUE, "`order`"},
		{"{'op':'read','table':'t','pk':1,'limit':1}", ERROR_BAD_VALUE, "`limit`"},
		{"{'op':'read','table':'t','pk':1,'offset':0}", ERROR_BAD_VALUE, "`offset`"},
		{"{'op':'read','table':'t','pk':1,'page':1,'page_size':1}", ERROR_BAD_VALUE, "`page`"},
		{"{'op':'read','table':'t','pk':1,'distinct':true}", ERROR_BAD_VALUE, "`distinct`"},
		{"{'op':'read','table':'t','select':[]}", ERROR_BAD_VALUE, "`select`"},
		{"{'op':'create','table':'t','values':{},'returning':[]}", ERROR_BAD_VALUE, "`returning`"},
		{"{'op':'read','table':'t','page':4294967297,'page_size':4294967297}", ERROR_BAD_VALUE, "2^64"},
		{"{'op':'read','table':'t','select':'a'}", ERROR_BAD_MESSAGE, "`select`"},
		{"{'op':'read','table':'t','select':[1]}", ERROR_BAD_MESSAGE, "`select`"},
		{"{'op':'read','table':'t','select':true}", ERROR_BAD_MESSAGE, "`select`"},
		{"{'op':'read','table':'t','order':'a'}", ERROR_BAD_MESSAGE, "`order`"},
		{"{'op':'read','table':'t','order':[1]}", ERROR_BAD_MESSAGE, "`order`"},
		{"{'op':'read','table':'t','limit':-1}", ERROR_BAD_VALUE, "`limit`"},
		{"{'op':'read','table':'t','limit':'1'}", ERROR_BAD_MESSAGE, "`limit`"},
		{"{'op':'read','table':'t','limit':1.0}", ERROR_BAD_MESSAGE, "`limit`"},
		{"{'op':'read','table':'t','first':1}", ERROR_BAD_MESSAGE, "`first`"},
		{"{'op':'read','table':'t','page':1}", ERROR_MISSING_FIELD, "`page_size`"},
		{"{'op':'read','table':'t','page_size':1}", ERROR_MISSING_FIELD, "`page`"},
		{"{'op':'read','table':'t','page':0,'page_size':1}", ERROR_BAD_VALUE, "`page`"},
		{"{'op':'read','table':'t','page':1,'page_size':0}", ERROR_BAD_VALUE, "`page_size`"},
		{"{'op':'read','table':'t','page':1,'page_size':5,'limit':5}", ERROR_BAD_VALUE, "`limit`"},
		{"{'op':'read','table':'t','page':1,'page_size':5,'offset':5}", ERROR_BAD_VALUE, "`offset`"},
		{"{'op':'exists','table':'t'}", ERROR_MISSING_FIELD, "`pk` or `where`"},
		{"{'op':'create','table':'t'}", ERROR_MISSING_FIELD, "`values`"},
		{"{'op':'create','table':'t','values':5}", ERROR_BAD_MESSAGE, "`values`"},
		{"{'op':'create','table':'t','values':[{},5]}", ERROR_BAD_MESSAGE, "`values`"},
		{"{'op':'create','table':'t','values':{},'returning':'a'}", ERROR_BAD_MESSAGE, "`returning`"},
		{"{'op':'update','table':'t','pk':1}", ERROR_MISSING_FIELD, "`set`"},
		{"{'op':'update','table':'t','pk':1,'set':{}}", ERROR_BAD_VALUE, "`set`"},
		{"{'op':'update','table':'t','pk':1,'set':5}", ERROR_BAD_MESSAGE, "`set`"},
		{"{'op':'update','table':'t','set':{'a':1}}", ERROR_WHERE_REQUIRED, "`all`"},
		{"{'op':'update','table':'t','where':{},'set':{'a':1}}", ERROR_WHERE_REQUIRED, "`all`"},
		{"{'op':'update','table':'t','all':false,'set':{'a':1}}", ERROR_WHERE_REQUIRED, "`all`"},
		{"{'op':'update','table':'t','all':true,'pk':1,'set':{'a':1}}", ERROR_BAD_VALUE, "`all`"},
		{"{'op':'delete','table':'t'}", ERROR_WHERE_REQUIRED, "`all`"},
		{"{'op':'delete','table':'t','all':1}", ERROR_BAD_MESSAGE, "`all`"},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		if (decode(cases[i].text) != -EBADMSG)
			fail_msg("%s: not refused", cases[i].text);
		if (fault.code != cases[i].code || !strstr(fault.hint, cases[i].hint))
			fail_msg("%s: %s: %s; %s", cases[i].text, error_code_name(fault.code), fault.message,
				 fault.hint);
		arena_reset(&arena);
	}
}

static void test_faults_that_only_msgpack_can_say(void **state)
{
	(void)state;
	static const struct {
		struct bytes raw;
		enum error_code code;
	} cases[] = {
		{BYTES("\x05"), ERROR_BAD_MESSAGE},
		{BYTES("\x91\x05"), ERROR_BAD_MESSAGE},
		{BYTES("\x82\xa2op\xa4ping\x05\x05"), ERROR_BAD_MESSAGE}, /* a field named 5 */
		{BYTES("\x83\xa2op\xa4read\xa5table\xa1t\xa5where\x81\x05\x01"), ERROR_BAD_MESSAGE},
		{BYTES("\x83\xa2op\xa4read\xa5table\xa1t\xa5where\x81\xa3not\x81\x05\x01"), ERROR_BAD_MESSAGE},
		{BYTES("\x83\xa2op\xa4read\xa5table\xa1t\xa2pk\x81\x05\x01"), ERROR_BAD_MESSAGE},
		{BYTES("\x83\xa2op\xa4read\xa5table\xa1t\xa2pk\xd4\x05\x01"), ERROR_BAD_MESSAGE},
		{BYTES("\x83\xa2op\xa6"
		       "create\xa5table\xa1t\xa6values\x92\x80\x81\x05\x01"),
		 ERROR_BAD_MESSAGE},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_int_equal(decode_raw(cases[i].raw), -EBADMSG);
		assert_int_equal(fault.code, cases[i].code);
	}
	assert_int_equal(fault.at_row, 1);
}

/* Whatever is wrong, the error can be answered. */
static void test_envelope_stays_readable(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"'op':'raed'",
		"'op':'read','bogus':1",
		"'op':'read','v':9",
		"'op':'read','table':'t','limit':-1",
		"'op':'read','reply_ttl_ms':0",
		"'op':'read','traceparent':'x'",
		"'op':'read','m':{'a':1,'a':2}", /* the one that is not decoded, and comes back without its meta */
	};

	for (size_t i = 0; i < LENGTH(bad); i++) {
		char text[300];

		snprintf(text, sizeof(text), "{%s,'id':7,'reply_to':'here','reply_list':'there','meta':'m'}", bad[i]);
		assert_int_equal(decode(text), -EBADMSG);
		assert_int_equal(command.id.integer, 7);
		assert_text(command.reply_to, "here");
		assert_text(command.reply_list, "there");
		assert_text(value_bytes(&command.meta), i < LENGTH(bad) - 1 ? "m" : "");
		assert_true(command.op_name.size > 0);
		assert_int_equal(command.reply_ttl_ms, 60000);
		assert_int_equal(command.codec, CODEC_JSON);
	}
	assert_int_equal(decode("{'op':'read','id':'','reply_to':5,'reply_list':'there'}"), -EBADMSG);
	assert_int_equal(command.id.type, VALUE_NIL);
	assert_int_equal(command.reply_to.size, 0);
	assert_text(command.reply_list, "there");
	assert_int_equal(decode("{'op':'read','reply_to':'a'} x"), -EBADMSG);
	assert_text(command.reply_to, "a");
	/* Half a surrogate pair: no JSON can echo it as it is. */
	assert_int_equal(decode("{'op':'read','id':'a\\udc0d','reply_to':'a'}"), -EBADMSG);
	assert_int_equal(command.id.type, VALUE_NIL);
	assert_text(command.reply_to, "a");
}

static void test_an_envelope_fault_comes_before_all_others(void **state)
{
	(void)state;
	assert_int_equal(decode("{'bogus':1,'op':'raed','v':2}"), -EBADMSG);
	assert_non_null(strstr(fault.hint, "`v`"));
	assert_text(command.op_name, "raed");
	assert_int_equal(decode("{'bogus':1,'op':'raed'}"), -EBADMSG);
	assert_int_equal(fault.code, ERROR_UNKNOWN_OP);
}

/* The reply echoes it as a str, which has to be UTF-8. */
static void test_an_op_that_is_no_text_is_not_echoed(void **state)
{
	(void)state;
	assert_int_equal(decode_raw(BYTES("\x81\xa2op\xa1\xff")), -EBADMSG);
	assert_int_equal(fault.code, ERROR_UNKNOWN_OP);
	assert_null(command.op_name.data);
	assert_int_equal(decode_raw(BYTES("\x81\xa2op\xa1x")), -EBADMSG);
	assert_true(bytes_equal_text(command.op_name, "x"));
}

static void test_hostile_names_are_quoted(void **state)
{
	(void)state;
	assert_int_equal(decode_raw(BYTES("\x82\xa2op\xa4ping\xa3\n\xff`\x01")), -EBADMSG);
	assert_non_null(strstr(fault.message, "\\x0a\\xff`"));
}

static void test_size_limit(void **state)
{
	(void)state;
	assert_int_equal(command_decode(&arena, BYTES("{\"op\":\"ping\"}"), 5, &command, &fault), -EBADMSG);
	assert_int_equal(fault.code, ERROR_TOO_LARGE);
	assert_int_equal(command.codec, CODEC_JSON);
	assert_int_equal(command_decode(&arena, BYTES("{\"op\":\"ping\",\"reply_to\":\"a\"}"), 20, &command, &fault),
			 -EBADMSG);
	assert_int_equal(fault.code, ERROR_TOO_LARGE);
	assert_text(command.reply_to, "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_faults_that_only_msgpack_can_say, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_envelope_stays_readable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_envelope_fault_comes_before_all_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_op_that_is_no_text_is_not_echoed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hostile_names_are_quoted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_size_limit, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
