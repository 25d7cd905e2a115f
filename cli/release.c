/* cli/release.c - `rowctl release`: what to do with commands of which nobody knows whether they have taken effect. */
#include "cli/arguments.h"
#include "cli/connect.h"

#include "common/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { SCRIPT_RELEASE, SCRIPT_COUNT };

#include "release_scripts.inc" /* generated from scripts/ */

enum { KEYS = 5, ARGUMENTS = 4, WORDS = 3 + KEYS + ARGUMENTS };

/* Commands and bytes of them per call. Others wait while a script runs; but what is to be run again comes in one piece:
 * of parts, whoever claims meanwhile would take the last first. */
struct part {
	const char *commands, *bytes;
};

static const struct part small = {"128", "4194304"}, whole = {"1e15", "1e15"};

/* One part. Returns the answer, the caller's to freeReplyObject(), or NULL after it has been said. */
static redisReply *release_part(redisContext *redis, const char *queue, const char *worker, const char *where)
{
	static const char *const suffixes[KEYS] = {"workers", "inflight:", "again", "dead", "stats"};
	const char *words[WORDS] = {"EVAL", (const char *)scripts[SCRIPT_RELEASE].text, "5"};
	char *keys[KEYS] = {NULL}, problem[REDIS_PROBLEM_BYTES] = "out of memory";
	size_t sizes[WORDS];
	redisReply *reply = NULL;
	bool made = true;

	for (int i = 0; i < KEYS && made; i++) {
		bool of_worker = suffixes[i][strlen(suffixes[i]) - 1] == ':';
		made = asprintf(&keys[i], "{%s}:%s%s", queue, suffixes[i], of_worker ? worker : "") >= 0;
		words[3 + i] = keys[i];
	}
	const struct part *part = strcmp(where, "again") == 0 ? &whole : &small;
	const char *const arguments[ARGUMENTS] = {worker, where, part->commands, part->bytes};
	memcpy(&words[3 + KEYS], arguments, sizeof(arguments));
	for (int i = 0; i < WORDS && made; i++)
		sizes[i] = i == 1 ? scripts[SCRIPT_RELEASE].size : strlen(words[i]);
	if (made)
		reply = redis_command(redis, WORDS, words, sizes, problem);
	if (!reply)
		connect_tell(problem);
	for (int i = 0; i < KEYS; i++)
		free(keys[i]);
	return reply;
}

/* Returns 0 or an exit status. */
static int release_all(redisContext *redis, const char *queue, const char *worker, bool again)
{
	char name[ERROR_QUOTED_BYTES];
	int64_t released = 0, left = 1;

	while (left > 0) {
		redisReply *reply = release_part(redis, queue, worker, again ? "again" : "dead");
		if (!reply)
			return EX_UNAVAILABLE;
		if (reply->elements != 3) {
			freeReplyObject(reply);
			fprintf(stderr,
				"rowctl: %s is no worker of %s that the database does not know; see rowctl workers\n",
				error_quote(name, bytes_of(worker)), queue);
			return EXIT_NOT_OK;
		}
		released += reply->element[1]->integer;
		left = reply->element[2]->integer;
		freeReplyObject(reply);
	}
	printf("%" PRId64 " commands of %s %s\n", released, error_quote(name, bytes_of(worker)),
	       again ? "run again, before those that wait" : "are dead letters: UNKNOWN_OUTCOME");
	return 0;
}

static bool ask(const char *queue, bool again)
{
	char answer[16];

	printf("Nobody knows which of these commands of %s have taken effect. %s Type yes to go on: ", queue,
	       again ? "Those that have will take effect twice." : "None of them will be run or answered.");
	fflush(stdout);
	if (fgets(answer, sizeof(answer), stdin) && strcmp(answer, "yes\n") == 0)
		return true;
	fputs("rowctl: nothing was done\n", stderr);
	return false;
}

static int release(const struct arguments *arguments)
{
	const struct release_arguments *chosen = &arguments->release;
	const char *worker = arguments->operands[0];
	int result = 0;

	if (!worker || arguments->operands[1] || chosen->again == chosen->dead || arguments->queue_count != 1) {
		fputs("rowctl: release takes one worker, one queue, and either --again or --dead\n", stderr);
		return EX_USAGE;
	}
	if (!arguments->dead.yes && !isatty(STDIN_FILENO)) {
		fputs("rowctl: release needs --yes when standard input is no terminal\n", stderr);
		return EX_USAGE;
	}
	if (!arguments->dead.yes && !ask(arguments->queues[0], chosen->again))
		return EXIT_NOT_OK;
	redisContext *redis = connect_redis(arguments, arguments->timeout_ms, &result);
	if (!redis)
		return result;
	result = release_all(redis, arguments->queues[0], worker, chosen->again);
	redisFree(redis);
	return result;
}

const struct rowctl_command release_command = {
	.name = "release",
	.summary = "decide about commands whose outcome nobody knows",
	.usage =
		"usage: rowctl release WORKER --again | --dead [--yes] [--queue KEY] [--redis URL]\n"
		"\n"
		"When a worker of a queue that is delivered exactly once has died, the database knows what it had\n"
		"committed. Where it does not, since it is another one or was restored from a backup, rowd leaves the\n"
		"worker's commands alone: rowctl workers shows it as unknown, and the log as queue.unknown_worker. Is\n"
		"the right database back, rowd goes on by itself. Else this decides:\n"
		"\n"
		"  --again  runs them again; those that had taken effect do so twice\n"
		"  --dead   makes them dead letters, with the reason UNKNOWN_OUTCOME\n"
		"  --yes    without asking, as it must be when standard input is no terminal\n"
		"\n"
		"Exit status: 0 fine, 1 there is no such worker, 64 wrong usage, 69 Redis cannot be reached.\n",
	.run = release,
};
