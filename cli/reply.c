/* cli/reply.c - see reply.h. */
#include "cli/reply.h"

#include "cli/text.h"
#include "common/error.h"
#include "common/message.h"
#include "common/utf8.h"
#include "common/writer.h"

enum { QUOTED_AT_ONCE = 64 };

/* A view of the arena and of the reply; NULL when there is none. */
static const struct value *find_error(struct arena *arena, struct bytes reply)
{
	struct value *value = arena_alloc(arena, sizeof(*value));
	struct error fault;

	if (!value || message_decode(arena, reply, TEXT_BYTES, value, &fault) < 0 || value->type != VALUE_MAP)
		return NULL;
	const struct value *error = value_find(value, BYTES("error"));
	return error && error->type == VALUE_MAP ? error : NULL;
}

/* The member's text, of any length, behind `before`; nothing when there is none. */
static void append_member(const struct value *error, struct bytes name, const char *before, struct buffer *out)
{
	const struct value *member = value_find(error, name);
	struct bytes text = member ? value_bytes(member) : (struct bytes){0};
	char quoted[ERROR_QUOTED_BYTES];

	if (text.size > 0)
		buffer_append_text(out, before);
	while (text.size > 0) {
		struct bytes piece = {.data = text.data, .size = utf8_cut(text, QUOTED_AT_ONCE)};

		buffer_append_text(out, error_quote(quoted, piece));
		text = (struct bytes){.data = text.data + piece.size, .size = text.size - piece.size};
	}
}

void reply_append_error(struct bytes reply, struct buffer *out)
{
	struct arena arena;

	arena_init(&arena, (size_t)TEXT_BYTES * 4);
	const struct value *error = find_error(&arena, reply);
	if (error) {
		append_member(error, BYTES("code"), "", out);
		append_member(error, BYTES("message"), ": ", out);
		append_member(error, BYTES("hint"), "; ", out);
	} else {
		buffer_append_text(out, "no error that can be read");
	}
	arena_free(&arena);
}

void reply_append_error_json(struct bytes reply, struct buffer *out)
{
	struct writer writer;
	struct arena arena;

	arena_init(&arena, (size_t)TEXT_BYTES * 4);
	writer_init(&writer, CODEC_JSON, out);
	const struct value *error = find_error(&arena, reply);
	if (error)
		writer_value(&writer, error);
	else
		writer_nil(&writer);
	arena_free(&arena);
}

void reply_tell_silence(const struct arguments *arguments)
{
	const char *queue = arguments->queues[0];

	fprintf(stderr,
		"rowctl: no reply within %g s; is a rowd serving %s?\n"
		"rowctl: if so, look at `rowctl dead list --queue %s`: a reply address without the queue's reply prefix\n"
		"rowctl: is FORBIDDEN, and nobody is answered; --reply-prefix has to be the queue's own\n",
		(double)arguments->timeout_ms / 1000, queue, queue);
}
