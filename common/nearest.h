/* common/nearest.h - which name was probably meant. */
#ifndef COMMON_NEAREST_H
#define COMMON_NEAREST_H

#include "common/bytes.h"

#include <stdint.h>

/* Fed with candidates one by one, for names that do not lie in an array:
 *
 *   struct nearest nearest = nearest_start(name);
 *   for each candidate: nearest_offer(&nearest, candidate);
 *   if (nearest.best.size > 0) … */
struct nearest {
	struct bytes name;
	struct bytes best; /* size 0: none was near. A view of what was offered */
	uint32_t distance; /* of best */
};

struct nearest nearest_start(struct bytes name);

/* Names are near when few letters have to be put in, left out, changed or swapped with a neighbour: one for names of up
 * to 4 bytes, two up to 8, else three. Upper and lower case do not count. Of equals the first one offered stays. */
void nearest_offer(struct nearest *nearest, struct bytes candidate);

/* The nearest of an array of names, or size 0. */
struct bytes nearest_name(struct bytes name, const struct bytes *names, size_t count);

#endif
