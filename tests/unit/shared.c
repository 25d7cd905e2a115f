/* Several commands as one statement: what is sent, who gets which answer, how a group is taken apart. */
#include "procedure_fixture.h"

#include "daemon/plan/sql/shared.h"

#include <errno.h>
#include <string.h>

enum { JOBS = 16 };

struct group {
	struct catalog *catalog;
	struct policy policy;
	struct job *jobs[JOBS];
	uint32_t count;
	struct shared *shared;
	struct statement statements[SHARED_STATEMENTS];
	uint32_t statement_count;
	uint64_t room;
};

static int set_up_on(void **state, enum server_kind kind)
{
	struct group *group = calloc(1, sizeof(*group));

	group->catalog = support_catalog(kind);
	group->policy = support_policy();
	group->room = UINT64_MAX;
	assert_int_equal(shared_new(&group->shared), 0);
	*state = group;
	return 0;
}

static int set_up(void **state)
{
	return set_up_on(state, SERVER_MARIADB);
}

static int set_up_mysql(void **state)
{
	return set_up_on(state, SERVER_MYSQL);
}

static int tear_down(void **state)
{
	struct group *group = *state;

	shared_free(group->shared);
	for (uint32_t i = 0; i < group->count; i++)
		support_job_free(group->jobs[i]);
	catalog_unref(group->catalog);
	free(group);
	return 0;
}

static struct job *compile(struct group *group, const char *command)
{
	struct error error = {0};
	struct job *job = support_job(&group->policy, command);

	if (procedure_compile(job, group->catalog, &support_facts, &error) != 0)
		fail_msg("%s: %s", command, error.message);
	procedure_restart(job);
	group->jobs[group->count++] = job;
	return job;
}

/* Compiles commands, which have to be able to share, and begins them as one group. NULL ends them. */
static void begin(struct group *group, const char *first, ...)
{
	va_list commands;

	va_start(commands, first);
	for (const char *command = first; command; command = va_arg(commands, const char *)) {
		struct job *job = compile(group, command);

		assert_int_not_equal(shared_hash(job), 0);
		assert_int_equal(shared_hash(job), shared_hash(group->jobs[0]));
		assert_true(shared_match(job, group->jobs[0]));
	}
	va_end(commands);
	assert_int_equal(
		shared_begin(group->shared, group->jobs, group->count, group->statements, &group->statement_count), 0);
}

static void expect_statement(const struct group *group, uint32_t index, const char *text)
{
	assert_true(index < group->statement_count);
	if (!bytes_equal_text(group->statements[index].text, text))
		fail_msg("%.*s", BYTES_ARG(group->statements[index].text));
}

/* One row for a statement of the group; "\\N" is NULL, NULL ends the texts. */
static void row(struct group *group, uint32_t index, ...)
{
	const char *values[8];
	unsigned long lengths[8];
	uint32_t count = 0;
	va_list texts;

	va_start(texts, index);
	for (const char *text = va_arg(texts, const char *); text; text = va_arg(texts, const char *)) {
		bool is_null = strcmp(text, "\\N") == 0;

		values[count] = is_null ? NULL : text;
		lengths[count++] = is_null ? 0 : strlen(text);
	}
	va_end(texts);
	assert_int_equal(shared_row(group->shared, index, values, lengths, count, &group->room), 0);
}

static void done(struct group *group, uint32_t index, uint64_t affected, uint64_t insert_id)
{
	const struct statement_result result = {.matched = affected, .affected = affected, .insert_id = insert_id};

	shared_done(group->shared, index, &result);
}

static void expect_answered(struct group *group)
{
	uint32_t culprit;

	assert_int_equal(shared_end(group->shared, &culprit), SHARED_ANSWERED);
}

static void expect_step(struct job *job, enum procedure_step step)
{
	struct statement statements[4];
	uint32_t count;
	bool undo;

	assert_int_equal(procedure_next(job, statements, &count, &undo), step);
}

/* --- creates ------------------------------------------------------------------------------------------------------ */

static void creates_in_one_insert(void **state)
{
	struct group *group = *state;

	begin(group, "{\"op\":\"create\",\"table\":\"toys\",\"values\":{\"label\":\"a\"},\"returning\":[\"id\"]}",
	      "{\"op\":\"create\",\"table\":\"toys\",\"values\":[{\"label\":\"b\"},{\"label\":\"c\"}],\"returning\":[\"id\"]}",
	      "{\"op\":\"create\",\"table\":\"toys\",\"values\":{\"label\":\"d\"},\"returning\":[\"id\"]}", NULL);
	expect_statement(group, 0, "INSERT INTO `toys` (`label`) VALUES ('a'),('b'),('c'),('d') RETURNING `id`");
	for (char id[] = "1"; id[0] <= '4'; id[0]++)
		row(group, 0, id, NULL);
	done(group, 0, 4, 0);
	expect_answered(group);
	expect_answer(group->jobs[0], "\"row\":{\"id\":1},\"affected\":1}");
	expect_answer(group->jobs[1], "\"rows\":[{\"id\":2},{\"id\":3}],\"affected\":2}");
	expect_answer(group->jobs[2], "\"row\":{\"id\":4},\"affected\":1}");
}

/* As many rows as came stand before the bad one. */
static void the_rows_that_came_tell_the_culprit(void **state)
{
	const struct sql_error duplicate = {.class = SQL_ERROR_OF_COMMAND, .code = ERROR_UNIQUE_VIOLATION, .row = -1};
	struct group *group = *state;
	uint32_t culprit = 0;

	begin(group, "{\"op\":\"create\",\"table\":\"toys\",\"values\":{\"label\":\"a\"}}",
	      "{\"op\":\"create\",\"table\":\"toys\",\"values\":[{\"label\":\"b\"},{\"label\":\"c\"}]}",
	      "{\"op\":\"create\",\"table\":\"toys\",\"values\":{\"label\":\"d\"}}", NULL);
	row(group, 0, "1", "\\N", "a", NULL);
	row(group, 0, "2", "\\N", "b", NULL);
	shared_failed(group->shared, 0, &duplicate);
	assert_int_equal(shared_end(group->shared, &culprit), SHARED_CULPRIT);
	assert_int_equal(culprit, 1);
	expect_step(group->jobs[1], PROCEDURE_FAILED);
	assert_int_equal(procedure_error(group->jobs[1])->code, ERROR_UNIQUE_VIOLATION);
	assert_int_equal(procedure_error(group->jobs[1])->at_row, 1);
	/* The others begin anew. */
	expect_step(group->jobs[0], PROCEDURE_SEND);
	expect_step(group->jobs[2], PROCEDURE_SEND);
}

static void creates_without_rows_have_their_ids(void **state)
{
	struct group *group = *state;

	begin(group, "{\"op\":\"create\",\"table\":\"toys\",\"values\":{\"label\":\"a\"},\"returning\":false}",
	      "{\"op\":\"create\",\"table\":\"toys\",\"values\":[{\"label\":\"b\"},{\"label\":\"c\"}],\"returning\":false}",
	      NULL);
	expect_statement(group, 0, "INSERT INTO `toys` (`label`) VALUES ('a'),('b'),('c') RETURNING `id`");
	row(group, 0, "7", NULL);
	row(group, 0, "9", NULL); /* auto_increment_increment is 2 */
	row(group, 0, "11", NULL);
	done(group, 0, 3, 0);
	expect_answered(group);
	expect_answer(group->jobs[0], "\"insert_id\":7,\"affected\":1}");
	expect_answer(group->jobs[1], "\"insert_ids\":[9,11],\"affected\":2}");
}

static void mysql_finds_the_rows_by_their_ids(void **state)
{
	struct group *group = *state;

	begin(group, "{\"op\":\"create\",\"table\":\"toys\",\"values\":{\"label\":\"a\"},\"returning\":[\"id\"]}",
	      "{\"op\":\"create\",\"table\":\"toys\",\"values\":{\"label\":\"b\"},\"returning\":[\"id\"]}", NULL);
	expect_statement(group, 0, "INSERT INTO `toys` (`label`) VALUES ('a'),('b')");
	expect_statement(
		group, 1,
		"SELECT `id` FROM `toys` WHERE `id` >= LAST_INSERT_ID() AND "
		"`id` < LAST_INSERT_ID() + 2 * @@auto_increment_increment AND "
		"`id` % @@auto_increment_increment = LAST_INSERT_ID() % @@auto_increment_increment ORDER BY `id`");
	done(group, 0, 2, 5);
	row(group, 1, "5", NULL);
	row(group, 1, "7", NULL); /* auto_increment_increment is 2 */
	done(group, 1, 2, 0);
	expect_answered(group);
	expect_answer(group->jobs[0], "\"row\":{\"id\":5},\"affected\":1}");
	expect_answer(group->jobs[1], "\"row\":{\"id\":7},\"affected\":1}");
}

static void mysql_counts_the_ids(void **state)
{
	struct group *group = *state;

	begin(group, "{\"op\":\"create\",\"table\":\"toys\",\"values\":[{},{}],\"returning\":false}",
	      "{\"op\":\"create\",\"table\":\"toys\",\"values\":{},\"returning\":false}", NULL);
	assert_int_equal(group->statement_count, 1);
	done(group, 0, 3, 5);
	expect_answered(group);
	expect_answer(group->jobs[0], "\"insert_ids\":[5,7],\"affected\":2}");
	expect_answer(group->jobs[1], "\"insert_id\":9,\"affected\":1}");
}

static void mysql_takes_a_failed_insert_apart_by_halves(void **state)
{
	const struct sql_error duplicate = {.class = SQL_ERROR_OF_COMMAND, .code = ERROR_UNIQUE_VIOLATION, .row = -1};
	struct group *group = *state;
	uint32_t culprit;

	begin(group, "{\"op\":\"create\",\"table\":\"toys\",\"values\":{\"label\":\"a\"}}",
	      "{\"op\":\"create\",\"table\":\"toys\",\"values\":{\"label\":\"b\"}}", NULL);
	shared_failed(group->shared, 0, &duplicate);
	done(group, 1, 0, 0);
	assert_int_equal(shared_end(group->shared, &culprit), SHARED_HALVES);
	expect_step(group->jobs[0], PROCEDURE_SEND);
	expect_step(group->jobs[1], PROCEDURE_SEND);
}

/* --- by key ------------------------------------------------------------------------------------------------------- */

static void reads_are_matched_by_their_keys(void **state)
{
	struct group *group = *state;

	begin(group, "{\"op\":\"read\",\"table\":\"toys\",\"pk\":5,\"select\":[\"label\"]}",
	      "{\"op\":\"read\",\"table\":\"toys\",\"pk\":7,\"select\":[\"label\"]}",
	      "{\"op\":\"read\",\"table\":\"toys\",\"pk\":\"5\",\"select\":[\"label\"]}",
	      "{\"op\":\"read\",\"table\":\"toys\",\"pk\":1,\"select\":[\"label\"]}", NULL);
	expect_statement(group, 0, "SELECT `label`,`id` FROM `toys` WHERE `id` IN (5,7,5,1)");
	row(group, 0, "one", "1", NULL);
	row(group, 0, "five", "0005", NULL); /* ZEROFILL */
	done(group, 0, 0, 0);
	expect_answered(group);
	expect_answer(group->jobs[0], "\"row\":{\"label\":\"five\"}}");
	expect_answer(group->jobs[1], "\"row\":null}");
	expect_answer(group->jobs[2], "\"row\":{\"label\":\"five\"}}");
	expect_answer(group->jobs[3], "\"row\":{\"label\":\"one\"}}");
}

/* A copy of it for each would be more than a batch may hold. */
static void a_large_row_is_not_copied_beyond_the_room(void **state)
{
	struct group *group = *state;
	const char *read = "{\"op\":\"read\",\"table\":\"toys\",\"pk\":5,\"select\":[\"label\"]}";
	const char *const values[] = {"0123456789", "5"};
	const unsigned long lengths[] = {10, 1};
	uint64_t room = 25;

	begin(group, read, read, read, NULL);
	assert_int_equal(shared_row(group->shared, 0, values, lengths, 2, &room), -EFBIG);
	assert_int_equal(room, 3);
}

static void exists_is_told_by_the_key(void **state)
{
	struct group *group = *state;

	begin(group, "{\"op\":\"exists\",\"table\":\"toys\",\"pk\":5}",
	      "{\"op\":\"exists\",\"table\":\"toys\",\"pk\":0}", NULL);
	expect_statement(group, 0, "SELECT 1,`id` FROM `toys` WHERE `id` IN (5,0)");
	row(group, 0, "1", "0", NULL);
	done(group, 0, 0, 0);
	expect_answered(group);
	expect_answer(group->jobs[0], "\"value\":false}");
	expect_answer(group->jobs[1], "\"value\":true}");
}

static void deletes_know_which_rows_there_were(void **state)
{
	struct group *group = *state;

	begin(group, "{\"op\":\"delete\",\"table\":\"toys\",\"pk\":5}",
	      "{\"op\":\"delete\",\"table\":\"toys\",\"pk\":6}", NULL);
	expect_statement(group, 0, "DELETE FROM `toys` WHERE `id` IN (5,6) LIMIT 2 RETURNING 1,`id`");
	row(group, 0, "1", "6", NULL);
	done(group, 0, 1, 0);
	expect_answered(group);
	expect_answer(group->jobs[0], "\"affected\":0}");
	expect_answer(group->jobs[1], "\"affected\":1}");
}

/* Set to what it was, set to something else, and not there. */
static void updates_know_what_changed(void **state)
{
	struct group *group = *state;

	begin(group, "{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"age\":3},\"returning\":[\"age\"]}",
	      "{\"op\":\"update\",\"table\":\"pets\",\"pk\":2,\"set\":{\"age\":null},\"returning\":[\"age\"]}",
	      "{\"op\":\"update\",\"table\":\"pets\",\"pk\":3,\"set\":{\"age\":5},\"returning\":[\"age\"]}", NULL);
	expect_statement(group, 0,
			 "SELECT `id`,`age` FROM `pets` FORCE INDEX (PRIMARY) WHERE `id` IN (1,2,3) FOR UPDATE");
	expect_statement(
		group, 1,
		"UPDATE `pets` FORCE INDEX (PRIMARY) SET `age` = CASE `id` WHEN 1 THEN 3 WHEN 2 THEN NULL WHEN 3 THEN 5 END WHERE `id` IN (1,2,3)");
	expect_statement(group, 2, "SELECT `age`,`id`,`age` FROM `pets` WHERE `id` IN (1,2,3)");
	row(group, 0, "1", "3", NULL);
	row(group, 0, "2", "", NULL);
	done(group, 0, 0, 0);
	done(group, 1, 1, 0);
	row(group, 2, "3", "1", "3", NULL);
	row(group, 2, "\\N", "2", "\\N", NULL);
	done(group, 2, 0, 0);
	expect_answered(group);
	expect_answer(group->jobs[0], "\"row\":{\"age\":3},\"matched\":1,\"affected\":0}");
	expect_answer(group->jobs[1], "\"row\":{\"age\":null},\"matched\":1,\"affected\":1}");
	expect_answer(group->jobs[2], "\"row\":null,\"matched\":0,\"affected\":0}");
}

/* The server has changed a row that ends as it was: a trigger that this account cannot see. */
static void what_the_server_changed_is_compared(void **state)
{
	struct group *group = *state;
	uint32_t culprit;

	begin(group, "{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"age\":3},\"returning\":false}",
	      "{\"op\":\"update\",\"table\":\"pets\",\"pk\":2,\"set\":{\"age\":4},\"returning\":false}", NULL);
	row(group, 0, "1", "3", NULL);
	row(group, 0, "2", "4", NULL);
	done(group, 0, 0, 0);
	done(group, 1, 1, 0);
	row(group, 2, "1", "3", NULL);
	row(group, 2, "2", "4", NULL);
	done(group, 2, 0, 0);
	assert_int_equal(shared_end(group->shared, &culprit), SHARED_UNDO);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(shared_hash(group->jobs[i]), 0);
}

/* Somebody else creates a row between two of the statements: before the UPDATE, and behind it. */
static void a_row_that_comes_in_between(void **state)
{
	for (uint64_t matched = 0; matched < 2; matched++) {
		struct group *group = *state;
		uint32_t culprit;

		begin(group, "{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"age\":3},\"returning\":false}",
		      "{\"op\":\"update\",\"table\":\"pets\",\"pk\":2,\"set\":{\"age\":4},\"returning\":false}", NULL);
		done(group, 0, 0, 0);
		done(group, 1, matched, 0);
		row(group, 2, "1", "2", "4", NULL);
		done(group, 2, 1, 0);
		if (matched > 0) {
			assert_int_equal(shared_end(group->shared, &culprit), SHARED_UNDO);
			return;
		}
		expect_answered(group);
		expect_answer(group->jobs[0], "\"matched\":0,\"affected\":0}");
		expect_answer(group->jobs[1], "\"matched\":0,\"affected\":0}");
		tear_down(state);
		set_up(state);
	}
}

static void mysql_does_not_delete_what_it_has_not_seen(void **state)
{
	struct group *group = *state;
	uint32_t culprit;

	begin(group, "{\"op\":\"delete\",\"table\":\"toys\",\"pk\":5}",
	      "{\"op\":\"delete\",\"table\":\"toys\",\"pk\":6}", NULL);
	row(group, 0, "1", "6", NULL);
	done(group, 0, 1, 0);
	done(group, 1, 2, 0);
	assert_int_equal(shared_end(group->shared, &culprit), SHARED_UNDO);
}

/* The server found it by a key that is none of theirs to us: each is to ask by itself. */
static void a_row_that_nobody_asked_for(void **state)
{
	struct group *group = *state;
	uint32_t culprit;

	begin(group, "{\"op\":\"read\",\"table\":\"toys\",\"pk\":5}", "{\"op\":\"read\",\"table\":\"toys\",\"pk\":7}",
	      NULL);
	row(group, 0, "9", "\\N", "stranger", "9", NULL);
	done(group, 0, 1, 0);
	assert_int_equal(shared_end(group->shared, &culprit), SHARED_HALVES);
	for (uint32_t i = 0; i < 2; i++)
		expect_step(group->jobs[i], PROCEDURE_SEND);
}

static void a_deleted_row_that_nobody_asked_for(void **state)
{
	struct group *group = *state;
	uint32_t culprit;

	begin(group, "{\"op\":\"delete\",\"table\":\"toys\",\"pk\":5}",
	      "{\"op\":\"delete\",\"table\":\"toys\",\"pk\":6}", NULL);
	row(group, 0, "1", "9", NULL);
	done(group, 0, 1, 0);
	assert_int_equal(shared_end(group->shared, &culprit), SHARED_UNDO);
}

/* The last SELECT was stopped: what the UPDATE did has to be undone first. */
static void a_part_that_took_effect_is_undone(void **state)
{
	const struct sql_error time = {.class = SQL_ERROR_TIME, .code = ERROR_TIMEOUT, .row = -1};
	struct group *group = *state;
	uint32_t culprit;

	begin(group, "{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"age\":3}}",
	      "{\"op\":\"update\",\"table\":\"pets\",\"pk\":2,\"set\":{\"age\":4}}", NULL);
	done(group, 0, 0, 0);
	done(group, 1, 2, 0);
	shared_failed(group->shared, 2, &time);
	assert_int_equal(shared_end(group->shared, &culprit), SHARED_UNDO);
}

/* A group may need a grant that none of its jobs would. */
static void what_is_forbidden_is_tried_singly(void **state)
{
	const struct sql_error denied = {.class = SQL_ERROR_OF_COMMAND, .code = ERROR_FORBIDDEN, .row = -1};
	struct group *group = *state;
	uint32_t culprit;

	begin(group, "{\"op\":\"read\",\"table\":\"toys\",\"pk\":5}", "{\"op\":\"read\",\"table\":\"toys\",\"pk\":7}",
	      NULL);
	shared_failed(group->shared, 0, &denied);
	assert_int_equal(shared_end(group->shared, &culprit), SHARED_SINGLY);
	for (uint32_t i = 0; i < 2; i++)
		expect_step(group->jobs[i], PROCEDURE_SEND);
}

/* A key of several columns: its text is compared, zeros in front aside. */
static void rows_are_found_by_all_columns_of_a_key(void **state)
{
	struct group *group = *state;

	begin(group,
	      "{\"op\":\"update\",\"table\":\"pairs\",\"pk\":{\"a\":1,\"b\":\"x'\"},\"set\":{\"note\":\"p\"},"
	      "\"returning\":[\"a\"]}",
	      "{\"op\":\"update\",\"table\":\"pairs\",\"pk\":{\"b\":\"\",\"a\":-2},\"set\":{\"note\":\"q\"},"
	      "\"returning\":[\"a\"]}",
	      NULL);
	expect_statement(
		group, 0,
		"SELECT `a`,`b`,`note` FROM `pairs` FORCE INDEX (PRIMARY) WHERE (`a`,`b`) IN ((1,x'7827'),(-2,x'')) FOR UPDATE");
	expect_statement(group, 1,
			 "UPDATE `pairs` FORCE INDEX (PRIMARY) SET `note` = CASE WHEN (`a`,`b`) = (1,x'7827') THEN 'p' "
			 "WHEN (`a`,`b`) = (-2,x'') THEN 'q' END WHERE (`a`,`b`) IN ((1,x'7827'),(-2,x''))");
	row(group, 0, "0001", "x'", "p", NULL);
	row(group, 0, "-2", "", "p", NULL);
	done(group, 0, 0, 0);
	done(group, 1, 1, 0);
	row(group, 2, "1", "0001", "x'", "p", NULL);
	row(group, 2, "-2", "-2", "", "q", NULL);
	done(group, 2, 0, 0);
	expect_answered(group);
	expect_answer(group->jobs[0], "\"row\":{\"a\":1},\"matched\":1,\"affected\":0}");
	expect_answer(group->jobs[1], "\"row\":{\"a\":-2},\"matched\":1,\"affected\":1}");
}

/* --- the same read ------------------------------------------------------------------------------------------------ */

static void the_same_read_answers_all(void **state)
{
	struct group *group = *state;

	begin(group, "{\"op\":\"read\",\"table\":\"toys\",\"select\":[\"id\"],\"where\":{\"pet_id\":1}}",
	      "{\"op\":\"read\",\"table\":\"toys\",\"select\":[\"id\"],\"where\":{\"pet_id\":1},\"format\":\"arrays\"}",
	      NULL);
	assert_int_equal(group->statement_count, 1);
	expect_statement(group, 0, "SELECT `id` FROM `toys` WHERE `pet_id` = 1 LIMIT 1001");
	row(group, 0, "3", NULL);
	row(group, 0, "4", NULL);
	done(group, 0, 2, 0);
	expect_answered(group);
	expect_answer(group->jobs[0], "\"rows\":[{\"id\":3},{\"id\":4}]}");
	expect_answer(group->jobs[1], "\"cols\":[\"id\"],\"rows\":[[3],[4]]}");
}

static void the_same_read_fails_for_all(void **state)
{
	const struct sql_error time = {.class = SQL_ERROR_TIME, .code = ERROR_TIMEOUT, .row = -1};
	struct group *group = *state;

	begin(group, "{\"op\":\"count\",\"table\":\"toys\"}", "{\"op\":\"count\",\"table\":\"toys\"}", NULL);
	shared_failed(group->shared, 0, &time);
	expect_answered(group);
	for (uint32_t i = 0; i < 2; i++) {
		expect_step(group->jobs[i], PROCEDURE_FAILED);
		assert_int_equal(procedure_error(group->jobs[i])->code, ERROR_TIMEOUT);
	}
}

static void mysql_looks_before_it_deletes(void **state)
{
	struct group *group = *state;

	begin(group, "{\"op\":\"delete\",\"table\":\"toys\",\"pk\":5}",
	      "{\"op\":\"delete\",\"table\":\"toys\",\"pk\":6}", NULL);
	expect_statement(group, 0, "SELECT 1,`id` FROM `toys` FORCE INDEX (PRIMARY) WHERE `id` IN (5,6) FOR UPDATE");
	expect_statement(group, 1, "DELETE FROM `toys` WHERE `id` IN (5,6)");
	row(group, 0, "1", "6", NULL);
	done(group, 0, 1, 0);
	done(group, 1, 1, 0);
	expect_answered(group);
	expect_answer(group->jobs[0], "\"affected\":0}");
	expect_answer(group->jobs[1], "\"affected\":1}");
}

static void mysql_answers_what_it_deletes(void **state)
{
	struct group *group = *state;

	begin(group, "{\"op\":\"delete\",\"table\":\"toys\",\"pk\":5,\"returning\":[\"label\"]}",
	      "{\"op\":\"delete\",\"table\":\"toys\",\"pk\":6,\"returning\":[\"label\"]}", NULL);
	row(group, 0, "six", "6", NULL);
	done(group, 0, 1, 0);
	done(group, 1, 1, 0);
	expect_answered(group);
	expect_answer(group->jobs[0], "\"row\":null,\"affected\":0}");
	expect_answer(group->jobs[1], "\"row\":{\"label\":\"six\"},\"affected\":1}");
}

/* --- who with whom ------------------------------------------------------------------------------------------------ */

static void share_with_nobody(void **state)
{
	static const char *const commands[] = {
		"{\"op\":\"read\",\"table\":\"words\",\"pk\":\"kim\"}",
		"{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"id\":2}}",
		"{\"op\":\"read\",\"table\":\"pets\",\"pk\":18446744073709551615}",
		"{\"op\":\"update\",\"table\":\"pets\",\"where\":{\"id\":1},\"set\":{\"age\":2}}",
		"{\"op\":\"create\",\"table\":\"spied\",\"values\":{}}",
		"{\"op\":\"create\",\"table\":\"toys\",\"values\":[{},{\"id\":5}],\"returning\":false}",
		"{\"op\":\"delete\",\"table\":\"toys\",\"all\":true}",
		"{\"op\":\"update\",\"table\":\"order\",\"pk\":1,\"set\":{\"or\":null}}", /* of another default */
	};
	struct group *group = *state;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (shared_hash(compile(group, commands[i])) != 0)
			fail_msg("%s", commands[i]);
}

static void do_not_match(struct group *group, const char *a, const char *b)
{
	const struct job *job_a = compile(group, a), *job_b = compile(group, b);

	assert_int_not_equal(shared_hash(job_a), 0);
	assert_int_not_equal(shared_hash(job_b), 0);
	assert_false(shared_match(job_a, job_b));
	assert_true(shared_match(job_a, job_a));
}

static void what_differs_does_not_match(void **state)
{
	struct group *group = *state;

	do_not_match(group, "{\"op\":\"read\",\"table\":\"toys\",\"pk\":1}",
		     "{\"op\":\"read\",\"table\":\"pets\",\"pk\":1}");
	do_not_match(group, "{\"op\":\"read\",\"table\":\"toys\",\"pk\":1,\"select\":[\"id\"]}",
		     "{\"op\":\"read\",\"table\":\"toys\",\"pk\":1,\"select\":[\"label\"]}");
	do_not_match(group, "{\"op\":\"create\",\"table\":\"toys\",\"values\":{\"label\":\"a\"}}",
		     "{\"op\":\"create\",\"table\":\"toys\",\"values\":{\"pet_id\":1}}");
	do_not_match(group, "{\"op\":\"read\",\"table\":\"toys\"}", "{\"op\":\"read\",\"table\":\"toys\",\"limit\":2}");
	do_not_match(group, "{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"age\":2}}",
		     "{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"name\":\"x\"}}");
}

static void what_is_given_back_is_made_again(void **state)
{
	struct group *group = *state;

	begin(group, "{\"op\":\"read\",\"table\":\"toys\",\"pk\":1,\"select\":[\"id\"]}",
	      "{\"op\":\"read\",\"table\":\"toys\",\"pk\":2,\"select\":[\"id\"]}", NULL);
	assert_true(shared_keep(group->shared, SIZE_MAX) > 0);
	expect_statement(group, 0, "SELECT `id`,`id` FROM `toys` WHERE `id` IN (1,2)");
	assert_int_equal(shared_keep(group->shared, 1), 0);
	assert_int_equal(shared_keep(group->shared, 1), 0);
	assert_int_equal(
		shared_begin(group->shared, group->jobs, group->count, group->statements, &group->statement_count), 0);
	expect_statement(group, 0, "SELECT `id`,`id` FROM `toys` WHERE `id` IN (1,2)");
}

/* The order of a map's keys never counts. */
static void the_order_of_what_is_set_does_not_count(void **state)
{
	struct group *group = *state;

	begin(group,
	      "{\"op\":\"update\",\"table\":\"pets\",\"pk\":1,\"set\":{\"age\":2,\"name\":\"a\"},\"returning\":false}",
	      "{\"op\":\"update\",\"table\":\"pets\",\"pk\":2,\"set\":{\"name\":\"b\",\"age\":3},\"returning\":false}",
	      NULL);
	expect_statement(
		group, 1,
		"UPDATE `pets` FORCE INDEX (PRIMARY) SET `name` = CASE `id` WHEN 1 THEN 'a' WHEN 2 THEN 'b' END,`age` = CASE `id` WHEN 1 THEN 2 "
		"WHEN 2 THEN 3 END WHERE `id` IN (1,2)");
	expect_statement(group, 2, "SELECT 1,`id`,`name`,`age` FROM `pets` WHERE `id` IN (1,2)");
}

#define ON_MARIADB(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define ON_MYSQL(name)   cmocka_unit_test_setup_teardown(name, set_up_mysql, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MARIADB(creates_in_one_insert),
		ON_MARIADB(the_rows_that_came_tell_the_culprit),
		ON_MARIADB(creates_without_rows_have_their_ids),
		ON_MYSQL(mysql_finds_the_rows_by_their_ids),
		ON_MYSQL(mysql_counts_the_ids),
		ON_MYSQL(mysql_takes_a_failed_insert_apart_by_halves),
		ON_MARIADB(reads_are_matched_by_their_keys),
		ON_MARIADB(a_large_row_is_not_copied_beyond_the_room),
		ON_MARIADB(exists_is_told_by_the_key),
		ON_MARIADB(deletes_know_which_rows_there_were),
		ON_MARIADB(updates_know_what_changed),
		ON_MYSQL(updates_know_what_changed),
		ON_MARIADB(what_the_server_changed_is_compared),
		ON_MARIADB(a_row_that_comes_in_between),
		ON_MYSQL(mysql_does_not_delete_what_it_has_not_seen),
		ON_MARIADB(a_row_that_nobody_asked_for),
		ON_MARIADB(a_deleted_row_that_nobody_asked_for),
		ON_MARIADB(a_part_that_took_effect_is_undone),
		ON_MARIADB(what_is_forbidden_is_tried_singly),
		ON_MARIADB(rows_are_found_by_all_columns_of_a_key),
		ON_MARIADB(the_same_read_answers_all),
		ON_MARIADB(the_same_read_fails_for_all),
		ON_MYSQL(mysql_looks_before_it_deletes),
		ON_MYSQL(mysql_answers_what_it_deletes),
		ON_MARIADB(share_with_nobody),
		ON_MARIADB(what_differs_does_not_match),
		ON_MARIADB(what_is_given_back_is_made_again),
		ON_MARIADB(the_order_of_what_is_set_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
