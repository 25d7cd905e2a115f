/* queue/identity.h - the worker's id, and the proof that its predecessor is dead.
 *
 * An id is random and lasts for one incarnation of the process. It lies in a file that is locked for as long as the
 * process lives: who gets the lock knows that the worker named in the file is gone, and may recover it at once. */
#ifndef QUEUE_IDENTITY_H
#define QUEUE_IDENTITY_H

enum { IDENTITY_BYTES = 64 };

struct identity {
	char id[IDENTITY_BYTES];
	char predecessor[IDENTITY_BYTES]; /* empty: none, or not proven dead */
	int descriptor;                   /* of the locked file; -1: none */
};

/* directory may be NULL or unusable: that is logged, and the identity is not kept. Returns 0 or a negative errno when
 * there is no randomness. */
int identity_open(struct identity *identity, const char *directory);

/* A new id for a new incarnation; the old one becomes the predecessor, unless an older one is still to be recovered.
 * Returns 0 or a negative errno. */
int identity_renew(struct identity *identity);

/* The predecessor is recovered: the file may name this worker now. */
void identity_settle(struct identity *identity);

/* The worker has left Redis in good order: nobody needs to recover it. */
void identity_forget(struct identity *identity);

void identity_close(struct identity *identity);

#endif
