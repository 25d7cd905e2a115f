/* options.c - what options there are, what they may be, and what each fault is called. Where they come from:
 * options_sources.c. */
#include "options_support.h"

#include "common/command.h"

#include <errno.h>
#include <string.h>

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
	assert_int_equal(options->delivery.once_window_s, 3600);
	assert_int_equal(options->database.idle_transaction_ms, 10000);
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
	assert_true(bytes_equal_text(queue->policy.delivery,
				     queue->policy.exactly_once ? "exactly-once" : "at-least-once"));
	options_free(options);
}

static void test_delivery(void **state)
{
	(void)state;
	struct options *options = load_fine("[queue \"a\"]\ndelivery = exactly-once\n"
					    "[queue \"b\"]\ndelivery = at-least-once\n"
					    "[delivery]\nlease_ms = 2 s\nonce_window_s = 2 h\n",
					    NULL);

	assert_true(options->queues[0].policy.exactly_once);
	assert_true(bytes_equal_text(options->queues[0].policy.delivery, "exactly-once"));
	assert_false(options->queues[1].policy.exactly_once);
	assert_true(bytes_equal_text(options->queues[1].policy.delivery, "at-least-once"));
	assert_int_equal(options->delivery.once_window_s, 7200);
	assert_int_equal(options->database.idle_transaction_ms, 2000);
	options_free(options);
	refuses("[queue \"a\"]\ndelivery = twice\n", NULL,
		"rowd.conf:2|delivery: not a kind of delivery|exactly-once or at-least-once\n");
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
	char longest[OPTIONS_QUEUE_KEY_BYTES + 32];

	(void)state;
	refuses("[queue]\n", NULL, "rowd.conf:1|a queue has no key|[queue \"rowd:commands\"]\n");
	refuses("[queue a]\n", NULL, "rowd.conf:1|a queue has no key|[queue \"rowd:commands\"]\n");
	refuses("[queue \"\"]\n", NULL, "rowd.conf:1|a queue's key is empty|[queue \"KEY\"]\n");
	refuses("[queue \"a{b}\"]\n", NULL, "rowd.conf:1|a brace in a queue's key|rowd's own keys are {KEY}:...\n");
	snprintf(longest, sizeof(longest), "[queue \"%0*d\"]\n", OPTIONS_QUEUE_KEY_BYTES, 1);
	struct options *options = load(longest, NULL);
	assert_non_null(options);
	options_free(options);
	snprintf(longest, sizeof(longest), "[queue \"%0*d\"]\n", OPTIONS_QUEUE_KEY_BYTES + 1, 1);
	refuses(longest, NULL, "rowd.conf:1|a queue's key is longer than 400 bytes|\n");
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
	refuses("[redis]\ntls = on\n", NULL, "rowd.conf:2|tls is not in this version|\n");
	refuses("[redis]\nurl = rediss://h\n", NULL,
		"rowd.conf:2|url: rediss:// (TLS) is not in this version|redis:// or unix://\n");
	refuses("[queue \"a\"]\nops = read sql\n", NULL, "rowd.conf:2|ops: sql is not in this version|\n");
	refuses("", "--http-listen=", "--http-listen|not in this version|\n");
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
	/* rowd's own keys are {KEY}:..., and no reply may be one of them. */
	refuses("[queue \"a\"]\nreply_prefix = {b}:dead\n[queue \"b\"]\n", NULL,
		"rowd.conf:2|rowd's own keys of the queue 'b' begin with the reply prefix '{b}:dead'|take another prefix\n");
	refuses_like("[queue \"a\"]\nreply_prefix = {\n", NULL, "rowd.conf:2|rowd's own keys of the queue 'a'");
	/* Once, however many queues have that prefix. */
	refuses("[queue \"a\"]\n[queue \"rowd:reply:x\"]\n[queue \"b\"]\n", NULL,
		"rowd.conf:2|the queue 'rowd:reply:x' begins with the reply prefix 'rowd:reply:'|"
		"replies could become commands: take another key, or another prefix\n");
	refuses_like("[queue \"a\"]\nreply_prefix =\n", NULL, "rowd.conf:2|reply_prefix is empty");
	refuses_like("[reply]\nprefix =\n", NULL, "rowd.conf:2|prefix is empty|rowd:reply:\n");
	refuses("[database]\ntls_cert = x\n", NULL, "rowd.conf:2|tls_cert and tls_key only make sense together|\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_defaults, options_set_up),
		cmocka_unit_test_setup(test_delivery, options_set_up),
		cmocka_unit_test_setup(test_no_database, options_set_up),
		cmocka_unit_test_setup(test_file, options_set_up),
		cmocka_unit_test_setup(test_long_lines, options_set_up),
		cmocka_unit_test_setup(test_file_faults, options_set_up),
		cmocka_unit_test_setup(test_file_twice, options_set_up),
		cmocka_unit_test_setup(test_every_fault_is_told, options_set_up),
		cmocka_unit_test_setup(test_queue_faults, options_set_up),
		cmocka_unit_test_setup(test_not_in_this_version, options_set_up),
		cmocka_unit_test_setup(test_numbers, options_set_up),
		cmocka_unit_test_setup(test_between_options, options_set_up),
	};

	return cmocka_run_group_tests(tests, options_open, options_close);
}
