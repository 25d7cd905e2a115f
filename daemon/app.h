/* app.h - the running daemon: the only place that knows all the others. */
#ifndef APP_H
#define APP_H

#include "daemon/options.h"

/* Serves the queues until it is told to stop (SIGTERM, SIGINT) or cannot go on. options outlives the call.
 * Returns the exit status: 0 after a complete drain, else one of <sysexits.h>. */
int app_run(const struct options *options);

#endif
