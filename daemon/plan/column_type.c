/* plan/column_type.c */
#include "daemon/plan/column_type.h"

#include <strings.h>

struct type_name {
	const char *name;
	enum column_kind kind;
	uint8_t integer_bytes;
	bool is_fixed_length;
	bool has_length; /* CHARACTER_MAXIMUM_LENGTH bounds what is sent */
};

static const struct type_name type_names[] = {
	{"tinyint", COLUMN_INTEGER, 1, false, false},
	{"smallint", COLUMN_INTEGER, 2, false, false},
	{"mediumint", COLUMN_INTEGER, 3, false, false},
	{"int", COLUMN_INTEGER, 4, false, false},
	{"bigint", COLUMN_INTEGER, 8, false, false},
	{"year", COLUMN_YEAR, 0, false, false},
	{"bit", COLUMN_BIT, 0, false, false},
	{"decimal", COLUMN_DECIMAL, 0, false, false},
	{"float", COLUMN_FLOAT, 0, false, false},
	{"double", COLUMN_DOUBLE, 0, false, false},
	{"char", COLUMN_TEXT, 0, true, true},
	{"varchar", COLUMN_TEXT, 0, false, true},
	{"tinytext", COLUMN_TEXT, 0, false, true},
	{"text", COLUMN_TEXT, 0, false, true},
	{"mediumtext", COLUMN_TEXT, 0, false, true},
	{"longtext", COLUMN_TEXT, 0, false, true},
	{"enum", COLUMN_ENUM, 0, false, false},
	{"set", COLUMN_SET, 0, false, false},
	{"uuid", COLUMN_UUID, 0, false, false},
	{"inet4", COLUMN_UUID, 0, false, false},
	{"inet6", COLUMN_UUID, 0, false, false},
	{"binary", COLUMN_BINARY, 0, true, true},
	{"varbinary", COLUMN_BINARY, 0, false, true},
	{"tinyblob", COLUMN_BINARY, 0, false, true},
	{"blob", COLUMN_BINARY, 0, false, true},
	{"mediumblob", COLUMN_BINARY, 0, false, true},
	{"longblob", COLUMN_BINARY, 0, false, true},
	{"geometry", COLUMN_GEOMETRY, 0, false, false},
	{"point", COLUMN_GEOMETRY, 0, false, false},
	{"linestring", COLUMN_GEOMETRY, 0, false, false},
	{"polygon", COLUMN_GEOMETRY, 0, false, false},
	{"multipoint", COLUMN_GEOMETRY, 0, false, false},
	{"multilinestring", COLUMN_GEOMETRY, 0, false, false},
	{"multipolygon", COLUMN_GEOMETRY, 0, false, false},
	{"geometrycollection", COLUMN_GEOMETRY, 0, false, false},
	{"geomcollection", COLUMN_GEOMETRY, 0, false, false},
	{"date", COLUMN_DATE, 0, false, false},
	{"datetime", COLUMN_DATETIME, 0, false, false},
	{"timestamp", COLUMN_TIMESTAMP, 0, false, false},
	{"time", COLUMN_TIME, 0, false, false},
	{"json", COLUMN_JSON, 0, false, false},
};

static const struct type_name *find_type(struct bytes name)
{
	/* Types that came after this list are handed through as bytes. */
	static const struct type_name other = {"", COLUMN_BINARY, 0, false, false};

	for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++)
		if (strlen(type_names[i].name) == name.size &&
		    strncasecmp(type_names[i].name, name.data, name.size) == 0)
			return &type_names[i];
	return &other;
}

static bool ends_with(struct bytes text, struct bytes end)
{
	return text.size >= end.size && memcmp(text.data + text.size - end.size, end.data, end.size) == 0;
}

/* Other _bin collations take 'a' and 'a ' for equal. */
static bool collation_is_binary(struct bytes collation)
{
	return ends_with(collation, BYTES("_nopad_bin")) || bytes_equal(collation, BYTES("utf8mb4_0900_bin"));
}

/* TINYTEXT and its like hold so many bytes: as many as are sent when their character set is UTF-8 as well. */
static bool counts_bytes(const struct catalog_column_row *row)
{
	return ends_with(row->data_type, BYTES("text")) && bytes_starts(row->collation, BYTES("utf8"));
}

static bool contains(struct bytes text, struct bytes part)
{
	return text.size > 0 && memmem(text.data, text.size, part.data, part.size) != NULL;
}

/* What MariaDB has for JSON is a LONGTEXT with a check; and behind the type of a time in an old format, or in a view,
 * stands a comment. */
static struct bytes type_text(const struct catalog_column_row *row, enum column_kind kind)
{
	struct bytes type = row->column_type;
	const char *comment = NULL;

	if (kind == COLUMN_JSON)
		return BYTES("json");
	if (kind == COLUMN_DATETIME || kind == COLUMN_TIMESTAMP || kind == COLUMN_TIME)
		comment = memmem(type.data, type.size, " /*", 3);
	if (comment)
		type.size = (size_t)(comment - type.data);
	return type;
}

void column_type_read(const struct catalog_column_row *row, struct column *column)
{
	const struct type_name *type = find_type(row->data_type);

	column->kind = row->json && type->kind == COLUMN_TEXT ? COLUMN_JSON : type->kind;
	column->type = type_text(row, column->kind);
	column->integer_bytes = type->kind == COLUMN_BIT ? (uint8_t)row->precision : type->integer_bytes;
	/* ZEROFILL implies it, and MySQL need not say so. */
	column->is_unsigned = contains(row->column_type, BYTES("unsigned")) ||
			      (type->kind == COLUMN_INTEGER && contains(row->column_type, BYTES("zerofill")));
	column->precision = (uint8_t)row->precision;
	column->scale = (uint8_t)row->scale;
	column->is_scaled =
		(type->kind == COLUMN_FLOAT || type->kind == COLUMN_DOUBLE) && contains(row->column_type, BYTES(","));
	column->is_fixed_length = type->is_fixed_length;
	column->max_length = type->has_length && column->kind != COLUMN_JSON ? row->max_length : 0;
	column->length_in_bytes = counts_bytes(row);
	column->binary_collation = column->kind == COLUMN_TEXT && collation_is_binary(row->collation);
}
