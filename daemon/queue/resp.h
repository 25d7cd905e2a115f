/* queue/resp.h - an argument of a command, as it goes on the wire. */
#ifndef QUEUE_RESP_H
#define QUEUE_RESP_H

#include "common/buffer.h"

static inline void resp_append(struct buffer *to, struct bytes argument)
{
	buffer_append_byte(to, '$');
	buffer_append_uint(to, argument.size);
	buffer_append(to, BYTES("\r\n"));
	buffer_append(to, argument);
	buffer_append(to, BYTES("\r\n"));
}

static inline void resp_append_uint(struct buffer *to, uint64_t argument)
{
	uint64_t rest = argument;
	uint32_t digits = 1;

	for (; rest > 9; rest /= 10)
		digits++;
	buffer_append_byte(to, '$');
	buffer_append_uint(to, digits);
	buffer_append(to, BYTES("\r\n"));
	buffer_append_uint(to, argument);
	buffer_append(to, BYTES("\r\n"));
}

#endif
