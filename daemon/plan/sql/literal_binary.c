/* plan/sql/literal_binary.c - literals for BINARY, VARBINARY and BLOB, for GEOMETRY, and for types that are not known.
 */
#include "daemon/plan/sql/literal.h"

#include <errno.h>

/* A geometry as both servers keep it: the number of its reference system in 4 bytes, then well-known binary, which
 * begins with its byte order and its type. */
enum { GEOMETRY_BYTE_ORDER = 4, GEOMETRY_TYPE = 5, GEOMETRY_HEADER_BYTES = 9, GEOMETRY_TYPES = 7 };

static bool looks_like_geometry(struct bytes data)
{
	const unsigned char *bytes = (const unsigned char *)data.data;
	uint32_t type;

	if (data.size < GEOMETRY_HEADER_BYTES || bytes[GEOMETRY_BYTE_ORDER] > 1)
		return false;
	bytes += GEOMETRY_TYPE;
	if (data.data[GEOMETRY_BYTE_ORDER] == 1)
		type = (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
	else
		type = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
	return type >= 1 && type <= GEOMETRY_TYPES;
}

static int refuse_geometry(struct compiler *compiler, const struct column *column)
{
	compiler_refuse(compiler, ERROR_BAD_VALUE, column, "this is no geometry in the form of the server");
	error_hint(compiler->error, "send what a read answers: 4 bytes of SRID, little endian, then the WKB");
	return -EINVAL;
}

/* BINARY(n) is filled up with zeros when it is stored, but not when it is compared. */
static void fill_up(struct compiler *compiler, const struct column *column, size_t size, enum literal_use use)
{
	if (buffer_failed(compiler->out))
		return;
	compiler->out->size--;
	for (uint64_t i = size; i < column->max_length; i++)
		buffer_append_text(compiler->out, "00");
	buffer_append_byte(compiler->out, '\'');
	if (use == LITERAL_STORE)
		compiler_warn(compiler, column, "filled up with zero bytes to the length of the column");
}

int literal_append_binary(struct compiler *compiler, const struct column *column, const struct value *value,
			  enum literal_use use)
{
	struct bytes data = value_bytes(value);

	if (!value_is_text(value))
		return literal_refuse_type(compiler, column, value);
	if (column->kind == COLUMN_GEOMETRY && !looks_like_geometry(data))
		return refuse_geometry(compiler, column);
	if (use == LITERAL_STORE && column->max_length > 0 && data.size > column->max_length)
		return compiler_refuse(compiler, ERROR_DATA_TOO_LONG, column, "%zu bytes, and the column holds %llu",
				       data.size, (unsigned long long)column->max_length);
	literal_append_hexadecimal(compiler->out, data);
	if (column->is_fixed_length && data.size < column->max_length)
		fill_up(compiler, column, data.size, use);
	return 0;
}
