/* pipeline.c - the memory of what is on its way to Redis. */
#include "daemon/queue/pipeline.h"

#include "daemon/queue/resp.h"
#include "daemon/queue/stream.h"
#include "tests/support/unit.h"

enum { LARGE = 1 << 20, TWICE = 16 << 20, MOST = 33 << 20, MANY = 1000 };

/* What the socket takes at a time, in place of the real one. */
static size_t socket_takes;

ssize_t stream_send(struct stream *stream, struct bytes bytes)
{
	(void)stream;
	return (ssize_t)(bytes.size < socket_takes ? bytes.size : socket_takes);
}

static void append(struct pipeline *pipeline, size_t size)
{
	char *argument = calloc(1, size);

	assert_non_null(argument);
	pipeline_begin(pipeline, 1);
	resp_append(&pipeline->output, (struct bytes){.data = argument, .size = size});
	pipeline_commit(pipeline);
	assert_false(buffer_failed(&pipeline->output));
	free(argument);
}

/* Sends all, in so many parts at most. */
static void flush(struct pipeline *pipeline, uint32_t parts)
{
	socket_takes = pipeline->output.size / parts + 1;
	while (!pipeline_empty(pipeline))
		assert_int_equal(pipeline_flush(pipeline, NULL), 0);
}

static void test_large_memory_is_kept_while_much_is_sent(void **state)
{
	(void)state;
	struct pipeline pipeline;

	pipeline_init(&pipeline);
	append(&pipeline, LARGE);
	flush(&pipeline, 1);
	size_t capacity = pipeline.output.capacity;
	assert_true(capacity >= LARGE);
	/* As it is between large replies, however these go out. */
	for (uint32_t i = 0; i < MANY; i++) {
		bool is_large = i % 50 == 0;

		append(&pipeline, is_large ? LARGE : 100);
		flush(&pipeline, is_large && i % 100 > 0 ? 7 : 1);
		assert_int_equal(pipeline.output.capacity, capacity);
	}
	pipeline_free(&pipeline);
}

static void test_large_memory_is_given_back_when_little_is_sent(void **state)
{
	(void)state;
	struct pipeline pipeline;

	pipeline_init(&pipeline);
	append(&pipeline, LARGE);
	flush(&pipeline, 3);
	for (uint32_t i = 0; i < MANY; i++) {
		append(&pipeline, 100);
		flush(&pipeline, 1);
	}
	assert_true(pipeline.output.capacity < LARGE / 8);
	pipeline_free(&pipeline);
}

static void test_more_than_is_usual_is_given_back_at_once(void **state)
{
	(void)state;
	struct pipeline pipeline;

	pipeline_init(&pipeline);
	append(&pipeline, TWICE); /* a reply of 8 MiB, to a channel and a list */
	flush(&pipeline, 5);
	assert_true(pipeline.output.capacity > TWICE);
	append(&pipeline, MOST);
	flush(&pipeline, 5);
	assert_int_equal(pipeline.output.capacity, 0);
	append(&pipeline, 100);
	flush(&pipeline, 1);
	assert_true(pipeline.output.capacity > 100);
	pipeline_free(&pipeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_large_memory_is_kept_while_much_is_sent),
		cmocka_unit_test(test_large_memory_is_given_back_when_little_is_sent),
		cmocka_unit_test(test_more_than_is_usual_is_given_back_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
