/* Unit tests of common/fingerprint.c. */
#include "common/fingerprint.h"

#include "tests/support/allocations.h"
#include "tests/support/unit.h"

#include <errno.h>

enum { LIMIT = 1 << 20 };

static int fingerprint_of(struct bytes message, unsigned char to[FINGERPRINT_BYTES])
{
	struct arena arena;
	struct command command;
	struct error error;
	int r;

	arena_init(&arena, LIMIT);
	r = command_decode(&arena, message, LIMIT, &command, &error);
	if (r == 0)
		r = command_fingerprint(&command.operation, &arena, to);
	else if (r != -ENOMEM)
		fail_msg("%.*s: %s", BYTES_ARG(message), error.message);
	arena_free(&arena);
	return r;
}

/* Of a command in JSON. */
static int fingerprint(const char *text, unsigned char to[FINGERPRINT_BYTES])
{
	return fingerprint_of(bytes_of(text), to);
}

static void compare(const char *left, const char *right, bool equal)
{
	unsigned char a[FINGERPRINT_BYTES], b[FINGERPRINT_BYTES];

	assert_int_equal(fingerprint(left, a), 0);
	assert_int_equal(fingerprint(right, b), 0);
	if ((memcmp(a, b, sizeof(a)) == 0) != equal)
		fail_msg("%s, %s: %s", left, right, equal ? "differ" : "are equal");
}

#define CREATE(values) "{\"op\":\"create\",\"table\":\"t\",\"values\":" values "}"

static void test_says_the_same_of_what_is_the_same(void **state)
{
	(void)state;

	compare(CREATE("{\"a\":1,\"b\":[1.50,{\"x\":null,\"y\":true}]}"),
		"{ \"values\": {\"b\":[1.5,{\"y\":true,\"x\":null}],\"a\":1}, \"table\":\"t\", \"op\":\"create\" }",
		true);
	/* The envelope is not part of it. */
	compare("{\"op\":\"delete\",\"table\":\"t\",\"pk\":1,\"id\":1,\"meta\":[1],\"reply_to\":\"a\"}",
		"{\"op\":\"delete\",\"table\":\"t\",\"pk\":1,\"id\":2,\"timing\":true}", true);
	compare("{\"op\":\"delete\",\"table\":\"t\",\"where\":{\"b\":1,\"a\":{\"lt\":3,\"gt\":1}}}",
		"{\"op\":\"delete\",\"table\":\"t\",\"where\":{\"a\":{\"gt\":1,\"lt\":3},\"b\":1}}", true);
}

/* Only msgpack can say them. They are refused later, and until then a command like any other. */
static void test_takes_what_is_no_number(void **state)
{
	(void)state;
	static const char head[] = "\x83\xa2op\xa6"
				   "create\xa5table\xa1t\xa6values\x81\xa1"
				   "a\xcb";
	static const char numbers[][8] = {
		{0x7f, (char)0xf8, 0, 0, 0, 0, 0, 0},
		{0x7f, (char)0xf0, 0, 0, 0, 0, 0, 0},
		{(char)0xff, (char)0xf0, 0, 0, 0, 0, 0, 0},
	};
	enum { COUNT = sizeof(numbers) / sizeof(numbers[0]), HEAD_BYTES = sizeof(head) - 1 };
	unsigned char prints[COUNT][FINGERPRINT_BYTES];

	for (size_t i = 0; i < COUNT; i++) {
		char message[HEAD_BYTES + sizeof(numbers[0])];

		memcpy(message, head, HEAD_BYTES);
		memcpy(message + HEAD_BYTES, numbers[i], sizeof(numbers[i]));
		assert_int_equal(fingerprint_of((struct bytes){.data = message, .size = sizeof(message)}, prints[i]),
				 0);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(prints[i], prints[j], FINGERPRINT_BYTES);
	}
}

static void test_tells_apart_what_is_not(void **state)
{
	(void)state;
	static const char *const commands[] = {
		CREATE("{}"),
		CREATE("[]"),
		CREATE("[{}]"),
		CREATE("{\"a\":1}"),
		CREATE("{\"a\":2}"),
		CREATE("{\"a\":-1}"),
		CREATE("{\"a\":18446744073709551615}"),
		CREATE("{\"a\":1.5}"),
		CREATE("{\"a\":0.12345678901234567890123}"),
		CREATE("{\"a\":\"1\"}"),
		CREATE("{\"a\":null}"),
		CREATE("{\"a\":true}"),
		CREATE("{\"a\":false}"),
		CREATE("{\"a\":[]}"),
		CREATE("{\"a\":[1,2]}"),
		CREATE("{\"a\":[12]}"),
		CREATE("{\"a\":[\"1\",\"2\"]}"),
		CREATE("{\"a\":[\"12\"]}"),
		CREATE("{\"a\":1,\"b\":1}"),
		CREATE("{\"ab\":1}"),
		"{\"op\":\"create\",\"table\":\"u\",\"values\":{}}",
		"{\"op\":\"create\",\"table\":\"t\",\"values\":{},\"returning\":false}",
		"{\"op\":\"delete\",\"table\":\"t\",\"pk\":1}",
		"{\"op\":\"delete\",\"table\":\"t\",\"pk\":1,\"required\":true}",
		"{\"op\":\"delete\",\"table\":\"t\",\"all\":true}",
		"{\"op\":\"delete\",\"table\":\"t\",\"where\":{\"a\":1}}",
		"{\"op\":\"update\",\"table\":\"t\",\"pk\":1,\"set\":{\"a\":1}}",
	};

	for (size_t i = 0; i < LENGTH(commands); i++)
		for (size_t j = 0; j < i; j++)
			compare(commands[i], commands[j], false);
}

static void test_survives_want_of_memory(void **state)
{
	(void)state;
	unsigned char whole[FINGERPRINT_BYTES], again[FINGERPRINT_BYTES];

	assert_int_equal(fingerprint(CREATE("{\"b\":{\"y\":1,\"x\":2},\"a\":1}"), whole), 0);
	for (uint32_t n = 1;; n++) {
		int r;

		allocations_fail_at(n);
		r = fingerprint(CREATE("{\"b\":{\"y\":1,\"x\":2},\"a\":1}"), again);
		if (!allocations_end()) {
			assert_int_equal(r, 0);
			assert_memory_equal(whole, again, sizeof(whole));
			return;
		}
		assert_int_equal(r, -ENOMEM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_the_same_of_what_is_the_same),
		cmocka_unit_test(test_takes_what_is_no_number),
		cmocka_unit_test(test_tells_apart_what_is_not),
		cmocka_unit_test(test_survives_want_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
