/* What a log line looks like, in each format, whatever bytes are logged. */
#include "common/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int ends[2];
static char line[8192];

static int set_up(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	return pipe2(ends, O_NONBLOCK);
}

static int tear_down(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

/* One read is one write, as long as nothing else was written: it has to be one whole line. */
static const char *read_line(void)
{
	ssize_t size = read(ends[0], line, sizeof(line) - 1);

	if (size <= 0)
		return NULL;
	line[size] = '\0';
	assert_int_equal(line[size - 1], '\n');
	assert_ptr_equal(strchr(line, '\n'), line + size - 1);
	line[size - 1] = '\0';
	return line;
}

/* The line without its time stamp, whose form is checked. */
static const char *read_text(void)
{
	const char *text = read_line();
	unsigned year, month, day, hour, minute, second, millisecond;
	int size = 0;

	assert_non_null(text);
	assert_int_equal(sscanf(text, "%4u-%2u-%2uT%2u:%2u:%2u.%3uZ %n", &year, &month, &day, &hour, &minute, &second,
				&millisecond, &size),
			 7);
	assert_int_equal(size, 25);
	return text + size;
}

static void test_text(void **state)
{
	(void)state;
	log_open(ends[1], LEVEL_INFO, LOG_FORMAT_AUTO);
	log_event(LEVEL_WARNING, "redis.lost", log_text("peer", "127.0.0.1:6379"), log_int("in_flight", -7));
	assert_string_equal(read_text(), "warning redis.lost peer=127.0.0.1:6379 in_flight=-7");
}

static void test_text_quotes(void **state)
{
	(void)state;
	log_open(ends[1], LEVEL_INFO, LOG_FORMAT_TEXT);
	log_event(LEVEL_INFO, "e", log_text("a", ""), log_text("b", "two words"), log_text("c", "k=v"),
		  log_text("d", "say \"hi\"\\"));
	assert_string_equal(read_text(), "info e a=\"\" b=\"two words\" c=\"k=v\" d=\"say \\\"hi\\\"\\\\\"");
}

static void test_text_escapes(void **state)
{
	(void)state;
	log_open(ends[1], LEVEL_INFO, LOG_FORMAT_TEXT);
	log_event(LEVEL_INFO, "e", log_bytes("a", BYTES("x\n\t\r\033[0m\0y\x7f")));
	assert_string_equal(read_text(), "info e a=\"x\\n\\t\\x0d\\x1b[0m\\x00y\\x7f\"");
	/* Whole characters stay; a broken one, an overlong one, a surrogate and a C1 control do not. */
	log_event(LEVEL_INFO, "e", log_text("a", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x88"));
	assert_string_equal(read_text(), "info e a=\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x88\"");
	log_event(LEVEL_INFO, "e", log_text("a", "\xc3 \xc0\xaf \xed\xa0\x80 \xc2\x9b"));
	assert_string_equal(read_text(), "info e a=\"\\xc3 \\xc0\\xaf \\xed\\xa0\\x80 \\xc2\\x9b\"");
}

static void test_fields_are_cut(void **state)
{
	char large[100000];

	(void)state;
	memset(large, 'x', sizeof(large));
	log_open(ends[1], LEVEL_INFO, LOG_FORMAT_TEXT);
	log_event(LEVEL_INFO, "e", log_bytes("a", (struct bytes){large, sizeof(large)}), log_int("b", 1));
	const char *text = read_text();
	assert_in_range(strlen(text), 512, 600);
	assert_non_null(strstr(text, "xxx...\" b=1"));
	/* A cut never falls inside an escape. */
	memset(large, 1, sizeof(large));
	log_event(LEVEL_INFO, "e", log_bytes("a", (struct bytes){large, sizeof(large)}));
	assert_non_null(strstr(read_text(), "\\x01...\""));
}

static void test_lines_are_bounded(void **state)
{
	struct log_field fields[100];
	char large[500];

	(void)state;
	memset(large, 'x', sizeof(large));
	for (size_t i = 0; i < 100; i++)
		fields[i] = log_bytes("key", (struct bytes){large, sizeof(large)});
	for (enum log_format format = LOG_FORMAT_AUTO; format <= LOG_FORMAT_JSON; format++) {
		log_open(ends[1], LEVEL_INFO, format);
		log_fields(LEVEL_INFO, "e", fields, 100);
		const char *text = read_line();
		assert_non_null(text);
		assert_in_range(strlen(text), 3000, 4095);
		/* The last field is whole. */
		assert_string_equal(text + strlen(text) - 3, format == LOG_FORMAT_JSON ? "x\"}" : "xxx");
	}
}

static void test_levels(void **state)
{
	(void)state;
	log_open(ends[1], LEVEL_WARNING, LOG_FORMAT_TEXT);
	assert_true(log_enabled(LEVEL_ERROR));
	assert_false(log_enabled(LEVEL_INFO));
	log_event(LEVEL_INFO, "e", log_int("a", 1));
	assert_null(read_line());
	log_open(ends[1], LEVEL_DEBUG, LOG_FORMAT_TEXT);
	log_event(LEVEL_DEBUG, "e", log_int("a", 1));
	assert_string_equal(read_text(), "debug e a=1");
}

static void test_json(void **state)
{
	(void)state;
	log_open(ends[1], LEVEL_INFO, LOG_FORMAT_JSON);
	log_event(LEVEL_ERROR, "e", log_bytes("a", BYTES("q\"\\\n\x01\xff\xc3\xa9")), log_int("b", INT64_MIN));
	const char *text = read_line();
	assert_non_null(text);
	assert_memory_equal(text, "{\"time\":\"20", 11);
	assert_string_equal(strstr(text, ",\"level\""),
			    ",\"level\":\"error\",\"event\":\"e\",\"a\":\"q\\\"\\\\\\n\\u0001\\ufffd\xc3\xa9\","
			    "\"b\":-9223372036854775808}");
}

static void test_journal(void **state)
{
	struct stat status;
	char stream[64];

	(void)state;
	fstat(ends[1], &status);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open(ends[1], LEVEL_DEBUG, LOG_FORMAT_AUTO);
	log_event(LEVEL_ERROR, "e", log_int("a", 1));
	assert_string_equal(read_line(), "<3>e a=1");
	log_event(LEVEL_DEBUG, "e", log_text("a", "b c"));
	assert_string_equal(read_line(), "<7>e a=\"b c\"");
	/* Redirected: the stream is another one. */
	setenv("JOURNAL_STREAM", "1:2", 1);
	log_open(ends[1], LEVEL_DEBUG, LOG_FORMAT_AUTO);
	log_event(LEVEL_ERROR, "e", log_int("a", 1));
	assert_string_equal(read_text(), "error e a=1");
	unsetenv("JOURNAL_STREAM");
}

/* Nobody reads: the writer is not held up, and says afterwards what is missing. */
static void fill_and_read(int reader, int writer)
{
	uint64_t taken = 0, dropped = 0;
	char text[65536];
	char *end;

	log_open(writer, LEVEL_INFO, LOG_FORMAT_TEXT);
	for (int i = 0; i < 20000; i++)
		log_event(LEVEL_INFO, "e", log_text("a", "a line of a length that is usual in a log"));
	assert_false(log_tell_dropped());
	for (;;) {
		ssize_t size = read(reader, text, sizeof(text));
		if (size <= 0)
			break;
		for (ssize_t i = 0; i < size; i++)
			taken += text[i] == '\n';
	}
	assert_true(log_tell_dropped());
	assert_true(log_tell_dropped());
	ssize_t size = read(reader, text, sizeof(text) - 1);
	assert_true(size > 0);
	text[size] = '\0';
	assert_non_null(strstr(text, " warning log.dropped lines="));
	dropped = strtoull(strstr(text, "lines=") + strlen("lines="), &end, 10);
	assert_string_equal(end, "\n");
	assert_int_equal(taken + dropped, 20000);
	assert_true(taken > 100);
}

static void test_pipe_that_nobody_reads(void **state)
{
	int pipe_ends[2];

	(void)state;
	assert_int_equal(pipe(pipe_ends), 0);
	/* Only our reading may not wait; the writing end is left as the others want it. */
	assert_int_equal(fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK), 0);
	fill_and_read(pipe_ends[0], pipe_ends[1]);
	assert_int_equal(fcntl(pipe_ends[1], F_GETFL) & O_NONBLOCK, 0);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

static void test_socket_that_nobody_reads(void **state)
{
	int socket_ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, socket_ends), 0);
	assert_int_equal(fcntl(socket_ends[0], F_SETFL, O_NONBLOCK), 0);
	fill_and_read(socket_ends[0], socket_ends[1]);
	close(socket_ends[0]);
	close(socket_ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_text_quotes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_text_escapes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fields_are_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lines_are_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_levels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_json, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_journal, set_up, tear_down),
		cmocka_unit_test(test_pipe_that_nobody_reads),
		cmocka_unit_test(test_socket_that_nobody_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
