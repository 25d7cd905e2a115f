/* common/command_field.c - the table, and the names that stand in it. */
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
	{NAME("once"), FIELD_BOOL, ENVELOPE(once)},
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

const uint8_t command_fields_required[FIELDS_REQUIRED] = {7, 18, 25};

#undef NAME
#undef ENVELOPE
#undef BODY
#undef TELLS
#undef LATER

/* Where in the table the names of each size begin; those of the last size end where those of the next would begin. */
static const uint8_t first_of_size[] = {0, 0, 1, 6, 8, 14, 20, 26, 27, 31, 33, 36, 38, 40};

enum { NAME_BYTES_LARGEST = sizeof(first_of_size) - 2 };

const struct field *field_find(struct bytes name)
{
	if (name.size == 0 || name.size > NAME_BYTES_LARGEST)
		return NULL;
	for (size_t i = first_of_size[name.size]; i < first_of_size[name.size + 1]; i++) {
		const char *text = command_fields[i].name.data;

		if (text[0] == name.data[0] && memcmp(text, name.data, name.size) == 0)
			return &command_fields[i];
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
