/* tests/database/faults.c - the server dies, freezes, kills connections, turns read-only; the pool is closed in every
 * phase. Started by tests/database/run.py. */
#include "tests/database/harness.h"

#include "common/error.h"
#include "daemon/database/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct harness harness;

static int open_socket(void **state)
{
	(void)state;
	harness = (struct harness){0};
	harness_options(&harness.options);
	harness_open(&harness);
	script_do(&harness, "DROP TABLE IF EXISTS pet", NULL);
	script_do(&harness, "CREATE TABLE pet (id INT PRIMARY KEY, age INT) ENGINE = InnoDB", NULL);
	script_do(&harness, "INSERT INTO pet VALUES (1, 1)", NULL);
	return 0;
}

static int close_socket(void **state)
{
	(void)state;
	harness_close(&harness);
	return 0;
}

/* Runs statements on a connection of its own, with blocking calls. */
static void aside(const char *text)
{
	struct database_options options;
	struct session *session;
	struct sql_error error;

	harness_options(&options);
	assert_int_equal(session_open(&options, false, &session, &error), 0);
	if (session_query(session, bytes_of(text), NULL, NULL, NULL, &error))
		fail_msg("%s: %s", text, error.message);
	session_close(session);
}

static void wait_until_down(struct harness *on)
{
	harness_wait(on, &on->down);
	assert_false(pool_ready(on->pool));
}

static void test_killed_while_running(void **state)
{
	static struct script script = {
		.waves = {{"SELECT CONNECTION_ID()"}, {"SELECT 1", "SELECT SLEEP(20)", "SELECT 2"}},
		.last = TRANSACTION_COMMIT};
	const struct script_answer *answers = script.answers[1];
	char kill[96];

	(void)state;
	script_start(&harness, &script);
	harness_wait(&harness, &answers[0].done);
	snprintf(kill, sizeof(kill), "KILL CONNECTION %s", script.answers[0][0].first);
	aside(kill);
	harness_wait(&harness, &script.ended);
	assert_int_equal(script.end, TRANSACTION_LOST);
	assert_int_equal(script.error.class, SQL_ERROR_CONNECTION);
	/* Told once, of the statement that ran. */
	assert_true(answers[1].failed && answers[1].error.class == SQL_ERROR_CONNECTION);
	assert_false(answers[2].failed || answers[2].done);
	script_do(&harness, "SELECT 1", NULL);
	assert_int_equal(pool_counts(harness.pool).lost, 1);
}

static void test_killed_while_idle(void **state)
{
	char id[64], kill[96];
	bool lost = false;

	(void)state;
	script_do(&harness, "SELECT CONNECTION_ID()", id);
	snprintf(kill, sizeof(kill), "KILL CONNECTION %s", id);
	aside(kill);
	while (!lost) {
		uv_run(&harness.loop, UV_RUN_ONCE);
		lost = pool_counts(harness.pool).lost == 1;
	}
	script_do(&harness, "SELECT 1", NULL);
}

/* The server takes the COMMIT and says nothing: after a while the connection is cut, and nobody knows. */
static void test_silent_at_commit(void **state)
{
	static struct script script = {
		.waves = {{"SELECT 1"}}, .last = TRANSACTION_COMMIT, .before_last = control_freeze};
	struct harness quick = {0};

	(void)state;
	harness_options(&quick.options);
	quick.options.statement_timeout_ms = SHORT_TIMEOUT_MS;
	quick.options.connections = 1;
	harness_open(&quick);
	script_run(&quick, &script);
	control("thaw");
	assert_int_equal(script.end, TRANSACTION_IN_DOUBT);
	assert_int_equal(script.error.class, SQL_ERROR_CONNECTION);
	script_do(&quick, "SELECT 1", NULL);
	harness_close(&quick);
}

static void test_silent_at_statement(void **state)
{
	static struct script script = {.waves = {{"SELECT 1"}, {"SELECT 2", "SELECT 3"}}, .last = TRANSACTION_COMMIT};
	struct harness quick = {0};

	(void)state;
	harness_options(&quick.options);
	quick.options.statement_timeout_ms = SHORT_TIMEOUT_MS;
	harness_open(&quick);
	control("freeze");
	script_run(&quick, &script);
	control("thaw");
	assert_int_equal(script.end, TRANSACTION_LOST);
	assert_true(script.answers[0][0].failed);
	assert_int_equal(script.error.code, ERROR_UNAVAILABLE);
	script_do(&quick, "SELECT 1", NULL);
	harness_close(&quick);
}

static void test_server_dies_and_comes_back(void **state)
{
	static struct script script = {.waves = {{"SELECT 1", "SELECT SLEEP(20)"}}, .last = TRANSACTION_COMMIT};

	(void)state;
	script_start(&harness, &script);
	harness_wait(&harness, &script.answers[0][0].done);
	control("kill");
	harness_wait(&harness, &script.ended);
	assert_int_equal(script.end, TRANSACTION_LOST);
	wait_until_down(&harness);
	assert_int_equal(harness.trouble.class, SQL_ERROR_CONNECTION);
	assert_int_equal(pool_run(harness.pool, 1, &(struct transaction_events){0}, NULL), -EAGAIN);
	control("start");
	script_do(&harness, "SELECT 1", NULL);
	assert_false(harness.down);
	assert_true(pool_counts(harness.pool).connect_failures > 0);
}

static void test_closed_while_server_is_away(void **state)
{
	struct harness alone = {0};

	(void)state;
	harness_options(&alone.options);
	snprintf(alone.options.url.unix_socket, URL_TEXT_BYTES, "/nonexistent/socket");
	harness_open_only(&alone);
	harness_close(&alone); /* while the first try is on the thread */
	alone = (struct harness){0};
	harness_options(&alone.options);
	snprintf(alone.options.url.unix_socket, URL_TEXT_BYTES, "/nonexistent/socket");
	harness_open_only(&alone);
	wait_until_down(&alone);
	assert_int_equal(alone.trouble.number, 2002);
	harness_close(&alone); /* while it waits for the next */
}

static void test_refused(void **state)
{
	struct harness refused = {0};

	(void)state;
	harness_options_tcp(&refused.options, TLS_PREFERRED);
	snprintf(refused.options.url.password, URL_TEXT_BYTES, "wrong");
	harness_open_only(&refused);
	wait_until_down(&refused);
	assert_int_equal(refused.trouble.number, 1045);
	assert_int_equal(refused.trouble.class, SQL_ERROR_ACCESS);
	harness_close(&refused);
}

static void test_read_only(void **state)
{
	static struct script script = {.waves = {{"UPDATE pet SET age = age + 1"}}, .last = TRANSACTION_ROLLBACK};
	struct harness plain = {0};
	uint64_t connects;

	(void)state;
	aside("DROP USER IF EXISTS 'plain'@'localhost'");
	aside("CREATE USER 'plain'@'localhost'");
	aside("GRANT SELECT, UPDATE ON *.* TO 'plain'@'localhost'");
	harness_options(&plain.options);
	snprintf(plain.options.url.user, URL_TEXT_BYTES, "plain");
	harness_open(&plain);
	connects = pool_counts(plain.pool).connects;
	aside("SET GLOBAL read_only = 1");
	script_run(&plain, &script);
	aside("SET GLOBAL read_only = 0");
	assert_true(script.answers[0][0].failed);
	assert_int_equal(script.answers[0][0].error.class, SQL_ERROR_READ_ONLY);
	assert_int_equal(script.end, TRANSACTION_ROLLED_BACK);
	assert_true(plain.down);
	script_do(&plain, "UPDATE pet SET age = age + 1", NULL);
	assert_false(plain.down);
	assert_true(pool_counts(plain.pool).connects > connects); /* through another connection */
	harness_close(&plain);
}

static void test_pings_and_lifetimes(void **state)
{
	struct harness short_lived = {0};

	(void)state;
	harness_options(&short_lived.options);
	short_lived.options.idle_ping_s = 1;
	short_lived.options.max_lifetime_s = 3;
	harness_open(&short_lived);
	while (pool_counts(short_lived.pool).busy == 0)
		uv_run(&short_lived.loop, UV_RUN_ONCE);
	while (pool_counts(short_lived.pool).connects < 2)
		uv_run(&short_lived.loop, UV_RUN_ONCE);
	script_do(&short_lived, "SELECT 1", NULL);
	assert_int_equal(pool_counts(short_lived.pool).lost, 0);
	assert_int_equal(short_lived.health_calls, 1); /* up, at first */
	harness_close(&short_lived);
}

static void test_renew(void **state)
{
	static struct script script = {.waves = {{"SELECT CONNECTION_ID()", "SELECT SLEEP(0.2)"}, {"SELECT 1"}},
				       .last = TRANSACTION_COMMIT};
	char id[64];

	(void)state;
	script_start(&harness, &script);
	harness_wait(&harness, &script.answers[0][0].done);
	pool_renew(harness.pool);
	harness_wait(&harness, &script.ended);
	assert_int_equal(script.end, TRANSACTION_COMMITTED); /* it was allowed to end */
	script_do(&harness, "SELECT CONNECTION_ID()", id);
	assert_string_not_equal(id, script.answers[0][0].first);
}

/* Closes the pool after n turns of the loop, for every n until the transaction is over by itself. */
static void close_in_every_phase(void (*set_options)(struct database_options *options))
{
	bool over = false;

	for (int turns = 0; !over; turns++) {
		struct script *script = calloc(1, sizeof(*script));

		assert_non_null(script);
		script->waves[0][0] = "UPDATE pet SET age = age + 1";
		script->waves[0][1] =
			"SELECT a.COLUMN_NAME, REPEAT('x', 1000) FROM information_schema.COLUMNS a LIMIT 300";
		script->waves[0][2] = "SELECT SLEEP(0.002)";
		script->waves[1][0] = "SELECT 1";
		script->last = TRANSACTION_COMMIT;
		over = script_run_and_close(script, script, turns, set_options);
		assert_true(script->ended);
		if (over)
			assert_int_equal(script->end, TRANSACTION_COMMITTED);
		else
			assert_in_range(script->end, TRANSACTION_LOST, TRANSACTION_IN_DOUBT);
		/* It was our wish: no statement is at fault. */
		for (size_t i = 0; i < 3; i++)
			assert_false(script->answers[0][i].failed);
		free(script);
	}
}

static void over_tls(struct database_options *options)
{
	harness_options_tcp(options, TLS_PREFERRED);
}

static void test_close_in_every_phase(void **state)
{
	(void)state;
	close_in_every_phase(harness_options);
	close_in_every_phase(over_tls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_killed_while_running, open_socket, close_socket),
		cmocka_unit_test_setup_teardown(test_killed_while_idle, open_socket, close_socket),
		cmocka_unit_test(test_silent_at_commit),
		cmocka_unit_test(test_silent_at_statement),
		cmocka_unit_test_setup_teardown(test_server_dies_and_comes_back, open_socket, close_socket),
		cmocka_unit_test(test_closed_while_server_is_away),
		cmocka_unit_test(test_refused),
		cmocka_unit_test_setup_teardown(test_read_only, open_socket, close_socket),
		cmocka_unit_test(test_pings_and_lifetimes),
		cmocka_unit_test_setup_teardown(test_renew, open_socket, close_socket),
		cmocka_unit_test_setup_teardown(test_close_in_every_phase, open_socket, close_socket),
	};
	int failed;

	if (session_library_open() != 0)
		return 1;
	failed = cmocka_run_group_tests_name("database/faults", tests, NULL, NULL);
	session_library_close();
	return failed;
}
