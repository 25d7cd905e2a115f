/* common/command_field.c */
#include "common/command_field.h"

enum {
	PING = 1u << OP_PING,
	DESCRIBE = 1u << OP_DESCRIBE,
	CREATE = 1u << OP_CREATE,
	READ = 1u << OP_READ,
	COUNT = 1u << OP_COUNT,
	EXISTS = 1u << OP_EXISTS,
	UPDATE = 1u << OP_UPDATE,
	DELETE = 1u << OP_DELETE,
	ON_ROWS = READ | COUNT | EXISTS | UPDATE | DELETE,
	ON_TABLE = DESCRIBE | CREATE | ON_ROWS,
	EVERY = (1u << OP_COUNT_OF_OPS) - 1,
};

/* Shorthands for the columns of the table, and nothing else. */
#define NAME(text)    .name = {.data = (text), .size = sizeof(text) - 1}
#define ENVELOPE(to)  .envelope = true, .offset = offsetof(struct command, to)
#define BODY(to)      .offset = offsetof(struct command, operation.to)
#define TELLS(have)   .have_offset = offsetof(struct command, operation.have)
#define LATER(by_ops) .kind = FIELD_ANY, .later_ops = (by_ops)

const struct field command_fields[FIELD_COUNT] = {
	{NAME("v"), FIELD_VERSION, .envelope = true},
	{NAME("db"), FIELD_BOOL, .ops = PING, BODY(db)},
	{NAME("id"), FIELD_ID, ENVELOPE(id)},
	{NAME("if"), LATER(UPDATE)},
	{NAME("op"), FIELD_OP, .envelope = true},
	{NAME("pk"), FIELD_KEY, .ops = ON_ROWS & ~COUNT, BODY(pk)},
	{NAME("all"), FIELD_BOOL, .ops = UPDATE | DELETE, BODY(all)},
	{NAME("set"), FIELD_MAP, .ops = UPDATE, .required_ops = UPDATE, BODY(set)},
	{NAME("lane"), LATER(EVERY)},
	{NAME("meta"), FIELD_ANY, ENVELOPE(meta)},
	{NAME("once"), LATER(EVERY)},
	{NAME("page"), FIELD_COUNT_FROM_1, .ops = READ, BODY(page), TELLS(have_page)},
	{NAME("rows"), LATER(UPDATE)},
	{NAME("with"), LATER(READ)},
	{NAME("after"), LATER(READ)},
	{NAME("first"), FIELD_BOOL, .ops = READ, BODY(first)},
	{NAME("limit"), FIELD_COUNT_FROM_0, .ops = READ, .later_ops = UPDATE | DELETE, BODY(limit), TELLS(have_limit)},
	{NAME("order"), FIELD_ORDER, .ops = READ, .later_ops = UPDATE | DELETE, BODY(order)},
	{NAME("table"), FIELD_TEXT, .ops = ON_TABLE, .required_ops = ON_TABLE, BODY(table)},
	{NAME("where"), FIELD_WHERE, .ops = ON_ROWS, BODY(where)},
	{NAME("format"), FIELD_FORMAT, .ops = READ, BODY(arrays)},
	{NAME("offset"), FIELD_COUNT_FROM_0, .ops = READ, BODY(offset), TELLS(have_offset)},
	{NAME("select"), FIELD_COLUMNS, .ops = READ, BODY(select)},
	{NAME("stream"), LATER(READ)},
	{NAME("timing"), FIELD_BOOL, ENVELOPE(timing)},
	{NAME("values"), FIELD_ROWS, .ops = CREATE, .required_ops = CREATE, BODY(values)},
	{NAME("dry_run"), LATER(EVERY)},
	{NAME("deadline"), LATER(EVERY)},
	{NAME("distinct"), FIELD_BOOL, .ops = READ, BODY(distinct)},
	{NAME("reply_to"), FIELD_ADDRESS, ENVELOPE(reply_to)},
	{NAME("required"), FIELD_BOOL, .ops = READ | UPDATE | DELETE, BODY(required)},
	{NAME("page_size"), FIELD_COUNT_FROM_1, .ops = READ, BODY(page_size)},
	{NAME("returning"), FIELD_COLUMNS_OR_BOOL, .ops = CREATE | UPDATE | DELETE, BODY(returning)},
	{NAME("not_before"), LATER(EVERY)},
	{NAME("reply_list"), FIELD_ADDRESS, ENVELOPE(reply_list)},
	{NAME("timeout_ms"), LATER(EVERY)},
	{NAME("on_conflict"), LATER(CREATE)},
	{NAME("traceparent"), FIELD_TRACEPARENT, ENVELOPE(traceparent)},
	{NAME("max_affected"), LATER(UPDATE | DELETE)},
	{NAME("reply_ttl_ms"), FIELD_TTL, ENVELOPE(reply_ttl_ms)},
};

#undef NAME
#undef ENVELOPE
#undef BODY
#undef TELLS
#undef LATER

static int compare(struct bytes a, struct bytes b)
{
	if (a.size != b.size)
		return a.size < b.size ? -1 : 1;
	return memcmp(a.data, b.data, a.size);
}

const struct field *field_find(struct bytes name)
{
	size_t low = 0, high = FIELD_COUNT;

	if (name.size == 0)
		return NULL;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = compare(name, command_fields[middle].name);

		if (order == 0)
			return &command_fields[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const char *field_takes(const struct field *field)
{
	switch (field->kind) {
	case FIELD_OP:
	case FIELD_TEXT:
		return "a str";
	case FIELD_VERSION:
		return "the int 1";
	case FIELD_ID:
		return "a str of 1 to 128 bytes or an int";
	case FIELD_ADDRESS:
		return "a str that is not empty";
	case FIELD_TTL:
		return "an int of 1 to 3600000";
	case FIELD_ANY:
		return "anything";
	case FIELD_TRACEPARENT:
		return "a W3C trace context, like 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	case FIELD_BOOL:
		return "a bool";
	case FIELD_COUNT_FROM_0:
		return "an int of 0 or more";
	case FIELD_COUNT_FROM_1:
		return "an int of 1 or more";
	case FIELD_KEY:
		return "the key's value, or a map from column to value; never nil";
	case FIELD_MAP:
		return "a map from column to value that is not empty";
	case FIELD_WHERE:
		return "a map from column to condition; never nil";
	case FIELD_ROWS:
		return "a map from column to value, or an array of such maps";
	case FIELD_COLUMNS:
		return "an array of columns that is not empty";
	case FIELD_COLUMNS_OR_BOOL:
		return "a bool, or an array of columns that is not empty";
	case FIELD_FORMAT:
		return "\"maps\" or \"arrays\"";
	case FIELD_ORDER:
		return "an array of \"column\", \"-column\" or {\"col\": \"column\", \"desc\": bool, \"nulls\": \"first\"}";
	}
	return "";
}

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

/* --- one function per kind ---------------------------------------------------------------------------------------- */

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
