/* Options: which source wins, what each fault is called, what is printed. */
#include "daemon/options.h"
#include "common/command.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/rowd-options-XXXXXX";
static char conf[64], env[64], credential[64];
static char problems[8192]; /* "where|what|hint\n" of the last load */

static char database_argument[] = "--database-url=mysql://u@h/d";

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void note_problem(void *context, const struct options_problem *problem)
{
	size_t size = strlen(problems);
	const char *where = problem->where;

	(void)context;
	if (strncmp(where, directory, strlen(directory)) == 0)
		where += strlen(directory) + 1;
	snprintf(problems + size, sizeof(problems) - size, "%s|%s|%s\n", where, problem->what, problem->hint);
}

/* Loads with conf, the words given and a database URL. Returns NULL when problems were found. */
static struct options *load(const char *text, const char *word)
{
	char *arguments[] = {database_argument, (char *)(uintptr_t)word, NULL};
	struct options *options = NULL;

	write_file(conf, text);
	problems[0] = '\0';
	int result = options_load(conf, NULL, arguments, note_problem, NULL, &options);
	assert_int_equal(result, options ? 0 : -EINVAL);
	assert_int_equal(problems[0] == '\0', options != NULL);
	return options;
}

static struct options *load_fine(const char *text, const char *word)
{
	struct options *options = load(text, word);

	if (!options)
		fail_msg("%s", problems);
	return options;
}

/* One problem, and this one. */
static void refuses(const char *text, const char *word, const char *expected)
{
	assert_null(load(text, word));
	assert_string_equal(problems, expected);
}

/* A problem, whose where, what and hint begin so. */
static void refuses_like(const char *text, const char *word, const char *start)
{
	assert_null(load(text, word));
	if (strncmp(problems, start, strlen(start)) != 0)
		fail_msg("'%s' does not begin with '%s'", problems, start);
}

static int set_up(void **state)
{
	static char *empty[] = {NULL};

	(void)state;
	environ = empty;
	return 0;
}

/* ---- what is there when nobody says anything ---- */

static void test_defaults(void **state)
{
	(void)state;
	struct options *options = load_fine("", NULL);

	assert_int_equal(options->database.connections, 8);
	assert_int_equal(options->database.statement_timeout_ms, 30000);
	assert_int_equal(options->database.tls, TLS_PREFERRED);
	assert_int_equal(options->limits.in_flight_bytes, 64 << 20);
	assert_int_equal(options->limits.message_bytes, 1 << 20);
	assert_int_equal(options->delivery.lease_ms, 10000);
	assert_int_equal(options->log_level, LEVEL_INFO);
	assert_string_equal(options->redis.url.host, "127.0.0.1");
	assert_int_equal(options->queue_count, 1);
	const struct queue_options *queue = &options->queues[0];
	assert_string_equal(queue->key, "rowd:commands");
	assert_int_equal(queue->policy.table_count, 0);
	assert_int_equal(queue->policy.ops, (1u << OP_COUNT_OF_OPS) - 2);
	assert_int_equal(queue->policy.max_rows, 10000);
	assert_int_equal(queue->policy.reply_bytes, 8 << 20);
	assert_int_equal(queue->policy.message_bytes, 1 << 20);
	assert_false(queue->shared);
	assert_true(bytes_equal_text(queue->policy.queue, "rowd:commands"));
	assert_true(bytes_equal_text(queue->policy.reply_prefix, "rowd:reply:"));
	assert_true(bytes_equal_text(queue->policy.delivery, "at-least-once"));
	options_free(options);
}

static void test_no_database(void **state)
{
	struct options *options = NULL;

	(void)state;
	write_file(conf, "");
	problems[0] = '\0';
	assert_int_equal(options_load(conf, NULL, NULL, note_problem, NULL, &options), -EINVAL);
	assert_string_equal(problems, "[database] url|no database is named|"
				      "set DATABASE_URL=mysql://user:password@host:3306/name\n");
}

/* ---- the file ---- */

static void test_file(void **state)
{
	(void)state;
	struct options *options = load_fine("\xef\xbb\xbf# comment\n; another\r\n"
					    "[database]\n"
					    "  connections=3  \n"
					    "statement_timeout_ms = 2s\n"
					    "echo = Params\n"
					    "[ limits ]\n"
					    "in_flight_bytes = 2 MiB\n"
					    "message_bytes = 64K\n"
					    "[queue \"shop orders; #1\"]\n"
					    "tables = animals, shop_*\tusers\n"
					    "ops = read,count\n"
					    "shared = yes\n"
					    "reply_prefix = answers:\n"
					    "[queue \"b\"]\n",
					    NULL);

	assert_int_equal(options->database.connections, 3);
	assert_int_equal(options->database.statement_timeout_ms, 2000);
	assert_int_equal(options->database.echo, ECHO_PARAMS);
	assert_int_equal(options->limits.in_flight_bytes, 2 << 20);
	assert_int_equal(options->limits.message_bytes, 64 << 10);
	assert_int_equal(options->queue_count, 2);
	const struct queue_options *queue = &options->queues[0];
	assert_string_equal(queue->key, "shop orders; #1");
	assert_int_equal(queue->policy.table_count, 3);
	assert_true(bytes_equal_text(queue->policy.tables[0], "animals"));
	assert_true(bytes_equal_text(queue->policy.tables[1], "shop_*"));
	assert_true(bytes_equal_text(queue->policy.tables[2], "users"));
	assert_int_equal(queue->policy.ops, 1u << OP_READ | 1u << OP_COUNT);
	assert_true(queue->shared);
	assert_true(bytes_equal_text(queue->policy.reply_prefix, "answers:"));
	assert_int_equal(options->queues[1].policy.table_count, 0);
	options_free(options);
}

static void test_long_lines(void **state)
{
	char text[4096] = "[queue \"";

	(void)state;
	memset(text + strlen(text), 'k', 300);
	strcat(text, "\"]\ntables = ");
	for (int i = 0; i < 300; i++)
		strcat(text, "animals ");
	strcat(text, "\n");
	struct options *options = load_fine(text, NULL);
	assert_int_equal(strlen(options->queues[0].key), 300);
	assert_int_equal(options->queues[0].policy.table_count, 300);
	options_free(options);
}

static void test_file_faults(void **state)
{
	(void)state;
	refuses("[database]\nconections = 3\n", NULL, "rowd.conf:2|no option 'conections'|did you mean connections?\n");
	refuses("[databse]\nx = 3\ny = 4\n", NULL, "rowd.conf:1|no section 'databse'|did you mean database?\n");
	refuses("[nothing]\n", NULL, "rowd.conf:1|no section 'nothing'|\n");
	refuses("batch = 3\n", NULL, "rowd.conf:1|a setting before the first [section]|\n");
	refuses("[limits\n", NULL, "rowd.conf:1|the section's ']' is missing|\n");
	refuses("[limits] # x\n", NULL, "rowd.conf:1|the section's ']' is missing|\n");
	refuses("[limits]\nbatch\n", NULL,
		"rowd.conf:2|neither a section nor a setting|key = value, [section], or # a comment\n");
}

static void test_file_twice(void **state)
{
	char expected[128];

	(void)state;
	snprintf(expected, sizeof(expected), "rowd.conf:4|batch is already set at %s:2|\n", conf);
	refuses("[limits]\nbatch = 3\n[limits]\nbatch = 4\n", NULL, expected);
	refuses("[queue \"a\"]\n[queue \"a\"]\nops = nonsense\n", NULL,
		"rowd.conf:2|a second section for the queue 'a'|\n");
}

static void test_every_fault_is_told(void **state)
{
	(void)state;
	refuses("[limits]\nbatch = x\nbatsh = 3\n[log]\nlevel = loud\n", "--nonsense=1",
		"rowd.conf:2|batch: not a whole number|from 1 to 10000\n"
		"rowd.conf:3|no option 'batsh'|did you mean batch?\n"
		"rowd.conf:5|level: not one of its words|one of error, warning, info, debug\n"
		"--nonsense|no such option|\n");
}

static void test_queue_faults(void **state)
{
	(void)state;
	refuses("[queue]\n", NULL, "rowd.conf:1|a queue has no key|[queue \"rowd:commands\"]\n");
	refuses("[queue a]\n", NULL, "rowd.conf:1|a queue has no key|[queue \"rowd:commands\"]\n");
	refuses("[queue \"\"]\n", NULL, "rowd.conf:1|a queue's key is empty|[queue \"KEY\"]\n");
	refuses("[queue \"a{b}\"]\n", NULL, "rowd.conf:1|a brace in a queue's key|rowd's own keys are {KEY}:...\n");
	refuses("[log \"a\"]\n", NULL, "rowd.conf:1|[log] takes no name|\n");
	refuses("[queue \"a\"]\ntables =\n", NULL, "rowd.conf:2|tables: no table at all|* for all\n");
	refuses("[queue \"a\"]\ntables = a*b\n", NULL,
		"rowd.conf:2|tables: a '*' stands inside 'a*b'|only at the end of a name, as in shop_*\n");
	refuses("[queue \"a\"]\nops = ,\n", NULL, "rowd.conf:2|ops: no operation at all|\n");
	refuses("[queue \"a\"]\nops = raed\n", NULL, "rowd.conf:2|ops: no operation 'raed'|did you mean read?\n");
	refuses("[queue \"a\"]\nshared = perhaps\n", NULL, "rowd.conf:2|shared: neither yes nor no|\n");
}

static void test_not_in_this_version(void **state)
{
	(void)state;
	refuses("[http]\nlisten = x\n", NULL, "rowd.conf:1|[http] is not in this version|\n");
	refuses("[delivery]\nonce_window_s = 1\n", NULL, "rowd.conf:2|once_window_s is not in this version|\n");
	refuses("[redis]\ntls = on\n", NULL, "rowd.conf:2|tls is not in this version|\n");
	refuses("[redis]\nurl = rediss://h\n", NULL,
		"rowd.conf:2|url: rediss:// (TLS) is not in this version|redis:// or unix://\n");
	refuses("[queue \"a\"]\ndelivery = exactly-once\n", NULL,
		"rowd.conf:2|delivery: exactly-once is not in this version|at-least-once\n");
	refuses("[queue \"a\"]\nops = read sql\n", NULL, "rowd.conf:2|ops: sql is not in this version|\n");
	refuses("", "--http-listen=", "--http-listen|not in this version|\n");
	refuses("", "--delivery-once-window-s=5", "--delivery-once-window-s|not in this version|\n");
}

static void test_numbers(void **state)
{
	(void)state;
	refuses("[limits]\nbatch = 0\n", NULL, "rowd.conf:2|batch: too small|from 1 to 10000\n");
	refuses("[limits]\nbatch = 10001\n", NULL, "rowd.conf:2|batch: too large|from 1 to 10000\n");
	refuses("[limits]\nbatch = 99999999999999999999999\n", NULL, "rowd.conf:2|batch: too large|from 1 to 10000\n");
	refuses("[limits]\nbatch = -1\n", NULL, "rowd.conf:2|batch: not a whole number|from 1 to 10000\n");
	refuses("[limits]\nbatch = \n", NULL, "rowd.conf:2|batch: not a whole number|from 1 to 10000\n");
	refuses("[limits]\nbatch = 1 K\n", NULL,
		"rowd.conf:2|batch: not a whole number with a known unit|from 1 to 10000\n");
	refuses("[limits]\nbatch = 10 ; ten\n", NULL,
		"rowd.conf:2|batch: not a whole number with a known unit|from 1 to 10000\n");
	refuses("[limits]\nmessage_bytes = 1 MB\n", NULL,
		"rowd.conf:2|message_bytes: not a whole number with a known unit|"
		"from 1 KiB to 64 MiB\n");
	refuses("[limits]\nmessage_bytes = 18446744073709551615 G\n", NULL,
		"rowd.conf:2|message_bytes: too large|from 1 KiB to 64 MiB\n");
	refuses("[delivery]\nlease_ms = 10\n", NULL,
		"rowd.conf:2|lease_ms: too small|from 500 to 3600000 ms (or s, min)\n");
}

/* ---- between options ---- */

static void test_between_options(void **state)
{
	(void)state;
	refuses_like("[limits]\nbatch = 10\nin_flight = 9\n", NULL, "");
	assert_non_null(strstr(problems, "rowd.conf:2|batch (10) is larger than in_flight (9)|\n"));
	refuses_like("[limits]\nmessage_bytes = 1M\nin_flight_bytes = 512K\n", NULL, "");
	assert_non_null(strstr(problems, "rowd.conf:2|message_bytes is larger than in_flight_bytes"));
	refuses("[reply]\nprefix = rowd:\n", NULL,
		"rowd.conf:2|the queue 'rowd:commands' begins with the reply prefix 'rowd:'|"
		"replies could become commands: take another key, or another prefix\n");
	refuses("[queue \"a\"]\nreply_prefix = b\n[queue \"bc\"]\n", NULL,
		"rowd.conf:2|the queue 'bc' begins with the reply prefix 'b'|"
		"replies could become commands: take another key, or another prefix\n");
	/* Once, however many queues have that prefix. */
	refuses("[queue \"a\"]\n[queue \"rowd:reply:x\"]\n[queue \"b\"]\n", NULL,
		"rowd.conf:2|the queue 'rowd:reply:x' begins with the reply prefix 'rowd:reply:'|"
		"replies could become commands: take another key, or another prefix\n");
	refuses_like("[queue \"a\"]\nreply_prefix =\n", NULL, "rowd.conf:2|reply_prefix is empty");
	refuses_like("[reply]\nprefix =\n", NULL, "rowd.conf:2|prefix is empty|rowd:reply:\n");
	refuses("[database]\ntls_cert = x\n", NULL, "rowd.conf:2|tls_cert and tls_key only make sense together|\n");
}

/* ---- precedence ---- */

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

/* ---- printing ---- */

static char *printed(const struct options *options, void (*print)(FILE *to))
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (print)
		print(to);
	else
		options_print(options, to);
	fclose(to);
	return text;
}

static void test_print(void **state)
{
	(void)state;
	setenv("REDIS_URL", "redis://:secret@h", 1);
	struct options *options = load_fine("[queue \"a\"]\nmax_rows = 5\n", "--limits-batch=3");
	char *text = printed(options, NULL);
	assert_null(strstr(text, "secret"));
	assert_non_null(strstr(text, "url = redis://:***@h "));
	assert_non_null(strstr(text, " # REDIS_URL\n"));
	assert_non_null(strstr(text, "\n[queue \"a\"]\n"));
	assert_non_null(strstr(text, "rowd.conf:2\n"));
	assert_non_null(strstr(text, "in_flight_bytes = 64 MiB "));
	assert_non_null(strstr(text, " # that of [reply]\n"));
	assert_non_null(strstr(text, "\nbatch = 3 "));
	assert_non_null(strstr(text, " # --limits-batch\n"));
	free(text);
	options_free(options);
}

/* Every default can be read back: the sample with its options switched on is a configuration. */
static void test_sample_is_a_configuration(void **state)
{
	(void)state;
	char *text = printed(NULL, options_print_sample);
	char *to = text;

	for (const char *from = text; *from; from++) {
		/* "#key" and "#[queue" lose their mark, "# text" stays a comment; options without a default stay off.
		 */
		bool line_start = from == text || from[-1] == '\n';
		const char *end = strchr(from, '\n');
		if (line_start && from[0] == '#' && from[1] != ' ' && from[1] != '\n' && end[-1] != '=')
			continue;
		*to++ = *from;
	}
	*to = '\0';
	struct options *options = load_fine(text, NULL);
	assert_int_equal(options->queue_count, 1);
	assert_int_equal(options->queues[0].policy.ops, (1u << OP_COUNT_OF_OPS) - 2);
	options_free(options);
	free(text);
}

static void test_help_and_manual(void **state)
{
	(void)state;
	char *help = printed(NULL, options_print_help);
	char *manual = printed(NULL, options_print_manual);

	assert_non_null(strstr(help, "  --limits-in-flight-bytes=NUMBER\n"));
	assert_non_null(strstr(help, "(64 MiB)\n"));
	assert_non_null(strstr(manual, ".SS [queue \\(dqKEY\\(dq]\n"));
	assert_non_null(strstr(manual, "Variable: \\fBROWD_LIMITS_BATCH\\fR.\n"));
	free(help);
	free(manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_defaults, set_up),
		cmocka_unit_test_setup(test_no_database, set_up),
		cmocka_unit_test_setup(test_file, set_up),
		cmocka_unit_test_setup(test_long_lines, set_up),
		cmocka_unit_test_setup(test_file_faults, set_up),
		cmocka_unit_test_setup(test_file_twice, set_up),
		cmocka_unit_test_setup(test_every_fault_is_told, set_up),
		cmocka_unit_test_setup(test_queue_faults, set_up),
		cmocka_unit_test_setup(test_not_in_this_version, set_up),
		cmocka_unit_test_setup(test_numbers, set_up),
		cmocka_unit_test_setup(test_between_options, set_up),
		cmocka_unit_test_setup(test_later_source_wins, set_up),
		cmocka_unit_test_setup(test_queue_options_outside_the_file, set_up),
		cmocka_unit_test_setup(test_environment_faults, set_up),
		cmocka_unit_test_setup(test_argument_faults, set_up),
		cmocka_unit_test_setup(test_missing_files, set_up),
		cmocka_unit_test_setup(test_credentials, set_up),
		cmocka_unit_test_setup(test_runtime_directory, set_up),
		cmocka_unit_test_setup(test_print, set_up),
		cmocka_unit_test_setup(test_sample_is_a_configuration, set_up),
		cmocka_unit_test_setup(test_help_and_manual, set_up),
	};

	if (!mkdtemp(directory))
		return 1;
	snprintf(conf, sizeof(conf), "%s/rowd.conf", directory);
	snprintf(env, sizeof(env), "%s/.env", directory);
	snprintf(credential, sizeof(credential), "%s/database_url", directory);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(conf);
	unlink(env);
	rmdir(directory);
	return failed;
}
