/* common/command_field_read.c - one function per kind of field. */
#include "common/command_field.h"

static bool fail(const struct field *field, enum error_code code, const char *problem, struct error *ret_error)
{
	error_set(ret_error, code, "`%s` %s", field->name.data, problem);
	error_hint(ret_error, "`%s` takes %s", field->name.data, field_takes(field));
	return false;
}

static bool fail_type(const struct field *field, const struct value *value, struct error *ret_error)
{
	error_set(ret_error, ERROR_BAD_MESSAGE, "`%s` is of the wrong type: %s", field->name.data,
		  value_type_name(value));
	error_hint(ret_error, "`%s` takes %s", field->name.data, field_takes(field));
	return false;
}

static bool read_version(const struct field *field, const struct value *value, struct error *ret_error)
{
	if (value->type == VALUE_INT && value->integer == 1)
		return true;
	return fail(field, ERROR_BAD_MESSAGE, "names a version of the contract that is not known", ret_error);
}

static bool read_id(const struct field *field, const struct value *value, struct value *to, struct error *ret_error)
{
	if (value_is_text(value)) {
		if (value->size < 1 || value->size > COMMAND_ID_BYTES)
			return fail(field, ERROR_BAD_VALUE, "is empty or too long", ret_error);
	} else if (value->type != VALUE_INT && value->type != VALUE_UINT) {
		return fail_type(field, value, ret_error);
	}
	*to = *value;
	return true;
}

static bool read_text(const struct field *field, const struct value *value, struct bytes *to, struct error *ret_error)
{
	if (!value_is_text(value))
		return fail_type(field, value, ret_error);
	if (field->kind == FIELD_ADDRESS && value->size == 0)
		return fail(field, ERROR_BAD_VALUE, "is empty", ret_error);
	*to = value_bytes(value);
	return true;
}

static bool read_ttl(const struct field *field, const struct value *value, uint32_t *to, struct error *ret_error)
{
	if (value->type != VALUE_INT && value->type != VALUE_UINT)
		return fail_type(field, value, ret_error);
	if (value->type == VALUE_UINT || value->integer < 1 || value->integer > COMMAND_REPLY_TTL_MS_LARGEST)
		return fail(field, ERROR_BAD_VALUE, "is out of range", ret_error);
	*to = (uint32_t)value->integer;
	return true;
}

static bool read_bool(const struct field *field, const struct value *value, bool *to, struct error *ret_error)
{
	if (value->type != VALUE_BOOL)
		return fail_type(field, value, ret_error);
	*to = value->boolean;
	return true;
}

static bool read_count(const struct field *field, const struct value *value, uint64_t *to, struct error *ret_error)
{
	int64_t least = field->kind == FIELD_COUNT_FROM_1;

	if (value->type == VALUE_UINT) {
		*to = value->unsigned_integer;
		return true;
	}
	if (value->type != VALUE_INT)
		return fail_type(field, value, ret_error);
	if (value->integer < least)
		return fail(field, ERROR_BAD_VALUE, "is out of range", ret_error);
	*to = (uint64_t)value->integer;
	return true;
}

static bool read_format(const struct field *field, const struct value *value, bool *to, struct error *ret_error)
{
	struct bytes name = value_bytes(value);

	if (!value_is_text(value))
		return fail_type(field, value, ret_error);
	if (!bytes_equal_text(name, "maps") && !bytes_equal_text(name, "arrays"))
		return fail(field, ERROR_BAD_VALUE, "is not known", ret_error);
	*to = bytes_equal_text(name, "arrays");
	return true;
}

/* size lower-case hexadecimal digits and, behind them, end; not all of the digits 0 if not_zero. */
static bool is_hex(const char *text, size_t size, char end, bool not_zero)
{
	bool zero = true;

	for (size_t i = 0; i < size; i++) {
		if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
			return false;
		zero = zero && text[i] == '0';
	}
	return (end == 0 || text[size] == end) && !(zero && not_zero);
}

/* https://www.w3.org/TR/trace-context: version-trace-parent-flags; a later version may go on behind a dash. */
static bool is_traceparent(struct bytes text)
{
	enum { SIZE = 55, TRACE = 3, PARENT = 36, FLAGS = 53, SIZE_LARGEST = 512 };

	if (text.size < SIZE || text.size > SIZE_LARGEST || bytes_starts(text, BYTES("ff")))
		return false;
	if (text.size > SIZE && (bytes_starts(text, BYTES("00")) || text.data[SIZE] != '-'))
		return false;
	return is_hex(text.data, 2, '-', false) && is_hex(text.data + TRACE, 32, '-', true) &&
	       is_hex(text.data + PARENT, 16, '-', true) && is_hex(text.data + FLAGS, 2, 0, false);
}

static bool read_traceparent(const struct field *field, const struct value *value, struct bytes *to,
			     struct error *ret_error)
{
	if (!value_is_text(value))
		return fail_type(field, value, ret_error);
	if (!is_traceparent(value_bytes(value)))
		return fail(field, ERROR_BAD_VALUE, "is no trace context", ret_error);
	*to = value_bytes(value);
	return true;
}

static bool has_text_keys(const struct value *map)
{
	uint32_t members = value_map_size(map);

	for (uint32_t i = 0; i < members; i++) {
		if (!value_is_text(&map->members[i].key))
			return false;
	}
	return true;
}

/* The same for a map and all maps in it, to a depth that the decoder has bounded. */
static bool has_text_keys_throughout(const struct value *value)
{
	if (!has_text_keys(value))
		return false;
	for (uint32_t i = 0; i < value_map_size(value); i++) {
		if (!has_text_keys_throughout(&value->members[i].value))
			return false;
	}
	for (uint32_t i = 0; value->type == VALUE_ARRAY && i < value->size; i++) {
		if (!has_text_keys_throughout(&value->items[i]))
			return false;
	}
	return true;
}

static bool read_map(const struct field *field, const struct value *value, const struct value **to,
		     struct error *ret_error)
{
	if (field->kind != FIELD_MAP && value->type == VALUE_NIL)
		return fail(field, ERROR_BAD_VALUE, "is nil", ret_error);

	bool is_scalar_key = field->kind == FIELD_KEY && value->type != VALUE_ARRAY && value->type != VALUE_EXTENSION;

	if (!value_is_map(value) && !is_scalar_key)
		return fail_type(field, value, ret_error);
	if (field->kind == FIELD_MAP && value_map_size(value) == 0)
		return fail(field, ERROR_BAD_VALUE, "is empty", ret_error);
	if (field->kind == FIELD_WHERE ? !has_text_keys_throughout(value) : !has_text_keys(value))
		return fail(field, ERROR_BAD_MESSAGE, "has a key that is no str", ret_error);
	*to = value;
	return true;
}

static bool read_rows(const struct field *field, const struct value *value, const struct value **to,
		      struct error *ret_error)
{
	const struct value *rows = value->type == VALUE_ARRAY ? value->items : value;
	uint32_t count = value->type == VALUE_ARRAY ? value->size : 1;

	if (value->type != VALUE_ARRAY && value->type != VALUE_MAP)
		return fail_type(field, value, ret_error);
	for (uint32_t i = 0; i < count; i++) {
		bool is_map = value_is_map(&rows[i]);

		if (is_map && has_text_keys(&rows[i]))
			continue;
		fail(field, ERROR_BAD_MESSAGE,
		     is_map ? "has a row with a key that is no str" : "has a row that is no map", ret_error);
		ret_error->at_row = (int32_t)i;
		return false;
	}
	*to = value;
	return true;
}

/* An array of columns; where the kind allows, a bool instead, or maps among them. */
static bool read_columns(const struct field *field, const struct value *value, const struct value **to,
			 struct error *ret_error)
{
	bool is_bool = field->kind == FIELD_COLUMNS_OR_BOOL && value->type == VALUE_BOOL;

	if (value->type != VALUE_ARRAY && !is_bool)
		return fail_type(field, value, ret_error);
	if (field->kind != FIELD_ORDER && !is_bool && value->size == 0)
		return fail(field, ERROR_BAD_VALUE, "is empty", ret_error);
	for (uint32_t i = 0; !is_bool && i < value->size; i++) {
		const struct value *item = &value->items[i];
		bool is_term = field->kind == FIELD_ORDER && item->type == VALUE_MAP && has_text_keys(item);

		if (!value_is_text(item) && !is_term)
			return fail(field, ERROR_BAD_MESSAGE, "has an item of the wrong type", ret_error);
	}
	*to = value;
	return true;
}

bool field_read(const struct field *field, const struct value *value, struct command *command, struct error *ret_error)
{
	void *to = (char *)command + field->offset;
	bool fine = true;

	switch (field->kind) {
	case FIELD_OP:
		break;
	case FIELD_VERSION:
		fine = read_version(field, value, ret_error);
		break;
	case FIELD_ID:
		fine = read_id(field, value, to, ret_error);
		break;
	case FIELD_ADDRESS:
	case FIELD_TEXT:
		fine = read_text(field, value, to, ret_error);
		break;
	case FIELD_TTL:
		fine = read_ttl(field, value, to, ret_error);
		break;
	case FIELD_ANY:
		*(struct value *)to = *value;
		break;
	case FIELD_TRACEPARENT:
		fine = read_traceparent(field, value, to, ret_error);
		break;
	case FIELD_BOOL:
		fine = read_bool(field, value, to, ret_error);
		break;
	case FIELD_FORMAT:
		fine = read_format(field, value, to, ret_error);
		break;
	case FIELD_COUNT_FROM_0:
	case FIELD_COUNT_FROM_1:
		fine = read_count(field, value, to, ret_error);
		break;
	case FIELD_KEY:
	case FIELD_MAP:
	case FIELD_WHERE:
		fine = read_map(field, value, to, ret_error);
		break;
	case FIELD_ROWS:
		fine = read_rows(field, value, to, ret_error);
		break;
	case FIELD_COLUMNS:
	case FIELD_COLUMNS_OR_BOOL:
	case FIELD_ORDER:
		fine = read_columns(field, value, to, ret_error);
		break;
	}
	if (fine && field->have_offset > 0)
		*(bool *)((char *)command + field->have_offset) = true;
	return fine;
}
