/* message_support.c */
#include "message_support.h"

struct arena arena;
struct value value;
struct error fault;

const char sample[] = "{\"op\":\"create\",\"id\":18446744073709551615,\"values\":[{\"a\":1.5,\"b\":{\"$bin\":\"AAEC\"},"
		      "\"c\":\"x\\ny\",\"d\":[],\"e\":null,\"f\":0.1234567890123456789}],\"meta\":{\"1\":true}}";

int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 22);
	error_set(&fault, ERROR_NONE, "none");
	return 0;
}

int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int decode(struct bytes raw)
{
	return message_decode(&arena, raw, LIMIT, &value, &fault);
}

const struct value *member(const char *key)
{
	const struct value *found = value_find(&value, bytes_of(key));

	assert_non_null(found);
	return found;
}
