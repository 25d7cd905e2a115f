/* common/command_together.c
 *
 * This is the one place that judges combinations: whoever plans an operation relies on them. */
#include "common/command_together.h"

/* Which rows: pk, where or all, and only one of them. An empty `where` has been given, too: whoever sends it beside a
 * `pk` has lost a condition. `all`: false is none, since it says nothing. */
static bool check_rows(const struct operation *operation, struct error *ret_error)
{
	const char *name = op_name(operation->op);
	bool writes = op_writes(operation->op);

	if ((operation->pk != NULL) + (operation->where != NULL) + operation->all > 1) {
		error_set(ret_error, ERROR_BAD_VALUE, "%s says twice which rows", name);
		error_hint(ret_error, writes ? "give only one of `pk`, `where` and `all`"
					     : "give either `pk` or `where`, also when `where` is empty");
		return false;
	}
	if (writes && !operation->pk && !operation->all &&
	    (!operation->where || value_map_size(operation->where) == 0)) {
		error_set(ret_error, ERROR_WHERE_REQUIRED, "%s says nothing about which rows", name);
		error_hint(ret_error, "give `pk`, or a `where` that is not empty, or `all`: true for every row");
		return false;
	}
	if (operation->op == OP_EXISTS && !operation->pk && !operation->where) {
		error_set(ret_error, ERROR_MISSING_FIELD, "`pk` or `where` is missing");
		error_hint(ret_error, "%s needs `pk` or `where`", name);
		return false;
	}
	return true;
}

/* Which part of them: limit and offset, or page with page_size. */
static bool check_page(const struct operation *operation, struct error *ret_error)
{
	bool have_page_size = operation->page_size > 0;
	uint64_t offset;

	if (operation->have_page != have_page_size) {
		error_set(ret_error, ERROR_MISSING_FIELD, "`%s` is missing", have_page_size ? "page" : "page_size");
		error_hint(ret_error, "`page` and `page_size` go together; page 1 is the first");
		return false;
	}
	if (operation->have_page && (operation->have_limit || operation->have_offset)) {
		error_set(ret_error, ERROR_BAD_VALUE, "`page` does not go with `%s`",
			  operation->have_limit ? "limit" : "offset");
		error_hint(ret_error, "give `page` with `page_size`, or `limit` with `offset`");
		return false;
	}
	if (operation->have_page && __builtin_mul_overflow(operation->page - 1, operation->page_size, &offset)) {
		error_set(ret_error, ERROR_BAD_VALUE, "there is no such `page`");
		error_hint(ret_error, "`page` times `page_size` has to be below 2^64");
		return false;
	}
	return true;
}

/* A key names one row at most: there is nothing to order, to count or to tell apart. */
static bool check_key(const struct operation *operation, struct error *ret_error)
{
	const char *other = operation->order && operation->order->size > 0 ? "order"
			    : operation->have_limit                        ? "limit"
			    : operation->have_offset                       ? "offset"
			    : operation->have_page                         ? "page"
			    : operation->distinct                          ? "distinct"
									   : NULL;

	if (!operation->pk || !other)
		return true;
	error_set(ret_error, ERROR_BAD_VALUE, "`pk` does not go with `%s`", other);
	error_hint(ret_error, "`pk` names one row at most: leave `%s` out, or give `where` in place of `pk`", other);
	return false;
}

bool command_check_together(const struct operation *operation, struct error *ret_error)
{
	switch (operation->op) {
	case OP_READ:
		return check_rows(operation, ret_error) && check_page(operation, ret_error) &&
		       check_key(operation, ret_error);
	case OP_EXISTS:
	case OP_UPDATE:
	case OP_DELETE:
		return check_rows(operation, ret_error);
	case OP_NONE:
	case OP_PING:
	case OP_INFO:
	case OP_TABLES:
	case OP_DESCRIBE:
	case OP_CREATE:
	case OP_COUNT:
	case OP_COUNT_OF_OPS:
		break;
	}
	return true;
}
