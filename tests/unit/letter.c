/* Ids of dead letters, what is a letter and what is none, and how both are written. */
#include "cli/dead/letter.h"
#include "tests/support/allocations.h"
#include "tests/support/unit.h"

#include "common/msgpack_write.h"

#include <errno.h>

enum { ARENA_BYTES = 1 << 20, OUT_BYTES = 1 << 16 };

static struct arena arena;
static struct buffer out, packed;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, ARENA_BYTES);
	buffer_init(&out, OUT_BYTES);
	buffer_init(&packed, OUT_BYTES);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	buffer_free(&out);
	buffer_free(&packed);
	return 0;
}

static void pack_text(const char *name, struct bytes text)
{
	msgpack_write_str(&packed, bytes_of(name));
	msgpack_write_str(&packed, text);
}

/* A letter with this error and command, and `more` members announced. */
static struct bytes pack(struct bytes error, struct bytes command, int64_t at_ms, uint32_t more)
{
	buffer_reset(&packed);
	msgpack_write_map(&packed, 6 + more);
	pack_text("reason", BYTES("UNKNOWN_TABLE"));
	pack_text("error", error);
	pack_text("worker", BYTES("w-1"));
	pack_text("command", command);
	msgpack_write_str(&packed, BYTES("attempts"));
	msgpack_write_int(&packed, 2);
	msgpack_write_str(&packed, BYTES("at"));
	msgpack_write_int(&packed, at_ms);
	return buffer_bytes(&packed);
}

static struct letter read_letter(struct bytes raw)
{
	struct letter letter;

	assert_int_equal(letter_read(&arena, raw, &letter), 0);
	assert_int_equal(letter.id, letter_id(raw));
	assert_bytes(letter.raw, raw);
	return letter;
}

static struct glance read_command(const struct letter *letter)
{
	struct glance command;

	assert_int_equal(letter_read_command(&arena, letter, &command), 0);
	return command;
}

/* --- ids ---------------------------------------------------------------------------------------------------------- */

/* They stand in people's notes and scripts: another version has to make the same. */
static void test_ids_are_these(void **state)
{
	(void)state;
	assert_int_equal(letter_id(BYTES("")), 0xefd01f60ba992926u);
	assert_int_equal(letter_id(BYTES("a")), 0x82a2a958a9bece5bu);
	assert_int_equal(letter_id(BYTES("letter")), 0xd625b1fc9130f1d3u);
}

/* The digits that a person types have to depend on every byte, the last one too. */
static void test_the_first_digits_depend_on_each_byte(void **state)
{
	char text[64] = {0};
	uint32_t seen[1 << 12] = {0}, most = 0;

	(void)state;
	for (size_t at = 0; at < sizeof(text); at++) {
		for (int byte = 1; byte < 256; byte++) {
			text[at] = (char)byte;
			uint32_t count = ++seen[letter_id((struct bytes){text, sizeof(text)}) >> 52];
			most = count > most ? count : most;
		}
		text[at] = 0;
	}
	/* 16320 ids over 4096 beginnings are 4 each; 20 on one would be chance once in 10^5 runs. */
	assert_true(most < 20);
}

static void test_prefixes(void **state)
{
	static const char *const bad[] = {
		"", "1", "123", "12g4", " 1234", "1234 ", "0x1234", "-1234", "12345678901234567"};
	struct letter_prefix prefix = {.digits = 99};

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++) {
		assert_false(letter_prefix_read(bad[i], &prefix));
		assert_int_equal(prefix.digits, 99); /* untouched */
	}
	assert_true(letter_prefix_read("aBc0", &prefix));
	assert_true(letter_prefix_matches(&prefix, 0xabc0000000000000u));
	assert_true(letter_prefix_matches(&prefix, 0xabc0ffffffffffffu));
	assert_false(letter_prefix_matches(&prefix, 0xabc1000000000000u));
	assert_false(letter_prefix_matches(&prefix, 0xabbfffffffffffffu));
	assert_true(letter_prefix_read("0123456789abcdef", &prefix));
	assert_true(letter_prefix_matches(&prefix, 0x0123456789abcdefu));
	assert_false(letter_prefix_matches(&prefix, 0x0123456789abcdeeu));
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static void test_a_letter(void **state)
{
	struct bytes raw = pack(BYTES("an error"), BYTES("{\"op\": \"read\", \"table\": \"pets\"}"), 1000, 0);
	struct letter letter = read_letter(raw);
	struct glance command = read_command(&letter);

	(void)state;
	assert_false(letter.foreign);
	assert_text(letter.reason, "UNKNOWN_TABLE");
	assert_text(letter.error, "an error");
	assert_text(letter.worker, "w-1");
	assert_int_equal(letter.attempts, 2);
	assert_int_equal(letter.at_ms, 1000);
	assert_true(letter.command.data > raw.data && letter.command.data < raw.data + raw.size); /* a view */
	assert_int_equal(command.fault.code, ERROR_NONE);
	assert_text(command.op, "read");
	assert_text(command.table, "pets");
}

static void test_what_a_later_version_adds_is_passed_over(void **state)
{
	(void)state;
	pack(BYTES(""), BYTES(""), 1, 1);
	pack_text("added", BYTES("later"));
	assert_false(read_letter(buffer_bytes(&packed)).foreign);
}

/* Every letter that is cut, and every one with a byte too many. */
static void test_what_is_cut_is_none(void **state)
{
	struct bytes raw = pack(BYTES("e"), BYTES("c"), 1, 0);

	(void)state;
	for (size_t size = 0; size < raw.size; size++) {
		struct bytes cut = exact_copy((struct bytes){raw.data, size});
		assert_true(read_letter(cut).foreign);
		free((void *)cut.data);
	}
	buffer_append_byte(&packed, 0);
	assert_true(read_letter(buffer_bytes(&packed)).foreign);
	assert_true(read_letter(pack(BYTES(""), BYTES(""), -1, 0)).foreign);
}

static void test_commands_that_cannot_be_decoded(void **state)
{
	struct letter letter = read_letter(pack(BYTES(""), BYTES("\x82\xa2op\xa4ping\xa2op\xa4ping"), 1, 0));
	struct glance command = read_command(&letter);

	(void)state;
	assert_int_equal(command.fault.code, ERROR_BAD_MESSAGE);
	assert_text(command.op, "ping"); /* what could be read all the same */
	assert_int_equal(command.table.size, 0);
	letter = read_letter(pack(BYTES(""), BYTES("\x81\xa2op"), 1, 0));
	command = read_command(&letter);
	assert_int_equal(command.fault.code, ERROR_BAD_MESSAGE);
	assert_int_equal(command.op.size, 0);
	letter = read_letter(BYTES("foreign"));
	assert_int_equal(read_command(&letter).value.type, VALUE_NIL);
}

static void test_no_memory(void **state)
{
	struct bytes raw = pack(BYTES("e"), BYTES("{\"op\": \"ping\", \"meta\": [1, {\"a\": 2}]}"), 1, 0);

	(void)state;
	for (uint32_t n = 1;; n++) {
		struct letter letter;
		struct glance command;

		arena_free(&arena);
		arena_init(&arena, ARENA_BYTES);
		allocations_fail_at(n);
		int result = letter_read(&arena, raw, &letter);
		if (result == 0)
			result = letter_read_command(&arena, &letter, &command);
		if (!allocations_end()) {
			assert_int_equal(result, 0);
			assert_true(n > 3);
			break;
		}
		assert_int_equal(result, -ENOMEM);
	}
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void test_ages(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{-5, "0 s"},         {999, "0 s"},        {59999, "59 s"},
		{60000, "1 min"},    {3599999, "59 min"}, {3600000, "1 h"},
		{172799999, "47 h"}, {172800000, "2 d"},  {INT64_MAX, "106751991167 d"},
	};
	char text[LETTER_AGE_BYTES];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		letter_write_age(cases[i].ms, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void test_a_line(void **state)
{
	struct letter letter =
		read_letter(pack(BYTES("a\nb\x1b[31m"), BYTES("{\"op\": \"re\\nad\", \"table\": \"pets\"}"), 1000, 0));
	struct glance command = read_command(&letter);
	char id[LETTER_ID_DIGITS + 1];

	(void)state;
	letter_write_id(letter.id, id);
	letter_write_line(&letter, &command, 61000, LETTER_ID_SHOWN, &out);
	assert_memory_equal(out.data, id, LETTER_ID_SHOWN);
	assert_text(((struct bytes){out.data + LETTER_ID_SHOWN, out.size - LETTER_ID_SHOWN}),
		    "   1 min  UNKNOWN_TABLE        re\\x0aad  pets                        2  a\\x0ab\\x1b[31m\n");
}

static void test_bytes_as_numbers(void **state)
{
	(void)state;
	letter_write_hex(BYTES("0123456789abcdef\x00~\x7f"), 1000, &out);
	assert_text(buffer_bytes(&out),
		    "  00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n"
		    "  00000010  00 7e 7f                                         .~.\n");
	buffer_reset(&out);
	letter_write_hex(BYTES("abc"), 2, &out);
	assert_text(buffer_bytes(&out), "  00000000  61 62                                            ab\n"
					"  ... and 1 more bytes\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids_are_these),
		cmocka_unit_test(test_the_first_digits_depend_on_each_byte),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test_setup_teardown(test_a_letter, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_a_later_version_adds_is_passed_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_cut_is_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_commands_that_cannot_be_decoded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
		cmocka_unit_test(test_ages),
		cmocka_unit_test_setup_teardown(test_a_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bytes_as_numbers, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
