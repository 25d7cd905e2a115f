/* command_support.c */
#include "command_support.h"

struct arena arena;
struct command command;
struct error fault;

int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 22);
	return 0;
}

int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int decode_raw(struct bytes raw)
{
	return command_decode(&arena, raw, LIMIT, &command, &fault);
}

int decode(const char *text)
{
	struct bytes json = arena_copy(&arena, bytes_of(text));
	struct buffer msgpack;
	struct command other;
	struct error other_error;

	for (char *at = (char *)json.data; *at; at++) {
		if (*at == '\'')
			*at = '"';
	}

	int status = decode_raw(json);

	buffer_init(&msgpack, LIMIT);
	if (message_encode_json(&arena, json, &msgpack, &other_error) == 0) {
		struct bytes copy = arena_copy(&arena, buffer_bytes(&msgpack));

		assert_int_equal(command_decode(&arena, copy, LIMIT, &other, &other_error), status);
		assert_int_equal(other.codec, CODEC_MSGPACK);
		if (status != 0) {
			assert_int_equal(other_error.code, fault.code);
			assert_string_equal(other_error.hint, fault.hint);
		}
	}
	buffer_free(&msgpack);
	return status;
}
