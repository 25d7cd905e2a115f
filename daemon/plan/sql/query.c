/* plan/sql/query.c */
#include "daemon/plan/sql/query.h"

#include "daemon/plan/footprint.h"
#include "daemon/plan/sql/condition.h"

#include <errno.h>

int row_init(struct row *row, struct arena *arena, const struct table *table, const struct bytes *absent)
{
	size_t count = table->column_count;
	char *memory = arena_alloc_array(arena, count, sizeof(*row->spans) + sizeof(*row->texts) + sizeof(*row->noted));

	if (!memory)
		return -ENOMEM;
	*row = (struct row){
		.spans = (struct row_span *)(void *)memory,
		.absent = absent,
	};
	row->texts = (struct bytes *)(void *)(row->spans + count);
	row->noted = (uint32_t *)(void *)(row->texts + count);
	if (absent)
		memcpy(row->texts, absent, count * sizeof(*absent));
	return 0;
}

void row_clear(struct row *row)
{
	for (uint32_t i = 0; i < row->noted_count; i++) {
		uint32_t position = row->noted[i];

		row->spans[position] = (struct row_span){0};
		row->texts[position] = row->absent ? row->absent[position] : (struct bytes){0};
	}
	row->noted_count = 0;
}

const struct bytes *row_texts(struct row *row, const struct buffer *out)
{
	for (uint32_t i = 0; i < row->noted_count; i++) {
		const struct row_span *span = &row->spans[row->noted[i]];
		struct bytes *text = &row->texts[row->noted[i]];

		if (span->is_null)
			*text = FOOTPRINT_NULL;
		else if (span->size > 0 && !buffer_failed(out))
			*text = (struct bytes){.data = out->data + span->start, .size = span->size};
		else
			*text = (struct bytes){0};
	}
	return row->texts;
}

int row_append_literal(struct row *row, struct compiler *compiler, const struct column *column,
		       const struct value *value, enum literal_use use)
{
	size_t start = compiler->out->size;
	int result = literal_append(compiler, column, value, use);
	struct row_span *span;

	if (result < 0 || !row)
		return result;
	span = &row->spans[column->position];
	if (!span->is_noted)
		row->noted[row->noted_count++] = column->position;
	*span = (struct row_span){.start = start, .is_null = value->type == VALUE_NIL, .is_noted = true};
	if (literal_column_is_canonical(column))
		span->size = compiler->out->size - start;
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

void query_append_columns(struct buffer *out, const struct column *const *columns, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0)
			buffer_append_byte(out, ',');
		append_selected(out, columns[i]);
	}
}

void query_append_select_list(struct buffer *out, const struct table *table, const struct column *const *columns,
			      uint32_t count)
{
	if (columns == table->every_column && count == table->column_count)
		buffer_append(out, table->select_list);
	else
		query_append_columns(out, columns, count);
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
	/* No condition holds for every row; no write comes here with an empty one. */
	if (!where || value_map_size(where) == 0)
		return 0;
	buffer_append_text(compiler->out, " WHERE ");
	return condition_append(compiler, where);
}
