/* common/op.c - the names of the operations. */
#include "common/command.h"

#include <assert.h>

/* Shorthand for the table, and nothing else. */
#define NAME(text)                                                                                                     \
	{                                                                                                              \
		.data = (text), .size = sizeof(text) - 1                                                               \
	}

static const struct bytes names[OP_COUNT_OF_OPS] = {
	[OP_NONE] = NAME(""),         [OP_PING] = NAME("ping"),         [OP_INFO] = NAME("info"),
	[OP_TABLES] = NAME("tables"), [OP_DESCRIBE] = NAME("describe"), [OP_CREATE] = NAME("create"),
	[OP_READ] = NAME("read"),     [OP_COUNT] = NAME("count"),       [OP_EXISTS] = NAME("exists"),
	[OP_UPDATE] = NAME("update"), [OP_DELETE] = NAME("delete"),
};

#undef NAME

const char *op_name(enum op op)
{
	assert(op < OP_COUNT_OF_OPS);
	return names[op].data;
}

enum op op_find(struct bytes name)
{
	for (enum op op = OP_NONE + 1; op < OP_COUNT_OF_OPS; op++) {
		if (bytes_equal(name, names[op]))
			return op;
	}
	return OP_NONE;
}

bool op_writes(enum op op)
{
	return op == OP_CREATE || op == OP_UPDATE || op == OP_DELETE;
}
