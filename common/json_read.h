/* common/json_read.h - rewrites untrusted JSON as msgpack, by yajl's callbacks, without a tree in between. */
#ifndef COMMON_JSON_READ_H
#define COMMON_JSON_READ_H

#include "common/buffer.h"

#include <stdbool.h>

enum json_fault {
	JSON_FINE,
	JSON_TOO_DEEP,
	JSON_TRAILING, /* something follows the value that is not white space */
	JSON_SYNTAX,
	JSON_BAD_TEXT,   /* not UTF-8 */
	JSON_BAD_ESCAPE, /* half of a surrogate pair */
	JSON_BAD_BASE64,
	JSON_NO_MEMORY, /* or the buffer's limit was met */
};

enum { JSON_DETAIL_BYTES = 96 };

struct json_result {
	enum json_fault fault;
	bool whole;    /* a whole value was written, fault or not: nil for what is too deep or no base64 */
	size_t offset; /* in the JSON text */
	char detail[JSON_DETAIL_BYTES]; /* yajl's own words, with JSON_SYNTAX */
};

/* Appends the first value in json to msgpack. Integers of int64_t and uint64_t stay integers, any other number becomes
 * a MSGPACK_EXTENSION_NUMBER with its digits; {"$bin": base64} becomes bin; duplicate keys stay for the scanner to
 * find. depth: containers within each other, at most JSON_DEPTH_LARGEST. */
enum { JSON_DEPTH_LARGEST = 64 };
void json_read(struct bytes json, uint32_t depth, struct buffer *msgpack, struct json_result *ret_result);

/* Returns 0 when json is one JSON value and nothing but white space around it, -EINVAL when it is not, or -ENOMEM. */
int json_validate(struct bytes json);

#endif
