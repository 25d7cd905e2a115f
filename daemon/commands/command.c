/* commands/command.c - see command.h. */
#include "daemon/commands/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static void print_problem(void *context, const struct options_problem *problem)
{
	(void)context;
	fprintf(stderr, "rowd: %s%s%s\n", problem->where, *problem->where ? ": " : "", problem->what);
	if (*problem->hint)
		fprintf(stderr, "      hint: %s\n", problem->hint);
}

struct options *command_load_options(const struct invocation *invocation, int *ret_status)
{
	struct options *options = NULL;
	int result = options_load(invocation->file, invocation->env_file, invocation->settings, print_problem, NULL,
				  &options);

	if (result == 0)
		return options;
	if (result != -EINVAL)
		fprintf(stderr, "rowd: %s\n", strerror(-result));
	*ret_status = result == -EINVAL ? EX_CONFIG : EX_OSERR;
	return NULL;
}

bool command_has_flag(const struct invocation *invocation, const char *flag)
{
	for (char **word = invocation->words; *word; word++) {
		if (strcmp(*word, flag) == 0)
			return true;
	}
	return false;
}

const char *command_flag_value(const char *word, const char *flag)
{
	size_t size = strlen(flag);

	return strncmp(word, flag, size) == 0 ? word + size : NULL;
}

int command_usage_error(const char *format, ...)
{
	va_list arguments;

	fputs("rowd: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs("; see rowd --help\n", stderr);
	return EX_USAGE;
}
