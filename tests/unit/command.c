/* Unit tests of common/command.c, command_field.c, command_field_read.c and op.c. */
#include "command_support.h"

#include "common/command_field.h"
#include "tests/support/allocations.h"

#include <errno.h>
#include <stdio.h>

static void test_field_table_is_in_order(void **state)
{
	size_t required = 0;

	(void)state;
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct field *field = &command_fields[i];

		assert_ptr_equal(field_find(field->name), field);
		assert_int_equal(strlen(field->name.data), field->name.size);
		assert_true(strlen(field_takes(field)) > 0);
		assert_int_equal(field->ops & field->later_ops, 0);
		assert_int_equal(field->required_ops & ~field->ops, 0);
		if (field->required_ops != 0)
			assert_int_equal(command_fields_required[required++], i);
	}
	assert_int_equal(required, FIELDS_REQUIRED);
	assert_null(field_find(BYTES("")));
	assert_null(field_find(BYTES("zz")));
	assert_null(field_find(BYTES("reply_ttl_ms2")));
	assert_null(field_find(BYTES("reply_ttl_m_")));
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
	assert_int_equal(fault.code, ERROR_BAD_VALUE);
	assert_int_equal(decode_raw(BYTES("\x90")), -EBADMSG); /* an empty command */
	assert_int_equal(fault.code, ERROR_MISSING_FIELD);
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
		cmocka_unit_test_setup_teardown(test_id_has_1_to_128_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_traceparent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_every_allocation_may_fail, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
