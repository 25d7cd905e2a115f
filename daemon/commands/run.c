/* commands/run.c - `rowd`: the daemon itself, in the foreground. */
#include "daemon/app.h"
#include "daemon/commands/command.h"

#include "common/log.h"

#include <unistd.h>

static int run(const struct invocation *invocation)
{
	int status = 0;

	struct options *options = command_load_options(invocation, &status);
	if (!options)
		return status;
	log_open(STDERR_FILENO, options->log_level, options->log_format);
	status = app_run(options);
	options_free(options);
	return status;
}

const struct subcommand run_subcommand = {
	.name = NULL,
	.summary = "serve the queues, in the foreground; the log goes to standard error",
	.run = run,
};
