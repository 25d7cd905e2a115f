/* cli/bench/load.c - see load.h. */
#include "cli/bench/load.h"

#include "common/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* "7f3a9c01-000000000042": the tag cannot occur in a reply by chance. */
enum { TAG_CHARACTERS = 8, NUMBER_DIGITS = 12, ID_CHARACTERS = TAG_CHARACTERS + 1 + NUMBER_DIGITS };

/* How far from its start a reply's id is looked for: rowd writes it second. */
enum { ID_WITHIN_BYTES = 256 };

/* The name of a row's species, its age and so on only have to differ a little. */
enum { AGES = 20, HUNDRED = 100 };

/* A prime: the keys come in no order, and all of them before one comes again. */
static const uint64_t key_stride = 7919;

static const char *const kind_names[] = {[LOAD_CREATE] = "create", [LOAD_READ] = "read", [LOAD_MIXED] = "mixed"};

bool load_find(const char *name, enum load_kind *ret_kind)
{
	for (size_t i = 0; i < sizeof(kind_names) / sizeof(*kind_names); i++) {
		if (strcmp(name, kind_names[i]) != 0)
			continue;
		*ret_kind = (enum load_kind)i;
		return true;
	}
	return false;
}

enum action { ACTION_CREATE, ACTION_CREATE_AGAIN, ACTION_READ, ACTION_UPDATE, ACTION_DELETE };

/* Spread evenly: 37 and 100 have no common divisor. */
static enum action mixed_action(uint64_t number)
{
	uint64_t of_hundred = number * 37 % HUNDRED;

	if (of_hundred < 50)
		return ACTION_READ;
	if (of_hundred < 74)
		return ACTION_CREATE;
	if (of_hundred < 75)
		return ACTION_CREATE_AGAIN;
	return of_hundred < 95 ? ACTION_UPDATE : ACTION_DELETE;
}

static enum action action_of(const struct load *load, uint64_t number)
{
	switch (load->kind) {
	case LOAD_CREATE:
		return ACTION_CREATE;
	case LOAD_READ:
		return ACTION_READ;
	case LOAD_MIXED:
		break;
	}
	return mixed_action(number);
}

static void text(struct writer *writer, const char *key, const char *value)
{
	writer_key(writer, bytes_of(key));
	writer_str(writer, bytes_of(value));
}

static void append_values(const struct load *load, uint64_t number, bool again, struct writer *writer)
{
	char name[32];

	snprintf(name, sizeof(name), "name%" PRIu64, number);
	writer_key(writer, BYTES("values"));
	writer_map(writer, again ? 4 : 3);
	if (again) {
		/* Of the last quarter, where nothing is deleted. */
		writer_key(writer, BYTES("id"));
		writer_uint(writer, load->keys - number % (load->keys / 4 + 1));
	}
	text(writer, "species", "cat");
	writer_key(writer, BYTES("age"));
	writer_uint(writer, number % AGES);
	text(writer, "name", name);
	writer_map_end(writer);
}

static void append_key(uint64_t key, struct writer *writer)
{
	writer_key(writer, BYTES("pk"));
	writer_uint(writer, key);
}

static void append_set(uint64_t number, struct writer *writer)
{
	writer_key(writer, BYTES("set"));
	writer_map(writer, 1);
	writer_key(writer, BYTES("age"));
	writer_uint(writer, number % AGES);
	writer_map_end(writer);
}

void load_append(const struct load *load, uint64_t number, struct buffer *out)
{
	static const char *const ops[] = {[ACTION_CREATE] = "create",
					  [ACTION_CREATE_AGAIN] = "create",
					  [ACTION_READ] = "read",
					  [ACTION_UPDATE] = "update",
					  [ACTION_DELETE] = "delete"};
	enum action action = action_of(load, number);
	uint64_t key = number * key_stride % load->keys + 1;
	char id[ID_CHARACTERS + 1];
	struct writer writer;

	snprintf(id, sizeof(id), "%08" PRIx32 "-%012" PRIu64, load->tag, number);
	writer_init(&writer, CODEC_MSGPACK, out);
	writer_map(&writer, action == ACTION_UPDATE ? 6 : 5);
	text(&writer, "id", id);
	text(&writer, "op", ops[action]);
	text(&writer, "table", load->tables[number % load->table_count]);
	text(&writer, "reply_to", load->reply_to);
	switch (action) {
	case ACTION_CREATE:
	case ACTION_CREATE_AGAIN:
		append_values(load, number, action == ACTION_CREATE_AGAIN, &writer);
		break;
	case ACTION_READ:
		append_key(key, &writer);
		break;
	case ACTION_UPDATE:
		append_key(key, &writer);
		append_set(number, &writer);
		break;
	case ACTION_DELETE:
		append_key(key / 2 + 1, &writer);
		break;
	}
	writer_map_end(&writer);
}

/* "ok": true and "row": nil, as msgpack has them. */
static enum load_answer answer_of(struct bytes reply)
{
	if (!memmem(reply.data, reply.size, "\xa2ok\xc3", 4))
		return LOAD_FAILED;
	return memmem(reply.data, reply.size, "\xa3row\xc0", 5) ? LOAD_MISSED : LOAD_DONE;
}

uint64_t load_number(const struct load *load, struct bytes reply, enum load_answer *ret_answer)
{
	char tag[TAG_CHARACTERS + 2], digits[NUMBER_DIGITS + 1];
	size_t within = reply.size < ID_WITHIN_BYTES ? reply.size : ID_WITHIN_BYTES;
	const char *found;

	snprintf(tag, sizeof(tag), "%08" PRIx32 "-", load->tag);
	found = memmem(reply.data, within, tag, TAG_CHARACTERS + 1);
	if (!found || found + ID_CHARACTERS > reply.data + reply.size)
		return UINT64_MAX;
	memcpy(digits, found + TAG_CHARACTERS + 1, NUMBER_DIGITS);
	digits[NUMBER_DIGITS] = '\0';
	*ret_answer = answer_of(reply);
	return strtoull(digits, NULL, 10);
}
