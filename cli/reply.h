/* cli/reply.h - what there is to say about replies: the error that is in one, and that none came. */
#ifndef CLI_REPLY_H
#define CLI_REPLY_H

#include "cli/arguments.h"
#include "common/buffer.h"

/* Appends the error of a reply to `out`: its code, message and hint as one line, in which no byte can do anything to a
 * terminal; or the whole of it as JSON. Of a reply without one: "no error that can be read", or null. Failure is the
 * buffer's. */
void reply_append_error(struct bytes reply, struct buffer *out);
void reply_append_error_json(struct bytes reply, struct buffer *out);

/* Says on standard error that no reply came within the timeout, and where to look. */
void reply_tell_silence(const struct arguments *arguments);

#endif
