/* queue/keys.c */
#include "daemon/queue/keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *key(const char *list, const char *name, const char *worker)
{
	char *text = NULL;

	return asprintf(&text, "{%s}:%s%s%s", list, name, worker ? ":" : "", worker ? worker : "") < 0 ? NULL : text;
}

void queue_keys_free(struct queue_keys *keys)
{
	free(keys->list);
	free(keys->again);
	free(keys->workers);
	free(keys->owner);
	free(keys->dead);
	free(keys->paused);
	free(keys->stats);
	free(keys->landing);
	free(keys->inflight);
	*keys = (struct queue_keys){0};
}

int queue_keys_make(struct queue_keys *ret_keys, const char *list, const char *worker)
{
	struct queue_keys keys = {
		.list = strdup(list),
		.again = key(list, "again", NULL),
		.workers = key(list, "workers", NULL),
		.owner = key(list, "owner", NULL),
		.dead = key(list, "dead", NULL),
		.paused = key(list, "paused", NULL),
		.stats = key(list, "stats", NULL),
		.landing = key(list, "landing", worker),
		.inflight = key(list, "inflight", worker),
	};

	if (!keys.list || !keys.again || !keys.workers || !keys.owner || !keys.dead || !keys.paused || !keys.stats ||
	    !keys.landing || !keys.inflight) {
		queue_keys_free(&keys);
		return -ENOMEM;
	}
	queue_keys_free(ret_keys);
	*ret_keys = keys;
	return 0;
}
