/* common/op.c - the names of the operations. */
#include "common/command.h"

#include <assert.h>

static const char *const names[OP_COUNT_OF_OPS] = {
	[OP_NONE] = "",         [OP_PING] = "ping",         [OP_INFO] = "info",
	[OP_TABLES] = "tables", [OP_DESCRIBE] = "describe", [OP_CREATE] = "create",
	[OP_READ] = "read",     [OP_COUNT] = "count",       [OP_EXISTS] = "exists",
	[OP_UPDATE] = "update", [OP_DELETE] = "delete",
};

const char *op_name(enum op op)
{
	assert(op < OP_COUNT_OF_OPS);
	return names[op];
}

enum op op_find(struct bytes name)
{
	for (enum op op = OP_NONE + 1; op < OP_COUNT_OF_OPS; op++) {
		if (bytes_equal_text(name, names[op]))
			return op;
	}
	return OP_NONE;
}

bool op_writes(enum op op)
{
	return op == OP_CREATE || op == OP_UPDATE || op == OP_DELETE;
}
