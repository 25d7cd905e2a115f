/* plan/sql/query.c */
#include "daemon/plan/sql/query.h"

#include "daemon/plan/footprint.h"
#include "daemon/plan/sql/condition.h"

#include <assert.h>
#include <errno.h>

int row_init(struct row *row, struct arena *arena, const struct table *table)
{
	row->table = table;
	row->spans = arena_alloc_array(arena, table->column_count, sizeof(*row->spans));
	row->texts = arena_alloc_array(arena, table->column_count, sizeof(*row->texts));
	return row->spans && row->texts ? 0 : -ENOMEM;
}

void row_clear(struct row *row)
{
	memset(row->spans, 0, row->table->column_count * sizeof(*row->spans));
}

const struct bytes *row_texts(struct row *row, const struct buffer *out)
{
	for (uint32_t i = 0; i < row->table->column_count; i++) {
		const struct row_span *span = &row->spans[i];
		bool known = span->size > 0 && !buffer_failed(out);

		row->texts[i] =
			(struct bytes){.data = known ? out->data + span->start : NULL, .size = known ? span->size : 0};
		if (span->is_null)
			row->texts[i] = FOOTPRINT_NULL;
	}
	return row->texts;
}

int row_append_literal(struct row *row, struct compiler *compiler, const struct column *column,
		       const struct value *value, enum literal_use use)
{
	size_t start = compiler->out->size;
	int result = literal_append(compiler, column, value, use);

	if (result < 0 || !row)
		return result;
	row->spans[column->position] = (struct row_span){.start = start, .is_null = value->type == VALUE_NIL};
	if (literal_column_is_canonical(column))
		row->spans[column->position].size = compiler->out->size - start;
	return 0;
}

static void append_selected(struct buffer *out, const struct column *column)
{
	buffer_append(out, column->quoted);
	/* As text a FLOAT loses digits; times a double it is one, and keeps the sign of its zero. */
	if (column->kind == COLUMN_FLOAT)
		buffer_append_text(out, "*1e0");
	else if (column->kind == COLUMN_BIT)
		buffer_append_text(out, "+0");
}

void query_append_select_list(struct buffer *out, const struct column *const *columns, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0)
			buffer_append_byte(out, ',');
		append_selected(out, columns[i]);
	}
}

static int resolve_key_map(struct compiler *compiler, const struct value *map, const struct value **values)
{
	const struct key *key = compiler->table->primary_key;

	for (uint32_t i = 0; i < value_map_size(map); i++) {
		const struct column *column;
		int result = compiler_find_column(compiler, value_bytes(&map->members[i].key), &column);
		uint32_t at = 0;

		if (result < 0)
			return result;
		while (at < key->column_count && key->columns[at] != column)
			at++;
		if (at == key->column_count)
			return compiler_refuse(compiler, ERROR_BAD_VALUE, column,
					       "`pk` names a column that is not part of the primary key");
		values[at] = &map->members[i].value;
	}
	for (uint32_t i = 0; i < key->column_count; i++)
		if (!values[i])
			return compiler_refuse(compiler, ERROR_BAD_VALUE, key->columns[i],
					       "`pk` lacks a column of the primary key");
	return 0;
}

int query_resolve_key(struct compiler *compiler, const struct value *pk, const struct value ***ret_values)
{
	const struct key *key = compiler->table->primary_key;
	const struct value **values;
	int result = 0;

	if (!key) {
		compiler_refuse(compiler, ERROR_BAD_VALUE, NULL, "the table has no primary key");
		error_hint(compiler->error, "use `where` instead of `pk`");
		return -EINVAL;
	}
	values = arena_alloc_array(compiler->arena, key->column_count, sizeof(*values));
	if (!values)
		return -ENOMEM;
	if (value_is_map(pk))
		result = resolve_key_map(compiler, pk, values);
	else if (key->column_count > 1)
		result = compiler_refuse(compiler, ERROR_BAD_VALUE, NULL,
					 "the primary key has %u columns: `pk` takes a map of them", key->column_count);
	else
		values[0] = pk;
	if (result < 0)
		return result;
	for (uint32_t i = 0; i < key->column_count; i++)
		if (values[i]->type == VALUE_NIL)
			return compiler_refuse(compiler, ERROR_BAD_VALUE, key->columns[i], "a key is never nil");
	*ret_values = values;
	return 0;
}

int query_append_equal(struct compiler *compiler, const struct column *column, const struct value *value,
		       enum literal_use use, struct row *row)
{
	buffer_append(compiler->out, column->quoted);
	buffer_append_text(compiler->out, " = ");
	return row_append_literal(row, compiler, column, value, use);
}

int query_append_key(struct compiler *compiler, const struct value *const *values, struct row *row)
{
	const struct key *key = compiler->table->primary_key;
	int result = 0;

	for (uint32_t i = 0; i < key->column_count && result == 0; i++) {
		buffer_append_text(compiler->out, i > 0 ? " AND " : "");
		result = query_append_equal(compiler, key->columns[i], values[i], LITERAL_COMPARE, row);
	}
	return result;
}

int query_append_from(struct compiler *compiler, const struct value *where)
{
	buffer_append_text(compiler->out, " FROM ");
	buffer_append(compiler->out, compiler->table->quoted);
	if (!where)
		return 0;
	if (!value_is_map(where))
		return compiler_refuse(compiler, ERROR_BAD_VALUE, NULL, "`where` takes a map, not %s",
				       value_type_name(where));
	/* No condition holds for every row; a write has refused it before. */
	if (value_map_size(where) == 0)
		return 0;
	buffer_append_text(compiler->out, " WHERE ");
	return condition_append(compiler, where);
}

enum nulls { NULLS_BY_SERVER, NULLS_FIRST, NULLS_LAST };

struct order_item {
	const struct column *column;
	bool descending;
	enum nulls nulls;
};

static int parse_nulls(struct compiler *compiler, const struct value *value, enum nulls *ret_nulls)
{
	if (value_is_text(value) && bytes_equal(value_bytes(value), BYTES("first")))
		*ret_nulls = NULLS_FIRST;
	else if (value_is_text(value) && bytes_equal(value_bytes(value), BYTES("last")))
		*ret_nulls = NULLS_LAST;
	else
		return compiler_refuse(compiler, ERROR_BAD_VALUE, NULL, "`nulls` is `first` or `last`");
	return 0;
}

static int parse_order_map(struct compiler *compiler, const struct value *map, struct order_item *ret_item)
{
	struct bytes name = {0};

	for (uint32_t i = 0; i < map->size; i++) {
		struct bytes key = value_bytes(&map->members[i].key);
		const struct value *value = &map->members[i].value;
		char quoted[ERROR_QUOTED_BYTES];
		int result = 0;

		if (bytes_equal(key, BYTES("col")) && value_is_text(value))
			name = value_bytes(value);
		else if (bytes_equal(key, BYTES("desc")) && value->type == VALUE_BOOL)
			ret_item->descending = value->boolean;
		else if (bytes_equal(key, BYTES("nulls")))
			result = parse_nulls(compiler, value, &ret_item->nulls);
		else
			result = compiler_refuse(compiler, ERROR_BAD_VALUE, NULL,
						 "an item of `order` cannot take `%s` with %s",
						 error_quote(quoted, key), value_type_name(value));
		if (result < 0)
			return result;
	}
	if (!name.data)
		return compiler_refuse(compiler, ERROR_BAD_VALUE, NULL, "an item of `order` lacks `col`");
	return compiler_find_column(compiler, name, &ret_item->column);
}

static int parse_order_item(struct compiler *compiler, const struct value *value, struct order_item *ret_item)
{
	struct bytes name;

	*ret_item = (struct order_item){0};
	if (value->type == VALUE_MAP)
		return parse_order_map(compiler, value, ret_item);
	if (!value_is_text(value))
		return compiler_refuse(compiler, ERROR_BAD_VALUE, NULL, "an item of `order` is a str or a map, not %s",
				       value_type_name(value));
	name = value_bytes(value);
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

static void append_order_item(struct buffer *out, const struct order_item *item)
{
	if (item->nulls != NULLS_BY_SERVER && item->column->nullable) {
		buffer_append(out, item->column->quoted);
		buffer_append_text(out, item->nulls == NULLS_FIRST ? " IS NULL DESC," : " IS NULL,");
	}
	buffer_append(out, item->column->quoted);
	if (item->descending)
		buffer_append_text(out, " DESC");
}

/* What is in the order already need not be there twice. ordered: one per column of the table, or NULL for none. */
static void append_key_order(struct compiler *compiler, const bool *ordered, bool first)
{
	const struct key *key = compiler->table->primary_key;

	for (uint32_t i = 0; key && i < key->column_count; i++) {
		if (ordered && ordered[key->columns[i]->position])
			continue;
		buffer_append_text(compiler->out, first ? " ORDER BY " : ",");
		first = false;
		buffer_append(compiler->out, key->columns[i]->quoted);
	}
}

static int append_order_items(struct compiler *compiler, const struct value *order, bool *ordered)
{
	for (uint32_t i = 0; i < order->size; i++) {
		struct order_item item;
		int result = parse_order_item(compiler, &order->items[i], &item);

		if (result < 0)
			return result;
		assert(item.column);
		/* Rows that are equal in a column have no order by it any more: a second time it says nothing. */
		if (ordered[item.column->position])
			continue;
		buffer_append_text(compiler->out, i == 0 ? " ORDER BY " : ",");
		append_order_item(compiler->out, &item);
		ordered[item.column->position] = true;
	}
	return 0;
}

int query_append_order(struct compiler *compiler, const struct value *order, bool total)
{
	bool *ordered = NULL;
	int result;

	if (order) {
		if (order->type != VALUE_ARRAY)
			return compiler_refuse(compiler, ERROR_BAD_VALUE, NULL, "`order` is an array");
		ordered = arena_alloc_array(compiler->arena, compiler->table->column_count, sizeof(bool));
		if (!ordered)
			return -ENOMEM;
		result = append_order_items(compiler, order, ordered);
		if (result < 0)
			return result;
	}
	if (total)
		append_key_order(compiler, ordered, !order || order->size == 0);
	return 0;
}
