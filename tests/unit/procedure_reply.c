/* procedure_reply.c - what is said of errors, where replies may go, and what the catalog answers. */
#include "procedure_fixture.h"

#include "common/message.h"

#include <string.h>

struct place_case {
	const char *table, *constraint, *column; /* as the server says */
	enum error_code code;
	const char *at_constraint, *at_column;
};

static const struct place_case places[] = {
	{"pets", "tag", "", ERROR_UNIQUE_VIOLATION, "tag", "tag"},
	{"pets", "pets.PRIMARY", "", ERROR_UNIQUE_VIOLATION, "PRIMARY", "id"},
	{"pets", "", "tag", ERROR_UNIQUE_VIOLATION, "tag", "tag"},
	{"pairs", "PRIMARY", "", ERROR_UNIQUE_VIOLATION, "PRIMARY", ""},
	{"toys", "toy_pet", "", ERROR_FOREIGN_KEY_VIOLATION, "toy_pet", "pet_id"},
	{"pets", "toy_pet", "", ERROR_FOREIGN_KEY_VIOLATION, "toy_pet", ""},
	{"pets", "", "age", ERROR_OUT_OF_RANGE, "", "age"},
	{"pets", "age", "age", ERROR_CHECK_VIOLATION, "age", "age"},
	{"pets", "", "elsewhere", ERROR_OUT_OF_RANGE, "", ""},
};

static void names_the_place_and_never_the_data(void **state)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct place_case *place = &places[i];
		struct sql_error from = {
			.code = place->code, .number = 1062, .row = -1, .message = "Duplicate 'secret'"};
		struct error error;
		char command[128];
		struct job *job;

		snprintf(command, sizeof(command), "{\"op\":\"delete\",\"table\":\"%s\",\"all\":true}", place->table);
		job = fixture_start(*state, command);
		snprintf(from.constraint, sizeof(from.constraint), "%s", place->constraint);
		snprintf(from.column, sizeof(from.column), "%s", place->column);
		procedure_error_from_sql(job, &from, &error);
		assert_int_equal(error.code, place->code);
		assert_string_equal(error.at_constraint, place->at_constraint);
		assert_string_equal(error.at_column, place->at_column);
		assert_null(strstr(error.message, "secret"));
		assert_int_equal(error.at_row, -1);
	}
}

static void names_the_row_of_an_array_only(void **state)
{
	struct sql_error from = {.code = ERROR_DATA_TOO_LONG, .row = 1};
	struct error error;
	struct job *job = fixture_start(*state, "{\"op\":\"create\",\"table\":\"pets\",\"values\":[{},{}]}");

	procedure_error_from_sql(job, &from, &error);
	assert_int_equal(error.at_row, 1);
	job = fixture_start(*state, "{\"op\":\"create\",\"table\":\"pets\",\"values\":{}}");
	procedure_error_from_sql(job, &from, &error);
	assert_int_equal(error.at_row, -1);
	from.code = 9999;
	procedure_error_from_sql(job, &from, &error);
	assert_int_equal(error.code, ERROR_SQL_ERROR);
}

static void sends_replies_only_where_they_may_go(void **state)
{
	struct fixture *fixture = *state;
	struct error error = {0};
	struct job *job;

	error_set(&error, ERROR_FORBIDDEN, "no");
	job = fixture->job = support_job(&fixture->policy, "{\"op\":\"ping\",\"reply_to\":\"elsewhere\","
							   "\"reply_list\":\"rowd:reply:l\"}");
	assert_non_null(strstr(support_reply(job, &error), "FORBIDDEN"));
	assert_true(job->reply.dead);
	assert_int_equal(job->reply.channel.size, 0);
	assert_true(bytes_equal_text(job->reply.list, "rowd:reply:l"));
	assert_int_equal(job->reply.list_ttl_ms, 60000);
	assert_string_equal(job->reply.reason, "no");
	job->command.reply_list = (struct bytes){0};
	assert_int_equal(procedure_reply(job, &error), 0);
	assert_true(job->reply.dead);
	assert_int_equal(job->reply.encoded.size, 0);
}

static void a_failure_that_nobody_hears_is_a_dead_letter(void **state)
{
	struct fixture *fixture = *state;
	struct job *job = fixture_start(fixture, "{\"op\":\"ping\"}");
	struct error error = {0};

	assert_int_equal(procedure_reply(job, NULL), 0);
	assert_false(job->reply.dead);
	assert_int_equal(job->reply.code, ERROR_NONE);
	error_set(&error, ERROR_NOT_FOUND, "gone");
	assert_int_equal(procedure_reply(job, &error), 0);
	assert_true(job->reply.dead);
	assert_int_equal(job->reply.code, ERROR_NOT_FOUND);
	job->command.reply_to = BYTES("rowd:reply:x");
	assert_int_equal(procedure_reply(job, &error), 0);
	assert_false(job->reply.dead);
}

static void an_undecodable_element_is_a_dead_letter_and_answered(void **state)
{
	struct fixture *fixture = *state;
	struct job *job = fixture->job =
		support_job(&fixture->policy, "{\"op\":\"ping\",\"reply_to\":\"rowd:reply:x\"}");
	struct error error = {0};

	error_set(&error, ERROR_BAD_MESSAGE, "trailing bytes");
	assert_non_null(strstr(support_reply(job, &error), "BAD_MESSAGE"));
	assert_true(job->reply.dead);
	error_set(&error, ERROR_UNKNOWN_FIELD, "what?");
	assert_non_null(strstr(support_reply(job, &error), "UNKNOWN_FIELD"));
	assert_false(job->reply.dead);
}

/* The reply to a command that the server refused in its first wave. */
static const char *refused(struct fixture *fixture, const char *command)
{
	const struct sql_error duplicate = {.class = SQL_ERROR_OF_COMMAND, .code = ERROR_UNIQUE_VIOLATION, .row = 0};
	struct job *job = fixture_start(fixture, command);
	struct error error;

	send_any_wave(job);
	procedure_failed(job, 0, &duplicate);
	expect_failure(job, ERROR_UNIQUE_VIOLATION, false);
	error = *procedure_error(job);
	job->command.reply_to = BYTES("rowd:reply:x");
	return support_reply(job, &error);
}

static void tells_what_may_be_half_done(void **state)
{
	static const char hint[] = "the table is not transactional: a part of the command may have taken effect";
	struct fixture *fixture = *state;
	struct error forbidden = {0};
	struct job *job;

	assert_non_null(strstr(refused(fixture, "{\"op\":\"create\",\"table\":\"loose\",\"values\":[{\"id\":1},"
						"{\"id\":2}]}"),
			       hint));
	assert_non_null(strstr(refused(fixture, "{\"op\":\"delete\",\"table\":\"loose\",\"where\":{\"id\":1}}"), hint));
	assert_null(strstr(refused(fixture, "{\"op\":\"delete\",\"table\":\"loose\",\"pk\":1}"), hint));
	assert_null(strstr(refused(fixture, "{\"op\":\"create\",\"table\":\"loose\",\"values\":{\"id\":1}}"), hint));
	assert_null(strstr(refused(fixture, "{\"op\":\"delete\",\"table\":\"pets\",\"where\":{\"id\":1}}"), hint));
	/* Nothing was sent. */
	job = fixture_start(fixture, "{\"op\":\"delete\",\"table\":\"loose\",\"where\":{\"id\":1}}");
	error_set(&forbidden, ERROR_FORBIDDEN, "no");
	error_hint(&forbidden, "never");
	job->command.reply_to = BYTES("rowd:reply:x");
	assert_null(strstr(support_reply(job, &forbidden), hint));
	/* What there was to say is said as well. */
	send_any_wave(job);
	assert_non_null(strstr(support_reply(job, &forbidden), "never; the table is not transactional"));
}

static void answers_from_the_catalog(void **state)
{
	struct fixture *fixture = *state;
	const char *reply;

	reply = support_reply(fixture_start(fixture, "{\"op\":\"ping\",\"reply_to\":\"rowd:reply:x\"}"), NULL);
	assert_non_null(strstr(reply, "\"value\":\"pong\"}"));
	reply = support_reply(fixture_start(fixture, "{\"op\":\"info\",\"reply_to\":\"rowd:reply:x\"}"), NULL);
	assert_non_null(strstr(
		reply,
		"\"row\":{\"version\":\"1.2.3\",\"server\":\"mariadb\",\"server_version\":\"10.11."
		"19-MariaDB\",\"worker\":\"w1\",\"queue\":\"rowd:commands\",\"delivery\":\"at-least-"
		"once\",\"not_transactional\":[\"loose\"],\"limits\":{\"in_flight\":10,\"message_bytes\":20,\"batch\":30,\"reply_bytes\":"
		"40,\"max_rows\":1000}}}"));
	reply = support_reply(fixture_start(fixture, "{\"op\":\"tables\",\"reply_to\":\"rowd:reply:x\"}"), NULL);
	assert_non_null(strstr(reply, "{\"name\":\"elders\",\"kind\":\"view\",\"engine\":null,\"estimated_rows\":0,"
				      "\"comment\":\"\"},{\"name\":\"every\""));
	assert_null(strstr(reply, "secret"));
	assert_null(strstr(reply, "rowd_slots"));
	reply = support_reply(
		fixture_start(fixture, "{\"op\":\"describe\",\"table\":\"toys\",\"reply_to\":\"rowd:reply:x\"}"), NULL);
	assert_non_null(strstr(reply,
			       "\"columns\":[{\"name\":\"id\",\"type\":\"int(11)\",\"nullable\":false,\"default\":"
			       "null,\"generated\":false},"));
	assert_non_null(strstr(
		reply, "\"primary_key\":[\"id\"],\"unique\":[{\"name\":\"place\",\"columns\":[\"pet_id\",\"label\"]}],"
		       "\"foreign_keys\":[{\"name\":\"toy_pet\",\"columns\":[\"pet_id\"],\"table\":\"pets\","
		       "\"references\":[\"id\"],\"on_delete\":\"CASCADE\"}]}"));
}

/* Rows so large that they are not copied: the reply is put around them. */
static void large_answers_are_whole(void **state)
{
	enum { LARGE = 70000 };
	static const char begin[] = "{\"v\":1,\"id\":7,\"op\":\"read\",\"ok\":true,\"rows\":[{\"line\":\"aaa";
	static const char middle[] = "aaa\"},{\"line\":\"aaa";
	static const char end[] = "aaa\"}],\"meta\":\"m\"}";
	struct fixture *fixture = *state;
	char *text = malloc(LARGE + 1);
	const char *reply;
	struct job *job;

	assert_non_null(text);
	memset(text, 'a', LARGE);
	text[LARGE] = '\0';
	job = fixture_start(fixture, "{\"op\":\"read\",\"table\":\"notes\",\"id\":7,\"meta\":\"m\","
				     "\"reply_to\":\"rowd:reply:x\"}");
	send_any_wave(job);
	assert_int_equal(support_row(job, 0, text, NULL), 0);
	assert_int_equal(support_row(job, 0, text, NULL), 0);
	statement_done(job, 0, 0, 0, 0);
	expect_end(job, PROCEDURE_FINISHED, false);
	reply = support_reply(job, NULL);
	assert_memory_equal(reply, begin, strlen(begin));
	assert_non_null(strstr(reply, middle));
	assert_string_equal(reply + strlen(reply) - strlen(end), end);
	/* Nothing is missing and nothing is there twice. */
	assert_int_equal(strlen(reply), strlen(begin) + strlen(middle) + strlen(end) + 2 * (LARGE - 6));
	free(text);
}

/* The reply to the command, in JSON, once it was told in the codec: two rows with that text. */
static struct buffer large_reply(struct fixture *fixture, const char *command, enum codec codec, const char *text)
{
	struct job *job = support_job(&fixture->policy, command);
	struct buffer json;
	struct error error;

	support_job_free(fixture->job);
	fixture->job = job;
	job->command.codec = codec;
	assert_int_equal(procedure_compile(job, fixture->catalog, &support_facts, &error), 0);
	procedure_restart(job);
	send_any_wave(job);
	assert_int_equal(support_row(job, 0, text, "1", NULL), 0);
	assert_int_equal(support_row(job, 0, text, "2", NULL), 0);
	statement_done(job, 0, 2, 2, 0);
	expect_end(job, PROCEDURE_FINISHED, false);
	assert_int_equal(procedure_reply(job, NULL), 0);
	buffer_init(&json, 1 << 20);
	if (codec == CODEC_JSON)
		buffer_append(&json, job->reply.encoded);
	else
		assert_int_equal(message_render_json(&job->arena, job->reply.encoded, &json, &error), 0);
	return json;
}

/* With something before the rows, with something behind them, and with neither. */
static void large_answers_say_the_same_in_msgpack(void **state)
{
	static const char *const commands[] = {
		"{\"op\":\"read\",\"table\":\"order\",\"select\":[\"a`b\",\"key\"],\"id\":7,\"reply_to\":\"rowd:reply:x\"}",
		"{\"op\":\"read\",\"table\":\"order\",\"select\":[\"a`b\",\"key\"],\"format\":\"arrays\","
		"\"reply_to\":\"rowd:reply:x\"}",
		"{\"op\":\"create\",\"table\":\"order\",\"values\":[{\"key\":1},{\"key\":2}],\"returning\":[\"a`b\","
		"\"key\"],\"meta\":[1],\"reply_to\":\"rowd:reply:x\"}",
	};
	struct fixture *fixture = *state;
	char text[70001];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fixture_start(fixture, commands[0]);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct buffer json = large_reply(fixture, commands[i], CODEC_JSON, text);
		struct buffer msgpack = large_reply(fixture, commands[i], CODEC_MSGPACK, text);

		assert_true(json.size > 2 * strlen(text));
		assert_true(bytes_equal(buffer_bytes(&json), buffer_bytes(&msgpack)));
		buffer_free(&json);
		buffer_free(&msgpack);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_the_place_and_never_the_data, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(names_the_row_of_an_array_only, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(sends_replies_only_where_they_may_go, fixture_set_up,
						fixture_tear_down),
		cmocka_unit_test_setup_teardown(a_failure_that_nobody_hears_is_a_dead_letter, fixture_set_up,
						fixture_tear_down),
		cmocka_unit_test_setup_teardown(an_undecodable_element_is_a_dead_letter_and_answered, fixture_set_up,
						fixture_tear_down),
		cmocka_unit_test_setup_teardown(tells_what_may_be_half_done, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(answers_from_the_catalog, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(large_answers_are_whole, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(large_answers_say_the_same_in_msgpack, fixture_set_up,
						fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
