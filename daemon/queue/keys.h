/* queue/keys.h - the names of one queue's keys in Redis. All of them share its hash slot: {Q}:name. */
#ifndef QUEUE_KEYS_H
#define QUEUE_KEYS_H

struct queue_keys {
	char *list, *again, *workers, *owner, *dead, *paused, *stats;
	char *landing, *inflight; /* of one worker */
};

/* Fills ret_keys, freeing what was in it. Returns 0, or -ENOMEM with ret_keys untouched. */
int queue_keys_make(struct queue_keys *ret_keys, const char *list, const char *worker);
void queue_keys_free(struct queue_keys *keys);

#endif
