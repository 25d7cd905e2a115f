/* common/value.c */
#include "common/value.h"

_Static_assert(sizeof(struct value) == 16, "trees of values are budgeted at two words each");

const struct value *value_find(const struct value *map, struct bytes key)
{
	uint32_t count = value_map_size(map);

	for (uint32_t i = 0; i < count; i++) {
		const struct member *member = &map->members[i];

		if (value_is_text(&member->key) && bytes_equal(value_bytes(&member->key), key))
			return &member->value;
	}
	return NULL;
}

const char *value_type_name(const struct value *value)
{
	switch (value->type) {
	case VALUE_NIL:
		return "nil";
	case VALUE_BOOL:
		return "bool";
	case VALUE_INT:
	case VALUE_UINT:
		return "int";
	case VALUE_FLOAT32:
	case VALUE_FLOAT64:
	case VALUE_NUMBER:
		return "float";
	case VALUE_STR:
		return "str";
	case VALUE_BIN:
		return "bin";
	case VALUE_TIMESTAMP:
		return "timestamp";
	case VALUE_EXTENSION:
		return "extension";
	case VALUE_ARRAY:
		return "array";
	case VALUE_MAP:
		return "map";
	}
	return "unknown";
}
