/* tests/unit/errors.c - what the servers' errors mean, and the names in their texts. The texts are those of MariaDB
 * 10.11 and 11.8 and of MySQL 8.4 and 9. */
#include "daemon/database/errors.h"

#include "common/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct example {
	enum server_kind kind;
	uint32_t number;
	const char *sqlstate, *message;
	enum sql_error_class class;
	enum error_code code;
	const char *column, *constraint;
	int32_t row;
};

#define MARIADB SERVER_MARIADB
#define MYSQL   SERVER_MYSQL

/* clang-format off */
static const struct example examples[] = {
	/* Keys. */
	{MARIADB, 1062, "23000", "Duplicate entry 'a@b.c' for key 'email'", SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION, "", "email", -1},
	{MARIADB, 1062, "23000", "Duplicate entry '1' for key 'PRIMARY'", SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION, "", "PRIMARY", -1},
	{MARIADB, 1062, "23000", "Duplicate entry '1' for key 'with.dot'", SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION, "", "with.dot", -1},
	{MARIADB, 1062, "23000", "Duplicate entry 'for key 'x'' for key 'it's'", SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION, "", "it's", -1},
	{MYSQL, 1062, "23000", "Duplicate entry 'a@b.c' for key 'users.email'", SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION, "", "email", -1},
	{MYSQL, 1062, "23000", "Duplicate entry '1-2' for key 'users.PRIMARY'", SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION, "", "PRIMARY", -1},
	{MYSQL, 1586, "23000", "Duplicate entry 'a' for key 'users.name'", SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION, "", "name", -1},
	{MARIADB, 1022, "23000", "Can't write; duplicate key in table 't'", SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION, "", "", -1},
	/* NULL. */
	{MARIADB, 1048, "23000", "Column 'name' cannot be null", SQL_ERROR_OF_COMMAND, ERROR_NOT_NULL_VIOLATION, "name", "", -1},
	{MARIADB, 1048, "23000", "Column 'it's' cannot be null", SQL_ERROR_OF_COMMAND, ERROR_NOT_NULL_VIOLATION, "it's", "", -1},
	{MARIADB, 1364, "HY000", "Field 'age' doesn't have a default value", SQL_ERROR_OF_COMMAND, ERROR_NOT_NULL_VIOLATION, "age", "", -1},
	{MARIADB, 1263, "22004", "Column set to default value; NULL supplied to NOT NULL column 'n' at row 3", SQL_ERROR_OF_COMMAND, ERROR_NOT_NULL_VIOLATION, "n", "", 2},
	/* Values. */
	{MARIADB, 1406, "22001", "Data too long for column 'name' at row 1", SQL_ERROR_OF_COMMAND, ERROR_DATA_TOO_LONG, "name", "", 0},
	{MARIADB, 1406, "22001", "Data too long for column 'a`b' at row 12", SQL_ERROR_OF_COMMAND, ERROR_DATA_TOO_LONG, "a`b", "", 11},
	{MARIADB, 1264, "22003", "Out of range value for column 'age' at row 2", SQL_ERROR_OF_COMMAND, ERROR_OUT_OF_RANGE, "age", "", 1},
	{MARIADB, 167, "22003", "Out of range value for column 'id' at row 1", SQL_ERROR_OF_COMMAND, ERROR_OUT_OF_RANGE, "id", "", 0},
	{MYSQL, 1467, "HY000", "Failed to read auto-increment value from storage engine", SQL_ERROR_OF_COMMAND, ERROR_OUT_OF_RANGE, "", "", -1},
	{MARIADB, 1139, "42000", "Regex error 'missing closing parenthesis at offset 1'", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "", "", -1},
	{MARIADB, 1267, "HY000", "Illegal mix of collations (latin1_swedish_ci,IMPLICIT) and (utf8mb4_general_ci,COERCIBLE) for operation '='", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "", "", -1},
	{MYSQL, 3691, "HY000", "Mismatched parenthesis in regular expression.", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "", "", -1},
	{MYSQL, 3854, "HY000", "Cannot convert string '\\xEA\\xB9\\x80' from utf8mb4 to latin1", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "", "", -1},
	{MARIADB, 1265, "01000", "Data truncated for column 'kind' at row 1", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "kind", "", 0},
	{MARIADB, 1366, "22007", "Incorrect integer value: 'abc' for column `pets`.`pet`.`age` at row 1", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "age", "", 0},
	{MARIADB, 1366, "22007", "Incorrect integer value: ' for column `x`.`y`.`z` at row 9' for column `pets`.`pet`.`age` at row 2", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "age", "", 1},
	{MARIADB, 1366, "22007", "Incorrect integer value: 'abc' for column `pets`.`pet`.`a.b` at row 4", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "a.b", "", 3},
	{MYSQL, 1366, "HY000", "Incorrect integer value: 'abc' for column 'age' at row 1", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "age", "", 0},
	{MARIADB, 1292, "22007", "Incorrect datetime value: '2024-13-01' for column `pets`.`pet`.`born` at row 1", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "born", "", 0},
	{MARIADB, 1292, "22007", "Truncated incorrect DOUBLE value: 'abc'", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "", "", -1},
	{MARIADB, 1690, "22003", "BIGINT value is out of range in '`d`.`t`.`a` + 1'", SQL_ERROR_OF_COMMAND, ERROR_OUT_OF_RANGE, "", "", -1},
	{MYSQL, 3140, "22032", "Invalid JSON text: \"Invalid value.\" at position 0 in value for column 'pet.doc'.", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "doc", "", -1},
	{MYSQL, 3643, "HY000", "The SRID of the geometry does not match the SRID of the column 'pla'ce'. The SRID of the geometry is 0, but the SRID of the column is 4326.", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "pla'ce", "", -1},
	{MYSQL, 3673, "HY000", "Column 'place' cannot be null", SQL_ERROR_OF_COMMAND, ERROR_NOT_NULL_VIOLATION, "place", "", -1},
	{MYSQL, 6136, "HY000", "Value of type 'string, size: 1' cannot be converted to 'vector' type.", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "", "", -1},
	{MYSQL, 1210, "HY000", "Incorrect arguments to =", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "", "", -1},
	{MARIADB, 1906, "HY000", "The value specified for generated column 'sum' in table 'pet' has been ignored", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "sum", "", -1},
	{MYSQL, 3105, "HY000", "The value specified for generated column 'sum' in table 'pet' is not allowed.", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "sum", "", -1},
	/* Constraints. */
	{MARIADB, 1452, "23000", "Cannot add or update a child row: a foreign key constraint fails (`pets`.`pet`, CONSTRAINT `pet_spot` FOREIGN KEY (`spot_id`) REFERENCES `spot` (`id`))", SQL_ERROR_OF_COMMAND, ERROR_FOREIGN_KEY_VIOLATION, "spot_id", "pet_spot", -1},
	{MARIADB, 1451, "23000", "Cannot delete or update a parent row: a foreign key constraint fails (`d`.`c`, CONSTRAINT `a``b` FOREIGN KEY (`x``y`, `z`) REFERENCES `p` (`i`, `j`) ON DELETE NO ACTION)", SQL_ERROR_OF_COMMAND, ERROR_FOREIGN_KEY_VIOLATION, "x`y", "a`b", -1},
	{MYSQL, 1452, "23000", "Cannot add or update a child row: a foreign key constraint fails (`d`.`c`, CONSTRAINT `c_ibfk_1` FOREIGN KEY (`p`) REFERENCES `p` (`id`) ON DELETE CASCADE)", SQL_ERROR_OF_COMMAND, ERROR_FOREIGN_KEY_VIOLATION, "p", "c_ibfk_1", -1},
	{MYSQL, 1216, "23000", "Cannot add or update a child row: a foreign key constraint fails", SQL_ERROR_OF_COMMAND, ERROR_FOREIGN_KEY_VIOLATION, "", "", -1},
	{MARIADB, 4025, "23000", "CONSTRAINT `age_positive` failed for `pets`.`pet`", SQL_ERROR_OF_COMMAND, ERROR_CHECK_VIOLATION, "", "age_positive", -1},
	{MARIADB, 4025, "23000", "CONSTRAINT `pet.age` failed for `pets`.`pet`", SQL_ERROR_OF_COMMAND, ERROR_CHECK_VIOLATION, "age", "age", -1},
	{MYSQL, 3819, "HY000", "Check constraint 'pet_chk_1' is violated.", SQL_ERROR_OF_COMMAND, ERROR_CHECK_VIOLATION, "", "pet_chk_1", -1},
	{MARIADB, 1369, "44000", "CHECK OPTION failed `d`.`v`", SQL_ERROR_OF_COMMAND, ERROR_CHECK_VIOLATION, "", "", -1},
	/* Names. */
	{MARIADB, 1054, "42S22", "Unknown column 'p.nam' in 'SELECT'", SQL_ERROR_STALE_CATALOG, ERROR_UNKNOWN_COLUMN, "p.nam", "", -1},
	{MARIADB, 1146, "42S02", "Table 'pets.dog' doesn't exist", SQL_ERROR_STALE_CATALOG, ERROR_UNKNOWN_TABLE, "", "", -1},
	{MARIADB, 1356, "HY000", "View 'd.v' references invalid table(s) or column(s)", SQL_ERROR_STALE_CATALOG, ERROR_UNKNOWN_TABLE, "", "", -1},
	{MARIADB, 1142, "42000", "INSERT command denied to user 'u'@'h' for table `d`.`t`", SQL_ERROR_OF_COMMAND, ERROR_FORBIDDEN, "", "", -1},
	{MARIADB, 1143, "42000", "SELECT command denied to user 'u'@'h' for column 'secret' in table 't'", SQL_ERROR_OF_COMMAND, ERROR_FORBIDDEN, "secret", "", -1},
	{MARIADB, 1370, "42000", "execute command denied to user 'u'@'h' for routine 'd.f'", SQL_ERROR_OF_COMMAND, ERROR_FORBIDDEN, "", "", -1},
	{MARIADB, 1064, "42000", "You have an error in your SQL syntax", SQL_ERROR_OF_COMMAND, ERROR_SQL_ERROR, "", "", -1},
	{MARIADB, 1153, "08S01", "Got a packet bigger than 'max_allowed_packet' bytes", SQL_ERROR_OF_COMMAND, ERROR_TOO_LARGE, "", "", -1},
	/* Transactions and time. */
	{MARIADB, 1213, "40001", "Deadlock found when trying to get lock; try restarting transaction", SQL_ERROR_TRANSACTION, ERROR_DEADLOCK, "", "", -1},
	{MARIADB, 1020, "HY000", "Record has changed since last read in table 't'", SQL_ERROR_TRANSACTION, ERROR_DEADLOCK, "", "", -1},
	{MARIADB, 1205, "HY000", "Lock wait timeout exceeded; try restarting transaction", SQL_ERROR_LOCK_WAIT, ERROR_LOCK_TIMEOUT, "", "", -1},
	{MARIADB, 1969, "70100", "Query execution was interrupted (max_statement_time exceeded)", SQL_ERROR_TIME, ERROR_TIMEOUT, "", "", -1},
	{MYSQL, 3024, "HY000", "Query execution was interrupted, maximum statement execution time exceeded", SQL_ERROR_TIME, ERROR_TIMEOUT, "", "", -1},
	{MYSQL, 3699, "HY000", "Timeout exceeded in regular expression match.", SQL_ERROR_TIME, ERROR_TIMEOUT, "", "", -1},
	{MARIADB, 1317, "70100", "Query execution was interrupted", SQL_ERROR_TIME, ERROR_TIMEOUT, "", "", -1},
	/* Connections. */
	{MARIADB, 2006, "HY000", "Server has gone away", SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 2013, "HY000", "Lost connection to server during query", SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 2002, "HY000", "Can't connect to local server through socket", SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 1927, "70100", "Connection was killed", SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 1053, "08S01", "Server shutdown in progress", SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 1040, "08004", "Too many connections", SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 1047, "08S01", "WSREP has not yet prepared node for application use", SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE, "", "", -1},
	{MYSQL, 4031, "HY000", "The client was disconnected by the server because of inactivity.", SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE, "", "", -1},
	/* The server as a whole. */
	{MARIADB, 1290, "HY000", "The MariaDB server is running with the --read-only option so it cannot execute this statement", SQL_ERROR_READ_ONLY, ERROR_UNAVAILABLE, "", "", -1},
	{MYSQL, 1290, "HY000", "The MySQL server is running with the --super-read-only option so it cannot execute this statement", SQL_ERROR_READ_ONLY, ERROR_UNAVAILABLE, "", "", -1},
	{MYSQL, 1290, "HY000", "The MySQL server is running with the --secure-file-priv option so it cannot execute this statement", SQL_ERROR_OF_COMMAND, ERROR_SQL_ERROR, "", "", -1},
	{MYSQL, 1836, "HY000", "Running in read-only mode", SQL_ERROR_READ_ONLY, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 1021, "HY000", "Disk full (/tmp); waiting for someone to free some space...", SQL_ERROR_RESOURCE, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 1114, "HY000", "The table 't' is full", SQL_ERROR_RESOURCE, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 1030, "HY000", "Got error 28 \"No space left on device\" from storage engine InnoDB", SQL_ERROR_RESOURCE, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 1030, "HY000", "Got error 1 \"Operation not permitted\" from storage engine InnoDB", SQL_ERROR_OF_COMMAND, ERROR_SQL_ERROR, "", "", -1},
	{MARIADB, 1045, "28000", "Access denied for user 'u'@'h' (using password: YES)", SQL_ERROR_ACCESS, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 1044, "42000", "Access denied for user 'u'@'h' to database 'd'", SQL_ERROR_ACCESS, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 1049, "42000", "Unknown database 'd'", SQL_ERROR_ACCESS, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 1698, "28000", "Access denied for user 'u'@'h'", SQL_ERROR_ACCESS, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 2059, "HY000", "Authentication plugin 'caching_sha2_password' cannot be loaded", SQL_ERROR_ACCESS, ERROR_UNAVAILABLE, "", "", -1},
	/* A trigger's own words: whatever SQLSTATE it chose, it is the command's affair. */
	{MARIADB, 1644, "40001", "not today", SQL_ERROR_OF_COMMAND, ERROR_SQL_ERROR, "", "", -1},
	/* Numbers that nobody listed, by SQLSTATE. */
	{MARIADB, 65000, "40001", "?", SQL_ERROR_TRANSACTION, ERROR_DEADLOCK, "", "", -1},
	{MARIADB, 65000, "08S01", "?", SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 65000, "28000", "?", SQL_ERROR_ACCESS, ERROR_UNAVAILABLE, "", "", -1},
	{MARIADB, 65000, "22003", "?", SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE, "", "", -1},
	{MARIADB, 65000, "42000", "?", SQL_ERROR_OF_COMMAND, ERROR_SQL_ERROR, "", "", -1},
	{MARIADB, 65000, "HY000", "?", SQL_ERROR_OF_COMMAND, ERROR_SQL_ERROR, "", "", -1},
	{MARIADB, 65000, "", "", SQL_ERROR_OF_COMMAND, ERROR_SQL_ERROR, "", "", -1},
};
/* clang-format on */

static void test_examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *example = &examples[i];
		struct sql_error error;

		sql_error_set(&error, example->kind, example->number, example->sqlstate, example->message);
		if (error.class != example->class || error.code != example->code || error.row != example->row ||
		    strcmp(error.column, example->column) != 0 || strcmp(error.constraint, example->constraint) != 0)
			fail_msg("%u \"%s\": class %d, code %s, column \"%s\", constraint \"%s\", row %d",
				 example->number, example->message, (int)error.class,
				 error_code_name((enum error_code)error.code), error.column, error.constraint,
				 error.row);
		assert_int_equal(error.number, example->number);
		assert_string_equal(error.sqlstate, example->sqlstate);
		assert_string_equal(error.message, example->message);
	}
}

/* The table is searched by halves: every number in it has to be found, which fails where the order is wrong. */
static void test_order(void **state)
{
	struct sql_error error;

	(void)state;
	sql_error_set(&error, SERVER_MARIADB, 3, "HY000", "Error writing file");
	assert_int_equal(error.class, SQL_ERROR_RESOURCE);
	sql_error_set(&error, SERVER_MARIADB, 4151, "HY000", "Access denied, this account is locked");
	assert_int_equal(error.class, SQL_ERROR_ACCESS);
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		/* With a SQLSTATE that says otherwise: only the table can have decided. */
		sql_error_set(&error, examples[i].kind, examples[i].number, "0A000", examples[i].message);
		if (examples[i].number < 60000)
			assert_int_equal(error.class, examples[i].class);
	}
}

/* Texts that are cut off or made up must not be read past their end, and name nothing. */
static void test_broken_texts(void **state)
{
	static const uint32_t numbers[] = {1048, 1054, 1062, 1143, 1263, 1292, 1348, 1364, 1366, 1406,
					   1451, 1452, 1906, 3105, 3140, 3643, 3673, 3819, 4025};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		for (size_t size = 0; size < strlen(examples[i].message); size++) {
			char text[512];

			memcpy(text, examples[i].message, size);
			text[size] = '\0';
			for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
				struct sql_error error;

				sql_error_set(&error, examples[i].kind, numbers[n], "HY000", text);
				assert_true(strlen(error.column) <= size);
				assert_true(strlen(error.constraint) <= size);
			}
		}
	}
}

static void test_long_texts_are_cut(void **state)
{
	char text[2048];
	struct sql_error error;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "Column '", 8);
	memcpy(text + sizeof(text) - 17, "' cannot be null", 17);
	sql_error_set(&error, SERVER_MARIADB, 1048, "23000", text);
	assert_int_equal(strlen(error.message), sizeof(error.message) - 1);
	memcpy(text + 400, "' cannot be null", 17);
	sql_error_set(&error, SERVER_MARIADB, 1048, "23000", text);
	assert_int_equal(strlen(error.column), sizeof(error.column) - 1);
}

static void test_lost(void **state)
{
	struct sql_error error;

	(void)state;
	sql_error_lost(&error, 2013, "silent");
	assert_int_equal(error.class, SQL_ERROR_CONNECTION);
	assert_int_equal(error.code, ERROR_UNAVAILABLE);
	assert_int_equal(error.row, -1);
	assert_string_equal(error.message, "silent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),     cmocka_unit_test(test_order),
		cmocka_unit_test(test_broken_texts), cmocka_unit_test(test_long_texts_are_cut),
		cmocka_unit_test(test_lost),
	};

	return cmocka_run_group_tests_name("database/errors", tests, NULL, NULL);
}
