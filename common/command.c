/* common/command.c - from a decoded message to a command, driven by the table of fields.
 *
 * Everything that is wrong is wrong whatever the order of the map's keys: fields are checked in the order of the table,
 * not in that of the message. */
#include "common/command.h"

#include "common/command_field.h"
#include "common/command_together.h"
#include "common/nearest.h"
#include "common/utf8.h"

#include <errno.h>

_Static_assert(FIELD_COUNT <= 64, "a set of fields is one word");

/* The members of a message, by field. */
struct given {
	uint64_t envelope, body; /* bit i: values[i] stands, and is of that part; the others are not initialised */
	const struct value *values[FIELD_COUNT];
	const struct value *op;      /* NULL: not given */
	const struct value *unknown; /* the first key that is no field's name; NULL: none */
};

/* Operations of the contract that this version does not have. */
static const struct bytes later_ops[] = {
	{.data = "aggregate", .size = 9},
	{.data = "sql", .size = 3},
	{.data = "tx", .size = 2},
};

/* Whether nil is a value of its own: a nil key must never mean "all". */
static bool takes_nil(const struct field *field)
{
	return field->kind == FIELD_KEY || field->kind == FIELD_WHERE;
}

static void collect(const struct value *message, struct given *ret_given)
{
	ret_given->envelope = ret_given->body = 0;
	ret_given->op = NULL;
	ret_given->unknown = NULL;
	for (uint32_t i = 0; i < value_map_size(message); i++) {
		const struct member *member = &message->members[i];
		const struct field *field = value_is_text(&member->key) ? field_find(value_bytes(&member->key)) : NULL;

		if (!field) {
			if (!ret_given->unknown)
				ret_given->unknown = &member->key;
			continue;
		}
		if (member->value.type == VALUE_NIL && !takes_nil(field))
			continue;

		uint64_t *part = field->envelope ? &ret_given->envelope : &ret_given->body;
		uint64_t bit = 1ull << (field - command_fields);

		/* In a message that failed for it a key can stand twice: the first one counts. */
		if (*part & bit)
			continue;
		*part |= bit;
		ret_given->values[field - command_fields] = &member->value;
		if (field->kind == FIELD_OP)
			ret_given->op = &member->value;
	}
}

/* The next field of the set, which is not empty; takes it out. */
static uint32_t take_field(uint64_t *fields)
{
	uint32_t index = (uint32_t)__builtin_ctzll(*fields);

	*fields &= *fields - 1;
	return index;
}

/* Reads all fields of the envelope that can be read. False with the first fault in ret_error. */
static bool read_envelope(const struct given *given, struct command *command, struct error *ret_error)
{
	struct error *error = ret_error;
	bool fine = true;

	for (uint64_t fields = given->envelope; fields;) {
		uint32_t index = take_field(&fields);
		struct error further; /* than the first: nobody is told */

		if (!field_read(&command_fields[index], given->values[index], command, fine ? error : &further))
			fine = false;
	}
	return fine;
}

static bool resolve_op(const struct given *given, struct command *command, struct error *ret_error)
{
	char quoted[ERROR_QUOTED_BYTES];

	if (!given->op) {
		error_set(ret_error, ERROR_MISSING_FIELD, "`op` is missing");
		error_hint(ret_error, "`op` says what to do: create, read, update, delete, …");
		return false;
	}
	if (!value_is_text(given->op)) {
		error_set(ret_error, ERROR_BAD_MESSAGE, "`op` is of the wrong type: %s", value_type_name(given->op));
		error_hint(ret_error, "`op` takes a str");
		return false;
	}

	struct bytes name = value_bytes(given->op);

	/* The echo is a str, and so has to be a text. */
	if (utf8_valid(name))
		command->op_name = name;
	command->operation.op = op_find(name);
	if (command->operation.op != OP_NONE)
		return true;

	error_set(ret_error, ERROR_UNKNOWN_OP, "there is no op `%s`", error_quote(quoted, name));
	struct nearest nearest = nearest_start(name);

	for (size_t i = 0; i < sizeof(later_ops) / sizeof(*later_ops); i++) {
		if (bytes_equal(name, later_ops[i])) {
			error_hint(ret_error, "not in this version");
			return false;
		}
	}
	for (enum op op = OP_NONE + 1; op < OP_COUNT_OF_OPS; op++)
		nearest_offer(&nearest, bytes_of(op_name(op)));
	if (nearest.best.size > 0)
		error_hint(ret_error, "`%s`: did you mean `%.*s`?", quoted, BYTES_ARG(nearest.best));
	return false;
}

/* The op takes no field of this name. known: the field, when other ops do. */
static void fail_unknown(enum op op, struct bytes name, const struct field *known, struct error *ret_error)
{
	uint32_t bit = 1u << op;
	char quoted[ERROR_QUOTED_BYTES];
	struct nearest nearest = nearest_start(name);

	error_quote(quoted, name);
	error_set(ret_error, ERROR_UNKNOWN_FIELD, "%s takes no field `%s`", op_name(op), quoted);
	if (known && known->later_ops & bit) {
		error_hint(ret_error, "not in this version");
		return;
	}
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (command_fields[i].envelope || command_fields[i].ops & bit)
			nearest_offer(&nearest, command_fields[i].name);
	}
	if (nearest.best.size > 0)
		error_hint(ret_error, "`%s`: did you mean `%.*s`?", quoted, BYTES_ARG(nearest.best));
	else if (known && known->ops)
		error_hint(ret_error, "`%s` is a field of %s", quoted, op_name((enum op)__builtin_ctz(known->ops)));
	else
		error_hint(ret_error, "leave `%s` out", quoted);
}

static bool read_body(const struct given *given, struct command *command, struct error *ret_error)
{
	uint32_t bit = 1u << command->operation.op;

	if (given->unknown && !value_is_text(given->unknown)) {
		error_set(ret_error, ERROR_BAD_MESSAGE, "a field's name is of the wrong type: %s",
			  value_type_name(given->unknown));
		error_hint(ret_error, "the names of fields are str");
		return false;
	}
	if (given->unknown) {
		fail_unknown(command->operation.op, value_bytes(given->unknown), NULL, ret_error);
		return false;
	}
	for (uint64_t fields = given->body; fields;) {
		uint32_t index = take_field(&fields);
		const struct field *field = &command_fields[index];

		if (!(field->ops & bit)) {
			fail_unknown(command->operation.op, field->name, field, ret_error);
			return false;
		}
		if (!field_read(field, given->values[index], command, ret_error))
			return false;
	}
	for (size_t i = 0; i < FIELDS_REQUIRED; i++) {
		const struct field *field = &command_fields[command_fields_required[i]];

		if (!(field->required_ops & bit) || given->body & 1ull << command_fields_required[i])
			continue;
		error_set(ret_error, ERROR_MISSING_FIELD, "`%s` is missing", field->name.data);
		error_hint(ret_error, "%s needs `%s`: %s", op_name(command->operation.op), field->name.data,
			   field_takes(field));
		return false;
	}
	return true;
}

/* `once` names the command by its id, and only what has effects can have them once. */
static bool check_once(const struct command *command, struct error *ret_error)
{
	if (!command->once)
		return true;
	if (!op_writes(command->operation.op)) {
		error_set(ret_error, ERROR_BAD_VALUE, "`once` does not go with %s", op_name(command->operation.op));
		error_hint(ret_error, "`once` is for writes: leave it out, since to read again changes nothing");
		return false;
	}
	if (command->id.type == VALUE_NIL) {
		error_set(ret_error, ERROR_BAD_VALUE, "`once` needs an `id`");
		error_hint(ret_error, "give an `id` that no other command of this queue has, and repeat it with the "
				      "command");
		return false;
	}
	return true;
}

int command_decode(struct arena *arena, struct bytes raw, size_t limit_bytes, struct command *ret_command,
		   struct error *ret_error)
{
	struct value message;
	struct given given;

	*ret_command = (struct command){.codec = message_codec(raw), .reply_ttl_ms = COMMAND_REPLY_TTL_MS};

	int status = message_decode(arena, raw, limit_bytes, &message, ret_error);

	if (status == -ENOMEM)
		return -ENOMEM;
	collect(&message, &given);
	if (status != 0) {
		struct error further; /* the message's own fault is the one that is told */

		read_envelope(&given, ret_command, &further);
		resolve_op(&given, ret_command, &further);
		/* It would not be untouched: what is nested too deeply has been left out. And it may be the very part
		 * that nobody can decode. */
		ret_command->meta = (struct value){.type = VALUE_NIL};
		/* JSON could tell it only changed, and then it would be somebody else's. */
		if (ret_command->codec == CODEC_JSON && value_is_text(&ret_command->id) &&
		    !utf8_valid(value_bytes(&ret_command->id)))
			ret_command->id = (struct value){.type = VALUE_NIL};
		return -EBADMSG;
	}
	if (!value_is_map(&message)) {
		error_set(ret_error, ERROR_BAD_MESSAGE, "a command is a map, not: %s", value_type_name(&message));
		error_hint(ret_error, "push a msgpack map, or JSON that begins with {");
		return -EBADMSG;
	}

	/* In this order, so that the op is known to the reply although the envelope has a fault. */
	bool fine = read_envelope(&given, ret_command, ret_error);
	struct error further;

	if (!resolve_op(&given, ret_command, fine ? ret_error : &further) || !fine)
		return -EBADMSG;
	if (!read_body(&given, ret_command, ret_error) || !command_check_together(&ret_command->operation, ret_error) ||
	    !check_once(ret_command, ret_error))
		return -EBADMSG;
	return 0;
}
