/* tests/simulation/run.c - runs seeds, several at a time, and says which broke a promise.
 *
 *   run --seeds A..B [--jobs N]    those, on so many processes (as many as there are processors)
 *   run --list FILE                those that stand at the beginning of its lines
 *   run --seed N [--trace]         that one; --trace prints all that happens in it
 *   run --allocations N [--stride S] [--jobs N]   the story, with each allocation from the N-th on failing (shortage.h)
 *   run --allocation N [--trace]   the story, with that one failing
 *
 * A seed that fails is run once more, to print what in it has to do with the failure. */
#include "process.h"
#include "redis.h"
#include "shortage.h"
#include "simulate.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBS_MOST = 64, FAILURES_MOST = 10, SEED_SECONDS_MOST = 60, LISTED_MOST = 1000 };

/* What the processes share. */
struct progress {
	_Atomic uint64_t next;
	uint64_t current[JOBS_MOST];
};

struct arguments {
	uint64_t first, last;
	uint32_t jobs;
	bool one, trace;
	const char *list;
	uint32_t allocations, stride, allocation;
};

static void run_one(uint64_t seed, enum tracing tracing)
{
	processes_open();
	simulate(seed, tracing);
	processes_close();
	redis_script_end();
}

static void run_many(struct progress *progress, uint32_t job, uint64_t last)
{
	processes_open();
	for (;;) {
		uint64_t seed = atomic_fetch_add(&progress->next, 1);

		if (seed > last)
			break;
		progress->current[job] = seed;
		alarm(SEED_SECONDS_MOST);
		simulate(seed, TRACE_NONE);
	}
	processes_close();
	redis_script_end();
}

static pid_t start(struct progress *progress, uint32_t job, uint64_t last)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		run_many(progress, job, last);
		exit(0);
	}
	return child;
}

static void explain(uint64_t seed)
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		alarm(SEED_SECONDS_MOST);
		run_one(seed, TRACE_BRIEF);
		exit(0);
	}
	waitpid(child, &status, 0);
	printf("seed %" PRIu64 " has failed; again with: run --seed %" PRIu64 " --trace\n", seed, seed);
}

static int run_all(const struct arguments *arguments)
{
	struct progress *progress =
		mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t children[JOBS_MOST];
	uint32_t running = arguments->jobs, failures = 0;

	if (progress == MAP_FAILED)
		return 2;
	atomic_store(&progress->next, arguments->first);
	for (uint32_t job = 0; job < arguments->jobs; job++)
		children[job] = start(progress, job, arguments->last);
	while (running > 0) {
		int status;
		pid_t ended = wait(&status);
		uint32_t job = 0;

		while (job < arguments->jobs && children[job] != ended)
			job++;
		if (job == arguments->jobs)
			continue;
		if (status == 0) {
			running--;
			continue;
		}
		explain(progress->current[job]);
		if (++failures >= FAILURES_MOST)
			atomic_store(&progress->next, arguments->last + 1);
		children[job] = start(progress, job, arguments->last);
	}
	printf("%" PRIu64 " seeds, %u failed\n", arguments->last - arguments->first + 1, failures);
	return failures > 0;
}

/* Read to its end before anything runs: a child that ends sets a file that it has inherited back. */
static uint32_t read_list(const char *path, uint64_t seeds[LISTED_MOST])
{
	FILE *file = fopen(path, "r");
	char line[256];
	uint32_t count = 0;

	if (!file) {
		perror(path);
		exit(2);
	}
	while (count < LISTED_MOST && fgets(line, sizeof(line), file)) {
		seeds[count] = strtoull(line, NULL, 10);
		count += seeds[count] > 0;
	}
	fclose(file);
	return count;
}

static int run_list(const struct arguments *arguments)
{
	uint64_t seeds[LISTED_MOST];
	uint32_t count = read_list(arguments->list, seeds);
	int status = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct arguments one = {.first = seeds[i], .last = seeds[i], .jobs = 1};

		status |= run_all(&one);
	}
	return status;
}

static void usage(void)
{
	fputs("usage: run --seeds A..B [--jobs N] | --list FILE | --seed N [--trace]\n"
	      "           --allocations N [--stride S] [--jobs N] | --allocation N [--trace]\n",
	      stderr);
	exit(2);
}

static struct arguments parse(char **words)
{
	struct arguments arguments = {
		.first = 1, .last = 1000, .stride = 1, .jobs = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN)};
	char *rest;

	for (; *words; words++) {
		if (strcmp(*words, "--trace") == 0) {
			arguments.trace = true;
			continue;
		}
		if (!words[1])
			usage();
		if (strcmp(*words, "--seed") == 0) {
			arguments.one = true;
			arguments.first = arguments.last = strtoull(*++words, NULL, 10);
		} else if (strcmp(*words, "--seeds") == 0) {
			arguments.first = strtoull(*++words, &rest, 10);
			arguments.last = strncmp(rest, "..", 2) == 0 ? strtoull(rest + 2, NULL, 10) : arguments.first;
		} else if (strcmp(*words, "--list") == 0) {
			arguments.list = *++words;
		} else if (strcmp(*words, "--jobs") == 0) {
			arguments.jobs = (uint32_t)strtoul(*++words, NULL, 10);
		} else if (strcmp(*words, "--allocations") == 0) {
			arguments.allocations = (uint32_t)strtoul(*++words, NULL, 10);
		} else if (strcmp(*words, "--stride") == 0) {
			arguments.stride = (uint32_t)strtoul(*++words, NULL, 10);
		} else if (strcmp(*words, "--allocation") == 0) {
			arguments.allocation = (uint32_t)strtoul(*++words, NULL, 10);
		} else {
			usage();
		}
	}
	if (arguments.jobs < 1 || arguments.jobs > JOBS_MOST)
		arguments.jobs = 1;
	return arguments;
}

int main(int argc, char **argv)
{
	struct arguments arguments = parse(argv + 1);

	(void)argc;
	if (arguments.allocations > 0)
		return shortage_run_all(arguments.allocations, arguments.stride, arguments.jobs);
	if (arguments.allocation > 0)
		return shortage_run_one(arguments.allocation, arguments.trace ? TRACE_WHOLE : TRACE_BRIEF);
	if (arguments.list)
		return run_list(&arguments);
	if (!arguments.one)
		return run_all(&arguments);
	run_one(arguments.first, arguments.trace ? TRACE_WHOLE : TRACE_BRIEF);
	printf("seed %" PRIu64 " keeps all promises\n", arguments.first);
	return 0;
}
