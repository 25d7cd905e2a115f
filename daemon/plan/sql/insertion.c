/* plan/sql/insertion.c */
#include "daemon/plan/sql/insertion.h"

#include <errno.h>

const struct value *insertion_value(const struct insertion *insertion, const struct column *column)
{
	return insertion->values[column->position];
}

bool insertion_gives(const struct insertion *insertion, const struct column *column)
{
	const struct value *value = insertion_value(insertion, column);

	return value && value->type != VALUE_NIL;
}

/* Leaves every value out. */
static void forget_values(struct insertion *insertion)
{
	for (uint32_t i = 0; i < insertion->read_count; i++)
		insertion->values[insertion->read[i]] = NULL;
	insertion->read_count = 0;
}

static void note_value(struct insertion *insertion, const struct column *column, const struct value *value)
{
	insertion->values[column->position] = value;
	insertion->read[insertion->read_count++] = column->position;
}

int insertion_collect(struct compiler *compiler, struct insertion *insertion, const struct value *row)
{
	forget_values(insertion);
	for (uint32_t i = 0; i < value_map_size(row); i++) {
		const struct column *column;
		int result = compiler_find_column(compiler, value_bytes(&row->members[i].key), &column);

		if (result < 0)
			return result;
		if (column->generated)
			return compiler_refuse(compiler, ERROR_BAD_VALUE, column,
					       "the column is computed and cannot be written");
		insertion->named[column->position] = true;
		note_value(insertion, column, &row->members[i].value);
	}
	insertion->current = row;
	return 0;
}

void insertion_read(struct insertion *insertion, const struct table *table, const struct value *row)
{
	if (insertion->current == row)
		return;
	forget_values(insertion);
	for (uint32_t i = 0; i < value_map_size(row); i++)
		note_value(insertion, table_find_column(table, value_bytes(&row->members[i].key)),
			   &row->members[i].value);
	insertion->current = row;
}

int insertion_init(struct insertion *insertion, struct compiler *compiler)
{
	size_t count = compiler->table->column_count;
	char *memory = arena_alloc_array(compiler->arena, count,
					 sizeof(*insertion->columns) + sizeof(*insertion->values) +
						 sizeof(*insertion->read) + sizeof(*insertion->named));

	if (!memory)
		return -ENOMEM;
	*insertion = (struct insertion){0};
	insertion->columns = (const struct column **)(void *)memory;
	insertion->values = (const struct value **)(void *)(insertion->columns + count);
	insertion->read = (uint32_t *)(void *)(insertion->values + count);
	insertion->named = (bool *)(void *)(insertion->read + count);
	return row_init(&insertion->row, compiler->arena, compiler->table, compiler->table->absent);
}

void insertion_choose(struct insertion *insertion, const struct table *table)
{
	insertion->column_count = 0;
	for (uint32_t i = 0; i < table->column_count; i++)
		if (insertion->named[i])
			insertion->columns[insertion->column_count++] = &table->columns[i];
}

/* "INSERT INTO t (…) VALUES " */
void insertion_append_head(struct buffer *out, const struct insertion *insertion, const struct table *table)
{
	buffer_append_text(out, "INSERT INTO ");
	buffer_append(out, table->quoted);
	buffer_append_text(out, " (");
	for (uint32_t i = 0; i < insertion->column_count; i++) {
		if (i > 0)
			buffer_append_byte(out, ',');
		buffer_append(out, insertion->columns[i]->quoted);
	}
	buffer_append_text(out, ") VALUES ");
}

/* "(1,'a',DEFAULT)" */
int insertion_append_row(struct compiler *compiler, struct insertion *insertion)
{
	row_clear(&insertion->row);
	buffer_append_byte(compiler->out, '(');
	for (uint32_t i = 0; i < insertion->column_count; i++) {
		const struct column *column = insertion->columns[i];
		const struct value *value = insertion_value(insertion, column);
		int result;

		if (i > 0)
			buffer_append_byte(compiler->out, ',');
		if (!value) {
			/* Without NO_AUTO_VALUE_ON_ZERO's 0, only NULL generates: DEFAULT would be that very 0. */
			buffer_append_text(compiler->out, column->auto_increment ? "NULL" : "DEFAULT");
			continue;
		}
		result = row_append_literal(&insertion->row, compiler, column, value, LITERAL_STORE);
		if (result < 0)
			return result;
	}
	buffer_append_byte(compiler->out, ')');
	return 0;
}
