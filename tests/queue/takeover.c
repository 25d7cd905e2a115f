/* tests/queue/takeover.c - workers that die, freeze, restart and stand by.
 *
 * The other workers are processes: this program again, with the word "work", a runtime directory and a lease. They
 * claim all they can get, finish nothing, and write one line per command. */
#include "tests/queue/harness.h"

#include "common/clock.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LEASE_MS = 1500, LONG_LEASE_MS = 4000, HOLD_MS = 60000, SLACK_MS = 10000 };

struct child {
	pid_t pid;
	FILE *lines;
};

static void child_start(struct child *child, const char *directory, int lease_ms)
{
	int ends[2];
	posix_spawn_file_actions_t actions;
	char lease[16];
	char *arguments[] = {(char[]){"takeover"}, (char[]){"work"}, strdup(directory), lease, NULL};

	snprintf(lease, sizeof(lease), "%d", lease_ms);
	assert_int_equal(pipe(ends), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	posix_spawn_file_actions_addclose(&actions, ends[1]);
	assert_int_equal(posix_spawn(&child->pid, "/proc/self/exe", &actions, NULL, arguments, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	child->lines = fdopen(ends[0], "r");
	assert_non_null(child->lines);
	free(arguments[2]);
}

/* Reads what it says until it has said the line; the test's own time limit ends a wait in vain. */
static void child_says(struct child *child, const char *wanted)
{
	char line[64];

	while (fgets(line, sizeof(line), child->lines)) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, wanted) == 0)
			return;
	}
	fail_msg("the other worker ended without saying %s", wanted);
}

static void child_end(struct child *child, int signal_number)
{
	kill(child->pid, signal_number);
	kill(child->pid, SIGCONT);
	assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
	fclose(child->lines);
}

static int work_claimed(void *context, const struct claim *claim, struct bytes raw)
{
	(void)context;
	(void)claim;
	printf("%.*s\n", BYTES_ARG(raw));
	return 0;
}

static void work_fenced(void *context)
{
	(void)context;
	printf("fenced\n");
}

static void work_nothing(void *context)
{
	(void)context;
}

static void work_ready(void *context)
{
	(void)context;
	printf("ready\n");
}

static int work(const char *directory, const char *lease)
{
	static const struct worker_events events = {.claimed = work_claimed,
						    .fenced = work_fenced,
						    .changed = work_nothing,
						    .ready = work_ready,
						    .closed = work_nothing};
	static char key[] = "q";
	struct queue_options queue = {.key = key};
	char *runtime_directory = strdup(directory);
	struct options options = {
		.redis.command_timeout_ms = 5000,
		.limits = {.in_flight = 4096, .in_flight_bytes = 64 << 20, .message_bytes = 1 << 20, .batch = 512},
		.delivery.lease_ms = (uint32_t)strtoul(lease, NULL, 10),
		.queues = &queue,
		.queue_count = 1,
		.runtime_directory = runtime_directory,
	};
	struct worker *worker;
	uv_loop_t loop;

	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(options.redis.url.unix_socket, URL_TEXT_BYTES, "%s", getenv("ROWD_TEST_REDIS"));
	if (uv_loop_init(&loop) || worker_open(&loop, &options, &events, NULL, &worker))
		return 1;
	worker_want(worker, true);
	uv_run(&loop, UV_RUN_DEFAULT);
	free(runtime_directory);
	return 0;
}

static void start(struct harness *harness)
{
	harness_init(harness);
	harness->finish = true;
	harness->options.delivery.lease_ms = LEASE_MS;
}

static void assert_recovered(const struct harness *harness, size_t recovered, size_t count)
{
	assert_int_equal(harness->received_count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(received_number(harness, i), i);
		assert_int_equal(harness->received[i].claim.attempts, i < recovered ? 1 : 0);
	}
}

static void test_standby_takes_over_from_the_killed(void **state)
{
	struct harness harness;
	struct child child;
	(void)state;

	start(&harness);
	harness.options.delivery.lease_ms = LONG_LEASE_MS;
	redis_push_numbers(&harness, "q", 0, 1000);
	child_start(&child, "", LONG_LEASE_MS);
	child_says(&child, "999");
	harness_open(&harness);
	redis_push_numbers(&harness, "q", 1000, 1);
	child_says(&child, "1000"); /* one that came through the landing list */
	harness_turn_ms(&harness, LONG_LEASE_MS + 300);
	assert_int_equal(harness.received_count, 0); /* it lives */
	assert_false(worker_counts(harness.worker).owner_of_any);
	uint64_t killed_us = clock_monotonic_us();
	child_end(&child, SIGKILL);
	redis_push_numbers(&harness, "q", 1001, 500);
	harness_wait_received(&harness, 1501);
	assert_in_range(clock_monotonic_us() - killed_us, 0, (LONG_LEASE_MS + SLACK_MS) * 1000ull);
	assert_recovered(&harness, 1001, 1501);
	assert_int_equal(worker_counts(harness.worker).recovered, 1001);
	harness_wait_empty(&harness);
	harness_done(&harness);
}

static void test_restarted_one_takes_over_at_once(void **state)
{
	struct harness harness;
	struct child child;
	char directory[256];
	(void)state;

	start(&harness);
	harness.options.delivery.lease_ms = HOLD_MS;
	snprintf(directory, sizeof(directory), "%s/run", getenv("ROWD_TEST_DIRECTORY"));
	assert_int_equal(mkdir(directory, 0700), 0);
	redis_push_numbers(&harness, "q", 0, 300);
	child_start(&child, directory, HOLD_MS);
	child_says(&child, "299");
	child_end(&child, SIGKILL);
	uint64_t killed_us = clock_monotonic_us();
	harness.options.runtime_directory = directory;
	harness_open(&harness);
	harness_wait_received(&harness, 300);
	assert_in_range(clock_monotonic_us() - killed_us, 0, HOLD_MS / 2 * 1000ull); /* well within its lease */
	assert_recovered(&harness, 300, 300);
	harness_wait_empty(&harness);
	harness_close(&harness);
	assert_int_equal(redis_int(&harness, "EXISTS {q}:owner"), 0);
	harness_done(&harness);
}

static bool is_owner(struct harness *harness)
{
	return worker_counts(harness->worker).owner_of_any;
}

static void test_thawed_one_is_fenced(void **state)
{
	struct harness harness;
	struct child child;
	(void)state;

	start(&harness);
	redis_push_numbers(&harness, "q", 0, 10);
	child_start(&child, "", LEASE_MS);
	child_says(&child, "9");
	harness_open(&harness);
	kill(child.pid, SIGSTOP);
	harness_wait_received(&harness, 10);
	assert_recovered(&harness, 10, 10);
	/* Its blocking pop has outlived it: nothing may be lost in there. */
	redis_push_numbers(&harness, "q", 10, 10);
	harness_wait_received(&harness, 20);
	kill(child.pid, SIGCONT);
	child_says(&child, "fenced");
	redis_push_numbers(&harness, "q", 20, 10);
	harness_wait_received(&harness, 30);
	assert_int_equal(harness.fenced, 0);
	harness_wait_empty(&harness);
	child_end(&child, SIGKILL);
	harness_done(&harness);
}

static void test_fenced_worker_starts_over(void **state)
{
	struct harness harness;
	char before[64];
	(void)state;

	start(&harness);
	harness.finish = false;
	redis_push_numbers(&harness, "q", 0, 10);
	harness_open(&harness);
	harness_wait_received(&harness, 10);
	snprintf(before, sizeof(before), "%s", worker_id(harness.worker));
	/* What a peer does first when it recovers somebody: declare it dead. */
	freeReplyObject(redis_do(&harness, "ZADD {q}:workers -99999999999999 %s", before));
	harness.wanted = 1;
	harness_forget_received(&harness);
	harness_wait_received(&harness, 10); /* as a new worker, which recovered the old one */
	assert_int_equal(harness.fenced, 1);
	assert_string_not_equal(before, worker_id(harness.worker));
	assert_recovered(&harness, 10, 10);
	struct claim stale = harness.received[0].claim;
	stale.incarnation--;
	worker_finish(harness.worker, &stale, &harness.outcome);
	assert_int_equal(worker_counts(harness.worker).replies_pending, 0);
	for (size_t i = 0; i < 10; i++)
		harness_finish(&harness, i);
	harness_wait_empty(&harness);
	harness_done(&harness);
}

static void test_standby_follows_at_once_when_the_owner_leaves(void **state)
{
	struct harness harness, other;
	(void)state;

	start(&harness);
	harness_open(&harness);
	start(&other);
	freeReplyObject(redis_do(&other, "LPUSH q 0")); /* after its FLUSHALL: the first is fenced, or not yet */
	harness_open(&other);
	harness_close(&harness);
	harness_until(&other, is_owner, "ownership");
	harness_wait_received(&other, 1);
	harness_wait_empty(&other);
	harness_done(&other);
	harness_done(&harness);
}

static bool in_landing(struct harness *harness)
{
	return redis_int(harness, "EXISTS {q}:landing:alo-0123") == 0;
}

static void test_late_pop_of_the_dead_is_found(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	/* A worker that was recovered a while ago, and is to be remembered for one more second; then its frozen pop
	 * still receives something. */
	redisReply *time = redis_do(&harness, "TIME");
	long long forget = strtoll(time->element[0]->str, NULL, 10) * 1000 + 1000;
	freeReplyObject(time);
	freeReplyObject(redis_do(&harness, "ZADD {q}:workers -%lld alo-0123", forget));
	freeReplyObject(redis_do(&harness, "LPUSH {q}:landing:alo-0123 0"));
	harness_open(&harness);
	harness_until(&harness, in_landing, "the landing list emptied");
	harness_wait_received(&harness, 1);
	assert_recovered(&harness, 1, 1);
	harness_done(&harness);
}

static void test_server_away_for_longer_than_the_lease_fences_nobody(void **state)
{
	struct harness harness;
	(void)state;

	start(&harness);
	harness.finish = false;
	redis_push_numbers(&harness, "q", 0, 20);
	harness_open(&harness);
	harness_wait_received(&harness, 20);
	control(&harness, "kill");
	harness_turn_ms(&harness, LEASE_MS + 500);
	control(&harness, "start");
	for (size_t i = 0; i < 20; i++)
		harness_finish(&harness, i);
	harness_wait_empty(&harness);
	assert_int_equal(harness.fenced, 0);
	assert_recovered(&harness, 0, 20);
	harness_done(&harness);
}

int main(int count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_standby_takes_over_from_the_killed),
		cmocka_unit_test(test_restarted_one_takes_over_at_once),
		cmocka_unit_test(test_thawed_one_is_fenced),
		cmocka_unit_test(test_fenced_worker_starts_over),
		cmocka_unit_test(test_standby_follows_at_once_when_the_owner_leaves),
		cmocka_unit_test(test_late_pop_of_the_dead_is_found),
		cmocka_unit_test(test_server_away_for_longer_than_the_lease_fences_nobody),
	};

	if (count == 4 && strcmp(arguments[1], "work") == 0)
		return work(arguments[2], arguments[3]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
