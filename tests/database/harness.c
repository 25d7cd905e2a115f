/* tests/database/harness.c */
#include "tests/database/harness.h"

#include "common/log.h"
#include "daemon/database/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		fail_msg("%s is not set: start this program with tests/database/run.py", name);
	return value;
}

void harness_options(struct database_options *ret_options)
{
	*ret_options = (struct database_options){.connections = 4,
						 .connect_timeout_ms = 5000,
						 .statement_timeout_ms = 30000,
						 .idle_ping_s = 60,
						 .max_lifetime_s = 1800,
						 .idle_transaction_ms = 30000,
						 .tls = TLS_PREFERRED};
	snprintf(ret_options->url.unix_socket, URL_TEXT_BYTES, "%s", environment("ROWD_TEST_SOCKET"));
	snprintf(ret_options->url.database, URL_TEXT_BYTES, "%s", environment("ROWD_TEST_DATABASE"));
	snprintf(ret_options->url.user, URL_TEXT_BYTES, "root");
}

void harness_options_tcp(struct database_options *ret_options, enum tls_mode tls)
{
	harness_options(ret_options);
	ret_options->url.unix_socket[0] = '\0';
	snprintf(ret_options->url.host, URL_TEXT_BYTES, "127.0.0.1");
	ret_options->url.port = (uint16_t)atoi(environment("ROWD_TEST_PORT"));
	snprintf(ret_options->url.user, URL_TEXT_BYTES, "tcp");
	snprintf(ret_options->url.password, URL_TEXT_BYTES, "pass word");
	ret_options->tls = tls;
}

static void on_idle(void *context)
{
	struct harness *harness = context;

	harness->idle_calls++;
}

static void on_health(void *context, bool down, const struct sql_error *error)
{
	struct harness *harness = context;

	harness->down = down;
	harness->health_calls++;
	if (error)
		harness->trouble = *error;
}

static void on_closed(void *context)
{
	struct harness *harness = context;

	harness->closed = true;
}

static const struct pool_events pool_events = {.idle = on_idle, .health = on_health, .closed = on_closed};

void harness_open_only(struct harness *harness)
{
	log_open(STDERR_FILENO, LEVEL_WARNING, LOG_FORMAT_TEXT);
	assert_int_equal(uv_loop_init(&harness->loop), 0);
	assert_int_equal(pool_open(&harness->loop, &harness->options, &pool_events, harness, &harness->pool), 0);
}

void harness_open(struct harness *harness)
{
	harness_open_only(harness);
	harness_wait_ready(harness);
}

void harness_close(struct harness *harness)
{
	pool_close(harness->pool);
	assert_int_equal(pool_run(harness->pool, 1, &(struct transaction_events){0}, NULL), -EAGAIN);
	assert_false(harness->closed);
	harness_wait(harness, &harness->closed);
	assert_int_equal(uv_run(&harness->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&harness->loop), 0);
}

static void on_timeout(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

void harness_wait(struct harness *harness, const bool *what)
{
	bool late = false;
	uv_timer_t timer;

	uv_update_time(&harness->loop);
	uv_timer_init(&harness->loop, &timer);
	timer.data = &late;
	uv_timer_start(&timer, on_timeout, 60000, 0);
	while (!*what && !late)
		uv_run(&harness->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&harness->loop, UV_RUN_NOWAIT);
	assert_true(*what);
}

void harness_turn(struct harness *harness)
{
	uv_run(&harness->loop, UV_RUN_NOWAIT);
}

void harness_wait_ready(struct harness *harness)
{
	uint64_t end = uv_hrtime() + 60 * UINT64_C(1000000000);

	while (!pool_ready(harness->pool)) {
		assert_true(uv_hrtime() < end);
		uv_run(&harness->loop, UV_RUN_ONCE);
	}
}

static struct {
	uv_timer_t timer;
	bool closed;
} ticker;

static void on_tick(uv_timer_t *timer)
{
	struct harness *harness = timer->data;

	harness->ticks++;
}

void harness_start_ticking(struct harness *harness)
{
	harness->ticks = 0;
	ticker.closed = false;
	uv_timer_init(&harness->loop, &ticker.timer);
	ticker.timer.data = harness;
	uv_timer_start(&ticker.timer, on_tick, 10, 10);
}

static void on_ticker_closed(uv_handle_t *handle)
{
	(void)handle;
	ticker.closed = true;
}

void harness_stop_ticking(struct harness *harness)
{
	uv_close((uv_handle_t *)&ticker.timer, on_ticker_closed);
	harness_wait(harness, &ticker.closed);
}

static enum transaction_step script_next(void *context, const struct statement **ret_statements, size_t *ret_count)
{
	struct script *script = context;
	size_t count = 0;

	assert_false(script->inside_run);
	assert_false(script->ended);
	if (script->wave == 0 && script->before_first)
		script->before_first();
	if (script->wave == 0)
		script->asked_early = script->before && !script->before->ended;
	if (script->wave == SCRIPT_WAVES || !script->waves[script->wave][0]) {
		if (script->before_last)
			script->before_last();
		return script->last;
	}
	while (count < SCRIPT_STATEMENTS && script->waves[script->wave][count]) {
		script->statements[count].text = bytes_of(script->waves[script->wave][count]);
		count++;
	}
	script->wave++;
	script->answered = 0;
	*ret_statements = script->statements;
	*ret_count = count;
	if (script->wave > 1)
		return TRANSACTION_SEND;
	if (script->compound) {
		script->statements[count].text = bytes_of(script->compound);
		return TRANSACTION_SEND_COMPOUND;
	}
	if (script->one_statement)
		return TRANSACTION_SEND_ONLY;
	return script->reads ? TRANSACTION_SEND_READS : TRANSACTION_SEND;
}

/* The answer to statement `index`: they have to come in order. */
static struct script_answer *open_answer(struct script *script, size_t index)
{
	assert_false(script->inside_run);
	assert_false(script->ended);
	assert_true(!script->before || script->before->ended);
	assert_int_equal(index, script->answered);
	return &script->answers[script->wave - 1][index];
}

static int script_row(void *context, size_t index, const char *const *values, const unsigned long *lengths,
		      uint32_t count)
{
	struct script *script = context;
	struct script_answer *answer = open_answer(script, index);

	assert_true(count > 0);
	if (answer->rows++ == 0 && values[0])
		snprintf(answer->first, sizeof(answer->first), "%.*s", (int)lengths[0], values[0]);
	else if (answer->rows == 1)
		snprintf(answer->first, sizeof(answer->first), "NULL");
	return script->rows_wanted && answer->rows == script->rows_wanted ? -EFBIG : 0;
}

static void script_done(void *context, size_t index, const struct statement_result *result)
{
	struct script *script = context;
	struct script_answer *answer = open_answer(script, index);

	answer->done = true;
	answer->result = *result;
	script->answered++;
}

static void script_failed(void *context, size_t index, const struct sql_error *error)
{
	struct script *script = context;
	struct script_answer *answer = open_answer(script, index);

	answer->failed = true;
	answer->error = *error;
	script->answered++;
}

static void script_ended(void *context, enum transaction_end end, const struct sql_error *error)
{
	struct script *script = context;

	assert_false(script->inside_run);
	assert_false(script->ended);
	assert_true(!script->before || script->before->ended);
	script->ended = true;
	script->end = end;
	if (error)
		script->error = *error;
}

static void *script_follow(void *context, bool others_idle)
{
	struct script *script = context;

	assert_false(script->ended);
	script->others_idle = others_idle;
	if (script->follower)
		script->follower->before = script;
	return script->follower;
}

static const struct transaction_events script_events = {
	.next = script_next,
	.row = script_row,
	.done = script_done,
	.failed = script_failed,
	.follow = script_follow,
	.ended = script_ended,
};

void script_start(struct harness *harness, struct script *script)
{
	harness_wait_ready(harness);
	script->inside_run = true;
	assert_int_equal(pool_run(harness->pool,
				  script->timeout_ms ? script->timeout_ms : harness->options.statement_timeout_ms,
				  &script_events, script),
			 0);
	script->inside_run = false;
}

void script_run(struct harness *harness, struct script *script)
{
	script_start(harness, script);
	harness_wait(harness, &script->ended);
}

bool script_run_and_close(struct script *script, const struct script *last, int turns,
			  void (*set_options)(struct database_options *ret_options))
{
	struct harness harness = {0};
	bool over;

	set_options(&harness.options);
	harness.options.connections = 1;
	harness_open(&harness);
	script_start(&harness, script);
	for (int i = 0; i < turns && !last->ended; i++)
		uv_run(&harness.loop, UV_RUN_ONCE);
	over = last->ended;
	harness_close(&harness);
	return over;
}

void script_do(struct harness *harness, const char *text, char ret_first[64])
{
	struct script *script = calloc(1, sizeof(*script));

	assert_non_null(script);
	script->waves[0][0] = text;
	script->last = TRANSACTION_COMMIT;
	script_run(harness, script);
	if (script->answers[0][0].failed)
		fail_msg("%s: %s", text, script->answers[0][0].error.message);
	assert_int_equal(script->end, TRANSACTION_COMMITTED);
	if (ret_first)
		memcpy(ret_first, script->answers[0][0].first, 64);
	free(script);
}

void harness_open_pet(struct harness *harness)
{
	*harness = (struct harness){0};
	harness_options(&harness->options);
	harness->options.connections = 1;
	harness_open(harness);
	script_do(harness, "DROP TABLE IF EXISTS pet", NULL);
	script_do(harness, "CREATE TABLE pet (id INT PRIMARY KEY, age INT) ENGINE = InnoDB", NULL);
}

void control(const char *word)
{
	int descriptor = atoi(environment("ROWD_TEST_CONTROL"));
	char answer[3];

	assert_int_equal(dprintf(descriptor, "%s\n", word), (int)strlen(word) + 1);
	assert_int_equal(read(descriptor, answer, sizeof(answer)), 3);
}

void control_freeze(void)
{
	control("freeze");
}

void control_kill(void)
{
	control("kill");
}
