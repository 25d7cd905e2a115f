/* cli/text.h - JSON in, JSON out, with faults said on standard error. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include "common/arena.h"
#include "common/buffer.h"
#include "common/bytes.h"

#include <stdio.h>

enum { TEXT_BYTES = 256 << 20 };

/* Reads the stream to its end. Returns 0, or -EIO or -EFBIG after it has been said. */
int text_read_all(FILE *from, struct buffer *to);

/* Encodes one JSON text as msgpack, appended to `to`. where: what a fault's message begins with.
 * Returns 0, or a negative errno after it has been said. */
int text_encode(struct bytes json, const char *where, struct buffer *to);

/* Prints one msgpack value as a line of JSON. Returns as above. */
int text_print(struct bytes msgpack, FILE *to);

#endif
