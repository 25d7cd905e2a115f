/* plan/sql/order.c */
#include "daemon/plan/sql/order.h"

#include "common/nearest.h"

#include <assert.h>
#include <errno.h>

enum nulls { NULLS_BY_SERVER, NULLS_FIRST, NULLS_LAST };

struct order_item {
	const struct column *column;
	bool descending;
	enum nulls nulls;
};

/* The clause while it is written. */
struct clause {
	bool *ordered; /* per column of the table; NULL: none is yet */
	bool begun;
};

/* --- what was asked for ------------------------------------------------------------------------------------------- */

static int refuse_member(struct compiler *compiler, struct bytes name, const struct value *value)
{
	static const struct bytes names[] = {{"col", 3}, {"desc", 4}, {"nulls", 5}};
	struct bytes nearest = nearest_name(name, names, sizeof(names) / sizeof(names[0]));
	char quoted[ERROR_QUOTED_BYTES];

	compiler_refuse(compiler, ERROR_BAD_VALUE, NULL, "an item of `order` takes no `%s` that is %s",
			error_quote(quoted, name), value_type_name(value));
	if (nearest.size > 0 && !bytes_equal(nearest, name))
		error_hint(compiler->error, "did you mean `%.*s`?", BYTES_ARG(nearest));
	else
		error_hint(compiler->error, "write {`col`: \"column\", `desc`: bool, `nulls`: \"first\" or \"last\"}");
	return -EINVAL;
}

static bool read_nulls(const struct value *value, enum nulls *ret_nulls)
{
	struct bytes name = value_bytes(value);

	if (!value_is_text(value) || (!bytes_equal_text(name, "first") && !bytes_equal_text(name, "last")))
		return false;
	*ret_nulls = bytes_equal_text(name, "first") ? NULLS_FIRST : NULLS_LAST;
	return true;
}

static int parse_map(struct compiler *compiler, const struct value *map, struct order_item *ret_item)
{
	struct bytes name = {0};

	for (uint32_t i = 0; i < map->size; i++) {
		struct bytes key = value_bytes(&map->members[i].key);
		const struct value *value = &map->members[i].value;

		if (value->type == VALUE_NIL && (bytes_equal_text(key, "desc") || bytes_equal_text(key, "nulls")))
			continue; /* nil means left out, here too */
		if (bytes_equal_text(key, "col") && value_is_text(value))
			name = value_bytes(value);
		else if (bytes_equal_text(key, "desc") && value->type == VALUE_BOOL)
			ret_item->descending = value->boolean;
		else if (!bytes_equal_text(key, "nulls") || !read_nulls(value, &ret_item->nulls))
			return refuse_member(compiler, key, value);
	}
	if (name.data)
		return compiler_find_column(compiler, name, &ret_item->column);
	compiler_refuse(compiler, ERROR_BAD_VALUE, NULL, "an item of `order` lacks `col`");
	error_hint(compiler->error, "`col` names the column");
	return -EINVAL;
}

static int parse_item(struct compiler *compiler, const struct value *value, struct order_item *ret_item)
{
	struct bytes name = value_bytes(value);

	*ret_item = (struct order_item){0};
	if (value->type == VALUE_MAP)
		return parse_map(compiler, value, ret_item);
	/* A column that really begins with a minus sign wins. */
	ret_item->column = table_find_column(compiler->table, name);
	if (ret_item->column)
		return 0;
	if (name.size > 1 && name.data[0] == '-') {
		ret_item->descending = true;
		name.data++;
		name.size--;
	}
	return compiler_find_column(compiler, name, &ret_item->column);
}

static int check_distinct(struct compiler *compiler, const struct order *order, const struct column *column)
{
	char quoted[ERROR_QUOTED_BYTES];

	for (uint32_t i = 0; i < order->distinct_count; i++)
		if (order->distinct[i] == column)
			return 0;
	compiler_refuse(compiler, ERROR_BAD_VALUE, column,
			"`distinct` rows have no order by a column that is not selected");
	error_hint(compiler->error, "put `%s` into `select`, or order by selected columns",
		   error_quote(quoted, column->name));
	return -EINVAL;
}

/* --- the clause --------------------------------------------------------------------------------------------------- */

static void append_item(struct buffer *out, struct clause *clause, const struct order_item *item)
{
	/* NULL is the least value to both servers. What they do by themselves an index can do for them, an expression
	 * is in none. */
	bool nulls_moved = item->nulls == (item->descending ? NULLS_FIRST : NULLS_LAST);

	if (clause->ordered && clause->ordered[item->column->position])
		return;
	buffer_append_text(out, clause->begun ? "," : " ORDER BY ");
	clause->begun = true;
	if (clause->ordered)
		clause->ordered[item->column->position] = true;
	if (nulls_moved && item->column->nullable) {
		buffer_append(out, item->column->quoted);
		buffer_append_text(out, item->descending ? " IS NULL DESC," : " IS NULL,");
	}
	buffer_append(out, item->column->quoted);
	if (item->descending)
		buffer_append_text(out, " DESC");
}

static void append_columns(struct buffer *out, struct clause *clause, const struct column *const *columns,
			   uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		append_item(out, clause, &(struct order_item){.column = columns[i]});
}

static bool tells_rows_apart(const struct key *key)
{
	if (key->has_expression)
		return false;
	for (uint32_t i = 0; i < key->column_count; i++)
		if (key->columns[i]->nullable)
			return false;
	return true;
}

static const struct key *find_key(const struct table *table)
{
	for (uint32_t i = 0; i < table->key_count; i++)
		if (tells_rows_apart(&table->keys[i]))
			return &table->keys[i];
	return NULL;
}

static int append_asked(struct compiler *compiler, const struct order *order, struct clause *clause)
{
	clause->ordered = arena_alloc_array(compiler->arena, compiler->table->column_count, sizeof(bool));
	if (!clause->ordered)
		return -ENOMEM;
	for (uint32_t i = 0; i < order->asked->size; i++) {
		struct order_item item;
		int result = parse_item(compiler, &order->asked->items[i], &item);

		if (result < 0)
			return result;
		assert(item.column);
		/* Rows that are equal in a column have no order by it any more: a second time it says nothing. */
		if (clause->ordered[item.column->position])
			continue;
		if (order->distinct && check_distinct(compiler, order, item.column) < 0)
			return -EINVAL;
		append_item(compiler->out, clause, &item);
	}
	return 0;
}

int order_append(struct compiler *compiler, const struct order *order)
{
	const struct key *key = order->distinct ? NULL : find_key(compiler->table);
	struct clause clause = {0};

	if (order->asked) {
		int result = append_asked(compiler, order, &clause);

		if (result < 0)
			return result;
	}
	if (!order->part)
		return 0;
	if (order->distinct)
		append_columns(compiler->out, &clause, order->distinct, order->distinct_count);
	else if (key)
		append_columns(compiler->out, &clause, key->columns, key->column_count);
	return 0;
}
