/* plan/sql/procedure_error.c - what a producer is told when the server refuses. Never in the server's words: they hold
 * data. */
#include "daemon/plan/sql/procedure_state.h"

#include "daemon/plan/sql/condition.h"

#include "daemon/plan/sql/literal.h"

#include <stdio.h>

static const struct key *find_key(const struct table *table, struct bytes name)
{
	for (uint32_t i = 0; i < table->key_count; i++)
		if (bytes_equal(table->keys[i].name, name))
			return &table->keys[i];
	return NULL;
}

static const struct foreign_key *find_foreign_key(const struct table *table, struct bytes name)
{
	for (uint32_t i = 0; i < table->foreign_key_count; i++)
		if (bytes_equal(table->foreign_keys[i]->name, name))
			return table->foreign_keys[i];
	for (uint32_t i = 0; i < table->referenced_by_count; i++)
		if (bytes_equal(table->referenced_by[i]->name, name))
			return table->referenced_by[i];
	return NULL;
}

/* MySQL names a key with its table: "pets.PRIMARY". */
static struct bytes strip_table(const struct table *table, struct bytes name)
{
	if (bytes_starts(name, table->name) && name.size > table->name.size && name.data[table->name.size] == '.') {
		name.data += table->name.size + 1;
		name.size -= table->name.size + 1;
	}
	return name;
}

/* Whether the constraint may be named. The server names those of other tables too: of children that refer to the row,
 * of what a trigger writes to. A table that does not exist for the queue has no constraint there either. */
static bool may_name(const struct job *job, const struct key *key, const struct foreign_key *foreign_key,
		     enum error_code code)
{
	const struct table *table = job->plan->table;

	if (foreign_key)
		return policy_allows_table(job->policy, foreign_key->child == table ? foreign_key->parent_name
										    : foreign_key->child->name);
	/* The catalog holds no checks. */
	return key || (code == ERROR_CHECK_VIOLATION && !table->has_triggers);
}

/* The servers' "failed to read auto-increment value": the one error about a column for which they do not name it. */
enum { AUTO_INCREMENT_ENDED = 1467 };

/* "DOUBLE value is out of range in '`db`.`pets`.`age` + 1e308'": the column of the expression that failed. */
enum { EXPRESSION_OUT_OF_RANGE = 1690 };

/* Behind the name of a database or of a table there is a point. */
static bool names_column(const char *message, struct bytes quoted)
{
	const char *end = message + strlen(message);
	const char *at = message;

	while ((at = memmem(at, (size_t)(end - at), quoted.data, quoted.size)) != NULL) {
		at += quoted.size;
		if (*at != '.')
			return true;
	}
	return false;
}

static const struct column *find_in_expression(const struct job *job, const struct sql_error *from)
{
	const struct value *set = job->command.operation.set;

	for (uint32_t i = 0; set && i < set->size; i++) {
		const struct column *column = table_find_column(job->plan->table, value_bytes(&set->members[i].key));

		if (column && names_column(from->message, column->quoted))
			return column;
	}
	return NULL;
}

/* The column, where a constraint is about one only. */
static void add_place(const struct job *job, const struct sql_error *from, struct error *error)
{
	const struct table *table = job->plan->table;
	struct bytes constraint = strip_table(table, bytes_of(from->constraint));
	struct bytes column = bytes_of(from->column);
	const struct foreign_key *foreign_key = find_foreign_key(table, constraint);
	const struct key *key;

	/* For a duplicate the server names the key, wherever that was put. */
	if (constraint.size == 0 && from->code == ERROR_UNIQUE_VIOLATION) {
		constraint = strip_table(table, column);
		column = (struct bytes){0};
	}
	key = find_key(table, constraint);
	if (key && key->column_count == 1)
		column = key->columns[0]->name;
	else if (foreign_key && foreign_key->child == table && foreign_key->column_count == 1)
		column = foreign_key->columns[0]->name;
	else if (from->number == AUTO_INCREMENT_ENDED && table->auto_increment)
		column = table->auto_increment->name;
	else if (from->number == EXPRESSION_OUT_OF_RANGE && find_in_expression(job, from))
		column = find_in_expression(job, from)->name;
	if (constraint.size > 0 && may_name(job, key, foreign_key, error->code))
		error_at_constraint(error, constraint);
	if (column.size > 0 && table_find_column(table, column))
		error_at_column(error, column);
}

static bool is_of_kind(const struct job *job, struct bytes name, enum column_kind kind)
{
	const struct table *table = job->plan ? job->plan->table : NULL;
	const struct column *column = table ? table_find_column(table, name) : NULL;

	return column && column->kind == kind;
}

/* What the server says about a regular expression is the pattern's fault: MariaDB has one number for it, MySQL one for
 * each kind of fault. */
enum { MARIADB_REGEXP = 1139, MYSQL_REGEXP_FIRST = 3685, MYSQL_REGEXP_LAST = 3699 };

static bool is_regexp_fault(uint32_t number)
{
	return number == MARIADB_REGEXP || (number >= MYSQL_REGEXP_FIRST && number <= MYSQL_REGEXP_LAST);
}

static void tell_regexp(const struct job *job, struct error *error)
{
	const struct table *table = job->plan ? job->plan->table : NULL;
	const struct column *column = table ? condition_regexp_column(table, job->command.operation.where) : NULL;

	snprintf(error->message, sizeof(error->message),
		 "the pattern of `regexp` is no regular expression that the server takes");
	if (column)
		error_at_column(error, column->name);
}

static void tell_out_of_range(struct error *error)
{
	error->code = ERROR_OUT_OF_RANGE;
	snprintf(error->message, sizeof(error->message), "%s", error_code_meaning(error->code));
}

static void add_hint(const struct job *job, struct error *error)
{
	const struct table *table = job->plan ? job->plan->table : NULL;
	const struct foreign_key *foreign_key = NULL;
	char quoted[ERROR_QUOTED_BYTES];

	if (table)
		foreign_key = find_foreign_key(table, bytes_of(error->at_constraint));
	if (error->code == ERROR_FOREIGN_KEY_VIOLATION && foreign_key) {
		bool is_child = foreign_key->child == job->plan->table;
		struct bytes other = is_child ? foreign_key->parent_name : foreign_key->child->name;

		/* A table that does not exist for this queue has no name either. */
		if (!policy_allows_table(job->policy, other))
			return;
		error_hint(error,
			   is_child ? "the row it refers to must be in table `%s`"
				    : "rows of table `%s` may refer to it",
			   error_quote(quoted, other));
	} else if (is_regexp_fault(error->server_errno)) {
		error_hint(error, "`contains`, `starts` and `ends` take a text as it is");
	} else if (error->code == ERROR_BAD_VALUE && table) {
		literal_hint_refused(table_find_column(table, bytes_of(error->at_column)), error->server_errno, error);
	} else if (error->code == ERROR_TIMEOUT) {
		error_hint(error, "ask for less, or let an index help");
	} else if (error->code == ERROR_FORBIDDEN) {
		error_hint(error, "the database account of rowd lacks a privilege");
	}
}

void procedure_error_from_sql(const struct job *job, const struct sql_error *from, struct error *ret_error)
{
	enum error_code code = from->code > ERROR_NONE && from->code < ERROR_CODE_COUNT ? (enum error_code)from->code
											: ERROR_SQL_ERROR;

	error_set(ret_error, code, "%s", error_code_meaning(code));
	/* What there is to say about a connection was most likely the client library's word. */
	if (from->class != SQL_ERROR_CONNECTION) {
		memcpy(ret_error->sqlstate, from->sqlstate, sizeof(ret_error->sqlstate));
		ret_error->sqlstate[sizeof(ret_error->sqlstate) - 1] = '\0';
		ret_error->server_errno = from->number;
	}
	if (job->plan && job->plan->table)
		add_place(job, from, ret_error);
	/* No constraint of the user's: MariaDB's JSON columns are texts with a check. */
	if (code == ERROR_CHECK_VIOLATION && is_of_kind(job, bytes_of(ret_error->at_column), COLUMN_JSON)) {
		ret_error->code = ERROR_BAD_VALUE;
		ret_error->at_constraint[0] = '\0';
		snprintf(ret_error->message, sizeof(ret_error->message), "the server takes no such document");
	}
	/* The servers say "too long" of a number with more bits than the column. */
	if (code == ERROR_DATA_TOO_LONG && is_of_kind(job, bytes_of(ret_error->at_column), COLUMN_BIT))
		tell_out_of_range(ret_error);
	if (code == ERROR_BAD_VALUE && is_regexp_fault(from->number))
		tell_regexp(job, ret_error);
	if (job->plan && job->plan->create.is_array)
		ret_error->at_row = from->row;
	add_hint(job, ret_error);
	if (code == ERROR_TOO_LARGE)
		error_hint(ret_error, from->class == SQL_ERROR_CONNECTION
					      ? "a row of the result is too large to be read: have fewer columns back"
					      : "send less at a time");
}
