/* cli/glance.c - see glance.h. */
#include "cli/glance.h"

#include "common/message.h"

#include <errno.h>

static struct bytes find_text(const struct value *map, struct bytes key)
{
	const struct value *found = value_find(map, key);

	return found && value_is_text(found) ? value_bytes(found) : (struct bytes){0};
}

int glance_read(struct arena *arena, struct bytes element, struct glance *ret_glance)
{
	struct glance glance = {0};

	/* It is in memory already: no size is too large to be looked at. */
	if (message_decode(arena, element, element.size, &glance.value, &glance.fault) == -ENOMEM)
		return -ENOMEM;
	if (glance.value.type == VALUE_MAP) {
		glance.op = find_text(&glance.value, BYTES("op"));
		glance.table = find_text(&glance.value, BYTES("table"));
	}
	*ret_glance = glance;
	return 0;
}
