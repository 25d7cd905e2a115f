/* Unit tests of plan/sql/ledger.c: what is asked for, what is kept, and what is made of it. */
#include "daemon/plan/sql/ledger.h"

#include "procedure_fixture.h"

#include <string.h>

enum { COLUMNS = 4 };

static struct job *start(struct fixture *fixture, const char *command)
{
	fixture->policy.exactly_once = true;
	fixture->policy.queue = BYTES("q");
	return fixture_start(fixture, command);
}

/* The text, with a NUL behind it. */
static const char *text_of(struct buffer *buffer)
{
	const char *text;

	buffer_append_byte(buffer, '\0');
	text = buffer_bytes(buffer).data;
	if (!text || buffer_failed(buffer))
		fail_msg("no memory");
	return text;
}

/* "x'…'" of the text, in the order of the columns that ledger_append_row() writes. */
static struct bytes kept_column(const char *row, int index, char to[512])
{
	size_t size = 0;

	for (; index > 0; index--)
		row = strchr(row, ',') + 1;
	row = strchr(row, '\'') + 1;
	for (; row[0] != '\''; row += 2) {
		char pair[3] = {row[0], row[1], '\0'};

		to[size++] = (char)strtoul(pair, NULL, 16);
	}
	return (struct bytes){.data = to, .size = size};
}

/* Hands in the row that the ledger has of the job, but for the answer. */
static bool row_comes(struct job *job, struct bytes answer)
{
	char texts[COLUMNS][512];
	const char *values[COLUMNS];
	unsigned long lengths[COLUMNS];
	struct buffer row;
	const char *text;
	bool no_memory;

	buffer_init(&row, SIZE_MAX / 2);
	ledger_append_row(&row, job);
	text = text_of(&row);
	for (int i = 0; i < COLUMNS - 1; i++) {
		struct bytes column = kept_column(text, i, texts[i]);

		values[i] = column.data;
		lengths[i] = column.size;
	}
	values[COLUMNS - 1] = answer.data;
	lengths[COLUMNS - 1] = answer.size;
	buffer_free(&row);
	(void)ledger_row(&job, 1, values, lengths, &no_memory);
	return !no_memory;
}

static void expect_replay(struct job *job, const char *body)
{
	const char *reply;

	assert_int_equal(ledger_find(job), LEDGER_REPLAYED);
	job->command.reply_to = BYTES("rowd:reply:x");
	reply = strstr(support_reply(job, NULL), "\"ok\":true,");
	assert_non_null(reply);
	assert_string_equal(reply + strlen("\"ok\":true,"), body);
}

static const char delete_once[] = "{\"op\":\"delete\",\"table\":\"pets\",\"pk\":7,\"once\":true,\"id\":5}";

static void ids_have_their_type_in_front(void **state)
{
	static const struct {
		const char *id, *asked;
	} cases[] = {{"7", "6937"}, {"\"7\"", "7337"}, {"-7", "692d37"}, {"\"a'\"", "736127"}};
	char command[128], expected[128];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer text;
		struct job *job;

		snprintf(command, sizeof(command),
			 "{\"op\":\"delete\",\"table\":\"pets\",\"pk\":7,\"once\":true,\"id\":%s}", cases[i].id);
		snprintf(expected, sizeof(expected), "(`queue` = x'71' AND `id` IN (x'%s'))", cases[i].asked);
		job = start(*state, command);
		buffer_init(&text, SIZE_MAX / 2);
		ledger_append_select(&text, &job, 1);
		assert_non_null(strstr(text_of(&text), expected));
		buffer_free(&text);
	}
}

static void an_answer_comes_in_the_codec_of_the_command(void **state)
{
	struct job *job = start(*state, delete_once);

	assert_true(row_comes(job, BYTES("j{\"affected\":1}")));
	expect_replay(job, "\"affected\":1,\"replayed\":true}");
	job = start(*state, delete_once);
	assert_true(row_comes(job, BYTES("m\x81\xa8"
					 "affected\x01")));
	expect_replay(job, "\"affected\":1,\"replayed\":true}");
}

/* To look again would not make room for it. */
static void an_answer_that_is_too_large_is_left_out(void **state)
{
	static const struct bytes answers[] = {{"j{\"affected\":1}", 15},
					       {"m\x81\xa8"
						"affected\x01",
						12}};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct job *job = start(*state, delete_once);

		job->arena.limit_bytes = job->arena.used_bytes;
		assert_true(row_comes(job, answers[i]));
		job->arena.limit_bytes = SIZE_MAX / 2;
		expect_replay(job, "\"replayed\":true}");
	}
}

static void what_is_no_answer_is_left_out(void **state)
{
	static const char *const texts[] = {"", "j", "m", "j{", "jnull", "m\xc0", "m\x93", "x{}", "j[1]"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct job *job = start(*state, delete_once);

		assert_true(row_comes(job, bytes_of(texts[i])));
		expect_replay(job, "\"replayed\":true}");
	}
}

#define LEDGER_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(ids_have_their_type_in_front),
		LEDGER_TEST(an_answer_comes_in_the_codec_of_the_command),
		LEDGER_TEST(an_answer_that_is_too_large_is_left_out),
		LEDGER_TEST(what_is_no_answer_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
