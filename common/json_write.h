/* common/json_write.h - appends JSON scalars to a buffer. Failure is the buffer's. */
#ifndef COMMON_JSON_WRITE_H
#define COMMON_JSON_WRITE_H

#include "common/buffer.h"

/* Quoted and escaped; what is not valid UTF-8 becomes U+FFFD, byte by byte. */
void json_write_string(struct buffer *out, struct bytes text);

/* The shortest text that reads back to the same value. What JSON has no number for becomes the string "NaN", "Infinity"
 * or "-Infinity": no column holds such, only a message that somebody looks at. */
void json_write_float64(struct buffer *out, double value);
void json_write_float32(struct buffer *out, float value);

/* {"$bin": base64} */
void json_write_bin(struct buffer *out, struct bytes data);

/* {"$ext": [type, base64]} */
void json_write_extension(struct buffer *out, int8_t type, struct bytes data);

/* {"$timestamp": [seconds, nanoseconds]} */
void json_write_timestamp(struct buffer *out, int64_t seconds, uint32_t nanoseconds);

#endif
