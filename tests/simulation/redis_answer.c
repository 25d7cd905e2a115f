/* tests/simulation/redis_answer.c */
#include "redis_answer.h"

#include "world.h"

void redis_answer_nil(struct redis_answer *answer)
{
	answer->reply.type = REDIS_NIL;
}

void redis_answer_integer(struct redis_answer *answer, int64_t integer)
{
	answer->reply.type = REDIS_INTEGER;
	answer->reply.integer = integer;
}

void redis_answer_blob(struct redis_answer *answer, struct blob *blob)
{
	answer->reply.type = REDIS_TEXT;
	answer->text = blob_ref(blob);
	answer->reply.text = blob_bytes(blob);
}

void redis_answer_text(struct redis_answer *answer, struct bytes text)
{
	struct blob *blob = blob_new(text);

	redis_answer_blob(answer, blob);
	blob_unref(blob);
}

void redis_answer_error(struct redis_answer *answer, const char *text)
{
	redis_answer_text(answer, bytes_of(text));
	answer->reply.type = REDIS_ERROR;
}

void redis_answer_array(struct redis_answer *answer)
{
	answer->reply.type = REDIS_ARRAY;
}

struct redis_answer *redis_answer_add(struct redis_answer *array)
{
	if (array->count == array->capacity) {
		array->capacity = array->capacity ? array->capacity * 2 : 8;
		array->elements = must_grow(array->elements, array->capacity * sizeof(*array->elements));
	}
	array->elements[array->count] = (struct redis_answer){0};
	return &array->elements[array->count++];
}

const struct redis_reply *redis_answer_reply(struct redis_answer *answer)
{
	struct redis_reply *elements;

	if (answer->reply.type != REDIS_ARRAY || answer->reply.elements)
		return &answer->reply;
	elements = must_alloc((answer->count + 1) * sizeof(*elements));
	for (uint32_t i = 0; i < answer->count; i++)
		elements[i] = answer->elements[i].reply;
	answer->reply.elements = elements;
	answer->reply.count = answer->count;
	return &answer->reply;
}

void redis_answer_clear(struct redis_answer *answer)
{
	for (uint32_t i = 0; i < answer->count; i++)
		redis_answer_clear(&answer->elements[i]);
	must_free(answer->elements);
	must_free((void *)answer->reply.elements);
	blob_unref(answer->text);
	*answer = (struct redis_answer){0};
}
