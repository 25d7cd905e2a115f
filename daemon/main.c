/* main.c - the command line of rowd: sorts its words and hands them to a subcommand. */
#include "daemon/commands/command.h"

#include "common/crash_point.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const struct subcommand *const subcommands[] = {
	&run_subcommand, &check_subcommand, &init_subcommand, &tables_subcommand, &config_subcommand,
};

enum { SUBCOMMANDS = sizeof(subcommands) / sizeof(*subcommands) };

static void print_help(void)
{
	puts("usage: rowd [COMMAND] [-c FILE] [--env-file FILE] [--section-key=value ...]\n"
	     "\n"
	     "Runs CRUD commands from Redis lists on MySQL or MariaDB, and publishes each reply.\n"
	     "DATABASE_URL=mysql://user:password@host/name REDIS_URL=redis://host rowd is a complete start.\n");
	for (size_t i = 0; i < SUBCOMMANDS; i++) {
		const struct subcommand *subcommand = subcommands[i];
		printf("  rowd %-8s %s\n", subcommand->name ? subcommand->name : "", subcommand->summary);
	}
	puts("\n"
	     "  -c, --config FILE   the configuration file (/etc/rowd/rowd.conf, when it is there)\n"
	     "  --env-file FILE     also read variables from this file; those of the environment win\n"
	     "  -h, --help          this text; rowd COMMAND --help says more about a command\n"
	     "  --version           the version\n"
	     "\n"
	     "Exit status: 0 fine, 64 wrong usage, 69 a server cannot be reached, 78 bad configuration.\n"
	     "\n"
	     "Options of the configuration, also as ROWD_SECTION_KEY in the environment:\n");
	options_print_help(stdout);
}

static const struct subcommand *find_subcommand(const char *name)
{
	for (size_t i = 0; i < SUBCOMMANDS; i++) {
		if (subcommands[i]->name && strcmp(subcommands[i]->name, name) == 0)
			return subcommands[i];
	}
	return NULL;
}

/* A flag that takes a value may have it behind '=' or as the next word. Returns the value, and how many words it took
 * in *ret_words; 0 words when the word is another one. */
static char *value_of(char **words, const char *name, int *ret_words)
{
	size_t size = strlen(name);

	*ret_words = 0;
	if (strncmp(words[0], name, size) != 0)
		return NULL;
	if (words[0][size] == '=') {
		*ret_words = 1;
		return words[0] + size + 1;
	}
	if (words[0][size] != '\0')
		return NULL;
	*ret_words = words[1] ? 2 : 1;
	return words[1];
}

/* Whether the word is one of the subcommand's own flags. One with a value in the next word is put together with it.
 * *ret_flag is the caller's; NULL when there was no memory. */
static bool take_flag(const struct subcommand *subcommand, char **words, char **ret_flag, int *ret_words)
{
	for (const char *const *flag = subcommand->flags; flag && *flag; flag++) {
		size_t size = strlen(*flag);
		char name[64];

		*ret_words = 1;
		if (strcmp(words[0], *flag) == 0) {
			*ret_flag = strdup(words[0]);
			return true;
		}
		if ((*flag)[size - 1] != '=')
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)size - 1, *flag);
		char *value = value_of(words, name, ret_words);
		if (!value)
			continue;
		if (asprintf(ret_flag, "%s%s", *flag, value) < 0)
			*ret_flag = NULL;
		return true;
	}
	return false;
}

struct sorted {
	struct invocation invocation;
	const struct subcommand *subcommand;
	size_t setting_count, word_count;
	bool help, version;
};

static int keep_word(struct sorted *sorted, char *word, int taken)
{
	if (!word)
		return -EX_OSERR;
	sorted->invocation.words[sorted->word_count++] = word;
	return taken;
}

/* Sorts one word, or one and its value. Returns how many were taken; negative: wrong usage, and it was said. */
static int sort_word(struct sorted *sorted, char **words)
{
	int taken;
	char *value;

	if (strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0) {
		sorted->help = true;
		return 1;
	}
	if (strcmp(words[0], "--version") == 0) {
		sorted->version = true;
		return 1;
	}
	const struct {
		const char *name;
		const char **place;
	} files[] = {{"-c", &sorted->invocation.file},
		     {"--config", &sorted->invocation.file},
		     {"--env-file", &sorted->invocation.env_file}};
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		value = value_of(words, files[i].name, &taken);
		if (taken == 0)
			continue;
		*files[i].place = value;
		return value ? taken : -command_usage_error("%s needs a file", files[i].name);
	}
	if (take_flag(sorted->subcommand, words, &value, &taken))
		return keep_word(sorted, value, taken);
	if (strncmp(words[0], "--", 2) == 0) {
		sorted->invocation.settings[sorted->setting_count++] = words[0];
		return 1;
	}
	if (words[0][0] == '-')
		return -command_usage_error("no option '%s'", words[0]);
	if (sorted->subcommand != &run_subcommand)
		return keep_word(sorted, strdup(words[0]), 1);
	sorted->subcommand = find_subcommand(words[0]);
	return sorted->subcommand ? 1 : -command_usage_error("'%s' is no command", words[0]);
}

static int run(struct sorted *sorted, char **words)
{
	while (*words) {
		int taken = sort_word(sorted, words);
		if (taken < 0)
			return -taken;
		words += taken;
	}
	if (sorted->version) {
		puts("rowd " ROWD_VERSION);
		return 0;
	}
	if (sorted->help) {
		if (sorted->subcommand->usage)
			fputs(sorted->subcommand->usage, stdout);
		else
			print_help();
		return 0;
	}
	return sorted->subcommand->run(&sorted->invocation);
}

int main(int argc, char **argv)
{
	struct sorted sorted = {.subcommand = &run_subcommand};

	if (argc == 2 && crash_points_asked(argv[1]))
		return 0;
	/* A peer that is gone is told by write(), as every other failure. */
	signal(SIGPIPE, SIG_IGN);
	sorted.invocation.settings = calloc((size_t)argc + 1, sizeof(char *));
	sorted.invocation.words = calloc((size_t)argc + 1, sizeof(char *));
	if (!sorted.invocation.settings || !sorted.invocation.words) {
		fprintf(stderr, "rowd: %s\n", strerror(ENOMEM));
		free(sorted.invocation.settings);
		free(sorted.invocation.words);
		return EX_OSERR;
	}
	int status = run(&sorted, argv + 1);
	if (fflush(stdout) != 0 && status == 0)
		status = EX_IOERR;
	for (size_t i = 0; i < sorted.word_count; i++)
		free(sorted.invocation.words[i]);
	free(sorted.invocation.settings);
	free(sorted.invocation.words);
	return status;
}
