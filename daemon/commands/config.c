/* commands/config.c - `rowd config`: what is in force and who said so. */
#include "daemon/commands/command.h"

#include <stdio.h>

static int run(const struct invocation *invocation)
{
	int status = 0;

	if (command_has_flag(invocation, "--sample")) {
		options_print_sample(stdout);
		return 0;
	}
	if (command_has_flag(invocation, "--manual")) {
		options_print_manual(stdout);
		return 0;
	}
	struct options *options = command_load_options(invocation, &status);
	if (!options)
		return status;
	options_print(options, stdout);
	options_free(options);
	return 0;
}

static const char *const flags[] = {"--sample", "--manual", NULL};

const struct subcommand config_subcommand = {
	.name = "config",
	.summary = "print the configuration in force, and where each value came from",
	.usage = "usage: rowd config [--sample | --manual]\n"
		 "\n"
		 "Prints each option in force and where it came from. Passwords are masked.\n"
		 "\n"
		 "  --sample    print a commented sample file instead\n"
		 "  --manual    print the options for the manual page, in man's macros\n",
	.flags = flags,
	.run = run,
};
