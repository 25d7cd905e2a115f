/* options_print.c - what is printed of the options: those in force, the sample, the help and the manual. */
#include "options_support.h"

#include "common/command.h"

#include <stdio.h>
#include <string.h>

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
		cmocka_unit_test_setup(test_print, options_set_up),
		cmocka_unit_test_setup(test_sample_is_a_configuration, options_set_up),
		cmocka_unit_test_setup(test_help_and_manual, options_set_up),
	};

	return cmocka_run_group_tests(tests, options_open, options_close);
}
