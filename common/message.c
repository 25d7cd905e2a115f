/* common/message.c - codec detection, and faults as error messages. */
#include "common/message.h"

#include "common/json_read.h"
#include "common/scan.h"

#include <errno.h>

/* JSON grows on its way to msgpack where a container of two bytes gets a head of five: less than threefold. */
enum { JSON_GROWTH = 3, JSON_GROWTH_BYTES = 64 };

/* How many times the limit an element may have and is still looked into. */
enum { LARGEST_READ = 4 };

/* --- faults ------------------------------------------------------------------------------------------------------- */

static void hint_of_scan(const struct scan *scan, struct error *error)
{
	char quoted[ERROR_QUOTED_BYTES];

	switch (scan->fault) {
	case SCAN_DUPLICATE_KEY:
		if (value_is_text(&scan->key))
			error_hint(error, "send `%s` once", error_quote(quoted, value_bytes(&scan->key)));
		break;
	case SCAN_BAD_KEY:
		error_hint(error, "the keys of a map are texts");
		break;
	case SCAN_TOO_DEEP:
		error_hint(error, "at most %d arrays and maps may stand within each other", MESSAGE_DEPTH);
		break;
	case SCAN_TRAILING:
		error_hint(error, "one element is one command");
		break;
	case SCAN_CUT:
	case SCAN_UNUSED_BYTE:
	case SCAN_BAD_TIMESTAMP:
		error_hint(error, "a command is a msgpack map, or JSON that begins with {");
		break;
	case SCAN_RESERVED_EXTENSION:
		error_hint(error, "types of your own are 0 to 127");
		break;
	case SCAN_TOO_MANY_NODES:
		error_hint(error, "at most %d values and keys in one message; send several commands", MESSAGE_NODES);
		break;
	case SCAN_FINE:
	case SCAN_NO_MEMORY:
		break;
	}
}

/* is_json: the offset is one in bytes that the sender never saw, and is not told. */
static void error_of_scan(const struct scan *scan, bool is_json, struct error *error)
{
	const char *text = scan_fault_text(scan->fault);

	if (scan->fault == SCAN_TOO_MANY_NODES)
		error_set(error, ERROR_TOO_LARGE, "the message has too many values");
	else if (is_json)
		error_set(error, ERROR_BAD_MESSAGE, "the message is not valid: %s", text);
	else
		error_set(error, ERROR_BAD_MESSAGE, "the message is not valid: %s (byte %zu)", text, scan->offset);
	hint_of_scan(scan, error);
}

static void error_of_json(const struct json_result *result, struct error *error)
{
	const char *text = result->detail;

	switch (result->fault) {
	case JSON_TOO_DEEP:
		text = "it is nested too deeply";
		break;
	case JSON_TRAILING:
		text = "something follows the complete value";
		break;
	case JSON_BAD_TEXT:
		text = "it is not UTF-8";
		break;
	case JSON_BAD_ESCAPE:
		text = "an escape is half of a surrogate pair";
		break;
	case JSON_BAD_BASE64:
		text = "what `$bin` holds is not base64";
		break;
	case JSON_FINE:
	case JSON_SYNTAX:
	case JSON_NO_MEMORY:
		break;
	}
	error_set(error, ERROR_BAD_MESSAGE, "the message is not valid JSON: %s (byte %zu)", text, result->offset);
	if (result->fault == JSON_TOO_DEEP)
		error_hint(error, "at most %d arrays and maps may stand within each other", MESSAGE_DEPTH);
	else if (result->fault == JSON_TRAILING)
		error_hint(error, "one element is one command");
	else if (result->fault == JSON_BAD_TEXT)
		error_hint(error, "binary data goes into {\"$bin\": base64}");
}

/* --- decoding ----------------------------------------------------------------------------------------------------- */

static int decode_msgpack(struct arena *arena, struct bytes msgpack, bool is_json, struct value *ret_value,
			  struct error *ret_error)
{
	static const struct scan_limits limits_wire = {.depth = MESSAGE_DEPTH, .nodes = MESSAGE_NODES};
	static const struct scan_limits limits_json = {
		.depth = MESSAGE_DEPTH, .nodes = MESSAGE_NODES, .own_numbers = true};
	struct scan scan;

	scan_message(arena, msgpack, is_json ? &limits_json : &limits_wire, &scan);
	if (scan.fault == SCAN_NO_MEMORY)
		return -ENOMEM;
	*ret_value = scan.value;
	if (scan.fault == SCAN_FINE)
		return 0;
	error_of_scan(&scan, is_json, ret_error);
	return -EBADMSG;
}

static int decode_json(struct arena *arena, struct bytes json, struct value *ret_value, struct error *ret_error)
{
	struct json_result result;
	struct buffer msgpack;

	buffer_init(&msgpack, JSON_GROWTH * json.size + JSON_GROWTH_BYTES);
	json_read(json, MESSAGE_DEPTH, &msgpack, &result);

	/* The tree points into the bytes, so they live where it lives. */
	struct bytes copy = {0};

	if (result.whole)
		copy = arena_copy(arena, buffer_bytes(&msgpack));
	buffer_free(&msgpack);
	if (result.fault == JSON_NO_MEMORY || (result.whole && !copy.data))
		return -ENOMEM;

	int status = result.whole ? decode_msgpack(arena, copy, true, ret_value, ret_error) : -EBADMSG;

	/* A fault of the text as such comes first in it, and is the one to mend first. */
	if (result.fault != JSON_FINE && status != -ENOMEM) {
		error_of_json(&result, ret_error);
		return -EBADMSG;
	}
	return status;
}

/* --- the interface ------------------------------------------------------------------------------------------------ */

enum codec message_codec(struct bytes raw)
{
	size_t at = 0;

	while (at < raw.size &&
	       (raw.data[at] == ' ' || raw.data[at] == '\t' || raw.data[at] == '\r' || raw.data[at] == '\n'))
		at++;
	return at < raw.size && raw.data[at] == '{' ? CODEC_JSON : CODEC_MSGPACK;
}

size_t message_largest_read(size_t limit_bytes)
{
	return limit_bytes * LARGEST_READ;
}

static int decode_either(struct arena *arena, struct bytes raw, struct value *ret_value, struct error *ret_error)
{
	if (message_codec(raw) == CODEC_JSON)
		return decode_json(arena, raw, ret_value, ret_error);
	return decode_msgpack(arena, raw, false, ret_value, ret_error);
}

/* An element that is too large, but not by far, is decoded all the same, to find out whom to tell. */
static int refuse_size(struct arena *arena, struct bytes raw, size_t limit_bytes, struct value *ret_value,
		       struct error *ret_error)
{
	size_t largest_bytes = message_largest_read(limit_bytes);
	bool read = raw.size <= largest_bytes;

	if (read && decode_either(arena, raw, ret_value, ret_error) == -ENOMEM)
		*ret_value = (struct value){.type = VALUE_NIL};
	error_set(ret_error, ERROR_TOO_LARGE,
		  read ? "the message has %zu bytes" : "the message has more than %zu bytes",
		  read ? raw.size : largest_bytes);
	error_hint(ret_error, "at most %zu bytes (message_bytes); send several commands", limit_bytes);
	return -EBADMSG;
}

int message_decode(struct arena *arena, struct bytes raw, size_t limit_bytes, struct value *ret_value,
		   struct error *ret_error)
{
	*ret_value = (struct value){.type = VALUE_NIL};
	if (raw.size > limit_bytes)
		return refuse_size(arena, raw, limit_bytes, ret_value, ret_error);

	int status = decode_either(arena, raw, ret_value, ret_error);

	/* Waiting for memory would not help: it is the message that is too large for any arena of this size. */
	if (status == -ENOMEM && arena->limit_met) {
		error_set(ret_error, ERROR_TOO_LARGE, "the message has too many values");
		error_hint(ret_error, "send several commands");
		return -EBADMSG;
	}
	return status;
}

int message_encode_json(struct arena *arena, struct bytes json, struct buffer *msgpack, struct error *ret_error)
{
	struct writer writer;
	struct value value = {.type = VALUE_NIL};
	int status = decode_json(arena, json, &value, ret_error);

	if (status != 0)
		return status;
	writer_init(&writer, CODEC_MSGPACK, msgpack);
	writer_value(&writer, &value);
	return 0;
}

int message_render_json(struct arena *arena, struct bytes msgpack, struct buffer *json, struct error *ret_error)
{
	struct writer writer;
	struct value value = {.type = VALUE_NIL};
	int status = decode_msgpack(arena, msgpack, false, &value, ret_error);

	if (status != 0)
		return status;
	writer_init(&writer, CODEC_JSON, json);
	writer_value(&writer, &value);
	return 0;
}
