/* Unit tests of common/utf8.c, base64.c, number.c and nearest.c. */
#include "common/base64.h"
#include "common/nearest.h"
#include "common/number.h"
#include "common/utf8.h"
#include "tests/support/unit.h"

#include <float.h>
#include <math.h>

static void test_utf8(void **state)
{
	(void)state;
	static const struct {
		struct bytes text;
		size_t valid;
	} cases[] = {
		{BYTES(""), 0},
		{BYTES("plain text, longer than eight"), 29},
		{BYTES("\0"), 1},
		{BYTES("\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x88"), 9},
		{BYTES("12345678\xc3"), 8},     /* cut */
		{BYTES("\x80"), 0},             /* a continuation alone */
		{BYTES("\xc0\x80"), 0},         /* overlong NUL */
		{BYTES("\xc1\xbf"), 0},         /* overlong DEL */
		{BYTES("\xe0\x9f\xbf"), 0},     /* overlong U+07FF */
		{BYTES("\xed\x9f\xbf"), 3},     /* U+D7FF */
		{BYTES("\xed\xa0\x80"), 0},     /* a surrogate */
		{BYTES("\xf0\x8f\xbf\xbf"), 0}, /* overlong U+FFFF */
		{BYTES("\xf4\x8f\xbf\xbf"), 4}, /* U+10FFFF */
		{BYTES("\xf4\x90\x80\x80"), 0}, /* above */
		{BYTES("\xf5\x80\x80\x80"), 0},
		{BYTES("\xff"), 0},
		{BYTES("ok\xe2\x82"), 2},
		{BYTES("ok\xf0\x9f\x90"), 2},
		{BYTES("\xc3\x28"), 0},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct bytes copy = exact_copy(cases[i].text);

		assert_int_equal(utf8_valid_size(copy), cases[i].valid);
		assert_int_equal(utf8_valid(copy), cases[i].valid == copy.size);
		free((void *)copy.data);
	}
}

static void test_utf8_cut(void **state)
{
	(void)state;
	struct bytes text = BYTES("a\xc3\xa9\xe2\x82\xac"); /* ends of characters: 0 1 3 6 */
	static const size_t cuts[] = {0, 1, 1, 3, 3, 3, 6, 6};

	for (size_t limit = 0; limit < LENGTH(cuts); limit++)
		assert_int_equal(utf8_cut(text, limit), cuts[limit]);
	assert_int_equal(utf8_cut(BYTES("\x80\x80\x80\x80\x80\x80"), 5), 5);
}

static void test_base64(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
		{"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xfe\xfd", "//79"},
	};
	struct buffer buffer;

	buffer_init(&buffer, 100);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		buffer_reset(&buffer);
		base64_encode(bytes_of(cases[i][0]), &buffer);
		assert_text(buffer_bytes(&buffer), cases[i][1]);
		buffer_reset(&buffer);
		assert_int_equal(base64_decode(bytes_of(cases[i][1]), &buffer), 0);
		assert_text(buffer_bytes(&buffer), cases[i][0]);
	}
	buffer_reset(&buffer);
	assert_int_equal(base64_decode(BYTES("Zm8"), &buffer), 0);
	assert_text(buffer_bytes(&buffer), "fo");
	buffer_free(&buffer);
}

static void test_base64_refuses(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"Z", "Zg=", "Zg===", "====", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Zm-_", "=Zg="};
	struct buffer buffer;

	buffer_init(&buffer, 100);
	buffer_append_text(&buffer, "kept");
	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_int_not_equal(base64_decode(bytes_of(cases[i]), &buffer), 0);
		assert_text(buffer_bytes(&buffer), "kept");
	}
	buffer_free(&buffer);
}

static void test_numbers_are_short_and_read_back(void **state)
{
	(void)state;
	static const struct {
		double number;
		const char *text;
	} cases[] = {
		{0.1, "0.1"},
		{1.0, "1.0"},
		{-0.0, "-0.0"},
		{1e22, "1e+22"},
		{1.0 / 3, "0.3333333333333333"},
		{123456789012345680.0, "1.2345678901234568e+17"},
		{DBL_MAX, "1.7976931348623157e+308"},
		{DBL_TRUE_MIN, "4.94065645841247e-324"},
	};
	char text[NUMBER_TEXT_BYTES];

	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_text(number_from_float64(cases[i].number, text), cases[i].text);
		assert_true(strtod(text, NULL) == cases[i].number);
	}
	assert_text(number_from_float32(0.1f, text), "0.1");
	assert_text(number_from_float32(16777216.0f, text), "16777216.0");
	assert_text(number_from_float32(FLT_MAX, text), "3.4028235e+38");
}

static void test_a_number_s_digits_survive_or_not(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool survives;
		double number;
	} cases[] = {
		{"0.1", true, 0.1},
		{"1.10", true, 1.1},
		{"-0.0", true, -0.0},
		{"0e0", true, 0.0},
		{"1e2", true, 100.0},
		{"1E+2", true, 100.0},
		{"0.00012e4", true, 1.2},
		{"1e308", true, 1e308},
		{"1e999", false, 0},
		{"1e-999", false, 0},
		{"1e00000000000000000002", false, 0},
		{"0.1234567890123456789", false, 0},
		{"18446744073709551616", false, 0},
		{"9007199254740993.0", false, 0},
		{"19999999999999999999.99", false, 0},
		{"", false, 0},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		double number = NAN;

		assert_int_equal(number_to_float64(bytes_of(cases[i].text), &number), cases[i].survives);
		if (cases[i].survives) {
			assert_true(number == cases[i].number);
			assert_int_equal(signbit(number) != 0, signbit(cases[i].number) != 0);
		}
	}
}

static void test_nearest(void **state)
{
	(void)state;
	static const struct bytes names[] = {
		BYTES("table"), BYTES("where"), BYTES("values"),    BYTES("limit"),
		BYTES("pk"),    BYTES("db"),    BYTES("returning"),
	};
	static const char *const cases[][2] = {
		{"tabel", "table"},
		{"TABLE", "table"},
		{"wher", "where"},
		{"value", "values"},
		{"p", "pk"},
		{"kp", "pk"},
		{"retruning", "returning"},
		{"returnin", "returning"},
		{"x", ""},
		{"", ""},
		{"columns", ""},
		{"limits", "limit"},
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_text(nearest_name(bytes_of(cases[i][0]), names, LENGTH(names)), cases[i][1]);

	char long_name[1000];

	memset(long_name, 'a', sizeof(long_name));
	assert_int_equal(nearest_name((struct bytes){long_name, sizeof(long_name)}, names, LENGTH(names)).size, 0);
}

/* All of the matrix, cell by cell. */
static size_t whole_distance(const char *a, const char *b)
{
	size_t cells[10][10];

	for (size_t i = 0; i <= strlen(a); i++) {
		for (size_t j = 0; j <= strlen(b); j++) {
			size_t best = i == 0 ? j : i;

			if (i > 0 && j > 0) {
				best = cells[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
				best = cells[i - 1][j] + 1 < best ? cells[i - 1][j] + 1 : best;
				best = cells[i][j - 1] + 1 < best ? cells[i][j - 1] + 1 : best;
			}
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    cells[i - 2][j - 2] + 1 < best)
				best = cells[i - 2][j - 2] + 1;
			cells[i][j] = best;
		}
	}
	return cells[strlen(a)][strlen(b)];
}

static void random_name(char name[10], uint32_t *random)
{
	size_t size = 0;

	for (*random = *random * 1103515245u + 12345; size < (*random >> 24) % 10; size++)
		name[size] = (char)('a' + (*random >> (8 + 2 * size)) % 3);
	name[size] = '\0';
}

static void test_nearest_leaves_out_nothing_that_is_near(void **state)
{
	(void)state;
	char name[10], candidate[10];

	for (uint32_t i = 0, random = 1; i < 200000; i++) {
		random_name(name, &random);
		random_name(candidate, &random);

		size_t distance = whole_distance(name, candidate);
		size_t allowed = strlen(name) <= 4 ? 1 : strlen(name) <= 8 ? 2 : 3;
		struct bytes names[] = {bytes_of(candidate)};
		bool near = distance <= allowed && distance < strlen(candidate);

		assert_text(nearest_name(bytes_of(name), names, 1), near ? candidate : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_utf8_cut),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_base64_refuses),
		cmocka_unit_test(test_numbers_are_short_and_read_back),
		cmocka_unit_test(test_a_number_s_digits_survive_or_not),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_nearest_leaves_out_nothing_that_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
