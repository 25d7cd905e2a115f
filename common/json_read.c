/* common/json_read.c
 *
 * yajl never looks at what its allocator returns, so ours does not return without memory: it leaves the parser by
 * longjmp. All that yajl allocates lies in an arena, which is freed as a whole whichever way it was left. yajl's own
 * check of UTF-8 lets overlong forms through, it turns half surrogate pairs into question marks, and it takes vertical
 * tabs and form feeds for white space: all that is checked here, before it sees the text. */
#include "common/json_read.h"

#include "common/arena.h"
#include "common/base64.h"
#include "common/json_escape.h"
#include "common/msgpack_read.h"
#include "common/msgpack_write.h"
#include "common/utf8.h"

#include <assert.h>
#include <errno.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <yajl/yajl_parse.h>

/* yajl keeps the current string twice, in buffers that grow by doubling, of which the arena gives none back: less than
 * eight times the text. It also keeps one byte per level, which it copies anew every 128 levels; without a bound that
 * would be quadratic. What is deeper is not even skipped. */
enum { YAJL_BYTES = 65536, YAJL_BYTES_PER_BYTE = 8, DEPTH_SKIPPED_LARGEST = 1024 };

/* One open array or map. */
struct frame {
	size_t offset;  /* of its head in the output */
	uint32_t count; /* items or members so far */
	bool is_map;
	bool bin_key;       /* its first key is "$bin" */
	size_t text_offset; /* of the last str in it, in the output; SIZE_MAX: none */
	size_t text_size;
};

struct reader {
	struct bytes json;
	struct buffer *out;
	struct json_result *result;
	struct buffer scratch; /* decoded base64 */
	struct arena arena;    /* yajl's memory */
	jmp_buf no_memory;
	yajl_handle yajl;
	uint32_t depth_limit;
	uint32_t depth;
	uint32_t skipped_depth; /* open containers below the limit, which are not written */
	struct frame frames[JSON_DEPTH_LARGEST];
};

static void set_fault(struct reader *reader, enum json_fault fault, size_t offset)
{
	reader->result->fault = fault;
	reader->result->offset = offset;
}

/* --- yajl's memory ------------------------------------------------------------------------------------------------ */

struct allocation {
	_Alignas(max_align_t) size_t size;
};

static void *allocate(void *context, size_t size)
{
	struct reader *reader = context;
	struct allocation *allocation = arena_alloc(&reader->arena, sizeof(*allocation) + size);

	if (!allocation)
		longjmp(reader->no_memory, 1);
	allocation->size = size;
	return allocation + 1;
}

static void *reallocate(void *context, void *old, size_t size)
{
	void *piece = allocate(context, size);

	if (old) {
		size_t old_size = ((struct allocation *)old - 1)->size;

		memcpy(piece, old, old_size < size ? old_size : size);
	}
	return piece;
}

static void deallocate(void *context, void *piece)
{
	(void)context; /* goes with the arena */
	(void)piece;
}

/* --- callbacks ---------------------------------------------------------------------------------------------------- */

/* Called before each value. False: it lies too deep and is not written. */
static bool begin_value(struct reader *reader)
{
	if (reader->skipped_depth > 0)
		return false;
	if (reader->depth > 0) {
		struct frame *frame = &reader->frames[reader->depth - 1];

		if (!frame->is_map)
			frame->count++; /* a map counts its keys */
	}
	return true;
}

/* What a callback returns: go on, unless the output has failed. */
static int go_on(const struct reader *reader)
{
	return !buffer_failed(reader->out);
}

static int on_null(void *context)
{
	struct reader *reader = context;

	if (begin_value(reader))
		msgpack_write_nil(reader->out);
	return go_on(reader);
}

static int on_boolean(void *context, int value)
{
	struct reader *reader = context;

	if (begin_value(reader))
		msgpack_write_bool(reader->out, value != 0);
	return go_on(reader);
}

/* True when text is nothing but an optional sign and digits that fit one of the two types. */
static bool parse_integer(struct bytes text, bool *ret_negative, uint64_t *ret_magnitude)
{
	bool negative = text.size > 0 && text.data[0] == '-';
	uint64_t magnitude = 0;

	for (size_t at = negative; at < text.size; at++) {
		char letter = text.data[at];

		if (letter < '0' || letter > '9' || __builtin_mul_overflow(magnitude, 10u, &magnitude) ||
		    __builtin_add_overflow(magnitude, (uint64_t)(letter - '0'), &magnitude))
			return false;
	}
	*ret_negative = negative;
	*ret_magnitude = magnitude;
	return !negative || magnitude <= (uint64_t)INT64_MAX + 1;
}

static int on_number(void *context, const char *data, size_t size)
{
	struct reader *reader = context;
	struct bytes text = {.data = data, .size = size};
	uint64_t magnitude;
	bool negative;

	if (!begin_value(reader))
		return go_on(reader);
	if (!parse_integer(text, &negative, &magnitude))
		msgpack_write_extension(reader->out, MSGPACK_EXTENSION_NUMBER, text);
	else if (negative)
		msgpack_write_int(reader->out, (int64_t)(0 - magnitude));
	else
		msgpack_write_uint(reader->out, magnitude);
	return go_on(reader);
}

static int on_string(void *context, const unsigned char *data, size_t size)
{
	struct reader *reader = context;

	if (!begin_value(reader))
		return go_on(reader);
	msgpack_write_str(reader->out, (struct bytes){.data = (const char *)data, .size = size});
	if (reader->depth > 0) {
		struct frame *frame = &reader->frames[reader->depth - 1];

		frame->text_size = size;
		frame->text_offset = reader->out->size - size;
	}
	return go_on(reader);
}

static int open_container(struct reader *reader, bool is_map)
{
	if (!begin_value(reader))
		return ++reader->skipped_depth < DEPTH_SKIPPED_LARGEST && go_on(reader);
	if (reader->depth == reader->depth_limit) {
		if (reader->result->fault == JSON_FINE)
			set_fault(reader, JSON_TOO_DEEP, yajl_get_bytes_consumed(reader->yajl));
		reader->skipped_depth = 1;
		msgpack_write_nil(reader->out);
		return go_on(reader);
	}
	reader->frames[reader->depth++] = (struct frame){
		.offset = reader->out->size,
		.is_map = is_map,
		.text_offset = SIZE_MAX,
	};
	if (is_map)
		msgpack_open_map(reader->out);
	else
		msgpack_open_array(reader->out);
	return go_on(reader);
}

/* Puts a bin where the map {"$bin": text} stands. */
static int replace_with_bin(struct reader *reader, const struct frame *frame)
{
	struct bytes text = {.data = reader->out->data + frame->text_offset, .size = frame->text_size};

	buffer_reset(&reader->scratch);
	if (base64_decode(text, &reader->scratch) != 0) {
		if (reader->result->fault == JSON_FINE)
			set_fault(reader, JSON_BAD_BASE64, yajl_get_bytes_consumed(reader->yajl));
		reader->out->size = frame->offset;
		msgpack_write_nil(reader->out);
		return go_on(reader);
	}
	if (buffer_failed(&reader->scratch))
		longjmp(reader->no_memory, 1);
	reader->out->size = frame->offset;
	msgpack_write_bin(reader->out, buffer_bytes(&reader->scratch));
	return go_on(reader);
}

static int close_container(struct reader *reader)
{
	if (reader->skipped_depth > 0) {
		reader->skipped_depth--;
		return go_on(reader);
	}

	const struct frame *frame = &reader->frames[--reader->depth];

	if (frame->is_map && frame->count == 1 && frame->bin_key && frame->text_offset != SIZE_MAX)
		return replace_with_bin(reader, frame);
	msgpack_close(reader->out, frame->offset, frame->count);
	return go_on(reader);
}

static int on_start_map(void *context)
{
	return open_container(context, true);
}

static int on_map_key(void *context, const unsigned char *data, size_t size)
{
	struct reader *reader = context;
	struct bytes key = {.data = (const char *)data, .size = size};

	if (reader->skipped_depth > 0)
		return 1;

	struct frame *frame = &reader->frames[reader->depth - 1];

	frame->bin_key = frame->count == 0 && bytes_equal(key, BYTES("$bin"));
	frame->count++;
	msgpack_write_str(reader->out, key);
	return go_on(reader);
}

static int on_end(void *context)
{
	return close_container(context);
}

static int on_start_array(void *context)
{
	return open_container(context, false);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_map_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end,
};

/* --- the text as a whole ------------------------------------------------------------------------------------------ */

/* Where a control byte is that JSON knows nowhere, not even as white space, and that yajl passes over; or json.size. */
static size_t find_odd_space(struct bytes json)
{
	size_t at = json.size;

	for (const char *byte = "\v\f"; *byte && at > 0; byte++) {
		const char *found = memchr(json.data, *byte, at);

		at = found ? (size_t)(found - json.data) : at;
	}
	return at;
}

/* Whether it can be parsed. Text that is none, or half of a surrogate pair, is a fault, but the reply's address may
 * stand beside it: yajl reads on, and gives the first as it is and a question mark for the second. */
static bool check_text(struct reader *reader)
{
	size_t odd = find_odd_space(reader->json);
	size_t valid = utf8_valid_size(reader->json);
	size_t lone = json_find_lone_surrogate(reader->json);

	if (odd < reader->json.size) {
		set_fault(reader, JSON_SYNTAX, odd);
		snprintf(reader->result->detail, JSON_DETAIL_BYTES, "a control byte that JSON does not know");
		return false;
	}
	if (valid < reader->json.size)
		set_fault(reader, JSON_BAD_TEXT, valid);
	else if (lone < reader->json.size)
		set_fault(reader, JSON_BAD_ESCAPE, lone);
	return true;
}

static void note_syntax(struct reader *reader, size_t offset)
{
	/* "parse error: …\n", one of yajl's own constant texts. */
	const char *text = (const char *)yajl_get_error(reader->yajl, 0, NULL, 0);
	struct bytes detail = {.data = text, .size = strcspn(text, "\n")};
	size_t size = detail.size < JSON_DETAIL_BYTES ? detail.size : JSON_DETAIL_BYTES - 1;

	set_fault(reader, JSON_SYNTAX, offset);
	memcpy(reader->result->detail, detail.data, size);
	reader->result->detail[size] = '\0';
}

static bool is_white_space(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (!memchr(" \t\r\n", text.data[i], 4))
			return false;
	}
	return true;
}

/* Everything between setjmp and longjmp: what it changes lies in *reader. */
static void parse(struct reader *reader)
{
	yajl_alloc_funcs functions = {.malloc = allocate, .realloc = reallocate, .free = deallocate, .ctx = reader};

	if (setjmp(reader->no_memory)) {
		set_fault(reader, JSON_NO_MEMORY, 0);
		return;
	}
	reader->yajl = yajl_alloc(&callbacks, &functions, reader);
	yajl_config(reader->yajl, yajl_allow_trailing_garbage, 1);
	yajl_config(reader->yajl, yajl_dont_validate_strings, 1);

	yajl_status status = yajl_parse(reader->yajl, (const unsigned char *)reader->json.data, reader->json.size);
	size_t consumed = yajl_get_bytes_consumed(reader->yajl);

	if (status == yajl_status_ok)
		status = yajl_complete_parse(reader->yajl);
	if (buffer_failed(reader->out)) {
		set_fault(reader, JSON_NO_MEMORY, consumed);
	} else if (status == yajl_status_error) {
		note_syntax(reader, consumed);
	} else if (status == yajl_status_ok) {
		struct bytes rest = {.data = reader->json.data + consumed, .size = reader->json.size - consumed};

		reader->result->whole = true;
		if (reader->result->fault == JSON_FINE && !is_white_space(rest))
			set_fault(reader, JSON_TRAILING, consumed);
	}
}

void json_read(struct bytes json, uint32_t depth, struct buffer *msgpack, struct json_result *ret_result)
{
	struct reader reader = {
		.json = json,
		.out = msgpack,
		.result = ret_result,
		.depth_limit = depth,
	};

	assert(depth <= JSON_DEPTH_LARGEST);
	*ret_result = (struct json_result){.fault = JSON_FINE};
	if (!check_text(&reader))
		return;
	arena_init(&reader.arena, YAJL_BYTES + YAJL_BYTES_PER_BYTE * json.size);
	buffer_init(&reader.scratch, json.size);
	parse(&reader);
	buffer_free(&reader.scratch);
	arena_free(&reader.arena);
}

/* As parse(), without callbacks. What follows the value is looked at here, too: left to itself yajl takes a token that
 * has no end, as in `1 "`, for nothing. */
static int validate(struct reader *reader)
{
	yajl_alloc_funcs functions = {.malloc = allocate, .realloc = reallocate, .free = deallocate, .ctx = reader};

	if (setjmp(reader->no_memory))
		return reader->arena.limit_met ? -EINVAL : -ENOMEM; /* no JSON needs more than the limit */
	reader->yajl = yajl_alloc(NULL, &functions, NULL);
	yajl_config(reader->yajl, yajl_allow_trailing_garbage, 1);
	yajl_config(reader->yajl, yajl_dont_validate_strings, 1);
	if (yajl_parse(reader->yajl, (const unsigned char *)reader->json.data, reader->json.size) != yajl_status_ok)
		return -EINVAL;

	size_t consumed = yajl_get_bytes_consumed(reader->yajl);
	struct bytes rest = {.data = reader->json.data + consumed, .size = reader->json.size - consumed};

	return yajl_complete_parse(reader->yajl) == yajl_status_ok && is_white_space(rest) ? 0 : -EINVAL;
}

int json_validate(struct bytes json)
{
	struct reader reader = {.json = json};
	int result = -EINVAL;

	arena_init(&reader.arena, YAJL_BYTES + YAJL_BYTES_PER_BYTE * json.size);
	if (utf8_valid(json) && find_odd_space(json) == json.size)
		result = validate(&reader);
	arena_free(&reader.arena);
	return result;
}
