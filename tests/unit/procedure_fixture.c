/* procedure_fixture.c */
#include "procedure_fixture.h"

#include <string.h>

int fixture_set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->catalog = support_catalog(SERVER_MARIADB);
	fixture->policy = support_policy();
	*state = fixture;
	return 0;
}

int fixture_set_up_mysql(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->catalog = support_catalog(SERVER_MYSQL);
	fixture->policy = support_policy();
	*state = fixture;
	return 0;
}

int fixture_tear_down(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->job)
		support_job_free(fixture->job);
	catalog_unref(fixture->catalog);
	free(fixture);
	return 0;
}

static struct job *start(struct fixture *fixture, const char *command, bool recovered)
{
	struct error error = {0};

	if (fixture->job)
		support_job_free(fixture->job);
	fixture->job = support_job(&fixture->policy, command);
	fixture->job->recovered = recovered;
	if (procedure_compile(fixture->job, fixture->catalog, &support_facts, &error) != 0)
		fail_msg("%s: %s", command, error.message);
	if (procedure_kind(fixture->job) != PROCEDURE_ANSWERED)
		procedure_restart(fixture->job);
	return fixture->job;
}

struct job *fixture_start(struct fixture *fixture, const char *command)
{
	return start(fixture, command, false);
}

struct job *fixture_start_recovered(struct fixture *fixture, const char *command)
{
	return start(fixture, command, true);
}

void expect_wave(struct job *job, const char *first, const char *second)
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

void send_any_wave(struct job *job)
{
	struct statement statements[4];
	uint32_t count;
	bool undo;

	assert_int_equal(procedure_next(job, statements, &count, &undo), PROCEDURE_SEND);
}

void expect_end(struct job *job, enum procedure_step step, bool expected_undo)
{
	struct statement statements[4];
	uint32_t count;
	bool undo;

	assert_int_equal(procedure_next(job, statements, &count, &undo), step);
	assert_int_equal(undo, expected_undo);
}

void statement_done(struct job *job, uint32_t index, uint64_t matched, uint64_t affected, uint64_t insert_id)
{
	struct statement_result result = {.matched = matched, .affected = affected, .insert_id = insert_id};

	procedure_done(job, index, &result);
}

void expect_answer(struct job *job, const char *body)
{
	const char *reply, *start_of_body;

	expect_end(job, PROCEDURE_FINISHED, false);
	job->command.reply_to = BYTES("rowd:reply:x");
	reply = support_reply(job, NULL);
	start_of_body = strstr(reply, "\"ok\":true,");
	assert_non_null(start_of_body);
	assert_string_equal(start_of_body + strlen("\"ok\":true,"), body);
}

void expect_failure(struct job *job, enum error_code code, bool undo)
{
	expect_end(job, PROCEDURE_FAILED, undo);
	assert_string_equal(error_code_name(procedure_error(job)->code), error_code_name(code));
}
