/* procedure.c - runs, without a server: what is sent when, what is answered, what has to be undone, where it goes. */
#include "plan_support.h"

#include "../support/allocations.h"

#include <errno.h>
#include <string.h>

struct fixture {
	struct catalog *catalog;
	struct policy policy;
	struct job *job;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->catalog = support_catalog(SERVER_MARIADB);
	fixture->policy = support_policy();
	*state = fixture;
	return 0;
}

static int set_up_mysql(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->catalog = support_catalog(SERVER_MYSQL);
	fixture->policy = support_policy();
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->job)
		support_job_free(fixture->job);
	catalog_unref(fixture->catalog);
	free(fixture);
	return 0;
}

static struct job *start(struct fixture *fixture, const char *command)
{
	struct error error = {0};

	if (fixture->job)
		support_job_free(fixture->job);
	fixture->job = support_job(&fixture->policy, command);
	if (procedure_compile(fixture->job, fixture->catalog, &support_facts, &error) != 0)
		fail_msg("%s: %s", command, error.message);
	if (procedure_kind(fixture->job) != PROCEDURE_ANSWERED)
		procedure_restart(fixture->job);
	return fixture->job;
}

/* The next wave has to be these statements. */
static void expect_wave(struct job *job, const char *first, const char *second)
{
	struct statement statements[4];
	uint32_t count;
	bool undo;

	assert_int_equal(procedure_next(job, statements, &count, &undo), PROCEDURE_SEND);
	assert_int_equal(count, second ? 2 : 1);
	assert_true(bytes_equal_text(statements[0].text, first));
	if (second)
		assert_true(bytes_equal_text(statements[1].text, second));
}

static void send_any(struct job *job)
{
	struct statement statements[4];
	uint32_t count;
	bool undo;

	assert_int_equal(procedure_next(job, statements, &count, &undo), PROCEDURE_SEND);
}

static void expect_end(struct job *job, enum procedure_step step, bool expected_undo)
{
	struct statement statements[4];
	uint32_t count;
	bool undo;

	assert_int_equal(procedure_next(job, statements, &count, &undo), step);
	assert_int_equal(undo, expected_undo);
}

static void done(struct job *job, uint32_t index, uint64_t matched, uint64_t affected, uint64_t insert_id)
{
	struct statement_result result = {.matched = matched, .affected = affected, .insert_id = insert_id};

	procedure_done(job, index, &result);
}

/* The body of the reply, behind "ok":true. */
static void expect_answer(struct job *job, const char *body)
{
	const char *reply, *start_of_body;

	expect_end(job, PROCEDURE_FINISHED, false);
	job->command.reply_to = BYTES("rowd:reply:x");
	reply = support_reply(job, NULL);
	start_of_body = strstr(reply, "\"ok\":true,");
	assert_non_null(start_of_body);
	assert_string_equal(start_of_body + strlen("\"ok\":true,"), body);
}

static void expect_failure(struct job *job, enum error_code code, bool undo)
{
	expect_end(job, PROCEDURE_FAILED, undo);
	assert_string_equal(error_code_name(procedure_error(job)->code), error_code_name(code));
}

static void reads_a_row(void **state)
{
	struct job *job = start(*state, "{\"op\":\"read\",\"table\":\"pets\",\"pk\":1,\"select\":[\"id\",\"name\"]}");

	send_any(job);
	assert_int_equal(support_row(job, 0, "1", "Tom", NULL), 0);
	done(job, 0, 0, 1, 0);
	expect_answer(job, "\"row\":{\"id\":1,\"name\":\"Tom\"}}");
}

static void answers_nil_for_no_row(void **state)
{
	struct job *job = start(*state, "{\"op\":\"read\",\"table\":\"pets\",\"pk\":1}");

	send_any(job);
	done(job, 0, 0, 0, 0);
	expect_answer(job, "\"row\":null}");
	job = start(*state, "{\"op\":\"read\",\"table\":\"pets\",\"required\":true}");
	send_any(job);
	done(job, 0, 0, 0, 0);
	expect_failure(job, ERROR_NOT_FOUND, false);
	job = start(*state, "{\"op\":\"read\",\"table\":\"pets\"}");
	send_any(job);
	done(job, 0, 0, 0, 0);
	expect_answer(job, "\"rows\":[]}");
}

static void forgets_an_earlier_run(void **state)
{
	struct job *job = start(*state, "{\"op\":\"read\",\"table\":\"order\",\"select\":[\"key\"]}");

	send_any(job);
	assert_int_equal(support_row(job, 0, "1", NULL), 0);
	procedure_restart(job);
	send_any(job);
	assert_int_equal(support_row(job, 0, "2", NULL), 0);
	assert_int_equal(support_row(job, 0, "3", NULL), 0);
	done(job, 0, 0, 2, 0);
	expect_answer(job, "\"rows\":[{\"key\":2},{\"key\":3}]}");
}

static void counts_and_asks(void **state)
{
	struct job *job = start(*state, "{\"op\":\"count\",\"table\":\"pets\"}");

	send_any(job);
	support_row(job, 0, "42", NULL);
	done(job, 0, 0, 1, 0);
	expect_answer(job, "\"value\":42}");
	job = start(*state, "{\"op\":\"exists\",\"table\":\"pets\",\"pk\":1}");
	send_any(job);
	done(job, 0, 0, 0, 0);
	expect_answer(job, "\"value\":false}");
	job = start(*state, "{\"op\":\"ping\",\"db\":true}");
	send_any(job);
	support_row(job, 0, "1", NULL);
	done(job, 0, 0, 1, 0);
	expect_answer(job, "\"value\":\"pong\"}");
}

static void limits_rows_and_bytes(void **state)
{
	struct fixture *fixture = *state;
	struct job *job;

	fixture->policy.max_rows = 2;
	job = start(fixture, "{\"op\":\"read\",\"table\":\"order\",\"select\":[\"key\"]}");
	send_any(job);
	assert_int_equal(support_row(job, 0, "1", NULL), 0);
	assert_int_equal(support_row(job, 0, "2", NULL), 0);
	assert_int_equal(support_row(job, 0, "3", NULL), -EFBIG);
	assert_int_equal(support_row(job, 0, "4", NULL), -EFBIG);
	done(job, 0, 0, 3, 0);
	expect_failure(job, ERROR_TOO_LARGE, false);
	fixture->policy.reply_bytes = 20;
	job = start(fixture, "{\"op\":\"delete\",\"table\":\"notes\",\"all\":true,\"returning\":true}");
	send_any(job);
	assert_int_equal(support_row(job, 0, "0123456789012345678901234567890", NULL), -EFBIG);
	done(job, 0, 1, 1, 0);
	expect_failure(job, ERROR_TOO_LARGE, true);
	procedure_restart(job);
	send_any(job);
	done(job, 0, 0, 0, 0);
	expect_answer(job, "\"rows\":[],\"affected\":0}");
}

static void creates_rows(void **state)
{
	struct job *job = start(*state, "{\"op\":\"create\",\"table\":\"order\",\"values\":[{\"key\":1},{\"key\":2}],"
					"\"returning\":[\"key\",\"or\"]}");

	send_any(job);
	support_row(job, 0, "1", "7", NULL);
	support_row(job, 0, "2", "\\N", NULL);
	done(job, 0, 2, 2, 0);
	expect_answer(job, "\"rows\":[{\"key\":1,\"or\":7},{\"key\":2,\"or\":null}],\"affected\":2}");
}

static void tells_generated_ids(void **state)
{
	struct job *job =
		start(*state, "{\"op\":\"create\",\"table\":\"toys\",\"values\":[{},{}],\"returning\":false}");

	send_any(job);
	done(job, 0, 2, 2, 11);
	expect_answer(job, "\"insert_ids\":[11,13],\"affected\":2}"); /* the server counts in twos */
	job = start(*state, "{\"op\":\"create\",\"table\":\"toys\",\"values\":{\"id\":-5},\"returning\":false}");
	send_any(job);
	done(job, 0, 1, 1, 0);
	expect_answer(job, "\"insert_id\":-5,\"affected\":1}");
	job = start(*state, "{\"op\":\"create\",\"table\":\"notes\",\"values\":{},\"returning\":false}");
	send_any(job);
	done(job, 0, 1, 1, 0);
	expect_answer(job, "\"affected\":1}");
	job = start(*state, "{\"op\":\"create\",\"table\":\"toys\",\"values\":[{\"id\":5},{}],\"returning\":false}");
	send_any(job);
	support_row(job, 0, "5", NULL);
	support_row(job, 0, "7", NULL);
	done(job, 0, 2, 2, 7);
	expect_answer(job, "\"insert_ids\":[5,7],\"affected\":2}");
}

static void creates_nothing_without_a_statement(void **state)
{
	struct fixture *fixture = *state;
	struct job *job =
		start(fixture, "{\"op\":\"create\",\"table\":\"pets\",\"values\":[],\"reply_to\":\"rowd:reply:x\"}");

	assert_int_equal(procedure_kind(job), PROCEDURE_ANSWERED);
	assert_non_null(strstr(support_reply(job, NULL), "\"rows\":[],\"affected\":0}"));
}

static void creates_one_by_one_on_mysql(void **state)
{
	struct job *job = start(*state, "{\"op\":\"create\",\"table\":\"toys\",\"values\":[{},{\"id\":5},{}],"
					"\"returning\":[\"id\"]}");

	for (int run = 0; run < 2; run++) {
		procedure_restart(job);
		send_any(job);
		done(job, 0, 1, 1, 3);
		support_row(job, 1, "3", NULL);
		done(job, 1, 0, 1, 0);
		done(job, 2, 1, 1, 0);
		support_row(job, 3, "5", NULL);
		done(job, 3, 0, 1, 0);
		expect_wave(job, "INSERT INTO `toys` () VALUES ()",
			    "SELECT `id` FROM `toys` WHERE `id` = LAST_INSERT_ID()");
		if (run == 0) {
			struct sql_error duplicate = {.code = ERROR_UNIQUE_VIOLATION, .row = 0};

			procedure_failed(job, 0, &duplicate);
			expect_failure(job, ERROR_UNIQUE_VIOLATION, true);
			assert_int_equal(procedure_error(job)->at_row, 2);
			continue;
		}
		done(job, 0, 1, 1, 7);
		support_row(job, 1, "7", NULL);
		done(job, 1, 0, 1, 0);
	}
	expect_answer(job, "\"rows\":[{\"id\":3},{\"id\":5},{\"id\":7}],\"affected\":3}");
}

static void updates_a_row(void **state)
{
	struct job *job = start(*state, "{\"op\":\"update\",\"table\":\"order\",\"pk\":1,\"set\":{\"key\":2},"
					"\"returning\":[\"key\"]}");

	expect_wave(job, "UPDATE `order` SET `key` = 2 WHERE `key` = 1", "SELECT `key` FROM `order` WHERE `key` = 2");
	done(job, 0, 1, 1, 0);
	support_row(job, 1, "2", NULL);
	done(job, 1, 0, 1, 0);
	expect_answer(job, "\"row\":{\"key\":2},\"matched\":1,\"affected\":1}");
}

/* The row under the new key was there before: it is not the one that was to be updated. */
static void does_not_answer_with_another_row(void **state)
{
	struct job *job = start(*state, "{\"op\":\"update\",\"table\":\"order\",\"pk\":1,\"set\":{\"key\":2},"
					"\"returning\":[\"key\"]}");

	send_any(job);
	done(job, 0, 0, 0, 0);
	support_row(job, 1, "2", NULL);
	done(job, 1, 0, 1, 0);
	expect_answer(job, "\"row\":null,\"matched\":0,\"affected\":0}");
}

static void updates_by_condition_with_rows(void **state)
{
	struct job *job = start(*state, "{\"op\":\"update\",\"table\":\"pairs\",\"where\":{\"note\":\"x\"},\"set\":{"
					"\"note\":\"y\"},\"returning\":[\"a\"]}");

	expect_wave(job, "SELECT `a`,`b` FROM `pairs` WHERE `note` = 'x' LIMIT 1001 FOR UPDATE", NULL);
	support_row(job, 0, "1", "p", NULL);
	support_row(job, 0, "2", "q", NULL);
	done(job, 0, 0, 2, 0);
	expect_wave(job, "UPDATE `pairs` SET `note` = 'y' WHERE (`a`,`b`) IN ((1,x'70'),(2,x'71'))",
		    "SELECT `a` FROM `pairs` WHERE (`a`,`b`) IN ((1,x'70'),(2,x'71')) ORDER BY `a`,`b`");
	done(job, 0, 2, 2, 0);
	support_row(job, 1, "1", NULL);
	support_row(job, 1, "2", NULL);
	done(job, 1, 0, 2, 0);
	expect_answer(job, "\"rows\":[{\"a\":1},{\"a\":2}],\"matched\":2,\"affected\":2}");
}

/* A transaction may be rolled back under it any number of times. */
static void takes_no_memory_for_another_run(void **state)
{
	struct job *job = start(*state, "{\"op\":\"update\",\"table\":\"order\",\"all\":true,\"set\":{\"or\":1},"
					"\"returning\":true}");
	size_t used_bytes = job->arena.used_bytes;

	for (int run = 0; run < 3; run++) {
		procedure_restart(job);
		send_any(job);
		support_row(job, 0, "1", NULL);
		done(job, 0, 0, 1, 0);
		expect_wave(job, "UPDATE `order` SET `or` = 1 WHERE `key` IN (1)",
			    "SELECT `key`,`or`,`a``b` FROM `order` WHERE `key` IN (1) ORDER BY `key`");
	}
	assert_int_equal(job->arena.used_bytes, used_bytes);
}

static void stops_when_no_key_came(void **state)
{
	struct job *job = start(*state, "{\"op\":\"update\",\"table\":\"order\",\"all\":true,\"set\":{\"or\":1},"
					"\"returning\":true}");

	send_any(job);
	done(job, 0, 0, 0, 0);
	expect_answer(job, "\"rows\":[],\"matched\":0,\"affected\":0}");
}

static void deletes_by_condition_with_rows_on_mysql(void **state)
{
	struct job *job = start(*state, "{\"op\":\"delete\",\"table\":\"order\",\"where\":{\".or\":1},"
					"\"returning\":[\"or\"]}");

	send_any(job);
	support_row(job, 0, "4", NULL);
	done(job, 0, 0, 1, 0);
	expect_wave(job, "SELECT `or` FROM `order` WHERE `key` IN (4)", "DELETE FROM `order` WHERE `key` IN (4)");
	support_row(job, 0, "1", NULL);
	done(job, 0, 0, 1, 0);
	done(job, 1, 1, 1, 0);
	expect_answer(job, "\"rows\":[{\"or\":1}],\"affected\":1}");
}

static void requires_a_row(void **state)
{
	struct job *job = start(*state, "{\"op\":\"delete\",\"table\":\"pets\",\"pk\":1,\"required\":true}");

	send_any(job);
	done(job, 0, 0, 0, 0);
	expect_failure(job, ERROR_NOT_FOUND, false);
	job = start(*state, "{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"age\":1},\"required\":true}");
	send_any(job);
	done(job, 0, 0, 0, 0);
	done(job, 1, 0, 0, 0);
	expect_failure(job, ERROR_NOT_FOUND, false);
}

static void has_to_be_undone_when_the_second_statement_fails(void **state)
{
	struct job *job = start(*state, "{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"age\":1}}");
	struct sql_error late = {.class = SQL_ERROR_TIME, .code = ERROR_TIMEOUT, .number = 1969, .sqlstate = "70100"};

	send_any(job);
	done(job, 0, 1, 1, 0);
	procedure_failed(job, 1, &late);
	expect_failure(job, ERROR_TIMEOUT, true);
	procedure_restart(job);
	send_any(job);
	procedure_failed(job, 0, &late);
	done(job, 1, 0, 1, 0);
	expect_failure(job, ERROR_TIMEOUT, false);
	assert_int_equal(procedure_error(job)->server_errno, 1969);
	assert_string_equal(procedure_error(job)->sqlstate, "70100");
}

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
		job = start(*state, command);
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
	struct job *job = start(*state, "{\"op\":\"create\",\"table\":\"pets\",\"values\":[{},{}]}");

	procedure_error_from_sql(job, &from, &error);
	assert_int_equal(error.at_row, 1);
	job = start(*state, "{\"op\":\"create\",\"table\":\"pets\",\"values\":{}}");
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
	struct job *job = start(fixture, "{\"op\":\"ping\"}");
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
	struct job *job = fixture->job = support_job(&fixture->policy, "{\"reply_to\":\"rowd:reply:x\"}");
	struct error error = {0};

	error_set(&error, ERROR_BAD_MESSAGE, "trailing bytes");
	assert_non_null(strstr(support_reply(job, &error), "BAD_MESSAGE"));
	assert_true(job->reply.dead);
	error_set(&error, ERROR_UNKNOWN_FIELD, "what?");
	assert_non_null(strstr(support_reply(job, &error), "UNKNOWN_FIELD"));
	assert_false(job->reply.dead);
}

static void answers_from_the_catalog(void **state)
{
	struct fixture *fixture = *state;
	const char *reply;

	reply = support_reply(start(fixture, "{\"op\":\"ping\",\"reply_to\":\"rowd:reply:x\"}"), NULL);
	assert_non_null(strstr(reply, "\"value\":\"pong\"}"));
	reply = support_reply(start(fixture, "{\"op\":\"info\",\"reply_to\":\"rowd:reply:x\"}"), NULL);
	assert_non_null(strstr(reply,
			       "\"row\":{\"version\":\"1.2.3\",\"server\":\"mariadb\",\"server_version\":\"10.11."
			       "19-MariaDB\",\"worker\":\"w1\",\"queue\":\"rowd:commands\",\"delivery\":\"at-least-"
			       "once\",\"limits\":{\"in_flight\":10,\"message_bytes\":20,\"batch\":30,\"reply_bytes\":"
			       "40,\"max_rows\":1000}}}"));
	reply = support_reply(start(fixture, "{\"op\":\"tables\",\"reply_to\":\"rowd:reply:x\"}"), NULL);
	assert_non_null(strstr(reply, "{\"name\":\"elders\",\"kind\":\"view\",\"engine\":null,\"estimated_rows\":0,"
				      "\"comment\":\"\"},{\"name\":\"every\""));
	assert_null(strstr(reply, "secret"));
	assert_null(strstr(reply, "rowd_slots"));
	reply = support_reply(start(fixture, "{\"op\":\"describe\",\"table\":\"toys\",\"reply_to\":\"rowd:reply:x\"}"),
			      NULL);
	assert_non_null(strstr(reply,
			       "\"columns\":[{\"name\":\"id\",\"type\":\"int(11)\",\"nullable\":false,\"default\":"
			       "null,\"generated\":false},"));
	assert_non_null(strstr(
		reply, "\"primary_key\":[\"id\"],\"unique\":[{\"name\":\"place\",\"columns\":[\"pet_id\",\"label\"]}],"
		       "\"foreign_keys\":[{\"name\":\"toy_pet\",\"columns\":[\"pet_id\"],\"table\":\"pets\","
		       "\"references\":[\"id\"],\"on_delete\":\"CASCADE\"}]}"));
}

/* One whole life of a command. Returns what failed, or 0. */
static int live(struct fixture *fixture, struct job *job)
{
	struct statement statements[4];
	struct error error;
	uint32_t count;
	bool undo;
	int result = procedure_compile(job, fixture->catalog, &support_facts, &error);

	if (result < 0)
		return result;
	procedure_restart(job);
	while (procedure_next(job, statements, &count, &undo) == PROCEDURE_SEND) {
		for (uint32_t i = 0; i < count; i++) {
			bool keys = bytes_starts(statements[i].text, BYTES("SELECT `a`,`b`"));

			if (bytes_starts(statements[i].text, BYTES("SELECT")))
				support_row(job, i, "1", keys ? "x" : NULL, NULL);
			done(job, i, 1, 1, 0);
		}
	}
	if (procedure_error(job)->code == ERROR_INTERNAL)
		return -ENOMEM;
	assert_int_equal(procedure_error(job)->code, ERROR_NONE);
	return procedure_reply(job, NULL);
}

static void survives_every_failed_allocation(void **state)
{
	static const char *const commands[] = {
		"{\"op\":\"update\",\"table\":\"pairs\",\"where\":{\"note\":{\"contains\":\"x\"}},\"set\":{\"note\":\"y\"},"
		"\"returning\":[\"a\"],\"reply_to\":\"rowd:reply:x\"}",
		"{\"op\":\"read\",\"table\":\"order\",\"pk\":1,\"select\":[\"key\"],\"reply_to\":\"rowd:reply:x\"}",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		for (uint32_t n = 1;; n++) {
			struct job *job = support_job(&fixture->policy, commands[i]);
			int result;

			allocations_fail_at(n);
			result = live(fixture, job);
			if (!allocations_end()) {
				assert_int_equal(result, 0);
				support_job_free(job);
				break;
			}
			assert_int_equal(result, -ENOMEM);
			support_job_free(job);
		}
	}
}

/* The same with an arena that is full sooner and sooner. */
static void survives_a_full_arena(void **state)
{
	struct fixture *fixture = *state;
	bool enough = false;

	for (size_t spare = 0; !enough; spare += 64) {
		struct job *job =
			support_job(&fixture->policy, "{\"op\":\"create\",\"table\":\"order\",\"values\":[{\"key\":"
						      "1},{\"or\":2}],\"reply_to\":\"rowd:reply:x\"}");
		int result;

		job->arena.limit_bytes = job->arena.used_bytes + spare;
		result = live(fixture, job);
		enough = result == 0;
		assert_true(result == 0 || result == -ENOMEM);
		support_job_free(job);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_a_row, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers_nil_for_no_row, set_up, tear_down),
		cmocka_unit_test_setup_teardown(forgets_an_earlier_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(counts_and_asks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(limits_rows_and_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(creates_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_generated_ids, set_up, tear_down),
		cmocka_unit_test_setup_teardown(creates_nothing_without_a_statement, set_up, tear_down),
		cmocka_unit_test_setup_teardown(creates_one_by_one_on_mysql, set_up_mysql, tear_down),
		cmocka_unit_test_setup_teardown(updates_a_row, set_up, tear_down),
		cmocka_unit_test_setup_teardown(does_not_answer_with_another_row, set_up, tear_down),
		cmocka_unit_test_setup_teardown(updates_by_condition_with_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(takes_no_memory_for_another_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stops_when_no_key_came, set_up, tear_down),
		cmocka_unit_test_setup_teardown(deletes_by_condition_with_rows_on_mysql, set_up_mysql, tear_down),
		cmocka_unit_test_setup_teardown(requires_a_row, set_up, tear_down),
		cmocka_unit_test_setup_teardown(has_to_be_undone_when_the_second_statement_fails, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_the_place_and_never_the_data, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_the_row_of_an_array_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sends_replies_only_where_they_may_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failure_that_nobody_hears_is_a_dead_letter, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_undecodable_element_is_a_dead_letter_and_answered, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(answers_from_the_catalog, set_up, tear_down),
		cmocka_unit_test_setup_teardown(survives_every_failed_allocation, set_up, tear_down),
		cmocka_unit_test_setup_teardown(survives_a_full_arena, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
