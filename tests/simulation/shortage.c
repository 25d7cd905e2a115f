/* tests/simulation/shortage.c - children tell the story, each with one allocation after the other failing. What they
 * leave when they die is in memory that is shared: which allocation it was, and who had asked for it. */
#include "shortage.h"

#include "process.h"
#include "redis.h"
#include "simulate.h"

#include "tests/support/allocations.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBS_MOST = 64, FAILURES_MOST = 10, STORY_SECONDS_MOST = 60 };

struct child {
	uint32_t n;
	struct allocation_site site;
};

struct shortage {
	_Atomic uint32_t next;
	_Atomic uint32_t end; /* the first that the story does not have; UINT32_MAX: not known yet */
	uint32_t stride;
	struct child children[JOBS_MOST];
};

#ifdef __SANITIZE_ADDRESS__
int __lsan_do_recoverable_leak_check(void);

static void look_for_leaks(void)
{
	if (__lsan_do_recoverable_leak_check())
		violated(NULL, "memory has leaked");
}
#else
static void look_for_leaks(void)
{
}
#endif

/* Returns whether the story has so many. */
static bool tell(uint32_t n, enum tracing tracing)
{
	bool has_failed;

	alarm(STORY_SECONDS_MOST);
	allocations_pause();
	allocations_fail_at_memory(n);
	simulate_story(tracing);
	has_failed = allocations_end();
	look_for_leaks();
	return has_failed;
}

static void work(struct shortage *shortage, struct child *child)
{
	processes_open();
	allocations_note_site(&child->site);
	for (;;) {
		uint32_t n = atomic_fetch_add(&shortage->next, shortage->stride);

		if (n >= atomic_load(&shortage->end))
			break;
		child->n = n;
		child->site.count = 0;
		if (!tell(n, TRACE_NONE) && n < atomic_load(&shortage->end))
			atomic_store(&shortage->end, n);
	}
	processes_close();
	redis_script_end();
}

static pid_t start(struct shortage *shortage, uint32_t job)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		work(shortage, &shortage->children[job]);
		exit(0);
	}
	return child;
}

/* The frames as functions and lines, by the debug information of this program. */
static void print_site(const struct allocation_site *site)
{
	extern const char __executable_start;
	char program[4096], addresses[ALLOCATION_FRAMES][32];
	const char *arguments[ALLOCATION_FRAMES + 5] = {"addr2line", "-pfse", program};
	ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
	pid_t child;

	if (size < 0)
		return;
	program[size] = '\0';
	/* A return address is behind its call. */
	for (int i = 0; i < site->count; i++) {
		snprintf(addresses[i], sizeof(addresses[i]), "0x%" PRIxPTR,
			 (uintptr_t)site->frames[i] - (uintptr_t)&__executable_start - 1);
		arguments[3 + i] = addresses[i];
	}
	fflush(NULL);
	child = fork();
	if (child == 0) {
		execvp(arguments[0], (char *const *)arguments);
		_exit(127);
	}
	waitpid(child, NULL, 0);
}

static void explain(const struct child *failed, int status)
{
	pid_t child;

	printf("allocation %u failed, and the story broke (%s %d); it was asked for by:\n", failed->n,
	       WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	print_site(&failed->site);
	printf("again with: run --allocation %u --trace\n", failed->n);
	fflush(NULL);
	child = fork();
	if (child == 0)
		exit(shortage_run_one(failed->n, TRACE_BRIEF));
	waitpid(child, NULL, 0);
}

int shortage_run_all(uint32_t first, uint32_t stride, uint32_t jobs)
{
	struct shortage *shortage =
		mmap(NULL, sizeof(*shortage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t children[JOBS_MOST];
	uint32_t running = jobs, failures = 0;

	if (shortage == MAP_FAILED)
		return 2;
	atomic_store(&shortage->next, first);
	atomic_store(&shortage->end, UINT32_MAX);
	shortage->stride = stride;
	for (uint32_t job = 0; job < jobs; job++)
		children[job] = start(shortage, job);
	while (running > 0) {
		int status;
		pid_t ended = wait(&status);
		uint32_t job = 0;

		while (job < jobs && children[job] != ended)
			job++;
		if (job == jobs)
			continue;
		if (status == 0) {
			running--;
			continue;
		}
		explain(&shortage->children[job], status);
		if (++failures >= FAILURES_MOST)
			atomic_store(&shortage->end, 0);
		children[job] = start(shortage, job);
	}
	printf("%u allocations from %u on, every %u. one failed; %u broke the story\n", atomic_load(&shortage->end),
	       first, stride, failures);
	return failures > 0;
}

int shortage_run_one(uint32_t n, enum tracing tracing)
{
	struct allocation_site site = {0};
	bool has_failed;

	allocations_note_site(&site);
	processes_open();
	has_failed = tell(n, tracing);
	processes_close();
	redis_script_end();
	if (has_failed)
		print_site(&site);
	printf("allocation %u %s, and all promises are kept\n", n, has_failed ? "failed" : "is not there");
	return 0;
}
