/* commands/check.c - `rowd check`: would it run, and would it keep its promises? */
#include "daemon/commands/command.h"
#include "daemon/commands/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

void finding_add(struct findings *findings, enum finding_level level, const char *where, const char *hint,
		 const char *format, ...)
{
	static const char *const names[] = {"fine", "note", "warning", "error", "error"};
	va_list arguments;

	findings->count[level]++;
	printf("%-8s %s: ", names[level], where);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	if (*hint)
		printf("         hint: %s\n", hint);
}

static int run(const struct invocation *invocation)
{
	struct findings findings = {0};
	int status = 0;

	if (invocation->words[0])
		return command_usage_error("check takes no '%s'", invocation->words[0]);
	struct options *options = command_load_options(invocation, &status);
	if (!options)
		return status;
	finding_add(&findings, FINDING_FINE, "configuration", "", "complete, %u queue%s", options->queue_count,
		    options->queue_count == 1 ? "" : "s");
	check_redis(options, &findings);
	check_database(options, &findings);
	options_free(options);
	if (findings.count[FINDING_UNREACHABLE] > 0)
		return EX_UNAVAILABLE;
	return findings.count[FINDING_WRONG] > 0 ? EX_CONFIG : 0;
}

const struct subcommand check_subcommand = {
	.name = "check",
	.summary = "read the configuration, try both servers, list every finding",
	.usage = "usage: rowd check [-c FILE] [--env-file FILE] [--section-key=value ...]\n"
		 "\n"
		 "Reads the configuration, tries Redis and the database, and lists what it finds.\n"
		 "Changes nothing.\n"
		 "\n"
		 "Exit status: 0 fine, 78 something is wrong, 69 a server cannot be reached.\n",
	.run = run,
};
