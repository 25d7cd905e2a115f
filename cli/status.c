/* cli/status.c - `rowctl status`: what waits, what runs, who works. */
#include "cli/status.h"

#include "cli/connect.h"
#include "common/error.h"
#include "common/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

enum { JSON_BYTES = 16 << 20 };

/* ---- for people ---- */

/* What others have written into Redis must not reach the terminal as it is. */
static void print_status(const struct queue_status *status)
{
	char name[ERROR_QUOTED_BYTES];

	printf("queue      %s%s\n", status->key, status->paused ? "  (paused)" : "");
	printf("waiting    %" PRId64 "\n", status->depth);
	printf("again      %" PRId64 "\n", status->again);
	printf("in flight  %" PRId64 "\n", status->in_flight);
	printf("dead       %" PRId64 "\n", status->dead);
	for (uint32_t i = 0; i < status->counter_count; i++)
		printf("%s%s=%" PRId64, i ? " " : "counted    ", error_quote(name, bytes_of(status->counters[i].name)),
		       status->counters[i].value);
	if (status->counter_count > 0)
		putchar('\n');
	if (status->worker_count == 0) {
		puts("workers    none");
		return;
	}
	printf("workers    %-40s %-8s %10s %10s\n", "id", "state", "lease", "in flight");
	for (uint32_t i = 0; i < status->worker_count; i++) {
		const struct worker_status *worker = &status->workers[i];
		printf("           %-40s %-8s %8.1f s %10" PRId64 "\n", error_quote(name, bytes_of(worker->id)),
		       status_worker_state(worker), (double)worker->lease_ms / 1000,
		       worker->in_flight + worker->landing);
	}
}

/* ---- for programs ---- */

static void write_number(struct writer *writer, const char *name, int64_t number)
{
	writer_key(writer, bytes_of(name));
	writer_int(writer, number);
}

static void write_worker(struct writer *writer, const struct worker_status *worker)
{
	writer_map(writer, 4);
	writer_key(writer, BYTES("id"));
	writer_str(writer, bytes_of(worker->id));
	writer_key(writer, BYTES("state"));
	writer_str(writer, bytes_of(status_worker_state(worker)));
	write_number(writer, "lease_ms", worker->lease_ms);
	write_number(writer, "in_flight", worker->in_flight + worker->landing);
	writer_map_end(writer);
}

static void write_status(struct writer *writer, const struct queue_status *status)
{
	writer_map(writer, 8);
	writer_key(writer, BYTES("queue"));
	writer_str(writer, bytes_of(status->key));
	write_number(writer, "waiting", status->depth);
	write_number(writer, "again", status->again);
	write_number(writer, "in_flight", status->in_flight);
	write_number(writer, "dead", status->dead);
	writer_key(writer, BYTES("paused"));
	writer_bool(writer, status->paused);
	writer_key(writer, BYTES("counters"));
	writer_map(writer, status->counter_count);
	for (uint32_t i = 0; i < status->counter_count; i++)
		write_number(writer, status->counters[i].name, status->counters[i].value);
	writer_map_end(writer);
	writer_key(writer, BYTES("workers"));
	writer_array(writer, status->worker_count);
	for (uint32_t i = 0; i < status->worker_count; i++)
		write_worker(writer, &status->workers[i]);
	writer_array_end(writer);
	writer_map_end(writer);
}

/* ---- both ---- */

static int show_queues(const struct arguments *arguments, redisContext *redis, struct queue_status *status)
{
	char problem[REDIS_PROBLEM_BYTES];
	struct buffer json;
	struct writer writer;
	int result = 0;

	buffer_init(&json, JSON_BYTES);
	writer_init(&writer, CODEC_JSON, &json);
	writer_array(&writer, arguments->queue_count);
	for (uint32_t i = 0; i < arguments->queue_count && result == 0; i++) {
		if (status_read(redis, arguments->queues[i], status, problem) < 0) {
			fprintf(stderr, "rowctl: Redis: %s\n", problem);
			result = EX_UNAVAILABLE;
		} else if (arguments->json) {
			write_status(&writer, status);
		} else {
			fputs(i ? "\n" : "", stdout);
			print_status(status);
		}
	}
	writer_array_end(&writer);
	if (result == 0 && arguments->json)
		printf("%.*s\n", BYTES_ARG(buffer_bytes(&json)));
	buffer_free(&json);
	return result;
}

static int show(const struct arguments *arguments)
{
	int result = 0;

	if (arguments->operands[0]) {
		fputs("rowctl: status takes no operands; queues are named by --queue\n", stderr);
		return EX_USAGE;
	}
	redisContext *redis = connect_redis(arguments, arguments->timeout_ms, &result);
	if (!redis)
		return result;
	struct queue_status *status = malloc(sizeof(*status));
	result = status ? show_queues(arguments, redis, status) : EX_OSERR;
	free(status);
	redisFree(redis);
	return result;
}

const struct rowctl_command status_command = {
	.name = "status",
	.summary = "what waits, what runs, what failed, and who works",
	.usage = "usage: rowctl status [--redis URL] [--queue KEY ...] [--json]\n"
		 "\n"
		 "For each queue: commands waiting, given back (again) and in flight, dead letters, what the workers\n"
		 "have counted, and each worker with its state, what is left of its lease, and what it holds.\n",
	.run = show,
};
