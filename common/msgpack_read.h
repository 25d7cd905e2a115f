/* common/msgpack_read.h - reads msgpack one token at a time: the step that the scanner and the decoder share. */
#ifndef COMMON_MSGPACK_READ_H
#define COMMON_MSGPACK_READ_H

#include "common/bytes.h"
#include "common/value.h"

/* The extension in which a VALUE_NUMBER travels from the JSON reader to the decoder. One of the types that msgpack
 * keeps for itself (below 0), so that no application's own type is lost by refusing it from the wire. */
enum { MSGPACK_EXTENSION_NUMBER = -78, MSGPACK_EXTENSION_TIMESTAMP = -1 };

enum msgpack_token {
	MSGPACK_TOKEN,         /* one was read */
	MSGPACK_CUT,           /* it says that it is longer than what is there */
	MSGPACK_UNUSED_BYTE,   /* 0xc1, which begins nothing */
	MSGPACK_BAD_TIMESTAMP, /* the timestamp extension with a size or nanoseconds that it cannot have */
};

/* Half of the tokens of a command are texts of less than 32 bytes: read here without a call. False, with nothing
 * changed, for any other token and for one that is cut. */
static inline bool msgpack_read_short_text(const char **at, const char *end, struct value *ret_value)
{
	uint32_t size;

	if (*at == end || ((unsigned char)**at & 0xe0) != 0xa0)
		return false;
	size = (unsigned char)**at & 31;
	if (size >= (size_t)(end - *at))
		return false;
	*ret_value = (struct value){.type = VALUE_STR, .size = size, .data = *at + 1};
	*at += 1 + size;
	return true;
}

/* Reads the token at *at and moves *at behind it. Of an array or a map that is only its head: ret_value then has its
 * type and size, and the items follow in the input. Everything else is complete; texts point into the input. On a fault
 * nothing is changed. */
enum msgpack_token msgpack_read(const char **at, const char *end, struct value *ret_value);

#endif
