/* procedure_memory.c - memory runs out at each point of a command's life: it is told as that, and nothing leaks (the
 * sanitizers look on). */
#include "procedure_fixture.h"

#include "../support/allocations.h"

#include <errno.h>
#include <string.h>

enum { MOST_COLUMNS = 32 };

/* What stands in the one column of the table `notes`, once it is filled: the answer is not copied. With what JSON puts
 * around it, it fills a buffer of 2^17 bytes to the last one, which has to grow for the rest of the reply. */
static char line[(1 << 17) - (sizeof("[{\"line\":\"\"}]") - 1)];
static const struct bytes large = {.data = line, .size = sizeof(line)};

/* One of each way that a command takes through the compiler, with answers. */
static const char *const commands[] = {
	"{\"op\":\"ping\",\"db\":true,\"meta\":[1],\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"info\",\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"tables\",\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"describe\",\"table\":\"toys\",\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"read\",\"table\":\"order\",\"pk\":1,\"select\":[\"key\"],\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"read\",\"table\":\"pairs\",\"pk\":{\"b\":\"x\",\"a\":1},\"format\":\"arrays\",\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"read\",\"table\":\"pets\",\"where\":{\"name\":{\"contains\":\"%\"},\"or\":[{\"age\":{\"in\":[1,2]}},"
	"{\"not\":{\"age\":{\"between\":[3,4]}}}]},\"order\":[\"-age\",{\"col\":\"name\",\"nulls\":\"last\"}],"
	"\"limit\":2,\"distinct\":true,\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"read\",\"table\":\"every\",\"where\":{\"json\":{\"eq\":[1]},\"money\":1.5,\"date\":\"2024-02-29\","
	"\"moment\":\"2024-02-29T12:00:00+01:00\",\"time\":\"-1:00:00\",\"blob\":{\"starts\":\"x\"},\"half\":0.5},"
	"\"select\":[\"id\",\"money\",\"place\",\"json\"],\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"read\",\"table\":\"notes\",\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"count\",\"table\":\"pets\",\"where\":{\"age\":{\"lt\":{\"col\":\"id\"}}},\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"exists\",\"table\":\"pets\",\"pk\":1,\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"exists\",\"table\":\"pets\",\"where\":{\"name\":\"Tom\"},\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"create\",\"table\":\"pets\",\"values\":{\"name\":\"Tom\"},\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"create\",\"table\":\"toys\",\"values\":[{\"pet_id\":1},{\"label\":\"x\"}],\"returning\":false,"
	"\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"create\",\"table\":\"order\",\"values\":[{\"key\":1},{\"key\":2,\"or\":2}],\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"create\",\"table\":\"every\",\"values\":{\"id\":1,\"json\":\"[1,2]\"},\"returning\":[\"json\"],"
	"\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"update\",\"table\":\"toys\",\"pk\":1,\"set\":{\"pet_id\":2,\"id\":3},\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"update\",\"table\":\"toys\",\"pk\":1,\"set\":{\"label\":\"x\"},\"returning\":false,"
	"\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"update\",\"table\":\"every\",\"pk\":1,\"set\":{\"tiny\":{\"inc\":1},\"money\":{\"mul\":0.5},\"text\":"
	"{\"concat\":\"x \"},\"date\":{\"max\":\"2024-02-29\"},\"moment\":{\"now\":true}},\"returning\":[\"id\"],"
	"\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"update\",\"table\":\"pairs\",\"where\":{\"note\":{\"contains\":\"x\"}},\"set\":{\"note\":\"y\"},"
	"\"returning\":[\"a\"],\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"update\",\"table\":\"pets\",\"all\":true,\"set\":{\"age\":null},\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"delete\",\"table\":\"toys\",\"pk\":1,\"returning\":true,\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"delete\",\"table\":\"pets\",\"pk\":1,\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"delete\",\"table\":\"pets\",\"where\":{\"age\":3},\"returning\":[\"id\"],\"reply_to\":\"rowd:reply:x\"}",
	"{\"op\":\"delete\",\"table\":\"notes\",\"all\":true,\"reply_to\":\"rowd:reply:x\"}",
};

/* How many columns the statement answers; 0: it answers none. */
static uint32_t columns_of(struct bytes sql)
{
	const char *list = strstr(sql.data, " RETURNING ");
	uint32_t count = 1, depth = 0;

	if (!list && !bytes_starts(sql, BYTES("SELECT ")))
		return 0;
	for (list = list ? list : sql.data; *list && (list == sql.data || strncmp(list, " FROM ", 6) != 0); list++) {
		depth += *list == '(';
		depth -= *list == ')';
		count += *list == ',' && depth == 0;
	}
	return count;
}

/* As many as a create has written, or asks for by their keys: fewer would be an error. */
static uint32_t rows_of(struct bytes sql)
{
	uint32_t count = 1;

	for (const char *at = sql.data; *at; at++)
		count += strncmp(at, "),(", 3) == 0 || strncmp(at, ") OR (", 6) == 0;
	return count;
}

static void give_rows(struct job *job, uint32_t index, struct bytes sql)
{
	const char *values[MOST_COLUMNS];
	unsigned long lengths[MOST_COLUMNS];
	uint32_t count = columns_of(sql);
	struct bytes value = bytes_starts(sql, BYTES("SELECT `line`")) ? large : BYTES("1");

	assert_in_range(count, 0, MOST_COLUMNS);
	for (uint32_t i = 0; i < count; i++) {
		values[i] = value.data;
		lengths[i] = value.size;
	}
	for (uint32_t i = rows_of(sql); count > 0 && i > 0; i--)
		procedure_row(job, index, values, lengths, count);
}

static void run(struct job *job)
{
	struct statement statements[4];
	uint32_t count;
	bool undo;

	procedure_restart(job);
	while (procedure_next(job, statements, &count, &undo) == PROCEDURE_SEND) {
		for (uint32_t i = 0; i < count; i++) {
			struct bytes sql = {.data = strndup(statements[i].text.data, statements[i].text.size),
					    .size = statements[i].text.size};
			struct statement_result result = {.matched = 1, .affected = 1, .insert_id = 1};

			assert_non_null(sql.data);
			give_rows(job, i, sql);
			free((char *)sql.data);
			procedure_done(job, i, &result);
		}
	}
}

/* One whole life of a command. Returns what failed, or 0. */
static int live(const struct fixture *fixture, struct job *job)
{
	struct error error;
	int result = procedure_compile(job, fixture->catalog, &support_facts, &error);

	if (result < 0)
		return result;
	if (procedure_kind(job) != PROCEDURE_ANSWERED) {
		run(job);
		if (procedure_error(job)->code == ERROR_INTERNAL)
			return -ENOMEM;
		assert_int_equal(procedure_error(job)->code, ERROR_NONE);
	}
	return procedure_reply(job, NULL);
}

static void survives_every_failed_allocation(void **state)
{
	struct fixture *fixture = *state;
	struct error internal;

	error_set(&internal, ERROR_INTERNAL, "there was no memory for the answer");
	memset(line, 'a', sizeof(line));

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		for (uint32_t n = 1;; n++) {
			struct job *job = support_job(&fixture->policy, commands[i]);
			bool failed;
			int result;

			allocations_fail_at(n);
			result = live(fixture, job);
			failed = allocations_end();
			/* As the planner answers then. */
			if (failed && procedure_reply(job, &internal) != 0)
				fail_msg("%s: no answer when allocation %u had failed", commands[i], n);
			if (result != (failed ? -ENOMEM : 0))
				fail_msg("%s: %d when allocation %u fails", commands[i], result, n);
			support_job_free(job);
			if (!failed)
				break;
		}
	}
}

/* The same with an arena that is full sooner and sooner. */
static void survives_a_full_arena(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		bool enough = false;

		for (size_t spare = 0; !enough; spare += 64) {
			struct job *job = support_job(&fixture->policy, commands[i]);
			int result;

			job->arena.limit_bytes = job->arena.used_bytes + spare;
			result = live(fixture, job);
			enough = result == 0;
			assert_true(result == 0 || result == -ENOMEM);
			support_job_free(job);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(survives_every_failed_allocation, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(survives_every_failed_allocation, fixture_set_up_mysql,
						fixture_tear_down),
		cmocka_unit_test_setup_teardown(survives_a_full_arena, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(survives_a_full_arena, fixture_set_up_mysql, fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
