/* Unit tests of common/error.c. */
#include "common/error.h"

#include "common/utf8.h"
#include "tests/support/unit.h"

static void test_table(void **state)
{
	(void)state;
	for (enum error_code code = ERROR_NONE + 1; code < ERROR_CODE_COUNT; code++) {
		assert_true(strlen(error_code_name(code)) > 3);
		assert_true(strlen(error_code_status(code)) > 3);
		assert_true(strlen(error_code_meaning(code)) > 10);
	}
	assert_string_equal(error_code_name(ERROR_UNIQUE_VIOLATION), "UNIQUE_VIOLATION");
	assert_string_equal(error_code_status(ERROR_UNIQUE_VIOLATION), "ALREADY_EXISTS");
	assert_false(error_code_retryable(ERROR_UNIQUE_VIOLATION));
	assert_true(error_code_retryable(ERROR_DEADLOCK));
}

static void test_set_starts_anew(void **state)
{
	(void)state;
	struct error error;

	memset(&error, 0x55, sizeof(error));
	error_set(&error, ERROR_BAD_VALUE, "%d is %s", 7, "bad");
	assert_int_equal(error.code, ERROR_BAD_VALUE);
	assert_string_equal(error.message, "7 is bad");
	assert_string_equal(error.hint, "");
	assert_string_equal(error.sqlstate, "");
	assert_int_equal(error.server_errno, 0);
	assert_int_equal(error.at_op, -1);
	assert_int_equal(error.at_row, -1);
	assert_string_equal(error.at_column, "");
	assert_string_equal(error.at_constraint, "");
	error_hint(&error, "try %d", 8);
	error_at_column(&error, BYTES("age"));
	error_at_constraint(&error, BYTES("cat_age"));
	assert_string_equal(error.hint, "try 8");
	assert_string_equal(error.at_column, "age");
	assert_string_equal(error.at_constraint, "cat_age");
}

/* Whatever the offset at which a character meets the end of the field, none is halved, and no whole one is lost. */
static void test_texts_are_cut_at_a_character_s_end(void **state)
{
	(void)state;
	char text[ERROR_TEXT_BYTES * 2];

	for (size_t ahead = 0; ahead < 5; ahead++) {
		struct error error;
		size_t size = ahead;

		memset(text, 'x', ahead);
		while (size + 5 < sizeof(text)) {
			memcpy(text + size, "\xf0\x9f\x90\x88", 4);
			size += 4;
		}
		text[size] = '\0';
		error_set(&error, ERROR_INTERNAL, "%s", text);
		error_at_column(&error, bytes_of(text));
		assert_true(utf8_valid(bytes_of(error.message)));
		assert_true(strlen(error.message) >= ERROR_TEXT_BYTES - 4);
		assert_true(utf8_valid(bytes_of(error.at_column)));
		assert_true(strlen(error.at_column) >= ERROR_NAME_BYTES - 4);
	}
	memset(text, 'x', sizeof(text));
	text[ERROR_TEXT_BYTES - 1] = '\0';

	struct error error;

	error_set(&error, ERROR_INTERNAL, "%s", text);
	assert_int_equal(strlen(error.message), ERROR_TEXT_BYTES - 1);
}

/* A reply is text, whatever the name was. */
static void test_names_are_cut_at_what_is_no_text(void **state)
{
	(void)state;
	struct error error;

	error_set(&error, ERROR_UNKNOWN_COLUMN, "no such column");
	error_at_column(&error, BYTES("ag\xff\xfe"));
	assert_string_equal(error.at_column, "ag");
	error_at_column(&error, BYTES("\xc3"));
	assert_string_equal(error.at_column, "");
}

static void test_quote(void **state)
{
	(void)state;
	char quoted[ERROR_QUOTED_BYTES];
	char text[200];

	assert_string_equal(error_quote(quoted, BYTES("caf\xc3\xa9")), "caf\xc3\xa9");
	assert_string_equal(error_quote(quoted, BYTES("a\0\n\x7f\xff")), "a\\x00\\x0a\\x7f\\xff");
	assert_string_equal(error_quote(quoted, (struct bytes){0}), "");
	memset(text, 0xff, sizeof(text));
	error_quote(quoted, (struct bytes){text, sizeof(text)});
	assert_int_equal(strlen(quoted), 64 * 4 + 3);
	memset(text, 'x', sizeof(text));
	memcpy(text + 63, "\xc3\xa9", 2);
	error_quote(quoted, (struct bytes){text, sizeof(text)});
	assert_int_equal(strlen(quoted), 63 + 3);
	assert_true(bytes_starts(bytes_of(quoted + 63), BYTES("...")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_set_starts_anew),
		cmocka_unit_test(test_texts_are_cut_at_a_character_s_end),
		cmocka_unit_test(test_names_are_cut_at_what_is_no_text),
		cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
