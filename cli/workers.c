/* cli/workers.c - `rowctl workers`: who works, as `rowctl status` tells, with a line or an object to each. */
#include "cli/connect.h"
#include "cli/status.h"

#include "common/error.h"
#include "common/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

enum { JSON_BYTES = 16 << 20 };

static void write_number(struct writer *writer, const char *name, int64_t number)
{
	writer_key(writer, bytes_of(name));
	writer_int(writer, number);
}

static void write_text(struct writer *writer, const char *name, const char *text)
{
	writer_key(writer, bytes_of(name));
	writer_str(writer, bytes_of(text));
}

static void write_worker(struct writer *writer, const char *queue, const struct worker_status *worker)
{
	writer_map(writer, 6);
	write_text(writer, "queue", queue);
	write_text(writer, "id", worker->id);
	write_text(writer, "state", status_worker_state(worker));
	write_number(writer, "lease_ms", worker->lease_ms);
	write_number(writer, "in_flight", worker->in_flight);
	write_number(writer, "landing", worker->landing);
	writer_map_end(writer);
}

/* What others have written into Redis must not reach the terminal as it is. */
static void print_worker(const char *queue, const struct worker_status *worker)
{
	char id[ERROR_QUOTED_BYTES];

	printf("%-24s %-40s %-8s %8.1f s %10" PRId64 "\n", queue, error_quote(id, bytes_of(worker->id)),
	       status_worker_state(worker), (double)worker->lease_ms / 1000, worker->in_flight + worker->landing);
}

static int show_queues(const struct arguments *arguments, redisContext *redis, struct queue_status *status)
{
	char problem[REDIS_PROBLEM_BYTES];
	struct buffer json;
	struct writer writer;
	int result = 0;

	buffer_init(&json, JSON_BYTES);
	writer_init(&writer, CODEC_JSON, &json);
	writer_array(&writer, 0); /* JSON needs no count */
	if (!arguments->json)
		printf("%-24s %-40s %-8s %10s %10s\n", "queue", "id", "state", "lease", "in flight");
	for (uint32_t i = 0; i < arguments->queue_count && result == 0; i++) {
		const char *queue = arguments->queues[i];
		if (status_read(redis, queue, status, problem) < 0) {
			connect_tell(problem);
			result = EX_UNAVAILABLE;
			break;
		}
		for (uint32_t j = 0; j < status->worker_count; j++) {
			if (arguments->json)
				write_worker(&writer, queue, &status->workers[j]);
			else
				print_worker(queue, &status->workers[j]);
		}
		if (status->worker_count == 0)
			fprintf(stderr, "rowctl: no rowd serves %s\n", queue);
	}
	writer_array_end(&writer);
	if (result == 0 && arguments->json)
		printf("%.*s\n", BYTES_ARG(buffer_bytes(&json)));
	buffer_free(&json);
	return result;
}

static int show(const struct arguments *arguments)
{
	struct arguments queues = *arguments;
	int result = 0;

	for (size_t i = 0; arguments->operands[i]; i++) {
		if (arguments_name_queue(&queues, arguments->operands[i], i == 0) < 0)
			return EX_USAGE;
	}
	redisContext *redis = connect_redis(&queues, queues.timeout_ms, &result);
	if (!redis)
		return result;
	struct queue_status *status = malloc(sizeof(*status));
	result = status ? show_queues(&queues, redis, status) : EX_OSERR;
	free(status);
	redisFree(redis);
	return result;
}

const struct rowctl_command workers_command = {
	.name = "workers",
	.summary = "who works on a queue, with leases and what each holds",
	.usage = "usage: rowctl workers [QUEUE ...] [--redis URL] [--json]\n"
		 "\n"
		 "A line for each worker of each queue (rowd:commands): its id, its state, what is left of its lease,\n"
		 "and how many commands it holds. The owner claims, standby waits for its turn; expired: its lease\n"
		 "has ended, and others are about to take over; dead: they have; unknown: dead, but the database does\n"
		 "not know what it has committed: see rowctl release.\n"
		 "\n"
		 "Exit status: 0 fine, 64 wrong usage, 69 Redis cannot be reached.\n",
	.run = show,
};
