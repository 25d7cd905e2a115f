/* common/value.h - a value as it came over the wire, whichever codec brought it.
 *
 * Values are trees in a command's arena; text in them points into the command's raw bytes or the same arena. */
#ifndef COMMON_VALUE_H
#define COMMON_VALUE_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum value_type {
	VALUE_NIL,
	VALUE_BOOL,
	VALUE_INT,     /* any integer of int64_t */
	VALUE_UINT,    /* only those above INT64_MAX */
	VALUE_FLOAT32, /* held in `real`; kept apart so that an echo has the width it came with */
	VALUE_FLOAT64,
	VALUE_NUMBER, /* JSON only: a number with a fraction, an exponent or too many digits, as its text */
	VALUE_STR,
	VALUE_BIN,
	VALUE_TIMESTAMP, /* msgpack's timestamp extension: seconds since 1970 UTC in `integer`, nanoseconds in `size` */
	VALUE_EXTENSION, /* any other msgpack extension: its code in `extension`; only an echo takes it */
	VALUE_ARRAY,
	VALUE_MAP,
} __attribute__((packed)); /* one byte, so that a value is two words */

struct member;

struct value {
	enum value_type type;
	int8_t extension;
	uint32_t size; /* bytes of a text, items of an array, members of a map */
	union {
		bool boolean;
		int64_t integer;
		uint64_t unsigned_integer;
		double real;
		const char *data;       /* STR, BIN, NUMBER, EXTENSION */
		struct value *items;    /* ARRAY */
		struct member *members; /* MAP, in the order sent; no key stands twice */
	};
};

struct member {
	struct value key; /* a STR or BIN wherever the contract has a say; any scalar inside `meta` and JSON values */
	struct value value;
};

/* The text of a STR, BIN, NUMBER or EXTENSION; empty for any other type, so that it may be asked of whatever came. */
static inline struct bytes value_bytes(const struct value *value)
{
	switch (value->type) {
	case VALUE_NUMBER:
	case VALUE_STR:
	case VALUE_BIN:
	case VALUE_EXTENSION:
		return (struct bytes){.data = value->data, .size = value->size};
	case VALUE_NIL:
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_UINT:
	case VALUE_FLOAT32:
	case VALUE_FLOAT64:
	case VALUE_TIMESTAMP:
	case VALUE_ARRAY:
	case VALUE_MAP:
		break;
	}
	return (struct bytes){0};
}

/* STR and BIN are interchangeable on input. */
static inline bool value_is_text(const struct value *value)
{
	return value->type == VALUE_STR || value->type == VALUE_BIN;
}

/* Lua's encoders send an empty array for an empty map. */
static inline bool value_is_map(const struct value *value)
{
	return value->type == VALUE_MAP || (value->type == VALUE_ARRAY && value->size == 0);
}

/* How many members a map has: 0 for the empty array that stands for one. */
static inline uint32_t value_map_size(const struct value *value)
{
	return value->type == VALUE_MAP ? value->size : 0;
}

/* The member's value, or NULL. O(members). */
const struct value *value_find(const struct value *map, struct bytes key);

/* "nil", "bool", "int", "float", "str", "bin", "array", "map" …: the word for error messages. */
const char *value_type_name(const struct value *value);

#endif
