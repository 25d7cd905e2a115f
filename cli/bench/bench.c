/* cli/bench/bench.c - `rowctl bench`: a load against a running rowd, and how long the replies took. */
#include "cli/arguments.h"
#include "cli/bench/drive.h"
#include "cli/bench/outcome.h"
#include "cli/connect.h"
#include "cli/reply.h"

#include "common/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

enum { BAR_CELLS = 30, REDRAW_US = 100000, CHANNEL_BYTES = 256 };

struct bar {
	uint64_t count, drawn_us;
};

static void draw(void *context, uint64_t pushed, uint64_t answered)
{
	struct bar *bar = context;
	uint64_t now_us = clock_monotonic_us();

	if (now_us - bar->drawn_us < REDRAW_US)
		return;
	bar->drawn_us = now_us;
	fputs("\r\033[K[", stderr);
	for (uint64_t i = 0; i < BAR_CELLS; i++)
		fputc(i < answered * BAR_CELLS / bar->count ? '#'
		      : i < pushed * BAR_CELLS / bar->count ? '-'
							    : '.',
		      stderr);
	fprintf(stderr, "] %" PRIu64 " pushed, %" PRIu64 " answered", pushed, answered);
}

static int report(const struct arguments *arguments, const struct load *load, int result,
		  const struct drive_result *done, const char *problem)
{
	if (result == -EIO)
		fprintf(stderr, "rowctl: Redis: %s\n", problem);
	else if (result == -ENOMEM)
		fputs("rowctl: out of memory\n", stderr);
	if (result == -EIO || result == -ENOMEM)
		return EX_UNAVAILABLE;
	int status = outcome_print(done, load, arguments->json);
	if (result == 0)
		return status;
	reply_tell_silence(arguments);
	return EXIT_NO_REPLY;
}

static int run(const struct arguments *arguments, const struct drive *wanted)
{
	char problem[REDIS_PROBLEM_BYTES];
	struct drive_result *result = calloc(1, sizeof(*result)); /* a histogram is large */
	struct bar bar = {.count = wanted->count};
	struct drive drive = *wanted;
	int status = EX_UNAVAILABLE;
	redisContext *push = result ? connect_redis(arguments, arguments->timeout_ms, &status) : NULL;
	redisContext *listen = push ? connect_redis(arguments, arguments->timeout_ms, &status) : NULL;

	if (listen && isatty(STDERR_FILENO)) {
		drive.told = draw;
		drive.context = &bar;
	}
	if (listen) {
		int done = drive_run(&drive, push, listen, result, problem);

		if (drive.told)
			fputs("\r\033[K", stderr);
		status = report(arguments, &drive.load, done, result, problem);
	}
	redisFree(push);
	redisFree(listen);
	if (result)
		buffer_free(&result->first_failed);
	free(result);
	return status;
}

static int bench(const struct arguments *arguments)
{
	const struct bench_arguments *wanted = &arguments->bench;
	char channel[CHANNEL_BYTES];
	struct drive drive = {
		.load = {.tables = wanted->tables, .table_count = wanted->table_count, .keys = wanted->keys},
		.queues = arguments->queues,
		.queue_count = arguments->queue_count,
		.count = wanted->count,
		.in_flight = wanted->in_flight,
		.rate = wanted->rate,
		.patience_ms = arguments->timeout_ms,
	};

	if (!arguments->operands[0] || arguments->operands[1] || !load_find(arguments->operands[0], &drive.load.kind)) {
		fputs("rowctl: bench takes one load: create, read or mixed\n", stderr);
		return EX_USAGE;
	}
	if (getrandom(&drive.load.tag, sizeof(drive.load.tag), 0) != sizeof(drive.load.tag))
		return EX_OSERR;
	snprintf(channel, sizeof(channel), "%sbench:%08" PRIx32, arguments->reply_prefix, drive.load.tag);
	drive.load.reply_to = channel;
	return run(arguments, &drive);
}

const struct rowctl_command bench_command = {
	.name = "bench",
	.summary = "push a load, print the rate and how long the replies took",
	.usage = "usage: rowctl bench create|read|mixed [--count N] [--in-flight N] [--rate N] [--table NAME]...\n"
		 "                    [--keys N] [--queue KEY]... [--redis URL] [--timeout SECONDS] [--json]\n"
		 "\n"
		 "Pushes commands on a table made like schemas/tables/animals.sql, and takes the replies.\n"
		 "\n"
		 "  create      rows with a species, an age and a name\n"
		 "  read        by key, from 1 to --keys, in no order\n"
		 "  mixed       50 % read, 25 % create, 20 % update, 5 % delete; 1 % meets a key that is there\n"
		 "\n"
		 "read and mixed want the rows there: `rowctl bench create --count 20000` writes those with the keys\n"
		 "1 to 20000 into a table that is new or was truncated; two tables take --count 40000.\n"
		 "Reads and updates that found no row are counted.\n"
		 "\n"
		 "  --count N      how many commands (10000)\n"
		 "  --in-flight N  at most so many without a reply (100, or any number with --rate);\n"
		 "                 1: one after the other; 0: any number, so that without --rate they are pushed as\n"
		 "                 fast as Redis takes them: the rate is that from a full queue, with no latency\n"
		 "  --rate N       so many per second, whether or not replies come, unless --in-flight is given too;\n"
		 "                 each takes from the moment at which it was to be pushed (0: no fixed rate)\n"
		 "  --table NAME   the table (animals); several are taken in turn, as are several queues\n"
		 "  --keys N       the rows that are there have the keys 1 to N (20000)\n"
		 "  --timeout      ends when one is without a reply and none came for so long (10)\n"
		 "\n"
		 "It writes to the table: use one that holds nothing of value.\n"
		 "\n"
		 "Exit status: 0 all were answered, 1 all with an error, 2 some have no reply, 64 wrong usage,\n"
		 "69 Redis cannot be reached.\n",
	.run = bench,
};
