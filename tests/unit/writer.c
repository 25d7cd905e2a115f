/* Unit tests of common/writer.c, msgpack_write.c and json_write.c. msgpack-c, which nothing else here uses, says what
 * is right: each token has to be the one that its packer writes. */
#include "common/writer.h"

#include "common/message.h"
#include "common/msgpack_write.h"
#include "tests/support/allocations.h"
#include "tests/support/unit.h"

#include <math.h>
#include <msgpack.h>

enum { LIMIT = 1 << 20 };

struct both {
	struct buffer ours;
	msgpack_sbuffer theirs;
	msgpack_packer packer;
};

static void both_open(struct both *both)
{
	buffer_init(&both->ours, LIMIT);
	msgpack_sbuffer_init(&both->theirs);
	msgpack_packer_init(&both->packer, &both->theirs, msgpack_sbuffer_write);
}

static void both_compare(struct both *both)
{
	assert_false(buffer_failed(&both->ours));
	assert_bytes(buffer_bytes(&both->ours), ((struct bytes){both->theirs.data, both->theirs.size}));
	buffer_reset(&both->ours);
	msgpack_sbuffer_clear(&both->theirs);
}

static void both_close(struct both *both)
{
	buffer_free(&both->ours);
	msgpack_sbuffer_destroy(&both->theirs);
}

static void test_numbers_as_msgpack_c(void **state)
{
	(void)state;
	struct both both;

	both_open(&both);
	for (int bit = 0; bit < 64; bit++) {
		for (int64_t near = -2; near <= 2; near++) {
			uint64_t number = (UINT64_C(1) << bit) + (uint64_t)near;

			msgpack_write_uint(&both.ours, number);
			msgpack_pack_uint64(&both.packer, number);
			both_compare(&both);
			msgpack_write_int(&both.ours, (int64_t)number);
			msgpack_pack_int64(&both.packer, (int64_t)number);
			both_compare(&both);
			msgpack_write_int(&both.ours, (int64_t)(0 - number));
			msgpack_pack_int64(&both.packer, (int64_t)(0 - number));
			both_compare(&both);
		}
	}

	static const double reals[] = {0.0, -0.0, 0.1, 1e300, -INFINITY, NAN};

	for (size_t i = 0; i < LENGTH(reals); i++) {
		msgpack_write_float64(&both.ours, reals[i]);
		msgpack_pack_double(&both.packer, reals[i]);
		both_compare(&both);
		msgpack_write_float32(&both.ours, (float)reals[i]);
		msgpack_pack_float(&both.packer, (float)reals[i]);
		both_compare(&both);
	}
	both_close(&both);
}

static void test_sizes_as_msgpack_c(void **state)
{
	(void)state;
	static const uint32_t sizes[] = {0, 1, 2, 3, 4, 5, 8, 15, 16, 17, 31, 32, 255, 256, 65535, 65536};
	static char zeros[65536];
	struct both both;

	both_open(&both);
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		struct bytes data = {zeros, sizes[i]};

		msgpack_write_str(&both.ours, data);
		msgpack_pack_str(&both.packer, data.size);
		msgpack_pack_str_body(&both.packer, data.data, data.size);
		both_compare(&both);
		msgpack_write_bin(&both.ours, data);
		msgpack_pack_bin(&both.packer, data.size);
		msgpack_pack_bin_body(&both.packer, data.data, data.size);
		both_compare(&both);
		msgpack_write_extension(&both.ours, -5, data);
		msgpack_pack_ext(&both.packer, data.size, -5);
		msgpack_pack_ext_body(&both.packer, data.data, data.size);
		both_compare(&both);
		msgpack_write_array(&both.ours, sizes[i]);
		msgpack_pack_array(&both.packer, sizes[i]);
		both_compare(&both);
		msgpack_write_map(&both.ours, sizes[i]);
		msgpack_pack_map(&both.packer, sizes[i]);
		both_compare(&both);
	}
	msgpack_write_nil(&both.ours);
	msgpack_pack_nil(&both.packer);
	msgpack_write_bool(&both.ours, true);
	msgpack_pack_true(&both.packer);
	msgpack_write_bool(&both.ours, false);
	msgpack_pack_false(&both.packer);
	both_compare(&both);
	both_close(&both);
}

static void test_timestamps_as_msgpack_c(void **state)
{
	(void)state;
	static const msgpack_timestamp times[] = {
		{0, 0}, {UINT32_MAX, 0}, {1ll << 32, 0}, {5, 1}, {(1ll << 34) - 1, 999999999}, {1ll << 34, 0}, {-1, 7},
	};
	struct both both;

	both_open(&both);
	for (size_t i = 0; i < LENGTH(times); i++) {
		msgpack_write_timestamp(&both.ours, times[i].tv_sec, times[i].tv_nsec);
		msgpack_pack_timestamp(&both.packer, &times[i]);
		both_compare(&both);
	}
	both_close(&both);
}

/* What both codecs are asked for in test_the_same_calls_in_both_codecs(). */
static void write_sample(struct writer *writer)
{
	writer_map(writer, 4);
	writer_key(writer, BYTES("a"));
	writer_array(writer, 6);
	writer_nil(writer);
	writer_bool(writer, false);
	writer_int(writer, -5);
	writer_uint(writer, UINT64_MAX);
	writer_array(writer, 0);
	writer_array_end(writer);
	writer_map(writer, 0);
	writer_map_end(writer);
	writer_array_end(writer);
	writer_key(writer, BYTES("b"));
	writer_bin(writer, BYTES("\x00\x01"));
	writer_key(writer, BYTES("c"));
	writer_document(writer, BYTES("{\"x\": 1.10}"));
	writer_key(writer, BYTES("d"));
	writer_array(writer, 3);
	writer_encoded(writer, writer->codec == CODEC_JSON ? BYTES("7") : BYTES("\x07"));
	writer_float32(writer, 0.1f);
	writer_float64(writer, 0.1);
	writer_array_end(writer);
	writer_map_end(writer);
}

/* What stands in a reply must not spoil it. */
static void test_a_document_that_is_none(void **state)
{
	(void)state;
	static const struct {
		const char *document, *json;
	} cases[] = {
		{" [1, 2.50] ", " [1, 2.50] "}, {"1.", "\"1.\""},       {"\"\\x\"", "\"\\\"\\\\x\\\"\""},
		{"[1]]", "\"[1]]\""},           {"1 2", "\"1 2\""},     {"", "\"\""},
		{"1 tru", "\"1 tru\""},         {"{}\"", "\"{}\\\"\""},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct buffer buffer;
		struct writer writer;

		buffer_init(&buffer, LIMIT);
		writer_init(&writer, CODEC_JSON, &buffer);
		writer_document(&writer, bytes_of(cases[i].document));
		assert_text(buffer_bytes(&buffer), cases[i].json);
		buffer_free(&buffer);
	}
}

static void test_the_same_calls_in_both_codecs(void **state)
{
	(void)state;
	struct buffer buffer;
	struct writer writer;

	buffer_init(&buffer, LIMIT);
	writer_init(&writer, CODEC_JSON, &buffer);
	write_sample(&writer);
	assert_text(buffer_bytes(&buffer),
		    "{\"a\":[null,false,-5,18446744073709551615,[],{}],\"b\":{\"$bin\":\"AAE=\"},"
		    "\"c\":{\"x\": 1.10},\"d\":[7,0.1,0.1]}");
	buffer_reset(&buffer);
	writer_init(&writer, CODEC_MSGPACK, &buffer);
	write_sample(&writer);
	assert_bytes(buffer_bytes(&buffer), BYTES("\x84\xa1"
						  "a\x96\xc0\xc2\xfb\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x90\x80\xa1"
						  "b\xc4\x02\x00\x01\xa1"
						  "c\xab{\"x\": 1.10}\xa1"
						  "d\x93\x07\xca\x3d\xcc\xcc\xcd\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"));
	buffer_free(&buffer);
}

static void test_json_strings(void **state)
{
	(void)state;
	static const struct {
		struct bytes text;
		const char *json;
	} cases[] = {
		{BYTES(""), "\"\""},
		{BYTES("plain"), "\"plain\""},
		{BYTES("\"\\/\b\f\n\r\t"), "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
		{BYTES("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\\u007f\""},
		{BYTES("\xc3\xa9\xf0\x9f\x90\x88"), "\"\xc3\xa9\xf0\x9f\x90\x88\""},
		{BYTES("a\xff\xc3"), "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
		{BYTES("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	};
	struct buffer buffer;

	buffer_init(&buffer, LIMIT);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct writer writer;

		buffer_reset(&buffer);
		writer_init(&writer, CODEC_JSON, &buffer);
		writer_str(&writer, cases[i].text);
		assert_text(buffer_bytes(&buffer), cases[i].json);
	}
	buffer_free(&buffer);
}

/* Decoding and writing again gives the same bytes, type by type, width by width. */
static void test_trees_come_back_as_they_came(void **state)
{
	(void)state;
	static const struct bytes messages[] = {
		BYTES("\x8a\xa1n\xc0\xa1t\xc3\xa1i\xd1\xff\x00\xa1u\xcf\xff\xff\xff\xff\xff\xff\xff\xff"
		      "\xa1"
		      "f\xca\x3f\xc0\x00\x00\xa1"
		      "d\xcb\xbf\xb9\x99\x99\x99\x99\x99\x9a\xa1s\xa2\xff\x00\xa1"
		      "b\xc4\x01\xff\xa1x\xd5\x07zz\xa1w\xd6\xff\x00\x00\x00\x05"),
		BYTES("\x83\x01\x91\x80\xc4\x01k\x90\xc0\xc7\x0c\xff\x00\x00\x00\x05\xff\xff\xff\xff\xff\xff\xff\xff"),
		BYTES("{\"a\":[1,-1,18446744073709551615,1.10,1e400,\"x\",null,true],\"b\":{\"$bin\":\"AA==\"},\"c\":{}}"),
	};
	struct buffer buffer;
	struct arena arena;

	arena_init(&arena, LIMIT);
	buffer_init(&buffer, LIMIT);
	for (size_t i = 0; i < LENGTH(messages); i++) {
		struct writer writer;
		struct value value;
		struct error error;

		assert_int_equal(message_decode(&arena, messages[i], LIMIT, &value, &error), 0);
		buffer_reset(&buffer);
		writer_init(&writer, message_codec(messages[i]), &buffer);
		writer_value(&writer, &value);
		assert_bytes(buffer_bytes(&buffer), messages[i]);
	}
	buffer_free(&buffer);
	arena_free(&arena);
}

static void test_numbers_of_json_in_msgpack(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		struct bytes msgpack;
	} cases[] = {
		{"1.5", BYTES("\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00")},
		{"1e400", BYTES("\xa5"
				"1e400")},
		{"0.10000000000000000001", BYTES("\xb6"
						 "0.10000000000000000001")},
	};
	struct buffer buffer;

	buffer_init(&buffer, LIMIT);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct value number = {
			.type = VALUE_NUMBER, .data = cases[i].text, .size = (uint32_t)strlen(cases[i].text)};
		struct writer writer;

		buffer_reset(&buffer);
		writer_init(&writer, CODEC_MSGPACK, &buffer);
		writer_value(&writer, &number);
		assert_bytes(buffer_bytes(&buffer), cases[i].msgpack);
	}
	buffer_free(&buffer);
}

static void test_failure_is_the_buffer_s(void **state)
{
	(void)state;
	for (int codec = CODEC_MSGPACK; codec <= CODEC_JSON; codec++) {
		struct buffer whole, buffer;
		struct writer writer;

		buffer_init(&whole, LIMIT);
		writer_init(&writer, (enum codec)codec, &whole);
		write_sample(&writer);
		for (size_t limit = 0; limit <= whole.size; limit++) {
			buffer_init(&buffer, limit);
			writer_init(&writer, (enum codec)codec, &buffer);
			write_sample(&writer);
			assert_int_equal(buffer.state, limit < whole.size ? BUFFER_TOO_LARGE : BUFFER_FINE);
			buffer_free(&buffer);
		}
		buffer_init(&buffer, LIMIT);
		allocations_fail_at(1);
		writer_init(&writer, (enum codec)codec, &buffer);
		write_sample(&writer);
		assert_true(allocations_end());
		assert_int_equal(buffer.state, BUFFER_NO_MEMORY);
		buffer_free(&buffer);
		buffer_free(&whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_as_msgpack_c),
		cmocka_unit_test(test_sizes_as_msgpack_c),
		cmocka_unit_test(test_timestamps_as_msgpack_c),
		cmocka_unit_test(test_a_document_that_is_none),
		cmocka_unit_test(test_a_document_that_is_none),
		cmocka_unit_test(test_the_same_calls_in_both_codecs),
		cmocka_unit_test(test_json_strings),
		cmocka_unit_test(test_trees_come_back_as_they_came),
		cmocka_unit_test(test_numbers_of_json_in_msgpack),
		cmocka_unit_test(test_failure_is_the_buffer_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
