/* cli/text.c - see text.h. */
#include "cli/text.h"

#include "common/message.h"

#include <errno.h>

int text_read_all(FILE *from, struct buffer *to)
{
	for (;;) {
		char *room = buffer_reserve(to, 1 << 16);
		size_t size = room ? fread(room, 1, 1 << 16, from) : 0;
		if (size == 0)
			break;
		to->size += size;
	}
	if (buffer_failed(to)) {
		fprintf(stderr, "rowctl: the input is larger than %d MiB\n", TEXT_BYTES >> 20);
		return -EFBIG;
	}
	if (ferror(from)) {
		fprintf(stderr, "rowctl: the input cannot be read\n");
		return -EIO;
	}
	return 0;
}

static int tell(const char *where, int result, const struct error *error)
{
	if (result == -EBADMSG)
		fprintf(stderr, "rowctl: %s: %s%s%s\n", where, error->message, error->hint[0] ? "; " : "", error->hint);
	else
		fprintf(stderr, "rowctl: %s: too large\n", where);
	return result;
}

int text_encode(struct bytes json, const char *where, struct buffer *to)
{
	struct arena arena;
	struct error error;

	arena_init(&arena, (size_t)TEXT_BYTES * 4);
	int result = message_encode_json(&arena, json, to, &error);
	if (result == 0 && buffer_failed(to))
		result = -EFBIG;
	arena_free(&arena);
	return result < 0 ? tell(where, result, &error) : 0;
}

int text_print(struct bytes msgpack, FILE *to)
{
	struct arena arena;
	struct buffer json;
	struct error error;

	arena_init(&arena, (size_t)TEXT_BYTES * 4);
	buffer_init(&json, (size_t)TEXT_BYTES * 4);
	int result = message_render_json(&arena, msgpack, &json, &error);
	if (result == 0 && buffer_failed(&json))
		result = -EFBIG;
	if (result == 0) {
		buffer_append_byte(&json, '\n');
		fwrite(json.data, 1, json.size, to);
	}
	buffer_free(&json);
	arena_free(&arena);
	return result < 0 ? tell("msgpack", result, &error) : 0;
}
