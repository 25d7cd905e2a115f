/* tests/fuzz/json.c - JSON texts.
 *
 * Reading and json_validate() agree on what is JSON. What was read is the same when it is written as JSON and read
 * again, and the same value in msgpack, where a number that is not an integer of 64 bits is a float or its digits. */
#include "common/json_read.h"
#include "common/message.h"
#include "common/number.h"
#include "tests/fuzz/fuzz.h"

enum { ARENA_BYTES = 4 << 20, SIZE_LARGEST = 1024, WRITTEN_BYTES = 1 << 16 };

static bool same_in_msgpack(const struct value *json, const struct value *msgpack);

static bool same_number(struct bytes digits, const struct value *msgpack)
{
	double number;

	if (number_to_float64(digits, &number))
		return msgpack->type == VALUE_FLOAT64 && fuzz_same_real(number, msgpack->real);
	return msgpack->type == VALUE_STR && bytes_equal(value_bytes(msgpack), digits);
}

static bool same_items(const struct value *json, const struct value *msgpack)
{
	for (uint32_t i = 0; i < json->size; i++) {
		if (json->type == VALUE_MAP && (!fuzz_same_value(&json->members[i].key, &msgpack->members[i].key) ||
						!same_in_msgpack(&json->members[i].value, &msgpack->members[i].value)))
			return false;
		if (json->type == VALUE_ARRAY && !same_in_msgpack(&json->items[i], &msgpack->items[i]))
			return false;
	}
	return true;
}

static bool same_in_msgpack(const struct value *json, const struct value *msgpack)
{
	if (json->type == VALUE_NUMBER)
		return same_number(value_bytes(json), msgpack);
	if (json->type == VALUE_ARRAY || json->type == VALUE_MAP)
		return json->type == msgpack->type && json->size == msgpack->size && same_items(json, msgpack);
	return fuzz_same_value(json, msgpack);
}

static struct bytes write_tree(enum codec codec, const struct value *tree, struct buffer *out)
{
	struct writer writer;

	if (!out->limit_bytes)
		buffer_init(out, WRITTEN_BYTES);
	buffer_reset(out);
	writer_init(&writer, codec, out);
	writer_value(&writer, tree);
	fuzz_require(!buffer_failed(out), "a small message is written");
	return buffer_bytes(out);
}

static void check_agreement(struct bytes text)
{
	static struct buffer msgpack;
	struct json_result result;
	bool valid = json_validate(text) == 0;

	if (!msgpack.limit_bytes)
		buffer_init(&msgpack, WRITTEN_BYTES);
	buffer_reset(&msgpack);
	json_read(text, MESSAGE_DEPTH, &msgpack, &result);
	switch (result.fault) {
	case JSON_FINE:
		fuzz_require(valid && result.whole, "what is read is JSON");
		break;
	case JSON_TOO_DEEP:
	case JSON_BAD_BASE64:
	case JSON_BAD_ESCAPE: /* JSON allows it; no UTF-8 can hold it */
		break;
	case JSON_TRAILING:
	case JSON_SYNTAX:
	case JSON_BAD_TEXT:
		fuzz_require(!valid, "what is JSON is read");
		break;
	case JSON_NO_MEMORY:
		fuzz_fail("a small text needs little memory");
	}
	fuzz_require(result.offset <= text.size, "a fault lies in the text");
}

static void check_tree(struct arena *arena, struct bytes text)
{
	static struct buffer json, msgpack;
	struct value tree, again;
	struct error error;

	if (message_codec(text) != CODEC_JSON || message_decode(arena, text, SIZE_LARGEST, &tree, &error) != 0)
		return;

	struct bytes written = write_tree(CODEC_JSON, &tree, &json);

	fuzz_require(json_validate(written) == 0, "what is written as JSON is JSON");
	fuzz_require(message_decode(arena, written, WRITTEN_BYTES, &again, &error) == 0 &&
			     fuzz_same_value(&tree, &again),
		     "what is written as JSON reads the same");
	written = write_tree(CODEC_MSGPACK, &tree, &msgpack);
	fuzz_require(message_decode(arena, written, WRITTEN_BYTES, &again, &error) == 0 &&
			     same_in_msgpack(&tree, &again),
		     "what is written as msgpack reads the same");
	buffer_reset(&json);
	fuzz_require(message_render_json(arena, written, &json, &error) == 0 && json_validate(buffer_bytes(&json)) == 0,
		     "msgpack is shown as JSON");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena arena;
	struct bytes text = fuzz_bytes(data, size);

	if (size > SIZE_LARGEST)
		return 0;
	if (!arena.limit_bytes)
		arena_init(&arena, ARENA_BYTES);
	check_agreement(text);
	check_tree(&arena, text);
	arena_reset(&arena);
	return 0;
}
