/* answer.c - a column of every kind, as the server sends it, in both codecs. */
#include "plan_support.h"

#include "daemon/plan/sql/answer.h"

#include <string.h>

struct value_case {
	const char *column, *text; /* text NULL: NULL */
	const char *json;
	const char *msgpack; /* in hexadecimal */
};

static const struct value_case values[] = {
	{"id", "-9223372036854775808", "-9223372036854775808", "d38000000000000000"},
	{"id", "0", "0", "00"},
	{"id", NULL, "null", "c0"},
	{"tiny", "200", "200", "ccc8"},
	{"big", "18446744073709551615", "18446744073709551615", "cfffffffffffffffff"},
	{"big", "00005", "5", "05"},
	{"year", "2024", "2024", "cd07e8"},
	{"bits", "31", "31", "1f"},
	{"money", "1.10", "\"1.10\"", "a4312e3130"},
	{"half", "0.10000000149011612", "0.1", "ca3dcccccd"},
	{"half", "16777216", "16777216.0", "ca4b800000"},
	{"whole", "0.1", "0.1", "cb3fb999999999999a"},
	{"whole", "1e300", "1e+300", "cb7e37e43c8800759c"},
	{"text", "007", "\"007\"", "a3303037"},
	{"text", "", "\"\"", "a0"},
	{"text", "a\"\xc3\xa4", "\"a\\\"\xc3\xa4\"", "a46122c3a4"},
	{"enum", "a", "\"a\"", "a161"},
	{"set", "a,b", "\"a,b\"", "a3612c62"},
	{"inet", "::1", "\"::1\"", "a33a3a31"},
	{"fixed", "abcd", "{\"$bin\":\"YWJjZA==\"}", "c40461626364"},
	{"blob", "\xff", "{\"$bin\":\"/w==\"}", "c401ff"},
	{"place", "x", "{\"$bin\":\"eA==\"}", "c40178"},
	{"date", "2024-02-29", "\"2024-02-29\"", "aa323032342d30322d3239"},
	{"time", "-01:00", "\"-01:00\"", "a62d30313a3030"},
	{"json", "{\"a\": 1.10}", "{\"a\": 1.10}", "ab7b2261223a20312e31307d"},
};

static struct bytes hexadecimal(struct arena *arena, struct bytes data)
{
	char *text = arena_alloc(arena, 2 * data.size + 1);

	for (size_t i = 0; i < data.size; i++)
		snprintf(text + 2 * i, 3, "%02x", (unsigned char)data.data[i]);
	text[2 * data.size] = '\0';
	return (struct bytes){.data = text, .size = 2 * data.size};
}

static void writes_every_kind(void **state)
{
	struct catalog *catalog = support_catalog(SERVER_MARIADB);
	const struct table *every = catalog_find(catalog, BYTES("every"));
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < 2 * sizeof(values) / sizeof(values[0]); i++) {
		const struct value_case *one = &values[i / 2];
		struct buffer out;
		struct writer writer;

		print_message("%s %s\n", one->column, one->text ? one->text : "NULL");
		buffer_init(&out, 1000);
		writer_init(&writer, i % 2 ? CODEC_JSON : CODEC_MSGPACK, &out);
		answer_value(&writer, table_find_column(every, bytes_of(one->column)), bytes_of(one->text));
		if (i % 2)
			assert_string_equal(arena_copy(&arena, buffer_bytes(&out)).data, one->json);
		else
			assert_string_equal(hexadecimal(&arena, buffer_bytes(&out)).data, one->msgpack);
		buffer_free(&out);
	}
	arena_free(&arena);
	catalog_unref(catalog);
}

static void write_rows(struct answer *answer, uint32_t count)
{
	answer_restart(answer);
	answer_begin_array(answer, "rows");
	for (uint32_t i = 0; i < count; i++)
		writer_nil(answer_item(answer));
	answer_end_array(answer);
	answer_uint(answer, "affected", 7);
}

/* The header is written last, in front of the rows, and is as short as msgpack has it. */
static void writes_arrays_of_any_length(void **state)
{
	static const struct {
		uint32_t count;
		const char *header;
		size_t size;
	} cases[] = {{0, "\x90", 1},
		     {1, "\x91", 1},
		     {15, "\x9f", 1},
		     {16, "\xdc\x00\x10", 3},
		     {65535, "\xdc\xff\xff", 3},
		     {65536, "\xdd\x00\x01\x00\x00", 5}};
	struct buffer spare = {0};
	struct answer answer;

	(void)state;
	answer_init(&answer, CODEC_MSGPACK, &spare, 1 << 20);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reply reply = {0};

		write_rows(&answer, cases[i].count);
		answer_reply(&answer, &reply);
		assert_int_equal(reply.field_count, 2);
		assert_int_equal(reply.fields[0].encoded.size, cases[i].size + cases[i].count);
		assert_memory_equal(reply.fields[0].encoded.data, cases[i].header, cases[i].size);
		for (uint32_t j = 0; j < cases[i].count; j++)
			assert_int_equal((unsigned char)reply.fields[0].encoded.data[cases[i].size + j], 0xc0);
		assert_memory_equal(reply.fields[1].encoded.data, "\x07", 1);
	}
	answer_free(&answer);
	answer_init(&answer, CODEC_JSON, &spare, 1 << 20);
	for (uint32_t count = 0; count < 3; count++) {
		static const char *const texts[] = {"[]", "[null]", "[null,null]"};
		struct reply reply = {0};

		write_rows(&answer, count);
		answer_reply(&answer, &reply);
		assert_true(bytes_equal_text(reply.fields[0].encoded, texts[count]));
	}
	answer_free(&answer);
}

static void stops_at_its_limit(void **state)
{
	struct buffer spare = {0};
	struct answer answer;

	(void)state;
	for (size_t limit = 0; limit < 20; limit++) {
		answer_init(&answer, CODEC_MSGPACK, &spare, limit);
		write_rows(&answer, 20);
		assert_int_equal(answer.body.state, BUFFER_TOO_LARGE);
		answer_free(&answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_every_kind),
		cmocka_unit_test(writes_arrays_of_any_length),
		cmocka_unit_test(stops_at_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
