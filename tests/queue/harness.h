/* tests/queue/harness.h - a worker on a real Redis, what it was handed, and a second look at Redis beside it. */
#ifndef TESTS_QUEUE_HARNESS_H
#define TESTS_QUEUE_HARNESS_H

#include "daemon/queue/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hiredis/hiredis.h>

enum { HARNESS_QUEUES = 3, HARNESS_MARKERS = 64 };

/* What the database is made to do. */
struct database {
	bool silent;                            /* answers nothing */
	bool unreachable;                       /* says that it is not there: enrolls and dismisses nobody */
	const char *locked;                     /* this worker's rows are: nothing can be told of it */
	enum worker_fate fate;                  /* of every dead worker, while it is reachable */
	struct ranges done;                     /* of a fenced one */
	uint32_t enrolled, inquired, dismissed; /* how often it was asked for each */
	char last_dead[64], last_dismissed[64], last_queue[16];
};

struct received {
	struct claim claim;
	char *raw;
	size_t size;
	bool finished;
};

struct harness {
	uv_loop_t loop;
	struct options options;
	struct queue_options queues[HARNESS_QUEUES];
	struct worker *worker;
	redisContext *redis;
	struct received *received; /* in the order of delivery */
	size_t received_count, received_capacity;
	size_t wanted;          /* what harness_wait_received() waits for */
	uint64_t wanted_number; /* free for conditions */
	struct harness *other;  /* free for conditions */
	bool finish;            /* finish each command at once, with the outcome below */
	bool keep_alone;        /* else those that come by themselves are finished all the same, so that others come */
	struct outcome outcome;
	size_t large; /* in place of its reply one of so many bytes 'r', with its memory; 0: no */
	struct database database;
	uint32_t released[HARNESS_MARKERS]; /* how often each marker was */
	uint32_t refuse;                    /* so many more commands are refused: no memory */
	bool ready, closed;
	uint32_t fenced;
};

/* The server's data are thrown away. Options: one queue "q", generous limits, a lease of 10 s. Change, then open. */
void harness_init(struct harness *harness);
/* The same with another worker's server. */
void harness_init_beside(struct harness *harness);
void harness_open(struct harness *harness); /* waits until it is ready, and wants */
void harness_open_only(struct harness *harness);
/* Closes the worker, and checks that nothing is left in the loop. */
void harness_close(struct harness *harness);
void harness_done(struct harness *harness);
void harness_forget_received(struct harness *harness);

/* Turns the loop until the condition holds; fails the test after 30 s. */
void harness_until(struct harness *harness, bool (*condition)(struct harness *harness), const char *what);
void harness_wait_received(struct harness *harness, size_t count);
/* Until all that was finished is acknowledged. */
void harness_wait_empty(struct harness *harness);
/* Turns the loop for so long: for what must not happen. */
void harness_turn_ms(struct harness *harness, uint64_t ms);
void harness_finish(struct harness *harness, size_t index);

/* Commands to Redis from beside; formats as hiredis does. Fail the test on an error answer. */
long long redis_int(struct harness *harness, const char *format, ...);
redisReply *redis_do(struct harness *harness, const char *format, ...);
/* LPUSHes first … first + count - 1 as decimal text. */
void redis_push_numbers(struct harness *harness, const char *queue, unsigned first, unsigned count);
/* The n-th received command as such a number. */
unsigned received_number(const struct harness *harness, size_t index);

/* Has run.py do something to the server: kill, start, freeze, thaw. Reconnects harness->redis after "start". */
void control(struct harness *harness, const char *word);

#endif
