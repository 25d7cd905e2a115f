/* tests/database/transactions.c - transactions on a real server: what is answered, in which order, and that the loop
 * turns meanwhile. Started by tests/database/run.py. */
#include "tests/database/harness.h"

#include "common/error.h"
#include "common/log.h"
#include "daemon/database/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct harness harness;

static int open_socket(void **state)
{
	(void)state;
	harness = (struct harness){0};
	harness_options(&harness.options);
	harness_open(&harness);
	script_do(&harness, "DROP TABLE IF EXISTS pet", NULL);
	script_do(&harness,
		  "CREATE TABLE pet (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL, age INT, "
		  "UNIQUE KEY `na``me` (name), CONSTRAINT age_positive CHECK (age >= 0)) ENGINE = InnoDB",
		  NULL);
	return 0;
}

static int close_socket(void **state)
{
	(void)state;
	harness_close(&harness);
	return 0;
}

static void test_session(void **state)
{
	static const struct {
		const char *text, *value;
	} expected[] = {
		{"SELECT @@autocommit", "0"},
		{"SELECT @@time_zone", "+00:00"},
		{"SELECT @@innodb_lock_wait_timeout", "5"},
		{"SELECT @@character_set_client", "utf8mb4"},
		{"SELECT @@character_set_results", "utf8mb4"},
		{"SELECT @@explicit_defaults_for_timestamp", "1"},
	};
	char value[64];

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		script_do(&harness, expected[i].text, value);
		assert_string_equal(value, expected[i].value);
	}
	script_do(&harness, "SELECT @@sql_mode LIKE '%STRICT_ALL_TABLES%' AND @@sql_mode NOT LIKE '%BACKSLASH%'",
		  value);
	assert_string_equal(value, "1");
	/* Its name differs between servers and versions. */
	script_do(&harness, "SHOW SESSION VARIABLES WHERE Value = 'READ-COMMITTED'", value);
	assert_non_null(strstr(value, "_isolation"));
}

/* The server goes on after an error, and so does the wave; each statement has the answer it would have had alone. */
static void test_error_in_the_middle(void **state)
{
	static struct script script = {
		.waves = {{"INSERT INTO pet (id, name) VALUES (1, 'kim')",
			   "INSERT INTO pet (id, name) VALUES (2, 'kim')",
			   "INSERT INTO pet (id, name) VALUES (3, NULL)",
			   "INSERT INTO pet (id, name, age) VALUES (4, 'tom', -1)",
			   "INSERT INTO pet (id, name) VALUES (5, 'far too long a name for it')",
			   "SELECT id, name FROM pet ORDER BY id", "INSERT INTO pet (name) VALUES ('eve')"},
			  {"SELECT COUNT(*) FROM pet"}},
		.last = TRANSACTION_COMMIT};
	const struct script_answer *answers = script.answers[0];

	(void)state;
	script_run(&harness, &script);
	assert_true(answers[0].done && answers[0].result.affected == 1);
	assert_true(answers[1].failed && answers[1].error.code == ERROR_UNIQUE_VIOLATION);
	assert_string_equal(answers[1].error.constraint, "na`me");
	assert_true(answers[2].failed && answers[2].error.code == ERROR_NOT_NULL_VIOLATION);
	assert_string_equal(answers[2].error.column, "name");
	assert_true(answers[3].failed && answers[3].error.code == ERROR_CHECK_VIOLATION);
	assert_string_equal(answers[3].error.constraint, "age_positive");
	assert_true(answers[4].failed && answers[4].error.code == ERROR_DATA_TOO_LONG);
	assert_string_equal(answers[4].error.column, "name");
	assert_int_equal(answers[4].error.row, 0);
	assert_true(answers[5].done && answers[5].rows == 1 && answers[5].result.affected == 1);
	assert_true(answers[6].done && answers[6].result.insert_id > 0);
	assert_string_equal(script.answers[1][0].first, "2");
	assert_int_equal(script.end, TRANSACTION_COMMITTED);
	assert_int_equal(script.error.number, 0);
}

static void test_matched_and_affected(void **state)
{
	static struct script script = {.waves = {{"INSERT INTO pet (id, name, age) VALUES (1, 'a', 1), (2, 'b', 2)",
						  "UPDATE pet SET age = 2", "UPDATE pet SET age = 9 WHERE id = 7",
						  "SELECT 1 FROM pet WHERE id = 7", "DELETE FROM pet WHERE age = 2"}},
				       .last = TRANSACTION_ROLLBACK};
	const struct script_answer *answers = script.answers[0];
	char count[64];

	(void)state;
	script_run(&harness, &script);
	assert_int_equal(answers[0].result.affected, 2);
	assert_int_equal(answers[1].result.matched, 2);
	assert_int_equal(answers[1].result.affected, 1);
	assert_int_equal(answers[2].result.matched, 0);
	assert_true(answers[3].done && answers[3].rows == 0);
	assert_int_equal(answers[4].result.affected, 2);
	assert_int_equal(script.end, TRANSACTION_ROLLED_BACK);
	script_do(&harness, "SELECT COUNT(*) FROM pet", count);
	assert_string_equal(count, "0");
}

/* Far more than the server and we could have in flight without reading, in statements small and large, with answers
 * as large. */
static void test_more_than_fits_in_flight(void **state)
{
	enum { LARGE_BYTES = 3 * 1024 * 1024, SMALL_BYTES = 50 * 1024 };
	static struct script script = {.last = TRANSACTION_COMMIT};
	char *texts[SCRIPT_STATEMENTS - 1];
	(void)state;
	for (size_t i = 0; i < SCRIPT_STATEMENTS - 1; i++) {
		size_t size = i % 8 == 7 ? LARGE_BYTES : SMALL_BYTES + i;

		texts[i] = malloc(size + 32);
		assert_non_null(texts[i]);
		memcpy(texts[i], "SELECT '", 8);
		memset(texts[i] + 8, 'x', size);
		memcpy(texts[i] + 8 + size, "'", 2);
		script.waves[0][i] = texts[i];
	}
	script_run(&harness, &script);
	for (size_t i = 0; i < SCRIPT_STATEMENTS - 1; i++) {
		assert_true(script.answers[0][i].done);
		assert_int_equal(script.answers[0][i].rows, 1);
		free(texts[i]);
	}
	assert_int_equal(script.end, TRANSACTION_COMMITTED);
	assert_int_equal(strlen(script.answers[0][0].first), 63);
}

/* A lock by name, which another connection holds: whoever runs these two waits until it is opened. */
#define WAIT_AT_THE_GATE "SELECT GET_LOCK('gate', 30)", "SELECT RELEASE_LOCK('gate')"

static struct session *close_gate(void)
{
	struct database_options options;
	struct session *gate;
	struct sql_error error;

	harness_options(&options);
	assert_int_equal(session_open(&options, false, &gate, &error), 0);
	assert_int_equal(session_query(gate, BYTES("SELECT GET_LOCK('gate', 0)"), NULL, NULL, NULL, &error), 0);
	return gate;
}

static void open_gate(struct session *gate)
{
	struct sql_error error;

	assert_int_equal(session_query(gate, BYTES("SELECT RELEASE_LOCK('gate')"), NULL, NULL, NULL, &error), 0);
	session_close(gate);
}

static void test_deadlock(void **state)
{
	static struct script one = {
		.waves = {{"SET SESSION innodb_lock_wait_timeout = 60", "UPDATE pet SET age = 1 WHERE id = 1"},
			  {WAIT_AT_THE_GATE},
			  {"UPDATE pet SET age = 1 WHERE id = 2", "SELECT 1"}},
		.last = TRANSACTION_ROLLBACK};
	static struct script other = {
		.waves = {{"SET SESSION innodb_lock_wait_timeout = 60", "UPDATE pet SET age = 2 WHERE id = 2"},
			  {WAIT_AT_THE_GATE},
			  {"UPDATE pet SET age = 2 WHERE id = 1", "SELECT 1"}},
		.last = TRANSACTION_ROLLBACK};
	const struct script_answer *victim;
	struct session *gate;

	(void)state;
	script_do(&harness, "INSERT INTO pet (id, name) VALUES (1, 'a'), (2, 'b')", NULL);
	gate = close_gate();
	script_start(&harness, &one);
	script_start(&harness, &other);
	harness_wait(&harness, &one.answers[0][1].done);
	harness_wait(&harness, &other.answers[0][1].done);
	open_gate(gate);
	harness_wait(&harness, &one.ended);
	harness_wait(&harness, &other.ended);
	assert_true(one.answers[2][0].failed != other.answers[2][0].failed);
	victim = one.answers[2][0].failed ? one.answers[2] : other.answers[2];
	assert_int_equal(victim[0].error.number, 1213);
	assert_int_equal(victim[0].error.class, SQL_ERROR_TRANSACTION);
	assert_true(victim[1].done); /* pipelined behind it, and in a transaction still: autocommit is off */
	assert_int_equal(one.end, TRANSACTION_ROLLED_BACK);
	assert_int_equal(other.end, TRANSACTION_ROLLED_BACK);
}

static void test_lock_wait(void **state)
{
	static struct script holder = {.waves = {{"UPDATE pet SET age = 1 WHERE id = 1"}, {WAIT_AT_THE_GATE}},
				       .last = TRANSACTION_COMMIT};
	static struct script waiter = {
		.waves = {{"SET SESSION innodb_lock_wait_timeout = 1"}, {"UPDATE pet SET age = 2 WHERE id = 1"}},
		.last = TRANSACTION_ROLLBACK};
	struct session *gate;

	(void)state;
	script_do(&harness, "INSERT INTO pet (id, name) VALUES (1, 'a')", NULL);
	gate = close_gate();
	script_start(&harness, &holder);
	harness_wait(&harness, &holder.answers[0][0].done);
	script_start(&harness, &waiter);
	harness_wait(&harness, &waiter.ended);
	assert_true(waiter.answers[1][0].failed);
	assert_int_equal(waiter.answers[1][0].error.class, SQL_ERROR_LOCK_WAIT);
	assert_int_equal(waiter.answers[1][0].error.number, 1205);
	open_gate(gate);
	harness_wait(&harness, &holder.ended);
	assert_int_equal(holder.end, TRANSACTION_COMMITTED);
}

static void test_statement_timeout(void **state)
{
	static struct script script = {.waves = {{"SELECT COUNT(*) FROM information_schema.COLUMNS a, "
						  "information_schema.COLUMNS b, information_schema.COLUMNS c",
						  "SELECT 5"}},
				       .last = TRANSACTION_ROLLBACK};
	struct harness quick = {0};

	(void)state;
	harness_options(&quick.options);
	quick.options.statement_timeout_ms = 300;
	harness_open(&quick);
	script_run(&quick, &script);
	assert_true(script.answers[0][0].failed);
	assert_int_equal(script.answers[0][0].error.class, SQL_ERROR_TIME);
	assert_int_equal(script.answers[0][0].error.code, ERROR_TIMEOUT);
	assert_string_equal(script.answers[0][1].first, "5");
	assert_int_equal(script.end, TRANSACTION_ROLLED_BACK);
	harness_close(&quick);
}

static const char hundred_thousand_rows[] =
	"WITH d AS (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL "
	"SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) "
	"SELECT CONCAT(a.n, b.n, c.n, e.n, f.n), REPEAT('x', 100) FROM d a, d b, d c, d e, d f";

static void test_large_result(void **state)
{
	static struct script script = {.waves = {{hundred_thousand_rows, "SELECT 7"}}, .last = TRANSACTION_COMMIT};

	uint32_t most = 0;

	(void)state;
	script_start(&harness, &script);
	while (!script.ended) {
		uint32_t before = script.answers[0][0].rows;

		uv_run(&harness.loop, UV_RUN_ONCE);
		if (script.answers[0][0].rows - before > most)
			most = script.answers[0][0].rows - before;
	}
	/* At most a slice of 2 ms in a turn, which counted in rows is some thousands, whatever the machine is busy
	 * with. */
	assert_in_range(most, 1, 25000);
	assert_int_equal(script.answers[0][0].rows, 100000);
	assert_int_equal(script.answers[0][0].result.affected, 100000);
	assert_string_equal(script.answers[0][1].first, "7");
}

static void test_unwanted_rows(void **state)
{
	static struct script script = {
		.waves = {{hundred_thousand_rows, "SELECT 7"}}, .last = TRANSACTION_COMMIT, .rows_wanted = 10};

	(void)state;
	script_run(&harness, &script);
	assert_int_equal(script.answers[0][0].rows, 10);
	assert_int_equal(script.answers[0][0].result.affected, 100000);
	assert_string_equal(script.answers[0][1].first, "7");
}

static void check_loop_turns(struct harness *on)
{
	struct script *script = calloc(1, sizeof(*script));
	struct session *gate;

	assert_non_null(script);
	script->waves[0][0] = "SELECT GET_LOCK('gate', 30)";
	script->last = TRANSACTION_COMMIT;
	gate = close_gate();
	script_start(on, script);
	harness_start_ticking(on);
	/* The gate is opened by this loop: one that is held by the statement ticks on when that has given up. */
	while (on->ticks < 100)
		uv_run(&on->loop, UV_RUN_ONCE);
	harness_stop_ticking(on);
	assert_false(script->answers[0][0].done);
	open_gate(gate);
	harness_wait(on, &script->ended);
	assert_string_equal(script->answers[0][0].first, "1");
	free(script);
}

static void test_loop_turns(void **state)
{
	(void)state;
	check_loop_turns(&harness);
}

/* The server's certificate is one of ours, or one that MySQL made for itself, which no host name fits. */
static void test_tls(void **state)
{
	static const enum tls_mode modes[] = {TLS_PREFERRED, TLS_REQUIRED, TLS_VERIFY};
	static char ca[256];
	bool have_ca = getenv("ROWD_TEST_TLS_CA") != NULL;

	(void)state;
	if (have_ca)
		snprintf(ca, sizeof(ca), "%s", getenv("ROWD_TEST_TLS_CA"));
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]) - !have_ca; i++) {
		struct harness encrypted = {0};
		char name[64];

		harness_options_tcp(&encrypted.options, modes[i]);
		if (modes[i] == TLS_VERIFY)
			encrypted.options.tls_ca = ca;
		harness_open(&encrypted);
		script_do(&encrypted, "SHOW SESSION STATUS WHERE Variable_name = 'Ssl_cipher' AND Value <> ''", name);
		assert_string_equal(name, "Ssl_cipher");
		harness_close(&encrypted);
	}
}

static void test_large_result_over_tls(void **state)
{
	static struct script script = {.waves = {{hundred_thousand_rows, "SELECT 7"}}, .last = TRANSACTION_COMMIT};
	struct harness encrypted = {0};

	(void)state;
	harness_options_tcp(&encrypted.options, TLS_REQUIRED);
	harness_open(&encrypted);
	check_loop_turns(&encrypted);
	script_run(&encrypted, &script);
	assert_int_equal(script.answers[0][0].rows, 100000);
	assert_int_equal(script.end, TRANSACTION_COMMITTED);
	harness_close(&encrypted);
}

static void test_tls_is_verified(void **state)
{
	static char other_ca[256];
	struct database_options options;
	struct session *session = NULL;
	struct sql_error error = {0};

	(void)state;
	/* Another authority than the server's. Without any, Connector/C 3.4 and MariaDB 11.4 vouch for a certificate by
	 * means of the password. */
	harness_options_tcp(&options, TLS_VERIFY);
	snprintf(other_ca, sizeof(other_ca), "%s", getenv("ROWD_TEST_TLS_OTHER_CA"));
	options.tls_ca = other_ca;
	assert_int_equal(session_open(&options, false, &session, &error), -EIO);
	assert_int_equal(error.class, SQL_ERROR_CONNECTION);
	harness_options_tcp(&options, TLS_OFF);
	assert_int_equal(session_open(&options, false, &session, &error), 0);
	session_close(session);
}

/* Runs one statement with its log in a file; returns what was logged, to be freed. */
static char *logged_with(enum echo_mode mode)
{
	static const char statement[] = "SELECT 'secret', 12345 + 1 FROM DUAL WHERE 'secret' = 'secret'";
	struct harness logging = {0};
	FILE *file = tmpfile();
	char *text = calloc(1, 8192);

	assert_non_null(file);
	assert_non_null(text);
	harness_options(&logging.options);
	logging.options.echo = mode;
	harness_open(&logging);
	log_open(fileno(file), LEVEL_INFO, LOG_FORMAT_TEXT);
	script_do(&logging, statement, NULL);
	log_open(STDERR_FILENO, LEVEL_WARNING, LOG_FORMAT_TEXT);
	harness_close(&logging);
	rewind(file);
	assert_true(fread(text, 1, 8191, file) < 8191);
	fclose(file);
	return text;
}

static void test_echo(void **state)
{
	char *off = logged_with(ECHO_OFF), *on = logged_with(ECHO_ON), *params = logged_with(ECHO_PARAMS);

	(void)state;
	assert_string_equal(off, "");
	assert_non_null(strstr(on, "SELECT ?, ? + ? FROM DUAL WHERE ? = ?"));
	assert_null(strstr(on, "secret"));
	assert_null(strstr(on, "12345"));
	assert_non_null(strstr(on, "rows=1"));
	assert_non_null(strstr(on, "COMMIT"));
	assert_non_null(strstr(params, "SELECT 'secret', 12345 + 1"));
	free(off);
	free(on);
	free(params);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_session, open_socket, close_socket),
		cmocka_unit_test_setup_teardown(test_error_in_the_middle, open_socket, close_socket),
		cmocka_unit_test_setup_teardown(test_matched_and_affected, open_socket, close_socket),
		cmocka_unit_test_setup_teardown(test_more_than_fits_in_flight, open_socket, close_socket),
		cmocka_unit_test_setup_teardown(test_deadlock, open_socket, close_socket),
		cmocka_unit_test_setup_teardown(test_lock_wait, open_socket, close_socket),
		cmocka_unit_test_setup_teardown(test_large_result, open_socket, close_socket),
		cmocka_unit_test_setup_teardown(test_unwanted_rows, open_socket, close_socket),
		cmocka_unit_test_setup_teardown(test_loop_turns, open_socket, close_socket),
		cmocka_unit_test(test_statement_timeout),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_large_result_over_tls),
		cmocka_unit_test(test_tls_is_verified),
		cmocka_unit_test(test_echo),
	};
	int failed;

	if (session_library_open() != 0)
		return 1;
	failed = cmocka_run_group_tests_name("database/transactions", tests, NULL, NULL);
	session_library_close();
	return failed;
}
