/* Unit tests of common/command.c, command_field.c and op.c. */
#include "common/command.h"

#include "common/command_field.h"
#include "tests/support/allocations.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>

enum { LIMIT = 1 << 20 };

/* Each test has its own arena; the last decode() left its command and error here. */
static struct arena arena;
static struct command command;
static struct error error;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 22);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static int decode_raw(struct bytes raw)
{
	return command_decode(&arena, raw, LIMIT, &command, &error);
}

/* Decodes JSON written with ' for ", and the same as msgpack: both have to be of one mind. */
static int decode(const char *text)
{
	struct bytes json = arena_copy(&arena, bytes_of(text));
	struct buffer msgpack;
	struct command other;
	struct error other_error;

	for (char *at = (char *)json.data; *at; at++) {
		if (*at == '\'')
			*at = '"';
	}

	int status = decode_raw(json);

	buffer_init(&msgpack, LIMIT);
	if (message_encode_json(&arena, json, &msgpack, &other_error) == 0) {
		struct bytes copy = arena_copy(&arena, buffer_bytes(&msgpack));

		assert_int_equal(command_decode(&arena, copy, LIMIT, &other, &other_error), status);
		assert_int_equal(other.codec, CODEC_MSGPACK);
		if (status != 0) {
			assert_int_equal(other_error.code, error.code);
			assert_string_equal(other_error.hint, error.hint);
		}
	}
	buffer_free(&msgpack);
	return status;
}

static void test_field_table_is_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct field *field = &command_fields[i];

		assert_ptr_equal(field_find(field->name), field);
		assert_int_equal(strlen(field->name.data), field->name.size);
		assert_true(strlen(field_takes(field)) > 0);
		assert_int_equal(field->ops & field->later_ops, 0);
		assert_int_equal(field->required_ops & ~field->ops, 0);
	}
	assert_null(field_find(BYTES("")));
	assert_null(field_find(BYTES("zz")));
	assert_null(field_find(BYTES("reply_ttl_ms2")));
}

static void test_ops(void **state)
{
	(void)state;
	for (enum op op = OP_NONE + 1; op < OP_COUNT_OF_OPS; op++)
		assert_int_equal(op_find(bytes_of(op_name(op))), op);
	assert_int_equal(op_find(BYTES("")), OP_NONE);
	assert_int_equal(op_find(BYTES("reads")), OP_NONE);
	assert_string_equal(op_name(OP_NONE), "");
	assert_true(op_writes(OP_CREATE) && op_writes(OP_UPDATE) && op_writes(OP_DELETE));
	assert_false(op_writes(OP_READ) || op_writes(OP_PING));
}

static void test_envelope(void **state)
{
	(void)state;
	assert_int_equal(decode("{'op':'ping','v':1,'id':'x','reply_to':'a','reply_list':'b','reply_ttl_ms':5,"
				"'meta':[1],'traceparent':'00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'}"),
			 0);
	assert_int_equal(command.codec, CODEC_JSON);
	assert_int_equal(command.operation.op, OP_PING);
	assert_text(command.op_name, "ping");
	assert_text(value_bytes(&command.id), "x");
	assert_text(command.reply_to, "a");
	assert_text(command.reply_list, "b");
	assert_int_equal(command.reply_ttl_ms, 5);
	assert_int_equal(command.meta.type, VALUE_ARRAY);
	assert_int_equal(command.traceparent.size, 55);

	assert_int_equal(decode("{'op':'ping','db':true}"), 0);
	assert_true(command.operation.db);
	assert_int_equal(command.id.type, VALUE_NIL);
	assert_int_equal(command.meta.type, VALUE_NIL);
	assert_int_equal(command.reply_to.size, 0);
	assert_int_equal(command.reply_list.size, 0);
	assert_int_equal(command.reply_ttl_ms, 60000);
	assert_int_equal(decode("{'op':'ping','id':18446744073709551615}"), 0);
	assert_true(command.id.unsigned_integer == UINT64_MAX);
}

static void test_str_and_bin_are_interchangeable(void **state)
{
	(void)state;
	assert_int_equal(decode_raw(BYTES("\x84\xc4\x02op\xc4\x04read\xa5table\xc4\x03"
					  "cat\xa2pk\x01\xa2id\xc4\x01i")),
			 0);
	assert_text(command.operation.table, "cat");
	assert_int_equal(command.id.type, VALUE_BIN);
}

static void test_body(void **state)
{
	(void)state;
	assert_int_equal(decode("{'op':'read','table':'cat','where':{'a':{'in':[1]}},'select':['a'],"
				"'order':['-a',{'col':'b'}],'limit':0,'offset':7,'first':true,'required':true}"),
			 0);
	const struct operation *operation = &command.operation;
	assert_text(operation->table, "cat");
	assert_int_equal(operation->where->size, 1);
	assert_int_equal(operation->select->size, 1);
	assert_int_equal(operation->order->size, 2);
	assert_true(operation->have_limit && operation->limit == 0);
	assert_true(operation->have_offset && operation->offset == 7);
	assert_true(operation->first && operation->required && !operation->have_page && !operation->pk);

	assert_int_equal(decode("{'op':'read','table':'cat','page':2,'page_size':50}"), 0);
	assert_true(operation->have_page && operation->page == 2 && operation->page_size == 50);
	assert_int_equal(decode("{'op':'create','table':'cat','values':[{'a':1},{}],'returning':false}"), 0);
	assert_int_equal(operation->values->size, 2);
	assert_int_equal(operation->returning->type, VALUE_BOOL);
	assert_int_equal(decode("{'op':'create','table':'cat','values':[]}"), 0);
	assert_int_equal(decode("{'op':'update','table':'cat','pk':{'a':1},'set':{'b':null},'returning':['b']}"), 0);
	assert_true(operation->pk->type == VALUE_MAP && operation->set->size == 1);
	assert_int_equal(decode("{'op':'update','table':'cat','where':{'a':1},'all':false,'set':{'b':2}}"), 0);
	assert_int_equal(decode("{'op':'delete','table':'cat','all':true,'pk':null}"), -EBADMSG);
	assert_int_equal(decode("{'op':'delete','table':'cat','all':true}"), 0);
	assert_true(operation->all && !operation->where);
	assert_int_equal(decode("{'op':'read','table':'cat','pk':1,'order':[],'distinct':false,'first':true}"), 0);
	assert_int_equal(decode("{'op':'read','table':'cat','format':'arrays','distinct':true}"), 0);
	assert_true(operation->arrays && operation->distinct);
	assert_int_equal(decode("{'op':'read','table':'cat','format':'maps'}"), 0);
	assert_true(!operation->arrays && !operation->distinct);
	assert_int_equal(decode("{'op':'read','table':'cat','page':4294967296,'page_size':4294967296}"), 0);
	assert_int_equal(decode("{'op':'count','table':'cat'}"), 0);
	assert_int_equal(decode("{'op':'exists','table':'cat','where':{}}"), 0);
	assert_non_null(operation->where);
	assert_int_equal(decode("{'op':'describe','table':'cat'}"), 0);
	assert_int_equal(decode("{'op':'tables'}"), 0);
	assert_int_equal(decode("{'op':'info'}"), 0);
}

static void test_nil_means_left_out(void **state)
{
	(void)state;
	assert_int_equal(decode("{'op':'read','table':'t','id':null,'v':null,'reply_to':null,'reply_ttl_ms':null,"
				"'limit':null,'order':null,'once':null,'distinct':null,'page':null,'meta':null}"),
			 0);
	assert_int_equal(command.reply_ttl_ms, 60000);
	assert_false(command.operation.have_limit);
}

static void test_an_empty_array_stands_for_an_empty_map(void **state)
{
	(void)state;
	assert_int_equal(decode("{'op':'read','table':'t','where':[]}"), 0);
	assert_int_equal(value_map_size(command.operation.where), 0);
	assert_int_equal(decode("{'op':'create','table':'t','values':[[],{}]}"), 0);
	assert_int_equal(decode("{'op':'update','table':'t','pk':1,'set':[]}"), -EBADMSG);
	assert_int_equal(error.code, ERROR_BAD_VALUE);
	assert_int_equal(decode_raw(BYTES("\x90")), -EBADMSG); /* an empty command */
	assert_int_equal(error.code, ERROR_MISSING_FIELD);
}

/* The reply echoes it as a str, which has to be UTF-8. */
static void test_an_op_that_is_no_text_is_not_echoed(void **state)
{
	(void)state;
	assert_int_equal(decode_raw(BYTES("\x81\xa2op\xa1\xff")), -EBADMSG);
	assert_int_equal(error.code, ERROR_UNKNOWN_OP);
	assert_null(command.op_name.data);
	assert_int_equal(decode_raw(BYTES("\x81\xa2op\xa1x")), -EBADMSG);
	assert_true(bytes_equal_text(command.op_name, "x"));
}

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
		{"{'op':'ping','once':true}", ERROR_UNKNOWN_FIELD, "not in this version"},
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
		if (error.code != cases[i].code || !strstr(error.hint, cases[i].hint))
			fail_msg("%s: %s: %s; %s", cases[i].text, error_code_name(error.code), error.message,
				 error.hint);
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
		assert_int_equal(error.code, cases[i].code);
	}
	assert_int_equal(error.at_row, 1);
}

static void test_id_has_1_to_128_bytes(void **state)
{
	(void)state;
	for (size_t size = 127; size <= 129; size++) {
		char text[200];
		int length = snprintf(text, sizeof(text), "{'op':'ping','id':'%0*d'}", (int)size, 0);

		assert_true(length > 0);
		assert_int_equal(decode(text), size <= 128 ? 0 : -EBADMSG);
		assert_int_equal(command.id.type, size <= 128 ? VALUE_STR : VALUE_NIL);
	}
}

static void test_traceparent(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
		{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true},
		{"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-ever", true},
		{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-", false},
		{"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x", false},
		{"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false},
		{"00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false},
		{"00-00000000000000000000000000000000-b7ad6b7169203331-01", false},
		{"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false},
		{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0", false},
		{"00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01", false},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char text[200];

		snprintf(text, sizeof(text), "{'op':'ping','traceparent':'%s'}", cases[i].text);
		assert_int_equal(decode(text), cases[i].valid ? 0 : -EBADMSG);
		assert_int_equal(command.traceparent.size, cases[i].valid ? strlen(cases[i].text) : 0);
	}
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
		"'op':'read','m':{'a':1,'a':2}",
	};

	for (size_t i = 0; i < LENGTH(bad); i++) {
		char text[300];

		snprintf(text, sizeof(text), "{%s,'id':7,'reply_to':'here','reply_list':'there','meta':'m'}", bad[i]);
		assert_int_equal(decode(text), -EBADMSG);
		assert_int_equal(command.id.integer, 7);
		assert_text(command.reply_to, "here");
		assert_text(command.reply_list, "there");
		assert_text(value_bytes(&command.meta), "m");
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
}

static void test_an_envelope_fault_comes_before_all_others(void **state)
{
	(void)state;
	assert_int_equal(decode("{'bogus':1,'op':'raed','v':2}"), -EBADMSG);
	assert_non_null(strstr(error.hint, "`v`"));
	assert_text(command.op_name, "raed");
	assert_int_equal(decode("{'bogus':1,'op':'raed'}"), -EBADMSG);
	assert_int_equal(error.code, ERROR_UNKNOWN_OP);
}

static void test_hostile_names_are_quoted(void **state)
{
	(void)state;
	assert_int_equal(decode_raw(BYTES("\x82\xa2op\xa4ping\xa3\n\xff`\x01")), -EBADMSG);
	assert_non_null(strstr(error.message, "\\x0a\\xff`"));
}

static void test_size_limit(void **state)
{
	(void)state;
	assert_int_equal(command_decode(&arena, BYTES("{\"op\":\"ping\"}"), 5, &command, &error), -EBADMSG);
	assert_int_equal(error.code, ERROR_TOO_LARGE);
	assert_int_equal(command.codec, CODEC_JSON);
	assert_int_equal(command_decode(&arena, BYTES("{\"op\":\"ping\",\"reply_to\":\"a\"}"), 20, &command, &error),
			 -EBADMSG);
	assert_int_equal(error.code, ERROR_TOO_LARGE);
	assert_text(command.reply_to, "a");
}

static void test_every_allocation_may_fail(void **state)
{
	(void)state;
	static const char text[] = "{\"op\":\"read\",\"table\":\"t\",\"where\":{\"a\":1}}";
	uint32_t n = 1;

	for (;; n++) {
		arena_free(&arena);
		arena_init(&arena, 1 << 20);
		allocations_fail_at(n);
		int status = decode_raw(bytes_of(text));
		if (!allocations_end())
			break;
		assert_int_equal(status, -ENOMEM);
	}
	assert_true(n > 2);
	assert_text(command.operation.table, "t");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_field_table_is_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ops, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_envelope, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_str_and_bin_are_interchangeable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_body, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nil_means_left_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_empty_array_stands_for_an_empty_map, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_op_that_is_no_text_is_not_echoed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_faults_that_only_msgpack_can_say, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_id_has_1_to_128_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_traceparent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_envelope_stays_readable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_envelope_fault_comes_before_all_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hostile_names_are_quoted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_size_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_every_allocation_may_fail, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
