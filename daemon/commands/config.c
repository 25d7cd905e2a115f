/* commands/config.c - `rowd config`: what is in force and who said so. */
#include "daemon/commands/command.h"

#include <stdio.h>

static const char *find_operand(const struct invocation *invocation)
{
	for (char **word = invocation->words; *word; word++) {
		if (**word != '-')
			return *word;
	}
	return NULL;
}

static int run(const struct invocation *invocation)
{
	const char *operand = find_operand(invocation);
	int status = 0;

	if (operand)
		return command_usage_error("config takes no '%s'", operand);
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
