/* Where one statement of a file ends and the next begins, and which table a statement creates. */
#include "daemon/database/sql_text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Statements as "LINE<text>", a fault as "LINE!what". */
static void splits(const char *text, const char *expected)
{
	struct sql_text rest = sql_text_start(bytes_of(text));
	struct sql_statement statement;
	char *found = NULL;
	size_t found_size;
	FILE *to = open_memstream(&found, &found_size);
	int result;

	while ((result = sql_text_next(&rest, &statement)) > 0)
		fprintf(to, "%u<%.*s>", statement.line, BYTES_ARG(statement.text));
	if (result == -EBADMSG)
		fprintf(to, "%u!%.*s", statement.line, BYTES_ARG(statement.text));
	else
		assert_int_equal(result, 0);
	fclose(to);
	assert_string_equal(found, expected);
	free(found);
}

static void test_statements(void **state)
{
	(void)state;
	splits("", "");
	splits(" \n;;\n ; ", "");
	splits("SELECT 1", "1<SELECT 1>");
	splits("SELECT 1;\nSELECT 2;\n", "1<SELECT 1>2<SELECT 2>");
	splits("\n\n a\nb ;c", "3<a\nb>4<c>");
	splits("\xef\xbb\xbfSELECT 1", "1<SELECT 1>");
}

static void test_quotes(void **state)
{
	(void)state;
	splits("a ';' b; c", "1<a ';' b>1<c>");
	splits("a ';''; ' b; c", "1<a ';''; ' b>1<c>");
	splits("a '\\';' b; c", "1<a '\\';' b>1<c>");
	splits("a \"x;\" `y;``;` ; c", "1<a \"x;\" `y;``;`>1<c>");
	/* A backslash means nothing in a quoted name. */
	splits("a `\\`; c", "1<a `\\`>1<c>");
	splits("a '\n' b;\nc", "1<a '\n' b>3<c>");
}

static void test_comments(void **state)
{
	(void)state;
	splits("-- one; 'two\na; # three;'\n/* four; '\n */ b", "2<a>4<b>");
	splits("a -- x;\n b;", "1<a -- x;\n b>");
	splits("SELECT 5--1; c", "1<SELECT 5--1>1<c>");
	splits("--\na", "2<a>");
	splits("/* only; a comment */", "");
	splits("/*!40101 SET a = 1; */;\nb", "1</*!40101 SET a = 1; */>2<b>");
	splits("/*M!100100 x */;", "1</*M!100100 x */>");
}

static void test_open_ends(void **state)
{
	(void)state;
	splits("a;\nb 'c;\n", "1<a>2!a quote");
	splits("a;\n/* b\n;", "1<a>2!a comment");
	splits("`", "1!a quote");
	splits("/*/", "1!a comment");
}

static void creates(const char *statement, const char *spelled, const char *name)
{
	struct bytes found_name = {NULL, 0};
	struct bytes found = sql_created_table(bytes_of(statement), &found_name);

	assert_true(bytes_equal_text(found, spelled));
	if (*spelled)
		assert_true(bytes_equal_text(found_name, name));
}

static void test_created_tables(void **state)
{
	(void)state;
	creates("CREATE TABLE animals (id INT)", "animals", "animals");
	creates("create table if not exists `my table`(id INT)", "`my table`", "my table");
	creates("CREATE OR REPLACE TABLE a(id INT)", "a", "a");
	creates("CREATE /* x */ TABLE -- y\n a (id INT)", "a", "a");
	creates("CREATE TABLE shop.`a b` (id INT)", "shop.`a b`", "a b");
	creates("CREATE TABLE `shop`.ROWD_x (id INT)", "`shop`.ROWD_x", "ROWD_x");
	creates("CREATE TABLE t\xc3\xa9t\xc3\xa9 (id INT)", "t\xc3\xa9t\xc3\xa9", "t\xc3\xa9t\xc3\xa9");
	creates("CREATE TABLE a LIKE b", "a", "a");
	creates("CREATE TEMPORARY TABLE a (id INT)", "", "");
	creates("CREATE VIEW a AS SELECT 1", "", "");
	creates("INSERT INTO a VALUES ('CREATE TABLE b')", "", "");
	creates("CREATE TABLE", "", "");
	creates("", "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statements),     cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_comments),       cmocka_unit_test(test_open_ends),
		cmocka_unit_test(test_created_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
