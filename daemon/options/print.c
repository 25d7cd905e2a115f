/* options/print.c - the table of options for people: in force, as a sample, as help, as a manual. */
#include "daemon/options/names.h"
#include "daemon/options/option.h"

#include <string.h>

/* The first option of the next section, in the order of the table; NULL at its end. */
static const struct option *next_section(const struct option *option)
{
	const struct option *end = option_table + option_count;
	const char *section = option ? option->section : "";

	option = option ? option + 1 : option_table;
	while (option < end && strcmp(option->section, section) == 0)
		option++;
	return option < end ? option : NULL;
}

static bool same_section(const struct option *option, const struct option *first)
{
	return option < option_table + option_count && strcmp(option->section, first->section) == 0;
}

/* ---- in force ---- */

static void print_in_force(const struct option *option, const void *base, const struct option_origin *origin, FILE *to)
{
	char line[1024] = "";
	FILE *text = fmemopen(line, sizeof(line), "w");

	if (text) {
		fprintf(text, "%s = ", option->key);
		option->type->print(option, base, text);
		fclose(text);
	}
	const char *where = origin->where ? origin->where : option->inherits ? option->inherits : "default";
	fprintf(to, "%-52s # %s\n", line, where);
}

static void print_section(const struct option *first, const void *base, const struct option_origin *origins, FILE *to)
{
	for (const struct option *option = first; same_section(option, first); option++)
		print_in_force(option, base, &origins[option - option_table], to);
}

void options_print(const struct options *options, FILE *to)
{
	const char *separator = "";

	for (const struct option *first = next_section(NULL); first; first = next_section(first)) {
		if (!option_is_of_queue(first)) {
			fprintf(to, "%s[%s]\n", separator, first->section);
			print_section(first, options, options->origins, to);
		}
		for (uint32_t i = 0; option_is_of_queue(first) && i < options->queue_count; i++) {
			fprintf(to, "\n[queue \"%s\"]\n", options->queues[i].key);
			print_section(first, &options->queues[i], options->queues[i].origins, to);
		}
		separator = "\n";
	}
}

/* ---- as a sample ---- */

void options_print_sample(FILE *to)
{
	fputs("# rowd.conf: every option with its default. Made by `rowd config --sample`; see rowd.conf(5).\n"
	      "#\n"
	      "# The environment (DATABASE_URL, REDIS_URL, ROWD_SECTION_KEY) and the command line (--section-key=value)\n"
	      "# win over this file. A comment stands on a line of its own.\n",
	      to);
	for (const struct option *first = next_section(NULL); first; first = next_section(first)) {
		if (option_is_of_queue(first))
			fputs("\n# One section for each queue. Without any there is one queue, rowd:commands.\n"
			      "#[queue \"rowd:commands\"]\n",
			      to);
		else
			fprintf(to, "\n[%s]\n", first->section);
		for (const struct option *option = first; same_section(option, first); option++) {
			fprintf(to, "# %s\n", option->documentation);
			if (option->inherits)
				fprintf(to, "# Default: %s.\n", option->inherits);
			fprintf(to, "#%s =%s%s\n", option->key, option->standard && *option->standard ? " " : "",
				option->standard ? option->standard : "");
		}
	}
}

/* ---- as help ---- */

static void print_default(const struct option *option, FILE *to)
{
	if (option->inherits)
		fputs(option->inherits, to);
	else if (option->standard)
		fputs(*option->standard ? option->standard : "empty", to);
	else
		fputs("none", to);
}

void options_print_help(FILE *to)
{
	char name[OPTION_NAME_BYTES];

	for (size_t i = 0; i < option_count; i++) {
		const struct option *option = &option_table[i];
		fprintf(to, "  --%s=%s\n      %s (", option_argument(option, name), option->type->metavariable,
			option->documentation);
		print_default(option, to);
		if (option->environment)
			fprintf(to, "; $%s", option->environment);
		fputs(")\n", to);
	}
}

/* ---- as a manual ---- */

/* A '-' is a hyphen to man unless it is escaped; a line must not begin with a dot or a quote. */
static void print_roff(const char *text, FILE *to)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", to);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", to);
		else if (*text == '-')
			fputs("\\-", to);
		else
			fputc(*text, to);
	}
}

void options_print_manual(FILE *to)
{
	char name[OPTION_NAME_BYTES];

	for (const struct option *first = next_section(NULL); first; first = next_section(first)) {
		fprintf(to, ".SS [%s%s]\n", first->section, option_is_of_queue(first) ? " \\(dqKEY\\(dq" : "");
		for (const struct option *option = first; same_section(option, first); option++) {
			fputs(".TP\n.B ", to);
			print_roff(option->key, to);
			fputs("\n", to);
			print_roff(option->documentation, to);
			fputs("\nDefault: ", to);
			print_default(option, to);
			fprintf(to, ". Variable: \\fB%s\\fR.\n", option_variable(option, name));
		}
	}
}
