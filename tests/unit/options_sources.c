/* options_sources.c - which source of options wins, and what each source may say wrongly. */
#include "options_support.h"

#include "common/command.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void test_later_source_wins(void **state)
{
	char batch[] = "--limits-batch=40";
	char *arguments[] = {batch, NULL};
	struct options *options = NULL;

	(void)state;
	write_file(conf,
		   "[database]\nurl = mysql://file@h/d\nconnections = 1\n[limits]\nbatch = 10\nin_flight = 100\n");
	write_file(env, "# mine\nexport ROWD_DATABASE_CONNECTIONS='2'\nROWD_LIMITS_BATCH = 20\n"
			"ROWD_LIMITS_IN_FLIGHT=\"200\" # two hundred\nOTHER=1\nDATABASE_URL=\n");
	setenv("ROWD_LIMITS_BATCH", "30", 1);
	setenv("DATABASE_URL", "mysql://environment@h/d", 1);
	setenv("ROWD_LOG_LEVEL", "", 1);
	setenv("ROWD_SERVICE_HOST", "10.0.0.1", 1);
	problems[0] = '\0';
	int result = options_load(conf, env, arguments, note_problem, NULL, &options);
	assert_string_equal(problems, "");
	assert_int_equal(result, 0);
	assert_string_equal(options->database.url.user, "environment");
	assert_int_equal(options->database.connections, 2);
	assert_int_equal(options->limits.in_flight, 200);
	assert_int_equal(options->limits.batch, 40);
	assert_int_equal(options->log_level, LEVEL_INFO);
	options_free(options);
}

static void test_queue_options_outside_the_file(void **state)
{
	(void)state;
	setenv("ROWD_QUEUE_OPS", "read", 1);
	struct options *options = load_fine("[queue \"a\"]\nops = count\n[queue \"b\"]\n", "--queue_max-rows=7");
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(options->queues[i].policy.ops, 1u << OP_READ);
		assert_int_equal(options->queues[i].policy.max_rows, 7);
	}
	options_free(options);
}

static void test_environment_faults(void **state)
{
	(void)state;
	setenv("ROWD_LIMITS_BATSH", "3", 1);
	refuses("", NULL, "ROWD_LIMITS_BATSH|no such option|did you mean ROWD_LIMITS_BATCH?\n");
	unsetenv("ROWD_LIMITS_BATSH");
	setenv("ROWD_LIMITS_BATCH", "many", 1);
	refuses("", NULL, "ROWD_LIMITS_BATCH|batch: not a whole number|from 1 to 10000\n");
	unsetenv("ROWD_LIMITS_BATCH");
	setenv("ROWD_DATABASE_URL", "mysql://u@h/d", 1);
	refuses("", NULL, "ROWD_DATABASE_URL|[database] url has a variable of its own|use DATABASE_URL\n");
	unsetenv("ROWD_DATABASE_URL");
	setenv("ROWD_HTTP_LISTEN", "x", 1);
	refuses("", NULL, "ROWD_HTTP_LISTEN|not in this version|\n");
	unsetenv("ROWD_HTTP_LISTEN");
}

static void test_argument_faults(void **state)
{
	(void)state;
	refuses("", "--limits-bach=3", "--limits-bach|no such option|did you mean --limits-batch?\n");
	refuses("", "--limits-batch", "--limits-batch|has no value|write --limits-batch=NUMBER\n");
	refuses("", "limits", "limits|not an option|options are --section-key=value\n");
	refuses("", "", "an argument|not an option|options are --section-key=value\n");
	/* What may be a password is never told. */
	refuses("", "--databse-url=mysql://u:secret@h/d",
		"--databse-url|no such option|did you mean --database-url?\n");
	assert_null(strstr(problems, "secret"));
}

static void test_missing_files(void **state)
{
	char *arguments[] = {database_argument, NULL};
	struct options *options = NULL;

	(void)state;
	problems[0] = '\0';
	assert_int_equal(
		options_load("/nonexistent/rowd.conf", "/nonexistent/.env", arguments, note_problem, NULL, &options),
		-EINVAL);
	assert_string_equal(problems, "/nonexistent/rowd.conf|cannot be read: No such file or directory|\n"
				      "/nonexistent/.env|cannot be read: No such file or directory|\n");
}

static void test_credentials(void **state)
{
	struct options *options = NULL;

	(void)state;
	write_file(conf, "");
	write_file(credential, "mysql://credential@h/d\n");
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	problems[0] = '\0';
	assert_int_equal(options_load(conf, NULL, NULL, note_problem, NULL, &options), 0);
	assert_string_equal(options->database.url.user, "credential");
	options_free(options);
	/* Whatever else sets it wins. */
	options = load_fine("", NULL);
	assert_string_equal(options->database.url.user, "u");
	options_free(options);
	write_file(credential, "nonsense");
	assert_int_equal(options_load(conf, NULL, NULL, note_problem, NULL, &options), -EINVAL);
	assert_string_equal(problems, "database_url|url: not a URL: it has no '://'|\n");
	unlink(credential);
}

static void test_runtime_directory(void **state)
{
	(void)state;
	setenv("RUNTIME_DIRECTORY", "/run/rowd-a:/run/rowd-b", 1);
	struct options *options = load_fine("", NULL);
	assert_string_equal(options->runtime_directory, "/run/rowd-a");
	options_free(options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_later_source_wins, options_set_up),
		cmocka_unit_test_setup(test_queue_options_outside_the_file, options_set_up),
		cmocka_unit_test_setup(test_environment_faults, options_set_up),
		cmocka_unit_test_setup(test_argument_faults, options_set_up),
		cmocka_unit_test_setup(test_missing_files, options_set_up),
		cmocka_unit_test_setup(test_credentials, options_set_up),
		cmocka_unit_test_setup(test_runtime_directory, options_set_up),
	};

	return cmocka_run_group_tests(tests, options_open, options_close);
}
