/* common/log_sink.h - where the lines of the log go. Whoever reads them, and stops reading, holds nobody up. */
#ifndef COMMON_LOG_SINK_H
#define COMMON_LOG_SINK_H

#include "common/bytes.h"

#include <stdbool.h>

/* The descriptor stays the caller's, and as it is: others may write to it, and did not ask for O_NONBLOCK. A file on a
 * disk is written as it always is. */
void log_sink_open(int descriptor);

/* Writes a line of at most PIPE_BUF bytes. Returns whether it was taken; never waits for a reader. */
bool log_sink_write(struct bytes line);

#endif
