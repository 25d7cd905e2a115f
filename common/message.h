/* common/message.h - one element of a queue, from untrusted bytes to a tree of values.
 *
 *   bytes --first byte--> msgpack ----------------------> scan --> struct value
 *                    \--> JSON --yajl--> msgpack bytes --/
 *
 * The scan (common/scan.h) trusts nothing: what is declared is held against what is there, the number of nodes and the
 * depth against the limits, before memory is taken for it; duplicate keys and trailing bytes are found. */
#ifndef COMMON_MESSAGE_H
#define COMMON_MESSAGE_H

#include "common/arena.h"
#include "common/bytes.h"
#include "common/error.h"
#include "common/value.h"
#include "common/writer.h"

/* As many values as fit in a message of 1 MiB that has something in them. A message of nothing but nils would else be a
 * tree of 16 times its size, and hold the loop while it is planned. */
enum { MESSAGE_DEPTH = 16, MESSAGE_NODES = 1 << 18 };

/* How many bytes an element may have and is still looked into, at a limit of so many. Of a larger one nobody needs more
 * than one byte above it: enough to see that it is. */
size_t message_largest_read(size_t limit_bytes);

/* JSON when the first byte that is not white space is '{': no msgpack map begins with that byte. */
enum codec message_codec(struct bytes raw);

/* Decodes one element. ret_value may point into raw, which has to outlive it.
 *
 * limit_bytes: an element above it is TOO_LARGE, whatever is in it; so is one whose tree the arena's limit does not
 * hold. Returns 0; -EBADMSG with ret_error set (BAD_MESSAGE or TOO_LARGE; the hint says what to mend); -ENOMEM. On a
 * fault that leaves the value whole (trailing bytes, a duplicate key, somewhat too large; too deep, too many or no
 * base64: nil stands there then) ret_value is what could be read all the same, so that a reply address can be found in
 * it; on any other it is nil. */
int message_decode(struct arena *arena, struct bytes raw, size_t limit_bytes, struct value *ret_value,
		   struct error *ret_error);

/* JSON to msgpack as any producer would send it: numbers that are not integers become float64 where that holds every
 * digit, else str. Returns 0, -EBADMSG with ret_error set, or -ENOMEM; failure of the buffer is the buffer's. */
int message_encode_json(struct arena *arena, struct bytes json, struct buffer *msgpack, struct error *ret_error);

/* msgpack to JSON for people: bin as {"$bin": base64}, timestamps as {"$timestamp": [seconds, nanoseconds]}, other
 * extensions as {"$ext": [type, base64]}, keys that are not texts as the string of their JSON. Returns as above. */
int message_render_json(struct arena *arena, struct bytes msgpack, struct buffer *json, struct error *ret_error);

#endif
