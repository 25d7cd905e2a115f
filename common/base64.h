/* common/base64.h - RFC 4648, the standard alphabet. */
#ifndef COMMON_BASE64_H
#define COMMON_BASE64_H

#include "common/buffer.h"

/* Appends data as padded base64. */
void base64_encode(struct bytes data, struct buffer *out);

/* Appends what text stands for; padding may be left out. Returns 0, or -EINVAL, with nothing appended, when text is not
 * base64. Want of memory is the buffer's failure. */
int base64_decode(struct bytes text, struct buffer *out);

#endif
