/* queue/holdings.c */
#include "daemon/queue/holdings.h"

#include "common/buffer.h"
#include "daemon/queue/resp.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Free holdings beyond this are really freed, and so is what was large. */
enum { FREE_HOLDINGS_MOST = 4096, SPARE_ANSWER_BYTES = 1024 };

/* Fresh memory costs more than what is done in it: a reply of so many bytes is not copied. As in procedure_reply.c,
 * which does not copy its rows either. */
enum { LARGE_BYTES = 64 * 1024 };

int holdings_init(struct holdings *holdings, uint32_t expected)
{
	uint32_t count = 64;

	while (count < expected && count < (1u << 24))
		count *= 2;
	struct holding **buckets = calloc(count, sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	*holdings = (struct holdings){.buckets = buckets, .bucket_count = count};
	return 0;
}

static void drop(struct holding *holding)
{
	holding_forget_answer(holding);
	free(holding->memory);
	free(holding);
}

/* Keeps the holding for another, with memory for the usual answer. */
static void put_back(struct holdings *holdings, struct holding *holding)
{
	if (holdings->free_count == FREE_HOLDINGS_MOST) {
		drop(holding);
		return;
	}
	holding_forget_answer(holding);
	holding->next_in_bucket = holdings->free;
	holdings->free = holding;
	holdings->free_count++;
}

void holdings_clear(struct holdings *holdings)
{
	for (uint32_t i = 0; holdings->count > 0 && i < holdings->bucket_count; i++) {
		while (holdings->buckets[i]) {
			struct holding *holding = holdings->buckets[i];
			holdings->buckets[i] = holding->next_in_bucket;
			holdings->count--;
			put_back(holdings, holding);
		}
	}
	holdings->bytes = 0;
}

void holdings_free(struct holdings *holdings)
{
	holdings_clear(holdings);
	while (holdings->free) {
		struct holding *holding = holdings->free;
		holdings->free = holding->next_in_bucket;
		drop(holding);
	}
	free(holdings->buckets);
	*holdings = (struct holdings){0};
}

static struct holding *take(struct holdings *holdings)
{
	struct holding *holding = holdings->free;

	if (!holding)
		return calloc(1, sizeof(*holding));
	holdings->free = holding->next_in_bucket;
	holdings->free_count--;
	return holding;
}

/* Claim numbers are consecutive: their low bits spread by themselves. */
static struct holding **bucket_of(const struct holdings *holdings, uint64_t number)
{
	return &holdings->buckets[number & (holdings->bucket_count - 1)];
}

struct holding *holdings_add(struct holdings *holdings, struct worker_queue *queue, uint64_t number, uint32_t attempts,
			     uint64_t bytes)
{
	struct holding *holding = take(holdings);
	struct holding **bucket = bucket_of(holdings, number);

	if (!holding)
		return NULL;
	*holding = (struct holding){.number = number,
				    .attempts = attempts,
				    .marker = WORKER_NO_MARKER,
				    .bytes = bytes,
				    .queue = queue,
				    .memory = holding->memory,
				    .memory_bytes = holding->memory_bytes,
				    .next_in_bucket = *bucket};
	*bucket = holding;
	holdings->count++;
	holdings->bytes += bytes;
	return holding;
}

struct holding *holdings_find(const struct holdings *holdings, uint64_t number)
{
	struct holding *holding = *bucket_of(holdings, number);

	while (holding && holding->number != number)
		holding = holding->next_in_bucket;
	return holding;
}

static void unlink_holding(struct holding *holding)
{
	struct holding_list *list = holding->list;

	if (!list)
		return;
	*(holding->previous ? &holding->previous->next : &list->first) = holding->next;
	*(holding->next ? &holding->next->previous : &list->last) = holding->previous;
	holding->previous = holding->next = NULL;
	holding->list = NULL;
	list->count--;
}

void holdings_remove(struct holdings *holdings, struct holding *holding)
{
	struct holding **place = bucket_of(holdings, holding->number);

	while (*place != holding)
		place = &(*place)->next_in_bucket;
	*place = holding->next_in_bucket;
	unlink_holding(holding);
	holdings->count--;
	holdings->bytes -= holding->bytes;
	put_back(holdings, holding);
}

void holding_move(struct holding *holding, struct holding_list *list)
{
	unlink_holding(holding);
	if (!list)
		return;
	holding->list = list;
	holding->previous = list->last;
	*(list->last ? &list->last->next : &list->first) = holding;
	list->last = holding;
	list->count++;
}

void holding_list_prepend(struct holding_list *to, struct holding_list *from)
{
	if (!from->first)
		return;
	for (struct holding *holding = from->first; holding; holding = holding->next)
		holding->list = to;
	from->last->next = to->first;
	if (to->first)
		to->first->previous = from->last;
	else
		to->last = from->last;
	to->first = from->first;
	to->count += from->count;
	*from = (struct holding_list){0};
}

struct bytes holding_field(const struct held_field *field, char to[HOLDING_FIELD_BYTES])
{
	size_t size = resp_digits(field->number, to);

	if (field->attempts > 0) {
		to[size++] = ':';
		size += resp_digits(field->attempts, to + size);
	}
	if (field->recovered)
		to[size++] = 'r';
	return (struct bytes){.data = to, .size = size};
}

struct bytes holding_field_of(const struct holding *holding, char to[HOLDING_FIELD_BYTES])
{
	const struct held_field field = {
		.number = holding->number, .attempts = holding->attempts, .recovered = holding->recovered};

	return holding_field(&field, to);
}

/* Takes digits off the front, as many as surely fit. False when there are none. */
static bool take_digits(struct bytes *text, uint64_t *ret_number)
{
	size_t digits = 0;

	*ret_number = 0;
	for (; digits < text->size && text->data[digits] >= '0' && text->data[digits] <= '9'; digits++) {
		if (digits == 18)
			return false;
		*ret_number = *ret_number * 10 + (uint64_t)(text->data[digits] - '0');
	}
	text->data += digits;
	text->size -= digits;
	return digits > 0;
}

bool holding_field_parse(struct bytes text, struct held_field *ret_field)
{
	struct held_field field = {0};
	struct bytes rest = text;
	uint64_t attempts = 0;
	char again[HOLDING_FIELD_BYTES];

	if (!take_digits(&rest, &field.number))
		return false;
	if (rest.size > 0 && rest.data[0] == ':') {
		rest = (struct bytes){.data = rest.data + 1, .size = rest.size - 1};
		if (!take_digits(&rest, &attempts) || attempts > UINT32_MAX)
			return false;
	}
	field.attempts = (uint32_t)attempts;
	field.recovered = rest.size == 1 && rest.data[0] == 'r';
	/* What is acknowledged later is what is written then. */
	if (!bytes_equal(holding_field(&field, again), text))
		return false;
	*ret_field = field;
	return true;
}

static struct bytes copy(char **to, struct bytes from)
{
	struct bytes copied = {.data = *to, .size = from.size};

	if (from.size)
		memcpy(*to, from.data, from.size);
	*to += from.size;
	return copied;
}

/* Room for an answer with so many bytes of data, zeroed but for these. Returns NULL when there is no memory. */
static struct answer *answer_room(struct holding *holding, size_t size)
{
	if (!holding->memory || holding->memory_bytes < sizeof(struct answer) + size) {
		size_t bytes = sizeof(struct answer) + size;

		if (bytes < SPARE_ANSWER_BYTES)
			bytes = SPARE_ANSWER_BYTES;
		free(holding->memory);
		holding->memory = malloc(bytes);
		holding->memory_bytes = holding->memory ? bytes : 0;
	}
	if (holding->memory)
		memset(holding->memory, 0, sizeof(*holding->memory));
	return holding->memory;
}

void holding_forget_answer(struct holding *holding)
{
	if (holding->answer)
		free(holding->answer->large);
	holding->answer = NULL;
	if (holding->memory_bytes <= SPARE_ANSWER_BYTES)
		return;
	free(holding->memory);
	holding->memory = NULL;
	holding->memory_bytes = 0;
}

/* Takes the memory of a reply, and no more of it than the reply needs. */
static void take_reply(struct answer *answer, const struct outcome *outcome)
{
	answer->large = realloc(outcome->memory->data, outcome->reply.size);
	if (!answer->large) /* it stays as it is */
		answer->large = outcome->memory->data;
	answer->reply = (struct bytes){.data = answer->large, .size = outcome->reply.size};
	*outcome->memory = (struct buffer){0};
}

int holding_answer(struct holding *holding, const struct outcome *outcome)
{
	bool large = outcome->memory && outcome->reply.size >= LARGE_BYTES;
	size_t size = outcome->channel.size + outcome->list.size + outcome->dead_error.size +
		      (large ? 0 : outcome->reply.size);
	struct answer *answer = answer_room(holding, size);

	assert(!large || outcome->reply.data == outcome->memory->data);
	if (!answer)
		return -ENOMEM;
	holding->answer = answer;
	char *to = answer->data;
	if (large)
		take_reply(answer, outcome);
	else
		answer->reply = copy(&to, outcome->reply);
	answer->channel = copy(&to, outcome->channel);
	answer->list = copy(&to, outcome->list);
	answer->error = copy(&to, outcome->dead_error);
	assert(to == answer->data + size);
	answer->list_ttl_ms = outcome->list_ttl_ms;
	if (outcome->dead && outcome->dead_reason)
		snprintf(answer->reason, sizeof(answer->reason), "%s", outcome->dead_reason);
	if (outcome->reply.size > 0 && outcome->channel.size > 0)
		answer->todo |= ANSWER_PUBLISH;
	if (outcome->reply.size > 0 && outcome->list.size > 0)
		answer->todo |= ANSWER_PUSH;
	if (outcome->dead)
		answer->todo |= ANSWER_BURY;
	return 0;
}
