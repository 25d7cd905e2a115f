/* tests/unit/reply_reader.c - answers in one piece, in many, and what is none. hiredis' own objects say what is right.
 */
#include "daemon/queue/reply_reader.h"

#include "tests/support/allocations.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <hiredis/hiredis.h>

static const struct bytes answers[] = {
	BYTES("+OK\r\n"),
	BYTES("+\r\n"),
	BYTES("-ERR no such thing\r\n"),
	BYTES(":0\r\n"),
	BYTES(":-1\r\n"),
	BYTES(":9223372036854775807\r\n"),
	BYTES(":-9223372036854775808\r\n"),
	BYTES("$0\r\n\r\n"),
	BYTES("$-1\r\n"),
	BYTES("$7\r\na\r\nb\0\xff\n\r\n"),
	BYTES("*0\r\n"),
	BYTES("*-1\r\n"),
	BYTES("*5\r\n$7\r\nclaimed\r\n:0\r\n$3\r\nabc\r\n:12\r\n$-1\r\n"),
	BYTES("*3\r\n+a\r\n-b\r\n$4\r\n*1\r\n\r\n"),
};

enum { ANSWERS = sizeof(answers) / sizeof(answers[0]) };

static void assert_same(const struct redis_reply *reply, const redisReply *right)
{
	switch (right->type) {
	case REDIS_REPLY_NIL:
		assert_int_equal(reply->type, REDIS_NIL);
		break;
	case REDIS_REPLY_INTEGER:
		assert_int_equal(reply->type, REDIS_INTEGER);
		assert_true(reply->integer == right->integer);
		break;
	case REDIS_REPLY_ARRAY:
		assert_int_equal(reply->type, REDIS_ARRAY);
		assert_int_equal(reply->count, right->elements);
		for (size_t i = 0; i < reply->count; i++)
			assert_same(&reply->elements[i], right->element[i]);
		break;
	default:
		assert_int_equal(reply->type, right->type == REDIS_REPLY_ERROR ? REDIS_ERROR : REDIS_TEXT);
		assert_int_equal(reply->text.size, right->len);
		assert_memory_equal(reply->text.data, right->str, right->len);
	}
}

/* Judges the answer by what hiredis makes of it by itself. */
static void assert_right(const struct redis_reply *reply, struct bytes answer)
{
	redisReader *judge = redisReaderCreate();
	void *right = NULL;

	assert_int_equal(redisReaderFeed(judge, answer.data, answer.size), REDIS_OK);
	assert_int_equal(redisReaderGetReply(judge, &right), REDIS_OK);
	assert_non_null(right);
	assert_non_null(reply);
	assert_same(reply, right);
	freeReplyObject(right);
	redisReaderFree(judge);
}

static struct reply_reader *open_reader(void)
{
	struct reply_reader *reader = NULL;

	assert_int_equal(reply_reader_new(&reader), 0);
	return reader;
}

/* Feeds a copy that is gone before the answer is looked at. */
static void feed(struct reply_reader *reader, struct bytes part)
{
	char *copy = malloc(part.size + 1);

	assert_non_null(copy);
	memcpy(copy, part.data, part.size);
	assert_int_equal(reply_reader_feed(reader, (struct bytes){.data = copy, .size = part.size}), 0);
	free(copy);
}

static const struct redis_reply *next(struct reply_reader *reader)
{
	const struct redis_reply *reply = NULL;

	assert_int_equal(reply_reader_next(reader, &reply), 0);
	return reply;
}

static void test_all_in_one_piece(void **state)
{
	struct reply_reader *reader = open_reader();
	(void)state;

	for (size_t i = 0; i < ANSWERS; i++)
		feed(reader, answers[i]);
	for (size_t i = 0; i < ANSWERS; i++)
		assert_right(next(reader), answers[i]);
	assert_null(next(reader));
	reply_reader_free(reader);
}

static void test_in_two_pieces_split_anywhere(void **state)
{
	struct reply_reader *reader = open_reader();
	(void)state;

	for (size_t i = 0; i < ANSWERS; i++) {
		for (size_t first = 0; first < answers[i].size; first++) {
			feed(reader, (struct bytes){.data = answers[i].data, .size = first});
			assert_null(next(reader));
			feed(reader, (struct bytes){.data = answers[i].data + first, .size = answers[i].size - first});
			assert_right(next(reader), answers[i]);
		}
	}
	reply_reader_free(reader);
}

static void test_byte_by_byte(void **state)
{
	struct reply_reader *reader = open_reader();
	(void)state;

	for (size_t i = 0; i < ANSWERS; i++) {
		for (size_t at = 0; at < answers[i].size; at++) {
			assert_null(next(reader));
			feed(reader, (struct bytes){.data = answers[i].data + at, .size = 1});
		}
		assert_right(next(reader), answers[i]);
	}
	reply_reader_free(reader);
}

static void test_many_elements(void **state)
{
	enum { ELEMENTS = 20000, ROOM = ELEMENTS * 216 };
	struct reply_reader *reader = open_reader();
	char *text = malloc(ROOM);
	(void)state;

	assert_non_null(text);
	for (int round = 0; round < 3; round++) { /* what a large one took is given back in between */
		size_t size = (size_t)sprintf(text, "*%d\r\n", ELEMENTS);
		for (int i = 0; i < ELEMENTS; i++)
			size += (size_t)sprintf(text + size, "$200\r\n%0200d\r\n", i);
		struct bytes answer = {.data = text, .size = size};
		feed(reader, answer);
		assert_right(next(reader), answer);
		feed(reader, answers[0]);
		assert_right(next(reader), answers[0]);
	}
	free(text);
	reply_reader_free(reader);
}

static void test_what_is_no_answer(void **state)
{
	static const struct bytes wrong[] = {
		BYTES("HTTP/1.1 400 Bad Request\r\n"),
		BYTES("\r\n"),
		BYTES(":x\r\n"),
		BYTES(":99999999999999999999\r\n"),
		BYTES("$-2\r\n"),
		BYTES("*1\r\n*0\r\n"),
		BYTES("*99999999999\r\n"),
		BYTES("*100000000\r\n"),
		BYTES("%1\r\n+a\r\n+b\r\n"),
	};
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct reply_reader *reader = open_reader();
		const struct redis_reply *reply = NULL;
		feed(reader, wrong[i]);
		assert_int_equal(reply_reader_next(reader, &reply), -EPROTO);
		reply_reader_free(reader);
	}
}

static int read_once(const struct redis_reply **ret_reply, struct reply_reader **ret_reader)
{
	static const struct bytes answer =
		BYTES("*20\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n:6\r\n:7\r\n:8\r\n:9\r\n:10\r\n:11\r\n:12\r\n:13\r\n"
		      ":14\r\n:15\r\n:16\r\n:17\r\n:18\r\n:19\r\n$2\r\nab\r\n");
	int failure = reply_reader_new(ret_reader);

	if (!failure)
		failure = reply_reader_feed(*ret_reader, answer);
	return failure ? failure : reply_reader_next(*ret_reader, ret_reply);
}

static void test_no_memory(void **state)
{
	(void)state;

	for (uint32_t n = 1;; n++) {
		struct reply_reader *reader = NULL;
		const struct redis_reply *reply = NULL;

		allocations_fail_at(n);
		int failure = read_once(&reply, &reader);
		bool failed = allocations_end();
		assert_int_equal(failure, failed ? -ENOMEM : 0);
		assert_int_equal(reply != NULL, !failed);
		reply_reader_free(reader);
		if (!failed)
			return;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_in_one_piece),  cmocka_unit_test(test_in_two_pieces_split_anywhere),
		cmocka_unit_test(test_byte_by_byte),      cmocka_unit_test(test_many_elements),
		cmocka_unit_test(test_what_is_no_answer), cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
