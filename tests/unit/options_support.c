/* options_support.c */
#include "options_support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char directory[] = "/tmp/rowd-options-XXXXXX";
char conf[64], env[64], credential[64];
char problems[8192];
char database_argument[] = "--database-url=mysql://u@h/d";

void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

void note_problem(void *context, const struct options_problem *problem)
{
	size_t size = strlen(problems);
	const char *where = problem->where;

	(void)context;
	if (strncmp(where, directory, strlen(directory)) == 0)
		where += strlen(directory) + 1;
	snprintf(problems + size, sizeof(problems) - size, "%s|%s|%s\n", where, problem->what, problem->hint);
}

struct options *load(const char *text, const char *word)
{
	char *arguments[] = {database_argument, (char *)(uintptr_t)word, NULL};
	struct options *options = NULL;

	write_file(conf, text);
	problems[0] = '\0';
	int result = options_load(conf, NULL, arguments, note_problem, NULL, &options);
	assert_int_equal(result, options ? 0 : -EINVAL);
	assert_int_equal(problems[0] == '\0', options != NULL);
	return options;
}

struct options *load_fine(const char *text, const char *word)
{
	struct options *options = load(text, word);

	if (!options)
		fail_msg("%s", problems);
	return options;
}

void refuses(const char *text, const char *word, const char *expected)
{
	assert_null(load(text, word));
	assert_string_equal(problems, expected);
}

void refuses_like(const char *text, const char *word, const char *start)
{
	assert_null(load(text, word));
	if (strncmp(problems, start, strlen(start)) != 0)
		fail_msg("'%s' does not begin with '%s'", problems, start);
}

int options_set_up(void **state)
{
	static char *empty[] = {NULL};

	(void)state;
	environ = empty;
	return 0;
}

int options_open(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(conf, sizeof(conf), "%s/rowd.conf", directory);
	snprintf(env, sizeof(env), "%s/.env", directory);
	snprintf(credential, sizeof(credential), "%s/database_url", directory);
	return 0;
}

int options_close(void **state)
{
	(void)state;
	unlink(conf);
	unlink(env);
	return rmdir(directory);
}
