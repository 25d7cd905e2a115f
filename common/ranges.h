/* common/ranges.h - sets of numbers that are mostly consecutive: "7-518,520". */
#ifndef COMMON_RANGES_H
#define COMMON_RANGES_H

#include "common/buffer.h"
#include "common/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/* The numbers from first to first + count - 1. */
struct number_range {
	uint64_t first, count;
};

/* Starts out zeroed: the empty set. The memory is the owner's. */
struct ranges {
	struct number_range *ranges;
	uint32_t count, capacity;
};

/* Adds a range; it may overlap others. Returns 0 or -ENOMEM. */
int ranges_add(struct ranges *ranges, uint64_t first, uint64_t count);

/* Adds what the text says: numbers and ranges "first-last", separated by commas; empty: none. Returns 0, -ENOMEM, or
 * -EINVAL when it is no such text (what stood before the fault was added). */
int ranges_parse(struct ranges *ranges, struct bytes text);

/* Adds another set. Returns 0 or -ENOMEM. */
int ranges_add_all(struct ranges *ranges, const struct ranges *others);

/* Sorts them, and joins those that overlap or follow each other. */
void ranges_settle(struct ranges *ranges);

/* Looks through all of them. */
bool ranges_contain(const struct ranges *ranges, uint64_t number);

void ranges_free(struct ranges *ranges);

/* Sorts the numbers, and writes them as ranges_parse() reads them. */
void ranges_write(struct buffer *buffer, uint64_t *numbers, uint32_t count);

#endif
