/* database/error_names.c - finds the names in the texts of the servers' errors.
 *
 * The servers quote in four ways: 'name' as it is, `name` as it is (1366), `name` with inner backticks doubled (foreign
 * keys), and 'table.name' (MySQL's keys, JSON columns). Values come before the names in these texts and can hold
 * anything, so names are looked for from the end. */
#include "daemon/database/errors.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = sizeof(((struct sql_error *)0)->column) };

static struct bytes span(const char *from, const char *to)
{
	return (struct bytes){.data = from, .size = (size_t)(to - from)};
}

/* The last place of needle in the text, or NULL. */
static const char *find_last(const char *text, const char *needle)
{
	const char *last = NULL;

	for (const char *at = strstr(text, needle); at; at = strstr(at + 1, needle))
		last = at;
	return last;
}

static void copy(char to[NAME_BYTES], struct bytes name)
{
	size_t size = name.size < NAME_BYTES ? name.size : NAME_BYTES - 1;

	memcpy(to, name.data, size);
	to[size] = '\0';
}

/* Copies what stands between the last `before` and the last `after` behind it. */
static bool copy_between(char to[NAME_BYTES], const char *text, const char *before, const char *after)
{
	const char *from = find_last(text, before);
	const char *end;

	if (!from)
		return false;
	from += strlen(before);
	end = find_last(from, after);
	if (!end)
		return false;
	copy(to, span(from, end));
	return true;
}

/* Copies the identifier that begins behind the backtick at `from`, undoubling backticks in it. Returns what follows
 * its end, or NULL when it has none. */
static const char *copy_quoted(char to[NAME_BYTES], const char *from)
{
	size_t size = 0;

	for (const char *at = from; *at; at++) {
		if (*at == '`' && at[1] != '`') {
			to[size] = '\0';
			return at + 1;
		}
		if (*at == '`')
			at++;
		if (size < NAME_BYTES - 1)
			to[size++] = *at;
	}
	to[0] = '\0';
	return NULL;
}

/* Keeps what stands behind the first dot, or behind the last one. */
static void keep_after_dot(char name[NAME_BYTES], bool last)
{
	const char *dot = last ? strrchr(name, '.') : strchr(name, '.');

	if (dot && dot[1])
		memmove(name, dot + 1, strlen(dot + 1) + 1);
}

/* "… for column 'c' at row 2", "… for column `db`.`t`.`c` at row 2". */
static void find_column_and_row(struct sql_error *error)
{
	static const char before[] = "for column ", after[] = " at row ";
	const char *row = find_last(error->message, after);
	const char *from = find_last(error->message, before);
	const char *part;

	if (row)
		error->row = (int32_t)strtol(row + sizeof(after) - 1, NULL, 10) - 1;
	if (!from || !row || from + sizeof(before) > row)
		return;
	from += sizeof(before) - 1;
	if (*from == '\'' && row - from >= 2 && row[-1] == '\'') {
		copy(error->column, span(from + 1, row - 1));
	} else if (*from == '`' && row - from >= 2 && row[-1] == '`') {
		/* 1366 and 1292 print the three names as they are. */
		for (part = from + 1; part < row && (part = strstr(part, "`.`")) && part < row; part += 3)
			from = part + 2;
		copy(error->column, span(from + 1, row - 1));
	}
}

/* "… fails (`db`.`child`, CONSTRAINT `name` FOREIGN KEY (`column`, …) REFERENCES `parent` (`id`))" */
static void find_foreign_key(struct sql_error *error)
{
	static const char constraint[] = ", CONSTRAINT `", column[] = " FOREIGN KEY (`";
	const char *at = strstr(error->message, constraint);

	if (!at)
		return;
	at = copy_quoted(error->constraint, at + sizeof(constraint) - 1);
	if (at && strncmp(at, column, sizeof(column) - 1) == 0)
		copy_quoted(error->column, at + sizeof(column) - 1);
}

/* "CONSTRAINT `name` failed for `db`.`t`". For a check that belongs to one column MariaDB writes `t.column`. */
static void find_check(struct sql_error *error)
{
	static const char before[] = "CONSTRAINT `", after[] = "` failed for `";
	const char *end = find_last(error->message, after);
	char table[NAME_BYTES];
	size_t size;

	if (strncmp(error->message, before, sizeof(before) - 1) != 0 || !end)
		return;
	copy(error->constraint, span(error->message + sizeof(before) - 1, end));
	if (!copy_between(table, end, "`.`", "`"))
		return;
	size = strlen(table);
	if (strncmp(error->constraint, table, size) == 0 && error->constraint[size] == '.') {
		keep_after_dot(
			memmove(error->constraint, error->constraint + size, strlen(error->constraint + size) + 1),
			false);
		memcpy(error->column, error->constraint, sizeof(error->column));
	}
}

/* "… for key 'email'"; MySQL writes 'users.email', MariaDB 'email' alone. */
static void find_key(struct sql_error *error, enum server_kind kind)
{
	if (copy_between(error->constraint, error->message, "for key '", "'") && kind == SERVER_MYSQL)
		keep_after_dot(error->constraint, false);
}

void sql_error_find_names(struct sql_error *error, enum server_kind kind)
{
	switch (error->number) {
	case 1022:
	case 1062:
	case 1586:
	case 1859:
		find_key(error, kind);
		break;
	case 1048:
	case 3673:
		copy_between(error->column, error->message, "Column '", "' cannot be null");
		break;
	case 1054:
		copy_between(error->column, error->message, "Unknown column '", "' in '");
		break;
	case 1143:
		copy_between(error->column, error->message, "for column '", "' in table '");
		break;
	case 1263:
		copy_between(error->column, error->message, "NOT NULL column '", "' at row ");
		find_column_and_row(error);
		break;
	case 1348:
		copy_between(error->column, error->message, "Column '", "' is not updatable");
		break;
	case 1364:
		copy_between(error->column, error->message, "Field '", "' doesn't have a default value");
		break;
	case 1451:
	case 1452:
		find_foreign_key(error);
		break;
	case 1906:
	case 3105:
		copy_between(error->column, error->message, "generated column '", "' in table '");
		break;
	case 3140:
		if (copy_between(error->column, error->message, "for column '", "'."))
			keep_after_dot(error->column, true);
		break;
	case 3643:
		copy_between(error->column, error->message, "SRID of the column '", "'. The SRID");
		break;
	case 3819:
		copy_between(error->constraint, error->message, "Check constraint '", "' is violated");
		break;
	case 4025:
		find_check(error);
		break;
	default:
		find_column_and_row(error);
	}
}
