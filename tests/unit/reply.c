/* Unit tests of common/reply.c. */
#include "common/reply.h"

#include "common/message.h"
#include "tests/support/allocations.h"
#include "tests/support/unit.h"

enum { LIMIT = 1 << 20 };

static const char plain[] = "{\"op\":\"read\",\"table\":\"t\",\"id\":7}";
static const char full[] = "{\"op\":\"read\",\"table\":\"t\",\"id\":\"x\",\"meta\":{\"a\":[1.50]},"
			   "\"traceparent\":\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"}";

/* The reply to the command in JSON; the caller frees the buffer. */
static struct buffer encode(const char *text, const struct reply *reply)
{
	struct buffer out;
	struct arena arena;
	struct command command;
	struct error error;

	arena_init(&arena, LIMIT);
	buffer_init(&out, LIMIT);
	(void)command_decode(&arena, bytes_of(text), LIMIT, &command, &error);
	reply_encode(&command, reply, &out);
	arena_free(&arena);
	return out;
}

static void check(const char *text, const struct reply *reply, const char *expected)
{
	struct buffer out = encode(text, reply);

	assert_text(buffer_bytes(&out), expected);
	buffer_free(&out);
}

static void test_success(void **state)
{
	(void)state;
	struct reply reply = {
		.fields = {{BYTES("rows"), BYTES("[{\"a\":1}]")}, {BYTES("next"), BYTES("null")}},
		.field_count = 2,
		.attempt = 1,
	};

	check(plain, &reply, "{\"v\":1,\"id\":7,\"op\":\"read\",\"ok\":true,\"rows\":[{\"a\":1}],\"next\":null}");
	check("{\"op\":\"tables\"}", &(struct reply){0}, "{\"v\":1,\"id\":null,\"op\":\"tables\",\"ok\":true}");
}

static void test_marks(void **state)
{
	(void)state;

	check(plain, &(struct reply){.recovered = true, .attempt = 2},
	      "{\"v\":1,\"id\":7,\"op\":\"read\",\"ok\":true,\"attempt\":2,\"recovered\":true}");
	check(plain, &(struct reply){.replayed = true},
	      "{\"v\":1,\"id\":7,\"op\":\"read\",\"ok\":true,\"replayed\":true}");
}

static void test_everything_that_applies(void **state)
{
	(void)state;
	static const struct reply_warning warnings[] = {{1265, BYTES("cut")}, {1, BYTES("x")}};
	static const struct reply_times times = {.wait = 1, .db = 20, .total = 21};
	struct reply reply = {.times = &times, .warnings = warnings, .warning_count = 2, .attempt = 2};

	check(full, &reply,
	      "{\"v\":1,\"id\":\"x\",\"op\":\"read\",\"ok\":true,\"meta\":{\"a\":[1.50]},"
	      "\"traceparent\":\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\","
	      "\"us\":{\"wait\":1,\"db\":20,\"total\":21},"
	      "\"warnings\":[{\"errno\":1265,\"message\":\"cut\"},{\"errno\":1,\"message\":\"x\"}],\"attempt\":2}");
}

static void test_errors(void **state)
{
	(void)state;
	struct error error;
	struct reply reply = {.error = &error};

	error_set(&error, ERROR_NOT_FOUND, "no such row");
	check(plain, &reply,
	      "{\"v\":1,\"id\":7,\"op\":\"read\",\"ok\":false,\"error\":{\"code\":\"NOT_FOUND\",\"status\":\"NOT_FOUND\","
	      "\"message\":\"no such row\",\"retryable\":false}}");

	error_set(&error, ERROR_DEADLOCK, "again");
	error_hint(&error, "retry");
	memcpy(error.sqlstate, "40001", 6);
	error.server_errno = 1213;
	error.at_op = 0;
	error.at_row = 3;
	error_at_column(&error, BYTES("age"));
	error_at_constraint(&error, BYTES("u\"1"));
	check(plain, &reply,
	      "{\"v\":1,\"id\":7,\"op\":\"read\",\"ok\":false,\"error\":{\"code\":\"DEADLOCK\",\"status\":\"ABORTED\","
	      "\"message\":\"again\",\"hint\":\"retry\",\"sqlstate\":\"40001\",\"errno\":1213,\"retryable\":true,"
	      "\"at\":{\"op\":0,\"row\":3,\"column\":\"age\",\"constraint\":\"u\\\"1\"}}}");

	error_set(&error, ERROR_BAD_MESSAGE, "unreadable");
	check("{", &reply,
	      "{\"v\":1,\"id\":null,\"op\":null,\"ok\":false,\"error\":{\"code\":\"BAD_MESSAGE\","
	      "\"status\":\"INVALID_ARGUMENT\",\"message\":\"unreadable\",\"retryable\":false}}");
}

/* Announced counts are kept: every reply decodes as msgpack, to the same as its JSON. */
static void test_msgpack_says_the_same(void **state)
{
	(void)state;
	static const struct reply_warning warnings[] = {{1265, BYTES("cut")}};
	static const struct reply_times times = {.wait = 0, .db = 300, .total = UINT64_MAX};
	struct error error;

	error_set(&error, ERROR_CHECK_VIOLATION, "no");
	error_hint(&error, "hint");
	error.at_row = 1;

	const struct reply replies[] = {
		{0},
		{.error = &error},
		{.times = &times, .warnings = warnings, .warning_count = 1, .attempt = 5},
	};

	for (size_t i = 0; i < LENGTH(replies); i++) {
		struct arena arena;
		struct command command;
		struct error fault;
		struct buffer raw, out, rendered;

		arena_init(&arena, LIMIT);
		buffer_init(&raw, LIMIT);
		buffer_init(&out, LIMIT);
		buffer_init(&rendered, LIMIT);
		assert_int_equal(message_encode_json(&arena, bytes_of(full), &raw, &fault), 0);
		assert_int_equal(command_decode(&arena, buffer_bytes(&raw), LIMIT, &command, &fault), 0);
		reply_encode(&command, &replies[i], &out);
		assert_int_equal(message_render_json(&arena, buffer_bytes(&out), &rendered, &fault), 0);

		struct buffer json = encode(full, &replies[i]);

		buffer_append_byte(&json, '\0');
		json.size--;

		char *number = strstr(json.data, "1.50"); /* as msgpack a float, whose shortest text has no zero */

		assert_non_null(number);
		memmove(number + 3, number + 4, strlen(number + 4) + 1);
		json.size--;
		assert_bytes(buffer_bytes(&rendered), buffer_bytes(&json));
		buffer_free(&json);
		buffer_free(&rendered);
		buffer_free(&out);
		buffer_free(&raw);
		arena_free(&arena);
	}
}

/* What is left out, put in where it belongs, makes the same reply. */
static void check_around(const struct command *command, const struct reply *reply)
{
	for (uint32_t field = 0; field < reply->field_count; field++) {
		struct bytes value = reply->fields[field].encoded;
		struct buffer whole, around, together;
		size_t place;

		buffer_init(&whole, LIMIT);
		buffer_init(&around, LIMIT);
		buffer_init(&together, LIMIT);
		reply_encode(command, reply, &whole);
		reply_encode_around(command, reply, field, &around, &place);
		assert_int_equal(around.size + value.size, whole.size);
		buffer_append(&together, (struct bytes){.data = around.data, .size = place});
		buffer_append(&together, value);
		buffer_append(&together, (struct bytes){.data = around.data + place, .size = around.size - place});
		assert_bytes(buffer_bytes(&together), buffer_bytes(&whole));
		buffer_free(&together);
		buffer_free(&around);
		buffer_free(&whole);
	}
}

static void test_around_a_field(void **state)
{
	(void)state;
	static const struct reply_times times = {.wait = 1, .db = 20, .total = 21};
	const struct reply json = {
		.fields = {{BYTES("rows"), BYTES("[{\"a\":1}]")},
			   {BYTES("count"), BYTES("1")},
			   {BYTES("next"), BYTES("null")}},
		.field_count = 3,
		.times = &times,
		.attempt = 2,
	};
	const struct reply msgpack = {
		.fields = {{BYTES("rows"), BYTES("\x91\x01")},
			   {BYTES("count"), BYTES("\x01")},
			   {BYTES("next"), BYTES("\xc0")}},
		.field_count = 3,
		.times = &times,
	};
	struct command command = {.codec = CODEC_JSON, .op_name = BYTES("read")};

	check_around(&command, &json);
	command.codec = CODEC_MSGPACK;
	check_around(&command, &msgpack);
}

static void test_failure_is_the_buffer_s(void **state)
{
	(void)state;
	struct command command = {.codec = CODEC_MSGPACK};
	struct buffer out;

	buffer_init(&out, 10);
	reply_encode(&command, &(struct reply){0}, &out);
	assert_int_equal(out.state, BUFFER_TOO_LARGE);
	buffer_free(&out);
	buffer_init(&out, LIMIT);
	allocations_fail_at(1);
	reply_encode(&command, &(struct reply){0}, &out);
	assert_true(allocations_end());
	assert_int_equal(out.state, BUFFER_NO_MEMORY);
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_everything_that_applies),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_msgpack_says_the_same),
		cmocka_unit_test(test_around_a_field),
		cmocka_unit_test(test_failure_is_the_buffer_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
