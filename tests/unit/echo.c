/* tests/unit/echo.c - no literal's value is left in a statement that echo = on shows. */
#include "daemon/database/echo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *text, *masked;
} examples[] = {
	{"", ""},
	{"COMMIT", "COMMIT"},
	{"SELECT 1", "SELECT ?"},
	{"SELECT `id`, `na``me` FROM `t1` WHERE `id` = 42", "SELECT `id`, `na``me` FROM `t1` WHERE `id` = ?"},
	{"INSERT INTO t2 (a, b3) VALUES ('x', -1.5e-10), ('it''s', x'00ff')",
	 "INSERT INTO t2 (a, b3) VALUES (?, -?), (?, ?)"},
	{"VALUES ('a\\'b', 'c\\\\', 'd')", "VALUES (?, ?, ?)"},
	{"x'41' X'42' b'01' N'n' _utf8mb4'u' _binary'b'", "? ? ? ? ? ?"},
	{"0x1F 0b11 .5 1. 12e5 12E+5", "? ? ? ? ? ?"},
	{"a1 = 1+2-3", "a1 = ?+?-?"},
	{"col1=1,col2=2", "col1=?,col2=?"},
	{"\"secret\" = name", "? = name"},
	{"'unfinished 1 secret", "?"},
	{"'unfinished \\", "?"},
	{"`unfinished 1", "`unfinished 1"},
	{"'sec''ret'", "?"},
	{"_x = '1'", "_x = ?"},
	{"s\xc3\xa9"
	 "9 = 1",
	 "s\xc3\xa9"
	 "9 = ?"},
};

static void test_mask(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		/* A copy of exactly its size: a read behind the end is found by the sanitizer. */
		size_t size = strlen(examples[i].text);
		char *text = malloc(size + (size == 0));
		struct buffer to;

		assert_non_null(text);
		memcpy(text, examples[i].text, size);
		buffer_init(&to, 4096);
		echo_mask((struct bytes){text, size}, &to);
		if (!bytes_equal_text(buffer_bytes(&to), examples[i].masked))
			fail_msg("%s: %.*s", examples[i].text, BYTES_ARG(buffer_bytes(&to)));
		buffer_free(&to);
		free(text);
	}
}

/* Cut anywhere, a statement shows no part of its literals. */
static void test_cut_anywhere(void **state)
{
	static const char text[] = "INSERT INTO `t` VALUES (x'73', 'Zs\\'Ze''cret', _utf8mb4'ZZ', 77.7e7, 0x77)";

	(void)state;
	for (size_t size = 0; size < sizeof(text); size++) {
		struct buffer to;

		buffer_init(&to, 4096);
		echo_mask((struct bytes){text, size}, &to);
		for (size_t i = 0; i < to.size; i++)
			assert_true(to.data[i] != 'Z' && to.data[i] != '7');
		buffer_free(&to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests_name("database/echo", tests, NULL, NULL);
}
