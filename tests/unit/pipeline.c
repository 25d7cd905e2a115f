/* pipeline.c - the memory of what is on its way to Redis. */
#include "daemon/queue/pipeline.h"

#include "daemon/queue/resp.h"
#include "tests/support/unit.h"

enum { LARGE = 1 << 20 };

static void append(struct pipeline *pipeline, size_t size)
{
	static const char argument[LARGE];

	assert_true(size <= sizeof(argument));
	pipeline_begin(pipeline, 1);
	resp_append(&pipeline->output, (struct bytes){.data = argument, .size = size});
	pipeline_commit(pipeline);
}

/* As pipeline_flush() leaves it when the socket has taken all. */
static void send_all(struct pipeline *pipeline)
{
	pipeline->output.size = pipeline->sent = 0;
}

static void test_rest_gives_large_memory_back(void **state)
{
	(void)state;
	struct pipeline pipeline;

	pipeline_init(&pipeline);
	append(&pipeline, LARGE);
	pipeline_rest(&pipeline);
	assert_true(pipeline.output.size > LARGE); /* it is not sent yet */
	send_all(&pipeline);
	assert_true(pipeline.output.capacity >= LARGE); /* for the next one */
	pipeline_rest(&pipeline);
	assert_int_equal(pipeline.output.capacity, 0);
	append(&pipeline, LARGE);
	assert_false(buffer_failed(&pipeline.output));
	assert_true(pipeline.output.size > LARGE);
	pipeline_free(&pipeline);
}

static void test_rest_keeps_the_usual_memory(void **state)
{
	(void)state;
	struct pipeline pipeline;

	pipeline_init(&pipeline);
	append(&pipeline, 1000);
	send_all(&pipeline);
	pipeline_rest(&pipeline);
	assert_true(pipeline.output.capacity >= 1000);
	pipeline_free(&pipeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rest_gives_large_memory_back),
		cmocka_unit_test(test_rest_keeps_the_usual_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
