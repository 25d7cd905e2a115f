/* app.h - the running daemon: the only place that knows all the others. */
#ifndef APP_H
#define APP_H

#include "daemon/options.h"

/* Serves the queues until it is told to stop (SIGTERM, SIGINT) or cannot go on. options outlives the call.
 * Returns the exit status: 0 after a complete drain, else one of <sysexits.h>; or ends the process by itself, when it
 * is told a second time or a thread cannot be waited for. */
int app_run(const struct options *options);

#endif
