/* queue/identity.h - the worker's id, and the proof that its predecessor is dead.
 *
 * An id is random and lasts for one incarnation of the process. It lies in a file that is locked for as long as the
 * process lives: who gets the lock knows that the worker named in the file is gone, and may recover it at once.
 *
 * It begins with a delivery mode. In each of its queues a worker goes by a name of its own: the same random part behind
 * the mode of that queue, so that whoever recovers it there knows whether the database has a word to say. */
#ifndef QUEUE_IDENTITY_H
#define QUEUE_IDENTITY_H

#include <stdbool.h>

enum { IDENTITY_BYTES = 64 };

struct identity {
	bool exactly_once;                /* some queue is delivered so */
	char id[IDENTITY_BYTES];          /* exo-… then, else alo-… */
	char predecessor[IDENTITY_BYTES]; /* empty: none, or not proven dead */
	int descriptor;                   /* of the locked file; -1: none */
};

/* directory may be NULL or unusable: that is logged, and the identity is not kept. Returns 0 or a negative errno when
 * there is no randomness. */
int identity_open(struct identity *identity, const char *directory, bool exactly_once);

/* The name by which the worker of that id goes in a queue that is delivered exactly once, or at least once. */
void identity_name(const char *id, bool exactly_once, char ret_name[IDENTITY_BYTES]);
/* Whether a name, or an id, begins with exactly-once. */
bool identity_is_exactly_once(const char *name);

/* A new id for a new incarnation; the old one becomes the predecessor, unless an older one is still to be recovered.
 * Returns 0 or a negative errno. */
int identity_renew(struct identity *identity);

/* The predecessor is recovered: the file may name this worker now. */
void identity_settle(struct identity *identity);

/* The worker has left Redis in good order: nobody needs to recover it. A predecessor that is still to be recovered
 * stays in the file. */
void identity_forget(struct identity *identity);

void identity_close(struct identity *identity);

#endif
