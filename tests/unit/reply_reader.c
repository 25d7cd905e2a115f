/* tests/unit/reply_reader.c - answers in one piece, in many, and what is none. hiredis says what is right. */
#include "daemon/queue/reply_reader.h"

#include "tests/support/allocations.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
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

/* Judges the answer by hiredis. */
static void assert_right(const struct redis_reply *reply, struct bytes answer)
{
	redisReader *judge = redisReaderCreate();
	void *right = NULL;

	assert_int_equal(redisReaderFeed(judge, answer.data, answer.size), REDIS_OK);
	assert_int_equal(redisReaderGetReply(judge, &right), REDIS_OK);
	assert_non_null(right);
	assert_same(reply, right);
	freeReplyObject(right);
	redisReaderFree(judge);
}

/* A copy of its own for each look, exactly as long: a sanitizer sees a byte too far, or a view that was kept. */
static ssize_t look(struct reply_reader *reader, struct bytes part, char **copy, const struct redis_reply **ret_reply)
{
	size_t missing = 0;

	free(*copy);
	*copy = malloc(part.size + 1);
	assert_non_null(*copy);
	memcpy(*copy, part.data, part.size);
	ssize_t size = reply_reader_read(reader, (struct bytes){.data = *copy, .size = part.size}, ret_reply, &missing);
	assert_true(size != 0 || missing > 0);
	return size;
}

static void test_in_one_piece_with_more_behind(void **state)
{
	struct reply_reader reader = {0};
	const struct redis_reply *reply = NULL;
	char *copy = NULL;
	(void)state;

	for (size_t i = 0; i < ANSWERS; i++) {
		char text[256];
		memcpy(text, answers[i].data, answers[i].size);
		memcpy(text + answers[i].size, ":1\r\n", 4);
		struct bytes more = {.data = text, .size = answers[i].size + 4};
		assert_int_equal(look(&reader, more, &copy, &reply), answers[i].size);
		assert_right(reply, answers[i]);
	}
	free(copy);
	reply_reader_free(&reader);
}

static void test_in_two_pieces_split_anywhere(void **state)
{
	struct reply_reader reader = {0};
	const struct redis_reply *reply = NULL;
	char *copy = NULL;
	(void)state;

	for (size_t i = 0; i < ANSWERS; i++) {
		for (size_t first = 0; first < answers[i].size; first++) {
			struct bytes part = {.data = answers[i].data, .size = first};
			assert_int_equal(look(&reader, part, &copy, &reply), 0);
			assert_int_equal(look(&reader, answers[i], &copy, &reply), answers[i].size);
			assert_right(reply, answers[i]);
		}
	}
	free(copy);
	reply_reader_free(&reader);
}

static void test_byte_by_byte(void **state)
{
	struct reply_reader reader = {0};
	const struct redis_reply *reply = NULL;
	char *copy = NULL;
	(void)state;

	for (size_t i = 0; i < ANSWERS; i++) {
		for (size_t size = 0; size < answers[i].size; size++) {
			struct bytes part = {.data = answers[i].data, .size = size};
			assert_int_equal(look(&reader, part, &copy, &reply), 0);
		}
		assert_int_equal(look(&reader, answers[i], &copy, &reply), answers[i].size);
		assert_right(reply, answers[i]);
	}
	free(copy);
	reply_reader_free(&reader);
}

static void test_tells_how_much_is_missing(void **state)
{
	struct reply_reader reader = {0};
	const struct redis_reply *reply = NULL;
	size_t missing = 0;
	(void)state;

	assert_int_equal(reply_reader_read(&reader, BYTES("*2\r\n:1\r\n$1000000\r\nabc"), &reply, &missing), 0);
	assert_int_equal(missing, 1000000 - 3 + 2);
	reply_reader_free(&reader);
}

static void test_many_elements(void **state)
{
	enum { ELEMENTS = 20000 };
	struct reply_reader reader = {0};
	const struct redis_reply *reply = NULL;
	char *text = malloc(ELEMENTS * 16 + 16), *copy = NULL;
	(void)state;

	assert_non_null(text);
	for (int round = 0; round < 3; round++) { /* what a large one took is given back in between */
		size_t size = (size_t)sprintf(text, "*%d\r\n", ELEMENTS);
		for (int i = 0; i < ELEMENTS; i++)
			size += (size_t)sprintf(text + size, "$5\r\n%05d\r\n", i);
		struct bytes answer = {.data = text, .size = size};
		assert_int_equal(look(&reader, answer, &copy, &reply), size);
		assert_right(reply, answer);
	}
	free(text);
	free(copy);
	reply_reader_free(&reader);
}

static void test_what_is_no_answer(void **state)
{
	static const struct bytes wrong[] = {
		BYTES("HTTP/1.1 400 Bad Request\r\n"),
		BYTES("\r\n"),
		BYTES("+OK\n"),
		BYTES(":\r\n"),
		BYTES(":-\r\n"),
		BYTES(":1x\r\n"),
		BYTES(":9223372036854775808\r\n"),
		BYTES(":99999999999999999999\r\n"),
		BYTES("$-2\r\n"),
		BYTES("$3\r\nabcde"),
		BYTES("$99999999999\r\n"),
		BYTES("*1\r\n*0\r\n"),
		BYTES("*-2\r\n"),
		BYTES("%1\r\n+a\r\n+b\r\n"),
	};
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct reply_reader reader = {0};
		const struct redis_reply *reply = NULL;
		size_t missing = 0;
		assert_int_equal(reply_reader_read(&reader, wrong[i], &reply, &missing), -EPROTO);
		reply_reader_free(&reader);
	}
}

static void test_line_without_an_end(void **state)
{
	enum { LONG = 128 << 10 };
	struct reply_reader reader = {0};
	const struct redis_reply *reply = NULL;
	size_t missing = 0;
	char *text = malloc(LONG);
	(void)state;

	assert_non_null(text);
	memset(text, '+', LONG);
	assert_int_equal(reply_reader_read(&reader, (struct bytes){.data = text, .size = 100}, &reply, &missing), 0);
	assert_int_equal(reply_reader_read(&reader, (struct bytes){.data = text, .size = LONG}, &reply, &missing),
			 -EPROTO);
	free(text);
	reply_reader_free(&reader);
}

static void test_no_memory(void **state)
{
	(void)state;

	for (uint32_t n = 1;; n++) {
		struct reply_reader reader = {0};
		const struct redis_reply *reply = NULL;
		size_t missing = 0;
		struct bytes answer = BYTES(
			"*20\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n:6\r\n:7\r\n:8\r\n:9\r\n:10\r\n:11\r\n:12\r\n:13\r\n"
			":14\r\n:15\r\n:16\r\n:17\r\n:18\r\n:19\r\n:20\r\n");
		allocations_fail_at(n);
		ssize_t size = reply_reader_read(&reader, answer, &reply, &missing);
		if (!allocations_end()) {
			assert_int_equal(size, answer.size);
			reply_reader_free(&reader);
			return;
		}
		assert_int_equal(size, -ENOMEM);
		reply_reader_free(&reader);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_one_piece_with_more_behind),
		cmocka_unit_test(test_in_two_pieces_split_anywhere),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_tells_how_much_is_missing),
		cmocka_unit_test(test_many_elements),
		cmocka_unit_test(test_what_is_no_answer),
		cmocka_unit_test(test_line_without_an_end),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
