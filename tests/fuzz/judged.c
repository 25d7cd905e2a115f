/* tests/fuzz/judged.c - our side of the comparison with Python (judge.py): messages in, what we make of them out.
 *
 *   judged msgpack|json
 *
 * In: the size of a message in 4 bytes, big-endian, and the message; as often as there are any. Out, for each: one
 * byte, 1 when it is taken and 0 when it is refused, and in the same way the msgpack of its tree (of a refused one:
 * nothing).
 */
#include "common/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 64 << 20, MESSAGE_BYTES = 1 << 20 };

static bool read_message(struct buffer *message)
{
	unsigned char head[4];
	size_t size;
	char *to;

	buffer_reset(message);
	if (fread(head, 1, sizeof(head), stdin) != sizeof(head))
		return false;
	size = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
	to = buffer_reserve(message, size);
	if (!to || fread(to, 1, size, stdin) != size)
		return false;
	message->size += size;
	return true;
}

static void write_answer(bool taken, struct bytes msgpack)
{
	size_t size = taken ? msgpack.size : 0;
	unsigned char head[5] = {taken, (unsigned char)(size >> 24), (unsigned char)(size >> 16),
				 (unsigned char)(size >> 8), (unsigned char)size};

	fwrite(head, 1, sizeof(head), stdout);
	if (size > 0)
		fwrite(msgpack.data, 1, size, stdout);
}

static bool judge(struct arena *arena, bool is_json, struct bytes message, struct buffer *msgpack)
{
	struct writer writer;
	struct value tree;
	struct error error;

	if (is_json)
		return message_encode_json(arena, message, msgpack, &error) == 0;
	if (message_decode(arena, message, MESSAGE_BYTES, &tree, &error) != 0)
		return false;
	writer_init(&writer, CODEC_MSGPACK, msgpack);
	writer_value(&writer, &tree);
	return true;
}

int main(int argc, char **argv)
{
	bool is_json = argc == 2 && strcmp(argv[1], "json") == 0;
	struct buffer message, msgpack;
	struct arena arena;

	arena_init(&arena, ARENA_BYTES);
	buffer_init(&message, MESSAGE_BYTES);
	buffer_init(&msgpack, 4 * MESSAGE_BYTES);
	while (read_message(&message)) {
		bool taken = judge(&arena, is_json, buffer_bytes(&message), &msgpack);

		write_answer(taken, buffer_bytes(&msgpack));
		buffer_reset(&msgpack);
		arena_reset(&arena);
	}
	buffer_free(&message);
	buffer_free(&msgpack);
	arena_free(&arena);
	return !feof(stdin) || fflush(stdout) != 0;
}
