/* plan/catalog.h - the tables that commands can name: read from information_schema, immutable once complete.
 *
 * Introspection (database/) reads rows and hands them in as text; what they mean is decided here. A catalog is shared
 * by reference count, so that commands which were planned with an old one can finish with it. */
#ifndef PLAN_CATALOG_H
#define PLAN_CATALOG_H

#include "common/arena.h"
#include "common/bytes.h"
#include "daemon/plan/name_index.h"

#include <stdbool.h>
#include <stdint.h>

enum column_kind {
	COLUMN_INTEGER, /* TINYINT to BIGINT, BOOL */
	COLUMN_YEAR,
	COLUMN_BIT,
	COLUMN_DECIMAL,
	COLUMN_FLOAT,
	COLUMN_DOUBLE,
	COLUMN_TEXT, /* CHAR, VARCHAR, TEXT */
	COLUMN_ENUM,
	COLUMN_SET,
	COLUMN_UUID,   /* and INET4, INET6: text with a grammar of its own */
	COLUMN_BINARY, /* BINARY, VARBINARY, BLOB, and all types that are not listed here */
	COLUMN_GEOMETRY,
	COLUMN_DATE,
	COLUMN_DATETIME,
	COLUMN_TIMESTAMP,
	COLUMN_TIME,
	COLUMN_JSON,
};

struct column {
	struct bytes name;   /* first, for the name_index */
	struct bytes quoted; /* `name`, as it stands in SQL */
	struct bytes type;   /* as the server spells it: "int(10) unsigned" */
	enum column_kind kind;
	uint32_t position;     /* index in table->columns */
	uint8_t integer_bytes; /* INTEGER: 1, 2, 3, 4, 8; BIT: number of bits */
	bool is_unsigned;
	uint8_t precision;   /* DECIMAL: digits in all */
	uint8_t scale;       /* DECIMAL: digits after the point; times: digits of the fraction of a second */
	bool is_scaled;      /* FLOAT(M,D), DOUBLE(M,D): rounded as a DECIMAL is */
	uint64_t max_length; /* texts: in characters, or else in bytes; binary: in bytes; 0: no limit known */
	bool length_in_bytes;
	bool is_fixed_length;  /* CHAR, BINARY */
	bool binary_collation; /* texts: equal means equal bytes (and no padding) */
	bool nullable;
	bool auto_increment;
	bool generated; /* a computed column: never written */
	bool has_default;
	bool default_is_computed;  /* by an expression, so that DEFAULT() cannot tell it; MySQL only */
	struct bytes default_text; /* as SQL, whichever server it is; data NULL when there is none, or NULL */
};

enum key_kind { KEY_PRIMARY, KEY_UNIQUE };

struct key {
	struct bytes name;
	uint64_t resource; /* for footprint.h, as in the table and the foreign key below */
	enum key_kind kind;
	const struct column **columns; /* none when a part is an expression: then they tell nothing by themselves */
	uint32_t column_count;
	struct bytes *parts; /* as people are told: names of columns, expressions in brackets (MySQL only) */
	uint32_t part_count;
	bool has_expression;
	bool exact; /* equality of its values is equality of bytes or numbers, so that we can tell it ourselves */
};

/* HIDDEN: the server does not tell this account; it may be any of the others. */
enum foreign_key_action {
	FOREIGN_KEY_RESTRICT,
	FOREIGN_KEY_CASCADE,
	FOREIGN_KEY_SET_NULL,
	FOREIGN_KEY_SET_DEFAULT,
	FOREIGN_KEY_HIDDEN,
};

struct table;

struct foreign_key {
	struct bytes name;
	uint64_t resource;
	const struct table *child;
	const struct table *parent; /* NULL when the account cannot see it */
	struct bytes parent_name;
	const struct column **columns; /* of the child */
	struct bytes *references;      /* names of the parent's columns, in the same order */
	uint32_t column_count;
	enum foreign_key_action on_delete;
	enum foreign_key_action on_update;
};

struct table {
	struct bytes name;                   /* first, for the name_index */
	uint64_t resource, creates_resource; /* for footprint.h; 0 until the catalog is finished */
	struct bytes quoted;
	bool is_view;
	struct bytes engine; /* empty for a view */
	bool transactional;  /* what a command has done there goes with its transaction; true for a view */
	bool has_triggers;
	uint64_t estimated_rows;
	struct bytes comment;
	struct column *columns;
	uint32_t column_count;
	struct name_index columns_by_name;  /* for table_find_column(); empty until the catalog is finished */
	const struct column **every_column; /* in their order */
	struct bytes select_list;           /* of every column, as SQL: "`id`,`name`" */
	const struct bytes *absent;         /* per column: its text in a row for footprint.h that leaves it out */
	struct key *keys;                   /* the primary key first */
	uint32_t key_count;
	const struct key *primary_key;       /* NULL: none */
	const struct column *auto_increment; /* NULL: none */
	struct foreign_key **foreign_keys;   /* where this table is the child */
	uint32_t foreign_key_count;
	struct foreign_key **referenced_by; /* where this table is the parent */
	uint32_t referenced_by_count;
};

enum server_kind { SERVER_MARIADB, SERVER_MYSQL };

struct server_facts {
	enum server_kind kind;
	uint32_t version; /* 101119 for 10.11.19 */
	char version_text[64];
	uint64_t max_allowed_packet; /* bytes */
	uint32_t auto_increment_increment;
};

struct catalog;

/* Building: tables first, then columns, keys and foreign keys in the order of their positions, then finish. Texts are
 * copied. All return 0, -ENOMEM, or -ENOENT for a table or column that was not added (the caller skips that row).
 * Names that begin with "rowd_" are left out in silence: they do not exist for any command. */
int catalog_new(const struct server_facts *server, struct catalog **ret_catalog);
int catalog_add_table(struct catalog *catalog, struct bytes name, bool is_view, struct bytes engine,
		      uint64_t estimated_rows, struct bytes comment);

struct catalog_column_row {
	struct bytes table, name;
	struct bytes data_type;    /* information_schema.COLUMNS.DATA_TYPE */
	struct bytes column_type;  /* COLUMN_TYPE */
	struct bytes default_text; /* COLUMN_DEFAULT, as the server tells it */
	bool nullable;
	struct bytes extra;        /* EXTRA: auto_increment, VIRTUAL GENERATED, … */
	uint64_t max_length;       /* CHARACTER_MAXIMUM_LENGTH */
	uint64_t precision, scale; /* NUMERIC_…, DATETIME_PRECISION in scale */
	struct bytes collation;
	bool json; /* MariaDB: a json_valid() check makes a LONGTEXT a JSON column */
};
int catalog_add_column(struct catalog *catalog, const struct catalog_column_row *row);
int catalog_add_key_column(
	struct catalog *catalog, struct bytes table, struct bytes key, struct bytes column,
	bool is_prefix); /* primary and unique keys only; a key over a prefix of a column is not exact */
int catalog_add_key_expression(struct catalog *catalog, struct bytes table, struct bytes key,
			       struct bytes expression); /* as MySQL tells it */
int catalog_add_foreign_key_column(struct catalog *catalog, struct bytes table, struct bytes name, struct bytes column,
				   struct bytes parent_table, struct bytes parent_column, struct bytes on_delete,
				   struct bytes on_update);
int catalog_add_trigger(struct catalog *catalog, struct bytes table_name);
/* Tables are transactional unless it is said that they are not: only the server knows its engines. */
int catalog_add_not_transactional(struct catalog *catalog, struct bytes table_name);
int catalog_finish(struct catalog *catalog); /* resolves references; after this it never changes */

struct catalog *catalog_ref(struct catalog *catalog);
void catalog_unref(struct catalog *catalog); /* legal on NULL and on an unfinished catalog */

const struct server_facts *catalog_server(const struct catalog *catalog);
const struct table *catalog_find(const struct catalog *catalog, struct bytes name); /* exact spelling; NULL: none */
uint32_t catalog_table_count(const struct catalog *catalog);
const struct table *catalog_table_at(const struct catalog *catalog, uint32_t index); /* in order of their names */
const struct column *table_find_column(const struct table *table, struct bytes name);

#endif
