/* common/ranges.c */
#include "common/ranges.h"

#include <errno.h>
#include <stdlib.h>

int ranges_add(struct ranges *ranges, uint64_t first, uint64_t count)
{
	if (ranges->count == ranges->capacity) {
		uint32_t capacity = ranges->capacity ? ranges->capacity * 2 : 16;
		struct number_range *larger = realloc(ranges->ranges, capacity * sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		ranges->ranges = larger;
		ranges->capacity = capacity;
	}
	ranges->ranges[ranges->count++] = (struct number_range){.first = first, .count = count};
	return 0;
}

int ranges_add_all(struct ranges *ranges, const struct ranges *others)
{
	for (uint32_t i = 0; i < others->count; i++) {
		int rc = ranges_add(ranges, others->ranges[i].first, others->ranges[i].count);

		if (rc)
			return rc;
	}
	return 0;
}

static int compare_ranges(const void *left, const void *right)
{
	const struct number_range *a = left, *b = right;

	return (a->first > b->first) - (a->first < b->first);
}

void ranges_settle(struct ranges *ranges)
{
	uint32_t kept = 0;

	if (ranges->count == 0)
		return;
	qsort(ranges->ranges, ranges->count, sizeof(*ranges->ranges), compare_ranges);
	for (uint32_t i = 1; i < ranges->count; i++) {
		struct number_range *before = &ranges->ranges[kept], next = ranges->ranges[i];

		if (next.first - before->first > before->count) {
			ranges->ranges[++kept] = next;
			continue;
		}
		uint64_t reach;
		if (__builtin_add_overflow(next.first - before->first, next.count, &reach))
			reach = UINT64_MAX;
		if (reach > before->count)
			before->count = reach;
	}
	ranges->count = kept + 1;
}

/* Takes digits off the front. False when there are none, or too many for a number. */
static bool take_number(struct bytes *text, uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t digits = 0;

	for (; digits < text->size && text->data[digits] >= '0' && text->data[digits] <= '9'; digits++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(text->data[digits] - '0'), &number))
			return false;
	text->data += digits;
	text->size -= digits;
	*ret_number = number;
	return digits > 0;
}

static bool take_byte(struct bytes *text, char byte)
{
	if (text->size == 0 || text->data[0] != byte)
		return false;
	text->data++;
	text->size--;
	return true;
}

int ranges_parse(struct ranges *ranges, struct bytes text)
{
	while (text.size > 0) {
		uint64_t first, last;
		int r;

		if (!take_number(&text, &first))
			return -EINVAL;
		last = first;
		if (take_byte(&text, '-') && (!take_number(&text, &last) || last < first || last - first == UINT64_MAX))
			return -EINVAL;
		if (text.size > 0 && (!take_byte(&text, ',') || text.size == 0))
			return -EINVAL;
		r = ranges_add(ranges, first, last - first + 1);
		if (r)
			return r;
	}
	return 0;
}

bool ranges_contain(const struct ranges *ranges, uint64_t number)
{
	for (uint32_t i = 0; i < ranges->count; i++)
		if (number >= ranges->ranges[i].first && number - ranges->ranges[i].first < ranges->ranges[i].count)
			return true;
	return false;
}

void ranges_free(struct ranges *ranges)
{
	free(ranges->ranges);
	*ranges = (struct ranges){0};
}

static int compare(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* They mostly are: the order in which they were claimed is that in which they are run. */
static void sort(uint64_t *numbers, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		if (numbers[i - 1] <= numbers[i])
			continue;
		qsort(numbers, count, sizeof(*numbers), compare);
		return;
	}
}

void ranges_write(struct buffer *buffer, uint64_t *numbers, uint32_t count)
{
	uint32_t last;

	sort(numbers, count);
	for (uint32_t first = 0; first < count; first = last + 1) {
		for (last = first; last + 1 < count && numbers[last + 1] - numbers[last] <= 1;)
			last++;
		if (first > 0)
			buffer_append_byte(buffer, ',');
		buffer_append_uint(buffer, numbers[first]);
		if (numbers[last] == numbers[first])
			continue;
		buffer_append_byte(buffer, '-');
		buffer_append_uint(buffer, numbers[last]);
	}
}
