/* plan/sql/compiler.c */
#include "daemon/plan/sql/compiler.h"

#include "common/nearest.h"

#include <errno.h>
#include <stdio.h>

/* "Data truncated for column": the number that MySQL and MariaDB give to such a note. */
enum { SERVER_DATA_TRUNCATED = 1265 };

int compiler_refuse(struct compiler *compiler, enum error_code code, const struct column *column, const char *format,
		    ...)
{
	char text[ERROR_TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	error_set(compiler->error, code, "%s", text);
	if (column)
		error_at_column(compiler->error, column->name);
	return -EINVAL;
}

static void hint_nearest(struct compiler *compiler, struct bytes name)
{
	struct nearest nearest = nearest_start(name);
	char quoted[ERROR_QUOTED_BYTES];

	for (uint32_t i = 0; i < compiler->table->column_count; i++)
		nearest_offer(&nearest, compiler->table->columns[i].name);
	if (nearest.best.size > 0)
		error_hint(compiler->error, "did you mean `%s`?", error_quote(quoted, nearest.best));
}

int compiler_find_column(struct compiler *compiler, struct bytes name, const struct column **ret_column)
{
	const struct column *column = table_find_column(compiler->table, name);
	char quoted_column[ERROR_QUOTED_BYTES], quoted_table[ERROR_QUOTED_BYTES];

	if (!column) {
		compiler_refuse(compiler, ERROR_UNKNOWN_COLUMN, NULL, "table `%s` has no column `%s`",
				error_quote(quoted_table, compiler->table->name), error_quote(quoted_column, name));
		error_at_column(compiler->error, name);
		hint_nearest(compiler, name);
		return -ENOENT;
	}
	*ret_column = column;
	return 0;
}

int compiler_find_columns(struct compiler *compiler, const struct value *names, const char *what,
			  const struct column *const **ret_columns, uint32_t *ret_count)
{
	const struct column **columns;
	bool *named;

	if (!names) {
		*ret_columns = compiler->table->every_column;
		*ret_count = compiler->table->column_count;
		return 0;
	}
	columns = arena_alloc_array(compiler->arena, names->size, sizeof(struct column *));
	named = arena_alloc_array(compiler->arena, compiler->table->column_count, sizeof(*named));
	if (!columns || !named)
		return -ENOMEM;
	for (uint32_t i = 0; i < names->size; i++) {
		int result = compiler_find_column(compiler, value_bytes(&names->items[i]), &columns[i]);

		if (result < 0)
			return result;
		/* Twice the same key in a row would be a map that our own decoder refuses. */
		if (named[columns[i]->position])
			return compiler_refuse(compiler, ERROR_BAD_VALUE, columns[i], "`%s` names a column twice",
					       what);
		named[columns[i]->position] = true;
	}
	*ret_columns = columns;
	*ret_count = names->size;
	return 0;
}

static void add_warning(struct compiler *compiler, struct compiler_warnings *warnings, const struct column *column,
			const char *what)
{
	char quoted[ERROR_QUOTED_BYTES], text[ERROR_TEXT_BYTES];
	struct bytes message;

	if (!warnings || warnings->count == COMPILER_WARNINGS)
		return;
	snprintf(text, sizeof(text), "column `%s`: %s", error_quote(quoted, column->name), what);
	/* Once for all rows; and a literal may be written twice, into the INSERT and to find the row again. */
	for (uint32_t i = 0; i < warnings->count; i++)
		if (bytes_equal_text(warnings->items[i].message, text))
			return;
	message = arena_copy(compiler->arena, bytes_of(text));
	if (!message.data) {
		/* What nobody is told must not happen either: with it the statement fails. */
		compiler->out->state = BUFFER_NO_MEMORY;
		return;
	}
	warnings->items[warnings->count++] =
		(struct reply_warning){.server_errno = SERVER_DATA_TRUNCATED, .message = message};
}

void compiler_warn(struct compiler *compiler, const struct column *column, const char *what)
{
	add_warning(compiler, compiler->warnings, column, what);
}

void compiler_warn_if_noted(struct compiler *compiler, const struct column *column, const char *what)
{
	add_warning(compiler, compiler->warnings_if_noted, column, what);
}
