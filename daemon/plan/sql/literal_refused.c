/* plan/sql/literal_refused.c - what to do when a server has refused a value that rowd let pass. */
#include "daemon/plan/sql/literal.h"

/* The servers' errors that tell more than that a value is wrong. */
enum {
	NO_SUCH_MEMBER = 1265, /* of an ENUM or a SET */
	WRONG_ARGUMENTS = 1210,
	NO_COMMON_COLLATION = 1267,
	NO_COMMON_COLLATION_OF_3 = 1270,
	NO_COMMON_COLLATION_OF_N = 1271,
	WRONG_FOR_FIELD = 1366,
	NO_GEOMETRY = 1416,
	NO_JSON = 3140,
	JSON_TOO_DEEP = 3157,
	WRONG_SRID = 3643,
	CANNOT_CONVERT = 3854,
	NO_CHARACTER_SET = 3988,
	CHECK_FAILED = 4025,
	NO_VECTOR = 6136,
};

static const char *hint_for_kind(enum column_kind kind)
{
	switch (kind) {
	case COLUMN_TEXT:
	case COLUMN_ENUM:
	case COLUMN_SET:
		return "a character of the text is not in the character set of the column";
	case COLUMN_GEOMETRY:
		return "send what a read answers: 4 bytes of SRID, little endian, then the WKB, of the column's own type";
	case COLUMN_JSON:
		return "MariaDB takes 31 levels of nesting, MySQL 100, and no number beyond a double";
	case COLUMN_BINARY:
		return "a VECTOR is its numbers as float32, little endian, one after the other";
	case COLUMN_INTEGER:
	case COLUMN_YEAR:
	case COLUMN_BIT:
	case COLUMN_DECIMAL:
	case COLUMN_FLOAT:
	case COLUMN_DOUBLE:
	case COLUMN_UUID:
	case COLUMN_DATE:
	case COLUMN_DATETIME:
	case COLUMN_TIMESTAMP:
	case COLUMN_TIME:
		break;
	}
	return NULL;
}

static const char *hint_for_number(const struct column *column, uint32_t server_errno)
{
	switch (server_errno) {
	case WRONG_ARGUMENTS:
		return "columns of this type cannot be compared so";
	case NO_COMMON_COLLATION:
	case NO_COMMON_COLLATION_OF_3:
	case NO_COMMON_COLLATION_OF_N:
	case CANNOT_CONVERT:
	case NO_CHARACTER_SET:
		return "two texts have no character set in common: mostly, a character is not in that of the column";
	case NO_GEOMETRY:
		return hint_for_kind(COLUMN_GEOMETRY);
	case WRONG_SRID:
		return "the column takes geometries of one SRID only, which stands in their first 4 bytes";
	case NO_VECTOR:
		return hint_for_kind(COLUMN_BINARY);
	case NO_JSON:
	case JSON_TOO_DEEP:
	case CHECK_FAILED:
		return hint_for_kind(COLUMN_JSON);
	case WRONG_FOR_FIELD:
		return column ? hint_for_kind(column->kind) : NULL;
	default:
		return NULL;
	}
}

void literal_hint_refused(const struct column *column, uint32_t server_errno, struct error *error)
{
	char type[ERROR_QUOTED_BYTES];
	const char *hint = hint_for_number(column, server_errno);

	if (hint)
		error_hint(error, "%s", hint);
	else if (server_errno == NO_SUCH_MEMBER && column &&
		 (column->kind == COLUMN_ENUM || column->kind == COLUMN_SET))
		error_hint(error, "the column is %s", error_quote(type, column->type));
}
