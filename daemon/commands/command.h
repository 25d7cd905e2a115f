/* commands/command.h - what the subcommands of rowd share: how they are called, and how they read the options. */
#ifndef COMMANDS_COMMAND_H
#define COMMANDS_COMMAND_H

#include "daemon/options.h"

#include <stdbool.h>
#include <stddef.h>

/* The words of a command line, sorted; the arrays end with NULL. */
struct invocation {
	const char *file;     /* -c FILE; NULL: the standard one */
	const char *env_file; /* --env-file FILE; NULL: none */
	char **settings;      /* --section-key=value */
	char **words;         /* all others: the command's own flags and operands, in order */
};

struct subcommand {
	const char *name;    /* NULL: rowd without a subcommand */
	const char *summary; /* for `rowd --help` */
	const char *usage;   /* for `rowd NAME --help` */
	/* Its own flags, NULL-ended; one that ends in '=' takes a value, as the same word or the next one. */
	const char *const *flags;
	int (*run)(const struct invocation *invocation); /* returns the exit status */
};

extern const struct subcommand run_subcommand, check_subcommand, init_subcommand, tables_subcommand, config_subcommand;

/* Reads the options; each problem goes to standard error. Returns NULL with the exit status when there is one. */
struct options *command_load_options(const struct invocation *invocation, int *ret_status);

/* Whether a flag stands among the words. */
bool command_has_flag(const struct invocation *invocation, const char *flag);

/* The value of a word such as "--import=a=b" when it is that flag, else NULL. flag: "--import=". */
const char *command_flag_value(const char *word, const char *flag);

/* Prints "rowd: …" and returns EX_USAGE. */
int command_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
