/* common/fingerprint.c */
#include "common/fingerprint.h"

#include "common/buffer.h"
#include "common/number.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <openssl/evp.h>
#include <stdlib.h>

/* A command's canonical form is about as long as the command; what its numbers grow by is little. */
enum { CANONICAL_BYTES_MOST = INT_MAX };

struct canonical {
	struct buffer out;
	struct arena *arena;
	bool no_memory;
};

static void append(struct canonical *canonical, const struct value *value);

/* Kind and size in front: no two trees have the same text. */
static void append_head(struct canonical *canonical, char kind, uint64_t size)
{
	buffer_append_byte(&canonical->out, kind);
	buffer_append_uint(&canonical->out, size);
	buffer_append_byte(&canonical->out, ':');
}

static void append_text(struct canonical *canonical, char kind, struct bytes text)
{
	append_head(canonical, kind, text.size);
	buffer_append(&canonical->out, text);
}

/* NaN and the infinities have no place in a table, but in a command that is still to be refused, and in `meta`. */
static void append_real(struct canonical *canonical, double number)
{
	char text[NUMBER_TEXT_BYTES];

	if (!isfinite(number)) {
		append_text(canonical, 'd', bytes_of(isnan(number) ? "nan" : number > 0 ? "inf" : "-inf"));
		return;
	}
	append_text(canonical, 'd', number_from_float64(number, text));
}

/* JSON's numbers come as texts; where a double holds one without loss, msgpack would have sent that. */
static void append_number(struct canonical *canonical, struct bytes text)
{
	double number;

	if (number_to_float64(text, &number))
		append_real(canonical, number);
	else
		append_text(canonical, 'D', text);
}

static int compare_keys(const void *left, const void *right)
{
	const struct member *const *a = left, *const *b = right;
	struct bytes key_a = value_bytes(&(*a)->key), key_b = value_bytes(&(*b)->key);
	size_t shorter = key_a.size < key_b.size ? key_a.size : key_b.size;
	int order = shorter > 0 ? memcmp(key_a.data, key_b.data, shorter) : 0;

	return order ? order : (key_a.size > key_b.size) - (key_a.size < key_b.size);
}

static void append_map(struct canonical *canonical, const struct value *map)
{
	const struct member **members = arena_alloc_array(canonical->arena, map->size + 1u, sizeof(struct member *));

	if (!members) {
		canonical->no_memory = true;
		return;
	}
	for (uint32_t i = 0; i < map->size; i++)
		members[i] = &map->members[i];
	qsort(members, map->size, sizeof(struct member *), compare_keys);
	append_head(canonical, 'm', map->size);
	for (uint32_t i = 0; i < map->size; i++) {
		append(canonical, &members[i]->key);
		append(canonical, &members[i]->value);
	}
}

static void append(struct canonical *canonical, const struct value *value)
{
	struct buffer *out = &canonical->out;

	switch (value->type) {
	case VALUE_NIL:
		buffer_append_byte(out, 'n');
		break;
	case VALUE_BOOL:
		buffer_append_byte(out, value->boolean ? 't' : 'f');
		break;
	case VALUE_INT:
		buffer_append_byte(out, 'i');
		buffer_append_int(out, value->integer);
		buffer_append_byte(out, ':');
		break;
	case VALUE_UINT:
		append_head(canonical, 'i', value->unsigned_integer);
		break;
	case VALUE_FLOAT32:
	case VALUE_FLOAT64:
		append_real(canonical, value->real);
		break;
	case VALUE_NUMBER:
		append_number(canonical, value_bytes(value));
		break;
	case VALUE_STR:
	case VALUE_BIN:
		append_text(canonical, 's', value_bytes(value));
		break;
	case VALUE_EXTENSION:
		append_head(canonical, 'x', (uint8_t)value->extension);
		append_text(canonical, 's', value_bytes(value));
		break;
	case VALUE_TIMESTAMP:
		append_head(canonical, 'T', value->size);
		buffer_append_int(out, value->integer);
		buffer_append_byte(out, ':');
		break;
	case VALUE_ARRAY:
		append_head(canonical, 'a', value->size);
		for (uint32_t i = 0; i < value->size; i++)
			append(canonical, &value->items[i]);
		break;
	case VALUE_MAP:
		append_map(canonical, value);
		break;
	}
}

static void append_field(struct canonical *canonical, char field, const struct value *value)
{
	buffer_append_byte(&canonical->out, field);
	if (value)
		append(canonical, value);
}

static void append_operation(struct canonical *canonical, const struct operation *operation)
{
	append_text(canonical, 'o', bytes_of(op_name(operation->op)));
	append_text(canonical, 's', operation->table);
	append_field(canonical, 'k', operation->pk);
	append_field(canonical, 'w', operation->where);
	append_field(canonical, 'v', operation->values);
	append_field(canonical, 'S', operation->set);
	append_field(canonical, 'c', operation->select);
	append_field(canonical, 'O', operation->order);
	append_field(canonical, 'r', operation->returning);
	buffer_append_byte(&canonical->out, operation->all ? 'A' : '-');
	buffer_append_byte(&canonical->out, operation->required ? 'R' : '-');
}

int command_fingerprint(const struct operation *operation, struct arena *arena,
			unsigned char ret_fingerprint[FINGERPRINT_BYTES])
{
	struct canonical canonical = {.arena = arena};
	struct bytes text;
	bool failed;

	buffer_init(&canonical.out, CANONICAL_BYTES_MOST);
	append_operation(&canonical, operation);
	failed = canonical.no_memory || buffer_failed(&canonical.out);
	text = buffer_bytes(&canonical.out);
	failed = failed || EVP_Digest(text.data, text.size, ret_fingerprint, NULL, EVP_sha256(), NULL) != 1;
	buffer_free(&canonical.out);
	return failed ? -ENOMEM : 0;
}
