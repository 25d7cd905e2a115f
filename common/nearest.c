/* common/nearest.c - edit distance with swaps (Damerau-Levenshtein, each letter moved at most once). */
#include "common/nearest.h"

/* Identifiers have at most 64 characters; a longer name is nobody's slip of the finger. */
enum { NAME_BYTES = 64, FAR = 1000 };

static uint32_t allowed_distance(struct bytes name)
{
	if (name.size <= 4)
		return 1;
	return name.size <= 8 ? 2 : 3;
}

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte + 'a' - 'A') : byte;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Neither what both begin with nor what both end with adds to the distance. */
static void strip_common(struct bytes *a, struct bytes *b)
{
	while (a->size > 0 && b->size > 0 && lower(a->data[0]) == lower(b->data[0])) {
		a->data++, b->data++;
		a->size--, b->size--;
	}
	while (a->size > 0 && b->size > 0 && lower(a->data[a->size - 1]) == lower(b->data[b->size - 1]))
		a->size--, b->size--;
}

/* Three rows of the usual matrix are enough: this one, the one before, and the one before that for swaps; and of each
 * the cells at most `limit` beside the diagonal. Whoever floods rowd with unknown names has each compared with every
 * table. Returns FAR, or any distance above the limit, when it is above. */
static uint32_t distance(struct bytes a, struct bytes b, uint32_t limit)
{
	uint32_t rows[3][NAME_BYTES + 2];
	uint32_t *before = rows[0], *previous = rows[1], *current = rows[2];

	strip_common(&a, &b);
	for (size_t j = 0; j <= b.size; j++)
		previous[j] = (uint32_t)j;
	for (size_t i = 1; i <= a.size; i++) {
		size_t first = i > limit ? i - limit : 1, last = i + limit < b.size ? i + limit : b.size;
		uint32_t best = current[first - 1] = first == 1 ? (uint32_t)i : FAR;

		for (size_t j = first; j <= last; j++) {
			char from = lower(a.data[i - 1]), to = lower(b.data[j - 1]);
			uint32_t cost = previous[j - 1] + (from != to);

			cost = least(cost, least(previous[j], current[j - 1]) + 1);
			if (i > 1 && j > 1 && from == lower(b.data[j - 2]) && to == lower(a.data[i - 2]))
				cost = least(cost, before[j - 2] + (from != to));
			current[j] = cost;
			best = least(best, cost);
		}
		if (best > limit + 1) /* not even a swap leads back */
			return FAR;
		current[last + 1] = FAR;

		uint32_t *free_row = before;

		before = previous;
		previous = current;
		current = free_row;
	}
	return previous[b.size];
}

struct nearest nearest_start(struct bytes name)
{
	return (struct nearest){.name = name, .distance = FAR};
}

void nearest_offer(struct nearest *nearest, struct bytes candidate)
{
	struct bytes name = nearest->name;
	uint32_t limit = allowed_distance(name);
	size_t difference = name.size > candidate.size ? name.size - candidate.size : candidate.size - name.size;

	if (nearest->distance == 0)
		return;
	limit = least(limit, nearest->distance - 1);
	if (name.size > NAME_BYTES || candidate.size > NAME_BYTES || candidate.size == 0 || difference > limit)
		return;

	uint32_t found = distance(name, candidate, limit);

	/* A name of which nothing is left was not meant: "x" is not near "y". */
	if (found > limit || found >= candidate.size)
		return;
	nearest->best = candidate;
	nearest->distance = found;
}

struct bytes nearest_name(struct bytes name, const struct bytes *names, size_t count)
{
	struct nearest nearest = nearest_start(name);

	for (size_t i = 0; i < count; i++)
		nearest_offer(&nearest, names[i]);
	return nearest.best;
}
