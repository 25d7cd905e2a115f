/* tests/unit/link.c - a link, and at the other end a server that does what it should not. Both in one thread, turn by
 * turn. */
#include "daemon/queue/link.h"

#include "daemon/queue/verdict.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { TURNS_MOST = 100000, TIMEOUT_MS = 5000 };

#define GREETINGS "+OK\r\n:7\r\n+PONG\r\n"

struct world {
	uv_loop_t loop;
	char directory[64];
	struct redis_url url;
	struct link *link;
	uint64_t ahead_ms;    /* of the clock, as the link is told */
	bool touched;         /* it is stepped and flushed every turn all the same, but where a test says otherwise */
	int listener, server; /* -1: none */
	char *heard;          /* by the server */
	size_t heard_bytes;
	uint32_t ready, lost;
	uint32_t answers, nulls; /* of calls */
	uint64_t sum;
};

static void on_ready(void *context)
{
	((struct world *)context)->ready++;
}

static void on_lost(void *context)
{
	((struct world *)context)->lost++;
}

static void on_touched(void *context)
{
	((struct world *)context)->touched = true;
}

static void on_answer(void *context, const struct redis_reply *reply)
{
	struct world *world = context;

	*(reply ? &world->answers : &world->nulls) += 1;
	world->sum += reply_uint(reply);
}

/* Another one, from within the answer. */
static void on_answer_ask_again(void *context, const struct redis_reply *reply)
{
	struct world *world = context;

	on_answer(context, reply);
	link_begin(world->link, 1);
	link_text(world->link, "AGAIN");
	assert_int_equal(link_commit(world->link, 0, on_answer, world), reply ? 0 : -ENOTCONN);
}

static void listen_in(struct world *world)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(world->directory, sizeof(world->directory), "/tmp/rowd-link-XXXXXX");
	assert_non_null(mkdtemp(world->directory));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", world->directory);
	snprintf(world->url.unix_socket, sizeof(world->url.unix_socket), "%s", address.sun_path);
	world->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(world->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(world->listener, 4), 0);
}

static void open_world(struct world *world)
{
	static const struct link_events events = {.ready = on_ready, .lost = on_lost, .touched = on_touched};

	*world = (struct world){.listener = -1, .server = -1};
	assert_int_equal(uv_loop_init(&world->loop), 0);
	listen_in(world);
	struct link_settings settings = {.url = &world->url, .timeout_ms = TIMEOUT_MS, .name = "test"};
	assert_int_equal(link_open(&world->loop, &settings, &events, world, &world->link), 0);
}

static void close_world(struct world *world)
{
	link_close(world->link);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	if (world->server >= 0)
		close(world->server);
	close(world->listener);
	unlink(world->url.unix_socket);
	rmdir(world->directory);
	free(world->heard);
}

static void turn(struct world *world)
{
	uv_run(&world->loop, UV_RUN_NOWAIT);
	link_step(world->link, uv_now(&world->loop) + world->ahead_ms);
	link_flush(world->link);
	if (world->server < 0)
		world->server = accept4(world->listener, NULL, NULL, SOCK_NONBLOCK);
}

/* What has come, up to most bytes. */
static void hear(struct world *world, size_t most)
{
	char *heard = realloc(world->heard, world->heard_bytes + most);

	assert_non_null(heard);
	world->heard = heard;
	ssize_t size = recv(world->server, heard + world->heard_bytes, most, 0);
	if (size > 0)
		world->heard_bytes += (size_t)size;
}

static void say(struct world *world, struct bytes text)
{
	assert_int_equal(send(world->server, text.data, text.size, MSG_NOSIGNAL), text.size);
}

static bool ends_with(const struct world *world, const char *text)
{
	size_t size = strlen(text);

	return world->heard_bytes >= size && memcmp(world->heard + world->heard_bytes - size, text, size) == 0;
}

static void become_ready(struct world *world)
{
	uint32_t ready = world->ready;

	for (int i = 0; i < TURNS_MOST && (world->server < 0 || !ends_with(world, "PING\r\n")); i++) {
		turn(world);
		if (world->server >= 0)
			hear(world, 1024);
	}
	say(world, BYTES(GREETINGS));
	for (int i = 0; i < TURNS_MOST && world->ready == ready; i++)
		turn(world);
	assert_int_equal(world->ready, ready + 1);
	assert_true(link_ready(world->link));
	assert_int_equal(link_client_id(world->link), 7);
	world->heard_bytes = 0;
}

static void ask(struct world *world, struct bytes argument)
{
	link_begin(world->link, 2);
	link_text(world->link, "ECHO");
	link_argument(world->link, argument);
	assert_int_equal(link_commit(world->link, 0, on_answer, world), 0);
}

static void test_a_turn_goes_out_in_one_piece(void **state)
{
	struct world world;
	(void)state;

	open_world(&world);
	become_ready(&world);
	for (int i = 0; i < 100; i++)
		ask(&world, BYTES("x"));
	link_begin(world.link, 3);
	link_uint(world.link, 0);
	link_uint(world.link, UINT64_MAX);
	link_formatted(world.link, BYTES("$1\r\nf\r\n"));
	assert_int_equal(link_commit(world.link, 0, on_answer, &world), 0);
	link_flush(world.link);
	hear(&world, 1 << 20); /* no turn in between: all of it is there */
	assert_int_equal(world.heard_bytes, 100 * 21 + 4 + 7 + 27 + 7);
	assert_true(ends_with(&world, "*3\r\n$1\r\n0\r\n$20\r\n18446744073709551615\r\n$1\r\nf\r\n"));
	close_world(&world);
	assert_int_equal(world.nulls, 101);
}

static void test_a_socket_that_takes_little(void **state)
{
	enum { BYTES_MANY = 8 << 20, HEAD_BYTES = 4 + 10 + 10, TAIL_BYTES = 2 };
	struct world world;
	char *large = malloc(BYTES_MANY);
	(void)state;

	assert_non_null(large);
	for (size_t i = 0; i < BYTES_MANY; i++)
		large[i] = (char)(i * 31 + i / 4096);
	open_world(&world);
	become_ready(&world);
	for (int round = 0; round < 2; round++) {
		world.heard_bytes = 0;
		ask(&world, (struct bytes){.data = large, .size = BYTES_MANY});
		for (int i = 0; i < TURNS_MOST && !ends_with(&world, "$4\r\nlast\r\n"); i++) {
			turn(&world);
			if (i == 5) /* behind what is only partly sent */
				ask(&world, BYTES("last"));
			hear(&world, 64 << 10);
		}
		assert_int_equal(world.heard_bytes, HEAD_BYTES + BYTES_MANY + TAIL_BYTES + 24);
		assert_memory_equal(world.heard + HEAD_BYTES, large, BYTES_MANY);
		say(&world, BYTES(":1\r\n:1\r\n"));
		for (int i = 0; i < TURNS_MOST && world.answers < 2; i++)
			turn(&world);
		assert_int_equal(world.answers, 2);
		world.answers = 0;
	}
	close_world(&world);
	free(large);
}

static void test_answers_byte_by_byte(void **state)
{
	static const struct bytes text = BYTES(":5\r\n$3\r\nabc\r\n*2\r\n:1\r\n$-1\r\n-ERR no\r\n:6\r\n");
	struct world world;
	(void)state;

	open_world(&world);
	become_ready(&world);
	for (int i = 0; i < 5; i++)
		ask(&world, BYTES("x"));
	for (size_t i = 0; i < text.size; i++) {
		say(&world, (struct bytes){.data = text.data + i, .size = 1});
		turn(&world);
	}
	for (int i = 0; i < TURNS_MOST && world.answers < 5; i++)
		turn(&world);
	assert_int_equal(world.answers, 5);
	assert_int_equal(world.sum, 11);
	close_world(&world);
	assert_int_equal(world.nulls, 0);
}

static void test_a_large_answer(void **state)
{
	enum { LARGE = 3 << 20 };
	struct world world;
	char *text = malloc(LARGE + 32);
	(void)state;

	assert_non_null(text);
	size_t size = (size_t)sprintf(text, "$%d\r\n", LARGE), sent = 0;
	memset(text + size, 'x', LARGE);
	memcpy(text + size + LARGE, "\r\n:1\r\n", 6);
	size += LARGE + 6;
	open_world(&world);
	become_ready(&world);
	ask(&world, BYTES("x"));
	ask(&world, BYTES("y"));
	for (int i = 0; i < TURNS_MOST && world.answers < 2; i++) {
		ssize_t taken = sent < size ? send(world.server, text + sent, size - sent, MSG_NOSIGNAL) : 0;
		sent += taken > 0 ? (size_t)taken : 0;
		turn(&world);
	}
	assert_int_equal(world.answers, 2);
	assert_int_equal(world.sum, 1);
	close_world(&world);
	free(text);
}

/* More than one turn sends: the rest follows as fast as the socket takes it, by `touched` alone. */
static void test_much_is_sent_in_parts(void **state)
{
	enum { MUCH = 8 << 20 };
	static const char much[MUCH];
	struct world world;
	uint32_t flushes = 0;
	(void)state;

	open_world(&world);
	become_ready(&world);
	ask(&world, (struct bytes){.data = much, .size = MUCH});
	size_t before = world.heard_bytes;
	world.touched = true;
	for (int i = 0; i < TURNS_MOST && world.heard_bytes - before < MUCH; i++) {
		uv_run(&world.loop, UV_RUN_NOWAIT);
		if (world.touched) {
			world.touched = false;
			link_flush(world.link);
			flushes++;
		}
		hear(&world, MUCH);
	}
	assert_true(world.heard_bytes - before >= MUCH);
	assert_in_range(flushes, 8, 10000);
	say(&world, BYTES(":1\r\n"));
	for (int i = 0; i < TURNS_MOST && world.answers == 0; i++)
		turn(&world);
	assert_int_equal(world.answers, 1);
	close_world(&world);
}

static void test_lost_with_calls_outstanding(void **state)
{
	struct world world;
	(void)state;

	open_world(&world);
	become_ready(&world);
	for (int i = 0; i < 10; i++)
		ask(&world, BYTES("x"));
	link_begin(world.link, 1);
	link_text(world.link, "LAST");
	assert_int_equal(link_commit(world.link, 0, on_answer_ask_again, &world), 0);
	turn(&world);
	say(&world, BYTES(":1\r\n:1\r\n:1\r")); /* the third one is never complete */
	close(world.server);
	world.server = -1;
	for (int i = 0; i < TURNS_MOST && !world.lost; i++)
		turn(&world);
	assert_int_equal(world.answers, 2);
	assert_int_equal(world.nulls, 9);
	assert_int_equal(world.lost, 1);
	become_ready(&world); /* nothing of the old connection goes to the new one */
	link_begin(world.link, 1);
	link_text(world.link, "FIRST");
	assert_int_equal(link_commit(world.link, 0, on_answer_ask_again, &world), 0);
	turn(&world);
	hear(&world, 1024);
	assert_int_equal(world.heard_bytes, 15);
	say(&world, BYTES(":1\r\n"));
	for (int i = 0; i < TURNS_MOST && !ends_with(&world, "AGAIN\r\n"); i++) {
		turn(&world);
		hear(&world, 1024);
	}
	assert_int_equal(world.answers, 3);
	close_world(&world);
	assert_int_equal(world.nulls, 10);
}

static void assert_cut_by(struct bytes text)
{
	struct world world;

	open_world(&world);
	become_ready(&world);
	say(&world, text);
	for (int i = 0; i < TURNS_MOST && !world.lost; i++)
		turn(&world);
	assert_int_equal(world.lost, 1);
	close(world.server);
	world.server = -1;
	become_ready(&world);
	close_world(&world);
}

static void test_what_nobody_asked_for(void **state)
{
	(void)state;

	assert_cut_by(BYTES(":1\r\n:2\r\n"));
	assert_cut_by(BYTES("HTTP/1.1 400 Bad Request\r\n"));
}

static void test_an_answer_that_does_not_come(void **state)
{
	struct world world;
	(void)state;

	open_world(&world);
	become_ready(&world);
	ask(&world, BYTES("x"));
	world.ahead_ms = TIMEOUT_MS - 1000;
	turn(&world);
	assert_int_equal(world.nulls, 0);
	world.ahead_ms = TIMEOUT_MS + 1000;
	turn(&world);
	assert_int_equal(world.nulls, 1);
	assert_int_equal(world.lost, 1);
	close_world(&world);
}

static void test_nothing_can_be_sent_before_it_is_ready(void **state)
{
	struct world world;
	(void)state;

	open_world(&world);
	link_begin(world.link, 1);
	link_text(world.link, "EARLY");
	assert_int_equal(link_commit(world.link, 0, on_answer, &world), -ENOTCONN);
	become_ready(&world);
	turn(&world);
	hear(&world, 1024);
	assert_int_equal(world.heard_bytes, 0);
	close_world(&world);
	assert_int_equal(world.nulls, 0);
}

static void test_closed_in_every_phase(void **state)
{
	(void)state;

	for (int turns = 0; turns < 12; turns++) {
		struct world world;
		bool greeted = false, asked = false;
		open_world(&world);
		for (int i = 0; i < turns; i++) {
			turn(&world);
			if (world.server >= 0 && !greeted) {
				say(&world, BYTES(GREETINGS));
				greeted = true;
			}
			if (link_ready(world.link) && !asked) {
				ask(&world, BYTES("x"));
				asked = true;
			}
		}
		close_world(&world);
		assert_int_equal(world.nulls, asked ? 1 : 0);
		assert_int_equal(world.lost, 0);
		assert_true(asked || turns < 11);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_turn_goes_out_in_one_piece),
		cmocka_unit_test(test_a_socket_that_takes_little),
		cmocka_unit_test(test_answers_byte_by_byte),
		cmocka_unit_test(test_a_large_answer),
		cmocka_unit_test(test_much_is_sent_in_parts),
		cmocka_unit_test(test_lost_with_calls_outstanding),
		cmocka_unit_test(test_what_nobody_asked_for),
		cmocka_unit_test(test_an_answer_that_does_not_come),
		cmocka_unit_test(test_nothing_can_be_sent_before_it_is_ready),
		cmocka_unit_test(test_closed_in_every_phase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
