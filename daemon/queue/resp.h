/* queue/resp.h - the arguments of a command as they go on the wire (RESP2). */
#ifndef QUEUE_RESP_H
#define QUEUE_RESP_H

#include "common/buffer.h"

/* The line that begins a command of so many arguments, its name included. */
void resp_append_count(struct buffer *to, uint32_t arguments);

void resp_append(struct buffer *to, struct bytes argument);
void resp_append_uint(struct buffer *to, uint64_t argument);

/* Writes a number in decimal digits: at most 20. Returns how many. */
enum { RESP_DIGITS_MOST = 20 };
size_t resp_digits(uint64_t number, char to[RESP_DIGITS_MOST]);

#endif
