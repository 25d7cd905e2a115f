/* tests/fuzz/decode.c - any element of a queue becomes a command or an error.
 *
 * A command that was taken is taken again, and is the same, when its message is written out and decoded once more. An
 * error can be told: its texts are texts, and the reply that carries it is a message that echoes id and meta. */
#include "common/command.h"
#include "common/reply.h"
#include "common/utf8.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

enum { ARENA_BYTES = 4 << 20, LIMIT_BYTES = 768, SIZE_LARGEST = 1024, WRITTEN_BYTES = 1 << 16 };

static bool same_pointed(const struct value *a, const struct value *b)
{
	return a && b ? fuzz_same_value(a, b) : a == b;
}

static bool same_operation(const struct operation *a, const struct operation *b)
{
	return a->op == b->op && bytes_equal(a->table, b->table) && same_pointed(a->pk, b->pk) &&
	       same_pointed(a->where, b->where) && same_pointed(a->values, b->values) && same_pointed(a->set, b->set) &&
	       same_pointed(a->select, b->select) && same_pointed(a->order, b->order) &&
	       same_pointed(a->returning, b->returning) && a->all == b->all && a->arrays == b->arrays &&
	       a->distinct == b->distinct && a->first == b->first && a->required == b->required && a->db == b->db &&
	       a->have_limit == b->have_limit && a->have_offset == b->have_offset && a->have_page == b->have_page &&
	       a->limit == b->limit && a->offset == b->offset && a->page == b->page && a->page_size == b->page_size;
}

static bool same_command(const struct command *a, const struct command *b)
{
	return a->codec == b->codec && fuzz_same_value(&a->id, &b->id) && bytes_equal(a->reply_to, b->reply_to) &&
	       bytes_equal(a->reply_list, b->reply_list) && a->reply_ttl_ms == b->reply_ttl_ms &&
	       fuzz_same_value(&a->meta, &b->meta) && a->timing == b->timing &&
	       bytes_equal(a->traceparent, b->traceparent) && bytes_equal(a->op_name, b->op_name) &&
	       same_operation(&a->operation, &b->operation);
}

static void write_tree(enum codec codec, const struct value *tree, struct buffer *out)
{
	struct writer writer;

	buffer_reset(out);
	writer_init(&writer, codec, out);
	writer_value(&writer, tree);
	fuzz_require(!buffer_failed(out), "a small message is written");
}

static void check_again(struct arena *arena, struct bytes raw, const struct command *command)
{
	static struct buffer written, rewritten;
	struct value tree, again_tree;
	struct command again;
	struct error error;

	if (!written.limit_bytes) {
		buffer_init(&written, WRITTEN_BYTES);
		buffer_init(&rewritten, WRITTEN_BYTES);
	}
	fuzz_require(message_decode(arena, raw, LIMIT_BYTES, &tree, &error) == 0, "a command is a message");
	write_tree(command->codec, &tree, &written);
	fuzz_require(command_decode(arena, buffer_bytes(&written), WRITTEN_BYTES, &again, &error) == 0,
		     "a command that was written out is taken again");
	fuzz_require(same_command(command, &again), "a command that was written out is the same");
	fuzz_require(message_decode(arena, buffer_bytes(&written), WRITTEN_BYTES, &again_tree, &error) == 0 &&
			     fuzz_same_value(&tree, &again_tree),
		     "a message that was written out is the same");
	write_tree(command->codec, &again_tree, &rewritten);
	fuzz_require(bytes_equal(buffer_bytes(&written), buffer_bytes(&rewritten)),
		     "what is written twice is written the same");
}

/* The codes of what is refused before a catalog is asked. */
static bool is_own_code(enum error_code code)
{
	static const enum error_code codes[] = {ERROR_BAD_MESSAGE,   ERROR_UNKNOWN_OP, ERROR_UNKNOWN_FIELD,
						ERROR_MISSING_FIELD, ERROR_BAD_VALUE,  ERROR_TOO_LARGE,
						ERROR_WHERE_REQUIRED};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		if (codes[i] == code)
			return true;
	}
	return false;
}

static void check_error(const struct error *error)
{
	fuzz_require(is_own_code(error->code), "what is refused before a catalog is asked has a code for that");
	fuzz_require(error->message[0] != '\0' && utf8_valid(bytes_of(error->message)), "a message is a text");
	fuzz_require(utf8_valid(bytes_of(error->hint)), "a hint is a text");
	fuzz_require(error->server_errno == 0 && error->sqlstate[0] == '\0', "no server has said anything");
}

static const struct value *member(const struct value *map, const char *name)
{
	const struct value *value = value_find(map, bytes_of(name));

	fuzz_require(value != NULL, name);
	return value;
}

static void check_echo(const struct command *command, const struct value *reply)
{
	fuzz_require(fuzz_same_value(member(reply, "id"), &command->id), "a reply has the command's id");
	if (command->meta.type != VALUE_NIL)
		fuzz_require(fuzz_same_value(member(reply, "meta"), &command->meta), "a reply has the command's meta");
}

/* error NULL: it was taken. */
static void check_reply(struct arena *arena, const struct command *command, const struct error *error)
{
	static struct buffer out;
	struct reply reply = {.error = error};
	struct value tree;
	struct error fault;
	int status;

	if (!out.limit_bytes)
		buffer_init(&out, WRITTEN_BYTES);
	buffer_reset(&out);
	reply_encode(command, &reply, &out);
	fuzz_require(!buffer_failed(&out), "a reply is written");
	status = message_decode(arena, buffer_bytes(&out), WRITTEN_BYTES, &tree, &fault);
	/* A message that was refused for a duplicate key may have it in what is echoed. */
	fuzz_require(status == 0 || (status == -EBADMSG && error), "a reply is a message");
	fuzz_require(message_codec(buffer_bytes(&out)) == command->codec, "a reply has the command's codec");
	fuzz_require(tree.type == VALUE_MAP, "a reply is a map");
	fuzz_require(member(&tree, "ok")->type == VALUE_BOOL && member(&tree, "ok")->boolean == !error,
		     "a reply says how it went");
	check_echo(command, &tree);
	if (error)
		fuzz_require(bytes_equal_text(value_bytes(member(member(&tree, "error"), "message")), error->message),
			     "a reply has the error's message");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena arena;
	struct bytes raw = fuzz_bytes(data, size);
	struct command command;
	struct error error;
	int status;

	if (size > SIZE_LARGEST)
		return 0;
	if (!arena.limit_bytes)
		arena_init(&arena, ARENA_BYTES);
	status = command_decode(&arena, raw, LIMIT_BYTES, &command, &error);
	fuzz_require(status == 0 || status == -EBADMSG, "a small element needs little memory");
	fuzz_require(size <= LIMIT_BYTES || (status != 0 && error.code == ERROR_TOO_LARGE),
		     "an element above the limit is TOO_LARGE");
	if (status == 0) {
		check_again(&arena, raw, &command);
		check_reply(&arena, &command, NULL);
	} else {
		check_error(&error);
		check_reply(&arena, &command, &error);
	}
	arena_reset(&arena);
	return 0;
}
