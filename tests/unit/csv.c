/* CSV as RFC 4180 has it, as spreadsheets write it, and as nobody should. */
#include "daemon/import/csv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* All records as one text: fields in brackets, NULL as ~, quoted ones with a ' before them, records ended by ';' and a
 * malformed one as "!LINE". */
static char *flatten(struct bytes text, bool empty_is_text)
{
	char *result = NULL;
	size_t result_size;
	FILE *to = open_memstream(&result, &result_size);
	FILE *file = text.size ? fmemopen((void *)text.data, text.size, "r") : fopen("/dev/null", "r");
	struct csv_reader *reader = csv_open(file);
	const struct csv_field *fields;
	size_t count;
	int got;

	assert_non_null(reader);
	while ((got = csv_next(reader, &fields, &count)) != 0) {
		if (got == -EBADMSG) {
			assert_non_null(csv_problem(reader));
			fprintf(to, "!%u;", (unsigned)csv_line(reader));
			continue;
		}
		assert_int_equal(got, 1);
		for (size_t i = 0; i < count; i++) {
			if (csv_is_null(&fields[i], empty_is_text))
				fputc('~', to);
			else
				fprintf(to, "%s[%.*s]", fields[i].quoted ? "'" : "", BYTES_ARG(fields[i].text));
		}
		fputc(';', to);
	}
	assert_int_equal(csv_position(reader), text.size);
	csv_close(reader);
	fclose(file);
	fclose(to);
	return result;
}

static void reads(struct bytes text, const char *expected)
{
	char *found = flatten(text, false);

	assert_string_equal(found, expected);
	free(found);
}

static void test_plain(void **state)
{
	(void)state;
	reads(BYTES(""), "");
	reads(BYTES("a,b\n1,2\n"), "[a][b];[1][2];");
	reads(BYTES("a,b\n1,2"), "[a][b];[1][2];");
	reads(BYTES("a,b\r\n1,2\r\n"), "[a][b];[1][2];");
	reads(BYTES("a\n"), "[a];");
}

static void test_quotes(void **state)
{
	(void)state;
	reads(BYTES("\"a\",\"b,c\"\n"), "'[a]'[b,c];");
	reads(BYTES("\"say \"\"hi\"\"\"\n"), "'[say \"hi\"];");
	reads(BYTES("\"two\r\nlines\",x\ny,z\n"), "'[two\r\nlines][x];[y][z];");
	reads(BYTES("\"\"\n"), "'[];");
	reads(BYTES("  \"a\"  ,b\n"), "'[a][b];");
	/* Only at the start does a quote mean anything. */
	reads(BYTES("5\" disk,x\n"), "[5\" disk][x];");
}

static void test_null_and_blanks(void **state)
{
	char *found = flatten(BYTES("a,,\\N,\"\",\"\\N\"\n"), true);

	(void)state;
	reads(BYTES("a,,\\N,\"\",\"\\N\"\n"), "[a]~~'[]'[\\N];");
	assert_string_equal(found, "[a][]~'[]'[\\N];");
	free(found);
	reads(BYTES(" a ,\tb c\t, ,\" d \"\n"), "[a][b c]~'[ d ];");
	reads(BYTES("a,\n,\n"), "[a]~;~~;");
}

static void test_byte_order_mark(void **state)
{
	(void)state;
	reads(BYTES("\xef\xbb\xbf"
		    "a,b\n"),
	      "[a][b];");
	reads(BYTES("\xef\xbb\xbf\"a\"\n"), "'[a];");
}

static void test_blank_lines(void **state)
{
	(void)state;
	reads(BYTES("\n\na\n\r\n   \nb\n\n"), "[a];[b];");
}

static void test_ragged(void **state)
{
	(void)state;
	reads(BYTES("a,b,c\n1\n1,2,3,4\n"), "[a][b][c];[1];[1][2][3][4];");
}

static void test_malformed(void **state)
{
	(void)state;
	/* The records around it are read. */
	reads(BYTES("a\n\"b\"c\nd\n"), "[a];!2;[d];");
	reads(BYTES("a\n\"b\" \"c\"\nd\n"), "[a];!2;[d];");
	reads(BYTES("a\nb,\"c\nd\n"), "[a];!2;");
}

static void test_lines_are_counted(void **state)
{
	static const char text[] = "a\n\"1\n2\"\n\nb\n";
	FILE *file = fmemopen((void *)(uintptr_t)text, sizeof(text) - 1, "r");
	struct csv_reader *reader = csv_open(file);
	const struct csv_field *fields;
	static const unsigned lines[] = {1, 2, 5};
	size_t count;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(csv_next(reader, &fields, &count), 1);
		assert_int_equal(csv_line(reader), lines[i]);
	}
	assert_int_equal(csv_next(reader, &fields, &count), 0);
	csv_close(reader);
	fclose(file);
}

static void test_too_many_fields(void **state)
{
	char *text = malloc(3 * CSV_FIELDS);
	char *found;

	(void)state;
	memset(text, ',', CSV_FIELDS + 10);
	memcpy(text + CSV_FIELDS + 10, "\nb\n", 3);
	found = flatten((struct bytes){text, CSV_FIELDS + 13}, false);
	assert_string_equal(found, "!1;[b];");
	free(found);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),           cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_null_and_blanks), cmocka_unit_test(test_byte_order_mark),
		cmocka_unit_test(test_blank_lines),     cmocka_unit_test(test_ragged),
		cmocka_unit_test(test_malformed),       cmocka_unit_test(test_lines_are_counted),
		cmocka_unit_test(test_too_many_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
