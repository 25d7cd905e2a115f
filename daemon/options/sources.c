/* options/sources.c - what sets options beside the file: environment, .env file, command line, credentials. */
#include "daemon/options/loader.h"
#include "daemon/options/names.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char prefix[] = "ROWD_";

/* ---- the environment ---- */

/* A name that begins with ROWD_ but is no option's is somebody else's business (Kubernetes sets ROWD_SERVICE_HOST in
 * every container next to a service "rowd"), unless it is near enough to be a slip. */
static void check_variable(struct loader *loader, struct bytes variable, const char *where)
{
	char nearest[OPTION_NAME_BYTES];

	if (!bytes_starts(variable, BYTES("ROWD_")))
		return;
	struct bytes name = {variable.data + strlen(prefix), variable.size - strlen(prefix)};
	const struct option *option = option_find_flat(name, nearest);
	if (option && option->environment) {
		char hint[OPTION_NAME_BYTES + 8];
		snprintf(hint, sizeof(hint), "use %s", option->environment);
		loader_problem(loader, where, hint, "[%s] %s has a variable of its own", option->section, option->key);
	} else if (!option && option_flat_is_missing(name)) {
		loader_problem(loader, where, "", "not in this version");
	} else if (!option && nearest[0]) {
		char hint[OPTION_NAME_BYTES + 32];
		snprintf(hint, sizeof(hint), "did you mean %s", prefix);
		size_t size = strlen(hint);
		for (const char *at = nearest; *at; at++)
			hint[size++] = (char)toupper((unsigned char)*at);
		snprintf(hint + size, sizeof(hint) - size, "?");
		loader_problem(loader, where, hint, "no such option");
	}
}

static void read_process_environment(struct loader *loader)
{
	char name[OPTION_NAME_BYTES];

	for (size_t i = 0; i < option_count; i++) {
		const char *variable = option_variable(&option_table[i], name);
		const char *value = getenv(variable);
		if (value && *value)
			loader_set_everywhere(loader, &option_table[i], value, SOURCE_ENVIRONMENT, variable);
	}
	for (char **entry = environ; *entry; entry++) {
		size_t size = strcspn(*entry, "=");
		char where[OPTIONS_PATH_BYTES];
		if ((*entry)[size] != '=' || (*entry)[size + 1] == '\0')
			continue;
		snprintf(where, sizeof(where), "%.*s", (int)(size < 128 ? size : 128), *entry);
		check_variable(loader, (struct bytes){*entry, size}, where);
	}
}

/* ---- a .env file: NAME=value, also with `export` before it and quotes around the value ---- */

static const struct option *find_variable(struct bytes name)
{
	char variable[OPTION_NAME_BYTES];

	for (size_t i = 0; i < option_count; i++) {
		if (bytes_equal_text(name, option_variable(&option_table[i], variable)))
			return &option_table[i];
	}
	return NULL;
}

/* Takes the quotes off, in place. Between single quotes nothing is special; between double quotes a backslash is. */
static char *unquote(char *value)
{
	char quote = *value;

	if (quote != '"' && quote != '\'') {
		/* As shells have it: a '#' behind a blank begins a comment. */
		for (char *at = value; *at; at++) {
			if (*at == '#' && (at == value || isspace((unsigned char)at[-1])))
				*at = '\0';
		}
		size_t size = strlen(value);
		while (size > 0 && isspace((unsigned char)value[size - 1]))
			value[--size] = '\0';
		return value;
	}
	char *to = value;
	for (const char *from = value + 1; *from && *from != quote; from++) {
		if (*from == '\\' && quote == '"' && from[1] && strchr("\"\\$`", from[1]))
			from++;
		*to++ = *from;
	}
	*to = '\0';
	return value;
}

static void read_env_line(struct loader *loader, char *line, const char *where)
{
	line += strspn(line, " \t");
	if (strncmp(line, "export", 6) == 0 && isspace((unsigned char)line[6]))
		line += 6 + strspn(line + 6, " \t");
	size_t size = strcspn(line, "=");
	if (*line == '\0' || *line == '#' || line[size] != '=')
		return;
	const char *value = unquote(line + size + 1 + strspn(line + size + 1, " \t"));
	while (size > 0 && isspace((unsigned char)line[size - 1]))
		size--;
	struct bytes name = {line, size};
	const struct option *option = find_variable(name);
	if (!option)
		check_variable(loader, name, where);
	else if (*value)
		loader_set_everywhere(loader, option, value, SOURCE_ENVIRONMENT, where);
}

static void read_env_file(struct loader *loader, const char *path)
{
	FILE *file = fopen(path, "re");
	char where[OPTIONS_PATH_BYTES];
	char *line = NULL;
	size_t capacity = 0;
	ssize_t size;

	if (!file) {
		loader_problem(loader, path, "", "cannot be read: %s", strerror(errno));
		return;
	}
	for (unsigned number = 1; !loader->no_memory && (size = getline(&line, &capacity, file)) >= 0; number++) {
		snprintf(where, sizeof(where), "%s:%u", path, number);
		while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
			line[--size] = '\0';
		read_env_line(loader, line, where);
	}
	free(line);
	fclose(file);
}

void options_read_environment(struct loader *loader, const char *env_file)
{
	if (env_file)
		read_env_file(loader, env_file);
	read_process_environment(loader);
}

/* ---- the command line ---- */

static void read_argument(struct loader *loader, const char *argument)
{
	char nearest[OPTION_NAME_BYTES], hint[OPTION_NAME_BYTES + 32], where[OPTIONS_PATH_BYTES];
	size_t size = strcspn(argument, "=");

	/* Only the name: what is behind it may hold a password. */
	snprintf(where, sizeof(where), "%.*s", (int)(size < 128 ? size : 128), argument);
	if (size == 0)
		snprintf(where, sizeof(where), "an argument");
	if (strncmp(argument, "--", 2) != 0 || size <= 2) {
		loader_problem(loader, where, "options are --section-key=value", "not an option");
		return;
	}
	struct bytes name = {argument + 2, size - 2};
	const struct option *option = option_find_flat(name, nearest);
	if (option && argument[size] == '=') {
		loader_set_everywhere(loader, option, argument + size + 1, SOURCE_ARGUMENT, where);
	} else if (option) {
		snprintf(hint, sizeof(hint), "write %.*s=%s", OPTION_NAME_BYTES, where, option->type->metavariable);
		loader_problem(loader, where, hint, "has no value");
	} else if (option_flat_is_missing(name)) {
		loader_problem(loader, where, "", "not in this version");
	} else {
		for (char *at = nearest; *at; at++)
			*at = *at == '_' ? '-' : *at;
		snprintf(hint, sizeof(hint), nearest[0] ? "did you mean --%s?" : "%s", nearest);
		loader_problem(loader, where, hint, "no such option");
	}
}

void options_read_arguments(struct loader *loader, char *const *arguments)
{
	for (; *arguments && !loader->no_memory; arguments++)
		read_argument(loader, *arguments);
}

/* ---- credentials: one file each, as systemd's LoadCredential= leaves them ---- */

void options_read_credentials(struct loader *loader)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");

	for (size_t i = 0; directory && i < option_count && !loader->no_memory; i++) {
		const struct option *option = &option_table[i];
		char name[OPTION_NAME_BYTES], path[OPTIONS_PATH_BYTES], text[2048];

		/* Options with a variable of their own are the URLs: the secrets. */
		if (!option->environment || loader_origin(loader, option)->source > SOURCE_DEFAULT)
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, option_flat_name(option->section, option->key, name));
		FILE *file = fopen(path, "re");
		if (!file)
			continue;
		size_t size = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
		while (size > 0 && isspace((unsigned char)text[size - 1]))
			size--;
		text[size] = '\0';
		loader_set(loader, option, NULL, text, SOURCE_CREDENTIAL, path);
	}
}
