/* database/introspection.c
 *
 * A few questions, each answered row by row into the catalog under construction. Every column has an alias: MySQL 8
 * spells the names of information_schema's columns in capitals whatever was asked for. Tables that come or go between
 * two questions give rows about tables that were not added; those are skipped. */
#include "daemon/database/introspection.h"

#include "common/arena.h"
#include "daemon/database/errors.h"

#include <assert.h>
#include <errmsg.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_NAMES_BYTES = 16 * 1024 * 1024 };

/* A column that MariaDB's own JSON type has made: LONGTEXT with the check json_valid(`name`). */
struct json_column {
	struct bytes table, name;
	struct json_column *next;
};

struct reading {
	struct catalog *catalog;
	struct arena arena; /* of the list below */
	struct json_column *json_columns;
};

struct row {
	const char *const *values;
	const unsigned long *lengths;
};

static struct bytes field(const struct row *row, uint32_t index)
{
	return (struct bytes){.data = row->values[index], .size = row->lengths[index]};
}

/* 0 for NULL. */
static uint64_t number(const struct row *row, uint32_t index)
{
	return row->values[index] ? strtoull(row->values[index], NULL, 10) : 0;
}

static bool is_text(const struct row *row, uint32_t index, const char *text)
{
	return row->values[index] && bytes_equal_text(field(row, index), text);
}

static int take_table(struct reading *reading, const struct row *row)
{
	bool is_view = is_text(row, 1, "VIEW");
	/* A view's comment says "VIEW". */
	struct bytes comment = is_view ? BYTES("") : field(row, 4);

	return catalog_add_table(reading->catalog, field(row, 0), is_view, field(row, 2), number(row, 3), comment);
}

static int take_json_column(struct reading *reading, const struct row *row)
{
	struct json_column *column = arena_alloc(&reading->arena, sizeof(*column));

	if (!column)
		return -ENOMEM;
	column->table = arena_copy(&reading->arena, field(row, 0));
	column->name = arena_copy(&reading->arena, field(row, 1));
	if (!column->table.data || !column->name.data)
		return -ENOMEM;
	column->next = reading->json_columns;
	reading->json_columns = column;
	return 0;
}

static bool is_json(const struct reading *reading, struct bytes table, struct bytes name)
{
	for (const struct json_column *column = reading->json_columns; column; column = column->next) {
		if (bytes_equal(column->table, table) && bytes_equal(column->name, name))
			return true;
	}
	return false;
}

static int take_column(struct reading *reading, const struct row *row)
{
	const struct catalog_column_row column = {
		.table = field(row, 0),
		.name = field(row, 1),
		.data_type = field(row, 2),
		.column_type = field(row, 3),
		.default_text = field(row, 4),
		.nullable = is_text(row, 5, "YES"),
		.extra = field(row, 6),
		.max_length = number(row, 7),
		.precision = number(row, 8),
		.scale = number(row, 9),
		.collation = field(row, 10),
		.json = is_json(reading, field(row, 0), field(row, 1)),
	};

	return catalog_add_column(reading->catalog, &column);
}

static int take_key_column(struct reading *reading, const struct row *row)
{
	return catalog_add_key_column(reading->catalog, field(row, 0), field(row, 1), field(row, 2),
				      is_text(row, 3, "1"));
}

static int take_key_part(struct reading *reading, const struct row *row)
{
	if (row->values[2])
		return take_key_column(reading, row);
	return catalog_add_key_expression(reading->catalog, field(row, 0), field(row, 1), field(row, 4));
}

static int take_foreign_key_column(struct reading *reading, const struct row *row)
{
	return catalog_add_foreign_key_column(reading->catalog, field(row, 0), field(row, 1), field(row, 2),
					      field(row, 3), field(row, 4), field(row, 5), field(row, 6));
}

static int take_trigger(struct reading *reading, const struct row *row)
{
	return catalog_add_trigger(reading->catalog, field(row, 0));
}

static int take_not_transactional(struct reading *reading, const struct row *row)
{
	return catalog_add_not_transactional(reading->catalog, field(row, 0));
}

enum asked { ASK_BOTH, ASK_MARIADB, ASK_MYSQL };

struct question {
	const char *sql;
	uint32_t columns;
	enum asked of; /* the other server has no such thing */
	int (*take)(struct reading *reading, const struct row *row);
};

/* MariaDB tells the rules to who has more than SELECT on the whole database, not on the tables only; where keys lead it
 * tells all. MySQL tells both to all, and takes long for the outer join. */
#define FOREIGN_KEYS(join, delete_rule, update_rule)                                                                   \
	"SELECT u.TABLE_NAME AS table_name_, u.CONSTRAINT_NAME AS key_, u.COLUMN_NAME AS name, "                       \
	"u.REFERENCED_TABLE_NAME AS parent, u.REFERENCED_COLUMN_NAME AS parent_column, " delete_rule                   \
	" AS on_delete, " update_rule " AS on_update FROM information_schema.KEY_COLUMN_USAGE u " join                 \
	" information_schema.REFERENTIAL_CONSTRAINTS r ON r.CONSTRAINT_SCHEMA = DATABASE() "                           \
	"AND r.TABLE_NAME = u.TABLE_NAME AND r.CONSTRAINT_NAME = u.CONSTRAINT_NAME "                                   \
	"WHERE u.TABLE_SCHEMA = DATABASE() AND u.CONSTRAINT_SCHEMA = DATABASE() "                                      \
	"AND u.REFERENCED_TABLE_SCHEMA = DATABASE() "                                                                  \
	"ORDER BY u.TABLE_NAME, u.CONSTRAINT_NAME, u.ORDINAL_POSITION"

static const struct question questions[] = {
	{"SELECT TABLE_NAME AS name, TABLE_TYPE AS kind, COALESCE(ENGINE, '') AS engine, "
	 "TABLE_ROWS AS estimated_rows, TABLE_COMMENT AS comment "
	 "FROM information_schema.TABLES "
	 "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE <> 'SEQUENCE' ORDER BY TABLE_NAME",
	 5, ASK_BOTH, take_table},
	/* A table whose engine is not there any more has none. */
	{"SELECT t.TABLE_NAME AS name FROM information_schema.TABLES t "
	 "LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE "
	 "WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE NOT IN ('VIEW', 'SEQUENCE') "
	 "AND COALESCE(e.TRANSACTIONS, 'NO') <> 'YES'",
	 1, ASK_BOTH, take_not_transactional},
	/* Before the columns, which ask for these. Only the check that MariaDB makes itself counts, to the letter. */
	{"SELECT TABLE_NAME AS table_name_, CONSTRAINT_NAME AS name "
	 "FROM information_schema.CHECK_CONSTRAINTS "
	 "WHERE CONSTRAINT_SCHEMA = DATABASE() AND LEVEL = 'Column' "
	 "AND CHECK_CLAUSE = CONCAT('json_valid(`', REPLACE(CONSTRAINT_NAME, '`', '``'), '`)')",
	 2, ASK_MARIADB, take_json_column},
	{"SELECT TABLE_NAME AS table_name_, COLUMN_NAME AS name, DATA_TYPE AS data_type, COLUMN_TYPE AS column_type, "
	 "COLUMN_DEFAULT AS default_text, IS_NULLABLE AS nullable, EXTRA AS extra, "
	 "CHARACTER_MAXIMUM_LENGTH AS max_length, NUMERIC_PRECISION AS digits, "
	 "COALESCE(NUMERIC_SCALE, DATETIME_PRECISION) AS scale, COALESCE(COLLATION_NAME, '') AS collation_ "
	 "FROM information_schema.COLUMNS "
	 "WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION",
	 11, ASK_BOTH, take_column},
	{"SELECT TABLE_NAME AS table_name_, INDEX_NAME AS key_, COLUMN_NAME AS name, SUB_PART IS NOT NULL AS is_prefix "
	 "FROM information_schema.STATISTICS "
	 "WHERE TABLE_SCHEMA = DATABASE() AND NON_UNIQUE = 0 ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX",
	 4, ASK_MARIADB, take_key_column},
	/* A part of a key that is an expression has no column name. */
	{"SELECT TABLE_NAME AS table_name_, INDEX_NAME AS key_, COLUMN_NAME AS name, SUB_PART IS NOT NULL AS is_prefix, "
	 "EXPRESSION AS expression FROM information_schema.STATISTICS "
	 "WHERE TABLE_SCHEMA = DATABASE() AND NON_UNIQUE = 0 ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX",
	 5, ASK_MYSQL, take_key_part},
	{FOREIGN_KEYS("LEFT JOIN", "COALESCE(r.DELETE_RULE, '')", "COALESCE(r.UPDATE_RULE, '')"), 7, ASK_MARIADB,
	 take_foreign_key_column},
	{FOREIGN_KEYS("JOIN", "r.DELETE_RULE", "r.UPDATE_RULE"), 7, ASK_MYSQL, take_foreign_key_column},
	{"SELECT DISTINCT EVENT_OBJECT_TABLE AS table_name_ FROM information_schema.TRIGGERS "
	 "WHERE EVENT_OBJECT_SCHEMA = DATABASE()",
	 1, ASK_BOTH, take_trigger},
};

struct answer {
	struct reading *reading;
	const struct question *question;
};

static int on_row(void *context, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	struct answer *answer = context;
	struct row row = {.values = values, .lengths = lengths};
	int r;

	assert(count == answer->question->columns);
	(void)count;
	r = answer->question->take(answer->reading, &row);
	return r == -ENOENT ? 0 : r;
}

static int ask_all(struct session *session, struct reading *reading, struct sql_error *ret_error)
{
	enum asked other = session_server(session)->kind == SERVER_MARIADB ? ASK_MYSQL : ASK_MARIADB;
	int r;

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		struct answer answer = {.reading = reading, .question = &questions[i]};

		if (questions[i].of == other)
			continue;
		r = session_query(session, bytes_of(questions[i].sql), on_row, &answer, NULL, ret_error);
		if (r)
			return r;
	}
	r = session_query(session, BYTES("COMMIT"), NULL, NULL, NULL, ret_error);
	return r ? r : catalog_finish(reading->catalog);
}

int introspection_read(struct session *session, struct catalog **ret_catalog, struct sql_error *ret_error)
{
	struct reading reading = {0};
	int r;

	r = catalog_new(session_server(session), &reading.catalog);
	if (r)
		return r;
	arena_init(&reading.arena, JSON_NAMES_BYTES);
	r = ask_all(session, &reading, ret_error);
	arena_free(&reading.arena);
	if (r) {
		catalog_unref(reading.catalog);
		return r;
	}
	*ret_catalog = reading.catalog;
	return 0;
}

struct introspection {
	uv_work_t work;
	const struct database_options *options;
	struct introspection_events events;
	void *context;
	struct catalog *catalog;
	struct sql_error error;
	int result;
};

static void read_on_thread(uv_work_t *work)
{
	struct introspection *introspection = work->data;
	struct session *session;

	introspection->result = session_open(introspection->options, false, &session, &introspection->error);
	if (introspection->result)
		return;
	introspection->result = introspection_read(session, &introspection->catalog, &introspection->error);
	session_close(session);
}

static void back_on_loop(uv_work_t *work, int status)
{
	struct introspection *introspection = work->data;

	(void)status; /* nobody cancels it */
	if (introspection->result == 0) {
		introspection->events.done(introspection->context, introspection->catalog, NULL);
	} else {
		if (introspection->result != -EIO)
			sql_error_lost(&introspection->error, CR_OUT_OF_MEMORY, "no memory for the catalog");
		introspection->events.done(introspection->context, NULL, &introspection->error);
	}
	free(introspection);
}

int introspection_start(uv_loop_t *loop, const struct database_options *options,
			const struct introspection_events *events, void *context)
{
	struct introspection *introspection = calloc(1, sizeof(*introspection));
	int r;

	if (!introspection)
		return -ENOMEM;
	introspection->work.data = introspection;
	introspection->options = options;
	introspection->events = *events;
	introspection->context = context;
	r = uv_queue_work(loop, &introspection->work, read_on_thread, back_on_loop);
	if (r)
		free(introspection);
	return r;
}
