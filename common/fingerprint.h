/* common/fingerprint.h - tells whether two commands ask for the same, however they were encoded. */
#ifndef COMMON_FINGERPRINT_H
#define COMMON_FINGERPRINT_H

#include "common/command.h"

enum { FINGERPRINT_BYTES = 32 };

/* SHA-256 over op and body in a canonical form, without the envelope: the order of a map's members, the codec, str or
 * bin, and the width of a number do not count. arena: for what is sorted. Returns 0 or -ENOMEM. */
int command_fingerprint(const struct operation *operation, struct arena *arena,
			unsigned char ret_fingerprint[FINGERPRINT_BYTES]);

#endif
