/* cli/main.c - rowctl, the operator's and tester's tool. It speaks to Redis only. */
#include "cli/arguments.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const struct rowctl_command *const commands[] = {
	&call_command, &push_command,  &encode_command, &decode_command, &status_command,  &workers_command,
	&peek_command, &pause_command, &resume_command, &dead_command,   &release_command, &bench_command,
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };

static void print_help(void)
{
	puts("usage: rowctl COMMAND [OPTION ...] [OPERAND ...]\n"
	     "\n"
	     "Talks to rowd through Redis.\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  rowctl %-8s %s\n", commands[i]->name, commands[i]->summary);
	puts("\n"
	     "  --redis URL          the Redis server; else $REDIS_URL, else redis://127.0.0.1:6379/0\n"
	     "  --queue KEY          the queue (rowd:commands); status, workers and bench take several\n"
	     "  --reply-prefix TEXT  what the names of replies begin with (rowd:reply:)\n"
	     "  --timeout SECONDS    how long to wait for a reply (10)\n"
	     "  --json               print tables as JSON\n"
	     "  --help, --version    rowctl COMMAND --help says more about a command\n"
	     "\n"
	     "Exit status: 0 fine, 1 the reply says ok: false, or a letter was left, 2 no reply in time, 64 wrong usage,\n"
	     "65 a command that is no JSON, 69 Redis cannot be reached.");
}

static const struct rowctl_command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(name, commands[i]->name) == 0)
			return commands[i];
	}
	return NULL;
}

static int run(char **words)
{
	struct arguments arguments;

	if (arguments_read(words, &arguments) < 0)
		return EX_USAGE;
	if (arguments.version) {
		puts("rowctl " ROWD_VERSION);
		return 0;
	}
	if (!arguments.operands[0]) {
		print_help();
		return arguments.help ? 0 : EX_USAGE;
	}
	const struct rowctl_command *command = find_command(*arguments.operands++);
	if (!command) {
		fprintf(stderr, "rowctl: '%s' is no command; see rowctl --help\n", arguments.operands[-1]);
		return EX_USAGE;
	}
	if (!arguments.help)
		return command->run(&arguments);
	fputs(command->usage, stdout);
	return 0;
}

int main(int argc, char **argv)
{
	(void)argc;
	signal(SIGPIPE, SIG_IGN);
	int status = run(argv + 1);
	if (fflush(stdout) != 0 && status == 0)
		status = EX_IOERR;
	return status;
}
