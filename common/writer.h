/* common/writer.h - writes values in either codec, msgpack or JSON, with one set of calls.
 *
 * Counts are given first, since msgpack wants them there; JSON only needs the closing calls, which msgpack ignores. The
 * caller keeps both promises: as many items as announced, and a close for every open. Failure is the buffer's. */
#ifndef COMMON_WRITER_H
#define COMMON_WRITER_H

#include "common/buffer.h"
#include "common/bytes.h"
#include "common/msgpack_write.h"
#include "common/value.h"

#include <stdbool.h>
#include <stdint.h>

enum codec { CODEC_MSGPACK, CODEC_JSON };

struct writer {
	struct buffer *out;
	enum codec codec;
	bool comma; /* JSON: the next item needs a comma before it */
};

static inline void writer_init(struct writer *writer, enum codec codec, struct buffer *out)
{
	*writer = (struct writer){.out = out, .codec = codec};
}

void writer_map(struct writer *writer, uint32_t members);
void writer_map_end(struct writer *writer);
void writer_array(struct writer *writer, uint32_t items);
void writer_array_end(struct writer *writer);

/* For writer_key(). */
void writer_json_key(struct writer *writer, struct bytes key);

/* A member's key; its value is the next thing written. */
static inline void writer_key(struct writer *writer, struct bytes key)
{
	if (writer->codec == CODEC_JSON)
		writer_json_key(writer, key);
	else
		msgpack_write_str(writer->out, key);
}

void writer_nil(struct writer *writer);
void writer_bool(struct writer *writer, bool value);
void writer_int(struct writer *writer, int64_t value);
void writer_uint(struct writer *writer, uint64_t value);
void writer_float32(struct writer *writer, float value);
void writer_float64(struct writer *writer,
		    double value); /* JSON: the shortest text that reads back to the same value */
void writer_str(struct writer *writer, struct bytes text); /* JSON: invalid UTF-8 becomes U+FFFD */
void writer_bin(struct writer *writer, struct bytes data); /* JSON: {"$bin": base64} */

/* A JSON document's text: a str in msgpack, embedded as it is in JSON. MariaDB takes "1." and "\x" for JSON; nobody
 * else does, and the whole reply would be none: such a text is a string in JSON, too. */
void writer_document(struct writer *writer, struct bytes text);

/* A tree, with every type as it came. */
void writer_value(struct writer *writer, const struct value *value);

/* A value that another writer of the same codec has written: copied in as one item. */
void writer_encoded(struct writer *writer, struct bytes encoded);

#endif
