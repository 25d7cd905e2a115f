/* tests/fuzz/letter.c - any element of a list of dead letters is a letter or is none, and can be shown.
 *
 * The texts of a letter are views of the element, and stay within it. What is written of it, for people and as JSON,
 * has no byte that a terminal would obey; the JSON is read again. */
#include "cli/dead/letter.h"
#include "common/message.h"
#include "common/utf8.h"
#include "tests/fuzz/fuzz.h"

enum { ARENA_BYTES = 4 << 20, OUT_BYTES = 1 << 20, SIZE_LARGEST = 4096, NOW_MS = 1000000 };

static void check_view(struct bytes raw, struct bytes text)
{
	fuzz_require(text.data >= raw.data && text.data + text.size <= raw.data + raw.size,
		     "a text of a letter stays within it");
}

static void check_plain(struct bytes text)
{
	for (size_t at = 0; at < text.size;) {
		size_t size = utf8_character((struct bytes){text.data + at, text.size - at});
		unsigned char byte = (unsigned char)text.data[at];

		fuzz_require(size > 0, "what is shown is UTF-8");
		fuzz_require(byte >= 0x20 || byte == '\n', "nothing that is shown is a control character");
		fuzz_require(byte != 0x7f && !(byte == 0xc2 && (unsigned char)text.data[at + 1] < 0xa0),
			     "nothing that is shown is another control character");
		at += size;
	}
}

static void check_line(const struct letter *letter, const struct glance *command, struct buffer *out)
{
	buffer_reset(out);
	letter_write_line(letter, command, NOW_MS, LETTER_ID_SHOWN, out);
	fuzz_require(!buffer_failed(out), "a line is written");
	check_plain(buffer_bytes(out));
	fuzz_require(memchr(out->data, '\n', out->size) == out->data + out->size - 1, "a line is one line");
}

static void check_json(struct arena *arena, const struct letter *letter, const struct glance *command,
		       struct buffer *out)
{
	struct writer writer;
	struct value value;
	struct error error;

	buffer_reset(out);
	writer_init(&writer, CODEC_JSON, out);
	writer_map(&writer, LETTER_MEMBERS);
	letter_write_members(letter, command, &writer);
	writer_map_end(&writer);
	fuzz_require(!buffer_failed(out), "the members are written");
	check_plain(buffer_bytes(out));
	fuzz_require(message_decode(arena, buffer_bytes(out), OUT_BYTES, &value, &error) == 0, "the JSON is JSON");
	fuzz_require(value.type == VALUE_MAP && value.size == LETTER_MEMBERS, "it has all members");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena arena;
	static struct buffer out;
	struct bytes raw = fuzz_bytes(data, size);
	struct glance command;
	struct letter letter;

	if (size > SIZE_LARGEST)
		return 0;
	if (!out.limit_bytes) {
		arena_init(&arena, ARENA_BYTES);
		buffer_init(&out, OUT_BYTES);
	}
	arena_reset(&arena);
	fuzz_require(letter_read(&arena, raw, &letter) == 0, "any element is read");
	if (!letter.foreign) {
		check_view(raw, letter.reason);
		check_view(raw, letter.error);
		check_view(raw, letter.worker);
		check_view(raw, letter.command);
	}
	fuzz_require(letter_read_command(&arena, &letter, &command) == 0, "any command is read");
	check_line(&letter, &command, &out);
	check_json(&arena, &letter, &command, &out);
	buffer_reset(&out);
	letter_write_hex(raw, SIZE_LARGEST, &out);
	check_plain(buffer_bytes(&out));
	return 0;
}
